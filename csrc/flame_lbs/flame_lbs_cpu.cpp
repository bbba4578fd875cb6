// Vertices are tolerance-judged, so this file fuses multiply and add, unlike the rest: twice the speed.
#if defined(__GNUC__) && !defined(__clang__)  // clang would fuse differently at each level
#pragma GCC optimize("fp-contract=fast")
#endif
#pragma GCC diagnostic ignored "-Wpsabi"  // vectors cross inlined functions only
#include "emoface/flame_lbs.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "emoface/cpu/level.h"
#include "emoface/flame_lbs_math.h"

namespace emoface {
namespace {

// `Bytes` wide vectors of A. Blocks of as many vertices as a vector has lanes are shaped for `Tile` frames at once.
template <class A, int Bytes>
struct Vector {
  typedef A type __attribute__((vector_size(Bytes)));
  typedef typename std::conditional<sizeof(A) == 4, std::int32_t, std::int64_t>::type Int;
  typedef Int mask __attribute__((vector_size(Bytes)));
  static constexpr int lanes = Bytes / int(sizeof(A));
};

template <class V, class A>
EMO_HD V load(const A* from) {
  V out;
  memcpy(&out, from, sizeof(V));
  return out;
}

// Which lanes to take, twice from two vectors, to turn three vectors of x0 y0 z0 x1 ... into x, y, z and back.
template <class W>
struct Lanes {
  typename W::Int split[3][2][W::lanes], join[3][2][W::lanes];

  constexpr Lanes() : split(), join() {
    constexpr int L = W::lanes;
    for (int c = 0; c < 3; ++c) {
      for (int i = 0; i < L; ++i) {
        const int from = 3 * i + c, to = c * L + i, part = to % 3, vertex = to / 3;
        split[c][0][i] = from < 2 * L ? from : 0;
        split[c][1][i] = from < 2 * L ? i : from - L;
        join[c][0][i] = part == 2 ? 0 : part * L + vertex;
        join[c][1][i] = part == 2 ? L + vertex : i;
      }
    }
  }
};
template <class W>
constexpr Lanes<W> kLanes{};

template <class W>
EMO_HD typename W::type shuffled(const typename W::type& a, const typename W::type& b, const typename W::Int* lanes) {
#if defined(__GNUC__) && !defined(__clang__)
  return __builtin_shuffle(a, b, load<typename W::mask>(lanes));
#else
  typename W::type out;
  for (int i = 0; i < W::lanes; ++i) out[i] = lanes[i] < W::lanes ? a[lanes[i]] : b[lanes[i] - W::lanes];
  return out;
#endif
}

template <class W>
EMO_HD void rearrange(const typename W::type* in, const typename W::Int (*lanes)[2][W::lanes], typename W::type* out) {
  for (int c = 0; c < 3; ++c) out[c] = shuffled<W>(shuffled<W>(in[0], in[1], lanes[c][0]), in[2], lanes[c][1]);
}

constexpr int kPanels = 8;  // packed at a time

// What depends on the frames alone.
template <class A>
struct Frames {
  std::vector<A> coefficients;    // (tiles, K + 36, Tile)
  std::vector<A> transforms;      // (T, 5, 12)
  std::vector<A> translations;    // (T, 3)
  std::vector<std::int64_t> used;  // coefficients that are not zero throughout
};

template <int Tile, class T>
EMO_HD Frames<Compute<T>> prepare(const FlameLbs& head) {
  using A = Compute<T>;
  const T* expression = static_cast<const T*>(head.expression);
  const T* pose = static_cast<const T*>(head.pose);
  const T* moved = static_cast<const T*>(head.translation);
  const T* joints = static_cast<const T*>(head.joints);
  const T* joint_basis = static_cast<const T*>(head.joint_basis);
  const std::int64_t width = head.shapes + kCorrectives, tiles = (head.frames + Tile - 1) / Tile;
  Frames<A> out{std::vector<A>(tiles * width * Tile), std::vector<A>(head.frames * kJoints * kTransform),
                std::vector<A>(head.frames * 3), {}};
  std::vector<char> used(width);
  for (std::int64_t t = 0; t < head.frames; ++t) {
    A rest[3 * kJoints], rotations[9 * kJoints];
    for (int i = 0; i < 3; ++i) out.translations[3 * t + i] = widen(moved[3 * t + i]);
    for (int i = 0; i < 3 * kJoints; ++i) rest[i] = widen(joints[i]);
    for (int j = 0; j < kJoints; ++j) {
      const T* p = pose + (t * kJoints + j) * 3;
      rotation_matrix<A>(widen(p[0]), widen(p[1]), widen(p[2]), rotations + 9 * j);
    }
    A* tile = out.coefficients.data() + t / Tile * width * Tile + t % Tile;
    for (std::int64_t k = 0; k < head.shapes; ++k) {
      const A value = widen(expression[t * head.shapes + k]);
      if (value == A(0)) continue;
      used[k] = 1;
      tile[k * Tile] = value;
      for (int i = 0; i < 3 * kJoints; ++i) rest[i] += value * widen(joint_basis[k * 3 * kJoints + i]);
    }
    for (int i = 0; i < kCorrectives; ++i) {
      const A value = corrective(rotations, i);
      used[head.shapes + i] |= value != A(0);
      tile[(head.shapes + i) * Tile] = value;
    }
    joint_transforms(rotations, rest, out.transforms.data() + t * kJoints * kTransform);
  }
  for (std::int64_t k = 0; k < width; ++k)
    if (used[k]) out.used.push_back(k);
  return out;
}

// L vertices: the rows of the bases that move them, packed, and the joints that carry them.
template <class W, class A>
struct Panel {
  std::int64_t first = 0, moving = 0;  // its first vertex; how many rows
  std::vector<A> rows;                 // (moving, 3 L)
  std::vector<std::int64_t> owners;    // (moving,) which coefficient each row belongs to
  typename W::type rest[3], weights[kJoints];
  int joints[kJoints], carrying = 0;
};

// L vertices (fewer at the end: padded with zeros) of a row of (rows, V, 3); whether any value is not zero.
template <class W, class T, class A>
EMO_HD bool copy_row(const FlameLbs& head, const void* basis, std::int64_t row, std::int64_t first, A* to) {
  constexpr int L = W::lanes;
  const T* from = static_cast<const T*>(basis) + (row * head.vertices + first) * 3;
  if (first + L <= head.vertices) {
    for (int i = 0; i < 3 * L; ++i) to[i] = widen(from[i]);
  } else {
    const int inside = int(head.vertices - first);
    for (int i = 0; i < 3 * L; ++i) to[i] = i < 3 * inside ? widen(from[i]) : A(0);
  }
  typename W::mask bits[3], any;
  memcpy(bits, to, sizeof(bits));
  any = bits[0] | bits[1] | bits[2];
  typename W::Int found = 0;
  for (int i = 0; i < L; ++i) found |= any[i];
  return found != 0;
}

// Packs the bases for several neighbouring panels, row after row, so that memory is read in long pieces.
template <class W, class T, class A>
EMO_HD void pack_rows(const FlameLbs& head, const Frames<A>& frames, Panel<W, A>* panels, int count) {
  constexpr int L = W::lanes;
  for (int p = 0; p < count; ++p) {
    A values[3 * L];
    copy_row<W, T>(head, head.template_, 0, panels[p].first, values);
    for (int v = 0; v < 3; ++v) panels[p].rest[v] = load<typename W::type>(values + v * L);
    panels[p].moving = 0;
  }
  for (const std::int64_t k : frames.used) {
    const void* basis = k < head.shapes ? head.shape_basis : head.pose_basis;
    const std::int64_t row = k < head.shapes ? k : k - head.shapes;
    for (int p = 0; p < count; ++p) {
      Panel<W, A>& panel = panels[p];
      panel.owners[panel.moving] = k;
      panel.moving += copy_row<W, T>(head, basis, row, panel.first, panel.rows.data() + panel.moving * 3 * L);
    }
  }
}

template <class W, class T, class A>
EMO_HD void pack_joints(const FlameLbs& head, Panel<W, A>& panel) {
  const int inside = int(std::min<std::int64_t>(W::lanes, head.vertices - panel.first));
  panel.carrying = 0;
  for (int j = 0; j < kJoints; ++j) {
    typename W::type weights{};
    bool carries = false;
    for (int v = 0; v < inside; ++v) {
      weights[v] = widen(static_cast<const T*>(head.skin_weights)[(panel.first + v) * kJoints + j]);
      carries |= weights[v] != A(0);
    }
    if (!carries) continue;
    panel.weights[panel.carrying] = weights;
    panel.joints[panel.carrying++] = j;
  }
}

// Blend shapes of one block of vertices for Tile frames, kept in registers, then each frame skinned and written.
template <class W, int Tile, class T, class A>
EMO_HD void shape_and_skin(const FlameLbs& head, const Frames<A>& frames, const Panel<W, A>& panel,
                           std::int64_t tile) {
  using V = typename W::type;
  constexpr int L = W::lanes;
  V shaped[Tile][3];
  for (int f = 0; f < Tile; ++f)
    for (int v = 0; v < 3; ++v) shaped[f][v] = panel.rest[v];
  const A* coefficients = frames.coefficients.data() + tile * (head.shapes + kCorrectives) * Tile;
  const A* rows = panel.rows.data();
  const std::int64_t* owners = panel.owners.data();
  for (std::int64_t i = 0; i < panel.moving; ++i) {
    const V x = load<V>(rows + 3 * L * i), y = load<V>(rows + 3 * L * i + L), z = load<V>(rows + 3 * L * i + 2 * L);
    const A* a = coefficients + owners[i] * Tile;
    for (int f = 0; f < Tile; ++f) {
      shaped[f][0] += a[f] * x;
      shaped[f][1] += a[f] * y;
      shaped[f][2] += a[f] * z;
    }
  }
  const int inside = int(std::min<std::int64_t>(L, head.vertices - panel.first));
  for (int f = 0; f < Tile; ++f) {
    const std::int64_t t = tile * Tile + f;
    if (t >= head.frames) return;
    V at[3], skinned[3], xyz[3];
    rearrange<W>(shaped[f], kLanes<W>.split, at);
    for (int r = 0; r < 3; ++r) skinned[r] = V{} + frames.translations[3 * t + r];
    for (int j = 0; j < panel.carrying; ++j) {
      const A* g = frames.transforms.data() + (t * kJoints + panel.joints[j]) * kTransform;
      for (int r = 0; r < 3; ++r)
        skinned[r] += panel.weights[j] * (g[4 * r] * at[0] + g[4 * r + 1] * at[1] + g[4 * r + 2] * at[2] + g[4 * r + 3]);
    }
    rearrange<W>(skinned, kLanes<W>.join, xyz);
    T* out = static_cast<T*>(head.out) + (t * head.vertices + panel.first) * 3;
    if (std::is_same<T, A>::value && inside == L) {
      memcpy(out, xyz, sizeof(xyz));
    } else {
      A values[3 * L];
      memcpy(values, xyz, sizeof(xyz));
      for (int i = 0; i < 3 * inside; ++i) out[i] = Narrow<T>::of(values[i]);
    }
  }
}

template <int Bytes, int Tile, class T>
EMO_HD void run_tiled(const FlameLbs& head) {
  using A = Compute<T>;
  using W = Vector<A, Bytes>;
  const Frames<A> frames = prepare<Tile, T>(head);
  const std::int64_t tiles = (head.frames + Tile - 1) / Tile;
  Panel<W, A> panels[kPanels];
  for (Panel<W, A>& panel : panels) {
    panel.rows.resize(frames.used.size() * 3 * W::lanes);
    panel.owners.resize(frames.used.size());
  }
  for (std::int64_t first = 0; first < head.vertices;) {
    int count = 0;
    for (; count < kPanels && first < head.vertices; first += W::lanes) panels[count++].first = first;
    pack_rows<W, T>(head, frames, panels, count);
    for (int p = 0; p < count; ++p) {
      pack_joints<W, T>(head, panels[p]);
      for (std::int64_t tile = 0; tile < tiles; ++tile) shape_and_skin<W, Tile, T>(head, frames, panels[p], tile);
    }
  }
}

template <int Bytes, int Tile, class T>
EMO_HD void run(const FlameLbs& head) {
  if constexpr (std::is_same<T, float>::value) {  // a frame at a time, as in a live stream
    if (head.frames == 1) return run_tiled<Bytes, 1, T>(head);
  }
  run_tiled<Bytes, Tile, T>(head);
}

template <int Bytes, int Tile>
EMO_HD bool run_any(const FlameLbs& head) {
  switch (head.dtype) {
    case DType::float32: run<Bytes, Tile, float>(head); return true;
    case DType::bfloat16: run<Bytes, Tile, bfloat16>(head); return true;
    case DType::float64: run<Bytes, Tile, double>(head); return true;
    default: return false;
  }
}

// The tile fills the vector registers: 3 sums a frame, 3 basis vectors and a coefficient, of 32 or 16 registers.
#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("arch=x86-64-v4"))) bool run_v4(const FlameLbs& head) { return run_any<64, 8>(head); }
__attribute__((target("arch=x86-64-v3"))) bool run_v3(const FlameLbs& head) { return run_any<32, 4>(head); }
#endif
bool run_baseline(const FlameLbs& head) { return run_any<16, 4>(head); }

}  // namespace

bool flame_lbs_cpu(const FlameLbs& head) {
#if defined(__x86_64__) && defined(__GNUC__)
  const Level now = level.load(std::memory_order_relaxed);
  if (now == Level::v4) return run_v4(head);
  if (now == Level::v3) return run_v3(head);
#endif
  return run_baseline(head);
}

}  // namespace emoface
