#pragma once

#include <string>
#include <vector>

#include "index/item.h"

namespace segue::integration {

/// "a, b, c".
std::string joined(const std::vector<std::string>& texts);

/// The value of an attribute for people: numbers as short as they read back ("5", "12.5"), lists with commas.
std::string value_text(const index::AttributeValue& value);

/// The weight of a model in the blend for people: three figures, or "new items only".
std::string blend_weight_text(double weight);

}  // namespace segue::integration
