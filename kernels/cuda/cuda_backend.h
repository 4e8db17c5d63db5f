#pragma once

#include <memory>
#include <string>

#include "kernels/backend.h"

namespace segue::kernels {

/// The CUDA twin of CpuBackend, or null and in why_not the reason, a clause without a full stop. CMake
/// compiles cuda_backend.cc or cuda_backend_absent.cc, whichever this build can have.
std::unique_ptr<Backend> make_cuda_backend(std::string& why_not);

}  // namespace segue::kernels
