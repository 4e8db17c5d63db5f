#include "index/model/transformer_trainer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

#include "index/model/negative_sampler.h"
#include "index/model/random_stream.h"
#include "index/model/training_windows.h"
#include "index/model/transformer_checkpoint.h"
#include "index/model/transformer_gradients.h"
#include "index/model/transformer_measure.h"
#include "index/model/transformer_optimizer.h"
#include "index/model/transformer_start.h"
#include "index/snapshot/sha256.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using Clock = std::chrono::steady_clock;

/// Streams of random numbers that hang on the one seed; 0 and 1 belong to transformer_start.cc.
enum Stream : std::uint64_t { kOrder = 2, kNegatives, kDropout };

/// Share of the highest rate: up over the warm-up's steps, then down in proportion to what is done.
float rate_share(const TransformerOptions& options, std::size_t step, std::size_t total_steps, double done) {
  const std::size_t warm_up = std::min(options.warm_up_steps, total_steps / 10);
  if (step < warm_up) return static_cast<float>(step + 1) / static_cast<float>(warm_up);
  return static_cast<float>(1 - (1 - static_cast<double>(options.final_rate)) * done);
}

Error diverged(std::size_t step) {
  return {ErrorKind::kBadInput, "the Transformer's training has left the finite numbers",
          "step " + std::to_string(step), "lower transformer.rate"};
}

TrainingWindows windows_of(const TransformerTraining& training) {
  training.options.validate();
  TrainingWindows windows(training.data);
  if (training.options.form == TransformerForm::kSasrec)
    windows.forget_contexts();  // it has no place for any
  if (windows.positions() == 0) {
    throw Error(ErrorKind::kBadInput,
                "no sequence has two items, so there is nothing for a Transformer to learn", {},
                "give events with longer sessions, or leave 'transformer' out of the models");
  }
  return windows;
}

TransformerConfig config_of(const TransformerOptions& options, const TrainingWindows& windows) {
  TransformerConfig config = options.config();
  config.contexts = windows.contexts();
  return config;
}

/// What a checkpoint belongs to: all that the weights depend on.
std::string digest_of(const TransformerTraining& training) {
  Sha256 sum;
  const auto add = [&](const auto& values) {
    sum.update(std::to_string(values.size()) + ":");
    sum.update(std::as_bytes(std::span(values)));
  };
  const auto add_sets = [&](const ContextSets* sets) {
    for (std::uint32_t set = 0; sets != nullptr && set < sets->size(); ++set) add((*sets)[set]);
  };
  sum.update(to_text(training.options));
  add(training.data.offsets);
  add(training.data.items);
  add(training.data.contexts);
  add_sets(training.data.sets.get());
  for (const HeldOut& one : training.validation) {
    add(one.prefix);
    add(one.contexts);
    add(std::array{one.target, one.request});
  }
  if (training.ranked != nullptr) add(training.ranked->words());
  const auto add_weights = [&](const TransformerWeights& weights) {
    add(weights.vocabulary());
    add(weights.flat_body());
    std::vector<float> row(weights.config().width);
    for (std::size_t r = 0; r < weights.vocabulary().size(); ++r) {
      weights.copy_items(r, {row.data(), 1, row.size()});
      add(row);
    }
  };
  if (training.sources.warm != nullptr) add_weights(*training.sources.warm);
  if (training.sources.vectors != nullptr) {
    add(training.sources.vectors->vocabulary());
    for (std::size_t r = 0; r < training.sources.vectors->vectors().rows; ++r)
      add(training.sources.vectors->vectors().row_span(r));
  }
  if (training.sources.table != nullptr) add_weights(*training.sources.table);
  if (training.teacher != nullptr) {
    add_weights(training.teacher->weights());
    add(std::array{training.teacher->options().share, training.teacher->options().temperature});
  }
  return sum.finish();
}

/// A training under way. Between two steps everything that the next one depends on is in state_.
class Trainer {
 public:
  Trainer(const TransformerTraining& training, const kernels::Backend& backend, kernels::ThreadPool& pool,
          Progress& progress);
  TrainedTransformer run();

 private:
  /// Whether there was a checkpoint to go on from.
  bool read_checkpoint();
  void write_checkpoint();
  void start_epoch(TrainingBatch& batch);
  void run_epoch();
  void take_step(const TrainingBatch& batch);
  void end_epoch();
  /// Between two steps: shows where the training is, stops when asked to, writes a checkpoint when it is
  /// time.
  void pause();
  void require_finite_weights() const;
  /// "loss 4.31, rate 2.1e-03, NDCG@10 0.0695": of late, of the last step, after the last epoch.
  std::string note() const;
  double share_done() const;
  /// By this run, were it not to end early.
  double positions_to_do() const {
    return static_cast<double>(options_.last_epoch() * windows_.positions() - resumed_at_);
  }
  double seconds() const;

  const TransformerTraining& training_;
  const TransformerOptions& options_;
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  Progress& progress_;
  TrainingWindows windows_;
  TransformerState state_;
  NegativeSampler sampler_;
  TransformerGradients gradients_;
  TransformerOptimizer optimizer_;
  std::optional<TransformerMeasure> measure_;
  std::optional<TransformerCheckpoint> checkpoint_;
  std::size_t total_steps_ = 0;  // about, since offsets differ by epoch; only the warm-up looks at it
  std::size_t seen_ = 0;         // positions of the epoch under way that are done
  std::size_t resumed_at_ = 0;   // positions that were done when this run began
  float rate_ = 0;               // of the last step
  Clock::time_point start_ = Clock::now();
  Clock::time_point written_ = start_;  // when the last checkpoint was
};

Trainer::Trainer(const TransformerTraining& training, const kernels::Backend& backend,
                 kernels::ThreadPool& pool, Progress& progress)
    : training_(training),
      options_(training.options),
      backend_(backend),
      pool_(pool),
      progress_(progress),
      windows_(windows_of(training)),
      state_({config_of(options_, windows_), {windows_.vocabulary().begin(), windows_.vocabulary().end()}},
             options_.patience),
      sampler_(windows_.frequency(), options_.negative_power),
      gradients_(state_.weights.config(), windows_.vocabulary().size(), backend, pool,
                 options_.shard_positions),
      optimizer_(backend, pool) {
  if (!training.validation.empty())
    measure_.emplace(training.validation, windows_.vocabulary(), training.ranked, backend, pool);
  if (!training.checkpoint.empty()) checkpoint_.emplace(training.checkpoint, digest_of(training));
  TrainingBatch unused;
  start_epoch(unused);
  total_steps_ = windows_.steps() * options_.epochs;
}

double Trainer::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

/// Of the whole schedule, whatever part of it is run.
double Trainer::share_done() const {
  const double epoch = static_cast<double>(seen_) / static_cast<double>(windows_.positions());
  return (static_cast<double>(state_.epoch) + epoch) / static_cast<double>(options_.epochs);
}

bool Trainer::read_checkpoint() {
  if (!checkpoint_) return false;
  const std::string file = checkpoint_->file().string();
  const TransformerCheckpoint::Reading reading = checkpoint_->read(state_);
  switch (reading.found) {
    case TransformerCheckpoint::Found::kNothing:
      return false;
    case TransformerCheckpoint::Found::kOther:
      progress_.message(file + " is a checkpoint of other data, options or seed: the training begins anew");
      return false;
    case TransformerCheckpoint::Found::kDamaged:
      progress_.message("the checkpoint is damaged: the training begins anew: " + reading.problem);
      return false;
    case TransformerCheckpoint::Found::kState:
      break;
  }
  progress_.message("the training goes on from " + file + ": " + std::to_string(state_.epoch) +
                    " epochs and " + std::to_string(state_.step) + " steps are done");
  return true;
}

void Trainer::write_checkpoint() {
  state_.seconds += seconds();
  start_ = written_ = Clock::now();
  checkpoint_->write(state_);
}

std::string Trainer::note() const {
  if (state_.moments.steps == 0) return "";
  char text[96];
  std::snprintf(text, sizeof text, "loss %.2f, rate %.1e", state_.recent_loss, static_cast<double>(rate_));
  std::string note = text;
  if (!state_.curve.empty() && state_.curve.back().validation) {
    std::snprintf(text, sizeof text, ", NDCG@10 %.4f", *state_.curve.back().validation);
    note += text;
  }
  return note;
}

void Trainer::pause() {
  const std::size_t done = state_.epoch * windows_.positions() + seen_ - resumed_at_;
  progress_.update(static_cast<double>(done), positions_to_do(), note());
  try {
    progress_.check();
  } catch (const Error& error) {
    if (checkpoint_ && error.kind() == ErrorKind::kInterrupted) {
      write_checkpoint();
      progress_.message("the same command goes on from " + checkpoint_->file().string());
    }
    throw;
  }
  if (checkpoint_ &&
      std::chrono::duration<double>(Clock::now() - written_).count() >= training_.checkpoint_seconds) {
    write_checkpoint();
  }
}

void Trainer::start_epoch(TrainingBatch& batch) {
  windows_.start_epoch({.window = options_.window,
                        .sequences = options_.batch_sequences,
                        .positions = options_.batch_positions,
                        .context_dropout = options_.context_dropout},
                       mix_seed(options_.seed, kOrder), state_.epoch);
  seen_ = 0;
  for (std::size_t step = 0; step < state_.step && windows_.next(batch); ++step) seen_ += batch.positions();
}

void Trainer::take_step(const TrainingBatch& batch) {
  const std::size_t steps = state_.moments.steps;
  RandomStream draws(mix_seed(mix_seed(options_.seed, kNegatives), steps));
  const double loss = gradients_.compute(
      state_.weights, batch, sampler_.draw(options_.negatives, draws),
      {options_.dropout, mix_seed(mix_seed(options_.seed, kDropout), steps)}, training_.teacher);
  if (!std::isfinite(loss)) throw diverged(steps + 1);
  rate_ = options_.rate * rate_share(options_, steps, total_steps_, share_done());
  optimizer_.step(gradients_, rate_, state_.weights, state_.moments);

  seen_ += batch.positions();
  ++state_.step;
  state_.loss += loss * static_cast<double>(batch.positions());
  // The mean of about the last hundred losses.
  const double weight = 100 * (1 - std::pow(0.99, static_cast<double>(steps + 1)));
  state_.recent_loss += (loss - state_.recent_loss) / weight;
}

void Trainer::run_epoch() {
  TrainingBatch batch;
  start_epoch(batch);
  while (windows_.next(batch)) {
    pause();
    take_step(batch);
  }
  end_epoch();
}

void Trainer::end_epoch() {
  ++state_.epoch;
  state_.curve.push_back({.epoch = state_.epoch,
                          .step = state_.moments.steps,
                          .loss = state_.loss / static_cast<double>(windows_.positions()),
                          .validation = {},
                          .rate = static_cast<double>(rate_),
                          .seconds = 0});
  if (measure_) {
    const std::vector<float> values = measure_->ndcg(state_.weights);
    state_.curve.back().validation = mean_of(values);
    if (state_.stopping.add(values)) state_.chosen = state_.weights;
  }
  state_.curve.back().seconds = state_.seconds + seconds();
  state_.finished = state_.epoch == options_.last_epoch() || (measure_ && state_.stopping.over());
  state_.step = 0;
  state_.loss = 0;
  seen_ = 0;
}

void Trainer::require_finite_weights() const {
  const auto finite = [](std::span<const float> values) {
    return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  };
  const kernels::ConstMatrix table = state_.weights.items();
  if (!finite(state_.weights.flat_body()) || !finite({table.data, table.rows * table.cols}))
    throw diverged(state_.moments.steps);
}

TrainedTransformer Trainer::run() {
  if (!read_checkpoint())
    state_.weights = untrained_weights(windows_, {options_, backend_, pool_, progress_}, training_.sources);
  TrainingBatch unused;
  start_epoch(unused);
  resumed_at_ = state_.epoch * windows_.positions() + seen_;

  const bool was_finished = state_.finished;
  while (!state_.finished) run_epoch();
  // The loss of the last step was finite, but nobody has seen what that step made of the weights.
  require_finite_weights();
  if (checkpoint_ && !was_finished) write_checkpoint();
  const double total = std::max(1.0, positions_to_do());
  progress_.update(total, total, note());
  const std::size_t epochs = state_.chosen ? state_.stopping.chosen() : state_.epoch;
  return {state_.chosen ? *std::move(state_.chosen) : std::move(state_.weights), epochs,
          std::move(state_.curve)};
}

}  // namespace

TrainedTransformer train_transformer(const TransformerTraining& training, const kernels::Backend& backend,
                                     kernels::ThreadPool& pool, Progress& progress) {
  return Trainer(training, backend, pool, progress).run();
}

TransformerWeights train_transformer(const TrainingData& data, const TransformerOptions& options,
                                     const kernels::Backend& backend, kernels::ThreadPool& pool,
                                     Progress& progress) {
  return train_transformer(TransformerTraining{.data = data, .options = options}, backend, pool, progress)
      .weights;
}

}  // namespace segue::index
