#include "emoface/shade.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "emoface/cpu/level.h"
#include "emoface/triangles.h"

namespace emoface {
namespace {

constexpr int kSurface = 10;
constexpr int kBlock = 64;      // fragments lit at once
constexpr int kRecent = 1024;   // triangles kept ready, a power of two

template <class T>
EMO_HD T at_least(T value, T low) {
  return value > low ? value : low;
}

// x^(1/3) of a positive normal number.
EMO_HD float cube_root(float x) {
  float y = bit_cast<float>(bit_cast<std::int32_t>(x) / 3 + 0x2a5119f2);
  for (int step = 0; step < 2; ++step) {  // Halley: the error is cubed
    const float cube = y * y * y;
    y = y * (cube + 2 * x) / (2 * cube + x);
  }
  return y;
}
EMO_HD double cube_root(double x) { return std::cbrt(x); }

// The factor that compresses light whose strongest channel is `peak`.
template <class T>
EMO_HD T compression(T peak) {
  constexpr T knee = T(0.6), rest = 1 - knee;
  peak = at_least(peak, knee);
  return (1 - rest * rest / (peak - knee + rest)) / peak;
}

template <class T>
EMO_HD T srgb(T linear) {
  constexpr T foot = T(0.0031308);
  const T root = std::sqrt(at_least(linear, foot));  // x^(5/12) = x^(1/4) x^(1/6)
  const T power = T(1.055) * (std::sqrt(root) * cube_root(root)) - T(0.055);
  return linear > foot ? power : T(12.92) * linear;
}

template <class T>
struct Light {
  T direction[3], colour[3], half[3];
  T gloss;    // 1 / (4 (l.h)^2)
  T fresnel;  // reflectance at the half vector

  explicit Light(const T* row) {
    for (int i = 0; i < 3; ++i) direction[i] = half[i] = row[i], colour[i] = row[3 + i];
    half[2] += 1;
    const T scale = 1 / std::sqrt(half[0] * half[0] + half[1] * half[1] + half[2] * half[2] + T(1e-20));
    for (T& h : half) h *= scale;
    const T level = half[2], grazing = 1 - level;
    gloss = 1 / (4 * level * level);
    fresnel = T(0.04) + T(0.96) * (grazing * grazing) * (grazing * grazing) * grazing;
  }
};

// A triangle ready to be interpolated.
template <class T>
struct Triangle {
  std::int32_t number = -1;
  Plane<double> weight[3];
  const T* surface[3];

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
  }
};

// The fragments of one row of pixels, one array a quantity. A fragment is what is seen of one triangle in a pixel.
template <class T>
struct Row {
  std::vector<std::int32_t> pixel, samples;
  std::vector<T> surface[kSurface], colour[3], mean[3];  // mean: one value a pixel
  std::int64_t count = 0;

  Row(std::int64_t width, std::int64_t per_pixel) {
    const std::int64_t most = width * per_pixel + kBlock;  // blocks overhang the end
    pixel.resize(most), samples.resize(most);
    for (auto& s : surface) s.resize(most);
    for (auto& c : colour) c.resize(most);
    for (auto& m : mean) m.resize(width);
  }

  // `x` and `y` are where the fragment is looked at, in samples.
  EMO_HD void add(std::int64_t in_pixel, const Triangle<T>& triangle, int seen, double x, double y) {
    T w[3];
    for (int k = 0; k < 3; ++k) w[k] = T(triangle.weight[k](x, y));
    const T *a = triangle.surface[0], *b = triangle.surface[1], *c = triangle.surface[2];
    for (int i = 0; i < kSurface; ++i) surface[i][count] = w[0] * a[i] + w[1] * b[i] + w[2] * c[i];
    pixel[count] = std::int32_t(in_pixel);
    samples[count++] = seen;
  }
};

template <class T>
struct Frame {
  const T *points, *surface;
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

// Lights kBlock fragments from `first` on; every loop over n runs in vectors.
template <class T>
EMO_HD void light_block(const std::vector<Light<T>>& lights, const T* ambient, Row<T>& row, std::int64_t first) {
  constexpr T wraps[3] = {T(0.26), T(0.14), T(0.10)}, bleeds[3] = {T(0.40), T(0.12), T(0)};
  const T* s[kSurface];
  for (int i = 0; i < kSurface; ++i) s[i] = row.surface[i].data() + first;
  T nx[kBlock], ny[kBlock], nz[kBlock], diffuse[3][kBlock], shine[3][kBlock], alpha[kBlock];
  for (int n = 0; n < kBlock; ++n) {
    const T x = s[0][n], y = s[1][n], z = s[2][n], rough = s[8][n];
    const T scale = 1 / std::sqrt(x * x + y * y + z * z + T(1e-20));
    nx[n] = x * scale, ny[n] = y * scale, nz[n] = z * scale;
    const T width = rough * rough + T(0.02);
    alpha[n] = width * width;
  }
  for (int i = 0; i < 3; ++i)
    for (int n = 0; n < kBlock; ++n) {
      const T albedo = s[3 + i][n], opening = s[7][n];
      const T around = ambient[3 + i] + (ambient[i] - ambient[3 + i]) * (T(0.5) + T(0.5) * ny[n]);
      diffuse[i][n] = around * opening / (1 - albedo * (1 - opening));
      shine[i][n] = 0;
    }
  for (std::size_t k = 0; k < lights.size(); ++k) {
    const Light<T> l = lights[k];
    for (int n = 0; n < kBlock; ++n) {
      const T cosine = nx[n] * l.direction[0] + ny[n] * l.direction[1] + nz[n] * l.direction[2];
      const T x = ny[n] * l.half[2] - nz[n] * l.half[1], y = nz[n] * l.half[0] - nx[n] * l.half[2],
              z = nx[n] * l.half[1] - ny[n] * l.half[0];
      const T sine = x * x + y * y + z * z, reach = k == 0 ? s[6][n] : s[7][n] * s[7][n], skin = s[9][n];
      const T spread = sine + alpha[n] * (1 - sine);
      const T lobe = alpha[n] * l.gloss / (spread * spread * (s[8][n] + T(0.5)));
      const T gloss = at_least(cosine, T(0)) * reach * l.fresnel * lobe;
      for (int i = 0; i < 3; ++i) {
        const T wrap = skin * wraps[i];
        const T lit = at_least((cosine + wrap) / (1 + wrap), T(0));
        diffuse[i][n] += l.colour[i] * lit * (reach + skin * bleeds[i] * reach * (1 - reach));
        shine[i][n] += l.colour[i] * gloss;
      }
    }
  }
  for (int i = 0; i < 3; ++i) {
    T* __restrict__ colour = row.colour[i].data() + first;
    for (int n = 0; n < kBlock; ++n) {
      const T front = at_least(nz[n], T(0)), facing = front < 1 ? front : T(1), away = 1 - facing, opening = s[7][n];
      const T grazing =
          (T(0.04) + (1 - s[8][n]) * T(0.96) * (away * away) * (away * away) * away) * (opening * opening);
      const T sky = ambient[3 + i] + (ambient[i] - ambient[3 + i]) * (T(0.5) + facing * ny[n]);
      colour[n] = s[3 + i][n] * diffuse[i][n] + shine[i][n] + sky * grazing;
    }
  }
}

// Averages the samples of a row of pixels and brings them to the screen.
template <class T>
EMO_HD void finish(const Shade& call, Row<T>& row, const T* background, T* out) {
  const T all = T(call.samples * call.samples), share = 1 / all;
  T *__restrict__ red = row.mean[0].data(), *__restrict__ green = row.mean[1].data(),
    *__restrict__ blue = row.mean[2].data();
  std::int64_t n = 0;
  for (std::int64_t x = 0; x < call.width; ++x) {
    T sum[3] = {0, 0, 0}, covered = 0;
    for (; n < row.count && row.pixel[n] == x; ++n) {
      const T weight = T(row.samples[n]);
      for (int i = 0; i < 3; ++i) sum[i] += weight * row.colour[i][n];
      covered += weight;
    }
    red[x] = (sum[0] + (all - covered) * background[3 * x]) * share;
    green[x] = (sum[1] + (all - covered) * background[3 * x + 1]) * share;
    blue[x] = (sum[2] + (all - covered) * background[3 * x + 2]) * share;
  }
  for (std::int64_t x = 0; x < call.width; ++x) {
    const T scale = compression(at_least(at_least(red[x], green[x]), blue[x]));
    red[x] = srgb(red[x] * scale), green[x] = srgb(green[x] * scale), blue[x] = srgb(blue[x] * scale);
  }
  for (std::int64_t x = 0; x < call.width; ++x) out[3 * x] = red[x], out[3 * x + 1] = green[x], out[3 * x + 2] = blue[x];
}

template <class T>
EMO_HD void run(const Shade& call) {
  const std::int64_t per_pixel = call.samples * call.samples, pixels = call.height * call.width;
  std::vector<Light<T>> lights;
  for (std::int64_t k = 0; k < call.light_count; ++k) lights.emplace_back(static_cast<const T*>(call.lights) + 6 * k);
  Row<T> row(call.width, per_pixel);
  std::vector<Triangle<T>> recent(kRecent);
  std::vector<std::int32_t> seen(per_pixel);
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const Frame<T> frame{static_cast<const T*>(call.points) + b * call.vertices * 3,
                         static_cast<const T*>(call.surface) + b * call.vertices * kSurface,
                         call.face + b * pixels * per_pixel, static_cast<T*>(call.image) + b * pixels * 3};
    std::fill(recent.begin(), recent.end(), Triangle<T>());
    for (std::int64_t y = 0; y < call.height; ++y) {
      if (call.samples == 2) gather<2>(call, frame, y, recent.data(), seen.data(), row);
      else gather<0>(call, frame, y, recent.data(), seen.data(), row);
      for (std::int64_t n = 0; n < row.count; n += kBlock)
        light_block(lights, static_cast<const T*>(call.ambient), row, n);
      finish(call, row, static_cast<const T*>(call.background) + y * call.width * 3, frame.image + y * call.width * 3);
    }
  }
}

EMO_LEVELS(run_float32, Shade, run<float>(call))
EMO_LEVELS(run_float64, Shade, run<double>(call))

}  // namespace

bool shade_cpu(const Shade& call) {
  check_corners("shade", call.faces, call.triangles, call.vertices);
  switch (call.dtype) {
    case DType::float32: run_float32(call); return true;
    case DType::float64: run_float64(call); return true;
    default: return false;
  }
}

}  // namespace emoface
