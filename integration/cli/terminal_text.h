#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace segue::integration {

/// What the other end of a stream can show. The default is a file or a pipe: no escape codes at all.
struct TerminalStyle {
  bool live = false;        ///< a terminal: lines may be drawn again in place
  bool colour = false;      ///< live, and NO_COLOR is not set
  bool unicode = false;     ///< the locale is UTF-8, so bars and marks may be drawn with it
  std::size_t width = 100;  ///< columns
};

/// Looks at the file descriptor and at the environment (TERM, NO_COLOR, LC_ALL, LC_CTYPE, LANG, COLUMNS).
TerminalStyle terminal_style(int descriptor);

enum class Ink { kBold, kDim, kRed, kGreen, kYellow, kCyan };

/// The text in colour where the style has colour, else the text.
std::string paint(const TerminalStyle& style, Ink ink, std::string_view text);

/// Columns that UTF-8 text takes on a terminal: wide characters two, combining marks none.
std::size_t display_width(std::string_view text);

/// The text without what could steer a terminal: control characters become blanks and bytes that are no
/// UTF-8 become question marks. For everything that comes from data.
std::string printable(std::string_view text);

/// At most `width` columns of the text; what is cut off shows as "…" ("..." without unicode).
std::string fit(std::string_view text, std::size_t width, bool unicode);

/// The text with blanks behind (or before) it up to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);
std::string pad_left(std::string_view text, std::size_t width);

/// "1.23", "12.3", "1,234": three figures, as tables for people show numbers.
std::string short_number(double value);
/// With a fixed number of decimals, for columns: "0.0413".
std::string fixed_number(double value, int decimals);
/// With a comma at every third digit: "200,000".
std::string grouped(std::size_t value);
/// "1 hit", "1,615 hits": a count and what is counted; `one` and `many` are the noun's two forms.
std::string counted(std::size_t count, std::string_view one, std::string_view many);
/// A count that may have a fraction: "7", "1,615", "2.5".
std::string count_text(double value);
/// "0.31 s", "12.3 s", "3 min 20 s", "1 h 02 min".
std::string duration(double seconds);
/// "512 KiB", "1.9 GiB".
std::string byte_size(double bytes);

}  // namespace segue::integration
