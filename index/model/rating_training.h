#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "index/model/learning_curve.h"
#include "index/model/rating_factorization.h"
#include "index/model/rating_factors.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// What validation found.
struct RatingChoice {
  RatingOptions options;  ///< as given, with method set and epochs the number that was best
  RatingError error;  ///< of that method and epoch on the held-back ratings; no events: nothing was held back
  /// "rating (svdpp)" and so on, one for each method that was tried. The loss is the mean squared error on as
  /// many of the ratings learned from as are held back, the measure the RMSE of the latter.
  std::vector<LearningCurve> curves;
};

/// What training needs beside the data; references outlive the call.
struct RatingEnvironment {
  const kernels::Backend& backend;
  kernels::ThreadPool& pool;
  Progress& progress;
};

/// Holds back a share of the ratings, trains the method of the options, or all of them, on the rest, and
/// chooses method and epoch with the smallest RMSE. With fewer than 20 ratings held back nothing is measured:
/// the method is the given one or "svdpp", the epochs stand. Throws std::invalid_argument for constants out
/// of range, Error (kBadInput) when every method diverged and Error (kInterrupted) through progress.
RatingChoice choose_rating(const RatingData& data, const RatingOptions& options,
                           const RatingEnvironment& environment);

/// Trains one method for options.epochs epochs. Same bytes for the same data, options and seed and any number
/// of threads. Throws as choose_rating, and std::invalid_argument without a method.
RatingFactorization train_rating(const RatingData& data, const RatingOptions& options,
                                 const RatingEnvironment& environment);

}  // namespace segue::index
