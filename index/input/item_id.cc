#include "index/input/item_id.h"

namespace segue::index {

std::string item_id_fault(std::string_view id) {
  if (id.empty()) return "is empty";
  if (id.size() > kLongestItemId) {
    return "has " + std::to_string(id.size()) + " bytes, " + std::to_string(kLongestItemId) + " are allowed";
  }
  for (const std::string_view reserved : {"query:", "scope:"}) {
    if (id.starts_with(reserved))
      return "begins with " + std::string(reserved) + ", as ids of suggestions do";
  }
  return {};
}

}  // namespace segue::index
