#include "emoface/shade.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "emoface/triangles.h"

namespace emoface {
namespace {

constexpr double kSubpixels = 256;
constexpr int kSurface = 10;

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

// sRGB value of linear light, brightness above the knee compressed.
template <class T>
EMO_HD T display(T linear) {
  constexpr T knee = T(0.65), rest = 1 - knee, foot = T(0.0031308);
  const T above = 1 - rest * rest / (at_least(linear, knee) - knee + rest);
  linear = linear > knee ? above : linear;
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

// What is seen of one triangle within one pixel.
struct Fragment {
  std::int32_t pixel, count;
};

// The fragments of one row of pixels, one array a quantity.
template <class T>
struct Row {
  std::vector<Fragment> fragments;
  std::vector<T> surface[kSurface], colour[3];

  explicit Row(std::int64_t most) : fragments(most) {
    for (auto& s : surface) s.resize(most);
    for (auto& c : colour) c.resize(most);
  }
};

template <class T>
struct Frame {
  const T *points, *surface;
  const std::int32_t* face;
  T* image;
};

// Interpolates the surface at (x, y) subpixels of a triangle.
template <class T>
EMO_HD void interpolate(const Shade& call, const Frame<T>& frame, std::int32_t triangle, double x, double y,
                        Row<T>& row, std::int64_t place) {
  const std::int32_t* corner = call.faces + 3 * std::int64_t(triangle);
  double px[3], py[3];
  for (int k = 0; k < 3; ++k) {
    const T* p = frame.points + 3 * std::int64_t(corner[k]);
    px[k] = std::nearbyint(double(p[0]) * kSubpixels);
    py[k] = std::nearbyint(double(p[1]) * kSubpixels);
  }
  const double area = (px[2] - px[0]) * (py[1] - py[0]) - (py[2] - py[0]) * (px[1] - px[0]);
  const double scale = 1 / (area == 0 ? 1.0 : area);
  const auto weight = [&](int b, int c) {
    return T(((x - px[b]) * (py[c] - py[b]) - (y - py[b]) * (px[c] - px[b])) * scale);
  };
  const T wa = weight(1, 2), wb = weight(2, 0), wc = weight(0, 1);
  const T *a = frame.surface + kSurface * std::int64_t(corner[0]), *b = frame.surface + kSurface * std::int64_t(corner[1]),
          *c = frame.surface + kSurface * std::int64_t(corner[2]);
  for (int i = 0; i < kSurface; ++i) row.surface[i][place] = wa * a[i] + wb * b[i] + wc * c[i];
}

// Collects the fragments of row y and returns their number.
template <class T>
EMO_HD std::int64_t gather(const Shade& call, const Frame<T>& frame, std::int64_t y, Row<T>& row) {
  const std::int64_t samples = call.samples, stride = call.width * samples;
  std::int64_t found = 0;
  for (std::int64_t x = 0; x < call.width; ++x) {
    const std::int32_t* ids = frame.face + y * samples * stride + x * samples;
    const std::int64_t first = found;
    for (std::int64_t j = 0; j < samples; ++j)
      for (std::int64_t i = 0; i < samples; ++i) {
        const std::int32_t id = ids[j * stride + i];
        if (id < 0) continue;
        if (id >= call.triangles) throw std::out_of_range("shade: face must be below " + std::to_string(call.triangles));
        bool seen = false;  // an earlier sample of this pixel saw the same triangle
        for (std::int64_t k = 0; k < j * samples + i && !seen; ++k)
          seen = ids[k / samples * stride + k % samples] == id;
        if (seen) continue;
        std::int32_t count = 0;
        double sum_x = 0, sum_y = 0;
        for (std::int64_t v = 0; v < samples; ++v)
          for (std::int64_t u = 0; u < samples; ++u)
            if (ids[v * stride + u] == id) ++count, sum_x += double(u) + 0.5, sum_y += double(v) + 0.5;
        interpolate(call, frame, id, (double(x * samples) + sum_x / count) * kSubpixels,
                    (double(y * samples) + sum_y / count) * kSubpixels, row, found);
        row.fragments[found++] = {std::int32_t(x), count};
      }
    (void)first;
  }
  return found;
}

template <class T>
EMO_HD void light(const std::vector<Light<T>>& lights, const T* ambient, Row<T>& row, std::int64_t count) {
  constexpr T wraps[3] = {T(0.42), T(0.18), T(0.10)}, bleeds[3] = {T(0.55), T(0.12), T(0)};
  const T* s[kSurface];
  for (int i = 0; i < kSurface; ++i) s[i] = row.surface[i].data();
  T *__restrict__ red = row.colour[0].data(), *__restrict__ green = row.colour[1].data(),
    *__restrict__ blue = row.colour[2].data();
  const Light<T>* list = lights.data();
  const std::int64_t light_count = std::int64_t(lights.size());
#pragma GCC ivdep
  for (std::int64_t n = 0; n < count; ++n) {
    T nx = s[0][n], ny = s[1][n], nz = s[2][n];
    const T length = 1 / std::sqrt(nx * nx + ny * ny + nz * nz + T(1e-20));
    nx *= length, ny *= length, nz *= length;
    const T albedo[3] = {s[3][n], s[4][n], s[5][n]};
    const T key = s[6][n], opening = s[7][n], rough = s[8][n], skin = s[9][n];
    const T alpha = (rough * rough) * (rough * rough);
    const T up = T(0.5) + T(0.5) * ny;
    T diffuse[3], shine[3] = {0, 0, 0};
    for (int i = 0; i < 3; ++i)
      diffuse[i] = (ambient[3 + i] + (ambient[i] - ambient[3 + i]) * up) * opening / (1 - albedo[i] * (1 - opening));
    for (std::int64_t k = 0; k < light_count; ++k) {
      const Light<T>& l = list[k];
      const T reach = k == 0 ? key : opening;
      const T cosine = nx * l.direction[0] + ny * l.direction[1] + nz * l.direction[2];
      const T cx = ny * l.half[2] - nz * l.half[1], cy = nz * l.half[0] - nx * l.half[2],
              cz = nx * l.half[1] - ny * l.half[0];
      const T sine = cx * cx + cy * cy + cz * cz;
      const T spread = sine + alpha * (1 - sine);
      const T lobe = alpha * l.gloss / (spread * spread * (rough + T(0.5)));
      const T gloss = at_least(cosine, T(0)) * reach * l.fresnel * lobe;
      for (int i = 0; i < 3; ++i) {
        const T wrap = skin * wraps[i];
        const T lit = at_least((cosine + wrap) / (1 + wrap), T(0));
        diffuse[i] += l.colour[i] * lit * (reach + skin * bleeds[i] * reach * (1 - reach));
        shine[i] += l.colour[i] * gloss;
      }
    }
    const T facing = at_least(nz, T(0)) < 1 ? at_least(nz, T(0)) : T(1);
    const T away = 1 - facing;
    const T grazing = (T(0.04) + (1 - rough) * T(0.96) * (away * away) * (away * away) * away) * (opening * opening);
    const T level = T(0.5) + facing * ny;
    T out[3];
    for (int i = 0; i < 3; ++i)
      out[i] = albedo[i] * diffuse[i] + shine[i] + (ambient[3 + i] + (ambient[i] - ambient[3 + i]) * level) * grazing;
    red[n] = out[0], green[n] = out[1], blue[n] = out[2];
  }
}

template <class T>
EMO_HD void run(const Shade& call) {
  const std::int64_t per_pixel = call.samples * call.samples, pixels = call.height * call.width;
  std::vector<Light<T>> lights;
  for (std::int64_t k = 0; k < call.light_count; ++k) lights.emplace_back(static_cast<const T*>(call.lights) + 6 * k);
  Row<T> row(call.width * per_pixel);
  for (std::int64_t b = 0; b < call.batch; ++b) {
    const Frame<T> frame{static_cast<const T*>(call.points) + b * call.vertices * 3,
                         static_cast<const T*>(call.surface) + b * call.vertices * kSurface,
                         call.face + b * pixels * per_pixel, static_cast<T*>(call.image) + b * pixels * 3};
    for (std::int64_t y = 0; y < call.height; ++y) {
      const std::int64_t count = gather(call, frame, y, row);
      light(lights, static_cast<const T*>(call.ambient), row, count);
      const T* back = static_cast<const T*>(call.background) + y * call.width * 3;
      T* __restrict__ out = frame.image + y * call.width * 3;
      const T share = 1 / T(per_pixel);
      std::int64_t n = 0;
      for (std::int64_t x = 0; x < call.width; ++x) {
        T sum[3] = {0, 0, 0};
        std::int64_t covered = 0;
        for (; n < count && row.fragments[n].pixel == x; ++n) {
          for (int i = 0; i < 3; ++i) sum[i] += T(row.fragments[n].count) * row.colour[i][n];
          covered += row.fragments[n].count;
        }
        for (int i = 0; i < 3; ++i) out[3 * x + i] = (sum[i] + T(per_pixel - covered) * back[3 * x + i]) * share;
      }
      for (std::int64_t i = 0; i < 3 * call.width; ++i) out[i] = display(out[i]);
    }
  }
}

EMO_CLONES void run_float32(const Shade& call) { run<float>(call); }
EMO_CLONES void run_float64(const Shade& call) { run<double>(call); }

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
