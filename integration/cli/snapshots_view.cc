#include "integration/cli/snapshots_view.h"

#include <algorithm>
#include <ostream>

#include "integration/cli/text_table.h"
#include "integration/cli/value_text.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

using nlohmann::json;

/// The figure of one model in the manifest's section `evaluation`.
std::optional<double> metric_of(const json& evaluation, const char* model, const char* metric) {
  const json value =
      evaluation.value(json::json_pointer(std::string("/models/") + model + "/" + metric), json());
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

void fill_from_manifest(SnapshotRow& row, const index::Manifest& manifest) {
  row.created = manifest.created;
  row.items = manifest.item_count();
  row.bytes = manifest.byte_count();
  if (const auto used = manifest.events.find("events on items"); used != manifest.events.end())
    row.events = used->second;
  for (const auto& [name, model] : manifest.models) row.models.push_back(index::model_title(name, model));
  std::sort(row.models.begin(), row.models.end());
  row.ndcg = metric_of(manifest.evaluation, "blend", "ndcg@10");
  row.gate = manifest.gate.value("result", std::string());
}

/// "2026-11-24 13:08" of "2026-11-24T13:08:56Z".
std::string short_time(std::string time) {
  if (time.size() < 16) return time;
  time[10] = ' ';
  return time.substr(0, 16);
}

std::string text_of(const std::string& value) {
  return value;
}
std::string text_of(std::uint64_t value) {
  return grouped(value);
}
std::string text_of(double value) {
  return short_number(value);
}
std::string text_of(const index::Manifest::Model& model) {
  return model.version +
         (model.dimension > 0 ? ", " + std::to_string(model.dimension) + " x " + model.metric : "");
}
std::string text_of(const index::FileDigest& digest) {
  return byte_size(static_cast<double>(digest.bytes));
}

struct AsText {
  template <class T>
  std::string operator()(const T& value) const {
    return text_of(value);
  }
};

/// text: of a value.
template <class T, class Text = AsText>
void print_changes(Console& console, const char* heading, const std::vector<index::Change<T>>& changes,
                   const Text& text = {}) {
  if (changes.empty()) return;
  console.out << paint(console.out_style, Ink::kBold, heading) << '\n';
  TextTable table({{""}, {"", TextTable::Align::kRight}, {""}, {"", TextTable::Align::kRight}});
  for (const index::Change<T>& change : changes) {
    table.add_row({change.name, change.before ? text(*change.before) : "-", "->",
                   change.after ? text(*change.after) : "-"});
  }
  table.print(console.out, console.out_style, 2);
}

}  // namespace

std::vector<SnapshotRow> snapshot_rows(const index::SnapshotStore& store) {
  std::vector<SnapshotRow> rows;
  for (const index::SnapshotInfo& info : store.list()) {
    SnapshotRow row;
    row.id = info.id;
    row.current = info.current;
    row.problem = info.problem;
    try {
      if (row.problem.empty()) fill_from_manifest(row, store.open_manifest(info.id));
    } catch (const Error& error) {
      row.problem = error.what();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

nlohmann::ordered_json to_json(const std::vector<SnapshotRow>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const SnapshotRow& row : rows) {
    nlohmann::ordered_json entry = {{"id", row.id}, {"current", row.current}};
    if (!row.problem.empty()) {
      entry["problem"] = row.problem;
    } else {
      entry["created"] = row.created;
      entry["items"] = row.items;
      entry["events"] = row.events;
      entry["models"] = row.models;
      entry["ndcg@10"] = row.ndcg ? nlohmann::ordered_json(*row.ndcg) : nlohmann::ordered_json();
      entry["gate"] = row.gate;
      entry["bytes"] = row.bytes;
    }
    list.push_back(entry);
  }
  return list;
}

void print_snapshots(Console& console, const std::vector<SnapshotRow>& rows) {
  if (rows.empty()) {
    console.out << "no snapshot has been published yet\n";
    return;
  }
  const auto right = TextTable::Align::kRight;
  TextTable table({{""},
                   {"id", TextTable::Align::kLeft, true},
                   {"created"},
                   {"items", right},
                   {"events", right},
                   {"size", right},
                   {"ndcg@10", right},
                   {"gate"},
                   {"models"}});
  for (const SnapshotRow& row : rows) {
    const std::string mark = row.current ? "*" : "";
    if (!row.problem.empty()) {
      table.add_row({mark, row.id, "damaged", "", "", "", "", "", ""});
      continue;
    }
    table.add_row({mark, row.id, short_time(row.created), grouped(row.items), grouped(row.events),
                   byte_size(static_cast<double>(row.bytes)), row.ndcg ? fixed_number(*row.ndcg, 4) : "-",
                   row.gate, joined(row.models)});
  }
  table.print(console.out, console.out_style);
  console.out << paint(console.out_style, Ink::kDim, "* serves now") << '\n';
  for (const SnapshotRow& row : rows) {
    if (!row.problem.empty()) warn(console, row.problem);
  }
}

void print_diff(Console& console, const index::SnapshotDiff& difference) {
  console.out << difference.before << " -> " << difference.after << '\n';
  print_changes(console, "items", difference.items);
  print_changes(console, "events", difference.events);
  print_changes(console, "models", difference.models);
  print_changes(console, "blend", difference.blend, blend_weight_text);
  print_changes(console, "evaluation", difference.metrics);
  print_changes(console, "configuration", difference.config);
  print_changes(console, "files", difference.files);
}

}  // namespace segue::integration
