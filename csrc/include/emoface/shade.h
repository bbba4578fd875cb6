#pragma once
// The lit, antialiased picture of a visibility buffer. What it computes: kernels/shade/reference.py.
#include "emoface/types.h"

namespace emoface {

// All arrays row-major and contiguous, of `dtype` unless noted.
struct Shade {
  const void* points;         // (B, V, 3) as given to rasterize
  const void* surface;        // (B, V, 10): normal, linear albedo, key, opening, roughness, subsurface
  const std::int32_t* faces;  // (F, 3)
  const std::int32_t* face;   // (B, S H, S W)
  const void* lights;         // (L, 6): direction, linear colour
  const void* ambient;        // (2, 3): from above, from below
  const void* background;     // (H, W, 3) linear
  void* image;                // (B, H, W, 3) out, sRGB
  DType dtype;
  std::int64_t batch, vertices, triangles, light_count, height, width, samples;
};

// Returns false for a dtype that it has no code for (the 16-bit ones). Throws std::out_of_range for a corner or
// triangle index that is out of range.
bool shade_cpu(const Shade& call);

}  // namespace emoface
