#pragma once
// Matrix products with packed right-hand sides: float operands, bfloat16 operands with float sums, or (with VNNI) 8-bit
// operands with integer sums.
//
// Operands are seen as 32-bit words along the inner dimension: a float, two bfloat16 or four bytes. A right-hand side
// lies in panels of kPanel columns, word by word: [panel][word][column]; its last panel is only as wide as it must be.
// Each sum runs over the words in order, so a row's result does not depend on the rows beside it.
#include "emoface/cpu/lanes.h"
#include "emoface/cpu/memory.h"

namespace emoface::EMO_ISA {

#if defined(__AVX512F__)
constexpr int kRows = 6, kGroups = 4;  // 24 accumulators, 4 columns of words, 1 broadcast: of 32 registers
#elif defined(__AVX2__)
constexpr int kRows = 6, kGroups = 1;  // 12 + 2 + 1 of 16 registers
#elif defined(__aarch64__)
constexpr int kRows = 6, kGroups = 1;  // 24 + 4 + 1 of 32 registers
#else
constexpr int kRows = 2, kGroups = 1;  // 8 + 4 + 1 of 16 registers
#endif
constexpr int kPanel = kGroups * kLanes;

using Word = std::uint32_t;

template <class E>
constexpr std::int64_t kPerWord = sizeof(Word) / sizeof(E);

template <class E>
constexpr std::int64_t words_of(std::int64_t elements) {
  return (elements + kPerWord<E> - 1) / kPerWord<E>;
}

constexpr std::int64_t whole_lanes(std::int64_t columns) { return (columns + kLanes - 1) / kLanes * kLanes; }
constexpr std::int64_t whole_panels(std::int64_t columns) { return (columns + kPanel - 1) / kPanel * kPanel; }
constexpr std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
constexpr std::int64_t most(std::int64_t a, std::int64_t b) { return a > b ? a : b; }

EMO_INLINE Word word_at(const void* from, std::int64_t index) {
  Word word;
  memcpy(&word, static_cast<const char*>(from) + index * std::int64_t(sizeof word), sizeof word);
  return word;
}

// ---- sums of products of words

template <class E>
struct Product;

template <>
struct Product<float> {
  using Right = Lanes;
  static EMO_INLINE Right right(const Word* b) { return load(reinterpret_cast<const float*>(b)); }
  static EMO_INLINE Lanes add(Lanes sum, Word a, Right b) {
    const Vector left = everywhere(a);
    EMO_EACH_PART sum.part[i] = fused(left, b.part[i], sum.part[i]);
    return sum;
  }
  static EMO_INLINE Lanes together(Lanes a, Lanes b) { return a + b; }
};

#if defined(__AVX512BF16__)
template <>
struct Product<bfloat16> {
  using Right = Lanes;
  static EMO_INLINE Right right(const Word* b) { return load(reinterpret_cast<const float*>(b)); }
  static EMO_INLINE Lanes add(Lanes sum, Word a, Right b) {
    sum.part[0] = _mm512_dpbf16_ps(sum.part[0], (__m512bh)everywhere(a), (__m512bh)b.part[0]);
    return sum;
  }
  static EMO_INLINE Lanes together(Lanes a, Lanes b) { return a + b; }
};
#else
template <>
struct Product<bfloat16> {
  struct Right {
    Lanes low, high;
  };
  static EMO_INLINE Right right(const Word* b) {
    const Lanes both = load(reinterpret_cast<const float*>(b));
    Right r;
    EMO_EACH_PART {
      r.low.part[i] = reinterpret_cast<Vector>(reinterpret_cast<Words>(both.part[i]) << 16);
      r.high.part[i] = reinterpret_cast<Vector>(reinterpret_cast<Words>(both.part[i]) & 0xffff0000u);
    }
    return r;
  }
  static EMO_INLINE Lanes add(Lanes sum, Word a, const Right& b) {
    const Vector low = everywhere(a << 16), high = everywhere(a & 0xffff0000u);
    EMO_EACH_PART sum.part[i] = fused(high, b.high.part[i], fused(low, b.low.part[i], sum.part[i]));
    return sum;
  }
  static EMO_INLINE Lanes together(Lanes a, Lanes b) { return a + b; }
};
#endif

#if defined(__AVX512VNNI__)
#define EMO_INT8 1
// Left bytes are unsigned (128 is zero), right bytes signed; the lanes of a sum hold integers.
template <>
struct Product<std::int8_t> {
  using Right = Lanes;
  static EMO_INLINE Right right(const Word* b) { return load(reinterpret_cast<const float*>(b)); }
  static EMO_INLINE Lanes add(Lanes sum, Word a, Right b) {
    const __m512i left = _mm512_castps_si512(everywhere(a)), right = _mm512_castps_si512(b.part[0]);
    sum.part[0] = _mm512_castsi512_ps(_mm512_dpbusd_epi32(_mm512_castps_si512(sum.part[0]), left, right));
    return sum;
  }
  static EMO_INLINE Lanes together(Lanes a, Lanes b) {
    const __m512i sum = _mm512_add_epi32(_mm512_castps_si512(a.part[0]), _mm512_castps_si512(b.part[0]));
    a.part[0] = _mm512_castsi512_ps(sum);
    return a;
  }
};
#endif

// A left operand: rows of words; the inner dimension may come in taps, each a shifted view of the rows (convolution).
struct Left {
  const void* first;
  std::int64_t stride;          // bytes from row to row
  std::int64_t taps = 1;
  std::int64_t tap_stride = 0;    // bytes from tap to tap
  const float* scales = nullptr;  // of 8-bit rows: a value is scale (byte - 128)
};

constexpr std::int64_t kBlock = 256;  // words summed in registers; longer sums are sums of such, for their accuracy

// Memory that is fetched into the second cache along the way, `step` bytes with each word that is summed over.
struct Ahead {
  const char* first;
  std::int64_t step;
};

// c (rows, 16 G) = left (rows, taps * words) @ right (taps * words, 16 G); the rows of c lie kPanel apart
using Tile = void (*)(const Left& left, const Word* right, std::int64_t words, float* c, Ahead ahead);

// The tile of 1..kRows rows and 1..kGroups groups of 16 columns, for float, bfloat16 and where EMO_INT8 is defined
// std::int8_t; compiled once, in cpu/tiles.cpp.
template <class E>
Tile tile_of(std::int64_t rows, std::int64_t groups);

// Products by AMX: tiles of 16 rows of 16 words, whose products a unit of its own sums up.
template <class E>
constexpr bool kMatrixUnit = false;

#if defined(__AMX_BF16__)
template <>
inline constexpr bool kMatrixUnit<bfloat16> = true;
constexpr std::int64_t kTileRows = 16, kTileWords = 16;

// The calling thread's tiles while it lives; one at a time.
class MatrixUnit {
 public:
  MatrixUnit() = default;
  MatrixUnit(const MatrixUnit&) = delete;
  ~MatrixUnit();

  // As a Tile of so many rows, up to kTileRows, and groups; compiled once, in cpu/matrix_unit.cpp.
  void multiply(const Left& left, std::int64_t rows, const Word* right, std::int64_t words, std::int64_t groups,
                float* c, Ahead ahead);

 private:
  std::int64_t rows_ = 0, rest_ = 0;  // shapes of the tiles now: rows, and words behind the last whole tile
};
#endif

// Rows of the highest tile.
template <class E>
constexpr std::int64_t kHighest = kRows;
#if defined(__AMX_BF16__)
template <>
inline constexpr std::int64_t kHighest<bfloat16> = kTileRows;
#endif

// Runs tiles of products.
template <class E, bool = kMatrixUnit<E>>
struct Tiles {
  EMO_INLINE void run(const Left& left, std::int64_t rows, const Word* right, std::int64_t words, std::int64_t groups,
                      float* c, Ahead ahead) {
    tile_of<E>(rows, groups)(left, right, words, c, ahead);
  }
};

#if defined(__AMX_BF16__)
template <class E>
struct Tiles<E, true> {
  MatrixUnit unit;
  EMO_INLINE void run(const Left& left, std::int64_t rows, const Word* right, std::int64_t words, std::int64_t groups,
                      float* c, Ahead ahead) {
    unit.multiply(left, rows, right, words, groups, c, ahead);
  }
};
#endif

// ---- packing

// Words that a packed right-hand side takes.
constexpr std::int64_t packed_words(std::int64_t columns, std::int64_t words) { return whole_lanes(columns) * words; }

typedef Word FourWords __attribute__((vector_size(16)));

EMO_INLINE FourWords four_at(const char* from) {
  FourWords v;
  memcpy(&v, from, sizeof v);
  return v;
}

EMO_INLINE FourWords low_in_turn(FourWords a, FourWords b) { return FourWords{a[0], b[0], a[1], b[1]}; }
EMO_INLINE FourWords high_in_turn(FourWords a, FourWords b) { return FourWords{a[2], b[2], a[3], b[3]}; }
EMO_INLINE FourWords low_halves(FourWords a, FourWords b) { return FourWords{a[0], a[1], b[0], b[1]}; }
EMO_INLINE FourWords high_halves(FourWords a, FourWords b) { return FourWords{a[2], a[3], b[2], b[3]}; }

// out[k * width + j] = word k of column j, for 16 columns that each lie contiguously, `stride` bytes apart.
inline void transpose_lanes(const char* columns, std::int64_t stride, std::int64_t words, Word* out,
                            std::int64_t width) {
  std::int64_t k = 0;
  for (; k + 4 <= words; k += 4) {
    for (int j = 0; j < kLanes; j += 4) {
      const char* from = columns + j * stride + k * 4;
      const FourWords a = four_at(from), b = four_at(from + stride);
      const FourWords c = four_at(from + 2 * stride), d = four_at(from + 3 * stride);
      const FourWords ab = low_in_turn(a, b), ba = high_in_turn(a, b);
      const FourWords cd = low_in_turn(c, d), dc = high_in_turn(c, d);
      const FourWords rows[4] = {low_halves(ab, cd), high_halves(ab, cd), low_halves(ba, dc), high_halves(ba, dc)};
      for (int i = 0; i < 4; ++i) memcpy(out + (k + i) * width + j, &rows[i], sizeof rows[i]);
    }
  }
  for (; k < words; ++k)
    for (int j = 0; j < kLanes; ++j) out[k * width + j] = word_at(columns + j * stride, k);
}

template <class To, class From>
EMO_INLINE To converted(From value) {
  return Narrow<To>::of(widen(value));
}

template <>
EMO_INLINE std::int8_t converted(std::int8_t value) {
  return value;
}

// Packs W^T of W (columns, inner), row-major with `stride` elements from row to row: the right-hand side of x W^T.
// `staging` holds 16 * words_of<E>(inner) words.
template <class E, class From>
void pack_transposed(const From* w, std::int64_t stride, std::int64_t columns, std::int64_t inner, Word* out,
                     Word* staging) {
  const std::int64_t words = words_of<E>(inner);
  const bool direct = sizeof(From) == sizeof(E) && inner % kPerWord<E> == 0;
  for (std::int64_t panel = 0; panel < columns; panel += kPanel) {
    const std::int64_t width = least(kPanel, whole_lanes(columns - panel));
    for (std::int64_t group = 0; group < width; group += kLanes) {
      const std::int64_t first = panel + group, count = least(kLanes, columns - first);
      const char* source = reinterpret_cast<const char*>(w + first * stride);
      std::int64_t bytes = stride * std::int64_t(sizeof(From));
      if (!direct || count < kLanes) {
        E* rows = reinterpret_cast<E*>(staging);
        for (std::int64_t j = 0; j < kLanes; ++j)
          for (std::int64_t k = 0; k < words * kPerWord<E>; ++k)
            rows[j * words * kPerWord<E> + k] =
                j < count && k < inner ? converted<E>(w[(first + j) * stride + k]) : E{};
        source = reinterpret_cast<const char*>(rows);
        bytes = words * std::int64_t(sizeof(Word));
      }
      transpose_lanes(source, bytes, words, out + group, width);
    }
    out += width * words;
  }
}

// Packs W (inner, columns), row-major with `stride` elements from row to row: the right-hand side of x W.
template <class E>
void pack_straight(const E* w, std::int64_t stride, std::int64_t columns, std::int64_t inner, Word* out) {
  for (std::int64_t panel = 0; panel < columns; panel += kPanel) {
    const std::int64_t width = least(kPanel, whole_lanes(columns - panel));
    for (std::int64_t k = 0; k < inner; k += kPerWord<E>) {
      const E* row = w + k * stride + panel;
      const bool pair = k + 1 < inner;
      for (std::int64_t j = 0; j < width; ++j) {
        if constexpr (kPerWord<E> == 1) {
          out[j] = panel + j < columns ? bit_cast<Word>(row[j]) : 0;
        } else {
          const Word low = panel + j < columns ? row[j].bits : 0;
          const Word high = panel + j < columns && pair ? row[stride + j].bits : 0;
          out[j] = low | high << 16;
        }
      }
      out += width;
    }
  }
}

// Rows as a left operand of whole words: themselves, or copied to `room` with a zero after an odd number of bfloat16.
template <class E>
const E* in_words(const E* rows, std::int64_t* stride, std::int64_t count, std::int64_t width, Word* room) {
  if (width % kPerWord<E> == 0) return rows;
  E* copy = reinterpret_cast<E*>(room);
  for (std::int64_t row = 0; row < count; ++row) {
    for (std::int64_t c = 0; c < width; ++c) copy[row * (width + 1) + c] = rows[row * *stride + c];
    copy[row * (width + 1) + width] = E{};
  }
  *stride = width + 1;
  return copy;
}

// ---- products

struct Packed {
  const Word* data;
  std::int64_t columns;
  std::int64_t words;  // of one tap
  // Of 8-bit columns, filled up to whole lanes: a weight is scale x byte; 128 times the sum of the bytes.
  const float* scales = nullptr;
  const std::int32_t* offsets = nullptr;
};

// Sixteen sums of a tile as values.
template <class E>
EMO_INLINE Lanes value_of(Lanes sums, [[maybe_unused]] const Left& left, [[maybe_unused]] std::int64_t row,
                          [[maybe_unused]] const Packed& right, [[maybe_unused]] std::int64_t column) {
#if defined(EMO_INT8)
  if constexpr (sizeof(E) == 1) {
    const __m512i offsets = _mm512_loadu_si512(right.offsets + column);
    sums.part[0] = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_castps_si512(sums.part[0]), offsets));
    return sums * (splat(left.scales[row]) * load(right.scales + column));
  }
#endif
  return sums;
}

// Computes left (rows, ...) @ right and calls finish(row, column, count, lanes) for every 16 columns of every row;
// `count` of the lanes are columns of the result.
template <class E, class Finish>
EMO_INLINE void multiply(const Left& left, std::int64_t rows, const Packed& right, Finish&& finish) {
  if (rows == 0) return;
  constexpr std::int64_t kMost = kHighest<E>;
  alignas(64) float c[kMost * kPanel];
  Tiles<E> unit;
  const auto hand_on = [&](std::int64_t row, std::int64_t column, std::int64_t count, const float* sums) {
    finish(row, column, count, value_of<E>(load(sums), left, row, right, column));
  };
  const Word* panel = right.data;
  for (std::int64_t first = 0; first < right.columns; first += kPanel) {
    const std::int64_t columns = least(kPanel, right.columns - first), width = whole_lanes(columns);
    const std::int64_t words = right.words * left.taps;
    std::int64_t row = 0, tiles = (rows + kMost - 1) / kMost;
    // Each tile fetches its share of the next panel, which may be that of the next product.
    Ahead ahead{reinterpret_cast<const char*>(panel + width * words), width * std::int64_t(sizeof(Word)) / tiles + 1};
    for (; tiles > 0; --tiles) {  // of nearly equal height
      const std::int64_t height = (rows - row + tiles - 1) / tiles;
      Left part = left;
      part.first = static_cast<const char*>(left.first) + row * left.stride;
      unit.run(part, height, panel, right.words, width / kLanes, c, ahead);
      ahead.first += ahead.step * words;
      if (columns == kPanel) {
        for (std::int64_t i = 0; i < height; ++i)
#pragma GCC unroll 4
          for (int g = 0; g < kPanel; g += kLanes) hand_on(row + i, first + g, kLanes, c + i * kPanel + g);
      } else {
        for (std::int64_t i = 0; i < height; ++i)
          for (std::int64_t g = 0; g < columns; g += kLanes)
            hand_on(row + i, first + g, least(kLanes, columns - g), c + i * kPanel + g);
      }
      row += height;
    }
    panel += width * words;
  }
}

}  // namespace emoface::EMO_ISA
