#pragma once

#include <cstddef>
#include <string_view>

namespace segue::index {

/// The first byte of a TOML text that is not ASCII although it stands outside of strings and comments, or
/// behind a backslash (and blanks) inside a string; npos where there is none. Such a text is no TOML, and
/// toml++ 3.3 has undefined behaviour on it (it takes for granted that no letter beyond ASCII comes where
/// white space may).
std::size_t find_stray_character(std::string_view text);

}  // namespace segue::index
