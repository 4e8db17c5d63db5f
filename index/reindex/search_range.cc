#include "index/reindex/search_range.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "index/config_table.h"
#include "index/nearest_name.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& what, const std::string& mend) {
  throw Error(ErrorKind::kUsage, "`" + std::string(text) + "` " + what, "--range", mend);
}

constexpr const char* kForms = "write KEY=A,B,C or KEY=LOW..HIGH, or KEY=LOW..HIGH:log";

std::string name_of(const ConfigRow& row) {
  return std::string(row.table) + "." + std::string(row.key);
}

const ConfigRow& row_of(std::string_view text, const std::string& key) {
  std::vector<std::string> names;
  for (const ConfigRow& row : config_table()) {
    if (row.key.empty()) continue;
    names.push_back(name_of(row));
    if (names.back() == key) return row;
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::string near = nearest_name(key, known);
  refuse(text, "names a key that does not exist",
         near.empty() ? "`segue config --defaults` prints every key" : "did you mean `" + near + "`?");
}

/// Trials share the log, its contexts and what is held back, measure every model by itself and the blend, and
/// publish nothing.
bool matters_to_trials(const ConfigRow& row) {
  constexpr std::array<std::string_view, 8> kTables = {"mf",      "transformer", "transitions", "neighbours",
                                                       "content", "rating",      "popularity",  "distill"};
  constexpr std::array<std::string_view, 4> kKeys = {"blend.seen", "blend.max_sequences", "context.dropout",
                                                     "storage.weights"};
  return std::find(kTables.begin(), kTables.end(), row.table) != kTables.end() ||
         std::find(kKeys.begin(), kKeys.end(), name_of(row)) != kKeys.end();
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string toml_of(double value, bool whole) {
  std::array<char, 32> buffer;
  if (whole) {
    const auto end = std::to_chars(buffer.begin(), buffer.end(), std::llround(value)).ptr;
    return {buffer.begin(), end};
  }
  // Four digits: nobody wants to read more of a value that was drawn.
  const auto end = std::to_chars(buffer.begin(), buffer.end(), value, std::chars_format::general, 4).ptr;
  std::string text(buffer.begin(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

/// A word of a list as TOML: strings in quotes, numbers of keys that take fractions with a point.
std::string toml_of(const ConfigRow& row, std::string_view word) {
  Config config;
  const ConfigSlot slot = row.slot(config);
  if (std::holds_alternative<std::string*>(slot)) return "\"" + std::string(word) + "\"";
  if (std::holds_alternative<double*>(slot)) {
    if (number_of(word) && word.find_first_of(".e") == std::string_view::npos)
      return std::string(word) + ".0";
  }
  return std::string(word);
}

}  // namespace

SearchRange parse_search_range(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size())
    refuse(text, "is no range", kForms);
  SearchRange range;
  range.key = text.substr(0, equals);
  const ConfigRow& row = row_of(text, range.key);
  if (!matters_to_trials(row)) {
    refuse(text, "names a key that is the same in all trials",
           "they differ in how models are trained and blended; compare it by `segue reindex` and `segue "
           "evaluate`");
  }
  Config config;
  const ConfigSlot slot = row.slot(config);
  range.whole = std::holds_alternative<std::size_t*>(slot);
  std::string_view values = text.substr(equals + 1);
  const std::size_t dots = values.find("..");
  if (dots == std::string_view::npos) {
    while (true) {
      const std::size_t comma = std::min(values.find(','), values.size());
      if (comma == 0) refuse(text, "has an empty value", kForms);
      range.choices.push_back(toml_of(row, values.substr(0, comma)));
      if (comma == values.size()) break;
      values.remove_prefix(comma + 1);
      if (values.empty()) refuse(text, "has an empty value", kForms);
    }
    for (const std::string& choice : range.choices) at_point(config, {{range.key, choice}});
    return range;
  }
  if (!range.whole && !std::holds_alternative<double*>(slot))
    refuse(text, "is an interval, but the key takes no numbers", "list its values: KEY=A,B");
  std::string_view high = values.substr(dots + 2);
  if (high.ends_with(":log")) {
    range.logarithmic = true;
    high.remove_suffix(4);
  }
  const auto low_number = number_of(values.substr(0, dots));
  const auto high_number = number_of(high);
  if (!low_number || !high_number) refuse(text, "has no numbers around `..`", kForms);
  range.low = *low_number;
  range.high = *high_number;
  if (!(range.low < range.high))
    refuse(text, "is an empty interval", "the first number has to be the smaller one");
  if (range.logarithmic && range.low <= 0) refuse(text, "has no logarithm at its low end", "begin above 0");
  for (const double end : {range.low, range.high}) at_point(config, {{range.key, toml_of(end, range.whole)}});
  return range;
}

std::vector<SearchRange> usual_ranges(const std::vector<std::string>& models) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kUsual = {{
      {"mf", "mf.factors=32,64,96,128"},
      {"mf", "mf.unobserved_weight=0.003..0.3:log"},
      {"mf", "mf.ridge=0.0003..0.1:log"},
      {"mf", "mf.ridge_exponent=0.3..1"},
      {"mf", "mf.recency=0..4"},
      {"transformer", "transformer.dropout=0.1..0.5"},
      {"transformer", "transformer.rate=0.001..0.006:log"},
      {"transformer", "transformer.temperature=0.05..0.1"},
      {"transformer", "transformer.epochs=6..20"},
      {"transformer", "transformer.negatives=512,1024,2048"},
      {"transitions", "transitions.preset=broad,damped,recent"},
  }};
  std::vector<SearchRange> ranges;
  for (const auto& [model, range] : kUsual) {
    if (models.empty() || std::find(models.begin(), models.end(), model) != models.end())
      ranges.push_back(parse_search_range(range));
  }
  return ranges;
}

SearchPoint draw_point(const std::vector<SearchRange>& ranges, RandomStream& random) {
  SearchPoint point;
  for (const SearchRange& range : ranges) {
    if (!range.choices.empty()) {
      point[range.key] = range.choices[random.below(range.choices.size())];
      continue;
    }
    const double share = random.uniform();
    const double value = range.logarithmic ? range.low * std::pow(range.high / range.low, share)
                                           : range.low + (range.high - range.low) * share;
    point[range.key] = toml_of(value, range.whole);
  }
  return point;
}

Config at_point(const Config& base, const SearchPoint& point) {
  std::string toml;
  for (const auto& [key, value] : point) {
    // Dotted keys, so that each stands for itself: a table may be named once only.
    toml.append(key).append(" = ").append(value).append("\n");
  }
  try {
    return parse_config(toml, "--range", base);
  } catch (const Error& error) {
    throw Error(ErrorKind::kUsage, error.what());
  }
}

}  // namespace segue::index
