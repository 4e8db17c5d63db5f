#include "index/config_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "index/config_table.h"
#include "kernels/error.h"

namespace segue::index {

namespace {

/// Where the JSON keeps a row's value. A table of free keys, "events.actions", stands inside its own table.
nlohmann::json::json_pointer place_of(const ConfigRow& row) {
  std::string place = "/";
  place.append(row.table);
  std::replace(place.begin(), place.end(), '.', '/');
  return nlohmann::json::json_pointer(row.key.empty() ? place : place.append("/").append(row.key));
}

}  // namespace

nlohmann::json to_json(const Config& config) {
  Config values = config;  // the table hands out places to write to
  nlohmann::json tables = nlohmann::json::object();
  for (const ConfigRow& row : config_table()) {
    nlohmann::json value =
        std::visit([](const auto* slot) { return nlohmann::json(*slot); }, row.slot(values));
    if (value.is_number_float() && !std::isfinite(value.get<double>()))
      value = nullptr;  // "no bound" has no JSON number
    tables[place_of(row)] = value;
  }
  return tables;
}

Config config_from_json(const nlohmann::json& json) {
  Config config;
  for (const ConfigRow& row : config_table()) {
    const auto place = place_of(row);
    if (!json.contains(place) || json.at(place).is_null()) continue;  // null: no bound, the default
    try {
      std::visit([&](auto* slot) { json.at(place).get_to(*slot); }, row.slot(config));
    } catch (const nlohmann::json::exception& error) {
      throw Error(ErrorKind::kDamagedStore,
                  "the configuration's " + place.to_string() + " is no value of its type", {},
                  "give --config");
    }
  }
  return config;
}

}  // namespace segue::index
