#include "index/input/toml_document.h"

#include <stdexcept>

// toml++ 3.3 asserts that a malformed header such as "[}" cannot occur, and a release build takes that for
// granted: here such an assertion is an exception. Therefore it is compiled into this file instead of coming
// from its shared library.
namespace segue::index {
struct TomlAssertion : std::logic_error {
  using logic_error::logic_error;
};
[[noreturn]] static void fail_assertion(const char* condition) {
  throw TomlAssertion(condition);
}
}  // namespace segue::index
#undef NDEBUG
#define TOML_HEADER_ONLY 1
#define TOML_ASSERT(condition) ((condition) ? void() : segue::index::fail_assertion(#condition))
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "index/input/toml_scan.h"
#include "index/nearest_name.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

constexpr std::size_t kLongestToml = std::size_t{1} << 20;

std::string place(std::string_view file, std::size_t line, std::size_t column) {
  return std::string(file) + ":" + std::to_string(line) + ":" + std::to_string(column);
}

TomlValue convert(const toml::node& node);

TomlValue::Table convert_table(const toml::table& table) {
  TomlValue::Table out;
  for (const auto& [key, node] : table) {
    out.push_back(
        {std::string(key.str()), key.source().begin.line, key.source().begin.column, convert(node)});
  }
  std::stable_sort(out.begin(), out.end(), [](const TomlValue::Entry& a, const TomlValue::Entry& b) {
    return std::pair(a.line, a.column) < std::pair(b.line, b.column);
  });
  return out;
}

TomlValue convert(const toml::node& node) {
  TomlValue out;
  out.line = node.source().begin.line;
  out.column = node.source().begin.column;
  if (const toml::table* table = node.as_table()) {
    out.value = convert_table(*table);
  } else if (const toml::array* array = node.as_array()) {
    TomlValue::List list;
    for (const toml::node& entry : *array) list.push_back(convert(entry));
    out.value = std::move(list);
  } else if (node.is_boolean()) {
    out.value = node.as_boolean()->get();
  } else if (node.is_integer()) {
    out.value = node.as_integer()->get();
  } else if (node.is_floating_point()) {
    out.value = node.as_floating_point()->get();
  } else if (node.is_string()) {
    out.value = node.as_string()->get();
  } else {
    std::ostringstream text;
    if (node.is_date()) text << node.as_date()->get();
    if (node.is_time()) text << node.as_time()->get();
    if (node.is_date_time()) text << node.as_date_time()->get();
    out.value = text.str();
  }
  return out;
}

/// The line at which toml++ gives up by an assertion, which has no place: the end of the shortest run of
/// first lines that it happens in.
std::size_t assertion_line(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
    ends.push_back(end + 1);
  ends.push_back(text.size());
  const auto asserts = [text](std::size_t end) {
    try {
      (void)toml::parse(text.substr(0, end));
    } catch (const toml::parse_error&) {
      return false;
    } catch (const TomlAssertion&) {
      return true;
    }
    return false;
  };
  const auto first =
      std::partition_point(ends.begin(), ends.end(), [&](std::size_t end) { return !asserts(end); });
  return static_cast<std::size_t>(first - ends.begin()) + 1;
}

std::string number_text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

std::string_view TomlValue::type_name() const {
  switch (value.index()) {
    case 0:
      return "a boolean";
    case 1:
      return "an integer";
    case 2:
      return "a number";
    case 3:
      return "a string";
    case 4:
      return "a list";
    default:
      return "a table";
  }
}

TomlValue::Table parse_toml(std::string_view text, std::string_view name) {
  constexpr std::string_view kMend = "the file must be TOML 1.0";
  if (text.size() > kLongestToml)
    throw Error(ErrorKind::kBadInput, "is longer than 1 MiB", name, "configurations are small");
  if (const std::size_t stray = find_stray_character(text); stray != std::string_view::npos) {
    const std::string_view before = text.substr(0, stray);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const std::size_t begin = before.rfind('\n');
    throw Error(ErrorKind::kBadInput, "a character beyond ASCII outside of quotes",
                place(name, line, begin == std::string_view::npos ? stray + 1 : stray - begin),
                "put keys and values in quotes");
  }
  try {
    return convert_table(toml::parse(text));
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::kBadInput, std::string(error.description()),
                place(name, error.source().begin.line, error.source().begin.column), kMend);
  } catch (const TomlAssertion&) {
    throw Error(ErrorKind::kBadInput, "a malformed table header or value",
                place(name, assertion_line(text), 1), kMend);
  }
}

TomlTable::TomlTable(const TomlValue::Table& table, std::string_view file, std::string path)
    : table_(&table), file_(file), path_(std::move(path)) {}

const TomlValue* TomlTable::find(std::string_view key) {
  asked_.emplace_back(key);
  const auto found =
      std::find_if(table_->begin(), table_->end(), [key](const auto& entry) { return entry.key == key; });
  return found == table_->end() ? nullptr : &found->value;
}

bool TomlTable::read(std::string_view key, bool& value) {
  const TomlValue* found = find(key);
  if (found == nullptr) return false;
  const bool* flag = std::get_if<bool>(&found->value);
  if (flag == nullptr) fail_type(key, "true or false", *found);
  value = *flag;
  return true;
}

bool TomlTable::read(std::string_view key, std::string& value) {
  const TomlValue* found = find(key);
  if (found == nullptr) return false;
  const auto* text = std::get_if<std::string>(&found->value);
  if (text == nullptr) fail_type(key, "a string", *found);
  value = *text;
  return true;
}

bool TomlTable::read(std::string_view key, double& value, double least, double most) {
  const TomlValue* found = find(key);
  if (found == nullptr) return false;
  double number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&found->value)) {
    number = static_cast<double>(*whole);
  } else if (const auto* real = std::get_if<double>(&found->value)) {
    number = *real;
  } else {
    fail_type(key, "a number", *found);
  }
  if (!(number >= least && number <= most)) {
    fail(key, "is " + number_text(number),
         "it must lie between " + number_text(least) + " and " + number_text(most));
  }
  value = number;
  return true;
}

bool TomlTable::read(std::string_view key, std::size_t& value, std::size_t least, std::size_t most) {
  const TomlValue* found = find(key);
  if (found == nullptr) return false;
  const auto* number = std::get_if<std::int64_t>(&found->value);
  if (number == nullptr) fail_type(key, "an integer", *found);
  if (*number < 0 || static_cast<std::size_t>(*number) < least || static_cast<std::size_t>(*number) > most) {
    fail(key, "is " + std::to_string(*number),
         "it must lie between " + std::to_string(least) + " and " + std::to_string(most));
  }
  value = static_cast<std::size_t>(*number);
  return true;
}

bool TomlTable::read(std::string_view key, std::vector<std::string>& value) {
  const TomlValue* found = find(key);
  if (found == nullptr) return false;
  const auto* list = std::get_if<TomlValue::List>(&found->value);
  if (list == nullptr) fail_type(key, "a list of strings", *found);
  std::vector<std::string> out;
  for (const TomlValue& entry : *list) {
    const auto* text = std::get_if<std::string>(&entry.value);
    if (text == nullptr) fail_type(key, "a list of strings", *found);
    out.push_back(*text);
  }
  value = std::move(out);
  return true;
}

bool TomlTable::read_choice(std::string_view key, std::string& value,
                            const std::vector<std::string>& choices) {
  std::string text;
  if (!read(key, text)) return false;
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    std::string list;
    for (const std::string& choice : choices) list += (list.empty() ? "\"" : ", \"") + choice + "\"";
    fail(key, "is \"" + text + "\"", "it must be one of " + list);
  }
  value = text;
  return true;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
  const TomlValue* found = find(key);
  std::vector<TomlTable> out;
  if (found == nullptr) return out;
  if (const auto* table = std::get_if<TomlValue::Table>(&found->value)) {
    out.emplace_back(*table, file_, name(key));
  } else if (const auto* list = std::get_if<TomlValue::List>(&found->value)) {
    for (const TomlValue& entry : *list) {
      const auto* one = std::get_if<TomlValue::Table>(&entry.value);
      if (one == nullptr) fail_type(key, "a list of tables", *found);
      out.emplace_back(*one, file_, name(key));
    }
  } else {
    fail_type(key, "a table", *found);
  }
  return out;
}

void TomlTable::finish() const {
  for (const TomlValue::Entry& entry : *table_) {
    if (std::find(asked_.begin(), asked_.end(), entry.key) != asked_.end()) continue;
    const std::vector<std::string_view> known(asked_.begin(), asked_.end());
    const std::string nearest = nearest_name(entry.key, known);
    throw Error(ErrorKind::kBadInput, "unknown key " + name(entry.key), place(entry.line, entry.column),
                nearest.empty() ? "" : "did you mean " + name(nearest) + "?");
  }
}

std::string TomlTable::name(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void TomlTable::fail(std::string_view key, std::string_view what, std::string_view mend) const {
  const auto found =
      std::find_if(table_->begin(), table_->end(), [key](const auto& entry) { return entry.key == key; });
  const bool absent = found == table_->end();
  throw Error(ErrorKind::kBadInput, name(key) + " " + std::string(what),
              absent ? file_ : place(found->value.line, found->value.column), mend);
}

void TomlTable::fail_type(std::string_view key, std::string_view expected, const TomlValue& value) const {
  fail(key, "must be " + std::string(expected) + ", not " + std::string(value.type_name()));
}

std::string TomlTable::place(std::size_t line, std::size_t column) const {
  return index::place(file_, line, column);
}

}  // namespace segue::index
