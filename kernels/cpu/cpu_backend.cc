#include "kernels/cpu/cpu_backend.h"

#include <cblas.h>

#include <mutex>

namespace segue::kernels {

CpuBackend::CpuBackend() {
  static std::once_flag once;
  std::call_once(once, [] { openblas_set_num_threads(1); });
}

std::string CpuBackend::description() const {
  return std::string("cpu, ") + openblas_get_config();
}

std::unique_ptr<Backend> make_cpu_backend() {
  return std::make_unique<CpuBackend>();
}

}  // namespace segue::kernels
