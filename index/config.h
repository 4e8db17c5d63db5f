#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace segue::index {

/// The configuration of reindexing and serving, one struct for each table of the TOML file. Plain values with
/// their defaults; what each means stands in the table of keys (config_table.cc), from which `segue config
/// --defaults` is printed. The owners of the models copy what is theirs.
struct Config {
  struct Events {
    std::string session_gap = "30m";   ///< or "none"
    std::string sequence = "session";  ///< or "user"
    bool drop_consecutive_repeats = false;
    double min_rating = -std::numeric_limits<double>::infinity();
    std::map<std::string, double> actions;  ///< weight by action; 1 for an action that is not here
    bool operator==(const Events&) const = default;
  } events;

  struct Context {
    std::string keys = "auto";
    std::size_t min_count = 20;
    std::size_t max_values = 200;
    double utc_offset = 0;
    double dropout = 0.1;
    bool operator==(const Context&) const = default;
  } context;

  struct Text {
    std::string analyzer = "english";
    double k1 = 0.9;
    double b = 0.4;
    bool operator==(const Text&) const = default;
  } text;

  struct Mf {
    std::size_t factors = 96;
    std::size_t iterations = 12;
    double unobserved_weight = 0.02;
    double confidence = 1;
    double ridge = 0.001;
    double ridge_exponent = 0.75;
    std::size_t descent_steps = 3;
    double recency = 2;
    bool operator==(const Mf&) const = default;
  } mf;

  struct Transformer {
    std::size_t width = 128;
    std::size_t layers = 2;
    std::size_t heads = 2;
    std::size_t feed_forward = 128;
    std::size_t window = 50;
    double temperature = 0.07;
    std::size_t epochs = 14;
    double dropout = 0.4;
    double rate = 4e-3;
    std::size_t warm_up_steps = 100;
    double final_rate = 0.02;
    std::size_t batch_sequences = 256;
    std::size_t batch_positions = 1600;
    std::size_t negatives = 2048;
    double negative_power = 0.5;
    bool ppmi_start = true;
    bool vectors_start = false;
    double prune = 0;
    std::size_t patience = 3;
    std::size_t validation_sequences = 2000;
    double checkpoint_minutes = 2;
    bool operator==(const Transformer&) const = default;
  } transformer;

  struct Distill {
    std::size_t width = 0;
    std::size_t layers = 2;
    std::size_t heads = 2;
    std::size_t feed_forward = 32;
    std::size_t epochs = 14;
    double dropout = 0.2;
    double rate = 4e-3;
    double share = 0.7;
    double temperature = 1;
    bool operator==(const Distill&) const = default;
  } distill;

  struct Transitions {
    std::string preset = "auto";
    std::size_t max_distance = 10;
    double distance_exponent = 0.5;
    double symmetry = 0.1;
    double row_exponent = 0.5;
    double column_exponent = 0;
    std::size_t history = 20;
    std::string decay = "power";
    double decay_rate = 1;
    std::size_t max_neighbours = 200;
    bool operator==(const Transitions&) const = default;
  } transitions;

  struct Content {
    std::size_t width = 128;
    std::size_t features = 50000;
    double vectors_weight = 1;
    double ids_weight = 0;
    std::size_t history = 20;
    double recency = 1;
    double prior_events = 3;
    bool operator==(const Content&) const = default;
  } content;

  struct Rating {
    std::string method = "auto";
    std::size_t factors = 32;
    std::size_t epochs = 60;
    std::size_t patience = 6;
    double rate = 0.06;
    double rate_decay = 0.95;
    double ridge = 0.1;
    double bias_ridge = 0.02;
    double held_back = 0.1;
    bool operator==(const Rating&) const = default;
  } rating;

  struct Neighbours {
    std::size_t max_items = 50;
    double item_weight_exponent = 0.5;
    double item_length_exponent = 0.5;
    double item_asymmetry = 0.5;
    double item_shrink = 10;
    std::size_t item_history = 20;
    std::string item_decay = "power";
    double item_decay_rate = 1.25;
    std::size_t item_max_neighbours = 200;
    double user_weight_exponent = 0.5;
    double user_idf_exponent = 1;
    double user_asymmetry = 0.5;
    double user_shrink = 1;
    std::size_t user_history = 100;
    double user_decay_rate = 2;
    std::size_t user_voters = 200;
    std::size_t user_max_sequences = 1000;
    std::size_t session_history = 5;
    std::string session_decay = "linear";
    double session_decay_rate = 1;
    double session_match_decay = 0.3;
    double session_idf_exponent = 0;
    double session_distance_exponent = 0.75;
    double session_before_weight = 0.4;
    std::size_t session_voters = 500;
    std::size_t session_max_sequences = 200;
    std::size_t session_sample = 1000;
    std::size_t session_max_distance = 100;
    bool operator==(const Neighbours&) const = default;
  } neighbours;

  struct Popularity {
    std::string half_life = "auto";  ///< or "none", or a duration
    bool operator==(const Popularity&) const = default;
  } popularity;

  struct ColdStart {
    double diversity = 0.3;
    bool operator==(const ColdStart&) const = default;
  } cold_start;

  struct Vectors {
    std::string metric = "cosine";
    std::string factory = "auto";
    bool operator==(const Vectors&) const = default;
  } vectors;

  struct Storage {
    std::string weights = "fp32";
    std::string vectors = "fp32";
    bool operator==(const Storage&) const = default;
  } storage;

  struct Blend {
    std::string seen = "auto";
    std::size_t max_sequences = 4000;
    double words_weight = 0.3;
    double popularity_correction = 0;
    double new_items_cost = 0.01;
    bool operator==(const Blend&) const = default;
  } blend;

  struct Evaluation {
    std::size_t max_sequences = 20000;
    bool operator==(const Evaluation&) const = default;
  } evaluation;

  struct Gate {
    std::size_t min_events = 100;
    double margin = 0.02;
    bool operator==(const Gate&) const = default;
  } gate;

  struct Suggest {
    double session_weight = 1;
    bool operator==(const Suggest&) const = default;
  } suggest;

  bool operator==(const Config&) const = default;
};

/// Reads a TOML file over the defaults. Error (kBadInput), "FILE:LINE:COLUMN: what; how to mend", for a file
/// that is no TOML, an unknown key (with the nearest known one), a value of another type, and a value out of
/// range.
Config load_config(const std::filesystem::path& file);
/// The same for text that was read already; name stands for the file in errors.
Config parse_config(std::string_view toml, std::string_view name);
/// The same over other values than the defaults.
Config parse_config(std::string_view toml, std::string_view name, Config over);
/// A TOML file with the keys whose values are not the defaults; parse_config of it gives the configuration
/// back.
std::string to_toml(const Config& config);

/// A key of the file: "mf.factors", its default as TOML, its meaning in one line.
struct ConfigKey {
  std::string name;
  std::string standard;
  std::string meaning;
};

/// Every key, in the order of the tables.
std::vector<ConfigKey> config_keys();

/// A TOML file with every key, its default and its meaning; parse_config of it gives Config().
std::string config_defaults_toml();

}  // namespace segue::index
