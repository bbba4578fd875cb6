#pragma once
// The lit, antialiased picture of a visibility buffer. What it computes: kernels/shade/reference.py.
#include "emoface/types.h"

namespace emoface {

// All arrays row-major and contiguous, of `dtype` unless noted.
struct Shade {
  const void* points;         // (B, V, 3) as given to rasterize
  const void* surface;        // (B, V, 17): normal, linear albedo, key, opening, roughness, skin, curvature, share of
                              // the relief that shows, place in the relief, position
  const std::int32_t* faces;  // (F, 3)
  const std::int32_t* face;   // (B, S H, S W)
  const void* relief;         // (B, M, N, 4): slopes by column and row, tint, cavity
  const void* lights;         // (L, 7): direction, linear colour, radius
  const void* ambient;        // (4, 3): constant, by the normal's x, y, z
  const void* background;     // (H, W, 3) linear
  void* image;                // (B, H, W, 3) out, sRGB; (B, H, W, 4) with `cutout`
  DType dtype;
  std::int64_t batch, vertices, triangles, texel_rows, texel_columns, light_count, height, width, samples;
  bool cutout;          // the share that is covered instead of the background
  std::int64_t threads;  // parts of the image done at a time
};

// Returns false for a dtype that it has no code for (the 16-bit ones). Throws std::out_of_range for a corner or
// triangle index that is out of range.
bool shade_cpu(const Shade& call);

}  // namespace emoface
