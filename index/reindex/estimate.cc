#include "index/reindex/estimate.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "index/model/rating_data.h"

namespace segue::index {
namespace {

/// Floating point operations a second of one thread, at the size of the encoder's products.
double measured_rate(const kernels::Backend& backend) {
  constexpr std::size_t n = 512;
  constexpr std::size_t d = 128;
  std::vector<float> a(n * d, 1.0f);
  std::vector<float> b(d * d, 1.0f);
  std::vector<float> c(n * d);
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double operations = 0;
  do {
    backend.matmul({a.data(), n, d}, kernels::Op::kNone, {b.data(), d, d}, kernels::Op::kNone, 1, 0,
                   {c.data(), n, d});
    operations += 2.0 * n * d * d;
  } while (Clock::now() - start < std::chrono::milliseconds(100));
  return operations / std::chrono::duration<double>(Clock::now() - start).count();
}

/// Weights of the body, and of the negatives, that a position of a training multiplies by.
double weights_per_position(const TransformerOptions& o) {
  const auto d = static_cast<double>(o.width);
  const double block =
      4 * d * d + 2 * d * static_cast<double>(o.feed_forward) + static_cast<double>(o.window) * d;
  return static_cast<double>(o.layers) * block + d * static_cast<double>(o.negatives);
}

}  // namespace

Estimate estimate_reindex(const EventLog& log, const Catalogue& catalogue, const TrainingPlan& plan,
                          const Config& config, const kernels::Backend& backend, std::size_t threads) {
  const auto items = static_cast<double>(catalogue.size());
  const auto events = static_cast<double>(log.events.size());
  const auto sequences = static_cast<double>(log.sequences.size());
  const double rate = measured_rate(backend) * static_cast<double>(threads);
  double operations = 0;
  double bytes = 25e6 + items * 1e3 + events * 120;
  if (plan.wants("transformer")) {
    const double epochs = static_cast<double>(plan.transformer.epochs);
    // Forward and backward are six operations a weight; elementwise work adds a third to the time of the
    // products.
    operations += 8 * events * epochs * weights_per_position(plan.transformer);
    bytes +=
        items * static_cast<double>(plan.transformer.width) * 4 * 3 + static_cast<double>(threads) * 12e6;
    if (plan.distillation) {
      // The teacher's forward pass at every step, which is two of the six.
      const TransformerOptions& narrow = plan.distillation->narrow;
      operations += 8 * events * static_cast<double>(narrow.epochs) *
                    (weights_per_position(narrow) + weights_per_position(plan.transformer) / 3);
      bytes += items * static_cast<double>(narrow.width * 4 * 3 + plan.transformer.width * 4);
    }
  }
  if (plan.wants("mf")) {
    const auto f = static_cast<double>(plan.mf.factors);
    // Both halves: exact solves sum the rows' outer products and factorise; descents pass over the pairs once
    // a step and once before, and rotate both sides.
    const double steps = static_cast<double>(plan.mf.descent_steps);
    const double pairs = steps > 0 ? 4 * (steps + 1) * f : 2 * f * f;
    const double rows = steps > 0 ? 4 * f * f : f * f * f / 3;
    operations += static_cast<double>(plan.mf.iterations) * (2 * events * pairs + (items + sequences) * rows);
    bytes += (items + sequences) * f * 8;
  }
  if (plan.wants("rating") && has_ratings(log)) {
    const auto f = static_cast<double>(plan.rating.factors);
    // Three methods on their way to the choice; ALS, the dearest, adds f^2 a rating and solves f^3 / 3 a row.
    operations += static_cast<double>(plan.rating.epochs) *
                  (events * (2 * f * f + 60 * f) + (items + sequences) * f * f * f / 3);
    bytes += events * 60 + (items + sequences) * f * 16;
  }
  if (plan.wants("transitions")) bytes += events * 130;
  if (plan.wants(ItemNeighbours::kName)) bytes += events * 50 + items * 12 * 200;
  // Sequences from both sides, in memory and as the copy that is written.
  if (plan.wants(UserNeighbours::kName)) bytes += events * 50;
  if (plan.wants(SessionNeighbours::kName)) bytes += events * 40;
  const double trained_twice = 2;  // for the validation, and on all events
  const double evaluated = std::min(sequences, static_cast<double>(config.evaluation.max_sequences));
  const double reading = 2e-6 * events + 60e-6 * items;
  return {trained_twice * operations / rate + reading + evaluated * items * 2e-8, bytes / 1048576};
}

}  // namespace segue::index
