#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "index/progress.h"
#include "integration/cli/terminal_text.h"

namespace segue::integration {

/// Shows long work. On a terminal: one live line for the phase under way (name, bar, percent, rate, time
/// left, note), and a line with its seconds for each phase that is done. Elsewhere: plain lines, one for each
/// phase that is done and, for long phases, one for each tenth of it, though never two within five seconds.
/// Thread-compatible. The stream outlives it.
class TerminalProgress final : public index::Progress {
 public:
  using Clock = std::function<double()>;  ///< seconds, never falling
  using Stopped = std::function<bool()>;  ///< whether the user asked to stop

  TerminalProgress(std::ostream& out, TerminalStyle style, Stopped stopped = {}, Clock clock = {});
  /// Closes the phase under way as finish() does; when an exception ends the work, as one that was broken
  /// off.
  ~TerminalProgress() override;

  void phase(std::string_view name) override;
  void update(double done, double total, std::string_view note = {}) override;
  void message(std::string_view text) override;
  /// Throws Error (kInterrupted).
  void check() const override;
  /// Closes the phase under way. Nothing happens when there is none.
  void finish();

 private:
  void close_phase(bool whole);
  void print_line(std::string_view line);
  void draw_live_line(double now);
  void erase_live_line();
  std::string bar(std::size_t columns) const;
  /// "43 %", "1,234/s", "12 s left": what is known.
  std::string percent() const;
  std::string rate(double elapsed) const;
  std::string time_left(double elapsed) const;

  std::ostream& out_;
  TerminalStyle style_;
  Stopped stopped_;
  Clock clock_;
  int exceptions_;  // under way when it was made

  std::string name_;  // of the phase under way; empty: none
  std::string note_;
  double begin_ = 0;
  double done_ = 0;
  double total_ = 0;
  double shown_at_ = 0;     // when the phase was last drawn or printed
  int shown_tenth_ = 0;     // tenths of the phase at the last plain line
  bool live_line_ = false;  // the cursor stands on a live line
};

}  // namespace segue::integration
