#pragma once
// Device code of flame_lbs. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/flame_lbs.h"
#include "emoface/flame_lbs_math.h"

namespace emoface {

constexpr int kLbsThreads = 128;  // vertices of a block, one a thread
constexpr int kLbsFrames = 16;    // frames of a block: each basis element is read once for all of them
constexpr int kLbsChunk = 32;     // coefficients in shared memory at a time

// One block: kLbsThreads vertices of kLbsFrames frames. It poses its frames itself, a small share of the work, so
// that one launch does everything.
template <class T>
__global__ void __launch_bounds__(kLbsThreads) flame_lbs_kernel(FlameLbs head) {
  using A = Compute<T>;
  __shared__ A rotations[kLbsFrames][9 * kJoints];
  __shared__ A rest[kLbsFrames][3 * kJoints];
  __shared__ A transforms[kLbsFrames][kTransform * kJoints];
  __shared__ A coefficients[kLbsChunk][kLbsFrames];

  const T* expression = static_cast<const T*>(head.expression);
  const std::int64_t start = std::int64_t(blockIdx.y) * kLbsFrames;
  const int frames = int(head.frames - start < kLbsFrames ? head.frames - start : kLbsFrames);

  for (int item = threadIdx.x; item < frames * kJoints; item += kLbsThreads) {
    const int f = item / kJoints, j = item % kJoints;
    const T* p = static_cast<const T*>(head.pose) + ((start + f) * kJoints + j) * 3;
    rotation_matrix<A>(widen(p[0]), widen(p[1]), widen(p[2]), rotations[f] + 9 * j);
  }
  for (int item = threadIdx.x; item < frames * 3 * kJoints; item += kLbsThreads) {
    const int f = item / (3 * kJoints), i = item % (3 * kJoints);
    A at = widen(static_cast<const T*>(head.joints)[i]);
    for (std::int64_t k = 0; k < head.shapes; ++k)
      at += widen(expression[(start + f) * head.shapes + k]) *
            widen(static_cast<const T*>(head.joint_basis)[k * 3 * kJoints + i]);
    rest[f][i] = at;
  }
  __syncthreads();
  if (int(threadIdx.x) < frames) joint_transforms(rotations[threadIdx.x], rest[threadIdx.x], transforms[threadIdx.x]);

  const std::int64_t vertex = std::int64_t(blockIdx.x) * kLbsThreads + threadIdx.x;
  const bool inside = vertex < head.vertices;
  const std::int64_t at = (inside ? vertex : 0) * 3, row = head.vertices * 3;
  A shaped[kLbsFrames][3];
  for (int c = 0; c < 3; ++c) {
    const A value = widen(static_cast<const T*>(head.template_)[at + c]);
    for (int f = 0; f < kLbsFrames; ++f) shaped[f][c] = value;
  }
  const std::int64_t width = head.shapes + kCorrectives;
  for (std::int64_t chunk = 0; chunk < width; chunk += kLbsChunk) {
    __syncthreads();
    for (int item = threadIdx.x; item < kLbsChunk * kLbsFrames; item += kLbsThreads) {
      const int f = item / kLbsChunk;
      const std::int64_t k = chunk + item % kLbsChunk;
      A value = A(0);
      if (f < frames && k < head.shapes) value = widen(expression[(start + f) * head.shapes + k]);
      if (f < frames && k >= head.shapes && k < width) value = corrective(rotations[f], int(k - head.shapes));
      coefficients[item % kLbsChunk][f] = value;
    }
    __syncthreads();
    const int rows = int(width - chunk < kLbsChunk ? width - chunk : kLbsChunk);
    for (int i = 0; i < rows; ++i) {
      const std::int64_t k = chunk + i;
      const T* basis = k < head.shapes ? static_cast<const T*>(head.shape_basis) + k * row
                                       : static_cast<const T*>(head.pose_basis) + (k - head.shapes) * row;
      const A x = widen(basis[at]), y = widen(basis[at + 1]), z = widen(basis[at + 2]);
#pragma unroll
      for (int f = 0; f < kLbsFrames; ++f) {
        const A a = coefficients[i][f];
        shaped[f][0] += a * x;
        shaped[f][1] += a * y;
        shaped[f][2] += a * z;
      }
    }
  }
  if (!inside) return;
  A weights[kJoints];
  for (int j = 0; j < kJoints; ++j) weights[j] = widen(static_cast<const T*>(head.skin_weights)[vertex * kJoints + j]);
#pragma unroll
  for (int f = 0; f < kLbsFrames; ++f) {
    if (f >= frames) continue;
    const std::int64_t t = start + f;
    T* out = static_cast<T*>(head.out) + t * row + at;
    for (int r = 0; r < 3; ++r) {
      A skinned = widen(static_cast<const T*>(head.translation)[3 * t + r]);
      for (int j = 0; j < kJoints; ++j) {
        const A* g = transforms[f] + j * kTransform + 4 * r;
        skinned += weights[j] * (g[0] * shaped[f][0] + g[1] * shaped[f][1] + g[2] * shaped[f][2] + g[3]);
      }
      out[r] = Narrow<T>::of(skinned);
    }
  }
}

}  // namespace emoface
