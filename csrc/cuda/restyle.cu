#include "restyle_kernels.cuh"

#include "emoface/cuda/launch.h"

// Budget: 64 registers, 4096 bytes of shared memory, 0 kernels with matrix instructions.

namespace emoface {

int restyle_cuda(const Restyle& p, const Queue& queue) {
  if (p.batch * p.time * p.channels == 0) return int(cudaSuccess);
  if (p.batch > INT32_MAX || p.channels > 65535 * 32) return int(cudaErrorInvalidValue);
  const dim3 blocks{unsigned(p.batch), unsigned((p.channels + 31) / 32)};
  return with_type(p.dtype, [&](auto type) {
    return launch(restyle_kernel<decltype(type)>, blocks, kRestyleWarps * 32, 0, queue, p);
  });
}

}  // namespace emoface
