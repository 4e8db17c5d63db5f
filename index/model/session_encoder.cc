#include "index/model/session_encoder.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "index/model/linear_layer.h"
#include "index/model/sasrec_encoder.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;

Matrix as_row(std::span<float> values) {
  return {values.data(), 1, values.size()};
}

/// A vector's twin of linear(): y = weight x + bias.
void linear_vector(const kernels::Backend& backend, std::span<const float> x, ConstMatrix weight,
                   std::span<const float> bias, std::span<float> y) {
  backend.matvec(weight, x, y);
  backend.axpy(1, bias, y);
}

}  // namespace

SessionEncoder::SessionEncoder(const TransformerWeights& weights, const kernels::Backend& backend)
    : weights_(weights), backend_(backend), body_(weights.body()) {}

std::vector<std::uint32_t> SessionEncoder::rows(std::span<const ItemId> items) const {
  std::vector<std::uint32_t> newest_first;
  for (auto item = items.rbegin(); item != items.rend() && newest_first.size() < weights_.config().window;
       ++item) {
    const std::uint32_t row = weights_.row(*item);
    if (row != TransformerWeights::kNoRow) newest_first.push_back(row);
  }
  std::reverse(newest_first.begin(), newest_first.end());
  return newest_first;
}

std::vector<float> SessionEncoder::encode(const SessionView& session) const {
  const std::vector<std::uint32_t> known = rows(session.items);
  if (known.empty()) return {};
  const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(known.size())};
  TokenContexts contexts;
  contexts.sets = session.sets;
  std::vector<std::uint32_t> inputs, targets;
  if (weights_.config().contexts > 0 && session.sets != nullptr) {
    inputs.assign(known.size(), ContextSets::kNone);
    std::size_t row = known.size();
    for (std::size_t i = session.items.size(); row > 0 && !session.contexts.empty();) {
      if (weights_.row(session.items[--i]) != TransformerWeights::kNoRow) inputs[--row] = session.contexts[i];
    }
    targets.assign(known.size(), ContextSets::kNone);
    targets.back() = session.request;
    contexts.inputs = inputs;
    contexts.targets = targets;
  }
  std::vector<float> output(width());
  encode_batch(known, offsets, as_row(output), contexts);
  return output;
}

void SessionEncoder::encode_batch(std::span<const std::uint32_t> rows, kernels::Offsets offsets, Matrix out,
                                  const TokenContexts& contexts) const {
  if (out.rows + 1 != offsets.size() || out.cols != width())
    throw std::invalid_argument("encode_batch: shape of out");
  for (std::size_t s = 0; s < out.rows; ++s) {
    if (offsets[s + 1] == offsets[s]) throw std::invalid_argument("encode_batch: an empty session");
  }
  if (weights_.config().form == TransformerForm::kSasrec) {
    check(rows, offsets);
    for (std::size_t s = 0; s < out.rows; ++s)
      encode_sasrec(weights_, backend_, rows.subspan(offsets[s], offsets[s + 1] - offsets[s]),
                    out.row_span(s));
    return;
  }
  MatrixBuffer all;
  encode_positions(rows, offsets, all.reshape(rows.size(), width()), contexts);
  for (std::size_t s = 0; s < out.rows; ++s) {
    const auto last = all.view().row_span(offsets[s + 1] - 1);
    std::copy(last.begin(), last.end(), out.row(s));
  }
}

void SessionEncoder::check(std::span<const std::uint32_t> rows, kernels::Offsets offsets) const {
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != rows.size())
    throw std::invalid_argument("session encoder: offsets and rows do not fit");
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    if (offsets[s + 1] - offsets[s] > weights_.config().window)
      throw std::invalid_argument("session encoder: a session longer than the window");
  }
  if (!rows.empty() && *std::max_element(rows.begin(), rows.end()) >= weights_.vocabulary().size())
    throw std::invalid_argument("session encoder: a row that the item table lacks");
}

void SessionEncoder::encode_positions(std::span<const std::uint32_t> rows, kernels::Offsets offsets,
                                      Matrix out, const TokenContexts& contexts) const {
  const std::size_t tokens = rows.size();
  check(rows, offsets);
  const bool fits =
      !contexts.known() || (contexts.inputs.size() == tokens && contexts.targets.size() == tokens);
  if (out.rows != tokens || out.cols != width() || !fits)
    throw std::invalid_argument("encode_positions: shape of out or contexts");
  if (tokens == 0) return;
  if (weights_.config().form == TransformerForm::kSasrec) {
    // Its positions count from the session's end, so that each event's session is a pass of its own.
    for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
      for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t)
        encode_sasrec(weights_, backend_, rows.subspan(offsets[s], t + 1 - offsets[s]), out.row_span(t));
    }
    return;
  }

  MatrixBuffer x_buffer;
  run_blocks(rows, offsets, contexts, x_buffer);
  const Matrix x = x_buffer.view();
  for (std::size_t t = 0; t < tokens; ++t) add_context(body_.context_out, contexts.target(t), x.row_span(t));
  backend_.layer_norm(x, body_.final_gain, body_.final_bias, out, {}, {});
  backend_.normalize_rows(out, 1, out, {});
}

void SessionEncoder::add_context(ConstMatrix table, std::span<const ContextId> values,
                                 std::span<float> x) const {
  for (const ContextId value : values) {
    if (value < table.rows) backend_.axpy(1, table.row_span(value), x);
  }
}

void SessionEncoder::run_blocks(std::span<const std::uint32_t> rows, kernels::Offsets offsets,
                                const TokenContexts& contexts, MatrixBuffer& x_buffer) const {
  const TransformerConfig& config = weights_.config();
  const std::size_t d = config.width;
  const std::size_t tokens = rows.size();
  MatrixBuffer norm_buffer, qkv_buffer, attended_buffer, up_buffer, part_buffer;
  const Matrix x = x_buffer.reshape(tokens, d);
  for (std::size_t t = 0; t < tokens; ++t) weights_.copy_items(rows[t], x.rows_at(t, 1));
  backend_.normalize_rows(x, std::sqrt(static_cast<float>(d)), x, {});
  for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
    const std::size_t length = offsets[s + 1] - offsets[s];
    if (length == 0) continue;
    backend_.axpy(1, {body_.positions.data, length * d}, {x.row(offsets[s]), length * d});
  }
  for (std::size_t t = 0; t < tokens; ++t) add_context(body_.context_in, contexts.input(t), x.row_span(t));

  const Matrix norm = norm_buffer.reshape(tokens, d);
  const Matrix up = up_buffer.reshape(tokens, config.feed_forward);
  const Matrix part = part_buffer.reshape(tokens, d);
  for (std::size_t b = 0; b < config.layers; ++b) {
    const auto& block = body_.blocks[b];
    backend_.layer_norm(x, block.norm1_gain, block.norm1_bias, norm, {}, {});
    if (const std::size_t a = config.attention_width(b); a > 0) {
      const Matrix qkv = qkv_buffer.reshape(tokens, 3 * a);
      const Matrix attended = attended_buffer.reshape(tokens, a);
      linear(backend_, norm, block.qkv, block.qkv_bias, qkv);
      backend_.attention({.heads = config.heads_of(b), .head_size = config.head_size()}, offsets,
                         qkv.cols_at(0, a), qkv.cols_at(a, a), qkv.cols_at(2 * a, a), attended, {});
      linear(backend_, attended, block.out, block.out_bias, part);
      backend_.axpy(1, part_buffer.flat(), x_buffer.flat());
    } else {
      backend_.add_bias(x, block.out_bias);
    }

    backend_.layer_norm(x, block.norm2_gain, block.norm2_bias, norm, {}, {});
    linear(backend_, norm, block.up, block.up_bias, up);
    backend_.gelu(up_buffer.flat(), up_buffer.flat());
    linear(backend_, up, block.down, block.down_bias, part);
    backend_.axpy(1, part_buffer.flat(), x_buffer.flat());
  }
}

SessionState SessionEncoder::start() const {
  SessionState state;
  state.keys_values_.resize(weights_.config().layers);
  return state;
}

bool SessionEncoder::append(SessionState& state, ItemId item, std::span<const ContextId> context) const {
  const std::uint32_t row = weights_.row(item);
  if (row == TransformerWeights::kNoRow) return false;
  if (state.keys_values_.size() != weights_.config().layers) {
    throw std::invalid_argument("a SessionState of another encoder");
  }
  const bool full = state.rows_.size() == weights_.config().window;
  if (!full && weights_.config().form == TransformerForm::kSegue) {
    step(state, row, context);
    return true;
  }
  // Every position moves by one, so nothing cached stays true; and since a session never shrinks, the cache
  // is not needed again either.
  if (full) state.rows_.erase(state.rows_.begin());
  state.rows_.push_back(row);
  if (full) state.contexts_.erase(state.contexts_.begin());
  state.contexts_.emplace_back(context.begin(), context.end());
  for (auto& cache : state.keys_values_) std::vector<float>().swap(cache);
  encode_afresh(state);
  return true;
}

void SessionEncoder::encode_afresh(SessionState& state) const {
  if (weights_.config().form == TransformerForm::kSasrec) {
    state.output_.resize(width());
    encode_sasrec(weights_, backend_, state.rows_, state.output_);
    return;
  }
  ContextSets sets;
  std::vector<std::uint32_t> inputs;
  for (const auto& values : state.contexts_) inputs.push_back(sets.add(values));
  const std::vector<std::uint32_t> no_requests(inputs.size(), ContextSets::kNone);
  const std::uint32_t offsets[] = {0, static_cast<std::uint32_t>(state.rows_.size())};
  MatrixBuffer stream;
  run_blocks(state.rows_, offsets, {&sets, inputs, no_requests}, stream);
  const auto last = stream.view().row_span(state.rows_.size() - 1);
  state.stream_.assign(last.begin(), last.end());
  state.output_ = output(state, {});
}

std::vector<float> SessionEncoder::output(const SessionState& state,
                                          std::span<const ContextId> request) const {
  if (state.stream_.empty()) return state.output_;  // nothing yet, or a form that knows no context
  std::vector<float> x = state.stream_;
  std::vector<float> out(width());
  add_context(body_.context_out, request, x);
  backend_.layer_norm(as_row(x), body_.final_gain, body_.final_bias, as_row(out), {}, {});
  backend_.normalize_rows(as_row(out), 1, as_row(out), {});
  return out;
}

void SessionEncoder::step(SessionState& state, std::uint32_t row, std::span<const ContextId> context) const {
  const TransformerConfig& config = weights_.config();
  const std::size_t d = config.width;
  const std::size_t t = state.rows_.size();
  std::vector<float> x(d);
  weights_.copy_items(row, as_row(x));
  backend_.normalize_rows(as_row(x), std::sqrt(static_cast<float>(d)), as_row(x), {});
  backend_.axpy(1, body_.positions.row_span(t), x);
  add_context(body_.context_in, context, x);

  std::vector<float> norm(d), qkv, attended, up(config.feed_forward), part(d);
  for (std::size_t b = 0; b < config.layers; ++b) {
    const auto& block = body_.blocks[b];
    backend_.layer_norm(as_row(x), block.norm1_gain, block.norm1_bias, as_row(norm), {}, {});
    if (const std::size_t a = config.attention_width(b); a > 0) {
      qkv.resize(3 * a);
      attended.resize(a);
      linear_vector(backend_, norm, block.qkv, block.qkv_bias, qkv);
      std::vector<float>& cache = state.keys_values_[b];
      cache.insert(cache.end(), qkv.begin() + static_cast<std::ptrdiff_t>(a), qkv.end());
      const ConstMatrix keys_values(cache.data(), t + 1, 2 * a);
      backend_.attention_step({.heads = config.heads_of(b), .head_size = config.head_size()}, {qkv.data(), a},
                              keys_values.cols_at(0, a), keys_values.cols_at(a, a), attended);
      linear_vector(backend_, attended, block.out, block.out_bias, part);
      backend_.axpy(1, part, x);
    } else {
      backend_.axpy(1, block.out_bias, x);
    }

    backend_.layer_norm(as_row(x), block.norm2_gain, block.norm2_bias, as_row(norm), {}, {});
    linear_vector(backend_, norm, block.up, block.up_bias, up);
    backend_.gelu(up, up);
    linear_vector(backend_, up, block.down, block.down_bias, part);
    backend_.axpy(1, part, x);
  }
  state.rows_.push_back(row);
  state.contexts_.emplace_back(context.begin(), context.end());
  state.stream_ = std::move(x);
  state.output_ = output(state, {});
}

}  // namespace segue::index
