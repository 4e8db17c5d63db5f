#pragma once

#include "index/model/training_windows.h"
#include "index/model/transformer_options.h"
#include "index/model/transformer_weights.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// The weights before the first step: products and positions random, biases zero, gains one, and the item
/// table from co-occurrence (ppmi_embedding.h) or random, as the options say. A function of windows, options
/// and seed. Throws Error (kInterrupted) through progress.
///
/// With `warm` weights, of the options' configuration, body and known rows are those. The row of an item that
/// they lack is the mean of the known rows near it in the windows (up to 10 apart, weighted distance^-.5),
/// else of all rows.
TransformerWeights untrained_weights(const TrainingWindows& windows, const TransformerOptions& options,
                                     const kernels::Backend& backend, kernels::ThreadPool& pool,
                                     const Progress& progress, const TransformerWeights* warm = nullptr);

}  // namespace segue::index
