#include "index/input/events_reader.h"

#include <cmath>
#include <utility>

#include "index/input/json_impl.h"
#include "index/input/text_file.h"
#include "index/input/time.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using json::Malformed;
using simdjson::dom::element;

constexpr double kLargestRating = 1e6;

double read_time(element value) {
  if (value.is_string()) {
    const std::optional<double> time = parse_time(json::text("time", value));
    if (time) return *time;
    throw Malformed("\"time\" is not a time in ISO 8601",
                    "write 2010-12-01T08:26:00Z or seconds since 1970 as a number");
  }
  if (!value.is_number()) {
    throw Malformed("\"time\" must be a number or a string, not " + std::string(json::type_name(value)));
  }
  const double time = json::number("time", value);
  if (time >= kLatestTime)
    throw Malformed("\"time\" is beyond the year 9999", "give seconds, not milliseconds");
  if (time < kEarliestTime) throw Malformed("\"time\" is before the year 0", "give seconds since 1970");
  return time;
}

void read_context(element value, Event& event) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    throw Malformed("\"context\" must be an object, not " + std::string(json::type_name(value)));
  }
  for (const auto& [key, entry] : object) {
    if (entry.is_null()) continue;
    const std::string name = "context." + std::string(key);
    if (!event.context.emplace(key, json::text(name, entry)).second)
      throw Malformed("\"" + name + "\" comes twice");
  }
}

void clear(Event& event) {
  event.session.clear();
  event.user.clear();
  event.time.reset();
  event.item.clear();
  event.query.clear();
  event.action = "view";
  event.rating.reset();
  event.context.clear();
  event.target = false;
}

enum class Place { kLog, kRequest };

/// Fills event (cleared before) from an object; unknown keys go to ignored, which may be null.
void read_event(simdjson::dom::object object, Place place, Event& event, LineReport* ignored) {
  json::SeenKeys seen;
  bool has_item = false;
  bool has_query = false;
  for (const auto& [key, value] : object) {
    if (value.is_null()) continue;
    if (key == "item") {
      seen.add(0, key);
      has_item = true;
      event.item = json::name(key, value);
    } else if (key == "query") {
      seen.add(1, key);
      has_query = true;
      event.query = json::text(key, value);
    } else if (key == "session" && place == Place::kLog) {
      seen.add(2, key);
      event.session = json::name(key, value);
    } else if (key == "user" && place == Place::kLog) {
      seen.add(3, key);
      event.user = json::name(key, value);
    } else if (key == "time") {
      seen.add(4, key);
      event.time = read_time(value);
    } else if (key == "action") {
      seen.add(5, key);
      event.action = json::name(key, value);
    } else if (key == "rating") {
      seen.add(6, key);
      event.rating = json::number(key, value);
      if (std::abs(*event.rating) > kLargestRating)
        throw Malformed("\"rating\" is beyond a million", "give ratings on a scale of their own");
    } else if (key == "context") {
      seen.add(7, key);
      read_context(value, event);
    } else if (key == "target") {
      seen.add(8, key);
      event.target = json::boolean(key, value);
    } else if (ignored != nullptr) {
      ignored->add_ignored(key);
    }
  }
  if (has_item == has_query) {
    throw Malformed(
        has_item ? "both \"item\" and \"query\" are given" : "neither \"item\" nor \"query\" is given",
        "an event has exactly one of them");
  }
  if (place == Place::kLog && event.session.empty() && event.user.empty()) {
    throw Malformed("neither \"session\" nor \"user\" is given", "an event of a log needs one of them");
  }
}

}  // namespace

struct EventsReader::Impl {
  Impl(const std::filesystem::path& file, const EventsOptions& chosen) : lines(file), options(chosen) {
    report.file = file.string();
  }

  LineReader lines;
  EventsOptions options;
  json::Parser parser;
  EventsReport report;
  std::string_view line;
};

EventsReader::EventsReader(const std::filesystem::path& file, const EventsOptions& options)
    : impl_(std::make_unique<Impl>(file, options)) {}

EventsReader::~EventsReader() = default;
EventsReader::EventsReader(EventsReader&&) noexcept = default;

bool EventsReader::next(Event& event) {
  Impl& impl = *impl_;
  EventsReport& report = impl.report;
  while (impl.lines.next(impl.line)) {
    if (impl.line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ++report.lines;
    clear(event);
    try {
      read_event(impl.parser.parse_object(impl.line), Place::kLog, event, &report);
    } catch (const Malformed& malformed) {
      const Error error(ErrorKind::kBadInput, malformed.what(), impl.lines.where(), malformed.mend());
      if (!impl.options.skip_invalid) throw error;
      report.add_invalid(error.what());
      continue;
    }
    ++report.events;
    report.queries += event.item.empty() ? 1 : 0;
    report.rated += event.rating ? 1 : 0;
    report.untimed += event.time ? 0 : 1;
    return true;
  }
  return false;
}

std::string_view EventsReader::line() const {
  return impl_->line;
}
std::string EventsReader::where() const {
  return impl_->lines.where();
}
const EventsReport& EventsReader::report() const {
  return impl_->report;
}
std::uint64_t EventsReader::consumed() const {
  return impl_->lines.consumed();
}
std::uint64_t EventsReader::size() const {
  return impl_->lines.size();
}

std::vector<Event> parse_session(std::string_view json, std::string_view name) {
  std::string padded(json);
  padded.append(LineReader::kPadding, ' ');
  std::string where(name);
  try {
    json::Parser parser;
    const element value = parser.parse({padded.data(), json.size()});
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS)
      throw Malformed("a session is a list of events, not " + std::string(json::type_name(value)));
    std::vector<Event> events;
    for (const element entry : list) {
      where = std::string(name) + "[" + std::to_string(events.size()) + "]";
      simdjson::dom::object object;
      if (entry.get(object) != simdjson::SUCCESS)
        throw Malformed("an event is an object, not " + std::string(json::type_name(entry)));
      read_event(object, Place::kRequest, events.emplace_back(), nullptr);
    }
    return events;
  } catch (const Malformed& malformed) {
    throw Error(ErrorKind::kBadInput, malformed.what(), where, malformed.mend());
  }
}

}  // namespace segue::index
