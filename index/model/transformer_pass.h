#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/model/context_sets.h"
#include "index/model/matrix_buffer.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// Dropout of one pass: on the input, the attention weights, the hidden layer of the feed-forward part, and
/// on what each part adds to the residual stream. The backward pass draws the same masks again from the seed.
struct Dropout {
  float probability = 0;
  std::uint64_t seed = 0;
};

/// The context of packed tokens, by token. Empty lists: nothing is known of any.
struct TokenContexts {
  const ContextSets* sets = nullptr;       ///< of values below the configuration's `contexts`
  std::span<const std::uint32_t> inputs;   ///< the set of each event
  std::span<const std::uint32_t> targets;  ///< the set of the moment that each position predicts for

  bool known() const { return sets != nullptr && !inputs.empty(); }
  std::span<const ContextId> input(std::size_t token) const {
    return known() ? (*sets)[inputs[token]] : std::span<const ContextId>();
  }
  std::span<const ContextId> target(std::size_t token) const {
    return known() ? (*sets)[targets[token]] : std::span<const ContextId>();
  }
};

/// What a pass reads, packed: tokens name rows of the unit items; sequences have at most `window` of them.
struct PackedTokens {
  std::span<const std::uint32_t> tokens;
  kernels::Offsets offsets;
  TokenContexts contexts{};
};

/// The body of a session Transformer on packed sequences, forward with everything kept and backward. One per
/// thread; its buffers stay from step to step.
class TransformerPass {
 public:
  TransformerPass(const TransformerConfig& config, const kernels::Backend& backend);

  /// unit_items [n, d]: rows of unit length. Returns the hidden vectors [tokens, d] at unit length, which
  /// stay until the next call.
  kernels::ConstMatrix forward(const ConstTransformerBody& body, kernels::ConstMatrix unit_items,
                               const PackedTokens& packed, const Dropout& dropout);

  /// d_hidden [tokens, d]: the loss's gradient by what forward() returned. Adds to gradient; writes d_inputs
  /// [tokens, d], the gradient by each token's unit row.
  void backward(const ConstTransformerBody& body, const PackedTokens& packed, const Dropout& dropout,
                kernels::ConstMatrix d_hidden, const TransformerBody& gradient, kernels::Matrix d_inputs);

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
