#include "integration/cli/console.h"

#include <ostream>

namespace segue::integration {

void warn(Console& console, std::string_view text) {
  console.err << paint(console.err_style, Ink::kYellow, "warning:") << ' ' << printable(text) << '\n';
}

}  // namespace segue::integration
