#include "integration/cli/answer_view.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include "integration/cli/explanation_view.h"
#include "integration/cli/text_table.h"
#include "integration/cli/value_text.h"

namespace segue::integration {
namespace {

/// One number of decimals for a whole column, so that points stand below each other.
std::vector<std::string> score_column(const plugin::Answer& answer) {
  double largest = 0;
  for (const plugin::AnswerHit& hit : answer.hits) largest = std::max(largest, std::abs(hit.hit.score));
  const int decimals = largest >= 100 ? 1 : largest >= 10 ? 2 : largest >= 1 ? 3 : 4;
  std::vector<std::string> scores;
  for (const plugin::AnswerHit& hit : answer.hits) scores.push_back(fixed_number(hit.hit.score, decimals));
  return scores;
}

/// `noun` in the singular, its plural ends in s.
void print_closing_line(Console& console, const plugin::Answer& answer, const std::string& noun) {
  std::string line = grouped(answer.hits.size()) + " of " + (answer.total_exact ? "" : "more than ") +
                     counted(std::max(answer.total, answer.hits.size()), noun, noun + 's');
  if (answer.partial) line += ", cut short";
  if (answer.skipped > 0) {
    line += ", " + counted(answer.skipped, "unknown item", "unknown items") + " of the session left out";
  }
  line += "; snapshot " + answer.snapshot;
  console.out << paint(console.out_style, Ink::kDim, line) << '\n';
}

void print_facets(Console& console, const plugin::Answer& answer) {
  for (const auto& [attribute, counts] : answer.facets) {
    console.out << '\n' << paint(console.out_style, Ink::kBold, printable(attribute)) << '\n';
    TextTable table({{"", TextTable::Align::kRight}, {""}});
    for (const query::FacetCount& count : counts) table.add_row({grouped(count.count), count.value});
    table.print(console.out, console.out_style, 2);
  }
}

/// The fields that the request asked for, below their hit.
void print_fields(Console& console, const plugin::AnswerHit& hit) {
  TextTable table({{"", TextTable::Align::kLeft, true}, {""}});
  for (const auto& [name, value] : hit.fields) table.add_row({name, value_text(value)});
  table.print(console.out, console.out_style, 5);
}

/// A paragraph for each hit instead of a line.
void print_hits_at_length(Console& console, const plugin::Answer& answer) {
  const std::vector<std::string> scores = score_column(answer);
  for (std::size_t i = 0; i < answer.hits.size(); ++i) {
    const plugin::AnswerHit& hit = answer.hits[i];
    console.out << pad_left(std::to_string(hit.hit.rank), 3) << "  " << scores[i] << "  " << printable(hit.id)
                << "  " << paint(console.out_style, Ink::kBold, printable(hit.text)) << '\n';
    if (hit.hit.explanation) {
      print_explanation(console.out, console.out_style, answer, hit);
    } else {
      console.out << "     " << legs_in_short(hit.hit) << '\n';
    }
    print_fields(console, hit);
    console.out << '\n';
  }
}

}  // namespace

std::string legs_in_short(const query::SearchHit& hit) {
  std::string text;
  for (const query::HitLeg& leg : hit.legs) {
    if (leg.score == 0 && !leg.rank) continue;  // it was asked and had nothing to say
    if (!text.empty()) text += " + ";
    text += leg.name;
    if (leg.rank) text += " #" + std::to_string(*leg.rank);
    text += " (" + short_number(leg.score) + ")";
  }
  return text;
}

void print_hits(Console& console, const plugin::Answer& answer) {
  const bool at_length = std::any_of(
      answer.hits.begin(), answer.hits.end(),
      [](const plugin::AnswerHit& hit) { return hit.hit.explanation.has_value() || !hit.fields.empty(); });
  if (at_length) {
    print_hits_at_length(console, answer);
  } else if (!answer.hits.empty()) {
    const std::vector<std::string> scores = score_column(answer);
    TextTable table({{"#", TextTable::Align::kRight},
                     {"score", TextTable::Align::kRight},
                     {"id", TextTable::Align::kLeft, true},
                     {"title"},
                     {"legs #rank (share)"}});
    for (std::size_t i = 0; i < answer.hits.size(); ++i) {
      const plugin::AnswerHit& hit = answer.hits[i];
      table.add_row({std::to_string(hit.hit.rank), scores[i], hit.id, hit.text, legs_in_short(hit.hit)});
    }
    table.print(console.out, console.out_style);
  }
  print_facets(console, answer);
  print_closing_line(console, answer, "hit");
}

void print_suggestions(Console& console, const plugin::Answer& answer) {
  if (!answer.hits.empty()) {
    const std::vector<std::string> scores = score_column(answer);
    TextTable table({{"#", TextTable::Align::kRight},
                     {"score", TextTable::Align::kRight},
                     {"suggestion"},
                     {"kind"},
                     {"id", TextTable::Align::kLeft, true},
                     {"legs (share)"}});
    for (std::size_t i = 0; i < answer.hits.size(); ++i) {
      const plugin::AnswerHit& hit = answer.hits[i];
      table.add_row(
          {std::to_string(hit.hit.rank), scores[i], hit.text, hit.kind, hit.id, legs_in_short(hit.hit)});
    }
    table.print(console.out, console.out_style);
  }
  print_closing_line(console, answer, "suggestion");
}

}  // namespace segue::integration
