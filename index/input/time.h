#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace segue::index {

/// Seconds since 1970-01-01T00:00:00Z of an ISO 8601 date or date and time; nothing for anything else.
/// Thread-safe, as all of this header.
///   2010-12-01   2010-12-01T08:26   2010-12-01 08:26:00.25   20101201T082600Z   2010-12-01T08:26:00+01:00
///   ...-0530
/// UTC where no zone is given; a date alone is its first second; the years 0000 to 9999 of the Gregorian
/// calendar; a leap second (:60) is the second after.
std::optional<double> parse_time(std::string_view text);

/// The same by a pattern of the letters of strptime: %Y %y (69 is 1969, 68 is 2068) %m %d %H %I %p %M %S
/// (with fraction) %b (Jan or January, English) %z (Z, +01:00, +0100) %s (seconds since 1970) %%; a blank of
/// the pattern is any white space, also none, and every other character itself. Numbers may lack leading
/// zeros. The whole text must match.
std::optional<double> parse_time(std::string_view text, std::string_view pattern);

/// Throws Error (kBadInput) that names `where`, when parse_time can't use the pattern.
void check_time_pattern(std::string_view pattern, std::string_view where);

/// "2010-12-01T08:26:00Z", with up to six digits of a fraction where there is one.
std::string format_time(double seconds);

/// The seconds of a duration: "90", "90s", "30m", "12h", "7d", "1h30m"; nothing for anything else.
std::optional<double> parse_duration(std::string_view text);

/// The reverse of parse_duration in the largest unit that divides it: "30m".
std::string format_duration(double seconds);

/// Times that a log may hold: years 0000 to 9999. What lies outside is mostly milliseconds given for seconds.
inline constexpr double kEarliestTime = -62167219200.0;
inline constexpr double kLatestTime = 253402300800.0;

}  // namespace segue::index
