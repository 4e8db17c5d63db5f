#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/item.h"
#include "index/model/content_space.h"
#include "index/model/matrix_factorization.h"
#include "index/model/training_data.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// Events of each item of the catalogue, whatever their weight.
std::vector<float> event_counts(const TrainingData& data);

/// What content does to the places that items have by behaviour.
struct PlacementOptions {
  /// kappa: an item with this many events stands halfway between the place that its content gives and the one
  /// that behaviour gives. 0: items with events stay where they are.
  double prior_events = 0;
  std::uint64_t seed = 1;
};

/// Rows of a model's item space.
struct ItemPlaces {
  std::vector<ItemId> vocabulary;  ///< rising
  std::vector<float> rows;         ///< [vocabulary, d]
  bool mapped = false;  ///< false: contents say nothing about behaviour, and nothing was changed or added
};

/// The item space of a model after content: with n an item's events, e its row of `places` and p(c) the place
/// that the projection fitted on all of them gives its content c,
///
///   (n e + kappa p(c)) / (n + kappa)   for an item of `vocabulary`; its row stays as it is without content,
///   and
///                                      without events, since it was learned elsewhere then
///   p(c)                               for every other item with a content
///
/// events: by ItemId.
ItemPlaces place_by_content(const ContentSpace& space, std::span<const ItemId> vocabulary,
                            kernels::ConstMatrix places, std::span<const float> events,
                            const PlacementOptions& options, const kernels::Backend& backend);

/// The same for a session Transformer, whose space is that of the unit item rows: weights whose item table
/// has a row for every item with a content, of the mean length. With prior_events 0 the rows that were there
/// keep their bytes; so do weights of another form than Segue's.
TransformerWeights place_by_content(const TransformerWeights& weights, const ContentSpace& space,
                                    std::span<const float> events, const PlacementOptions& options,
                                    const kernels::Backend& backend);

/// The same for a factorisation, whose space is that of the item factors.
MatrixFactorization place_by_content(const MatrixFactorization& mf, const ContentSpace& space,
                                     std::span<const float> events, const PlacementOptions& options,
                                     const kernels::Backend& backend);

}  // namespace segue::index
