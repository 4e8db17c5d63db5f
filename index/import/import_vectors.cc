#include "index/import/import_vectors.h"

#include <string>

#include "index/import/outside_tensors.h"

namespace segue::index {
namespace {

constexpr const char* kVectors = "vectors";

}  // namespace

ImportedVectors import_vectors(const std::filesystem::path& path, const Catalogue& catalogue) {
  const OutsideTensors file(path);
  const auto [rows, dimension] = file.matrix_shape(kVectors);
  const std::string names[] = {kVectors, "vocabulary"};
  file.allow_only(names);
  const std::vector<std::string> ids = file.ids(rows);
  std::vector<float> values(rows * dimension);
  file.read(kVectors, {rows, dimension}, values);

  ImportedVectors imported;
  for (ItemId i = 0; i < catalogue.size(); ++i) imported.catalogue.push_back(catalogue.item(i));
  for (const Item& item : imported.catalogue) {
    if (item.vector.empty()) continue;
    file.refuse("item " + item.id + " has a vector of its own, and vectors of two models cannot be compared",
                "remove `vector` from the items, or leave out --import-vectors");
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const ItemId item = catalogue.find(ids[r]);
    if (item == kNoItem) {
      ++imported.strangers;
      continue;
    }
    ++imported.items;
    const auto* begin = values.data() + r * dimension;
    imported.catalogue[item].vector.assign(begin, begin + dimension);
  }
  if (imported.items == 0)
    file.refuse("none of its " + std::to_string(rows) + " ids is an item", "use the ids of items.jsonl");
  return imported;
}

}  // namespace segue::index
