#include "integration/cli/reindex_view.h"

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "index/model/blend_weights.h"
#include "integration/cli/text_table.h"

namespace segue::integration {
namespace {

constexpr auto kRight = TextTable::Align::kRight;

void heading(Console& console, const std::string& text) {
  console.out << '\n' << paint(console.out_style, Ink::kBold, text) << '\n';
}

void print_counts(Console& console, const index::ReindexReport& report) {
  heading(console, "Input");
  TextTable table({{""}, {"", kRight}});
  for (const auto& [name, count] : report.counts) {
    if (count > 0) table.add_row({name, grouped(count)});
  }
  table.print(console.out, console.out_style, 2);
}

/// Metrics of the table, the usual ones first.
std::vector<std::string> metrics_of(const std::vector<index::EvaluationRow>& rows) {
  std::vector<std::string> names;
  for (const char* usual : {"hr@10", "ndcg@10", "mrr@20"}) {
    if (rows.front().metrics.contains(usual)) names.emplace_back(usual);
  }
  for (const auto& [name, value] : rows.front().metrics) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void print_evaluation(Console& console, const std::vector<index::EvaluationRow>& rows) {
  if (rows.empty()) return;
  heading(console, "Evaluation: " + counted(rows.front().events, "held-back event", "held-back events") +
                       ", ranked among all items");
  const std::vector<std::string> metrics = metrics_of(rows);
  std::vector<TextTable::Column> columns{{"model"}};
  for (const std::string& metric : metrics) columns.push_back({metric, kRight});
  TextTable table(columns);
  for (const index::EvaluationRow& row : rows) {
    std::vector<std::string> cells{row.model};
    for (const std::string& metric : metrics) {
      const auto value = row.metrics.find(metric);
      cells.push_back(value == row.metrics.end() ? "-" : fixed_number(value->second, 4));
    }
    table.add_row(std::move(cells));
  }
  table.print(console.out, console.out_style, 2);
}

void print_decisions(Console& console, const index::ReindexReport& report) {
  console.out << '\n';
  if (!report.blend.empty()) {
    std::string parts;
    std::string for_new_items;
    for (const auto& [model, weight] : report.blend) {
      if (weight > index::BlendWeights::kNewItemsOnly) {
        parts += (parts.empty() ? "" : " + ") + short_number(weight) + ' ' + model;
      } else {
        for_new_items += (for_new_items.empty() ? "" : ", ") + model;
      }
    }
    console.out << "  blend  " << parts;
    if (!for_new_items.empty()) console.out << "; new items only: " << for_new_items;
    console.out << "\n  seen   " << report.seen << '\n';
  }
  const bool passed = report.gate == "passed";
  console.out << "  gate   "
              << paint(console.out_style, passed ? Ink::kGreen : Ink::kYellow, printable(report.gate))
              << '\n';
}

void print_phases(Console& console, const index::ReindexReport& report) {
  heading(console, "Phases");
  TextTable table({{""}, {"", kRight}, {"", kRight}});
  double seconds = 0;
  double peak = 0;
  for (const index::Manifest::Phase& phase : report.phases) {
    seconds += phase.seconds;
    peak = std::max(peak, static_cast<double>(phase.peak_memory_bytes));
    table.add_row(
        {phase.name, duration(phase.seconds), byte_size(static_cast<double>(phase.peak_memory_bytes))});
  }
  table.add_row({"together", duration(seconds), byte_size(peak)});
  table.print(console.out, console.out_style, 2);
}

}  // namespace

void print_reindex_report(Console& console, const index::ReindexReport& report) {
  for (const std::string& warning : report.warnings) warn(console, warning);
  print_counts(console, report);
  if (report.snapshot.empty()) {
    heading(console, "Dry run: the input is valid, nothing was written");
    console.out << "  a run would take about " << duration(report.estimated_seconds) << " and "
                << byte_size(report.estimated_mib * 1024 * 1024) << " of memory\n";
    return;
  }
  print_evaluation(console, report.evaluation);
  print_decisions(console, report);
  print_phases(console, report);
  console.out << '\n'
              << "Snapshot " << paint(console.out_style, Ink::kBold, report.snapshot) << " serves now.\n";
}

void print_next_steps(Console& console, const std::filesystem::path& store) {
  const std::string option = "--store " + store.string();
  console.out << '\n'
              << "Next:\n"
              << "  segue search " << option << " 'WORDS'\n"
              << "  segue suggest " << option << " PREFIX\n"
              << "  segue snapshots " << option << " list\n";
}

nlohmann::ordered_json to_json(const index::ReindexReport& report) {
  using nlohmann::ordered_json;
  ordered_json phases = ordered_json::array();
  for (const index::Manifest::Phase& phase : report.phases) {
    phases.push_back(
        {{"name", phase.name}, {"seconds", phase.seconds}, {"peak_memory_bytes", phase.peak_memory_bytes}});
  }
  ordered_json evaluation = ordered_json::array();
  for (const index::EvaluationRow& row : report.evaluation) {
    ordered_json entry = {{"model", row.model}, {"events", row.events}};
    for (const auto& [name, value] : row.metrics) entry[name] = value;
    evaluation.push_back(entry);
  }
  ordered_json object = {
      {"snapshot", report.snapshot.empty() ? ordered_json() : ordered_json(report.snapshot)},
      {"counts", report.counts},
      {"warnings", report.warnings},
      {"evaluation", evaluation},
      {"gate", report.gate},
      {"blend", report.blend},
      {"seen", report.seen},
      {"phases", phases}};
  if (report.snapshot.empty()) {
    object["estimated_seconds"] = report.estimated_seconds;
    object["estimated_memory_bytes"] = report.estimated_mib * 1024 * 1024;
  }
  return object;
}

}  // namespace segue::integration
