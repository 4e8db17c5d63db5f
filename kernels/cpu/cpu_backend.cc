#include "kernels/cpu/cpu_backend.h"

#include <cblas.h>

#include <mutex>

#include "kernels/cpu/instruction_sets.h"

namespace segue::kernels {

CpuBackend::CpuBackend() {
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
}

std::string CpuBackend::description() const {
  return "loops in " + instruction_sets().front() + ", products by " + openblas_get_config();
}

std::unique_ptr<Backend> make_cpu_backend() {
  return std::make_unique<CpuBackend>();
}

}  // namespace segue::kernels
