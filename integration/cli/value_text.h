#pragma once

#include <string>
#include <vector>

#include "index/item.h"

namespace segue::integration {

/// "a, b, c".
std::string joined(const std::vector<std::string>& texts);

/// The value of an attribute for people: numbers as short as they read back ("5", "12.5"), lists with commas.
std::string value_text(const index::AttributeValue& value);

}  // namespace segue::integration
