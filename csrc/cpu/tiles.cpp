// The inner loops of all matrix products, for every height and width of a tile.
#include "emoface/cpu/gemm.h"

namespace emoface::EMO_ISA {

// c (R, 16 G) = left (R, taps * words) @ right (taps * words, 16 G); the rows of c lie kPanel apart
template <class E, int R, int G>
void tile(const Left& left, const Word* right, std::int64_t words, float* c, Ahead ahead) {
  using P = Product<E>;
  bool first = true;
  for (std::int64_t tap = 0; tap < left.taps; ++tap) {
    const char* row[R];
#pragma GCC unroll 8
    for (int i = 0; i < R; ++i) row[i] = static_cast<const char*>(left.first) + i * left.stride + tap * left.tap_stride;
    std::int64_t k = 0;
    do {
      Lanes sums[R][G];
#pragma GCC unroll 8
      for (int i = 0; i < R; ++i)
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) sums[i][g] = splat(0.0f);
      for (const std::int64_t stop = least(k + kBlock, words); k < stop; ++k, right += 16 * G) {
        typename P::Right b[G];
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) b[g] = P::right(right + 16 * g);
        __builtin_prefetch(ahead.first, 0, 2);
        ahead.first += ahead.step;
#pragma GCC unroll 8
        for (int i = 0; i < R; ++i) {
          const Word a = word_at(row[i], k);
#pragma GCC unroll 4
          for (int g = 0; g < G; ++g) sums[i][g] = P::add(sums[i][g], a, b[g]);
        }
      }
#pragma GCC unroll 8
      for (int i = 0; i < R; ++i) {
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) {
          float* at = c + i * kPanel + 16 * g;
          store(at, first ? sums[i][g] : P::together(load(at), sums[i][g]));
        }
      }
      first = false;
    } while (k < words);
  }
}

template <class E, int G>
Tile tile_with(std::int64_t rows) {
  static_assert(kRows <= 6, "one case per number of rows");
  switch (rows) {
    case 1: return tile<E, 1, G>;
    case 2: return tile<E, 2, G>;
#if !defined(__x86_64__) || defined(__AVX2__)
    case 3: return tile<E, 3, G>;
    case 4: return tile<E, 4, G>;
    case 5: return tile<E, 5, G>;
    case 6: return tile<E, 6, G>;
#endif
  }
  return nullptr;
}

template <class E>
Tile tile_of(std::int64_t rows, [[maybe_unused]] std::int64_t groups) {
#if defined(__AVX512F__)
  if (groups == 4) return tile_with<E, 4>(rows);
  if (groups == 3) return tile_with<E, 3>(rows);
  if (groups == 2) return tile_with<E, 2>(rows);
#endif
  return tile_with<E, 1>(rows);
}

template Tile tile_of<float>(std::int64_t, std::int64_t);
template Tile tile_of<bfloat16>(std::int64_t, std::int64_t);
#if defined(EMO_INT8)
template Tile tile_of<std::int8_t>(std::int64_t, std::int64_t);
#endif

}  // namespace emoface::EMO_ISA
