#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "index/catalogue.h"
#include "index/config.h"
#include "index/event.h"
#include "index/input/event_weights.h"
#include "index/input/events_reader.h"
#include "index/input/sequences.h"
#include "index/progress.h"

namespace segue::index {

struct SessionOptions {
  SequenceOptions sequences;
  /// An event on the item of the item event before it in its sequence is merged with that one, which keeps
  /// its place, time and context, takes the larger weight and the newer rating, and remembers when its item
  /// was last touched; a mark of a target is lost. Events without weight are neither merged nor come between.
  bool drop_consecutive_repeats = false;
  EventWeights weights;
};

/// The options that a configuration's [events] says.
SessionOptions session_options(const Config::Events& events);

/// What became of a log.
struct SessionReport {
  static constexpr std::size_t kExamples = 5;

  std::size_t events = 0;       ///< that came in
  std::size_t item_events = 0;  ///< kept, on items; those below included
  std::size_t query_items = 0;  ///< of these, typed texts that are items of kind `query`
  std::size_t texts = 0;        ///< kept, typed texts that are no item
  std::size_t distinct_texts = 0;
  std::size_t unknown_items = 0;   ///< skipped: the catalogue lacks the item
  std::size_t empty_texts = 0;     ///< skipped: no letter and no digit in the text
  std::size_t repeats = 0;         ///< merged with the event before
  std::size_t targets = 0;         ///< that came in marked
  std::size_t merged_targets = 0;  ///< of the repeats, marked as targets: they are not predicted
  std::size_t below_min_rating = 0;
  std::size_t sequences = 0;
  std::size_t users = 0;
  std::size_t divided_sessions = 0;
  std::size_t untimed_groups = 0;
  std::vector<std::string> unknown_examples;   ///< the first distinct ids of unknown items
  std::map<std::string, std::size_t> actions;  ///< events that came in by action

  /// One line for each thing that a user should know: unknown items, divided sessions.
  std::vector<std::string> warnings() const;
};

/// Turns events into the log that models learn from: resolves items and typed texts against a catalogue,
/// weighs actions, groups by sequence (index/input/sequences.h). A typed text whose folded text equals the
/// folded title of an item of kind `query` is an event on that item. Needs about 100 bytes per event and its
/// distinct names. Thread-compatible; the catalogue must outlive it.
class Sessioniser {
 public:
  Sessioniser(const Catalogue& catalogue, SessionOptions options);

  void add(const Event& event);
  /// Empties it; report() is complete then. Sequences without any event that was kept do not appear.
  EventLog finish();
  const SessionReport& report() const noexcept { return report_; }

 private:
  struct Meaning {
    ItemId item = kNoItem;
    std::uint32_t query = LogEvent::kNone;
    bool empty = false;
  };
  const Meaning& meaning_of(const std::string& text);
  std::uint32_t context_of(const Event& event);
  void note_unknown(const std::string& id);
  bool merge(LogEvent& last, const LogEvent& event);

  const Catalogue& catalogue_;
  SessionOptions options_;
  SessionReport report_;
  SequenceBuilder builder_;
  std::vector<LogEvent> events_;  // in the order of the file
  std::unordered_map<std::string, Meaning> meanings_;
  std::vector<std::string> queries_;
  std::map<std::map<std::string, std::string>, std::uint32_t> contexts_;
};

/// Reads the rest of a log. progress may be null.
EventLog sessionise(EventsReader& reader, Sessioniser& sessioniser, Progress* progress = nullptr);

/// A catalogue of the item ids that a log names, for a reindex without items: each an item without title. Ids
/// that no item may have (longer than 256 bytes, beginning with `query:` or `scope:`) are left out. Throws
/// Error as EventsReader does.
Catalogue make_catalogue_from_events(const std::filesystem::path& file, const EventsOptions& options = {},
                                     Progress* progress = nullptr);

}  // namespace segue::index
