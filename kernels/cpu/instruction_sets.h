#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace segue::kernels {

/// The instruction sets that the vector loops were compiled for and this processor has, the best first; the
/// last is the compiler's baseline. The names are Highway's.
std::vector<std::string> instruction_sets();

/// Makes the loops of all CpuBackends use one of instruction_sets(), or again the best when name is empty.
/// For tests and measurements: the loops choose by themselves. Another name throws std::invalid_argument. Not
/// while a kernel runs.
void use_instruction_set(std::string_view name);

}  // namespace segue::kernels
