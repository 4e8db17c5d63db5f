#pragma once

#include <span>
#include <string>
#include <string_view>

namespace segue::index {

/// The known name that is nearest to `name` by edit distance (insert, delete, replace, swap two neighbours;
/// case does not count), the first of equals; empty when none is nearer than a third of the longer of the
/// two, rounded up.
std::string nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace segue::index
