#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "index/event.h"
#include "index/input/input_report.h"

namespace segue::index {

struct EventsOptions {
  bool skip_invalid = false;  ///< count and report malformed lines instead of throwing
};

struct EventsReport : LineReport {
  std::size_t events = 0;   ///< lines that are valid
  std::size_t queries = 0;  ///< of these, with a typed text
  std::size_t rated = 0;    ///< of these, with a rating
  std::size_t untimed = 0;  ///< of these, without a time
};

/// Reads events.jsonl (docs/file-formats.md) one event after the other, in constant memory.
/// Thread-compatible. A malformed line is Error (kBadInput), "FILE:LINE: what; how to mend". The rules:
/// - blank lines are skipped; a line is one object; no key of ours comes twice; null counts as an absent key;
/// - `session` and `user`: strings that are not empty, at least one of them;
/// - exactly one of `item` (a string that is not empty) and `query` (a string);
/// - `time`: seconds since 1970 or a string in ISO 8601 (index/input/time.h), in the years 0000 to 9999;
/// - `action`: a string that is not empty; `rating`: a finite number; `target`: a boolean;
/// - `context`: an object of strings;
/// - any other key is ignored and counted.
class EventsReader {
 public:
  explicit EventsReader(const std::filesystem::path& file, const EventsOptions& options = {});
  ~EventsReader();
  EventsReader(EventsReader&&) noexcept;

  /// Replaces event by the next one; false at the end.
  bool next(Event& event);
  /// The line of the last event as it stands in the file, and where: "FILE:LINE". Good until the next call.
  std::string_view line() const;
  std::string where() const;

  const EventsReport& report() const;
  std::uint64_t consumed() const;  ///< bytes of the file read so far
  std::uint64_t size() const;      ///< bytes of the file; 0 for a pipe

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The events of a session that comes with a request: a JSON list of objects with `item` or `query` and,
/// optionally, the other keys of a log but `session` and `user` (which are ignored, as unknown keys are).
/// Throws Error (kBadInput) that names the entry: "ctx[2]: ...", where name is "ctx". Thread-safe.
std::vector<Event> parse_session(std::string_view json, std::string_view name = "ctx");

}  // namespace segue::index
