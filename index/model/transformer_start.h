#pragma once

#include "index/model/content_vectors.h"
#include "index/model/training_windows.h"
#include "index/model/transformer_options.h"
#include "index/model/transformer_weights.h"
#include "index/progress.h"
#include "kernels/backend.h"
#include "kernels/thread_pool.h"

namespace segue::index {

/// What a training may start from beside its own sequences; null: nothing. Valid for the call.
struct TransformerSources {
  /// Weights of the options' configuration: body and known rows are theirs. Items that they lack start where
  /// their neighbours are: the mean of the known rows near them in the windows (up to 10 apart, weighted
  /// distance^-.5), else the mean of all.
  const TransformerWeights* warm = nullptr;
  /// Vectors of items, of any dimension: instead of co-occurrence, the table starts from their directions,
  /// projected to the width along the leading eigenvectors of their Gram matrix (a truncated SVD). Directions
  /// that are missing are zeros; items without a vector start where their neighbours are. Not used beside
  /// `warm`.
  const ContentVectors* vectors = nullptr;
  /// The same from the item table of another Transformer, of any width. Not used beside the others.
  const TransformerWeights* table = nullptr;
};

/// What an untrained model hangs on.
struct TransformerSetting {
  const TransformerOptions& options;
  const kernels::Backend& backend;
  kernels::ThreadPool& pool;
  const Progress& progress;
};

/// The weights before the first step: products and positions random, biases zero, gains one, and the item
/// table from co-occurrence (ppmi_embedding.h) or random, as the options say, or from the sources. A function
/// of windows, options, seed and sources. Throws Error (kInterrupted) through progress; std::invalid_argument
/// for warm weights of another configuration.
TransformerWeights untrained_weights(const TrainingWindows& windows, const TransformerSetting& setting,
                                     const TransformerSources& sources = {});

}  // namespace segue::index
