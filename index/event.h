#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "index/item.h"

namespace segue::index {

/// One line of events.jsonl, or one entry of a session given with a request. Exactly one of item and query is
/// set; session or user is set in a log, neither in a request.
struct Event {
  std::string session;
  std::string user;
  std::optional<double> time;  ///< seconds since 1970, UTC
  std::string item;            ///< an item's id
  std::string query;           ///< a text that was typed
  std::string action = "view";
  std::optional<double> rating;
  std::map<std::string, std::string> context;
  bool target = false;  ///< set by `segue split`: the event that leave-one-out predicts

  friend bool operator==(const Event&, const Event&) = default;
};

/// An event in the terms of a catalogue.
struct LogEvent {
  ItemId item = kNoItem;        ///< kNoItem: a typed text that is no item's title
  std::uint32_t query = kNone;  ///< index into EventLog::queries, else kNone
  float weight = 1;             ///< of its action, for the implicit models; 0: not for them
  float rating = std::numeric_limits<float>::quiet_NaN();
  double time = std::numeric_limits<double>::quiet_NaN();
  double touched = std::numeric_limits<double>::quiet_NaN();  ///< newest of the repeats that it stands for
  bool target = false;
  std::uint32_t context = kNone;  ///< index into EventLog::contexts; kNone: the event says nothing of it

  static constexpr std::uint32_t kNone = 0xffffffffu;

  /// When its item was last touched by it: the time of the newest repeat, else its own.
  double last_time() const { return touched == touched ? touched : time; }
};

/// Consecutive events of one session, or of one user's history: events [begin, end) of the log, in time
/// order.
struct Sequence {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint32_t user = LogEvent::kNone;  ///< index into EventLog::users, else kNone
  std::string key;                       ///< the session's name; for a cut history "user#number"
};

/// A cleaned log, grouped by sequence; sequences are sorted by the time of their first event, then by key.
struct EventLog {
  std::vector<LogEvent> events;
  std::vector<Sequence> sequences;
  std::vector<std::string> users;
  std::vector<std::string> queries;  ///< distinct typed texts that are no items
  bool marked = false;  ///< an event that came in was marked as a target, though it may not be here any more
  std::vector<std::map<std::string, std::string>> contexts;  ///< distinct ones, none of them empty
};

}  // namespace segue::index
