#include <cmath>

#include "index/input/json_impl.h"

namespace segue::index::json {
namespace {

constexpr std::size_t kDepth = 64;

std::string quoted(std::string_view key) {
  return "\"" + std::string(key) + "\"";
}

std::string reason(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "invalid UTF-8";
    case simdjson::DEPTH_ERROR:
      return "nested too deeply";
    case simdjson::NUMBER_ERROR:
      return "a number that is malformed or too large";
    case simdjson::STRING_ERROR:
      return "a malformed string";
    case simdjson::UNCLOSED_STRING:
      return "a string without its closing quote";
    case simdjson::UNESCAPED_CHARS:
      return "a control character inside a string";
    default:
      return "not valid JSON";
  }
}

}  // namespace

simdjson::dom::element Parser::parse(std::string_view padded_text) {
  // Room for the structure and the depth; false: the caller has padded the text.
  if (padded_text.size() > parser_.capacity() || parser_.max_depth() != kDepth) {
    const std::size_t capacity = std::max<std::size_t>(padded_text.size(), 4096);
    if (parser_.allocate(capacity, kDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  }
  simdjson::dom::element value;
  const auto code = parser_.parse(padded_text.data(), padded_text.size(), false).get(value);
  if (code == simdjson::MEMALLOC) throw std::bad_alloc();
  if (code != simdjson::SUCCESS) throw Malformed(reason(code), "each line is one JSON object in UTF-8");
  return value;
}

simdjson::dom::object Parser::parse_object(std::string_view padded_text) {
  const simdjson::dom::element value = parse(padded_text);
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    throw Malformed("the line is " + std::string(type_name(value)), "each line is one JSON object");
  }
  return object;
}

std::string_view type_name(simdjson::dom::element value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::ARRAY:
      return "a list";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string_view text(std::string_view key, simdjson::dom::element value) {
  std::string_view out;
  if (value.get(out) != simdjson::SUCCESS) {
    const bool scalar = value.is_number() || value.is_bool();
    throw Malformed(quoted(key) + " must be a string, not " + std::string(type_name(value)),
                    scalar ? "put it in quotes" : "");
  }
  if (out.find('\0') != std::string_view::npos)
    throw Malformed(quoted(key) + " holds a NUL character", "remove it");
  return out;
}

std::string_view name(std::string_view key, simdjson::dom::element value) {
  const std::string_view out = text(key, value);
  if (out.empty()) throw Malformed(quoted(key) + " is empty", "give it a value or leave the key out");
  return out;
}

double number(std::string_view key, simdjson::dom::element value) {
  double out = 0;
  if (!value.is_number() || value.get(out) != simdjson::SUCCESS) {
    throw Malformed(quoted(key) + " must be a number, not " + std::string(type_name(value)));
  }
  if (!std::isfinite(out)) throw Malformed(quoted(key) + " is not finite");
  return out;
}

bool boolean(std::string_view key, simdjson::dom::element value) {
  bool out = false;
  if (value.get(out) != simdjson::SUCCESS) {
    throw Malformed(quoted(key) + " must be true or false, not " + std::string(type_name(value)));
  }
  return out;
}

void SeenKeys::add(unsigned number, std::string_view key) {
  if ((bits_ >> number & 1u) != 0)
    throw Malformed("the key " + quoted(key) + " comes twice", "keep one of them");
  bits_ |= 1u << number;
}

}  // namespace segue::index::json
