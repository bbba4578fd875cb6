#include "sampler_step_kernels.cuh"

#include "emoface/cuda/launch.h"
#include "emoface/cuda/mixed.h"

// Budget: 64 registers, 4096 bytes of shared memory, 0 kernels with matrix instructions.

namespace emoface {
namespace {

template <class T, int N>
int launch_branches(const SamplerStep& step, const Queue& queue) {
  if (step.quantile > 0) {
    const dim3 blocks{unsigned(step.batch)};
    return launch(sampler_step_threshold_kernel<T, N>, blocks, kThresholdThreads, 0, queue, step);
  }
  const std::int64_t sample = step.time * step.channels, most = 65535;
  const dim3 blocks{unsigned((sample + kSamplerThreads - 1) / kSamplerThreads),
                    unsigned(step.batch < most ? step.batch : most)};
  return launch(sampler_step_kernel<T, N>, blocks, kSamplerThreads, 0, queue, step);
}

}  // namespace

int sampler_step_cuda(const SamplerStep& step, const Queue& queue) {
  if (step.batch * step.time * step.channels == 0) return int(cudaSuccess);
  if (step.time * step.channels > INT32_MAX || step.batch > INT32_MAX) return int(cudaErrorInvalidValue);
  return with_type(step.dtype, [&](auto type) {
    using T = decltype(type);
    if (step.branches == 1) return launch_branches<T, 1>(step, queue);
    if (step.branches == 2) return launch_branches<T, 2>(step, queue);
    return launch_branches<T, 3>(step, queue);
  });
}

}  // namespace emoface
