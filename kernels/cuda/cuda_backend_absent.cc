#include "kernels/cuda/cuda_backend.h"

namespace segue::kernels {

std::unique_ptr<Backend> make_cuda_backend(std::string& why_not) {
  why_not = "this build has no CUDA kernels, since no CUDA toolkit was found or SEGUE_CUDA is off";
  return nullptr;
}

}  // namespace segue::kernels
