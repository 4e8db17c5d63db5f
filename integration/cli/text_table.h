#pragma once

#include <initializer_list>
#include <iosfwd>
#include <string>
#include <vector>

#include "integration/cli/terminal_text.h"

namespace segue::integration {

/// Aligned columns for people. Cells are shown as they are but for what could steer a terminal; on a terminal
/// the widest column of text gives way until the table fits. Numbers are never cut.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string heading;
    Align align = Align::kLeft;
    bool whole = false;  ///< never cut: ids that people copy
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell for each column; throws std::invalid_argument otherwise.
  void add_row(std::vector<std::string> cells);
  bool empty() const noexcept { return rows_.empty(); }

  /// Headings (unless all are empty), then the rows, each line after `indent` blanks.
  void print(std::ostream& out, const TerminalStyle& style, std::size_t indent = 0) const;

 private:
  std::vector<std::size_t> widths(const TerminalStyle& style, std::size_t indent) const;
  std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                   bool unicode) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace segue::integration
