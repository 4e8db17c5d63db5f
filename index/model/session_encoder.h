#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/body_pass.h"
#include "index/model/matrix_buffer.h"
#include "index/model/session_view.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// What the encoder keeps of a running session, so that one more event costs one step: the keys and values of
/// each layer, 8 d bytes per layer and event. Made and changed by a SessionEncoder; a value;
/// thread-compatible.
class SessionState {
 public:
  /// Events that count: at most the window.
  std::size_t events() const noexcept { return rows_.size(); }
  /// The encoded session [d], as SessionEncoder::encode() gives it for a request without context; empty
  /// before the first event.
  std::span<const float> output() const noexcept { return output_; }

 private:
  friend class SessionEncoder;
  std::vector<std::uint32_t> rows_;               // of the item table, oldest first
  std::vector<std::vector<ContextId>> contexts_;  // of each event
  std::vector<std::vector<float>> keys_values_;   // per layer [events, 2a]: k, then v
  std::vector<float> stream_;                     // [d] before the final norm
  std::vector<float> output_;
};

/// The forward pass of a session Transformer: items in, a vector [d] of unit length out, whose cosine with an
/// item's embedding ranks that item as the next one. Weights of TransformerForm::kSasrec are encoded by
/// sasrec_encoder.h instead, to a vector of any length for inner products; each event costs them a full pass.
///
///   x_t = sqrt(d) e_t / |e_t| + P[t] + sum_c C_in[c];  x += attention(norm(x));  x += feed_forward(norm(x));
///   y = norm(x + sum_r C_out[r]);  h = y / |y|
///
/// c are the values of context of event t, r those of the request; values that the weights do not have count
/// nothing, and weights without any ignore them all.
///
/// Positions count from the start of the window, and attention is causal: what is behind never changes. A
/// session longer than the window is encoded afresh from its newest events. Immutable, thread-safe; weights
/// and backend must outlive it.
class SessionEncoder {
 public:
  SessionEncoder(const TransformerWeights& weights, const kernels::Backend& backend);

  const TransformerWeights& weights() const noexcept { return weights_; }
  std::size_t width() const noexcept { return weights_.config().width; }

  /// The table's rows of those items that have one, oldest first, at most the newest `window` of them.
  std::vector<std::uint32_t> rows(std::span<const ItemId> items) const;

  /// The encoded session [d]; empty when no item has a row.
  std::vector<float> encode(const SessionView& session) const;
  /// Many sessions at once, packed (kernels::Offsets), each of 1 to `window` rows of the table. out
  /// [sequences, d]. Of contexts.targets those of the last events count.
  void encode_batch(std::span<const std::uint32_t> rows, kernels::Offsets offsets, kernels::Matrix out,
                    const TokenContexts& contexts = {}) const;
  /// The output at every position, out [tokens, d]: row t is the session that ends with event t.
  void encode_positions(std::span<const std::uint32_t> rows, kernels::Offsets offsets, kernels::Matrix out,
                        const TokenContexts& contexts = {}) const;

  SessionState start() const;
  /// Adds one event with its context. False, and nothing changes, when the item has no row. The result equals
  /// encode() within 1e-5. Costs one step up to the window, a full pass for each event beyond it.
  bool append(SessionState& state, ItemId item, std::span<const ContextId> context = {}) const;
  /// The encoded session [d] for a request in this context; empty before the first event. Costs one norm.
  std::vector<float> output(const SessionState& state, std::span<const ContextId> request) const;

 private:
  /// std::invalid_argument unless rows and offsets are sessions of the table, none beyond the window.
  void check(std::span<const std::uint32_t> rows, kernels::Offsets offsets) const;
  /// The residual stream before the final norm, x [tokens, d].
  void run_blocks(std::span<const std::uint32_t> rows, kernels::Offsets offsets,
                  const TokenContexts& contexts, MatrixBuffer& x) const;
  /// Adds a row of `table` for each value that it has.
  void add_context(kernels::ConstMatrix table, std::span<const ContextId> values, std::span<float> x) const;
  void step(SessionState& state, std::uint32_t row, std::span<const ContextId> context) const;
  void encode_afresh(SessionState& state) const;

  const TransformerWeights& weights_;
  const kernels::Backend& backend_;
  ConstTransformerBody body_;
};

}  // namespace segue::index
