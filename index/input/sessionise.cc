#include "index/input/sessionise.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <utility>

#include "index/input/fold.h"
#include "index/input/item_id.h"
#include "index/input/time.h"

namespace segue::index {
namespace {

constexpr std::size_t kEventsBetweenChecks = 16384;

void tell(const EventsReader& reader, Progress* progress) {
  if (progress == nullptr || reader.report().events % kEventsBetweenChecks != 0) return;
  progress->check();
  progress->update(static_cast<double>(reader.consumed()), static_cast<double>(reader.size()));
}

}  // namespace

SessionOptions session_options(const Config::Events& events) {
  SessionOptions options;
  options.sequences.gap = events.session_gap == "none"
                              ? std::numeric_limits<double>::infinity()
                              : parse_duration(events.session_gap).value_or(options.sequences.gap);
  options.sequences.whole_users = events.sequence == "user";
  options.drop_consecutive_repeats = events.drop_consecutive_repeats;
  options.weights = {events.min_rating, events.actions};
  return options;
}

std::vector<std::string> SessionReport::warnings() const {
  std::vector<std::string> out;
  if (unknown_items > 0) {
    std::string names;
    for (const std::string& id : unknown_examples) names += (names.empty() ? "" : ", ") + id;
    out.push_back(std::to_string(unknown_items) + " of " + std::to_string(events) +
                  " events are on unknown items and were skipped, for example: " + names);
  }
  if (divided_sessions > 0) {
    out.push_back(std::to_string(divided_sessions) +
                  " sessions name several users; each user's part is a session of its own");
  }
  if (merged_targets > 0) {
    out.push_back(std::to_string(merged_targets) +
                  " events to predict repeat the event before them, are merged with it "
                  "(drop_consecutive_repeats) and are not "
                  "predicted; `segue split --config` marks the last event that is none");
  }
  return out;
}

Sessioniser::Sessioniser(const Catalogue& catalogue, SessionOptions options)
    : catalogue_(catalogue), options_(std::move(options)), builder_(options_.sequences) {}

const Sessioniser::Meaning& Sessioniser::meaning_of(const std::string& text) {
  const auto [found, added] = meanings_.try_emplace(text);
  Meaning& meaning = found->second;
  if (!added) return meaning;
  const std::string folded = fold(text);
  meaning.empty = folded.empty();
  if (meaning.empty) return meaning;
  meaning.item = catalogue_.find_query(folded);
  if (meaning.item == kNoItem) {
    meaning.query = static_cast<std::uint32_t>(queries_.size());
    queries_.push_back(text);
  }
  return meaning;
}

std::uint32_t Sessioniser::context_of(const Event& event) {
  if (event.context.empty()) return LogEvent::kNone;
  return contexts_.try_emplace(event.context, static_cast<std::uint32_t>(contexts_.size())).first->second;
}

void Sessioniser::note_unknown(const std::string& id) {
  ++report_.unknown_items;
  std::vector<std::string>& examples = report_.unknown_examples;
  if (examples.size() < SessionReport::kExamples &&
      std::find(examples.begin(), examples.end(), id) == examples.end()) {
    examples.push_back(id);
  }
}

void Sessioniser::add(const Event& event) {
  ++report_.events;
  ++report_.actions[event.action];
  report_.targets += event.target ? 1 : 0;
  LogEvent row;
  if (event.item.empty()) {
    const Meaning& meaning = meaning_of(event.query);
    if (meaning.empty) {
      ++report_.empty_texts;
      return;
    }
    row.item = meaning.item;
    row.query = meaning.query;
  } else {
    row.item = catalogue_.find(event.item);
    if (row.item == kNoItem) return note_unknown(event.item);
  }
  row.weight = event_weight(event, options_.weights);
  report_.below_min_rating += event.rating && row.weight <= 0 ? 1 : 0;
  if (event.rating) row.rating = static_cast<float>(*event.rating);
  if (event.time) row.time = *event.time;
  row.target = event.target;
  row.context = context_of(event);
  if (row.item == kNoItem) {
    ++report_.texts;
  } else {
    report_.query_items += event.item.empty() ? 1 : 0;
    ++report_.item_events;
  }
  events_.push_back(row);
  builder_.add(event);
}

/// Whether `event`, which follows `last`, was merged into it.
bool Sessioniser::merge(LogEvent& last, const LogEvent& event) {
  if (!options_.drop_consecutive_repeats || last.item != event.item) return false;
  last.weight = std::max(last.weight, event.weight);
  if (!std::isnan(event.rating)) last.rating = event.rating;
  if (!std::isnan(event.time)) last.touched = event.time;
  // A target that repeats the event before it is no event of its own any more, so there is nothing to
  // predict.
  if (event.target) ++report_.merged_targets;
  ++report_.repeats;
  --report_.item_events;
  return true;
}

EventLog Sessioniser::finish() {
  SequenceBuilder::Result grouped = std::move(builder_).finish();
  builder_ = SequenceBuilder(options_.sequences);
  EventLog log;
  log.events.reserve(events_.size());
  for (Sequence& sequence : grouped.sequences) {
    const std::size_t begin = log.events.size();
    std::size_t last_item = log.events.size();  // of this sequence's last event on an item; begin: none yet
    bool any_item = false;
    for (std::size_t i = sequence.begin; i < sequence.end; ++i) {
      const LogEvent& event = events_[grouped.rows[i]];
      // Events without weight are for the ratings alone, and come between nothing.
      const bool on_item = event.item != kNoItem && event.weight > 0;
      if (on_item && any_item && merge(log.events[last_item], event)) continue;
      if (on_item) {
        last_item = log.events.size();
        any_item = true;
      }
      log.events.push_back(event);
    }
    sequence.begin = begin;
    sequence.end = log.events.size();
  }
  log.sequences = std::move(grouped.sequences);
  log.marked = report_.targets > 0;
  log.users = std::move(grouped.users);
  log.queries = std::move(queries_);
  log.contexts.resize(contexts_.size());
  for (const auto& [context, number] : contexts_) log.contexts[number] = context;
  report_.sequences = log.sequences.size();
  report_.users = log.users.size();
  report_.distinct_texts = log.queries.size();
  report_.divided_sessions = grouped.divided_sessions;
  report_.untimed_groups = grouped.untimed_groups;
  events_ = {};
  meanings_ = {};
  contexts_ = {};
  return log;
}

EventLog sessionise(EventsReader& reader, Sessioniser& sessioniser, Progress* progress) {
  Event event;
  while (reader.next(event)) {
    sessioniser.add(event);
    tell(reader, progress);
  }
  return sessioniser.finish();
}

Catalogue make_catalogue_from_events(const std::filesystem::path& file, const EventsOptions& options,
                                     Progress* progress) {
  EventsReader reader(file, options);
  std::unordered_set<std::string> ids;
  Event event;
  while (reader.next(event)) {
    tell(reader, progress);
    if (item_id_fault(event.item).empty()) ids.insert(event.item);
  }
  std::vector<Item> items;
  items.reserve(ids.size());
  while (!ids.empty()) items.emplace_back().id = std::move(ids.extract(ids.begin()).value());
  return Catalogue(std::move(items));
}

}  // namespace segue::index
