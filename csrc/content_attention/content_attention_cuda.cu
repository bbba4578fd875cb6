#include "content_attention_kernels.cuh"

#include <cuda_runtime.h>

namespace emoface {
namespace {

constexpr std::int64_t kMostFrames = 1 << 30;  // frames are counted in 32 bits

template <class T>
void launch_rows(const ContentAttention& p, cudaStream_t stream) {
  content_attention_rows_kernel<T><<<content_rows_blocks<dim3>(p), kRowThreads, 0, stream>>>(p);
}

template <class T>
void launch_16_bit(const ContentAttention& p, cudaStream_t stream) {
  const dim3 blocks = content_mma_blocks<dim3>(p);
  if (!content_mma_fits(p)) return launch_rows<T>(p, stream);
  if (p.width == 16) content_attention_mma_kernel<T, 16><<<blocks, kWarps * 32, 0, stream>>>(p);
  if (p.width == 32) content_attention_mma_kernel<T, 32><<<blocks, kWarps * 32, 0, stream>>>(p);
  if (p.width == 64) content_attention_mma_kernel<T, 64><<<blocks, kWarps * 32, 0, stream>>>(p);
}

}  // namespace

int content_attention_cuda(const ContentAttention& p, void* stream) {
  if (p.batch * p.speech * p.heads * p.width == 0) return int(cudaSuccess);
  if (p.batch * p.heads > 65535 || p.speech > kMostFrames || p.motion > kMostFrames || p.window > kMostFrames ||
      p.width > kMostWidth)
    return int(cudaErrorInvalidValue);
  const cudaStream_t on = static_cast<cudaStream_t>(stream);
  switch (p.dtype) {
    case DType::float32: launch_rows<float>(p, on); break;
    case DType::bfloat16: launch_16_bit<bfloat16>(p, on); break;
    case DType::float16: launch_16_bit<__half>(p, on); break;
    case DType::float64: launch_rows<double>(p, on); break;
  }
  return int(cudaGetLastError());
}

}  // namespace emoface
