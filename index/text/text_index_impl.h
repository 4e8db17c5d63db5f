#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "index/item_set.h"
#include "index/safetensors.h"
#include "index/text/analyzer.h"
#include "index/text/bm25.h"
#include "index/text/lucene_reader.h"
#include "index/text/postings_cache.h"
#include "index/text/text_index.h"

namespace segue::index {

/// What index/text and query/lucene know of a text index. Immutable but for the cache, thread-safe.
struct TextIndex::Impl {
  struct TextField {
    std::span<const std::int32_t> lengths;
    FieldStatistics statistics;
  };

  Impl(const std::filesystem::path& directory, const Catalogue& catalogue, const TextIndexOptions& options);

  /// Throws std::invalid_argument for a field that is not text.
  const TextField& text_field(std::string_view field) const;
  /// Postings of a term as indexed, never null; with frequencies in text fields.
  SharedPostings postings(std::string_view field, std::string_view term) const;
  /// A term of a text field ready to be scored.
  WeightedPostings weighted(std::string_view field, std::string_view term, double boost,
                            Bm25Parameters parameters) const;
  double idf(std::string_view field, std::uint64_t document_frequency) const {
    return bm25_idf(text_field(field).statistics.documents, document_frequency);
  }

  const Analyzer* analyzer = nullptr;
  std::string analyzer_name;
  ItemSet countable;  ///< items that statistics count
  std::map<std::string, FieldType, std::less<>> types;
  std::map<std::string, TextField, std::less<>> text_fields;
  std::shared_ptr<const Safetensors> lengths;
  LuceneReader reader;
  mutable PostingsCache cache;
};

/// Names inside the directory, beside Lucene++'s own files.
inline constexpr const char* kLengthsFile = "lengths.safetensors";
inline constexpr const char* kFieldsFile = "fields.json";
inline constexpr int kFieldsFormat = 1;

std::string_view name_of(FieldType type);  ///< "text", "string", "number", "boolean"

}  // namespace segue::index
