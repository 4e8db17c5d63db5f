#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "index/config.h"
#include "index/model/random_stream.h"

namespace segue::index {

/// A key of the configuration and the values that a search may try: a list, or everything between two
/// numbers.
struct SearchRange {
  std::string key;                   ///< "mf.ridge"
  std::vector<std::string> choices;  ///< as TOML writes them; empty: the interval below
  double low = 0;
  double high = 0;
  bool logarithmic = false;  ///< equal chances for equal ratios instead of equal differences
  bool whole = false;        ///< the key takes whole numbers
};

/// "mf.factors=32,64,128", "transformer.dropout=0.2..0.5", "mf.ridge=0.0001..0.1:log". Throws Error (kUsage)
/// for a text of another form, a key that does not exist, is no single value or is the same in all
/// trials, an empty interval, and a value that the key does not take.
SearchRange parse_search_range(std::string_view text);

/// Ranges worth trying for the models named, or for all: what decided most on the data sets of
/// docs/accuracy.md.
std::vector<SearchRange> usual_ranges(const std::vector<std::string>& models);

/// A value for each range's key, as TOML writes it.
using SearchPoint = std::map<std::string, std::string>;

SearchPoint draw_point(const std::vector<SearchRange>& ranges, RandomStream& random);

/// base with the point's values. Throws Error (kUsage) for a value that its key does not take.
Config at_point(const Config& base, const SearchPoint& point);

}  // namespace segue::index
