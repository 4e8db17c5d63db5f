#include "index/snapshot/manifest.h"

#include <stdexcept>
#include <type_traits>
#include <utility>

#include "index/snapshot/snapshot_files.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using Json = nlohmann::json;

/// Takes known keys out of an object, each with its type; what is left over is unknown. Errors name the key.
class Fields {
 public:
  Fields(Json object, std::string where, std::string path = {})
      : object_(std::move(object)), where_(std::move(where)), path_(std::move(path)) {
    if (!object_.is_object()) damaged(path_.empty() ? "not a JSON object" : path_ + " is no object");
  }

  /// Leaves `value` as it is when the key is absent.
  template <class T>
  void take(const std::string& key, T& value) {
    const auto found = object_.find(key);
    if (found == object_.end()) return;
    if (!fits<T>(*found)) damaged(path_ + key + " has the wrong type");
    value = found->get<T>();
    object_.erase(found);
  }
  /// An object whose members are read one by one.
  template <class F>
  void each(const std::string& key, F read) {
    Json section = Json::object();
    take(key, section);
    for (auto& [name, value] : section.items())
      read(name, Fields(std::move(value), where_, path_ + key + "/" + name + "/"));
  }
  Json rest() && { return std::move(object_); }
  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(ErrorKind::kDamagedStore, what, where_,
                "restore the file, or roll back: segue snapshots rollback ID");
  }

 private:
  template <class T>
  static bool fits(const Json& value) {
    if constexpr (std::is_same_v<T, std::string>) {
      return value.is_string();
    } else if constexpr (std::is_integral_v<T>) {
      return value.is_number_unsigned();
    } else if constexpr (std::is_floating_point_v<T>) {
      return value.is_number();
    } else if constexpr (std::is_same_v<T, Json>) {
      return value.is_object();
    } else if constexpr (std::is_same_v<T, std::vector<Json>>) {
      return value.is_array();
    } else {  // a map from names to plain values
      if (!value.is_object()) return false;
      for (const auto& entry : value) {
        if (!fits<typename T::mapped_type>(entry)) return false;
      }
      return true;
    }
  }

  Json object_;
  std::string where_;
  std::string path_;
};

void check_version(std::uint64_t version, const std::string& where) {
  if (version > Manifest::kFormatVersion) {
    throw Error(ErrorKind::kDamagedStore,
                "written by a newer version (format " + std::to_string(version) +
                    "; this program reads up to " + std::to_string(Manifest::kFormatVersion) + ")",
                where, "use that version of segue, or rebuild with: segue reindex");
  }
  if (version < Manifest::kFormatVersion) {
    throw Error(ErrorKind::kDamagedStore,
                "of format " + std::to_string(version) + ", which is no longer read", where,
                "rebuild with: segue reindex");
  }
}

}  // namespace

std::uint64_t Manifest::item_count() const {
  std::uint64_t count = 0;
  for (const auto& [kind, number] : items) count += number;
  return count;
}

std::uint64_t Manifest::byte_count() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, digest] : files) bytes += digest.bytes;
  return bytes;
}

std::string model_title(const std::string& name, const Manifest::Model& model) {
  if (model.version == files::kGivenVersion) return "given-" + name;
  return name == "words" ? "content" : name;
}

std::string to_json_text(const Manifest& manifest) {
  Json json = manifest.other;
  json["format_version"] = manifest.format_version;
  json["id"] = manifest.id;
  json["created"] = manifest.created;
  json["program"] = manifest.program;
  json["items"] = manifest.items;
  json["events"] = manifest.events;
  json["models"] = Json::object();
  for (const auto& [name, model] : manifest.models) {
    Json& entry = json["models"][name] = model.other;
    entry["version"] = model.version;
    entry["dimension"] = model.dimension;
    entry["metric"] = model.metric;
  }
  json["blend"] = manifest.blend;
  if (!manifest.blend_offsets.empty()) json["blend_offsets"] = manifest.blend_offsets;
  json["seen"] = manifest.seen;
  json["seed"] = manifest.seed;
  json["device"] = manifest.device;
  json["threads"] = manifest.threads;
  json["phases"] = Json::array();
  for (const Manifest::Phase& phase : manifest.phases) {
    json["phases"].push_back(
        {{"name", phase.name}, {"seconds", phase.seconds}, {"peak_memory_bytes", phase.peak_memory_bytes}});
  }
  json["evaluation"] = manifest.evaluation;
  json["gate"] = manifest.gate;
  json["training"] = manifest.training;
  json["config"] = manifest.config;
  json["files"] = Json::object();
  for (const auto& [path, digest] : manifest.files) {
    json["files"][path] = {{"sha256", digest.sha256}, {"bytes", digest.bytes}};
  }
  try {
    return json.dump(2) + "\n";
  } catch (const Json::exception& error) {
    throw std::invalid_argument(std::string("manifest: ") + error.what());
  }
}

Manifest manifest_from_json_text(std::string_view text, const std::string& where) {
  Fields fields(Json::parse(text, nullptr, /*allow_exceptions=*/false), where);
  Manifest manifest;
  std::uint64_t version = 0;
  fields.take("format_version", version);
  if (version == 0) fields.damaged("format_version is missing");
  check_version(version, where);
  fields.take("id", manifest.id);
  fields.take("created", manifest.created);
  fields.take("program", manifest.program);
  fields.take("items", manifest.items);
  fields.take("events", manifest.events);
  fields.each("models", [&](const std::string& name, Fields entry) {
    Manifest::Model& model = manifest.models[name];
    entry.take("version", model.version);
    entry.take("dimension", model.dimension);
    entry.take("metric", model.metric);
    model.other = std::move(entry).rest();
  });
  fields.take("blend", manifest.blend);
  fields.take("blend_offsets", manifest.blend_offsets);
  fields.take("seen", manifest.seen);
  fields.take("seed", manifest.seed);
  fields.take("device", manifest.device);
  fields.take("threads", manifest.threads);
  std::vector<Json> phases;
  fields.take("phases", phases);
  for (Json& value : phases) {
    Fields entry(std::move(value), where, "phases/");
    Manifest::Phase& phase = manifest.phases.emplace_back();
    entry.take("name", phase.name);
    entry.take("seconds", phase.seconds);
    entry.take("peak_memory_bytes", phase.peak_memory_bytes);
  }
  fields.take("evaluation", manifest.evaluation);
  fields.take("gate", manifest.gate);
  fields.take("training", manifest.training);
  fields.take("config", manifest.config);
  fields.each("files", [&](const std::string& path, Fields entry) {
    FileDigest& digest = manifest.files[path];
    entry.take("sha256", digest.sha256);
    entry.take("bytes", digest.bytes);
    if (digest.sha256.size() != 64) fields.damaged("files/" + path + " has no checksum");
  });
  manifest.other = std::move(fields).rest();
  return manifest;
}

}  // namespace segue::index
