#include "denoise_loop_kernels.cuh"

#include "emoface/cuda/launch.h"

// Budget: 64 registers, 17408 bytes of shared memory, 0 kernels with matrix instructions.

namespace emoface {

int denoise_enter_cuda(const DenoiseEnter& p, const Queue& queue) {
  const std::int64_t size = p.rows * p.time;
  if (size * p.channels == 0) return int(cudaSuccess);
  if (size > INT32_MAX || p.channels > 65535 * kTile) return int(cudaErrorInvalidValue);
  return with_type(p.dtype, [&](auto type) {
    return launch(denoise_enter_kernel<decltype(type)>, tiles_of(size, p.channels), kTileThreads, 0, queue, p);
  });
}

int denoise_step_cuda(const DenoiseStep& p, const Queue& queue) {
  if (p.size == 0) return int(cudaSuccess);
  if (p.size > INT32_MAX) return int(cudaErrorInvalidValue);
  const dim3 blocks{unsigned((p.size + kStepThreads - 1) / kStepThreads)};
  return launch(denoise_step_kernel, blocks, kStepThreads, 0, queue, p);
}

}  // namespace emoface
