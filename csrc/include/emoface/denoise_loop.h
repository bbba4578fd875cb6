#pragma once
// The whole sampling trajectory of a denoiser. What it computes: kernels/denoise_loop/reference.py.
#include "emoface/types.h"

namespace emoface {

struct DenoiserSizes {
  std::int64_t motion, channels, heads, blocks, feed_forward;
  std::int64_t window;   // of the content attention, 0 for none
  double eps, residual;  // of the AdaIN and beside it
  double norm_eps;       // of the layer norms
};

// Elements of all matrices, of all other weights, and outputs of all matrices.
struct DenoiserCounts {
  std::int64_t matrices, vectors, outputs;
};

// All tensors float, row-major and contiguous.
struct Trajectory {
  const float* start;         // (R, T, M) noise, R = tracks * samples
  const float* speech;        // (U, T, C)
  const float* queries;       // (U, L, T, C)
  const float* styles;        // (N, tracks, L, 2, C)
  const float* film;          // (steps, L, 3, 2, C)
  const float* table;         // (steps, 6)
  const float* guidance;      // (2,) or (2, T, M)
  const float* noise;         // (steps, R, T, M), or null where the table asks for none
  const float* known;         // (R, T, M) or null
  const std::uint8_t* mask;   // (R, T) or null
  const float* share;         // (R, T, M) or null; not null only together with known
  const std::int64_t* contents;  // (N, tracks) which of the U speeches each track hears in each branch
  float* motion;              // (R, T, M) out
  std::int64_t rows, time, unique, branches, tracks, steps;
  std::int64_t weights;  // values that each weight of the guidance has: 1, or T M
  int threads;
};

}  // namespace emoface
