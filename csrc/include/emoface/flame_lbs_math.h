#pragma once
// The pose of one frame of flame_lbs: one source for the CPU, CUDA and host-shim builds.
#include <cmath>

#include "emoface/types.h"

namespace emoface {

constexpr int kJoints = 5;        // global, neck, jaw, left eye, right eye
constexpr int kCorrectives = 36;  // elements of R - I of joints 1 to 4
constexpr int kTransform = 12;    // a joint's rows [G | shift]

// Rodrigues' formula, row by row; a series near zero.
template <class A>
EMO_HD void rotation_matrix(A x, A y, A z, A* out) {
  using std::sin;
  using std::sqrt;
  const A square = x * x + y * y + z * z;
  A sine = A(1) - square / A(6), half = A(1) - square / A(24);
  if (!(square <= A(1e-8))) {
    const A angle = sqrt(square);
    sine = sin(angle) / angle;
    half = sin(angle / A(2)) / (angle / A(2));
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

// The joints' transforms (5, 12) of one frame from its local rotations (5, 9) and its joints at rest (5, 3).
template <class A>
EMO_HD void joint_transforms(const A* rotations, const A* rest, A* out) {
  A at[kJoints][3];
  for (int j = 0; j < kJoints; ++j) {
    const int above = j < 2 ? 0 : 1;
    const A* local = rotations + 9 * j;
    const A* own = rest + 3 * j;
    const A* parent = out + above * kTransform;
    A* g = out + j * kTransform;
    for (int r = 0; r < 3; ++r) {
      A place = j == 0 ? own[r] : at[above][r];
      for (int c = 0; c < 3; ++c) {
        A turned = local[3 * r + c];
        if (j > 0) {
          turned = parent[4 * r] * local[c] + parent[4 * r + 1] * local[3 + c] + parent[4 * r + 2] * local[6 + c];
          place += parent[4 * r + c] * (own[c] - rest[3 * above + c]);
        }
        g[4 * r + c] = turned;
      }
      at[j][r] = place;
      g[4 * r + 3] = place - (g[4 * r] * own[0] + g[4 * r + 1] * own[1] + g[4 * r + 2] * own[2]);
    }
  }
}

}  // namespace emoface
