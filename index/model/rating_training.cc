#include "index/model/rating_training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <stdexcept>

#include "index/model/random_stream.h"
#include "index/model/rating_als.h"
#include "index/model/rating_sgd.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// With fewer held-back ratings the choice would be noise.
constexpr std::size_t kLeastHeldBack = 20;
/// An epoch has to lower the error by more than this, relative, to count as better.
constexpr double kBetter = 1e-5;
constexpr std::uint64_t kSplitStream = 0x7261'7465;  // keeps this draw apart from those of the trainers

void check(const RatingOptions& options) {
  const auto not_negative = [](double x) { return std::isfinite(x) && x >= 0; };
  // A ridge of 0 would leave systems of ALS singular.
  const bool fits = options.factors > 0 && options.epochs > 0 && options.ridge > 0 &&
                    options.bias_ridge > 0 && not_negative(options.ridge) &&
                    not_negative(options.bias_ridge) && options.rate > 0 && not_negative(options.rate) &&
                    options.rate_decay > 0 && options.rate_decay <= 1 && options.held_back >= 0 &&
                    options.held_back < 1 && options.patience > 0;
  if (!fits) throw std::invalid_argument("a constant of the factorisation of ratings is out of range");
}

[[noreturn]] void refuse_divergence() {
  throw Error(ErrorKind::kBadInput, "the factorisation of ratings diverged", "[rating]",
              "lower rating.rate, or raise rating.ridge");
}

std::unique_ptr<RatingTrainer> make_trainer(RatingMethod method, const RatingData& data,
                                            const RatingOptions& options, const kernels::Backend& backend,
                                            kernels::ThreadPool& pool) {
  if (method == RatingMethod::kAls) return make_rating_als(data, options, backend, pool);
  return make_rating_sgd(data, options, method == RatingMethod::kSvdpp);
}

std::pair<float, float> scale_of(const RatingData& data) {
  float least = std::numeric_limits<float>::infinity();
  float most = -least;
  for (const RatingData::Cell& cell : data.cells) {
    if (std::isnan(cell.rating)) continue;
    least = std::min(least, cell.rating);
    most = std::max(most, cell.rating);
  }
  return {least, most};
}

/// About `count` of the ratings, evenly spread.
std::vector<HeldRating> some_ratings(const RatingData& data, std::size_t count) {
  const std::size_t every = std::max<std::size_t>(1, data.ratings / std::max<std::size_t>(1, count));
  std::vector<HeldRating> some;
  std::size_t seen = 0;
  for (std::uint32_t user = 0; user < data.users.size(); ++user) {
    for (const RatingData::Cell& cell : data.cells_of(user)) {
      if (!std::isnan(cell.rating) && seen++ % every == 0) some.push_back({user, cell.item, cell.rating});
    }
  }
  return some;
}

/// One method on its way through the epochs.
struct Candidate {
  RatingMethod method;
  std::unique_ptr<RatingTrainer> trainer;
  std::vector<LearningPoint> curve;
  RatingError best;
  std::size_t best_epoch = 0;
  bool running = true;

  /// Looks at the epoch that has just ended: its errors on held-back ratings and on some that it learns from.
  void measure(const RatingError& error, const RatingError& learned, double seconds,
               const RatingOptions& options) {
    if (!std::isfinite(error.rmse)) {
      running = false;
      return;
    }
    const std::size_t epoch = curve.size() + 1;
    const double rate = method == RatingMethod::kAls
                            ? 0
                            : options.rate * std::pow(options.rate_decay, static_cast<double>(epoch - 1));
    curve.push_back({.epoch = epoch,
                     .step = epoch,
                     .loss = learned.rmse * learned.rmse,
                     .validation = error.rmse,
                     .rate = rate,
                     .seconds = seconds});
    if (best_epoch == 0 || error.rmse < best.rmse * (1 - kBetter)) {
      best = error;
      best_epoch = curve.size();
    }
    running = curve.size() < options.epochs && curve.size() - best_epoch < options.patience;
  }
};

void tell(const std::vector<Candidate>& candidates, const RatingOptions& options, Progress& progress) {
  double done = 0;
  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : candidates) {
    done += static_cast<double>(candidate.running ? candidate.curve.size() : options.epochs);
    if (candidate.best_epoch > 0) best = std::min(best, candidate.best.rmse);
  }
  char note[40] = "";
  if (std::isfinite(best)) std::snprintf(note, sizeof note, "rmse %.4f", best);
  progress.update(done, static_cast<double>(options.epochs * candidates.size()), note);
}

}  // namespace

RatingChoice choose_rating(const RatingData& data, const RatingOptions& options,
                           const RatingEnvironment& environment) {
  check(options);
  RatingChoice choice;
  choice.options = options;
  const RatingSplit split = hold_back_ratings(data, options.held_back, mix_seed(options.seed, kSplitStream));
  if (split.held_out.size() < kLeastHeldBack || split.train.ratings == 0) {
    if (!options.method) choice.options.method = RatingMethod::kSvdpp;
    return choice;
  }
  const auto [least, most] = scale_of(split.train);

  std::vector<RatingMethod> methods = {RatingMethod::kSvdpp, RatingMethod::kSgd, RatingMethod::kAls};
  if (options.method) methods = {*options.method};
  // Beside other candidates ALS gets one thread, since each of them has one; alone it gets all.
  kernels::ThreadPool single(1);
  std::vector<Candidate> candidates(methods.size());
  for (std::size_t c = 0; c < methods.size(); ++c) {
    candidates[c].method = methods[c];
    candidates[c].trainer = make_trainer(methods[c], split.train, options, environment.backend,
                                         methods.size() > 1 ? single : environment.pool);
  }
  const std::vector<HeldRating> learned = some_ratings(split.train, split.held_out.size());
  const auto start = std::chrono::steady_clock::now();
  const auto advance = [&](Candidate& candidate) {
    if (!candidate.trainer->advance()) return;
    const RatingFactors& factors = candidate.trainer->factors();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    candidate.measure(rating_error(factors, split.train, split.held_out, least, most),
                      rating_error(factors, split.train, learned, least, most), seconds.count(), options);
  };
  while (true) {
    std::vector<Candidate*> running;
    for (Candidate& candidate : candidates) {
      if (candidate.running) running.push_back(&candidate);
    }
    if (running.empty()) break;
    if (methods.size() == 1) {
      advance(*running.front());
    } else {
      environment.pool.run(running.size(), [&](std::size_t r) { advance(*running[r]); });
    }
    tell(candidates, options, environment.progress);
    environment.progress.check();
  }

  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    choice.curves.push_back(
        {"rating (" + std::string(to_string(candidate.method)) + ")", candidate.curve, "RMSE"});
    if (candidate.best_epoch == 0) continue;
    if (best == nullptr || candidate.best.rmse < best->best.rmse) best = &candidate;
  }
  if (best == nullptr) refuse_divergence();
  choice.options.method = best->method;
  choice.options.epochs = best->best_epoch;
  choice.error = best->best;
  return choice;
}

RatingFactorization train_rating(const RatingData& data, const RatingOptions& options,
                                 const RatingEnvironment& environment) {
  check(options);
  if (!options.method) throw std::invalid_argument("train_rating needs a method");
  const auto trainer = make_trainer(*options.method, data, options, environment.backend, environment.pool);
  for (std::size_t epoch = 0; epoch < options.epochs;) {
    if (trainer->advance()) ++epoch;
    environment.progress.update(static_cast<double>(epoch), static_cast<double>(options.epochs));
    environment.progress.check();
  }
  const auto [least, most] = scale_of(data);
  RatingFactorization result = RatingFactorization::of(trainer->factors(), data, options, {least, most});
  if (!result.is_finite()) refuse_divergence();
  return result;
}

}  // namespace segue::index
