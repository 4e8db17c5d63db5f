#pragma once

#include <string>
#include <string_view>

namespace segue::index {

/// Appends text as a JSON string with its quotes: only what must be escaped is. The text must be UTF-8.
void append_json(std::string& out, std::string_view text);

/// Appends the shortest decimal that reads back as the same number, without an exponent below 1e15. The
/// number must be finite.
void append_json(std::string& out, double number);
void append_json(std::string& out, float number);

}  // namespace segue::index
