#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/item.h"

namespace segue::index {

/// BM25's two constants (Robertson and Zaragoza 2009).
struct Bm25Parameters {
  double k1 = 0.9;
  double b = 0.4;
};

/// Collection statistics as a value, so that shards can share theirs: live items of every kind but `query`.
struct FieldStatistics {
  std::uint64_t documents = 0;  ///< N: items counted, with or without the field
  double average_length = 0;    ///< tokens of the field per item that counts
};

/// How values of an attribute are indexed.
enum class FieldType { kText, kString, kNumber, kBoolean };

/// Fields beside the attributes: kDefaultField holds title and text together.
inline constexpr std::string_view kDefaultField = "_all";
inline constexpr std::string_view kTitleField = "title";
inline constexpr std::string_view kTextField = "text";
inline constexpr std::string_view kIdField = "id";
inline constexpr std::string_view kKindField = "kind";

/// Attributes may not have these names: the fields above.
bool is_reserved_field(std::string_view name);

/// Exact values are compared by their first characters: longer ones equal each other when these do.
inline constexpr std::size_t kLongestExactValue = 4096;

struct TextIndexOptions {
  /// Memory for postings decoded once; more makes frequent words cheaper, 8 bytes an item and word.
  std::size_t postings_cache_bytes = 64u << 20;
};

/// The text half of a snapshot: a Lucene++ directory of one optimised segment in which document number ==
/// ItemId, the exact lengths of each text field, and the types of the fields. Immutable, thread-safe after
/// open().
class TextIndex {
 public:
  /// Builds the index of a catalogue in `directory`, which must be empty or absent, and closes it. analyzer:
  /// "english" or "simple" (lower case, no stemming). Throws Error: kBadInput for an unknown analyzer, an
  /// attribute with a reserved or empty name, or a directory that holds something; kResource for disk
  /// trouble.
  ///
  /// An attribute's type is that of its values; where items disagree, all its values count as strings
  /// (numbers in their shortest form, booleans as true and false). Numbers that are not finite are left out.
  static void build(const Catalogue& catalogue, const std::filesystem::path& directory,
                    std::string_view analyzer = "english");
  /// Opens it. The bytes must have been verified before: Lucene++ trusts them. Throws Error (kDamagedStore).
  static std::unique_ptr<TextIndex> open(const std::filesystem::path& directory, const Catalogue& catalogue,
                                         const TextIndexOptions& options = {});
  ~TextIndex();

  std::size_t size() const;
  const std::string& analyzer() const;
  /// kText for the default, title and text fields; kString for id and kind; of an attribute its type;
  /// nullptr: unknown.
  const FieldType* field_type(std::string_view field) const;
  std::vector<std::string> fields() const;  ///< sorted
  /// Tokens of a text field by item. Throws std::invalid_argument for a field that is not text.
  std::span<const std::int32_t> lengths(std::string_view field) const;
  FieldStatistics statistics(std::string_view field) const;

  /// Tokens of a text as the index's analyzer gives them.
  std::vector<std::string> analyze(std::string_view text) const;

  /// A bag of words, as analyze() gives them, scored by BM25 over one text field, without any query syntax:
  /// the sum over tokens of weight * BM25. A token given twice counts twice. Ordered by (falling score,
  /// rising item), the k best of allowed (null: all). Throws std::invalid_argument for a field that is not
  /// text.
  struct WeightedToken {
    std::string token;
    double weight = 1;
  };
  std::vector<ScoredItem> score_words(std::span<const WeightedToken> tokens, std::string_view field,
                                      std::size_t k, const ItemSet* allowed,
                                      Bm25Parameters parameters = {}) const;

  struct Impl;
  const Impl& impl() const { return *impl_; }  ///< for query/lucene (index/text/text_index_impl.h)

 private:
  explicit TextIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::index
