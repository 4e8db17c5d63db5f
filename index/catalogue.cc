#include "index/catalogue.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "index/input/fold.h"

namespace segue::index {

Catalogue::Catalogue(std::vector<Item> items)
    : items_(std::move(items)), queries_(items_.size()), searchable_(items_.size()) {
  std::sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) { return a.id < b.id; });
  by_id_.reserve(items_.size());
  for (ItemId i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (!by_id_.emplace(item.id, i).second) throw std::invalid_argument("two items have the id " + item.id);
    if (item.kind != kQueryKind) {
      searchable_.insert(i);
      continue;
    }
    queries_.insert(i);
    const auto [found, added] = by_query_.emplace(fold(item.title), i);
    if (!added && item.weight.value_or(0) > items_[found->second].weight.value_or(0)) found->second = i;
  }
}

ItemId Catalogue::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? kNoItem : found->second;
}

ItemId Catalogue::find_query(std::string_view folded) const {
  const auto found = by_query_.find(std::string(folded));
  return found == by_query_.end() ? kNoItem : found->second;
}

ItemSet Catalogue::of_kind(std::string_view kind) const {
  ItemSet set(size());
  for (ItemId i = 0; i < items_.size(); ++i) {
    if (items_[i].kind == kind) set.insert(i);
  }
  return set;
}

}  // namespace segue::index
