#include "index/model/transformer_gradients.h"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "index/model/random_stream.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Matrix;
using kernels::Op;

constexpr std::uint32_t kNowhere = 0xffffffffu;
/// Positions whose logits are held at once: [128, 2048] floats fit a core's second-level cache.
constexpr std::size_t kLossRows = 128;
/// Rows of the item table that one block of a parallel loop takes.
constexpr std::size_t kBlockRows = 512;

std::size_t blocks_of(std::size_t rows) {
  return (rows + kBlockRows - 1) / kBlockRows;
}

/// The logit of each position's own target.
void score_targets(ConstMatrix hidden, ConstMatrix items, std::span<const std::uint32_t> targets,
                   float inverse_temperature, std::vector<float>& logits) {
  logits.resize(hidden.rows);
  for (std::size_t t = 0; t < hidden.rows; ++t) {
    const float* target = items.row(targets[t]);
    float dot = 0;
    for (std::size_t c = 0; c < hidden.cols; ++c) dot += hidden(t, c) * target[c];
    logits[t] = dot * inverse_temperature;
  }
}

}  // namespace

/// Consecutive windows of the batch, and all that one thread needs and makes for them. Tokens and targets are
/// places in rows_.
struct TransformerGradients::Shard {
  Shard(const TransformerConfig& config, const kernels::Backend& backend)
      : pass(make_body_pass(config, backend)), d_body(transformer_body_size(config)), distilled(backend) {}

  std::vector<std::uint32_t> inputs, targets, offsets;
  TokenContexts contexts;  // views of the batch
  std::unique_ptr<BodyPass> pass;
  double loss = 0;
  std::vector<float> d_body;
  MatrixBuffer d_inputs, d_targets;  // [positions, d]
  MatrixBuffer d_negatives;          // [negatives, d]
  MatrixBuffer logits, target_rows, d_hidden;
  std::vector<float> target_logits;
  DistilledSoftmax distilled;  // and what it compares with
  MatrixBuffer teacher_hidden, teacher_logits;
  std::vector<std::uint32_t> table_rows;
  std::vector<float> teacher_targets;

  void encode_by_teacher(const TransformerTeacher& teacher, std::span<const std::uint32_t> rows);
  void take_loss(const kernels::Backend& backend, ConstMatrix hidden, ConstMatrix items, const Step& step,
                 float inverse_temperature);
  double chunk_loss(const kernels::Backend& backend, std::size_t begin, Matrix scores, const Step& step);
};

/// What the shards of a step share. Places are those in rows_, where the negatives stand first.
struct TransformerGradients::Step {
  const Negatives& negatives;
  std::vector<std::uint32_t> negative_places;
  float gradient_scale;  // 1 / positions of the batch
  const TransformerTeacher* teacher;
  ConstMatrix taught;  // its rows
};

TransformerGradients::TransformerGradients(const TransformerConfig& config, std::size_t vocabulary,
                                           const kernels::Backend& backend, kernels::ThreadPool& pool,
                                           std::size_t shard_positions)
    : config_(config),
      backend_(backend),
      pool_(pool),
      shard_positions_(std::max<std::size_t>(1, shard_positions)),
      place_(vocabulary, kNowhere),
      body_(transformer_body_size(config)) {}

TransformerGradients::~TransformerGradients() = default;

double TransformerGradients::compute(const TransformerWeights& weights, const TrainingBatch& batch,
                                     const Negatives& negatives, const Dropout& dropout,
                                     const TransformerTeacher* teacher) {
  if (batch.positions() == 0 || negatives.rows.empty())
    throw std::invalid_argument("a training step on nothing");
  if (!batch.input_contexts.empty() && batch.sets->values() > config_.contexts)
    throw std::invalid_argument("a training step on more context values than the Transformer has");
  if (teacher != nullptr && !std::ranges::equal(teacher->weights().vocabulary(), weights.vocabulary()))
    throw std::invalid_argument("a teacher of another vocabulary");
  collect_rows(batch, negatives);
  gather_items(weights);
  if (teacher != nullptr) gather_taught_items(*teacher);
  cut(batch);
  Step step{negatives, std::vector<std::uint32_t>(negatives.rows.size()),
            1 / static_cast<float>(batch.positions()), teacher, taught_.view()};
  std::iota(step.negative_places.begin(), step.negative_places.end(), 0u);
  const ConstTransformerBody body = weights.body();
  pool_.run(used_shards_, [&](std::size_t s) {
    run_shard(*shards_[s], body, step, {dropout.probability, mix_seed(dropout.seed, s)});
  });
  add_up(negatives.rows.size());
  double loss = 0;
  for (std::size_t s = 0; s < used_shards_; ++s) loss += shards_[s]->loss;
  return loss / static_cast<double>(batch.positions());
}

void TransformerGradients::collect_rows(const TrainingBatch& batch, const Negatives& negatives) {
  for (const std::uint32_t row : rows_) place_[row] = kNowhere;
  rows_.clear();
  const auto take = [&](std::uint32_t row) {
    if (place_[row] != kNowhere) return;
    place_[row] = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(row);
  };
  for (const auto* list : {&negatives.rows, &batch.inputs, &batch.targets}) {
    for (const std::uint32_t row : *list) take(row);
  }
}

void TransformerGradients::gather_items(const TransformerWeights& weights) {
  const std::size_t d = config_.width;
  const Matrix compared = compared_.reshape(rows_.size(), d);
  norms_.resize(rows_.size());
  const ConstMatrix table = weights.items();
  pool_.run(blocks_of(rows_.size()), [&](std::size_t block) {
    const std::size_t begin = block * kBlockRows;
    const std::size_t count = std::min(kBlockRows, rows_.size() - begin);
    for (std::size_t r = begin; r < begin + count; ++r) std::copy_n(table.row(rows_[r]), d, compared.row(r));
    if (config_.form == TransformerForm::kSasrec) return;
    const Matrix part = compared.rows_at(begin, count);
    backend_.normalize_rows(part, 1, part, std::span(norms_).subspan(begin, count));
  });
}

void TransformerGradients::gather_taught_items(const TransformerTeacher& teacher) {
  const std::size_t d = teacher.width();
  const Matrix taught = taught_.reshape(rows_.size(), d);
  const ConstMatrix table = teacher.compared_items();
  pool_.run(blocks_of(rows_.size()), [&](std::size_t block) {
    const std::size_t end = std::min((block + 1) * kBlockRows, rows_.size());
    for (std::size_t r = block * kBlockRows; r < end; ++r) std::copy_n(table.row(rows_[r]), d, taught.row(r));
  });
}

void TransformerGradients::cut(const TrainingBatch& batch) {
  used_shards_ = 0;
  std::size_t window = 0;
  const std::size_t windows = batch.offsets.size() - 1;
  while (window < windows) {
    const std::size_t first = batch.offsets[window];
    if (used_shards_ == shards_.size()) shards_.push_back(std::make_unique<Shard>(config_, backend_));
    Shard& shard = *shards_[used_shards_++];
    shard.offsets.assign(1, 0);
    do {
      shard.offsets.push_back(batch.offsets[++window] - static_cast<std::uint32_t>(first));
    } while (window < windows && batch.offsets[window + 1] - first <= shard_positions_);
    const std::size_t count = shard.offsets.back();
    shard.inputs.resize(count);
    shard.targets.resize(count);
    for (std::size_t t = 0; t < count; ++t) {
      shard.inputs[t] = place_[batch.inputs[first + t]];
      shard.targets[t] = place_[batch.targets[first + t]];
    }
    shard.contexts = {};
    if (!batch.input_contexts.empty()) {
      shard.contexts = {batch.sets, std::span(batch.input_contexts).subspan(first, count),
                        std::span(batch.target_contexts).subspan(first, count)};
    }
  }
}

void TransformerGradients::run_shard(Shard& shard, const ConstTransformerBody& body, const Step& step,
                                     const Dropout& dropout) {
  const std::size_t n = shard.inputs.size();
  const std::size_t d = config_.width;
  const ConstMatrix items = compared_.view();
  const PackedTokens packed{shard.inputs, shard.offsets, shard.contexts};
  const ConstMatrix hidden = shard.pass->forward(body, items, packed, dropout);
  if (step.teacher != nullptr) shard.encode_by_teacher(*step.teacher, rows_);
  shard.take_loss(backend_, hidden, items, step, 1 / config_.temperature);
  std::fill(shard.d_body.begin(), shard.d_body.end(), 0.0f);
  shard.pass->backward(body, packed, dropout, shard.d_hidden.view(),
                       transformer_body(config_, std::span<float>(shard.d_body)),
                       shard.d_inputs.reshape(n, d));
}

/// rows: the table's rows that places stand for.
void TransformerGradients::Shard::encode_by_teacher(const TransformerTeacher& teacher,
                                                    std::span<const std::uint32_t> rows) {
  table_rows.clear();
  for (const std::uint32_t place : inputs) table_rows.push_back(rows[place]);
  teacher.encoder().encode_positions(table_rows, offsets,
                                     teacher_hidden.reshape(inputs.size(), teacher.width()), contexts);
}

void TransformerGradients::Shard::take_loss(const kernels::Backend& backend, ConstMatrix hidden,
                                            ConstMatrix items, const Step& step, float inverse_temperature) {
  const std::size_t n = hidden.rows;
  const std::size_t d = hidden.cols;
  const std::size_t k = step.negative_places.size();
  const ConstMatrix negative_rows = items.rows_at(0, k);
  const Matrix d_targets_view = d_targets.reshape(n, d);
  const Matrix d_hidden_view = d_hidden.reshape(n, d);
  const Matrix d_negatives_view = d_negatives.reshape(k, d);
  score_targets(hidden, items, targets, inverse_temperature, target_logits);
  if (step.teacher != nullptr) {
    score_targets(teacher_hidden.view(), step.taught, targets, step.teacher->inverse_temperature(),
                  teacher_targets);
  }

  loss = 0;
  for (std::size_t begin = 0; begin < n; begin += kLossRows) {
    const std::size_t count = std::min(kLossRows, n - begin);
    const ConstMatrix chunk = hidden.rows_at(begin, count);
    const Matrix scores = logits.reshape(count, k);
    backend.matmul(chunk, Op::kNone, negative_rows, Op::kTranspose, inverse_temperature, 0, scores);
    loss += chunk_loss(backend, begin, scores, step);
    backend.matmul(scores, Op::kNone, negative_rows, Op::kNone, inverse_temperature, 0,
                   d_hidden_view.rows_at(begin, count));
    backend.matmul(scores, Op::kTranspose, chunk, Op::kNone, inverse_temperature, begin == 0 ? 0.0f : 1.0f,
                   d_negatives_view);
  }
  for (std::size_t t = 0; t < n; ++t) {
    const float* target = items.row(targets[t]);
    const float slope = target_logits[t] * inverse_temperature;  // d loss / d logit is there now
    for (std::size_t c = 0; c < d; ++c) {
      d_targets_view(t, c) = slope * hidden(t, c);
      d_hidden_view(t, c) += slope * target[c];
    }
  }
}

/// Overwrites scores, and the logits of the targets from begin on, by the loss's gradient by them.
double TransformerGradients::Shard::chunk_loss(const kernels::Backend& backend, std::size_t begin,
                                               Matrix scores, const Step& step) {
  const SampledIds ids{std::span(targets).subspan(begin, scores.rows), step.negative_places,
                       step.negatives.log_expected};
  const std::span<float> own_targets = std::span(target_logits).subspan(begin, scores.rows);
  if (step.teacher == nullptr) {
    return backend.sampled_softmax(own_targets, scores, ids.targets, ids.negatives, ids.log_expected,
                                   step.gradient_scale);
  }
  const Matrix taught = teacher_logits.reshape(scores.rows, scores.cols);
  backend.matmul(teacher_hidden.view().rows_at(begin, scores.rows), Op::kNone,
                 step.taught.rows_at(0, scores.cols), Op::kTranspose, step.teacher->inverse_temperature(), 0,
                 taught);
  return distilled.compute({own_targets, scores},
                           {std::span(teacher_targets).subspan(begin, scores.rows), taught}, ids,
                           step.teacher->options(), step.gradient_scale);
}

void TransformerGradients::add_up(std::size_t negatives) {
  const std::size_t d = config_.width;
  std::fill(body_.begin(), body_.end(), 0.0f);
  for (std::size_t s = 0; s < used_shards_; ++s) backend_.axpy(1, shards_[s]->d_body, body_);

  const Matrix d_compared = d_compared_.reshape_to_zeros(rows_.size(), d);
  pool_.run(blocks_of(negatives), [&](std::size_t block) {
    const std::size_t begin = block * kBlockRows * d;
    const std::size_t count = std::min(kBlockRows * d, negatives * d - begin);
    for (std::size_t s = 0; s < used_shards_; ++s) {
      backend_.axpy(1, shards_[s]->d_negatives.flat().subspan(begin, count),
                    d_compared_.flat().subspan(begin, count));
    }
  });
  for (std::size_t s = 0; s < used_shards_; ++s) {
    const Shard& shard = *shards_[s];
    for (std::size_t t = 0; t < shard.inputs.size(); ++t) {
      backend_.axpy(1, shard.d_inputs.view().row_span(t), d_compared.row_span(shard.inputs[t]));
      backend_.axpy(1, shard.d_targets.view().row_span(t), d_compared.row_span(shard.targets[t]));
    }
  }

  if (config_.form == TransformerForm::kSasrec) {
    std::swap(d_items_, d_compared_);
    return;
  }
  const Matrix d_items = d_items_.reshape(rows_.size(), d);
  pool_.run(blocks_of(rows_.size()), [&](std::size_t block) {
    const std::size_t begin = block * kBlockRows;
    const std::size_t count = std::min(kBlockRows, rows_.size() - begin);
    backend_.normalize_rows_backward(compared_.view().rows_at(begin, count), 1,
                                     std::span(norms_).subspan(begin, count),
                                     d_compared.rows_at(begin, count), d_items.rows_at(begin, count));
  });
}

}  // namespace segue::index
