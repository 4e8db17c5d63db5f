#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue.h"

namespace segue::index {

/// Where a suggestion comes from; the order is the order of preference for one and the same folded text.
enum class SuggestionSource : std::uint8_t { kQueryItem = 0, kTitle = 1 };

/// One suggestion of the table. Views live as long as the table.
struct Suggestion {
  std::string_view folded;  ///< the key: folded text
  std::string_view text;    ///< as shown
  ItemId item = kNoItem;    ///< the item of kind `query`, or the item whose title it is
  SuggestionSource source = SuggestionSource::kQueryItem;
  float weight = 0;         ///< popularity: log(1 + events of the item + its prior weight), scaled to at most 1
};

/// All texts that may be suggested, sorted by folded text, each folded text once. Immutable, thread-safe; mapped from one
/// safetensors file, suggest/table.safetensors.
class SuggestionTable {
 public:
  /// counts: events per item (empty: none). Deterministic.
  static void build(const Catalogue& catalogue, std::span<const float> counts, const std::filesystem::path& file);
  /// Throws Error (kDamagedStore).
  static std::unique_ptr<SuggestionTable> open(const std::filesystem::path& file, const Catalogue& catalogue);
  ~SuggestionTable();

  std::size_t size() const;
  Suggestion operator[](std::size_t row) const;
  /// Rows [first, last) whose folded text begins with folded_prefix.
  std::pair<std::size_t, std::size_t> prefix_range(std::string_view folded_prefix) const;
  /// The k rows of the largest weight in [first, last), heaviest first, equal weights by item; O(k log k) range maxima.
  std::vector<std::uint32_t> heaviest(std::size_t first, std::size_t last, std::size_t k) const;

 private:
  struct Impl;
  explicit SuggestionTable(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace segue::index
