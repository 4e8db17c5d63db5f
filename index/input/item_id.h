#pragma once

#include <string>
#include <string_view>

namespace segue::index {

inline constexpr std::size_t kLongestItemId = 256;  ///< bytes

/// Why a text may not be an item's id, for "the id ...": "is empty", "has 300 bytes, 256 are allowed",
/// "begins with query:, as ids of suggestions do"; empty where it may.
std::string item_id_fault(std::string_view id);

}  // namespace segue::index
