#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/input/csv_config.h"
#include "index/item.h"

namespace segue::index {

/// The values that an item's rows give for one thing, and which of them is the item's.
class ValueChooser {
 public:
  /// An empty value does not count.
  void add(std::string_view value, Choice choice);
  /// Nothing where no value was added. The median is that of the numbers, the mean of the middle two where
  /// they are even.
  std::optional<std::string> choose(Choice choice) const;
  bool ambiguous() const { return values_.size() > 1; }

 private:
  struct Count {
    std::uint32_t rows = 0;
    std::uint32_t order = 0;  // of the value's first row among the distinct values
  };
  std::unordered_map<std::string, Count> values_;  // distinct; one at most for kFirst and kLast
};

/// The items that the rows of a table add up to.
class CsvItems {
 public:
  explicit CsvItems(const CsvImportConfig& config) : config_(config) {}

  /// What one row says about its item. Attributes are in the order of config.attributes.
  struct Row {
    std::string_view id;
    std::string_view title;
    std::string_view text;
    std::string_view kind;
    std::vector<std::string_view> attributes;
  };
  void add(const Row& row);

  struct Counts {
    std::size_t untitled = 0;
    std::size_t retitled = 0;
    std::size_t unreadable_values = 0;
  };
  /// All items, sorted by id.
  std::vector<Item> finish(Counts& counts) const;

 private:
  struct Collected {
    ValueChooser title;
    ValueChooser text;
    ValueChooser kind;
    std::vector<ValueChooser> attributes;
    std::uint32_t rows = 0;
  };
  Item make(const std::string& id, const Collected& collected, Counts& counts) const;

  const CsvImportConfig& config_;
  std::unordered_map<std::string, Collected> items_;
};

}  // namespace segue::index
