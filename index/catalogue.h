#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index/item.h"
#include "index/item_set.h"

namespace segue::index {

/// The items of a snapshot, sorted by the bytes of their ids: ItemId i is items()[i]. Immutable, thread-safe.
class Catalogue {
 public:
  /// Sorts items. Ids must be unique: a second one throws std::invalid_argument (readers report it with its line).
  explicit Catalogue(std::vector<Item> items);
  Catalogue(Catalogue&&) = default;  // moving a vector does not move its items
  Catalogue& operator=(Catalogue&&) = default;

  std::size_t size() const noexcept { return items_.size(); }
  const Item& operator[](ItemId item) const { return items_[item]; }
  const std::vector<Item>& items() const noexcept { return items_; }

  /// kNoItem when there is none of that id.
  ItemId find(std::string_view id) const;
  /// The item of kind `query` whose folded title is `folded` (index/input/fold.h); of several, the one with the larger
  /// weight, then the smaller id. kNoItem when there is none.
  ItemId find_query(std::string_view folded) const;

  bool is_query(ItemId item) const { return queries_.contains(item); }
  const ItemSet& queries() const noexcept { return queries_; }        ///< items of kind `query`
  const ItemSet& searchable() const noexcept { return searchable_; }  ///< items of every other kind
  /// Items of one kind; an empty set for a kind that does not occur.
  ItemSet of_kind(std::string_view kind) const;

 private:
  std::vector<Item> items_;
  std::unordered_map<std::string_view, ItemId> by_id_;  // views into items_, which never move again
  std::unordered_map<std::string, ItemId> by_query_;
  ItemSet queries_;
  ItemSet searchable_;
};

}  // namespace segue::index
