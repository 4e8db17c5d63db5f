#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/model/body_pass.h"
#include "index/model/matrix_buffer.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// The pass of TransformerForm::kSegue (session_encoder.h has its formula). Items and hidden vectors are of
/// unit length. Dropout acts on the input, the attention weights, the hidden layer of the feed-forward part,
/// and on what each part adds to the residual stream.
class TransformerPass final : public BodyPass {
 public:
  TransformerPass(const TransformerConfig& config, const kernels::Backend& backend);

  kernels::ConstMatrix forward(const ConstTransformerBody& body, kernels::ConstMatrix unit_items,
                               const PackedTokens& packed, const Dropout& dropout) override;
  void backward(const ConstTransformerBody& body, const PackedTokens& packed, const Dropout& dropout,
                kernels::ConstMatrix d_hidden, const TransformerBody& gradient,
                kernels::Matrix d_inputs) override;

 private:
  /// What a block's backward pass needs of its forward pass.
  struct Kept {
    MatrixBuffer input, norm1, qkv, attended, log_sum_exp, middle, norm2, up, activated;
    std::vector<float> mean1, inverse1, mean2, inverse2;
  };

  void forward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                     kernels::Offsets offsets, const Dropout& dropout, kernels::Matrix output);
  void backward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                      kernels::Offsets offsets, const Dropout& dropout,
                      const BasicTransformerBlock<float>& gradient);
  kernels::AttentionShape attention_shape(const Dropout& dropout, std::size_t number) const;
  void drop(MatrixBuffer& x, const Dropout& dropout, std::uint64_t site) const;

  TransformerConfig config_;
  const kernels::Backend& backend_;
  std::vector<Kept> kept_;
  MatrixBuffer last_;  // the last block's output
  MatrixBuffer hidden_;
  std::vector<float> final_mean_, final_inverse_, final_norms_;
  MatrixBuffer d_stream_, d_part_, d_norm_, d_wide_, d_qkv_;  // gradients on the way back
};

}  // namespace segue::index
