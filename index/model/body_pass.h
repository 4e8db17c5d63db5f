#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "index/model/context_sets.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// Dropout of one pass: where it acts is each form's own. The backward pass draws the same masks again from
/// the seed.
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

/// What a pass reads, packed: tokens name rows of the items; sequences have at most `window` of them.
struct PackedTokens {
  std::span<const std::uint32_t> tokens;
  kernels::Offsets offsets;
  TokenContexts contexts{};
};

/// The body of a session Transformer on packed sequences, forward with everything kept and backward: one for
/// each TransformerForm. One per thread; its buffers stay from step to step.
class BodyPass {
 public:
  virtual ~BodyPass() = default;

  /// items [n, d]: rows of the table as the form compares them, of unit length where it compares by cosine.
  /// Returns the hidden vectors [tokens, d], whose inner products with those rows are the scores; they stay
  /// until the next call.
  virtual kernels::ConstMatrix forward(const ConstTransformerBody& body, kernels::ConstMatrix items,
                                       const PackedTokens& packed, const Dropout& dropout) = 0;

  /// Of the last forward(), with the same arguments. d_hidden [tokens, d]: the loss's gradient by what it
  /// returned. Adds to gradient; writes d_inputs [tokens, d], the gradient by each token's row of items.
  virtual void backward(const ConstTransformerBody& body, const PackedTokens& packed, const Dropout& dropout,
                        kernels::ConstMatrix d_hidden, const TransformerBody& gradient,
                        kernels::Matrix d_inputs) = 0;
};

/// The pass of the configuration's form. The backend outlives it.
std::unique_ptr<BodyPass> make_body_pass(const TransformerConfig& config, const kernels::Backend& backend);

}  // namespace segue::index
