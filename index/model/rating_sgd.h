#pragma once

#include <memory>

#include "index/model/rating_factors.h"

namespace segue::index {

/// Gradient descent user by user, in an order drawn anew for each epoch, on one thread: with implicit
/// feedback (SVD++) or without it. data and options outlive the trainer.
///
/// Koren's algorithm moves every y_j of N(u) at each of u's ratings. All of them move alike, so here their
/// weighted sum moves along with the ratings and the y_j follow once, at the end of the user: the same result
/// for O(ratings + |N(u)|) rows instead of their product.
std::unique_ptr<RatingTrainer> make_rating_sgd(const RatingData& data, const RatingOptions& options,
                                               bool implicit);

}  // namespace segue::index
