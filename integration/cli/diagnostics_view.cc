#include "integration/cli/diagnostics_view.h"

#include <algorithm>
#include <ostream>
#include <string>

namespace segue::integration {
namespace {

/// The line of the text in which a range begins, and the range within it.
struct Excerpt {
  std::string_view before;  // from the line's beginning
  std::string_view marked;
  std::string_view after;
};

Excerpt excerpt(std::string_view text, query::syntax::TextRange range) {
  const std::size_t begin = std::min(range.begin, text.size());
  const std::size_t line_begin = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;  // npos + 1 is 0
  const std::size_t line_end = std::min(text.find('\n', begin), text.size());
  const std::size_t end = std::clamp(range.end, begin, line_end);
  return {text.substr(line_begin, begin - line_begin), text.substr(begin, end - begin),
          text.substr(end, line_end - end)};
}

/// The end of a text that takes at most `columns`, and the same for its beginning; what is cut shows as
/// "...".
std::string last_columns(const std::string& text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  std::string_view kept = text;
  while (display_width(kept) + 3 > columns && !kept.empty()) {
    do {
      kept.remove_prefix(1);
    } while (!kept.empty() && (static_cast<unsigned char>(kept.front()) & 0xc0) == 0x80);
  }
  return "..." + std::string(kept);
}

void print_excerpt(std::ostream& out, const TerminalStyle& style, const Excerpt& parts, Ink ink) {
  const std::size_t room = std::max<std::size_t>(style.width, 40) - 4;
  const std::string before = last_columns(printable(parts.before), room / 2);
  const std::size_t column = display_width(before);
  const std::string marked = fit(printable(parts.marked), room - column, style.unicode);
  const std::size_t carets = std::max<std::size_t>(display_width(marked), 1);
  const std::size_t left = room - std::min(room, column + display_width(marked));
  out << "  " << before << marked << fit(printable(parts.after), left, style.unicode) << '\n';
  out << "  " << std::string(column, ' ') << paint(style, ink, '^' + std::string(carets - 1, '~')) << '\n';
}

}  // namespace

void print_diagnostics(std::ostream& out, const TerminalStyle& style, std::string_view query,
                       std::span<const query::syntax::Diagnostic> diagnostics) {
  for (const query::syntax::Diagnostic& diagnostic : diagnostics) {
    const bool error = diagnostic.severity == query::syntax::Diagnostic::Severity::kError;
    const Ink ink = error ? Ink::kRed : Ink::kYellow;
    const std::string source = diagnostic.source.empty() ? "" : " (" + printable(diagnostic.source) + ")";
    out << paint(style, ink, (error ? "error" : "warning") + source + ':') << ' '
        << printable(diagnostic.message) << '\n';
    if (!query.empty() && source.empty()) print_excerpt(out, style, excerpt(query, diagnostic.range), ink);
    if (!diagnostic.suggestion.empty()) out << "  " << printable(diagnostic.suggestion) << '\n';
  }
}

}  // namespace segue::integration
