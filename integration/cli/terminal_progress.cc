#include "integration/cli/terminal_progress.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <ostream>

#include "kernels/error.h"

namespace segue::integration {
namespace {

constexpr std::size_t kNameWidth = 24;
constexpr double kLiveInterval = 0.1;   // seconds between two drawings of the live line
constexpr double kPlainInterval = 5;    // seconds between two plain lines of a phase
constexpr double kHeartbeat = 60;       // seconds after which a plain line comes without a new tenth
constexpr double kEstimateAfter = 0.5;  // seconds before which rate and time left would be guesses

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

TerminalProgress::TerminalProgress(std::ostream& out, TerminalStyle style, Stopped stopped, Clock clock)
    : out_(out),
      style_(style),
      stopped_(std::move(stopped)),
      clock_(clock ? std::move(clock) : Clock(steady_seconds)),
      exceptions_(std::uncaught_exceptions()) {}

TerminalProgress::~TerminalProgress() {
  try {
    close_phase(std::uncaught_exceptions() == exceptions_);
  } catch (...) {  // a line of progress is not worth more
  }
}

void TerminalProgress::phase(std::string_view name) {
  finish();
  name_ = printable(name);
  note_.clear();
  done_ = total_ = 0;
  shown_tenth_ = 0;
  begin_ = shown_at_ = clock_();
  if (style_.live) draw_live_line(begin_);
}

void TerminalProgress::update(double done, double total, std::string_view note) {
  if (name_.empty()) return;
  done_ = done;
  total_ = total;
  if (!note.empty()) note_ = printable(note);
  const double now = clock_();
  if (style_.live) {
    if (now - shown_at_ >= kLiveInterval) draw_live_line(now);
    return;
  }
  const double waited = now - shown_at_;
  const int tenth = total > 0 ? static_cast<int>(std::clamp(done / total, 0.0, 1.0) * 10) : 0;
  if (waited < kPlainInterval || (tenth <= shown_tenth_ && waited < kHeartbeat)) return;
  std::string line = name_ + ": ";
  const char* separator = "";
  for (const std::string& part : {percent(), rate(now - begin_), time_left(now - begin_), note_}) {
    if (part.empty()) continue;
    line += separator + part;
    separator = ", ";
  }
  if (*separator == '\0') line += duration(now - begin_) + " so far";
  print_line(line);
  shown_at_ = now;
  shown_tenth_ = tenth;
}

void TerminalProgress::message(std::string_view text) {
  erase_live_line();
  print_line(printable(text));
  if (style_.live && !name_.empty()) draw_live_line(clock_());
}

void TerminalProgress::check() const {
  if (stopped_ && stopped_()) {
    throw Error(ErrorKind::kInterrupted, "interrupted; nothing was changed");
  }
}

void TerminalProgress::finish() {
  close_phase(true);
}

void TerminalProgress::close_phase(bool whole) {
  if (name_.empty()) return;
  erase_live_line();
  const double seconds = clock_() - begin_;
  const std::string took = duration(seconds);
  // What fails at once is told by the error alone.
  const bool silent = !whole && seconds < 1;
  if (silent) {
    out_.flush();
  } else if (!style_.live) {
    print_line(name_ + ": " + (whole ? "" : "broken off after ") + took +
               (note_.empty() ? "" : ", " + note_));
  } else {
    const std::string_view mark = whole ? (style_.unicode ? "✓" : "+") : (style_.unicode ? "✗" : "x");
    const std::string line = "  " + paint(style_, whole ? Ink::kGreen : Ink::kRed, mark) + ' ' +
                             pad_right(name_, kNameWidth) + ' ' + pad_left(took, 11);
    const std::size_t used = kNameWidth + 18;
    print_line(note_.empty() || style_.width <= used
                   ? line
                   : line + "  " + paint(style_, Ink::kDim, fit(note_, style_.width - used, style_.unicode)));
  }
  name_.clear();
}

void TerminalProgress::print_line(std::string_view line) {
  out_ << line << '\n' << std::flush;
}

void TerminalProgress::draw_live_line(double now) {
  const double elapsed = now - begin_;
  std::string facts = pad_left(percent(), 6);
  for (const std::string& part : {rate(elapsed), time_left(elapsed), note_}) {
    if (!part.empty()) facts += "  " + part;
  }
  // A line that wraps could not be drawn again in place: what does not fit is cut, one column stays free.
  const std::size_t name_columns = std::min(kNameWidth, style_.width > 6 ? style_.width - 6 : 0);
  const std::size_t room = style_.width > name_columns + 6 ? style_.width - name_columns - 6 : 0;
  const std::size_t bar_columns = room >= 45 ? 20 : 0;
  facts = fit(facts, room - std::min(room, bar_columns), style_.unicode);
  out_ << '\r' << "    " << pad_right(fit(name_, name_columns, style_.unicode), name_columns) << ' ';
  if (bar_columns > 0)
    out_ << (total_ > 0 ? paint(style_, Ink::kCyan, bar(bar_columns)) : std::string(bar_columns, ' '));
  out_ << paint(style_, Ink::kDim, facts) << "\x1b[K" << std::flush;
  live_line_ = true;
  shown_at_ = now;
}

void TerminalProgress::erase_live_line() {
  if (!live_line_) return;
  out_ << "\r\x1b[K";
  live_line_ = false;
}

std::string TerminalProgress::bar(std::size_t columns) const {
  const double share = std::clamp(done_ / total_, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(share * static_cast<double>(columns));
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) {
    if (style_.unicode) {
      text += i < full ? "━" : "╌";
    } else {
      text += i < full ? '#' : '.';
    }
  }
  return text;
}

std::string TerminalProgress::percent() const {
  if (!(total_ > 0)) return "";
  return std::to_string(static_cast<int>(std::clamp(done_ / total_, 0.0, 1.0) * 100)) + " %";
}

std::string TerminalProgress::rate(double elapsed) const {
  if (elapsed < kEstimateAfter || !(done_ > 0)) return "";
  const double per_second = done_ / elapsed;
  return per_second >= 1 ? short_number(per_second) + "/s"
                         : "";  // epochs and the like: the time left says more
}

std::string TerminalProgress::time_left(double elapsed) const {
  if (elapsed < kEstimateAfter || !(total_ > 0) || !(done_ > 0) || done_ >= total_) return "";
  const double seconds = std::ceil(elapsed * (total_ - done_) / done_);
  if (seconds < 60) return std::to_string(static_cast<int>(seconds)) + " s left";
  return duration(seconds) + " left";
}

}  // namespace segue::integration
