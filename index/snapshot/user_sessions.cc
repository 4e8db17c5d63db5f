#include "index/snapshot/user_sessions.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <span>
#include <string>

#include "index/safetensors.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

/// Strings laid end to end: string i is bytes[offsets[i] .. offsets[i + 1]).
struct Strings {
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> offsets{0};

  void add(std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(static_cast<std::int64_t>(bytes.size()));
  }
  void save(SafetensorsWriter& writer, const std::string& name) const {
    writer.add(name + ".bytes", {bytes.size()}, bytes);
    writer.add(name + ".offsets", {offsets.size()}, offsets);
  }
};

std::string_view string_at(const Safetensors& file, const char* bytes, const char* offsets, std::size_t i) {
  const auto data = file.u8(bytes);
  const auto ends = file.i64(offsets);
  return {reinterpret_cast<const char*>(data.data()) + ends[i],
          static_cast<std::size_t>(ends[i + 1] - ends[i])};
}

/// Offsets of however many lists that end with `last`.
void check_offsets(const Safetensors& file, const char* name, std::size_t last) {
  const auto offsets = file.i64(name);
  if (offsets.empty() || !are_offsets(offsets, offsets.size() - 1, last)) {
    throw Error(ErrorKind::kDamagedStore, std::string("tensor ") + name + " does not fit the others",
                file.file().string(), "run `segue reindex` again, or roll back");
  }
}

}  // namespace

void UserSessions::build(const EventLog& log, const std::filesystem::path& file) {
  // Sequences are sorted by time, so the last one of a user is the newest.
  std::vector<std::size_t> newest(log.users.size(), std::numeric_limits<std::size_t>::max());
  for (std::size_t s = 0; s < log.sequences.size(); ++s) {
    if (log.sequences[s].user != LogEvent::kNone) newest[log.sequences[s].user] = s;
  }
  std::vector<std::uint32_t> order(log.users.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return log.users[a] < log.users[b]; });

  Strings users;
  Strings queries;
  std::vector<std::int64_t> event_offsets{0};
  std::vector<std::int32_t> items;
  std::vector<std::int32_t> texts;
  for (const std::uint32_t user : order) {
    if (newest[user] == std::numeric_limits<std::size_t>::max()) continue;
    users.add(log.users[user]);
    const Sequence& sequence = log.sequences[newest[user]];
    const std::size_t kept = std::min(kEvents, sequence.end - sequence.begin);
    for (std::size_t e = sequence.end - kept; e < sequence.end; ++e) {
      const LogEvent& event = log.events[e];
      items.push_back(event.item == kNoItem ? -1 : static_cast<std::int32_t>(event.item));
      texts.push_back(event.item == kNoItem ? static_cast<std::int32_t>(queries.offsets.size() - 1) : -1);
      if (event.item == kNoItem) queries.add(log.queries[event.query]);
    }
    event_offsets.push_back(static_cast<std::int64_t>(items.size()));
  }
  SafetensorsWriter writer;
  users.save(writer, "user");
  queries.save(writer, "query");
  writer.add("event.offsets", {event_offsets.size()}, event_offsets);
  writer.add("event.item", {items.size()}, items);
  writer.add("event.query", {texts.size()}, texts);
  writer.write(file);
}

UserSessions UserSessions::open(const std::filesystem::path& path, const Catalogue& catalogue) {
  UserSessions sessions;
  sessions.file_ = Safetensors::open(path);
  sessions.catalogue_ = &catalogue;
  const Safetensors& file = *sessions.file_;
  check_offsets(file, "user.offsets", file.u8("user.bytes").size());
  check_offsets(file, "query.offsets", file.u8("query.bytes").size());
  check_offsets(file, "event.offsets", file.i32("event.item").size());
  const auto items = file.i32("event.item");
  const auto texts = file.i32("event.query");
  const auto queries = static_cast<std::int32_t>(file.i64("query.offsets").size() - 1);
  bool fits =
      texts.size() == items.size() && file.i64("event.offsets").size() == file.i64("user.offsets").size();
  for (std::size_t e = 0; fits && e < items.size(); ++e) {
    const bool item =
        items[e] >= 0 && static_cast<std::size_t>(items[e]) < catalogue.size() && texts[e] == -1;
    const bool text = items[e] == -1 && texts[e] >= 0 && texts[e] < queries;
    fits = item || text;
  }
  if (!fits) {
    throw Error(ErrorKind::kDamagedStore, "events name items or texts that are not there", path.string(),
                "run `segue reindex` again, or roll back");
  }
  return sessions;
}

std::size_t UserSessions::size() const {
  return file_->i64("user.offsets").size() - 1;
}

std::optional<std::vector<Event>> UserSessions::find(std::string_view user) const {
  std::size_t low = 0;
  std::size_t high = size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (string_at(*file_, "user.bytes", "user.offsets", middle) < user) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == size() || string_at(*file_, "user.bytes", "user.offsets", low) != user) return std::nullopt;
  std::vector<Event> events;
  const auto offsets = file_->i64("event.offsets");
  for (auto e = static_cast<std::size_t>(offsets[low]); e < static_cast<std::size_t>(offsets[low + 1]); ++e) {
    Event event;
    if (const std::int32_t item = file_->i32("event.item")[e]; item >= 0) {
      event.item = catalogue_->id(static_cast<ItemId>(item));
    } else {
      event.query = string_at(*file_, "query.bytes", "query.offsets",
                              static_cast<std::size_t>(file_->i32("event.query")[e]));
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace segue::index
