#pragma once

#include <string_view>

namespace segue::index {

/// Where long work tells how far it is, and asks whether to go on. The caller of a job implements it (a terminal's bar,
/// plain lines, nothing). Called from the job's own thread only.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A new phase begins, for example "transformer".
  virtual void phase(std::string_view name) { (void)name; }
  /// done of total units of the phase; note is a short figure such as "loss 4.31", may be empty.
  virtual void update(double done, double total, std::string_view note = {}) { (void)done, (void)total, (void)note; }
  /// A line that stays: a warning or a result.
  virtual void message(std::string_view text) { (void)text; }
  /// Throws Error (kInterrupted) when the user asked to stop. Long loops call it at least every tenth of a second.
  virtual void check() const {}
};

}  // namespace segue::index
