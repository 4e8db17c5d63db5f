#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "index/model/body_pass.h"
#include "index/model/matrix_buffer.h"
#include "index/model/padded_attention.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// The pass of TransformerForm::kSasrec (sasrec_encoder.h has its formula), as SASRec.pytorch trains it: the
/// sequence stands at the end of the window, and each of its events predicts the next one from where it
/// stands. So the last event's vector is what encode_sasrec() gives; the vectors before it are not, since a
/// session that ended there would stand further to the right. Items are the rows of the table as they are;
/// contexts count nothing. Dropout acts where that program has it: on the input, the attention weights, the
/// hidden layer of the feed-forward part and its output.
class SasrecPass final : public BodyPass {
 public:
  SasrecPass(const TransformerConfig& config, const kernels::Backend& backend);

  kernels::ConstMatrix forward(const ConstTransformerBody& body, kernels::ConstMatrix items,
                               const PackedTokens& packed, const Dropout& dropout) override;
  void backward(const ConstTransformerBody& body, const PackedTokens& packed, const Dropout& dropout,
                kernels::ConstMatrix d_hidden, const TransformerBody& gradient,
                kernels::Matrix d_inputs) override;

 private:
  /// What a block's backward pass needs of its forward pass.
  struct Kept {
    MatrixBuffer input, norm1, qkv, attended, log_sum_exp, middle, norm2, activated;
    std::vector<float> mean1, inverse1, mean2, inverse2;
  };

  void forward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                     kernels::Offsets offsets, const Dropout& dropout, MatrixBuffer& output);
  void backward_block(const BasicTransformerBlock<const float>& block, std::size_t number,
                      kernels::Offsets offsets, const Dropout& dropout,
                      const BasicTransformerBlock<float>& gradient);
  kernels::AttentionShape attention_shape(const Dropout& dropout, std::size_t number) const;
  void drop(MatrixBuffer& x, const Dropout& dropout, std::uint64_t site) const;

  TransformerConfig config_;
  const kernels::Backend& backend_;
  PaddedAttention attention_;
  std::vector<Kept> kept_;
  MatrixBuffer last_;  // the last block's output
  MatrixBuffer hidden_;
  std::vector<float> final_mean_, final_inverse_;
  MatrixBuffer d_stream_, d_part_, d_norm_, d_wide_, d_qkv_;  // gradients on the way back
};

}  // namespace segue::index
