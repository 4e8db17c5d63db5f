#include "integration/cli/console.h"

#include <nlohmann/json.hpp>
#include <ostream>

namespace segue::integration {

void warn(Console& console, std::string_view text) {
  console.err << paint(console.err_style, Ink::kYellow, "warning:") << ' ' << printable(text) << '\n';
}

void print_json(Console& console, const nlohmann::ordered_json& value) {
  console.out << value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

}  // namespace segue::integration
