#pragma once
// Soft shadow from a depth map. What it computes: kernels/shadow/reference.py.
#include "emoface/types.h"

namespace emoface {

// All arrays row-major, contiguous and of `dtype`.
struct Shadow {
  const void* points;  // (B, V, 3): x, y in pixels of the map, z greater when nearer to the light
  const void* depth;   // (B, H, W)
  void* lit;           // (B, V) out
  DType dtype;
  std::int64_t batch, vertices, height, width;
  double bias, softness;
};

// Returns false for a dtype that it has no code for (the 16-bit ones).
bool shadow_cpu(const Shadow& call);

}  // namespace emoface
