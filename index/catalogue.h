#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/item.h"
#include "index/item_records.h"
#include "index/item_set.h"

namespace segue::index {

/// The items of a snapshot, sorted by the bytes of their ids: ItemId i is the item at place i. Immutable,
/// thread-safe; views live as long as it does.
class Catalogue {
 public:
  /// Sorts items. Ids must be unique: a second one throws std::invalid_argument (readers report it with its
  /// line).
  explicit Catalogue(std::vector<Item> items);
  /// Maps what save() wrote; items have no vectors then. Throws Error (kDamagedStore) that names the file.
  static Catalogue open(const std::filesystem::path& file);
  void save(const std::filesystem::path& file) const { records_.save(file); }
  Catalogue(Catalogue&&) = default;
  Catalogue& operator=(Catalogue&&) = default;

  std::size_t size() const noexcept { return records_.size(); }
  /// One field of an item; cheap.
  std::string_view id(ItemId item) const { return records_.id(item); }
  std::string_view kind(ItemId item) const { return records_.kind(item); }
  std::string_view title(ItemId item) const { return records_.title(item); }
  std::string_view text(ItemId item) const { return records_.text(item); }
  std::optional<double> weight(ItemId item) const { return records_.weight(item); }
  std::optional<AttributeValue> attribute(ItemId item, std::string_view name) const {
    return records_.attribute(item, name);
  }
  /// All of an item, as a copy.
  Item item(ItemId item) const { return records_.item(item); }

  /// kNoItem when there is none of that id.
  ItemId find(std::string_view id) const;
  /// The item of kind `query` whose folded title is `folded` (index/input/fold.h); of several, the one with
  /// the larger weight, then the smaller id. kNoItem when there is none.
  ItemId find_query(std::string_view folded) const;

  bool is_query(ItemId item) const { return queries_.contains(item); }
  const ItemSet& queries() const noexcept { return queries_; }        ///< items of kind `query`
  const ItemSet& searchable() const noexcept { return searchable_; }  ///< items of every other kind
  /// Items of one kind; an empty set for a kind that does not occur.
  ItemSet of_kind(std::string_view kind) const;

 private:
  /// Open addressing over items, so that looking up a name takes 8 bytes an item beside the names themselves.
  class Slots {
   public:
    explicit Slots(std::size_t entries);
    /// The place of the item with this name, or the free one where it belongs. name_of: of an item in a
    /// place.
    template <class NameOf>
    ItemId& find(std::string_view name, const NameOf& name_of);
    template <class NameOf>
    ItemId find(std::string_view name, const NameOf& name_of) const;

   private:
    std::vector<ItemId> places_;
  };

  /// Records in the order of their ids.
  struct Sorted {
    explicit Sorted(ItemRecords of) : records(std::move(of)) {}
    ItemRecords records;
  };
  explicit Catalogue(Sorted sorted);

  ItemRecords records_;
  ItemSet queries_;
  ItemSet searchable_;
  Slots by_id_;
  Slots by_query_;
};

}  // namespace segue::index
