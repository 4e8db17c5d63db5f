#pragma once

#include <memory>

#include "index/model/rating_factors.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// Alternating least squares, blocked by users and by items: with one side held still, factors and bias of
/// each row of the other are the solution of one system of factors + 1 unknowns (Zhou et al., "Large-scale
/// parallel collaborative filtering for the Netflix prize", 2008, with biases solved too). So the objective
/// never rises. An epoch solves all users, then all items. data, options, backend and pool outlive the
/// trainer.
std::unique_ptr<RatingTrainer> make_rating_als(const RatingData& data, const RatingOptions& options,
                                               const kernels::Backend& backend, kernels::ThreadPool& pool);

}  // namespace segue::index
