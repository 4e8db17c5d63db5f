#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "index/input/csv_reader.h"
#include "index/input/csv_rules.h"

namespace segue::index {

/// Which of the values that an item's rows give is the item's.
enum class Choice { kMostFrequent, kFirst, kLast, kMedian };

/// How a table becomes items and events: the TOML file of `segue import csv` (docs/import-csv.md). Columns
/// are named as in the table's first row; an empty name means that there is none.
struct CsvImportConfig {
  CsvOptions csv;  ///< [csv] delimiter, encoding

  /// [columns]: item or query at least; user or session at least.
  struct Columns {
    std::string item, query, title, text, kind, user, session, time, action, rating;
  } columns;

  /// [columns.attributes] NAME = "COLUMN" or {column, type, choose, separator}
  struct Attribute {
    enum class Type { kText, kNumber, kBoolean, kList };
    std::string column;
    Type type = Type::kText;
    Choice choose = Choice::kMostFrequent;
    std::string separator = ";";  ///< of kList
  };
  std::map<std::string, Attribute> attributes;
  std::map<std::string, std::string> context;  ///< [columns.context] NAME = "COLUMN", of events

  std::vector<MendRule> mend;  ///< [[mend]], in order, before all else
  std::vector<DropRule> drop;  ///< [[drop]], the first that holds counts
  std::vector<std::string>
      duplicates;  ///< [duplicates] columns; "*": all; a row that equals an earlier one in them is dropped

  /// [titles]
  struct Titles {
    Choice choose = Choice::kMostFrequent;
    bool sentence_case = false;
    std::vector<std::string> words;  ///< spelt as here in titles that sentence_case changes
  } titles;

  /// [items]
  struct Items {
    std::string kind = "item";
    bool weight_by_rows = false;  ///< weight = "rows": the number of the item's rows that were kept
  } items;

  /// [events]
  struct Events {
    std::string action = "view";        ///< where there is no column for it, or the field is empty
    std::string time_pattern;           ///< as in index/input/time.h; empty: ISO 8601, or a number of seconds
    bool session_without_user = false;  ///< session = "without user": rows with a user keep the user alone
  } events;
};

/// Errors are Error (kBadInput) with file, line and column: no TOML, unknown keys (the nearest known one is
/// named), values of another type, rules without a test or with several, regular expressions and time
/// patterns that are none.
CsvImportConfig load_csv_config(const std::filesystem::path& file);
CsvImportConfig parse_csv_config(std::string_view toml, std::string_view name);

}  // namespace segue::index
