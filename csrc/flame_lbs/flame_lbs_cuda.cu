#include "flame_lbs_kernels.cuh"

#include <cuda_runtime.h>

namespace emoface {
namespace {

constexpr std::int64_t kMostFrames = 65535 * std::int64_t(kLbsFrames);  // what one grid reaches

template <class T>
void launch(const FlameLbs& head, cudaStream_t stream) {
  for (std::int64_t first = 0; first < head.frames; first += kMostFrames) {
    FlameLbs part = head;
    part.expression = static_cast<const T*>(head.expression) + first * head.shapes;
    part.pose = static_cast<const T*>(head.pose) + first * 3 * kJoints;
    part.translation = static_cast<const T*>(head.translation) + first * 3;
    part.out = static_cast<T*>(head.out) + first * head.vertices * 3;
    part.frames = head.frames - first < kMostFrames ? head.frames - first : kMostFrames;
    const dim3 blocks = flame_lbs_blocks<dim3>(part);
    flame_lbs_kernel<T><<<blocks, kLbsThreads, 0, stream>>>(part);
  }
}

}  // namespace

int flame_lbs_cuda(const FlameLbs& head, void* stream) {
  if (head.frames * head.vertices == 0) return int(cudaSuccess);
  if (head.vertices > INT32_MAX) return int(cudaErrorInvalidValue);
  const cudaStream_t on = static_cast<cudaStream_t>(stream);
  switch (head.dtype) {
    case DType::float32: launch<float>(head, on); break;
    case DType::bfloat16: launch<bfloat16>(head, on); break;
    case DType::float16: launch<__half>(head, on); break;
    case DType::float64: launch<double>(head, on); break;
  }
  return int(cudaGetLastError());
}

}  // namespace emoface
