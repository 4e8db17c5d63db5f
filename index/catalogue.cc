#include "index/catalogue.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <stdexcept>
#include <utility>

#include "index/input/fold.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

ItemRecords records_of(std::vector<Item> items) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  ItemRecords records;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0 && items[i - 1].id == items[i].id) {
      throw std::invalid_argument("two items have the id " + items[i].id);
    }
    records.add(items[i]);
  }
  return records;
}

}  // namespace

Catalogue::Slots::Slots(std::size_t entries) : places_(std::bit_ceil(2 * entries + 1), kNoItem) {}

template <class NameOf>
ItemId& Catalogue::Slots::find(std::string_view name, const NameOf& name_of) {
  std::size_t at = std::hash<std::string_view>()(name) & (places_.size() - 1);
  while (places_[at] != kNoItem && name_of(places_[at]) != name) at = (at + 1) & (places_.size() - 1);
  return places_[at];
}

template <class NameOf>
ItemId Catalogue::Slots::find(std::string_view name, const NameOf& name_of) const {
  return const_cast<Slots*>(this)->find(name, name_of);
}

Catalogue::Catalogue(std::vector<Item> items) : Catalogue(Sorted(records_of(std::move(items)))) {}

Catalogue Catalogue::open(const std::filesystem::path& file) {
  ItemRecords records = ItemRecords::open(file);
  for (std::size_t i = 1; i < records.size(); ++i) {
    if (records.id(i - 1) >= records.id(i)) {
      throw Error(ErrorKind::kDamagedStore, "items are not in the order of their ids", file.string(),
                  "roll back with `segue snapshots rollback`, or run `segue reindex` again");
    }
  }
  return Catalogue(Sorted(std::move(records)));
}

Catalogue::Catalogue(Sorted sorted)
    : records_(std::move(sorted.records)),
      queries_(records_.size()),
      searchable_(records_.size()),
      by_id_(records_.size()),
      by_query_(0) {
  for (ItemId i = 0; i < records_.size(); ++i) {
    by_id_.find(id(i), [this](ItemId other) { return id(other); }) = i;
    (kind(i) == kQueryKind ? queries_ : searchable_).insert(i);
  }
  by_query_ = Slots(queries_.count());
  for (ItemId i = 0; i < records_.size(); ++i) {
    if (!is_query(i)) continue;
    ItemId& place = by_query_.find(fold(title(i)), [this](ItemId other) { return fold(title(other)); });
    if (place == kNoItem || weight(i).value_or(0) > weight(place).value_or(0)) place = i;
  }
}

ItemId Catalogue::find(std::string_view id) const {
  return by_id_.find(id, [this](ItemId other) { return this->id(other); });
}

ItemId Catalogue::find_query(std::string_view folded) const {
  return by_query_.find(folded, [this](ItemId other) { return fold(title(other)); });
}

ItemSet Catalogue::of_kind(std::string_view kind) const {
  ItemSet set(size());
  for (ItemId i = 0; i < size(); ++i) {
    if (this->kind(i) == kind) set.insert(i);
  }
  return set;
}

}  // namespace segue::index
