#include "integration/cli/evaluate_view.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <vector>

#include "integration/cli/text_table.h"

namespace segue::integration {
namespace {

using nlohmann::ordered_json;
constexpr auto kRight = TextTable::Align::kRight;
constexpr int kDecimals = 4;

std::string interval_text(const std::optional<index::Interval>& interval) {
  if (!interval) return "";
  return fixed_number(interval->low, kDecimals) + " to " + fixed_number(interval->high, kDecimals);
}

void print_metrics(Console& console, const EvaluateRequest& request, const EvaluateReport& report) {
  std::vector<TextTable::Column> columns{{"metric"}};
  for (const ModelFigures& model : report.models) {
    columns.push_back({model.model, kRight});
    if (request.resamples > 0) columns.push_back({"95 % interval", kRight});
  }
  TextTable table(columns);
  for (std::size_t m = 0; m < request.metrics.size(); ++m) {
    std::vector<std::string> cells{request.metrics[m].name()};
    for (const ModelFigures& model : report.models) {
      cells.push_back(fixed_number(model.values[m], kDecimals));
      if (request.resamples > 0) cells.push_back(interval_text(model.intervals[m]));
    }
    table.add_row(std::move(cells));
  }
  table.print(console.out, console.out_style);
}

void print_differences(Console& console, const EvaluateRequest& request, const EvaluateReport& report) {
  const ModelFigures& first = report.models.front();
  for (std::size_t i = 1; i < report.models.size(); ++i) {
    const ModelFigures& other = report.models[i];
    console.out << '\n' << paint(console.out_style, Ink::kBold, other.model + " less " + first.model) << '\n';
    std::vector<TextTable::Column> columns{{"metric"}, {"difference", kRight}};
    if (request.resamples > 0) columns.push_back({"95 % interval", kRight});
    TextTable table(columns);
    for (std::size_t m = 0; m < request.metrics.size(); ++m) {
      std::vector<std::string> cells{request.metrics[m].name(),
                                     fixed_number(other.values[m] - first.values[m], kDecimals)};
      if (request.resamples > 0) cells.push_back(interval_text(other.differences[m]));
      table.add_row(std::move(cells));
    }
    table.print(console.out, console.out_style);
  }
}

/// Metrics that are means over targets; the others say nothing of a part of them.
std::vector<std::size_t> means(const EvaluateRequest& request) {
  std::vector<std::size_t> places;
  for (std::size_t m = 0; m < request.metrics.size(); ++m) {
    if (request.metrics[m].is_mean()) places.push_back(m);
  }
  return places;
}

void print_slices(Console& console, const EvaluateRequest& request, const ModelFigures& model,
                  const TargetParts& parts, const std::vector<index::EvaluationSlice>& slices) {
  console.out << '\n' << paint(console.out_style, Ink::kBold, model.model + " by " + parts.meaning) << '\n';
  std::vector<TextTable::Column> columns{{parts.name}, {"events", kRight}};
  for (const std::size_t m : means(request)) columns.push_back({request.metrics[m].name(), kRight});
  TextTable table(columns);
  for (const index::EvaluationSlice& slice : slices) {
    std::vector<std::string> cells{parts.classes.label(slice.of), grouped(slice.events)};
    for (const std::size_t m : means(request)) cells.push_back(fixed_number(slice.values[m], kDecimals));
    table.add_row(std::move(cells));
  }
  table.print(console.out, console.out_style);
}

ordered_json interval_json(const index::Interval& interval) {
  return {interval.low, interval.high};
}

ordered_json slices_json(const EvaluateRequest& request, const TargetParts& parts,
                         const std::vector<index::EvaluationSlice>& slices) {
  ordered_json list = ordered_json::array();
  for (const index::EvaluationSlice& slice : slices) {
    ordered_json entry = {{"from", parts.classes.starts[slice.of]}, {"events", slice.events}};
    for (const std::size_t m : means(request)) entry[request.metrics[m].name()] = slice.values[m];
    list.push_back(std::move(entry));
  }
  return list;
}

/// Metrics, intervals and parts of a model.
void add_figures(ordered_json& object, const EvaluateRequest& request, const EvaluateReport& report,
                 const ModelFigures& model) {
  for (std::size_t m = 0; m < request.metrics.size(); ++m)
    object[request.metrics[m].name()] = model.values[m];
  for (std::size_t m = 0; m < model.intervals.size(); ++m) {
    if (model.intervals[m])
      object["intervals"][request.metrics[m].name()] = interval_json(*model.intervals[m]);
  }
  for (std::size_t p = 0; p < report.parts.size(); ++p) {
    object["by"][report.parts[p].name] = slices_json(request, report.parts[p], model.slices[p]);
  }
}

}  // namespace

void print_evaluation(Console& console, const std::string& protocol, const EvaluateRequest& request,
                      const EvaluateReport& report) {
  print_metrics(console, request, report);
  print_differences(console, request, report);
  for (std::size_t p = 0; p < report.parts.size(); ++p) {
    for (const ModelFigures& model : report.models) {
      print_slices(console, request, model, report.parts[p], model.slices[p]);
    }
  }
  const std::string against =
      request.negatives > 0 ? counted(request.negatives, "drawn item", "drawn items") + " and the target"
                            : "all items";
  console.out << paint(console.out_style, Ink::kDim,
                       protocol + ", " + counted(report.events, "event", "events") + ", ranked among " +
                           against + ", seen items: " + report.seen + "; snapshot " + report.snapshot)
              << '\n';
}

void print_evaluation_json(Console& console, const std::string& protocol, const EvaluateRequest& request,
                           const EvaluateReport& report) {
  const ModelFigures& first = report.models.front();
  ordered_json object = {{"protocol", protocol}, {"model", first.model}, {"events", report.events}};
  add_figures(object, request, report, first);
  if (request.negatives > 0) object["negatives"] = request.negatives;
  object["seen"] = report.seen;
  object["snapshot"] = report.snapshot;
  for (std::size_t i = 1; i < report.models.size(); ++i) {
    const ModelFigures& other = report.models[i];
    ordered_json entry = {{"model", other.model}};
    add_figures(entry, request, report, other);
    for (std::size_t m = 0; m < request.metrics.size(); ++m) {
      ordered_json& difference = entry["difference"][request.metrics[m].name()];
      difference = {{"value", other.values[m] - first.values[m]}};
      if (request.resamples > 0 && other.differences[m]) {
        difference["interval"] = interval_json(*other.differences[m]);
      }
    }
    object["compared"].push_back(std::move(entry));
  }
  print_json(console, object);
}

}  // namespace segue::integration
