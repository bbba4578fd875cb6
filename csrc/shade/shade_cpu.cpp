#include "emoface/shade.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "emoface/cpu/level.h"
#include "emoface/rows.h"
#include "emoface/triangles.h"

namespace emoface {
namespace {

constexpr int kSurface = 17;    // numbers of a corner
constexpr int kSeen = 14;       // of which so many are interpolated; the others are its position
constexpr int kBlock = 64;      // fragments lit at once
constexpr int kRecent = 1024;   // triangles kept ready, a power of two

template <class T>
EMO_HD T at_least(T value, T low) {
  return value > low ? value : low;
}

// A filmic curve and the encoding of sRGB in one.
template <class T>
EMO_HD T film(T x) {
  constexpr T a = T(0.907), b = T(0.422), c = T(0.481), d = T(0.0744);
  x = at_least(x, T(0));
  return x * (a * x + b) / (x * (a * x + c) + d);
}

template <class T>
struct Light {
  T direction[3], colour[3], radius, half[3];
  T gloss;     // 1 / (4 (l.h)^2)
  T grazing;   // (1 - l.h)^5

  explicit Light(const T* row) {
    for (int i = 0; i < 3; ++i) direction[i] = half[i] = row[i], colour[i] = row[3 + i];
    radius = row[6];
    half[2] += 1;
    const T scale = 1 / std::sqrt(half[0] * half[0] + half[1] * half[1] + half[2] * half[2] + T(1e-20));
    for (T& h : half) h *= scale;
    const T level = half[2], away = 1 - level;
    gloss = 1 / (4 * level * level);
    grazing = (away * away) * (away * away) * away;
  }
};

// A triangle ready to be interpolated.
template <class T>
struct Triangle {
  std::int32_t number = -1;
  Plane<double> weight[3];
  const T* surface[3];
  T gradient[2][3];  // of the place in the relief, texels a metre

  EMO_HD void set(const Shade& call, const T* points, const T* surfaces, std::int32_t face) {
    number = face;
    Corner corner[3];
    for (int k = 0; k < 3; ++k) {
      const std::int64_t v = call.faces[3 * std::int64_t(face) + k];
      corner[k] = Corner::at(double(points[3 * v]), double(points[3 * v + 1]), 0);
      surface[k] = surfaces + kSurface * v;
    }
    const std::int64_t area = twice_area(corner[0], corner[1], corner[2]);
    const double scale = 1 / double(area ? area : 1);
    for (int k = 0; k < 3; ++k) {
      const Plane<std::int64_t> e = edge_plane(corner[(k + 2) % 3], corner[(k + 1) % 3], 1);
      weight[k] = {double(e.at_origin) * scale, double(e.per_x) * scale, double(e.per_y) * scale};
    }
    T u[5], v[5], flat[3], along[3], across[3];
    for (int i = 0; i < 5; ++i) {
      u[i] = surface[1][12 + i] - surface[0][12 + i];
      v[i] = surface[2][12 + i] - surface[0][12 + i];
    }
    cross(u + 2, v + 2, flat), cross(v + 2, flat, along), cross(flat, u + 2, across);
    const T size = 1 / (flat[0] * flat[0] + flat[1] * flat[1] + flat[2] * flat[2] + T(1e-20));
    for (int k = 0; k < 2; ++k)
      for (int i = 0; i < 3; ++i) gradient[k][i] = (u[k] * along[i] + v[k] * across[i]) * size;
  }

  EMO_HD static void cross(const T* a, const T* b, T* c) {
    c[0] = a[1] * b[2] - a[2] * b[1], c[1] = a[2] * b[0] - a[0] * b[2], c[2] = a[0] * b[1] - a[1] * b[0];
  }
};

// The fragments of one row of pixels, one array a quantity. A fragment is what is seen of one triangle in a pixel.
template <class T>
struct Row {
  std::vector<std::int32_t> pixel, samples;
  std::vector<T> surface[kSeen], gradient[6], colour[3], mean[4];  // mean: one value a pixel
  std::int64_t count = 0;

  Row(std::int64_t width, std::int64_t per_pixel) {
    const std::int64_t most = width * per_pixel + kBlock;  // blocks overhang the end
    pixel.resize(most), samples.resize(most);
    for (auto& s : surface) s.resize(most);
    for (auto& g : gradient) g.resize(most);
    for (auto& c : colour) c.resize(most);
    for (auto& m : mean) m.resize(width);
  }

  // `x` and `y` are where the fragment is looked at, in samples.
  EMO_HD void add(std::int64_t in_pixel, const Triangle<T>& triangle, int seen, double x, double y) {
    T w[3];
    for (int k = 0; k < 3; ++k) w[k] = T(triangle.weight[k](x, y));
    const T *a = triangle.surface[0], *b = triangle.surface[1], *c = triangle.surface[2];
    for (int i = 0; i < kSeen; ++i) surface[i][count] = w[0] * a[i] + w[1] * b[i] + w[2] * c[i];
    for (int i = 0; i < 6; ++i) gradient[i][count] = triangle.gradient[i / 3][i % 3];
    pixel[count] = std::int32_t(in_pixel);
    samples[count++] = seen;
  }
};

template <class T>
struct Frame {
  const T *points, *surface, *relief;
  const std::int32_t* face;
  T* image;
};

[[noreturn]] void refuse(const Shade& call) {
  throw std::out_of_range("shade: face must be below " + std::to_string(call.triangles));
}

// Finds the triangle among the recent ones or makes it ready.
template <class T>
EMO_HD const Triangle<T>& ready(const Shade& call, const Frame<T>& frame, Triangle<T>* recent, std::int32_t face) {
  Triangle<T>& triangle = recent[face & (kRecent - 1)];
  if (triangle.number != face) {
    if (face >= call.triangles) refuse(call);
    triangle.set(call, frame.points, frame.surface, face);
  }
  return triangle;
}

// Collects the fragments of row y. kSide is the number of samples along a side of a pixel, 0 for any.
template <int kSide, class T>
EMO_HD void gather(const Shade& call, const Frame<T>& frame, std::int64_t y, Triangle<T>* recent, std::int32_t* seen,
                   Row<T>& row) {
  const int side = kSide ? kSide : int(call.samples), all = side * side;
  const std::int64_t stride = call.width * side;
  const double middle = 0.5 * (side - 1), top = double(y * side);
  const std::int32_t* corner = frame.face + y * side * stride;
  row.count = 0;
  for (std::int64_t x = 0; x < call.width; ++x, corner += side) {
    const double left = double(x * side);
    std::int32_t differing = 0;
    for (int k = 0; k < all; ++k) {
      seen[k] = corner[k / side * stride + k % side];
      differing |= seen[k] ^ corner[0];
    }
    if (!differing) {
      if (corner[0] >= 0) row.add(x, ready(call, frame, recent, corner[0]), all, left + middle, top + middle);
      continue;
    }
    for (int k = 0; k < all; ++k) {
      const std::int32_t face = seen[k];
      if (face < 0) continue;
      int count = 0, sum_x = 0, sum_y = 0;
      for (int m = k; m < all; ++m) {
        const bool same = seen[m] == face;
        count += same, sum_x += same ? m % side : 0, sum_y += same ? m / side : 0;
        seen[m] = same ? -1 : seen[m];
      }
      const double share = 1.0 / count;
      row.add(x, ready(call, frame, recent, face), count, left + sum_x * share, top + sum_y * share);
    }
  }
}

// The relief at kBlock places, between the four texels around each.
template <class T>
EMO_HD void look_up(const Shade& call, const T* relief, const T* column, const T* row, T fine[kBlock][4]) {
  typedef T Texel __attribute__((vector_size(4 * sizeof(T))));
  const std::int32_t columns = std::int32_t(call.texel_columns);
  const T last_column = T(call.texel_columns - 1), last_row = T(call.texel_rows - 1);
  std::int32_t first[kBlock], right[kBlock], down[kBlock];
  T across[kBlock], along[kBlock];
  for (int n = 0; n < kBlock; ++n) {
    T x = at_least(column[n] - T(0.5), T(0)), y = at_least(row[n] - T(0.5), T(0));
    x = x < last_column ? x : last_column, y = y < last_row ? y : last_row;
    const std::int32_t left = std::int32_t(x), top = std::int32_t(y);
    across[n] = x - T(left), along[n] = y - T(top);
    first[n] = 4 * (top * columns + left);
    right[n] = T(left) < last_column ? 4 : 0, down[n] = T(top) < last_row ? 4 * columns : 0;
  }
  for (int n = 0; n < kBlock; ++n) {
    Texel a, b, c, d;
    memcpy(&a, relief + first[n], sizeof a), memcpy(&b, relief + first[n] + right[n], sizeof b);
    memcpy(&c, relief + first[n] + down[n], sizeof c), memcpy(&d, relief + first[n] + down[n] + right[n], sizeof d);
    a = a * (1 - across[n]) + b * across[n], c = c * (1 - across[n]) + d * across[n];
    a = a * (1 - along[n]) + c * along[n];
    memcpy(fine[n], &a, sizeof a);
  }
}

// max(x, 0) averaged over x - width .. x + width; quarter is 1 / (4 width + 1e-6).
template <class T>
EMO_HD T ramp(T x, T width, T quarter) {
  T inside = x < width ? x : width;
  inside = at_least(inside, -width) + width;
  return inside * inside * quarter + at_least(x - width, T(0));
}

// Lights kBlock fragments from `first` on; every loop over n runs in vectors.
template <class T>
EMO_HD void light_block(const Shade& call, const std::vector<Light<T>>& lights, const T* relief, Row<T>& row,
                        std::int64_t first) {
  constexpr T scatters[3] = {T(2.2), T(0.55), T(0.36)}, smoothings[3] = {T(0.60), T(0.30), T(0.15)};
  constexpr T bleeds[3] = {T(0.45), T(0.13), T(0.03)}, tints[3] = {T(0.16), T(0.40), T(0.36)};
  constexpr T rougher[2] = {T(1.15), T(0.62)}, weights[2] = {T(0.70), T(0.30)};
  const T* ambient = static_cast<const T*>(call.ambient);
  const T *s[kSeen], *g[6];
  for (int i = 0; i < kSeen; ++i) s[i] = row.surface[i].data() + first;
  for (int i = 0; i < 6; ++i) g[i] = row.gradient[i].data() + first;
  T fine[kBlock][4] = {};
  T any = 0;
  for (int n = 0; n < kBlock; ++n) any = s[11][n] > any ? s[11][n] : any;
  if (any > 0) look_up(call, relief, s[12], s[13], fine);
  T flat[3][kBlock], normal[3][kBlock], albedo[3][kBlock], opening[kBlock], key[kBlock], mirror[kBlock];
  T diffuse[3][kBlock], shine[3][kBlock];
  for (int n = 0; n < kBlock; ++n) {
    const T x = s[0][n], y = s[1][n], z = s[2][n], scale = 1 / std::sqrt(x * x + y * y + z * z + T(1e-20));
    flat[0][n] = x * scale, flat[1][n] = y * scale, flat[2][n] = z * scale;
    const T shown = s[11][n], by_column = fine[n][0] * shown, by_row = fine[n][1] * shown;
    T tilt[3], out = 0, steep = 0;
    for (int i = 0; i < 3; ++i) tilt[i] = by_column * g[i][n] + by_row * g[3 + i][n], out += tilt[i] * flat[i][n];
    for (int i = 0; i < 3; ++i) tilt[i] -= out * flat[i][n], steep += tilt[i] * tilt[i];
    const T less = 1 / std::sqrt(1 + T(0.25) * steep);
    T length = T(1e-20);
    for (int i = 0; i < 3; ++i) tilt[i] = flat[i][n] - tilt[i] * less, length += tilt[i] * tilt[i];
    const T unit = 1 / std::sqrt(length);
    for (int i = 0; i < 3; ++i) normal[i][n] = tilt[i] * unit;
    const T tint = fine[n][2] * shown;
    T arrives = at_least(1 - fine[n][3] * shown, T(0));
    arrives = arrives < 1 ? arrives : T(1);
    opening[n] = s[7][n] * arrives, key[n] = s[6][n] * arrives;
    for (int i = 0; i < 3; ++i) albedo[i][n] = s[3 + i][n] * at_least(1 - tint * tints[i], T(0));
    mirror[n] = T(0.04) - T(0.012) * s[9][n];
  }
  for (int i = 0; i < 3; ++i)
    for (int n = 0; n < kBlock; ++n) {
      const T around = ambient[i] + normal[0][n] * ambient[3 + i] + normal[1][n] * ambient[6 + i] +
                       normal[2][n] * ambient[9 + i];
      diffuse[i][n] = at_least(around, T(0)) * opening[n] / (1 - albedo[i][n] * (1 - opening[n]));
      shine[i][n] = 0;
    }
  for (std::size_t k = 0; k < lights.size(); ++k) {
    const Light<T> l = lights[k];
    T most = -1;  // light that reaches none of the block is skipped
    for (int n = 0; n < kBlock; ++n) {
      const T cosine = normal[0][n] * l.direction[0] + normal[1][n] * l.direction[1] + normal[2][n] * l.direction[2];
      const T straight = flat[0][n] * l.direction[0] + flat[1][n] * l.direction[1] + flat[2][n] * l.direction[2];
      const T nearer = (cosine > straight ? cosine : straight) + s[9][n] * s[10][n] * scatters[0] + l.radius;
      most = nearer > most ? nearer : most;
    }
    if (most <= 0) continue;
    for (int n = 0; n < kBlock; ++n) {
      const T nx = normal[0][n], ny = normal[1][n], nz = normal[2][n], skin = s[9][n];
      const T cosine = nx * l.direction[0] + ny * l.direction[1] + nz * l.direction[2];
      const T straight = flat[0][n] * l.direction[0] + flat[1][n] * l.direction[1] + flat[2][n] * l.direction[2];
      const T x = ny * l.half[2] - nz * l.half[1], y = nz * l.half[0] - nx * l.half[2],
              z = nx * l.half[1] - ny * l.half[0];
      const T sine = x * x + y * y + z * z, reach = k == 0 ? key[n] : opening[n] * opening[n];
      T part[2], under[2];
      for (int m = 0; m < 2; ++m) {
        const T rough = rougher[m] * s[8][n], width = rough * rough + T(0.02) + T(0.12) * l.radius;
        const T alpha = width * width, spread = sine + alpha * (1 - sine);
        part[m] = weights[m] * alpha, under[m] = spread * spread * (rough + T(0.5));
      }
      const T lobe = (part[0] * under[1] + part[1] * under[0]) / (under[0] * under[1]);
      const T fresnel = mirror[n] + (1 - mirror[n]) * l.grazing;
      const T gloss = at_least(cosine, T(0)) * reach * fresnel * lobe * l.gloss;
      T widths[3], sums[3];
      for (int i = 0; i < 3; ++i) {
        widths[i] = skin * s[10][n] * scatters[i] + l.radius;
        sums[i] = 4 * widths[i] + T(1e-6);
      }
      const T one = 1 / (sums[0] * sums[1] * sums[2]);
      const T quarters[3] = {sums[1] * sums[2] * one, sums[0] * sums[2] * one, sums[0] * sums[1] * one};
      for (int i = 0; i < 3; ++i) {
        const T level = 1 - skin * smoothings[i];
        const T lit = ramp(straight + (cosine - straight) * level, widths[i], quarters[i]);
        diffuse[i][n] += l.colour[i] * lit * (reach + skin * bleeds[i] * reach * (1 - reach));
        shine[i][n] += l.colour[i] * gloss;
      }
    }
  }
  for (int i = 0; i < 3; ++i) {
    T* __restrict__ colour = row.colour[i].data() + first;
    for (int n = 0; n < kBlock; ++n) {
      const T front = at_least(normal[2][n], T(0)), facing = front < 1 ? front : T(1), away = 1 - facing;
      const T twice = 2 * facing;
      const T sky = ambient[i] + twice * normal[0][n] * ambient[3 + i] + twice * normal[1][n] * ambient[6 + i] +
                    (twice * normal[2][n] - 1) * ambient[9 + i];
      const T grazing = mirror[n] + (1 - s[8][n]) * (1 - mirror[n]) * (away * away) * (away * away) * away;
      colour[n] = albedo[i][n] * diffuse[i][n] + shine[i][n] +
                  at_least(sky, T(0)) * (grazing * (opening[n] * opening[n]));
    }
  }
}

// Averages the samples of a row of pixels and brings them to the screen.
template <class T>
EMO_HD void finish(const Shade& call, Row<T>& row, const T* background, T* out) {
  const T all = T(call.samples * call.samples), share = 1 / all;
  T *__restrict__ red = row.mean[0].data(), *__restrict__ green = row.mean[1].data(),
    *__restrict__ blue = row.mean[2].data(), *__restrict__ cover = row.mean[3].data();
  std::int64_t n = 0;
  for (std::int64_t x = 0; x < call.width; ++x) {
    T sum[3] = {0, 0, 0}, covered = 0;
    for (; n < row.count && row.pixel[n] == x; ++n) {
      const T weight = T(row.samples[n]);
      for (int i = 0; i < 3; ++i) sum[i] += weight * row.colour[i][n];
      covered += weight;
    }
    const T behind = call.cutout ? T(0) : all - covered, part = call.cutout ? 1 / at_least(covered, T(1)) : share;
    red[x] = (sum[0] + behind * background[3 * x]) * part;
    green[x] = (sum[1] + behind * background[3 * x + 1]) * part;
    blue[x] = (sum[2] + behind * background[3 * x + 2]) * part;
    cover[x] = covered * share;
  }
  for (std::int64_t x = 0; x < call.width; ++x) {
    const T grey = red[x] * T(0.2126) + green[x] * T(0.7152) + blue[x] * T(0.0722);
    red[x] = film(grey + T(1.2) * (red[x] - grey));
    green[x] = film(grey + T(1.2) * (green[x] - grey));
    blue[x] = film(grey + T(1.2) * (blue[x] - grey));
  }
  const int channels = call.cutout ? 4 : 3;
  for (std::int64_t x = 0; x < call.width; ++x)
    for (int i = 0; i < channels; ++i) out[channels * x + i] = row.mean[i][x];
}

template <class T>
EMO_HD void run(const Rows<Shade>& part) {
  const Shade& call = *part.call;
  const std::int64_t per_pixel = call.samples * call.samples, pixels = call.height * call.width;
  std::vector<Light<T>> lights;
  for (std::int64_t k = 0; k < call.light_count; ++k) lights.emplace_back(static_cast<const T*>(call.lights) + 7 * k);
  Row<T> row(call.width, per_pixel);
  std::vector<Triangle<T>> recent(kRecent);
  std::vector<std::int32_t> seen(per_pixel);
  for (std::int64_t r = part.first; r < part.last; ++r) {
    const std::int64_t b = r / call.height, y = r % call.height;
    const Frame<T> frame{static_cast<const T*>(call.points) + b * call.vertices * 3,
                         static_cast<const T*>(call.surface) + b * call.vertices * kSurface,
                         static_cast<const T*>(call.relief) + b * call.texel_rows * call.texel_columns * 4,
                         call.face + b * pixels * per_pixel, static_cast<T*>(call.image) + b * pixels * (3 + call.cutout)};
    if (y == 0 && r > part.first) std::fill(recent.begin(), recent.end(), Triangle<T>());
    if (call.samples == 2) gather<2>(call, frame, y, recent.data(), seen.data(), row);
    else gather<0>(call, frame, y, recent.data(), seen.data(), row);
    for (std::int64_t n = 0; n < row.count; n += kBlock) light_block(call, lights, frame.relief, row, n);
    finish(call, row, static_cast<const T*>(call.background) + y * call.width * 3,
           frame.image + y * call.width * (3 + call.cutout));
  }
}

EMO_LEVELS(run_float32, Rows<Shade>, run<float>(call))
EMO_LEVELS(run_float64, Rows<Shade>, run<double>(call))

}  // namespace

bool shade_cpu(const Shade& call) {
  check_corners("shade", call.faces, call.triangles, call.vertices);
  switch (call.dtype) {
    case DType::float32: run_rows(call, run_float32); return true;
    case DType::float64: run_rows(call, run_float64); return true;
    default: return false;
  }
}

}  // namespace emoface
