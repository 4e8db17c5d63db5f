#include "index/model/transformer_pruning.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace segue::index {
namespace {

using Block = BasicTransformerBlock<float>;
using ConstBlock = BasicTransformerBlock<const float>;

void copy(std::span<const float> from, std::span<float> to) {
  std::copy(from.begin(), from.end(), to.begin());
}

void copy(kernels::ConstMatrix from, kernels::Matrix to) {
  for (std::size_t r = 0; r < to.rows; ++r) copy(from.row_span(r), to.row_span(r));
}

/// All but the attention's products.
void copy_rest(const ConstBlock& from, const Block& to) {
  copy(from.norm1_gain, to.norm1_gain);
  copy(from.norm1_bias, to.norm1_bias);
  copy(from.out_bias, to.out_bias);
  copy(from.norm2_gain, to.norm2_gain);
  copy(from.norm2_bias, to.norm2_bias);
  copy(from.up, to.up);
  copy(from.up_bias, to.up_bias);
  copy(from.down, to.down);
  copy(from.down_bias, to.down_bias);
}

/// `heads` heads of head_size each, but for `left_out`, which may be none of them.
void copy_heads(const ConstBlock& from, const Block& to, std::size_t heads, std::size_t head_size,
                std::size_t left_out) {
  std::size_t next = 0;
  for (std::size_t h = 0; h < heads; ++h) {
    if (h == left_out) continue;
    const std::size_t old_place = h * head_size;
    const std::size_t place = next++ * head_size;
    for (std::size_t part = 0; part < 3; ++part) {  // q, k, v
      const std::size_t old_row = part * from.out.cols + old_place;
      const std::size_t row = part * to.out.cols + place;
      copy(from.qkv.rows_at(old_row, head_size), to.qkv.rows_at(row, head_size));
      copy(from.qkv_bias.subspan(old_row, head_size), to.qkv_bias.subspan(row, head_size));
    }
    copy(from.out.cols_at(old_place, head_size), to.out.cols_at(place, head_size));
  }
}

std::vector<PruningStep> parts_of(const TransformerConfig& config) {
  std::vector<PruningStep> parts;
  for (std::size_t b = 0; b < config.layers; ++b) {
    if (config.layers > 1) parts.push_back({b, {}});
    for (std::size_t h = 0; h < config.heads_of(b); ++h) parts.push_back({b, h});
  }
  // Of equal measures the first is taken: whole blocks.
  std::stable_sort(parts.begin(), parts.end(), [](const PruningStep& a, const PruningStep& b) {
    return !a.head.has_value() && b.head.has_value();
  });
  return parts;
}

}  // namespace

TransformerWeights without(const TransformerWeights& weights, const PruningStep& step) {
  const TransformerConfig& old = weights.config();
  if (old.form != TransformerForm::kSegue) throw std::invalid_argument("pruning: weights of another form");
  if (step.block >= old.layers || (step.head ? *step.head >= old.heads_of(step.block) : old.layers == 1))
    throw std::invalid_argument("pruning: a part that is not there, or the last block");

  TransformerConfig config = old;
  config.layer_heads.clear();
  for (std::size_t b = 0; b < old.layers; ++b) config.layer_heads.push_back(old.heads_of(b));
  if (step.head) {
    --config.layer_heads[step.block];
  } else {
    config.layer_heads.erase(config.layer_heads.begin() + static_cast<std::ptrdiff_t>(step.block));
    --config.layers;
  }

  const auto vocabulary = weights.vocabulary();
  TransformerWeights left(config, {vocabulary.begin(), vocabulary.end()});
  weights.copy_items(0, left.items());
  const ConstTransformerBody from = weights.body();
  const TransformerBody to = left.body();
  copy(from.positions, to.positions);
  copy(from.final_gain, to.final_gain);
  copy(from.final_bias, to.final_bias);
  if (config.contexts > 0) {
    copy(from.context_in, to.context_in);
    copy(from.context_out, to.context_out);
  }
  std::size_t next = 0;
  for (std::size_t b = 0; b < old.layers; ++b) {
    if (b == step.block && !step.head) continue;
    const Block& block = to.blocks[next++];
    copy_rest(from.blocks[b], block);
    copy_heads(from.blocks[b], block, old.heads_of(b), old.head_size(),
               b == step.block ? *step.head : old.heads_of(b));
  }
  return left;
}

Pruning find_pruning(TransformerWeights weights, double tolerance,
                     const std::function<double(const TransformerWeights&)>& measure) {
  Pruning pruning;
  pruning.before = pruning.after = measure(weights);
  const double least = (1 - tolerance) * pruning.before;
  while (true) {
    std::optional<PruningStep> best;
    double best_measure = 0;
    for (const PruningStep& part : parts_of(weights.config())) {
      const double left = measure(without(weights, part));
      if (left < least || (best && left <= best_measure)) continue;
      best = part;
      best_measure = left;
    }
    if (!best) return pruning;
    weights = without(weights, *best);
    pruning.steps.push_back(*best);
    pruning.after = best_measure;
  }
}

}  // namespace segue::index
