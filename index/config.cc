#include "index/config.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "index/config_table.h"
#include "index/input/json_text.h"
#include "index/input/text_file.h"
#include "index/input/time.h"
#include "index/input/toml_document.h"
#include "index/model/seen_rule.h"

namespace segue::index {
namespace {

std::string toml_number(double number) {
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::string text;
  append_json(text, number);
  // TOML tells integers from numbers; a default must show which it is.
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

struct SlotText {
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::size_t* value) const { return std::to_string(*value); }
  std::string operator()(const double* value) const { return toml_number(*value); }
  std::string operator()(const std::string* value) const {
    std::string text;
    append_json(text, *value);
    return text;
  }
  std::string operator()(const std::map<std::string, double>* values) const {
    std::string text = "{";
    for (const auto& [name, value] : *values) {
      text += text.size() == 1 ? " " : ", ";
      append_json(text, name);
      text += " = " + toml_number(value);
    }
    return text.size() == 1 ? "{}" : text + " }";
  }
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

struct SlotReader {
  TomlTable& table;
  const ConfigRow& row;

  void operator()(bool* value) const { table.read(row.key, *value); }
  void operator()(std::size_t* value) const {
    table.read(row.key, *value, static_cast<std::size_t>(row.least), static_cast<std::size_t>(row.most));
  }
  void operator()(double* value) const { table.read(row.key, *value, row.least, row.most); }
  void operator()(std::string* value) const {
    if (row.choices.empty()) {
      table.read(row.key, *value);
    } else {
      table.read_choice(row.key, *value, words(row.choices));
    }
  }
  void operator()(std::map<std::string, double>* values) const {
    for (const TomlValue::Entry& entry : table.entries()) {
      if (entry.key.empty()) table.fail(entry.key, "has an empty name", "name an action");
      table.read(entry.key, (*values)[entry.key], row.least, row.most);
    }
  }
};

bool is_seen_rule(std::string_view text) {
  if (text == "auto") return true;
  const std::optional<SeenRule> rule = parse_seen_rule(text);
  // As it is written everywhere, without zeros in front.
  return rule && to_string(*rule) == text && rule->newest < 1'000'000;
}

/// What the table cannot say.
void check(const Config& config, std::string_view name, TomlTable& table) {
  if (name == "events" && config.events.session_gap != "none") {
    const std::optional<double> gap = parse_duration(config.events.session_gap);
    if (!gap || *gap <= 0) {
      table.fail("session_gap", "is \"" + config.events.session_gap + "\"",
                 "write a duration such as \"30m\", or \"none\"");
    }
  }
  if (name == "popularity" && config.popularity.half_life != "auto" &&
      config.popularity.half_life != "none") {
    const std::optional<double> half_life = parse_duration(config.popularity.half_life);
    if (!half_life || *half_life <= 0) {
      table.fail("half_life", "is \"" + config.popularity.half_life + "\"",
                 "write a duration such as \"30d\", \"none\", or \"auto\"");
    }
  }
  if (name == "transformer" && config.transformer.width % config.transformer.heads != 0) {
    table.fail("width",
               "is " + std::to_string(config.transformer.width) +
                   ", which is no multiple of transformer.heads (" +
                   std::to_string(config.transformer.heads) + ")",
               "change one of them");
  }
  if (name == "distill" && config.distill.width % config.distill.heads != 0) {
    table.fail("width",
               "is " + std::to_string(config.distill.width) + ", which is no multiple of distill.heads (" +
                   std::to_string(config.distill.heads) + ")",
               "change one of them");
  }
  if (name == "neighbours") {
    const Config::Neighbours& n = config.neighbours;
    // A weight that grows with age, or falls below 0, is a slip of the pen.
    if (n.item_decay != "power" && n.item_decay_rate > 1)
      table.fail("item_decay_rate", "is above 1", "only item_decay = \"power\" takes more than 1");
    if (n.session_decay != "power" && n.session_decay_rate > 1)
      table.fail("session_decay_rate", "is above 1", "only session_decay = \"power\" takes more than 1");
  }
  if (name == "blend" && !is_seen_rule(config.blend.seen)) {
    table.fail("seen", "is \"" + config.blend.seen + "\"",
               "it must be \"auto\", \"include\", \"exclude\", \"visit\" or \"last:N\"");
  }
}

/// Tables of the file in the order of the key table; "events.actions" is inside "events".
void read_table(Config& config, TomlTable& table, const std::string& name) {
  for (const ConfigRow& row : config_table()) {
    if (row.table == name) {
      std::visit(SlotReader{table, row}, row.slot(config));
    } else if (row.table.starts_with(name + ".")) {
      for (TomlTable& inner : table.tables(row.table.substr(name.size() + 1)))
        read_table(config, inner, std::string(row.table));
    }
  }
  check(config, name, table);
  table.finish();
}

}  // namespace

Config parse_config(std::string_view toml, std::string_view name) {
  return parse_config(toml, name, Config());
}

Config parse_config(std::string_view toml, std::string_view name, Config config) {
  const TomlValue::Table document = parse_toml(toml, name);
  TomlTable file(document, name);
  std::vector<std::string_view> known;
  for (const ConfigRow& row : config_table()) {
    if (row.table.find('.') != std::string_view::npos ||
        std::find(known.begin(), known.end(), row.table) != known.end())
      continue;
    known.push_back(row.table);
    for (TomlTable& table : file.tables(row.table)) read_table(config, table, std::string(row.table));
  }
  file.finish();
  return config;
}

Config load_config(const std::filesystem::path& file) {
  return parse_config(read_lines(file), file.string());
}

std::vector<ConfigKey> config_keys() {
  Config config;
  std::vector<ConfigKey> keys;
  for (const ConfigRow& row : config_table()) {
    const std::string name =
        row.key.empty() ? std::string(row.table) : std::string(row.table) + "." + std::string(row.key);
    keys.push_back({name, std::visit(SlotText(), row.slot(config)), std::string(row.meaning)});
  }
  return keys;
}

std::string to_toml(const Config& config) {
  Config values = config;
  Config defaults;
  std::string out = "# What differs from the defaults (`segue config --defaults`).\n";
  for (const ConfigRow& row : config_table()) {
    const std::string value = std::visit(SlotText(), row.slot(values));
    if (value == std::visit(SlotText(), row.slot(defaults))) continue;
    out.append(row.table).append(row.key.empty() ? "" : ".").append(row.key);
    out.append(" = ").append(value).append("\n");
  }
  return out;
}

std::string config_defaults_toml() {
  Config config;
  std::string out =
      "# Every key of a configuration file with its default. A file needs only the keys that it changes.\n";
  std::string_view table;
  for (const ConfigRow& row : config_table()) {
    if (row.table != table) {
      table = row.table;
      out.append("\n[").append(table).append("]\n");
    }
    out.append("# ").append(row.meaning).append("\n");
    if (!row.key.empty())
      out.append(row.key).append(" = ").append(std::visit(SlotText(), row.slot(config))).append("\n");
  }
  return out;
}

}  // namespace segue::index
