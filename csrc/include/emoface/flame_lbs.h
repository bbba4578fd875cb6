#pragma once
// The vertices of a FLAME head. What it computes: kernels/flame_lbs/reference.py.
#include "emoface/cuda/queue.h"
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`.
struct FlameLbs {
  const void* expression;    // (T, K), T = frames, K = shapes
  const void* pose;          // (T, 5, 3) axis-angle, radians
  const void* translation;   // (T, 3)
  const void* template_;     // (V, 3), V = vertices
  const void* shape_basis;   // (K, V, 3)
  const void* pose_basis;    // (36, V, 3)
  const void* joints;        // (5, 3)
  const void* joint_basis;   // (K, 5, 3)
  const void* skin_weights;  // (V, 5)
  void* out;                 // (T, V, 3)
  DType dtype;
  std::int64_t frames, shapes, vertices;
};

// Returns false for a dtype that it has no code for (float16).
bool flame_lbs_cpu(const FlameLbs& head);

// Returns a cudaError_t.
int flame_lbs_cuda(const FlameLbs& head, const Queue& queue);

}  // namespace emoface
