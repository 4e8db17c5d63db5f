#include "integration/cli/value_text.h"

#include <array>
#include <charconv>
#include <variant>

#include "index/model/blend_weights.h"
#include "integration/cli/terminal_text.h"

namespace segue::integration {

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all.append(all.empty() ? "" : ", ").append(text);
  return all;
}

std::string value_text(const index::AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* number = std::get_if<double>(&value)) {
    std::array<char, 32> digits{};
    return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr};
  }
  return joined(std::get<std::vector<std::string>>(value));
}

std::string blend_weight_text(double weight) {
  return weight > index::BlendWeights::kNewItemsOnly ? short_number(weight) : "new items only";
}

}  // namespace segue::integration
