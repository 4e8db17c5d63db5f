#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/event.h"
#include "index/model/context_sets.h"

namespace segue::index {

/// Which values of context models learn.
struct ContextOptions {
  /// "auto": every key that the events' contexts have; "none"; or names separated by blanks. `hour` ("0" to
  /// "23") and `weekday` ("monday" to "sunday") come from the time of an event whose context does not say
  /// them, and only when they are named here.
  std::string keys = "auto";
  std::size_t min_count = 20;    ///< events that a value needs
  std::size_t max_values = 200;  ///< of each key, the most frequent
  double utc_offset = 0;         ///< hours that local time is ahead of UTC, for hour and weekday
};

/// The values of context that models know, numbered from 0 by the bytes of key and value. Immutable but for
/// assignment; thread-safe.
class ContextVocabulary {
 public:
  using Context = std::map<std::string, std::string>;
  struct Value {
    std::string key;
    std::string value;
    friend auto operator<=>(const Value&, const Value&) = default;
  };

  /// None.
  ContextVocabulary() = default;
  /// What the item events of a log with a weight have; empty where they have nothing.
  static ContextVocabulary learn(const EventLog& log, const ContextOptions& options);
  /// A file that save() wrote. Throws Error (kDamagedStore) that names it.
  static ContextVocabulary open(const std::filesystem::path& file);
  /// JSON, see docs/file-formats.md. Throws Error (kResource).
  void save(const std::filesystem::path& file) const;

  std::size_t size() const noexcept { return values_.size(); }
  bool empty() const noexcept { return values_.empty(); }
  const Value& operator[](ContextId id) const { return values_[id]; }
  /// Nothing for a value that is not known.
  std::optional<ContextId> find(std::string_view key, std::string_view value) const;
  /// The known ones of an event or a request, rising. time: seconds since 1970, NaN where unknown.
  std::vector<ContextId> values_of(const Context& context, double time) const;

 private:
  ContextVocabulary(std::vector<Value> values, double utc_offset);

  std::vector<Value> values_;  // rising
  double utc_offset_ = 0;
  bool hour_ = false;  // some value has this key
  bool weekday_ = false;
};

/// The context of each event of a log in the terms of a vocabulary.
struct EventContexts {
  std::shared_ptr<const ContextSets> sets;  ///< null: the vocabulary is empty
  std::vector<std::uint32_t> of_event;      ///< by place in EventLog::events; empty with sets
};
EventContexts event_contexts(const EventLog& log, const ContextVocabulary& vocabulary);

}  // namespace segue::index
