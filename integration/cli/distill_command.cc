#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index/config_json.h"
#include "index/snapshot/snapshot_files.h"
#include "index/snapshot/snapshot_store.h"
#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/cli/reindex_options.h"
#include "kernels/error.h"

namespace segue::integration {
namespace {

struct DistillCommandOptions {
  ReindexOptions reindex;
  std::optional<std::size_t> width, layers, heads, feed_forward;
  std::optional<double> share, temperature;

  /// Writes what was given over a configuration.
  void apply(index::Config::Distill& distill) const {
    distill.width = width.value_or(distill.width > 0 ? distill.width : kStandardWidth);
    distill.layers = layers.value_or(distill.layers);
    distill.heads = heads.value_or(distill.heads);
    distill.feed_forward = feed_forward.value_or(distill.feed_forward);
    distill.share = share.value_or(distill.share);
    distill.temperature = temperature.value_or(distill.temperature);
  }

  static constexpr std::size_t kStandardWidth = 32;
};

std::optional<index::Manifest> serving_manifest(const std::filesystem::path& store_folder) {
  const index::SnapshotStore store(store_folder);
  const auto id = std::filesystem::exists(store_folder) ? store.current() : std::nullopt;
  return id ? std::optional(store.open_manifest(*id)) : std::nullopt;
}

/// What the snapshot that serves was made with: the wide Transformer's constants, and all others.
index::Config config_of(const std::optional<index::Manifest>& serving, const std::filesystem::path& store) {
  if (!serving) {
    throw Error(ErrorKind::kBadInput, "there is no snapshot whose configuration could be taken",
                store.string(), "give --config, or make one with `segue reindex` first");
  }
  return index::config_from_json(serving->config);
}

/// The models that the snapshot holds, as --models names them; all that the data allow where none serves.
std::vector<std::string> models_of(const std::optional<index::Manifest>& serving) {
  std::vector<std::string> models;
  if (!serving) return models;
  for (const auto& [name, model] : serving->models) {
    // Vectors that came with the items come with them again.
    if (model.version != index::files::kGivenVersion) models.push_back(index::model_title(name, model));
  }
  return models;
}

void distill_store(DistillCommandOptions options, Console& console) {
  ReindexOptions& reindex = options.reindex;
  check_reindex_options(reindex);
  if (reindex.request.events.empty())
    throw Error(ErrorKind::kUsage, "there is nothing to learn from", {}, "give --events");
  std::vector<std::string>& models = reindex.request.models;
  const bool named = !models.empty();
  std::optional<index::Manifest> serving;
  if (!named || reindex.config.empty()) serving = serving_manifest(reindex.request.store);
  index::Config& config = reindex.request.config;
  config =
      reindex.config.empty() ? config_of(serving, reindex.request.store) : index::load_config(reindex.config);
  if (!named) models = models_of(serving);
  if (!models.empty() && std::find(models.begin(), models.end(), "transformer") == models.end()) {
    throw Error(
        ErrorKind::kUsage, "there is no Transformer to distil",
        named ? "--models" : "the models of the snapshot that serves",
        named ? "name transformer as well" : "name the models, and transformer among them, with --models");
  }
  options.apply(config.distill);
  publish_reindex(reindex, console);
}

/// Bounds are those of [distill] in the configuration (index/config_table.cc).
void add_size_option(CLI::App& parser, const char* name, std::optional<std::size_t>& value,
                     const char* meaning, std::size_t most) {
  parser.add_option(name, value, meaning)->check(whole_number({1, most}))->type_name("N");
}

void add_share_option(CLI::App& parser, const char* name, std::optional<double>& value, const char* meaning,
                      double least, double most) {
  parser.add_option(name, value, meaning)->check(CLI::Range(least, most))->type_name("X");
}

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<DistillCommandOptions>();
  add_size_option(parser, "--width", options->width,
                  "Length of an item's embedding in the narrow Transformer; by default as [distill] says, "
                  "else 32",
                  4096);
  add_size_option(parser, "--layers", options->layers, "Its blocks; by default as [distill] says", 64);
  add_size_option(parser, "--heads", options->heads, "Its attention heads of a block", 64);
  add_size_option(parser, "--feed-forward", options->feed_forward, "Its hidden width", 16384);
  add_share_option(parser, "--share", options->share,
                   "How much of its loss is the wide one's ranking, from 0 to 1; the rest is the log", 0, 1);
  add_share_option(parser, "--temperature", options->temperature,
                   "Above 1: items far down the wide one's ranking teach more", 0.01, 100);
  add_reindex_options(parser, options->reindex);
  parser.get_option("--models")
      ->description(
          "mf, transformer, transitions, rating, neighbours, content; by default those of the snapshot that "
          "serves");
  parser.get_option("--config")
      ->description("TOML; by default the configuration of the snapshot that serves");
  return [options](Console& console) { distill_store(*options, console); };
}

}  // namespace

Command distill_command() {
  return {.name = "distill",
          .summary = "Reindex with a narrow Transformer that learns from a wide one",
          .example = "segue distill --items items.jsonl --events events.jsonl --store shop.store --width 32",
          .declare = declare};
}

}  // namespace segue::integration
