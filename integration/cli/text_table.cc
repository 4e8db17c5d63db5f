#include "integration/cli/text_table.h"

#include <algorithm>
#include <numeric>
#include <ostream>
#include <stdexcept>

namespace segue::integration {
namespace {

constexpr std::size_t kGap = 2;           // columns between two cells
constexpr std::size_t kLeastColumn = 12;  // a column of text is not cut below this

}  // namespace

void TextTable::add_row(std::vector<std::string> cells) {
  if (cells.size() != columns_.size())
    throw std::invalid_argument("a table's row needs one cell for each column");
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

void TextTable::print(std::ostream& out, const TerminalStyle& style, std::size_t indent) const {
  const std::vector<std::size_t> wide = widths(style, indent);
  const std::string margin(indent, ' ');
  std::vector<std::string> headings;
  for (const Column& column : columns_) headings.push_back(column.heading);
  if (std::any_of(headings.begin(), headings.end(), [](const std::string& text) { return !text.empty(); }))
    out << margin << paint(style, Ink::kDim, line(headings, wide, style.unicode)) << '\n';
  for (const std::vector<std::string>& row : rows_) out << margin << line(row, wide, style.unicode) << '\n';
}

std::vector<std::size_t> TextTable::widths(const TerminalStyle& style, std::size_t indent) const {
  std::vector<std::size_t> wide;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t widest = display_width(columns_[c].heading);
    for (const std::vector<std::string>& row : rows_) widest = std::max(widest, display_width(row[c]));
    wide.push_back(widest);
  }
  if (!style.live) return wide;
  std::size_t total =
      indent + kGap * (columns_.size() - 1) + std::accumulate(wide.begin(), wide.end(), std::size_t{0});
  while (total > style.width) {
    std::size_t* widest = nullptr;
    for (std::size_t c = 0; c < wide.size(); ++c) {
      if (columns_[c].align == Align::kLeft && !columns_[c].whole && wide[c] > kLeastColumn &&
          (widest == nullptr || wide[c] > *widest))
        widest = &wide[c];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  return wide;
}

std::string TextTable::line(const std::vector<std::string>& cells, const std::vector<std::size_t>& wide,
                            bool unicode) const {
  std::string text;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string cell = fit(cells[c], wide[c], unicode);
    if (c > 0) text.append(kGap, ' ');
    text += columns_[c].align == Align::kRight ? pad_left(cell, wide[c]) : pad_right(cell, wide[c]);
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace segue::integration
