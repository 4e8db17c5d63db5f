#include "kernels/backend.h"

#include <utility>

#include "kernels/cpu/cpu_backend.h"
#include "kernels/cuda/cuda_backend.h"
#include "kernels/error.h"

namespace segue::kernels {

std::unique_ptr<Backend> make_backend(Device device) {
  if (device == Device::kCpu) return make_cpu_backend();
  std::string why_not;
  if (std::unique_ptr<Backend> cuda = make_cuda_backend(why_not)) return cuda;
  if (device == Device::kAuto) return make_cpu_backend();
  throw Error(ErrorKind::kResource, "the CUDA backend cannot be had: " + why_not, {},
              "use device cpu or auto");
}

std::vector<std::unique_ptr<Backend>> available_backends() {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(make_cpu_backend());
  std::string why_not;
  if (std::unique_ptr<Backend> cuda = make_cuda_backend(why_not)) backends.push_back(std::move(cuda));
  return backends;
}

}  // namespace segue::kernels
