#pragma once

#include <optional>
#include <string>
#include <vector>

#include "index/snapshot/manifest.h"

namespace segue::index {

/// One thing that differs between two snapshots; absent on the side that does not have it.
template <class T>
struct Change {
  std::string name;
  std::optional<T> before;
  std::optional<T> after;
  friend bool operator==(const Change&, const Change&) = default;
};

/// What differs between two snapshots by their manifests, each list sorted by name; what is equal does not
/// appear.
struct SnapshotDiff {
  std::string before;  ///< ids
  std::string after;
  std::vector<Change<std::uint64_t>> items;   ///< by kind
  std::vector<Change<std::uint64_t>> events;  ///< by count's name
  std::vector<Change<Manifest::Model>> models;
  std::vector<Change<double>> blend;        ///< weights by model
  std::vector<Change<double>> metrics;      ///< numbers of the evaluation by their path: "models/mf/ndcg@10"
  std::vector<Change<std::string>> config;  ///< values by their path, as JSON: "transformer/epochs"
  std::vector<Change<FileDigest>> files;
};

SnapshotDiff diff(const Manifest& before, const Manifest& after);

/// {"before": ID, "after": ID, "items": {name: {"before": ..., "after": ...}}, ...}; null on the side that
/// lacks it.
nlohmann::json to_json(const SnapshotDiff& difference);

}  // namespace segue::index
