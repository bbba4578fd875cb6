#pragma once
// The pose of one frame of flame_lbs: one source for the CPU, CUDA and host-shim builds.
#include <cmath>

#include "emoface/types.h"

namespace emoface {

constexpr int kJoints = 5;        // global, neck, jaw, left eye, right eye
constexpr int kCorrectives = 36;  // elements of R - I of joints 1 to 4
constexpr int kTransform = 12;    // a joint's rows [G | shift]

// On the device through sinpi: sin carries a reduction of huge angles that takes a stack.
template <class A>
EMO_HD A sine_of(A angle) {
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(A) == 4) return sinpif(angle * A(0.318309886183790672));
  return sinpi(angle * A(0.318309886183790672));
#else
  return std::sin(angle);
#endif
}

// Rodrigues' formula, row by row; a series near zero.
template <class A>
EMO_HD void rotation_matrix(A x, A y, A z, A* out) {
  using std::sqrt;
  const A square = x * x + y * y + z * z;
  A sine = A(1) - square / A(6), half = A(1) - square / A(24);
  if (!(square <= A(1e-8))) {
    const A angle = sqrt(square);
    sine = sine_of(angle) / angle;
    half = sine_of(angle / A(2)) / (angle / A(2));
  }
  const A c = A(0.5) * half * half;  // (1 - cos) / square
  out[0] = A(1) - c * (y * y + z * z);
  out[1] = c * x * y - sine * z;
  out[2] = c * x * z + sine * y;
  out[3] = c * x * y + sine * z;
  out[4] = A(1) - c * (x * x + z * z);
  out[5] = c * y * z - sine * x;
  out[6] = c * x * z - sine * y;
  out[7] = c * y * z + sine * x;
  out[8] = A(1) - c * (x * x + y * y);
}

// Element i (0..35) of the pose correctives from the five local rotations.
template <class A>
EMO_HD A corrective(const A* rotations, int i) {
  const int element = i % 9;
  return rotations[9 + i] - (element == 0 || element == 4 || element == 8 ? A(1) : A(0));
}

// The joints' transforms (5, 12) of one frame from its local rotations (5, 9) and its joints at rest (5, 3):
// the turn about a joint is [R | r - R r], and those down the tree multiply.
template <class A>
EMO_HD void joint_transforms(const A* rotations, const A* rest, A* out) {
  for (int j = 0; j < kJoints; ++j) {
    const A* turn = rotations + 9 * j;
    const A* at = rest + 3 * j;
    A shift[3];
    for (int r = 0; r < 3; ++r) shift[r] = at[r] - (turn[3 * r] * at[0] + turn[3 * r + 1] * at[1] + turn[3 * r + 2] * at[2]);
    for (int r = 0; r < 3; ++r) {
      const A* above = out + (j < 2 ? 0 : kTransform) + 4 * r;
      A* own = out + j * kTransform + 4 * r;
      for (int c = 0; c < 3; ++c)
        own[c] = j > 0 ? above[0] * turn[c] + above[1] * turn[3 + c] + above[2] * turn[6 + c] : turn[3 * r + c];
      own[3] = j > 0 ? above[0] * shift[0] + above[1] * shift[1] + above[2] * shift[2] + above[3] : shift[r];
    }
  }
}

}  // namespace emoface
