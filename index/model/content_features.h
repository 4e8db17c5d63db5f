#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/item.h"

namespace segue::index {

/// A hashed feature of a content and how often it occurs there.
struct ContentFeature {
  std::uint32_t bucket = 0;
  std::uint32_t count = 0;
  friend bool operator==(const ContentFeature&, const ContentFeature&) = default;
};

/// What an item says, as features hashed into a fixed space of kBuckets:
///
///   - the words of title and text, folded (index/input/fold.h)
///   - the trigrams of code points of each word, a blank before and behind it: "cup" gives " cu", "cup", "up
///   "
///   - attribute=value for each text, truth value and entry of a list, folded
///   - attribute=interval for each number, the intervals parting the catalogue's values into even shares
///
/// Equal words are equal features in titles, texts and typed queries. Immutable, thread-safe.
class ContentFeatures {
 public:
  static constexpr std::uint32_t kBuckets = 1u << 24;
  static constexpr std::size_t kIntervals = 8;

  /// Inner bounds of the intervals of each numeric attribute, rising.
  using Bounds = std::map<std::string, std::vector<double>, std::less<>>;

  explicit ContentFeatures(Bounds bounds = {}) : bounds_(std::move(bounds)) {}
  /// Finds the intervals of the catalogue's numeric attributes.
  static ContentFeatures of(const Catalogue& catalogue);

  const Bounds& bounds() const noexcept { return bounds_; }

  /// By rising bucket; empty for an item that says nothing.
  std::vector<ContentFeature> of_item(const Item& item) const;
  /// What an id says where ids are given out in series, as stock codes are: its first number in overlapping
  /// intervals of 4, 16 and 64, together with what stands before it and how many digits it has. The nearer
  /// two numbers of a series, the more of these they share. Empty without a number.
  static std::vector<ContentFeature> of_id(std::string_view id);
  /// Words and trigrams alone.
  std::vector<ContentFeature> of_text(std::string_view text) const;

 private:
  Bounds bounds_;
};

}  // namespace segue::index
