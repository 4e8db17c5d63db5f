#include "kernels/cpu/instruction_sets.h"

#include <hwy/highway.h>

#include <stdexcept>

namespace segue::kernels {
namespace {

/// Bits of Highway's sets, the best (lowest) first.
std::vector<std::int64_t> targets() {
  hwy::SetSupportedTargetsForTest(0);
  std::vector<std::int64_t> all = hwy::SupportedAndGeneratedTargets();
  if (all.empty() || all.back() != HWY_STATIC_TARGET) all.push_back(HWY_STATIC_TARGET);
  return all;
}

}  // namespace

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : targets()) names.emplace_back(hwy::TargetName(target));
  return names;
}

void use_instruction_set(std::string_view name) {
  for (const std::int64_t target : targets()) {
    if (!name.empty() && hwy::TargetName(target) != name) continue;
    hwy::SetSupportedTargetsForTest(name.empty() ? 0 : target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    return;
  }
  throw std::invalid_argument("use_instruction_set: this processor or build has no " + std::string(name));
}

}  // namespace segue::kernels
