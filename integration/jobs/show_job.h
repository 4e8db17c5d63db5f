#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/snapshot/snapshot.h"

namespace segue::integration {

/// An item near another one in the eyes of one model, and what the two have in common.
struct Related {
  index::ItemId item = index::kNoItem;
  double score = 0;                     ///< see RelatedByModel::measure
  std::vector<std::string> words;       ///< of both titles, as the text index has them
  std::vector<std::string> attributes;  ///< of both: "category=lighting"
  std::size_t sequences = 0;            ///< sessions or histories that hold both; 0: the model does not count
};

/// The neighbours of an item by one model, nearest first.
struct RelatedByModel {
  std::string model;
  std::string measure;  ///< what the score is: "cosine", "inner product", "strength of what follows",
                        ///< "likeness of the sessions that hold it"
  std::vector<Related> items;
};

/// What a snapshot knows of one item.
struct ItemPortrait {
  index::ItemId item = index::kNoItem;
  double events = 0;         ///< the weights of its events, summed
  std::size_t rank = 0;      ///< by events among the items of its group, from 1; 0 without any event
  std::size_t of_items = 0;  ///< items of its group: all of kind `query`, or all others
  std::vector<RelatedByModel> models;
};

/// The portrait of an item with `size` neighbours by each model that knows it: nearest vectors, what
/// follows it by the transitions, and what the same sessions hold. Throws Error (kBadInput) for an id that
/// the snapshot does not have.
ItemPortrait portrait_of(const index::Snapshot& snapshot, std::string_view id, std::size_t size);

}  // namespace segue::integration
