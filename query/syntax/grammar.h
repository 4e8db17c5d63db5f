#pragma once

#include <cstddef>
#include <string_view>

// clang-format off
/// The grammar of the query language, and the characters that matter to it. The first half is Lucene 3.0's classic
/// syntax; operators and parameters are ours.
///
///     query      := modifier? clause ( ( AND | OR )? modifier? clause )*
///     modifier   := "+" | "-" | NOT
///     AND        := "AND" | "&&"
///     OR         := "OR" | "||"
///     NOT        := "NOT" | "!"
///     clause     := ( TERM ":" )? primary ( "^" NUMBER )?
///     primary    := TERM ( "~" NUMBER? )? | PREFIX | WILDCARD | QUOTED ( "~" NUMBER? )? | range
///                 | "(" query ")" | "*:*" | "$" NAME | operator
///     range      := "[" end "TO"? end "]" | "{" end "TO"? end "}"
///     end        := "*" | BARE_END | QUOTED
///     operator   := "{!" NAME ( space+ NAME "=" value )* space* "}" body*
///     body       := "(" query ")" | "[" REAL ( "," REAL )* "]" | QUOTED       no space before it
///     value      := BARE_VALUE | QUOTED | "'" ( any - "'" )* "'" | "$" NAME
///
///     TERM       := start ( start | "+" | "-" )*      start: "\" any, or a character that is not special (below)
///     PREFIX     := TERM "*"
///     WILDCARD   := a TERM with "*" and "?" among its characters that is no PREFIX; it begins with neither
///     QUOTED     := '"' ( any - '"' )* '"'
///     BARE_END   := up to space or the bracket that closes; not "TO", and it does not begin with '"'
///     BARE_VALUE := up to space or "}"
///     NUMBER     := digit+ ( "." digit+ )?
///     NAME       := ( letter | "_" ) ( letter | digit | "_" | "." | "-" )*    ASCII; after "$" without "." and "-"
///
/// In all of them "\" takes the meaning off the character after it, and \uXXXX is a UTF-16 code unit. Space may stand
/// between all tokens but before a body and after "^" and "~"; the longest token wins, so that `ANDY` and `&&a` are
/// terms. `$` not followed by a letter or "_" is a letter of a term.
///
/// AND, OR and NOT are modifiers of the clauses beside them, without precedence: AND makes the clause before it (unless
/// that is prohibited) and the one after it required, OR says nothing, NOT prohibits. `a OR b AND c` is `a +b +c`. A
/// group of one clause without modifier is that clause; a boost on the group replaces the clause's own.
///
/// Where this reads a text that Lucene 3.0 reads otherwise: an end of "*" is open; "\" escapes inside ranges; a tab or
/// the end of a line ends an end of a range, and so does the second quote of a quoted one (a quote in front is never a
/// letter); an escaped * or ? of a WILDCARD stays a plain character; `{!` begins an operator; `*:a` is an error, since
/// no field is called `*`.
// clang-format on
namespace segue::query::syntax {

/// White space of the grammar at a position: the number of its bytes, 0 for anything else. U+3000 counts, as
/// in Lucene.
constexpr std::size_t space_length(std::string_view text, std::size_t at) {
  const char c = text[at];
  if (c == ' ' || c == '\t' || c == '\n' || c == '\r') return 1;
  return text.substr(at, 3) == "\xe3\x80\x80" ? 3 : 0;
}

/// Characters that a term cannot begin with unless escaped (white space aside). Lucene's own list.
constexpr bool is_special(char c) {
  return std::string_view("+-!():^[]\"{}~*?\\").find(c) != std::string_view::npos;
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_name_start(char c) {
  return is_letter(c) || c == '_';
}
constexpr bool is_parameter_char(char c) {
  return is_name_start(c) || is_digit(c);
}
constexpr bool is_name_char(char c) {
  return is_parameter_char(c) || c == '.' || c == '-';
}

/// Whether `$name` begins at a position.
constexpr bool starts_parameter(std::string_view text, std::size_t at) {
  return at + 1 < text.size() && text[at] == '$' && is_name_start(text[at + 1]);
}

/// A whole word that is a connective where a clause may stand.
constexpr bool is_and(std::string_view word) {
  return word == "AND" || word == "&&";
}
constexpr bool is_or(std::string_view word) {
  return word == "OR" || word == "||";
}
constexpr bool is_not(std::string_view word) {
  return word == "NOT";
}

}  // namespace segue::query::syntax
