#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "index/string_tensors.h"

namespace segue::index {

class Safetensors;

/// The newest session of every user, so that a request may name the user alone. Mapped; immutable,
/// thread-safe.
class UserSessions {
 public:
  /// Events of a session that are kept, the newest: as many as a model looks at by default.
  static constexpr std::size_t kEvents = 50;

  /// Writes models/user_sessions.safetensors: users sorted by their bytes, with the events of the last
  /// sequence of each, and of their contexts what models know. contexts: of the same log. Throws Error
  /// (kResource).
  static void build(const EventLog& log, const EventContexts& contexts, const std::filesystem::path& file);
  /// Catalogue and vocabulary outlive it. Throws Error (kDamagedStore).
  static UserSessions open(const std::filesystem::path& file, const Catalogue& catalogue,
                           const ContextVocabulary& contexts);

  std::size_t size() const { return users_.size(); }
  /// Oldest event first; nothing for a user that the log did not have. An event's context has the keys and
  /// values that the vocabulary knew of it, hour and weekday among them; of its time the whole seconds are
  /// kept.
  std::optional<std::vector<Event>> find(std::string_view user) const;

 private:
  std::shared_ptr<const Safetensors> file_;
  const Catalogue* catalogue_ = nullptr;
  const ContextVocabulary* contexts_ = nullptr;
  StringTensors users_;
  StringTensors queries_;
  bool has_contexts_ = false;
  bool has_times_ = false;
};

}  // namespace segue::index
