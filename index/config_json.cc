#include "index/config_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "index/config_table.h"

namespace segue::index {

nlohmann::json to_json(const Config& config) {
  Config values = config;  // the table hands out places to write to
  nlohmann::json tables = nlohmann::json::object();
  for (const ConfigRow& row : config_table()) {
    nlohmann::json value =
        std::visit([](const auto* slot) { return nlohmann::json(*slot); }, row.slot(values));
    if (value.is_number_float() && !std::isfinite(value.get<double>()))
      value = nullptr;  // "no bound" has no JSON number
    if (row.key.empty()) {
      // A table of free keys, "events.actions", stands inside its own table.
      const std::string name(row.table);
      tables[nlohmann::json::json_pointer("/" + name.substr(0, name.find('.')) + "/" +
                                          name.substr(name.find('.') + 1))] = value;
    } else {
      tables[std::string(row.table)][std::string(row.key)] = value;
    }
  }
  return tables;
}

}  // namespace segue::index
