#pragma once
// Visible triangle and depth at every pixel. What it computes: kernels/rasterize/reference.py.
#include "emoface/types.h"

namespace emoface {

// All arrays row-major and contiguous but for the points.
struct Rasterize {
  const void* points;         // (B, V, 3) of `dtype`: x right, y down in pixels, z greater when nearer
  std::int64_t strides[3];    // of the points, in elements
  const std::int32_t* faces;  // (F, 3)
  void* depth;                // (B, H, W) of `dtype`, out
  std::int32_t* face;         // (B, H, W) out
  DType dtype;
  std::int64_t batch, vertices, triangles, height, width;
  bool cull;             // leave out triangles that run clockwise as seen
  std::int64_t threads;  // parts of the images drawn at a time
};

// Returns false for a dtype that it has no code for (the 16-bit ones). Throws std::out_of_range for a corner
// index that is not in 0..V-1.
bool rasterize_cpu(const Rasterize& call);

}  // namespace emoface
