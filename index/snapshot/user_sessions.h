#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"

namespace segue::index {

class Safetensors;

/// The newest session of every user, so that a request may name the user alone. Mapped; immutable,
/// thread-safe.
class UserSessions {
 public:
  /// Events of a session that are kept, the newest: as many as a model looks at by default.
  static constexpr std::size_t kEvents = 50;

  /// Writes models/user_sessions.safetensors: users sorted by their bytes, with the events of the last
  /// sequence of each.
  static void build(const EventLog& log, const std::filesystem::path& file);
  /// Throws Error (kDamagedStore).
  static UserSessions open(const std::filesystem::path& file, const Catalogue& catalogue);

  std::size_t size() const;  ///< users
  /// Oldest event first; nothing for a user that the log did not have.
  std::optional<std::vector<Event>> find(std::string_view user) const;

 private:
  std::shared_ptr<const Safetensors> file_;
  const Catalogue* catalogue_ = nullptr;
};

}  // namespace segue::index
