#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "index/snapshot/snapshot_store.h"
#include "integration/cli/console.h"

namespace segue::integration {

/// A snapshot in a list: what its manifest says of it.
struct SnapshotRow {
  std::string id;
  bool current = false;
  std::string problem;  ///< why its manifest cannot be read; empty: the rest is filled
  std::string created;
  std::uint64_t items = 0;
  std::uint64_t events = 0;  ///< on items, that were used
  std::vector<std::string> models;
  std::optional<double> ndcg;  ///< ndcg@10 of the blend on validation
  std::string gate;            ///< "passed", "skipped", "forced"
  std::uint64_t bytes = 0;
};

/// All snapshots of a store, oldest first, also damaged ones. Throws Error for a store that is not there.
std::vector<SnapshotRow> snapshot_rows(const index::SnapshotStore& store);

nlohmann::ordered_json to_json(const std::vector<SnapshotRow>& rows);
void print_snapshots(Console& console, const std::vector<SnapshotRow>& rows);
void print_diff(Console& console, const index::SnapshotDiff& difference);

}  // namespace segue::integration
