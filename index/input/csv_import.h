#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "index/input/csv_config.h"
#include "index/progress.h"

namespace segue::index {

/// What happened to the rows of a table. rows = invalid + the sum of dropped + duplicates + kept.
struct CsvImportReport {
  static constexpr std::size_t kExamples = 5;
  struct Rule {
    std::string name;
    std::size_t rows = 0;
  };

  std::size_t rows = 0;
  std::size_t kept = 0;
  std::size_t invalid = 0;            ///< malformed rows, skipped (only with skip_invalid)
  std::vector<std::string> examples;  ///< "FILE:LINE: why" of the first of them
  std::vector<Rule> dropped;          ///< by rule, in the order of the file; then the built-in ones
  std::vector<Rule> mended;           ///< fields changed, by rule
  std::size_t duplicates = 0;
  std::size_t items = 0;
  std::size_t untitled = 0;           ///< items without a title
  std::size_t retitled = 0;           ///< items whose rows gave several titles
  std::size_t unreadable_values = 0;  ///< fields of attributes that are no number or boolean, left out
  std::size_t events = 0;
  std::size_t users = 0;     ///< distinct users of the events
  std::size_t sessions = 0;  ///< distinct session names of the events

  std::string text() const;  ///< lines for a terminal, aligned
  std::string json() const;  ///< one object
};

struct CsvImportFiles {
  std::filesystem::path input;
  std::filesystem::path items;   ///< empty: no items are written
  std::filesystem::path events;  ///< empty: no events are written
};

/// Turns a table into items.jsonl (sorted by id) and events.jsonl (in the order of the table). Each row that
/// is kept gives an event, and adds to the item that it names. Two rows are dropped without a rule: those
/// without item and query, and those without user and session. progress may be null. Errors are Error
/// (kBadInput) with file and line: a table without its first row, a column that is not in it (the nearest one
/// is named), a row with another number of fields, a time that does not fit, an id that no item may have;
/// rows of these kinds are counted instead with skip_invalid. Error (kResource) for the outputs; then neither
/// appears.
CsvImportReport import_csv(const CsvImportFiles& files, const CsvImportConfig& config,
                           bool skip_invalid = false, Progress* progress = nullptr);

}  // namespace segue::index
