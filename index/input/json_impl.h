#pragma once

#include <simdjson.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "index/input/text_file.h"

/// JSON as the readers of this folder see it: simdjson's document of one line, and the checks that all keys
/// share. Only .cc files of index/input include this header.
namespace segue::index::json {

static_assert(simdjson::SIMDJSON_PADDING <= LineReader::kPadding);

/// A value that breaks a rule; the reader adds file and line.
class Malformed : public std::runtime_error {
 public:
  explicit Malformed(const std::string& what, std::string mend = {})
      : std::runtime_error(what), mend_(std::move(mend)) {}
  const std::string& mend() const noexcept { return mend_; }

 private:
  std::string mend_;
};

/// Parses one value after the other into the same memory. One per thread.
class Parser {
 public:
  /// text must be followed by LineReader::kPadding readable bytes; the result is good until the next call.
  /// Throws Malformed: no JSON, invalid UTF-8, numbers beyond a double, more than 64 levels.
  simdjson::dom::element parse(std::string_view padded_text);
  /// The same for a line that must hold an object.
  simdjson::dom::object parse_object(std::string_view padded_text);

 private:
  simdjson::dom::parser parser_;
};

/// "a string", "a list", ...
std::string_view type_name(simdjson::dom::element value);

/// A string without a NUL character.
std::string_view text(std::string_view key, simdjson::dom::element value);
/// The same, not empty.
std::string_view name(std::string_view key, simdjson::dom::element value);
double number(std::string_view key, simdjson::dom::element value);
bool boolean(std::string_view key, simdjson::dom::element value);

/// Notes keys of one object that were seen, each by a number below 32.
class SeenKeys {
 public:
  /// Throws Malformed when the key comes a second time.
  void add(unsigned number, std::string_view key);

 private:
  std::uint32_t bits_ = 0;
};

}  // namespace segue::index::json
