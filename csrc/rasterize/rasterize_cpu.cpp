#include "emoface/rasterize.h"

#include <algorithm>
#include <vector>

#include "emoface/cpu/level.h"
#include "emoface/rows.h"
#include "emoface/triangles.h"

namespace emoface {
namespace {

constexpr int kLanes = 8;  // pixels of a row handled at once

typedef double Doubles __attribute__((vector_size(kLanes * 8)));
typedef std::int64_t Longs __attribute__((vector_size(kLanes * 8)));
typedef float Floats __attribute__((vector_size(kLanes * 4)));
typedef std::int32_t Ints __attribute__((vector_size(kLanes * 4)));

template <class V, class T>
EMO_HD void load(V& lanes, const T* from, std::int64_t count) {
  if (count >= kLanes) memcpy(&lanes, from, sizeof lanes);
  else memcpy(&lanes, from, count * sizeof(T));
}
template <class V, class T>
EMO_HD void store(const V& lanes, T* to, std::int64_t count) {
  if (count >= kLanes) memcpy(to, &lanes, sizeof lanes);
  else memcpy(to, &lanes, count * sizeof(T));
}

// Pixels whose centre lies between the least and the greatest coordinate, cut to the image.
struct Extent {
  std::int64_t first, last;

  EMO_HD Extent(std::int32_t low, std::int32_t high, std::int64_t size)
      : first(std::max((low + kSubpixels / 2 - 1) >> 8, 0)),
        last(std::min(std::int64_t((high - kSubpixels / 2) >> 8), size - 1)) {}

  EMO_HD void within(std::int64_t low, std::int64_t high) { first = std::max(first, low), last = std::min(last, high); }
};

template <class T>
struct Target {
  T* depth;
  std::int32_t* face;
  std::int64_t height, width, top, bottom;  // rows from top to bottom are drawn
};

template <class V, class T>
EMO_HD void draw(const Corner& a, const Corner& b, const Corner& c, std::int32_t index, bool cull,
                 const Target<T>& to) {
  const std::int32_t left = std::min(std::min(a.x, b.x), c.x);
  if (left == kNowhere) return;
  const Extent columns(left, std::max(std::max(a.x, b.x), c.x), to.width);
  Extent rows(std::min(std::min(a.y, b.y), c.y), std::max(std::max(a.y, b.y), c.y), to.height);
  rows.within(to.top, to.bottom);
  if (columns.first > columns.last || rows.first > rows.last) return;  // many small triangles end here
  const std::int64_t area = twice_area(a, b, c);
  if (cull ? area <= 0 : area == 0) return;
  const std::int64_t sign = area < 0 ? -1 : 1;
  const Plane<std::int64_t> at_a = edge_plane(c, b, sign), at_b = edge_plane(a, c, sign),
                            at_c = edge_plane(b, a, sign);
  const double scale = 1 / double(sign * area);
  const auto mix = [&](std::int64_t of_a, std::int64_t of_b, std::int64_t of_c) {
    return (double(of_a) * a.z + double(of_b) * b.z + double(of_c) * c.z) * scale;
  };
  const Plane<double> z{mix(at_a.at_origin, at_b.at_origin, at_c.at_origin), mix(at_a.per_x, at_b.per_x, at_c.per_x),
                        mix(at_a.per_y, at_b.per_y, at_c.per_y)};
  const Longs lane = {0, 1, 2, 3, 4, 5, 6, 7};
  const Longs a_lane = at_a.per_x * lane, b_lane = at_b.per_x * lane, c_lane = at_c.per_x * lane;
  const Doubles z_lane = z.per_x * __builtin_convertvector(lane, Doubles);
  for (std::int64_t y = rows.first; y <= rows.last; ++y) {
    for (std::int64_t x = columns.first; x <= columns.last; x += kLanes) {
      const std::int64_t place = y * to.width + x, count = to.width - x;
      const Longs outside = ((at_a(x, y) + a_lane) | (at_b(x, y) + b_lane) | (at_c(x, y) + c_lane)) >> 63;
      const V value = __builtin_convertvector(z(x, y) + z_lane, V);
      V depth = {};
      Ints face = {};
      load(depth, to.depth + place, count);
      load(face, to.face + place, count);
      const Ints nearer = (__builtin_convertvector(value, Floats) > __builtin_convertvector(depth, Floats)) &
                          ~__builtin_convertvector(outside, Ints);
      depth = __builtin_convertvector(nearer, decltype(depth > depth)) ? value : depth;
      face = nearer ? (Ints{} + index) : face;
      store(depth, to.depth + place, count);
      store(face, to.face + place, count);
    }
  }
}

template <class V, class T>
EMO_HD void run(const Rows<Rasterize>& part) {
  const Rasterize& call = *part.call;
  const std::int64_t pixels = call.height * call.width;
  std::vector<Corner> corners(call.vertices);
  for (std::int64_t row = part.first; row < part.last;) {
    const std::int64_t b = row / call.height, top = row % call.height;
    const std::int64_t bottom = std::min(call.height, top + part.last - row) - 1;
    row += bottom + 1 - top;
    const T* points = static_cast<const T*>(call.points) + b * call.strides[0];
    for (std::int64_t v = 0; v < call.vertices; ++v) {
      const T* p = points + v * call.strides[1];
      corners[v] = Corner::at(double(p[0]), double(p[call.strides[2]]), double(p[2 * call.strides[2]]));
    }
    const Target<T> target{static_cast<T*>(call.depth) + b * pixels, call.face + b * pixels, call.height, call.width,
                           top, bottom};
    std::fill_n(target.depth + top * call.width, (bottom + 1 - top) * call.width, T(0));
    std::fill_n(target.face + top * call.width, (bottom + 1 - top) * call.width, -1);
    for (std::int64_t f = 0; f < call.triangles; ++f) {
      const std::int32_t* corner = call.faces + 3 * f;
      draw<V>(corners[corner[0]], corners[corner[1]], corners[corner[2]], std::int32_t(f), call.cull, target);
    }
  }
}

EMO_LEVELS(run_float32, Rows<Rasterize>, run<Floats, float>(call))
EMO_LEVELS(run_float64, Rows<Rasterize>, run<Doubles, double>(call))

}  // namespace

bool rasterize_cpu(const Rasterize& call) {
  check_corners("rasterize", call.faces, call.triangles, call.vertices);
  switch (call.dtype) {
    case DType::float32: run_rows(call, run_float32); return true;
    case DType::float64: run_rows(call, run_float64); return true;
    default: return false;
  }
}

}  // namespace emoface
