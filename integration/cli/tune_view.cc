#include "integration/cli/tune_view.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "integration/cli/text_table.h"

namespace segue::integration {
namespace {

constexpr std::size_t kShownTrials = 10;

/// Each point once, on the most data that it was measured with: those of the highest rung that was reached,
/// best first, then those below.
std::vector<index::Trial> ranked(std::vector<index::Trial> trials) {
  std::stable_sort(trials.begin(), trials.end(), [](const index::Trial& a, const index::Trial& b) {
    return a.rung != b.rung ? a.rung > b.rung : a.ndcg > b.ndcg;
  });
  std::set<std::size_t> seen;
  std::erase_if(trials, [&](const index::Trial& trial) { return !seen.insert(trial.number).second; });
  return trials;
}

std::vector<std::string> row_of(const index::Trial& trial, const std::set<std::string>& keys) {
  std::vector<std::string> row = {trial.number == 0 ? "as configured" : std::to_string(trial.number),
                                  fixed_number(100 * trial.share, 0) + " %", fixed_number(trial.ndcg, 4),
                                  fixed_number(trial.hit_rate, 4), fixed_number(trial.seconds, 1) + " s"};
  for (const std::string& key : keys) {
    const auto found = trial.values.find(key);
    row.push_back(found == trial.values.end() ? "" : found->second);
  }
  return row;
}

void print_trials(Console& console, const index::TuneReport& report, const TuneFiles& files) {
  constexpr auto kRight = TextTable::Align::kRight;
  std::set<std::string> keys;
  for (const index::Trial& trial : report.trials) {
    for (const auto& [key, value] : trial.values) keys.insert(key);
  }
  std::vector<TextTable::Column> columns = {
      {"trial", kRight}, {"data", kRight}, {"NDCG@10", kRight}, {"HR@10", kRight}, {"time", kRight}};
  for (const std::string& key : keys) columns.push_back({key, kRight});
  TextTable table(std::move(columns));
  std::vector<index::Trial> best = ranked(report.trials);
  best.resize(std::min(best.size(), kShownTrials));
  for (const index::Trial& trial : best) table.add_row(row_of(trial, keys));
  table.print(console.out, console.out_style, 2);
  if (best.size() < report.trials.size()) {
    console.out << "  the best " << best.size() << " of " << grouped(report.trials.size())
                << " trials; all are in " << printable(files.trials.string()) << '\n';
  }
}

nlohmann::ordered_json to_json(const index::Trial& trial) {
  return {{"trial", trial.number},   {"share", trial.share},     {"ndcg@10", trial.ndcg},
          {"hr@10", trial.hit_rate}, {"seconds", trial.seconds}, {"values", trial.values}};
}

}  // namespace

void print_tune_report(Console& console, const index::TuneReport& report, const TuneFiles& files) {
  print_trials(console, report, files);
  console.out << "\nBest: ";
  if (report.best.number == 0) {
    console.out << "the configuration as it was; no point of the ranges was better.\n";
  } else {
    console.out << "trial " << report.best.number << ", NDCG@10 " << fixed_number(report.best.ndcg, 4)
                << " against " << fixed_number(report.base.ndcg, 4) << " as configured, on " << report.events
                << " held-back sequences.\n";
  }
  const std::string config = printable(files.config.string());
  console.out << "Written to " << config << "; use it with `segue reindex --config " << config << "`.\n";
}

nlohmann::ordered_json to_json(const index::TuneReport& report, const TuneFiles& files) {
  nlohmann::ordered_json object = {{"best", to_json(report.best)},
                                   {"base", to_json(report.base)},
                                   {"events", report.events},
                                   {"output", files.config.string()}};
  for (const index::Trial& trial : report.trials) object["trials"].push_back(to_json(trial));
  return object;
}

}  // namespace segue::integration
