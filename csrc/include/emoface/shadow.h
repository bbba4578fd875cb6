#pragma once
// Soft shadow from a depth map. What it computes: kernels/shadow/reference.py.
#include "emoface/types.h"

namespace emoface {

// All arrays of `dtype`, row-major and contiguous but for the points.
struct Shadow {
  const void* points;  // (B, V, 3): x, y in pixels of the map, z greater when nearer to the light
  std::int64_t strides[3];  // of the points, in elements
  const void* depth;   // (B, H, W)
  void* lit;           // (B, V) out
  DType dtype;
  std::int64_t batch, vertices, height, width;
  double bias, softness;
};

// Returns false for a dtype that it has no code for (the 16-bit ones).
bool shadow_cpu(const Shadow& call);

}  // namespace emoface
