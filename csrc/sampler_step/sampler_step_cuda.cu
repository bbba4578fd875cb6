#include "sampler_step_kernels.cuh"

#include <cuda_runtime.h>

namespace emoface {
namespace {

template <class T, int N>
void launch(const SamplerStep& step, cudaStream_t stream) {
  if (step.quantile > 0) {
    sampler_step_threshold_kernel<T, N><<<unsigned(step.batch), kThresholdThreads, 0, stream>>>(step);
  } else {
    const dim3 blocks = sampler_blocks<dim3>(step);
    sampler_step_kernel<T, N><<<blocks, kSamplerThreads, 0, stream>>>(step);
  }
}

template <class T>
void launch(const SamplerStep& step, cudaStream_t stream) {
  if (step.branches == 1) launch<T, 1>(step, stream);
  if (step.branches == 2) launch<T, 2>(step, stream);
  if (step.branches == 3) launch<T, 3>(step, stream);
}

}  // namespace

int sampler_step_cuda(const SamplerStep& step, void* stream) {
  if (step.batch * step.time * step.channels == 0) return int(cudaSuccess);
  if (step.time * step.channels > INT32_MAX || step.batch > INT32_MAX) return int(cudaErrorInvalidValue);
  const cudaStream_t on = static_cast<cudaStream_t>(stream);
  switch (step.dtype) {
    case DType::float32: launch<float>(step, on); break;
    case DType::bfloat16: launch<bfloat16>(step, on); break;
    case DType::float16: launch<__half>(step, on); break;
    case DType::float64: launch<double>(step, on); break;
  }
  return int(cudaGetLastError());
}

}  // namespace emoface
