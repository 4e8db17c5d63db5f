#pragma once

#include <cstddef>
#include <filesystem>

#include "index/catalogue.h"
#include "index/model/transformer_weights.h"

namespace segue::index {

/// A Transformer from an outside file, its rows those of the catalogue's items.
struct ImportedTransformer {
  TransformerWeights weights;
  std::size_t strangers = 0;  ///< rows of ids that the catalogue lacks, which were left out
};

/// Reads a safetensors file of one of two forms (docs/import-models.md):
/// - Segue's own names, with the metadata `heads`, `temperature` where it is not .07, and `form` = "sasrec"
///   where a snapshot has weights of that form;
/// - the names of SASRec.pytorch, with the metadata `format` = "sasrec" and `heads`. Row 0 of its item table
///   is the padding, which has no id.
/// Throws Error (kBadInput) naming file and tensor, what is expected and how to mend it: names, shapes,
/// types, values that are not finite, ids that are missing, doubled or too many, no id that the catalogue
/// knows.
ImportedTransformer import_transformer(const std::filesystem::path& file, const Catalogue& catalogue);

}  // namespace segue::index
