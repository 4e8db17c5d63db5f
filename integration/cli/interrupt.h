#pragma once

namespace segue::integration {

/// While one lives, the first SIGINT (Ctrl-C) or SIGTERM only asks to stop; another one ends the process at
/// once. One at a time, made and destroyed by the main thread. Jobs learn of it through Progress::check().
class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  /// Whether a stop was asked for since the newest scope began. Any thread.
  static bool requested() noexcept;
};

}  // namespace segue::integration
