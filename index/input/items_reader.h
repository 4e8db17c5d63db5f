#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "index/input/input_report.h"
#include "index/item.h"
#include "index/progress.h"

namespace segue::index {

struct ItemsOptions {
  bool skip_invalid = false;  ///< count and report malformed lines instead of throwing
  bool last_wins =
      false;  ///< a later line with the same id replaces the earlier one instead of being malformed
};

struct ItemsReport : LineReport {
  std::size_t items = 0;
  std::size_t replaced = 0;  ///< lines that replaced an earlier one of the same id
  std::size_t with_vector = 0;
  std::size_t dimension = 0;                 ///< of the vectors; 0: there are none
  std::map<std::string, std::size_t> kinds;  ///< kind -> items
};

struct ItemsInput {
  std::vector<Item> items;  ///< in the order of the first line of each id
  ItemsReport report;
};

/// Reads items.jsonl (docs/file-formats.md). A malformed line is Error (kBadInput), "FILE:LINE: what; how to
/// mend". The rules:
/// - blank lines are skipped; a line is one object; no key of ours comes twice; null counts as an absent key;
/// - `id`: a string of 1 to 256 bytes that does not begin with `query:` or `scope:`, unique;
/// - `kind` (not empty), `title`, `text`: strings without NUL;
/// - `attributes`: an object of strings, finite numbers, booleans and lists of strings; a name is not empty
/// and none of
///   id, kind, title, text, _all, _uid, which are fields of their own;
/// - `vector`: finite numbers, as many as in the first vector of the file, at least one;
/// - `weight`: a finite number, not negative;
/// - any other key becomes an attribute when its value is of an attribute's type and no attribute has its
/// name; else it is
///   ignored and counted.
/// progress may be null; it gets update() in bytes of the file and is asked check().
ItemsInput read_items(const std::filesystem::path& file, const ItemsOptions& options = {},
                      Progress* progress = nullptr);

}  // namespace segue::index
