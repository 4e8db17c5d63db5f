#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace segue::index {

/// A value of a TOML file with its place; dates and times are kept as their text.
struct TomlValue {
  using List = std::vector<TomlValue>;
  /// A key of a table; the order is that of the file.
  struct Entry;
  using Table = std::vector<Entry>;

  std::variant<bool, std::int64_t, double, std::string, List, Table> value;
  std::size_t line = 0;    ///< from 1
  std::size_t column = 0;  ///< from 1

  std::string_view type_name() const;  ///< "a string", "a table", ...
};

struct TomlValue::Entry {
  std::string key;
  std::size_t line = 0;  ///< of the key
  std::size_t column = 0;
  TomlValue value;
};

/// Parses TOML 1.0 of at most 1 MiB, any bytes. Throws Error (kBadInput), "NAME:LINE:COLUMN: what".
TomlValue::Table parse_toml(std::string_view text, std::string_view name);

/// A table that is being read: typed access by key, and finish(), which refuses keys that nobody asked for.
/// Errors are Error (kBadInput) with file, line and column. Views the table; thread-compatible.
class TomlTable {
 public:
  /// path: what stands before the keys in messages, for example "mf"; empty for the file itself.
  TomlTable(const TomlValue::Table& table, std::string_view file, std::string path = {});

  /// Null where the key is absent.
  const TomlValue* find(std::string_view key);
  /// Each leaves `value` as it is where the key is absent; numbers within [least, most].
  bool read(std::string_view key, bool& value);
  bool read(std::string_view key, std::string& value);
  bool read(std::string_view key, double& value, double least, double most);
  bool read(std::string_view key, std::size_t& value, std::size_t least, std::size_t most);
  bool read(std::string_view key, std::vector<std::string>& value);
  /// The same for a string out of a list of choices.
  bool read_choice(std::string_view key, std::string& value, const std::vector<std::string>& choices);
  /// A sub-table, and the tables of an array of tables; empty where absent.
  std::vector<TomlTable> tables(std::string_view key);

  /// Every key must have been asked for: the error names the nearest of those that were.
  void finish() const;

  /// "mf.factors".
  std::string name(std::string_view key) const;
  [[noreturn]] void fail(std::string_view key, std::string_view what, std::string_view mend = {}) const;
  std::string place_of(const TomlValue& value) const {
    return place(value.line, value.column);
  }  ///< "FILE:LINE:COLUMN"
  const TomlValue::Table& entries() const noexcept { return *table_; }

 private:
  [[noreturn]] void fail_type(std::string_view key, std::string_view expected, const TomlValue& value) const;
  std::string place(std::size_t line, std::size_t column) const;

  const TomlValue::Table* table_;
  std::string file_;
  std::string path_;
  std::vector<std::string> asked_;
};

}  // namespace segue::index
