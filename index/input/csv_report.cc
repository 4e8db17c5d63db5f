#include <algorithm>

#include "index/input/csv_import.h"
#include "index/input/json_text.h"

namespace segue::index {
namespace {

/// 541909 as "541,909".
std::string grouped(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(text.size()) - 3; i > 0; i -= 3)
    text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

struct Line {
  std::string name;
  std::size_t count;
};

std::string aligned(const std::vector<Line>& lines) {
  std::size_t widest = 0;
  for (const Line& line : lines) widest = std::max(widest, grouped(line.count).size());
  std::string out;
  for (const Line& line : lines) {
    const std::string count = grouped(line.count);
    out.append(widest - count.size() + 2, ' ').append(count).append("  ").append(line.name).append("\n");
  }
  return out;
}

void append_rules(std::string& out, const std::vector<CsvImportReport::Rule>& rules) {
  out += "{";
  bool first = true;
  for (const auto& rule : rules) {
    out += first ? "" : ", ";
    first = false;
    append_json(out, rule.name);
    out += ": " + std::to_string(rule.rows);
  }
  out += "}";
}

/// Rules of one name count together.
std::vector<CsvImportReport::Rule> by_name(const std::vector<CsvImportReport::Rule>& rules) {
  std::vector<CsvImportReport::Rule> out;
  for (const auto& rule : rules) {
    const auto found =
        std::find_if(out.begin(), out.end(), [&rule](const auto& other) { return other.name == rule.name; });
    if (found == out.end()) {
      out.push_back(rule);
    } else {
      found->rows += rule.rows;
    }
  }
  return out;
}

}  // namespace

std::string CsvImportReport::text() const {
  std::vector<Line> lines = {{"rows read", rows}};
  if (invalid > 0) lines.push_back({"skipped: malformed", invalid});
  for (const Rule& rule : by_name(dropped)) {
    if (rule.rows > 0) lines.push_back({"dropped: " + rule.name, rule.rows});
  }
  if (duplicates > 0) lines.push_back({"dropped: duplicates", duplicates});
  lines.push_back({"rows kept", kept});
  for (const Rule& rule : by_name(mended)) {
    if (rule.rows > 0) lines.push_back({"mended: " + rule.name, rule.rows});
  }
  lines.push_back({"events", events});
  lines.push_back({"users", users});
  lines.push_back({"sessions with a name", sessions});
  lines.push_back({"items", items});
  if (retitled > 0) lines.push_back({"items whose rows give several titles", retitled});
  if (untitled > 0) lines.push_back({"items without a title", untitled});
  if (unreadable_values > 0)
    lines.push_back({"attributes left out, since they cannot be read", unreadable_values});
  std::string out = aligned(lines);
  for (const std::string& example : examples) out += "  " + example + "\n";
  return out;
}

std::string CsvImportReport::json() const {
  std::string out = "{\"rows\": " + std::to_string(rows) + ", \"kept\": " + std::to_string(kept) +
                    ", \"invalid\": " + std::to_string(invalid) + ", \"dropped\": ";
  append_rules(out, by_name(dropped));
  out += ", \"duplicates\": " + std::to_string(duplicates) + ", \"mended\": ";
  append_rules(out, by_name(mended));
  out += ", \"events\": " + std::to_string(events) + ", \"users\": " + std::to_string(users) +
         ", \"sessions\": " + std::to_string(sessions) + ", \"items\": " + std::to_string(items) +
         ", \"retitled\": " + std::to_string(retitled) + ", \"untitled\": " + std::to_string(untitled) +
         ", \"unreadable_values\": " + std::to_string(unreadable_values) + ", \"examples\": [";
  for (std::size_t i = 0; i < examples.size(); ++i) {
    out += i == 0 ? "" : ", ";
    append_json(out, examples[i]);
  }
  return out + "]}";
}

}  // namespace segue::index
