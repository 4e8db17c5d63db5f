#pragma once

#include "index/text/lucene_directory_impl.h"
#include "index/text/lucene_impl.h"
#include "index/text/lucene_reader.h"

namespace segue::index {

/// Numeric fields keep one term for every 8 bits of precision: 8 terms a value, and ranges of at most 7 * 2 *
/// 255 terms.
inline constexpr std::int32_t kPrecisionStep = 8;

struct LuceneReader::Impl {
  explicit Impl(const std::filesystem::path& path) : directory(path.string()), named(path) {}

  std::string directory;  ///< for messages
  NamedDirectory named;
  Lucene::IndexReaderPtr reader;
  Lucene::IndexReaderPtr segment;  ///< of reader its one segment; of an empty index reader itself
  Lucene::IndexSearcherPtr
      searcher;  ///< every factor of its similarity is 1: scores are what our own scorers say
};

}  // namespace segue::index
