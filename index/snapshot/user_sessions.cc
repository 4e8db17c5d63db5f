#include "index/snapshot/user_sessions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr auto kNoSequence = std::numeric_limits<std::size_t>::max();
constexpr auto kNoTime = std::numeric_limits<std::int64_t>::min();

/// The newest sequence of each user of the log. Sequences are sorted by time, so it is the last one.
std::vector<std::size_t> newest_sequences(const EventLog& log) {
  std::vector<std::size_t> newest(log.users.size(), kNoSequence);
  for (std::size_t s = 0; s < log.sequences.size(); ++s) {
    if (log.sequences[s].user != LogEvent::kNone) newest[log.sequences[s].user] = s;
  }
  return newest;
}

/// The places of its newest events, oldest first; those without weight are not for the models.
std::vector<std::size_t> newest_events(const EventLog& log, const Sequence& sequence) {
  std::vector<std::size_t> places;
  for (std::size_t e = sequence.end; e-- > sequence.begin && places.size() < UserSessions::kEvents;) {
    if (log.events[e].item == kNoItem || log.events[e].weight > 0) places.push_back(e);
  }
  std::reverse(places.begin(), places.end());
  return places;
}

void add_strings(SafetensorsWriter& writer, const std::string& name, std::span<const std::string> strings) {
  const auto [bytes, offsets] = StringTensors::pack(strings);
  StringTensors(bytes, offsets).add_to(writer, name);
}

/// Whole seconds.
std::int64_t stored_time(double time) {
  constexpr double kEnd = 1e15;  // thirty million years
  return std::abs(time) < kEnd ? static_cast<std::int64_t>(std::floor(time)) : kNoTime;
}

/// The sets of context that the kept events have, each once, in the order of their first event.
class ContextColumn {
 public:
  explicit ContextColumn(const EventContexts& contexts) : contexts_(contexts) {}

  void add(std::size_t event) {
    if (contexts_.sets == nullptr) return;
    const std::uint32_t set = contexts_.of_event[event];
    if (set == ContextSets::kNone) {
      of_event_.push_back(-1);
      return;
    }
    const auto [known, is_new] = numbers_.emplace(set, static_cast<std::int32_t>(numbers_.size()));
    if (is_new) {
      for (const ContextId value : (*contexts_.sets)[set])
        values_.push_back(static_cast<std::int32_t>(value));
      offsets_.push_back(static_cast<std::int64_t>(values_.size()));
    }
    of_event_.push_back(known->second);
  }
  void add_to(SafetensorsWriter& writer) const {
    if (contexts_.sets == nullptr) return;
    writer.add("event.context", {of_event_.size()}, of_event_);
    writer.add("context.offsets", {offsets_.size()}, offsets_);
    writer.add("context.values", {values_.size()}, values_);
  }

 private:
  const EventContexts& contexts_;
  std::map<std::uint32_t, std::int32_t> numbers_;
  std::vector<std::int32_t> of_event_;
  std::vector<std::int64_t> offsets_{0};
  std::vector<std::int32_t> values_;
};

[[noreturn]] void damaged(const Safetensors& file, const std::string& what) {
  throw Error(ErrorKind::kDamagedStore, what, file.file().string(),
              "run `segue reindex` again, or roll back");
}

/// Offsets of however many lists that end with `last`.
void check_offsets(const Safetensors& file, const char* name, std::size_t last) {
  const auto offsets = file.i64(name);
  if (offsets.empty() || !are_offsets(offsets, offsets.size() - 1, last))
    damaged(file, std::string("tensor ") + name + " does not fit the others");
}

void check_events(const Safetensors& file, std::size_t catalogue, std::size_t queries) {
  const auto items = file.i32("event.item");
  const auto texts = file.i32("event.query");
  bool fits = texts.size() == items.size();
  for (std::size_t e = 0; fits && e < items.size(); ++e) {
    const bool item = items[e] >= 0 && static_cast<std::size_t>(items[e]) < catalogue && texts[e] == -1;
    const bool text = items[e] == -1 && texts[e] >= 0 && static_cast<std::size_t>(texts[e]) < queries;
    fits = item || text;
  }
  if (!fits) damaged(file, "events name items or texts that are not there");
}

void check_contexts(const Safetensors& file, std::size_t events, std::size_t vocabulary) {
  const auto of_event = file.i32("event.context");
  const auto values = file.i32("context.values");
  check_offsets(file, "context.offsets", values.size());
  const std::size_t sets = file.i64("context.offsets").size() - 1;
  const auto below = [](std::span<const std::int32_t> numbers, std::int32_t least, std::size_t end) {
    return std::all_of(numbers.begin(), numbers.end(), [&](std::int32_t number) {
      return number >= least && (number < 0 || static_cast<std::size_t>(number) < end);
    });
  };
  if (of_event.size() != events || !below(of_event, -1, sets) || !below(values, 0, vocabulary))
    damaged(file, "events name contexts that are not there");
}

}  // namespace

void UserSessions::build(const EventLog& log, const EventContexts& event_contexts,
                         const std::filesystem::path& file) {
  const std::vector<std::size_t> newest = newest_sequences(log);
  std::vector<std::uint32_t> order(log.users.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return log.users[a] < log.users[b]; });

  std::vector<std::string> users;
  std::vector<std::string> queries;
  std::vector<std::int64_t> event_offsets{0};
  std::vector<std::int32_t> items;
  std::vector<std::int32_t> texts;
  std::vector<std::int64_t> times;
  ContextColumn contexts(event_contexts);
  for (const std::uint32_t user : order) {
    if (newest[user] == kNoSequence) continue;
    users.push_back(log.users[user]);
    const Sequence& sequence = log.sequences[newest[user]];
    for (const std::size_t e : newest_events(log, sequence)) {
      const LogEvent& event = log.events[e];
      items.push_back(event.item == kNoItem ? -1 : static_cast<std::int32_t>(event.item));
      texts.push_back(event.item == kNoItem ? static_cast<std::int32_t>(queries.size()) : -1);
      if (event.item == kNoItem) queries.push_back(log.queries[event.query]);
      times.push_back(stored_time(event.last_time()));
      contexts.add(e);
    }
    event_offsets.push_back(static_cast<std::int64_t>(items.size()));
  }
  SafetensorsWriter writer;
  add_strings(writer, "user", users);
  add_strings(writer, "query", queries);
  writer.add("event.offsets", {event_offsets.size()}, event_offsets);
  writer.add("event.item", {items.size()}, items);
  writer.add("event.query", {texts.size()}, texts);
  if (std::any_of(times.begin(), times.end(), [](std::int64_t time) { return time != kNoTime; }))
    writer.add("event.time", {times.size()}, times);
  contexts.add_to(writer);
  writer.write(file);
}

UserSessions UserSessions::open(const std::filesystem::path& path, const Catalogue& catalogue,
                                const ContextVocabulary& contexts) {
  UserSessions sessions;
  sessions.file_ = Safetensors::open(path);
  sessions.catalogue_ = &catalogue;
  sessions.contexts_ = &contexts;
  const Safetensors& file = *sessions.file_;
  sessions.users_ = StringTensors(file, "user");
  sessions.queries_ = StringTensors(file, "query");
  check_offsets(file, "event.offsets", file.i32("event.item").size());
  if (file.i64("event.offsets").size() != sessions.users_.size() + 1)
    damaged(file, "tensor event.offsets does not fit the users");
  check_events(file, catalogue.size(), sessions.queries_.size());
  sessions.has_times_ = file.has("event.time");  // absent where none is known
  if (sessions.has_times_ && file.i64("event.time").size() != file.i32("event.item").size())
    damaged(file, "tensor event.time does not fit the others");
  // Absent where models know no context.
  sessions.has_contexts_ = file.has("event.context");
  if (sessions.has_contexts_) check_contexts(file, file.i32("event.item").size(), contexts.size());
  return sessions;
}

std::optional<std::vector<Event>> UserSessions::find(std::string_view user) const {
  const std::optional<std::size_t> row = users_.find(user);
  if (!row) return std::nullopt;
  std::vector<Event> events;
  const auto offsets = file_->i64("event.offsets");
  for (auto e = static_cast<std::size_t>(offsets[*row]); e < static_cast<std::size_t>(offsets[*row + 1]);
       ++e) {
    Event event;
    if (const std::int32_t item = file_->i32("event.item")[e]; item >= 0) {
      event.item = catalogue_->id(static_cast<ItemId>(item));
    } else {
      event.query = queries_[static_cast<std::size_t>(file_->i32("event.query")[e])];
    }
    if (has_times_ && file_->i64("event.time")[e] != kNoTime)
      event.time = static_cast<double>(file_->i64("event.time")[e]);
    const std::int32_t set = has_contexts_ ? file_->i32("event.context")[e] : -1;
    if (set >= 0) {
      const auto ends = file_->i64("context.offsets");
      const auto begin = static_cast<std::size_t>(ends[static_cast<std::size_t>(set)]);
      const auto end = static_cast<std::size_t>(ends[static_cast<std::size_t>(set) + 1]);
      for (const std::int32_t value : file_->i32("context.values").subspan(begin, end - begin)) {
        const auto& [key, text] = (*contexts_)[static_cast<ContextId>(value)];
        event.context[key] = text;
      }
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace segue::index
