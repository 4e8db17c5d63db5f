#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include "index/catalogue.h"
#include "index/item.h"

namespace segue::index {

/// The items of a catalogue, with vectors from an outside file.
struct ImportedVectors {
  std::vector<Item> catalogue;
  std::size_t items = 0;      ///< that got a vector
  std::size_t strangers = 0;  ///< vectors of ids that the catalogue lacks
};

/// Reads tensor `vectors` [rows, any dimension], F32 or F16, and the ids of its rows (docs/import-models.md),
/// and gives each item its vector, as if items.jsonl had brought it. Throws Error (kBadInput) as
/// import_transformer() does, and when an item has a vector already.
ImportedVectors import_vectors(const std::filesystem::path& file, const Catalogue& catalogue);

}  // namespace segue::index
