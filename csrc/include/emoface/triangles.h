#pragma once
// What the operators on triangles share.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "emoface/types.h"

namespace emoface {

constexpr int kSubpixels = 256;       // corners of drawn triangles lie on a grid of 1/256 pixel
constexpr double kReach = 1 << 23;    // in subpixels; a triangle with a corner beyond it is not drawn
constexpr std::int32_t kNowhere = INT32_MIN;

struct Corner {
  std::int32_t x, y;  // in subpixels; x is kNowhere for a corner out of reach
  double z;

  EMO_HD static Corner at(double x, double y, double z) {
    x *= kSubpixels, y *= kSubpixels;
    const bool reachable = std::fabs(x) <= kReach && std::fabs(y) <= kReach;
    return {reachable ? std::int32_t(std::nearbyint(x)) : kNowhere, reachable ? std::int32_t(std::nearbyint(y)) : 0, z};
  }
};

// value(x, y) = at_origin + per_x x + per_y y over pixel numbers.
template <class N>
struct Plane {
  N at_origin, per_x, per_y;

  template <class P>
  EMO_HD N operator()(P x, P y) const {
    return at_origin + per_x * N(x) + per_y * N(y);
  }
};

// Twice the area in squared subpixels, positive where the corners run counter-clockwise as seen.
EMO_HD std::int64_t twice_area(const Corner& a, const Corner& b, const Corner& c) {
  return std::int64_t(c.x - a.x) * (b.y - a.y) - std::int64_t(c.y - a.y) * (b.x - a.x);
}

// The plane that is 0 on an edge and not negative inside, at pixel centres; exact.
EMO_HD Plane<std::int64_t> edge_plane(const Corner& from, const Corner& to, std::int64_t sign) {
  const std::int64_t dx = sign * (to.x - from.x), dy = sign * (to.y - from.y);
  const std::int64_t half = kSubpixels / 2;
  return {(half - from.y) * dx - (half - from.x) * dy, -dy * kSubpixels, dx * kSubpixels};
}

// Throws std::out_of_range unless every corner index is in 0..vertices-1.
inline void check_corners(const char* op, const std::int32_t* faces, std::int64_t triangles, std::int64_t vertices) {
  for (std::int64_t i = 0; i < 3 * triangles; ++i)
    if (faces[i] < 0 || faces[i] >= vertices)
      throw std::out_of_range(std::string(op) + ": faces must be in 0.." + std::to_string(vertices - 1) + ", got " +
                              std::to_string(faces[i]) + " in row " + std::to_string(i / 3));
}

}  // namespace emoface
