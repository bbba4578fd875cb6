#include "emoface/rasterize.h"

#include <algorithm>
#include <cmath>

#include "emoface/triangles.h"

namespace emoface {
namespace {

constexpr double kSubpixels = 256;
constexpr double kReach = 1 << 23;

struct Corner {
  double x, y, z;  // x and y in subpixels, whole numbers
};

// One edge as value(x, y) = at_origin + per_x x + per_y y over pixel numbers; the inside is value >= 0. Whole
// numbers below 2^53: exact.
struct Edge {
  double at_origin, per_x, per_y;

  static EMO_HD Edge between(const Corner& from, const Corner& to) {
    const double dx = to.x - from.x, dy = to.y - from.y;
    const double half = kSubpixels / 2;
    return {(half - from.y) * dx - (half - from.x) * dy, -dy * kSubpixels, dx * kSubpixels};
  }
  EMO_HD Edge operator-() const { return {-at_origin, -per_x, -per_y}; }
};

template <class T>
struct Target {
  T* depth;
  std::int32_t* face;
  std::int64_t height, width;
};

EMO_HD bool reachable(const Corner& c) { return std::fabs(c.x) <= kReach && std::fabs(c.y) <= kReach; }

// Pixel centres from the least to the greatest coordinate, cut to the image.
EMO_HD void extent(double a, double b, double c, std::int64_t size, std::int64_t& first, std::int64_t& last) {
  const double low = std::min(std::min(a, b), c), high = std::max(std::max(a, b), c);
  first = std::int64_t(std::max(0.0, std::ceil(low / kSubpixels - 0.5)));
  last = std::int64_t(std::min(double(size - 1), std::floor(high / kSubpixels - 0.5)));
}

template <class T>
EMO_HD void draw(const Corner& a, const Corner& b, const Corner& c, std::int32_t index, bool cull,
                 const Target<T>& to) {
  if (!(reachable(a) && reachable(b) && reachable(c))) return;
  const double area = (c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x);
  if (cull ? !(area > 0) : area == 0) return;
  std::int64_t left, right, top, bottom;
  extent(a.x, b.x, c.x, to.width, left, right);
  extent(a.y, b.y, c.y, to.height, top, bottom);
  if (left > right || top > bottom) return;
  Edge edges[3] = {Edge::between(b, a), Edge::between(c, b), Edge::between(a, c)};  // opposite c, a, b
  if (area < 0) std::for_each(edges, edges + 3, [](Edge& e) { e = -e; });
  // z = at_origin + per_x x + per_y y over pixel numbers
  const double scale = 1 / std::fabs(area);
  const double per_x = (edges[0].per_x * c.z + edges[1].per_x * a.z + edges[2].per_x * b.z) * scale;
  const double per_y = (edges[0].per_y * c.z + edges[1].per_y * a.z + edges[2].per_y * b.z) * scale;
  const double at_origin =
      (edges[0].at_origin * c.z + edges[1].at_origin * a.z + edges[2].at_origin * b.z) * scale;
  for (std::int64_t y = top; y <= bottom; ++y) {
    double from = double(left), to_x = double(right);
    for (const Edge& e : edges) {
      const double value = e.at_origin + e.per_y * double(y);
      if (e.per_x > 0) from = std::max(from, std::ceil(-value / e.per_x));
      else if (e.per_x < 0) to_x = std::min(to_x, std::floor(-value / e.per_x));
      else if (value < 0) to_x = -1;
    }
    const double z_row = at_origin + per_y * double(y);
    T* __restrict__ depth = to.depth + y * to.width;
    std::int32_t* __restrict__ face = to.face + y * to.width;
    const std::int64_t end = std::int64_t(to_x);
    for (std::int64_t x = std::int64_t(from); x <= end; ++x) {
      const T z = T(z_row + per_x * double(x));
      if (float(z) > float(depth[x])) {
        depth[x] = z;
        face[x] = index;
      }
    }
  }
}

template <class T>
EMO_HD void run(const Rasterize& call) {
  const std::int64_t pixels = call.height * call.width;
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const T* points = static_cast<const T*>(call.points) + b * call.vertices * 3;
    const Target<T> target{static_cast<T*>(call.depth) + b * pixels, call.face + b * pixels, call.height, call.width};
    std::fill_n(target.depth, pixels, T(0));
    std::fill_n(target.face, pixels, -1);
    for (std::int64_t f = 0; f < call.triangles; ++f) {
      Corner corner[3];
      for (int k = 0; k < 3; ++k) {
        const T* p = points + 3 * std::int64_t(call.faces[3 * f + k]);
        corner[k] = {std::nearbyint(double(p[0]) * kSubpixels), std::nearbyint(double(p[1]) * kSubpixels), double(p[2])};
      }
      draw(corner[0], corner[1], corner[2], std::int32_t(f), call.cull, target);
    }
  }
}

EMO_CLONES void run_float32(const Rasterize& call) { run<float>(call); }
EMO_CLONES void run_float64(const Rasterize& call) { run<double>(call); }

}  // namespace

bool rasterize_cpu(const Rasterize& call) {
  check_corners("rasterize", call.faces, call.triangles, call.vertices);
  switch (call.dtype) {
    case DType::float32: run_float32(call); return true;
    case DType::float64: run_float64(call); return true;
    default: return false;
  }
}

}  // namespace emoface
