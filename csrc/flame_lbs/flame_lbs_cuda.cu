#include "flame_lbs_kernels.cuh"

#include "emoface/cuda/launch.h"
#include "emoface/cuda/mixed.h"

// Budget: 200 registers, 27648 bytes of shared memory, 0 kernels with matrix instructions.

namespace emoface {
namespace {

constexpr std::int64_t kMostFrames = 65535 * std::int64_t(kLbsFrames);  // what one grid reaches

// Grids are (blocks of vertices, blocks of frames).
template <class T>
int launch_frames(const FlameLbs& head, const Queue& queue) {
  for (std::int64_t first = 0; first < head.frames; first += kMostFrames) {
    FlameLbs part = head;
    part.expression = static_cast<const T*>(head.expression) + first * head.shapes;
    part.pose = static_cast<const T*>(head.pose) + first * 3 * kJoints;
    part.translation = static_cast<const T*>(head.translation) + first * 3;
    part.out = static_cast<T*>(head.out) + first * head.vertices * 3;
    part.frames = head.frames - first < kMostFrames ? head.frames - first : kMostFrames;
    const dim3 blocks{unsigned((head.vertices + kLbsThreads - 1) / kLbsThreads),
                      unsigned((part.frames + kLbsFrames - 1) / kLbsFrames)};
    if (const int error = launch(flame_lbs_kernel<T>, blocks, kLbsThreads, 0, queue, part)) return error;
  }
  return int(cudaSuccess);
}

}  // namespace

int flame_lbs_cuda(const FlameLbs& head, const Queue& queue) {
  if (head.frames * head.vertices == 0) return int(cudaSuccess);
  if (head.vertices > INT32_MAX) return int(cudaErrorInvalidValue);
  return with_type(head.dtype, [&](auto type) { return launch_frames<decltype(type)>(head, queue); });
}

}  // namespace emoface
