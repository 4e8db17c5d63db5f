#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "index/item_set.h"
#include "index/text/analyzer.h"
#include "index/text/postings.h"

namespace segue::index {

/// Bounds of a numeric range; infinite: open.
struct NumberRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool inclusive = true;
};

/// What to do with a term of an enumeration.
enum class TermStep { kTake, kSkip, kStop };

/// An item that holds a phrase, and how often: each match counts 1, a sloppy one 1 / (moves + 1).
struct PhraseMatch {
  ItemId item = kNoItem;
  double frequency = 0;
};

/// What the text index asks of Lucene++: a directory of at most one segment, read only. Document numbers are
/// items. Thread-safe. Errors of Lucene++ arrive as Error (kDamagedStore).
class LuceneReader {
 public:
  explicit LuceneReader(const std::filesystem::path& directory);
  ~LuceneReader();

  std::size_t size() const;
  /// Items that hold a term; document_frequency counts those in `countable`. Empty when none does.
  Postings postings(std::string_view field, std::string_view term, bool frequencies,
                    const ItemSet& countable) const;
  /// Calls visit with the terms of a field from `from` on, in the order of their bytes, until it returns
  /// false.
  void terms(std::string_view field, std::string_view from,
             const std::function<bool(std::string_view)>& visit) const;
  /// Items that hold at least one of the terms that `select` takes; it sees them as in terms().
  ItemSet items_of_terms(std::string_view field, std::string_view from,
                         const std::function<TermStep(std::string_view)>& select) const;
  /// Items in which at least two tokens stand at their positions, up to `slop` moves; rising.
  std::vector<PhraseMatch> phrase(std::string_view field, std::span<const Token> tokens, int slop) const;
  ItemSet numbers(std::string_view field, const NumberRange& range) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  ///< index/text/lucene_reader_impl.h

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::index
