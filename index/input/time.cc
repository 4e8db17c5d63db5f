#include "index/input/time.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr double kDay = 86400;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Takes parts off the front of a text; each member returns false and leaves the text where it does not fit.
struct Scanner {
  std::string_view rest;

  bool literal(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool digits(std::size_t least, std::size_t most, int& value) {
    std::size_t n = 0;
    int sum = 0;
    while (n < most && n < rest.size() && is_digit(rest[n])) sum = sum * 10 + (rest[n++] - '0');
    if (n < least) return false;
    value = sum;
    rest.remove_prefix(n);
    return true;
  }
  /// Digits behind a point or comma that was taken already.
  bool fraction(double& value) {
    double scale = 1;
    double sum = 0;
    std::size_t n = 0;
    for (; n < rest.size() && is_digit(rest[n]); ++n) {
      scale /= 10;
      sum += scale * (rest[n] - '0');
    }
    if (n == 0) return false;
    // One correctly rounded division instead of a sum of rounded powers, as far as 64 bits reach.
    if (n <= 15) {
      std::int64_t whole = 0;
      std::from_chars(rest.data(), rest.data() + n, whole);
      sum = static_cast<double>(whole) / std::pow(10.0, static_cast<double>(n));
    }
    value = sum;
    rest.remove_prefix(n);
    return true;
  }
  /// Z, +01, +0100, +01:00; seconds east of Greenwich.
  bool zone(double& offset) {
    if (literal('Z') || literal('z')) {
      offset = 0;
      return true;
    }
    const Scanner before = *this;
    const bool west = !rest.empty() && rest.front() == '-';
    int hours = 0;
    int minutes = 0;
    bool fits = (literal('+') || literal('-')) && digits(2, 2, hours);
    if (literal(':')) {
      fits = fits && digits(2, 2, minutes);
    } else {
      digits(2, 2, minutes);
    }
    if (!fits || hours > 23 || minutes > 59) {
      *this = before;
      return false;
    }
    offset = (west ? -1.0 : 1.0) * (hours * 3600.0 + minutes * 60.0);
    return true;
  }
};

struct Fields {
  int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  double fraction = 0;
  double zone = 0;

  std::optional<double> seconds() const {
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (!date.ok() || minute > 59 || second > 60) return {};
    const bool midnight = hour == 24 && minute == 0 && second == 0 && fraction == 0;
    if (hour > 23 && !midnight) return {};
    const auto days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
    return days * kDay + hour * 3600.0 + minute * 60.0 + second + fraction - zone;
  }
};

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

bool month_name(Scanner& at, int& month) {
  std::string word;
  for (const char c : at.rest) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) break;
    word += lower(c);
  }
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (word == kMonths[i] || word == kMonths[i].substr(0, 3)) {
      month = static_cast<int>(i) + 1;
      at.rest.remove_prefix(word.size());
      return true;
    }
  }
  return false;
}

/// What a pattern collects beside plain fields.
struct Parsed {
  Fields fields;
  int half = -1;  // 0: am, 1: pm
  std::optional<double> epoch;
};

bool half_of_day(Scanner& at, int& half) {
  if (at.rest.size() < 2 || lower(at.rest[1]) != 'm') return false;
  const char first = lower(at.rest[0]);
  if (first != 'a' && first != 'p') return false;
  half = first == 'p' ? 1 : 0;
  at.rest.remove_prefix(2);
  return true;
}

bool epoch_seconds(Scanner& at, std::optional<double>& epoch) {
  double value = 0;
  const auto [end, code] =
      std::from_chars(at.rest.data(), at.rest.data() + at.rest.size(), value, std::chars_format::fixed);
  if (code != std::errc() || !(value >= kEarliestTime && value < kLatestTime)) return false;
  epoch = value;
  at.rest.remove_prefix(static_cast<std::size_t>(end - at.rest.data()));
  return true;
}

bool directive(char letter, Scanner& at, Parsed& out) {
  Fields& f = out.fields;
  switch (letter) {
    case 'Y':
      return at.digits(4, 4, f.year);
    case 'y':
      if (!at.digits(2, 2, f.year)) return false;
      f.year += f.year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return at.digits(1, 2, f.month);
    case 'd':
      return at.digits(1, 2, f.day);
    case 'H':
      return at.digits(1, 2, f.hour);
    case 'I':
      return at.digits(1, 2, f.hour) && f.hour >= 1 && f.hour <= 12;
    case 'p':
      return half_of_day(at, out.half);
    case 'M':
      return at.digits(1, 2, f.minute);
    case 'S':
      if (!at.digits(1, 2, f.second)) return false;
      return at.literal('.') ? at.fraction(f.fraction) : true;
    case 'b':
      return month_name(at, f.month);
    case 'z':
      return at.zone(f.zone);
    case 's':
      return epoch_seconds(at, out.epoch);
    case '%':
      return at.literal('%');
    default:
      return false;
  }
}

constexpr std::string_view kDirectives = "YymdHIpMSbzs%";

}  // namespace

std::optional<double> parse_time(std::string_view text) {
  Scanner at{text};
  Fields f;
  if (!at.digits(4, 4, f.year)) return {};
  const bool extended = at.literal('-');
  if (!at.digits(2, 2, f.month) || (extended && !at.literal('-')) || !at.digits(2, 2, f.day)) return {};
  if (at.rest.empty()) return extended ? f.seconds() : std::nullopt;  // 20101201 may be a number of anything
  if (!at.literal('T') && !at.literal('t') && !(extended && at.literal(' '))) return {};
  if (!at.digits(2, 2, f.hour)) return {};
  if (at.literal(':')) {
    if (!at.digits(2, 2, f.minute) || (at.literal(':') && !at.digits(2, 2, f.second))) return {};
  } else if (at.digits(2, 2, f.minute)) {
    at.digits(2, 2, f.second);
  }
  if ((at.literal('.') || at.literal(',')) && !at.fraction(f.fraction)) return {};
  if (!at.rest.empty() && !at.zone(f.zone)) return {};
  return at.rest.empty() ? f.seconds() : std::nullopt;
}

std::optional<double> parse_time(std::string_view text, std::string_view pattern) {
  Scanner at{text};
  Parsed out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_blank(pattern[i])) {
      while (!at.rest.empty() && is_blank(at.rest.front())) at.rest.remove_prefix(1);
    } else if (pattern[i] == '%' && i + 1 < pattern.size()) {
      if (!directive(pattern[++i], at, out)) return {};
    } else if (!at.literal(pattern[i])) {
      return {};
    }
  }
  if (!at.rest.empty()) return {};
  if (out.epoch) return out.epoch;
  if (out.half >= 0) {
    if (out.fields.hour < 1 || out.fields.hour > 12) return {};
    out.fields.hour = out.fields.hour % 12 + 12 * out.half;
  }
  return out.fields.seconds();
}

void check_time_pattern(std::string_view pattern, std::string_view where) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    if (i + 1 < pattern.size() && kDirectives.find(pattern[i + 1]) != std::string_view::npos) {
      ++i;
      continue;
    }
    throw Error(ErrorKind::kBadInput,
                "the time pattern \"" + std::string(pattern) + "\" has an unknown directive at character " +
                    std::to_string(i + 1),
                where, "use %Y %y %m %d %H %I %p %M %S %b %z %s and %%");
  }
}

std::string format_time(double seconds) {
  double whole = std::floor(seconds);
  auto micros = std::llround((seconds - whole) * 1e6);
  if (micros == 1000000) {
    micros = 0;
    whole += 1;
  }
  const double day = std::floor(whole / kDay);
  const auto second_of_day = static_cast<int>(whole - day * kDay);
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(static_cast<int>(day)))};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second_of_day / 3600,
                second_of_day / 60 % 60, second_of_day % 60);
  std::string out = text.data();
  if (micros > 0) {
    std::snprintf(text.data(), text.size(), ".%06lld", micros);
    out += text.data();
    while (out.back() == '0') out.pop_back();
  }
  return out + "Z";
}

std::optional<double> parse_duration(std::string_view text) {
  double total = 0;
  Scanner at{text};
  double last_unit = 1e9;
  do {
    int value = 0;
    if (!at.digits(1, 9, value)) return {};
    double unit = 1;
    if (!at.rest.empty()) {
      switch (at.rest.front()) {
        case 'd':
          unit = kDay;
          break;
        case 'h':
          unit = 3600;
          break;
        case 'm':
          unit = 60;
          break;
        case 's':
          unit = 1;
          break;
        default:
          return {};
      }
      at.rest.remove_prefix(1);
    } else if (last_unit < 1e9) {
      return {};  // "1h30": of what?
    }
    if (unit >= last_unit) return {};
    last_unit = unit;
    total += value * unit;
  } while (!at.rest.empty());
  return total;
}

std::string format_duration(double seconds) {
  struct Unit {
    double size;
    char letter;
  };
  for (const Unit unit : {Unit{kDay, 'd'}, Unit{3600, 'h'}, Unit{60, 'm'}}) {
    if (seconds >= unit.size && std::fmod(seconds, unit.size) == 0) {
      return std::to_string(static_cast<long long>(seconds / unit.size)) + unit.letter;
    }
  }
  return std::to_string(static_cast<long long>(seconds)) + "s";
}

}  // namespace segue::index
