#include "index/snapshot/snapshot_diff.h"

#include <utility>

namespace segue::index {
namespace {

using Json = nlohmann::json;

template <class T>
std::vector<Change<T>> changes(const std::map<std::string, T>& before,
                               const std::map<std::string, T>& after) {
  std::map<std::string, Change<T>> all;
  for (const auto& [name, value] : before) all[name] = {name, value, {}};
  for (const auto& [name, value] : after) {
    all[name].name = name;
    all[name].after = value;
  }
  std::vector<Change<T>> different;
  for (auto& [name, change] : all) {
    if (change.before != change.after) different.push_back(std::move(change));
  }
  return different;
}

/// Every value below a JSON value that is neither an object nor an array, by its path.
void collect_leaves(const Json& value, const std::string& path, std::map<std::string, Json>& leaves) {
  if (!value.is_structured()) {
    leaves[path] = value;
    return;
  }
  for (const auto& [key, child] : value.items())
    collect_leaves(child, path.empty() ? key : path + "/" + key, leaves);
}

std::map<std::string, double> numbers_of(const Json& section) {
  std::map<std::string, Json> leaves;
  collect_leaves(section, "", leaves);
  std::map<std::string, double> numbers;
  for (const auto& [path, value] : leaves) {
    if (value.is_number()) numbers[path] = value.get<double>();
  }
  return numbers;
}

std::map<std::string, std::string> values_of(const Json& section) {
  std::map<std::string, Json> leaves;
  collect_leaves(section, "", leaves);
  std::map<std::string, std::string> values;
  for (const auto& [path, value] : leaves) values[path] = value.dump();
  return values;
}

Json value_to_json(const Manifest::Model& model) {
  return {{"version", model.version}, {"dimension", model.dimension}, {"metric", model.metric}};
}
Json value_to_json(const FileDigest& digest) {
  return {{"sha256", digest.sha256}, {"bytes", digest.bytes}};
}
template <class T>
Json value_to_json(const T& value) {
  return value;
}

template <class T>
Json list_to_json(const std::vector<Change<T>>& list) {
  Json object = Json::object();
  for (const Change<T>& change : list) {
    object[change.name] = {{"before", change.before ? value_to_json(*change.before) : Json()},
                           {"after", change.after ? value_to_json(*change.after) : Json()}};
  }
  return object;
}

std::map<std::string, Manifest::Model> titled_models(const Manifest& manifest) {
  std::map<std::string, Manifest::Model> models;
  for (const auto& [name, model] : manifest.models) models.emplace(model_title(name, model), model);
  return models;
}

}  // namespace

SnapshotDiff diff(const Manifest& before, const Manifest& after) {
  SnapshotDiff difference;
  difference.before = before.id;
  difference.after = after.id;
  difference.items = changes(before.items, after.items);
  difference.events = changes(before.events, after.events);
  difference.models = changes(titled_models(before), titled_models(after));
  difference.blend = changes(before.blend, after.blend);
  difference.metrics = changes(numbers_of(before.evaluation), numbers_of(after.evaluation));
  difference.config = changes(values_of(before.config), values_of(after.config));
  difference.files = changes(before.files, after.files);
  return difference;
}

Json to_json(const SnapshotDiff& difference) {
  return {{"before", difference.before},
          {"after", difference.after},
          {"items", list_to_json(difference.items)},
          {"events", list_to_json(difference.events)},
          {"models", list_to_json(difference.models)},
          {"blend", list_to_json(difference.blend)},
          {"metrics", list_to_json(difference.metrics)},
          {"config", list_to_json(difference.config)},
          {"files", list_to_json(difference.files)}};
}

}  // namespace segue::index
