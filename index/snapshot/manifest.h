#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "index/snapshot/sha256.h"

namespace segue::index {

/// What a snapshot is, in words and numbers: manifest.json beside its files. docs/file-formats.md lists the
/// keys.
///
/// The pipeline fills all but id, created, program and files, which SnapshotStore::publish() writes. Sections
/// that grow with the pipeline are JSON objects of its own making; keys that this version does not know
/// survive in `other`.
struct Manifest {
  static constexpr int kFormatVersion = 2;

  /// A model of the snapshot. Its version changes whenever its bytes or their meaning do.
  struct Model {
    std::string version;
    std::size_t dimension = 0;                        ///< of its item vectors; 0: it has none
    std::string metric;                               ///< "cosine", "ip", "l2"; empty: it has no vectors
    nlohmann::json other = nlohmann::json::object();  ///< further keys, kept
    friend bool operator==(const Model&, const Model&) = default;
  };
  struct Phase {
    std::string name;
    double seconds = 0;
    std::uint64_t peak_memory_bytes = 0;  ///< of the process up to the phase's end
    friend bool operator==(const Phase&, const Phase&) = default;
  };

  int format_version = kFormatVersion;
  std::string id;
  std::string created;  ///< UTC, ISO 8601
  std::string program;  ///< what wrote it, for example "segue 0.1.0"

  std::map<std::string, std::uint64_t> items;   ///< kind -> number of items
  std::map<std::string, std::uint64_t> events;  ///< "read", "used", "skipped", "sessions" and so on -> number
  std::map<std::string, Model> models;          ///< by name; people see model_title() of it
  std::map<std::string, double> blend;          ///< model -> weight
  nlohmann::json blend_offsets = nlohmann::json::object();  ///< how they differ: index/model/blend_weights.h
  std::string seen = "exclude";  ///< what `seen=auto` means: "exclude", "include", "visit" or "last:N"

  std::uint64_t seed = 0;
  std::string device;  ///< "cpu", "cuda"
  std::size_t threads = 0;
  std::vector<Phase> phases;  ///< in the order in which they ran

  nlohmann::json evaluation = nlohmann::json::object();  ///< {"models": {name: {metric: value}}, ...}
  nlohmann::json gate = nlohmann::json::object();  ///< {"result": "passed"|"skipped"|"forced", "reason": ...}
  nlohmann::json training = nlohmann::json::object();  ///< per model what its training reports
  nlohmann::json config = nlohmann::json::object();    ///< the effective configuration
  nlohmann::json other = nlohmann::json::object();     ///< unknown keys, kept

  std::map<std::string, FileDigest> files;  ///< path from the snapshot's folder, with '/', -> checksum

  std::uint64_t item_count() const;
  std::uint64_t byte_count() const;  ///< of all files together
};

/// How people are told of an entry of `models`: "content" for `words`, the space of that model, and
/// "given-KIND" for vectors that came with items, whose kind may be "content" as well; else its name.
std::string model_title(const std::string& name, const Manifest::Model& model);

/// The text of manifest.json: keys sorted, two spaces of indent, a line feed at the end. The text depends on
/// the value alone. Strings that are no UTF-8 throw std::invalid_argument.
std::string to_json_text(const Manifest& manifest);

/// Reads it. `where` names the file in errors. Throws Error (kDamagedStore): malformed, "written by a newer
/// version", or of an older format that this program does not open, with the command that rebuilds it.
Manifest manifest_from_json_text(std::string_view text, const std::string& where);

}  // namespace segue::index
