#include "index/model/context_vocabulary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "index/snapshot/durable_file.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::string_view kFormat = "segue-context-1";
constexpr std::string_view kHour = "hour";
constexpr std::string_view kWeekday = "weekday";
constexpr double kSecondsPerHour = 3600;
constexpr std::array<std::string_view, 7> kWeekdays = {"monday", "tuesday",  "wednesday", "thursday",
                                                       "friday", "saturday", "sunday"};

/// Whole hours since Monday 00:00, 0 to 167. 1970-01-01 was a Thursday.
int hour_of_week(double time, double utc_offset) {
  constexpr double kWeek = 168;
  const double hours = std::floor(time / kSecondsPerHour + utc_offset) + 3 * 24;
  return static_cast<int>(hours - kWeek * std::floor(hours / kWeek));
}

std::string hour_text(int hour) {
  return std::to_string(hour % 24);
}
std::string weekday_text(int hour) {
  return std::string(kWeekdays[static_cast<std::size_t>(hour) / 24]);
}

std::set<std::string, std::less<>> names_in(const std::string& text) {
  std::istringstream words(text);
  return {std::istream_iterator<std::string>(words), {}};
}

using Counts = std::map<std::string, std::map<std::string, std::size_t>, std::less<>>;

Counts count_values(const EventLog& log, const ContextOptions& options) {
  const auto names = names_in(options.keys);
  const bool all = options.keys == "auto";
  const bool hours = names.contains(kHour);
  const bool weekdays = names.contains(kWeekday);
  std::vector<std::size_t> events(log.contexts.size());
  Counts counts;
  for (const LogEvent& event : log.events) {
    if (event.item == kNoItem || event.weight <= 0) continue;
    const auto* context = event.context == LogEvent::kNone ? nullptr : &log.contexts[event.context];
    if (context != nullptr) ++events[event.context];
    const auto derived = [&](std::string_view key) {
      return !std::isnan(event.time) && (context == nullptr || !context->contains(std::string(key)));
    };
    if (hours && derived(kHour)) {
      ++counts[std::string(kHour)][hour_text(hour_of_week(event.time, options.utc_offset))];
    }
    if (weekdays && derived(kWeekday)) {
      ++counts[std::string(kWeekday)][weekday_text(hour_of_week(event.time, options.utc_offset))];
    }
  }
  for (std::size_t c = 0; c < log.contexts.size(); ++c) {
    for (const auto& [key, value] : log.contexts[c]) {
      if (all || names.contains(key)) counts[key][value] += events[c];
    }
  }
  return counts;
}

[[noreturn]] void damaged(const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorKind::kDamagedStore, what, file.string(),
              "roll back with `segue snapshots rollback`, or run `segue reindex` again");
}

}  // namespace

ContextVocabulary::ContextVocabulary(std::vector<Value> values, double utc_offset)
    : values_(std::move(values)), utc_offset_(utc_offset) {
  for (const Value& value : values_) {
    hour_ = hour_ || value.key == kHour;
    weekday_ = weekday_ || value.key == kWeekday;
  }
}

ContextVocabulary ContextVocabulary::learn(const EventLog& log, const ContextOptions& options) {
  if (options.keys == "none") return {};
  std::vector<Value> values;
  for (const auto& [key, counts] : count_values(log, options)) {
    std::vector<std::pair<std::size_t, std::string>> frequent;
    for (const auto& [value, count] : counts) {
      if (count >= std::max<std::size_t>(1, options.min_count)) frequent.emplace_back(count, value);
    }
    std::stable_sort(frequent.begin(), frequent.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    frequent.resize(std::min(frequent.size(), options.max_values));
    for (auto& [count, value] : frequent) values.push_back({key, std::move(value)});
  }
  std::sort(values.begin(), values.end());
  return {std::move(values), options.utc_offset};
}

ContextVocabulary ContextVocabulary::open(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in) damaged(file, "cannot be read");
  try {
    const nlohmann::json object = nlohmann::json::parse(text);
    if (object.at("format") != kFormat) damaged(file, "is no list of context values of this version");
    std::vector<Value> values;
    for (const nlohmann::json& pair : object.at("values")) {
      if (pair.size() != 2) damaged(file, "a value of context is not a pair of key and value");
      Value value{pair.at(0).get<std::string>(), pair.at(1).get<std::string>()};
      if (!values.empty() && !(values.back() < value)) damaged(file, "the values of context do not rise");
      values.push_back(std::move(value));
    }
    const double utc_offset = object.at("utc_offset").get<double>();
    if (!(std::abs(utc_offset) <= 24)) damaged(file, "`utc_offset` is no number of hours");
    return {std::move(values), utc_offset};
  } catch (const nlohmann::json::exception& error) {
    damaged(file, error.what());
  }
}

void ContextVocabulary::save(const std::filesystem::path& file) const {
  nlohmann::ordered_json object = {{"format", kFormat}, {"utc_offset", utc_offset_}};
  object["values"] = nlohmann::ordered_json::array();
  for (const Value& value : values_) object["values"].push_back({value.key, value.value});
  write_durably(file, object.dump(1) + "\n");
}

std::optional<ContextId> ContextVocabulary::find(std::string_view key, std::string_view value) const {
  const std::pair<std::string_view, std::string_view> wanted(key, value);
  const auto found =
      std::lower_bound(values_.begin(), values_.end(), wanted, [](const Value& entry, const auto& pair) {
        return std::pair<std::string_view, std::string_view>(entry.key, entry.value) < pair;
      });
  if (found == values_.end() || found->key != key || found->value != value) return std::nullopt;
  return static_cast<ContextId>(found - values_.begin());
}

std::vector<ContextId> ContextVocabulary::values_of(const Context& context, double time) const {
  std::vector<ContextId> ids;
  if (empty()) return ids;
  const auto take = [&](std::string_view key, std::string_view value) {
    if (const auto id = find(key, value)) ids.push_back(*id);
  };
  for (const auto& [key, value] : context) take(key, value);
  if (std::isfinite(time)) {
    const int hour = hour_of_week(time, utc_offset_);
    if (hour_ && !context.contains(std::string(kHour))) take(kHour, hour_text(hour));
    if (weekday_ && !context.contains(std::string(kWeekday))) take(kWeekday, weekday_text(hour));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

EventContexts event_contexts(const EventLog& log, const ContextVocabulary& vocabulary) {
  EventContexts contexts;
  if (vocabulary.empty()) return contexts;
  auto sets = std::make_shared<ContextSets>(vocabulary.size());
  std::map<std::vector<ContextId>, std::uint32_t> numbers;
  static const ContextVocabulary::Context kNothing;
  contexts.of_event.reserve(log.events.size());
  for (const LogEvent& event : log.events) {
    const auto& context = event.context == LogEvent::kNone ? kNothing : log.contexts[event.context];
    std::vector<ContextId> values = vocabulary.values_of(context, event.time);
    if (values.empty()) {
      contexts.of_event.push_back(ContextSets::kNone);
      continue;
    }
    const auto [place, added] = numbers.try_emplace(std::move(values), 0);
    if (added) place->second = sets->add(place->first);
    contexts.of_event.push_back(place->second);
  }
  contexts.sets = std::move(sets);
  return contexts;
}

}  // namespace segue::index
