// Tiles of AMX. What a sum gives does not depend on the rows beside it.
#include "emoface/cpu/gemm.h"

#if defined(__AMX_BF16__)
#include <immintrin.h>

namespace emoface::EMO_ISA {

// Registers: 0 to 3 are sums of up to four groups, the others left and right operands of whole tiles and of what is
// behind them. Intrinsics take them as literals.
#define EMO_LEFT 4
#define EMO_RIGHT 5
#define EMO_LEFT_REST 6
#define EMO_RIGHT_REST 7

struct alignas(64) Shapes {  // as LDTILECFG reads it
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t bytes[16] = {};
  std::uint8_t rows[16] = {};
};

template <int G>
void sum_up(const Left& left, const Word* right, std::int64_t words, float* c, Ahead ahead) {
  constexpr std::int64_t kRowBytes = G * kLanes * std::int64_t(sizeof(Word));
  const auto fetch = [&](std::int64_t bytes) {
    for (std::int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(ahead.first + at, 0, 2);
    ahead.first += bytes;
  };
  _tile_zero(0);
  if constexpr (G > 1) _tile_zero(1);
  if constexpr (G > 2) _tile_zero(2);
  if constexpr (G > 3) _tile_zero(3);
  for (std::int64_t tap = 0; tap < left.taps; ++tap) {
    const char* row = static_cast<const char*>(left.first) + tap * left.tap_stride;
    std::int64_t k = 0;
    for (; k + kTileWords <= words; k += kTileWords, right += kTileWords * G * kLanes) {
      fetch(ahead.step * kTileWords);
      _tile_loadd(EMO_LEFT, row + k * std::int64_t(sizeof(Word)), left.stride);
#define EMO_GROUP(g)                                       \
  if constexpr (G > g) {                                   \
    _tile_loadd(EMO_RIGHT, right + g * kLanes, kRowBytes);    \
    _tile_dpbf16ps(g, EMO_LEFT, EMO_RIGHT);                      \
  }
      EMO_GROUP(0) EMO_GROUP(1) EMO_GROUP(2) EMO_GROUP(3)
#undef EMO_GROUP
    }
    if (k == words) continue;
    _tile_loadd(EMO_LEFT_REST, row + k * std::int64_t(sizeof(Word)), left.stride);
#define EMO_GROUP(g)                                        \
  if constexpr (G > g) {                                    \
    _tile_loadd(EMO_RIGHT_REST, right + g * kLanes, kRowBytes); \
    _tile_dpbf16ps(g, EMO_LEFT_REST, EMO_RIGHT_REST);               \
  }
    EMO_GROUP(0) EMO_GROUP(1) EMO_GROUP(2) EMO_GROUP(3)
#undef EMO_GROUP
    right += (words - k) * G * kLanes;
  }
  constexpr std::int64_t kSumBytes = kPanel * std::int64_t(sizeof(float));
  _tile_stored(0, c, kSumBytes);
  if constexpr (G > 1) _tile_stored(1, c + kLanes, kSumBytes);
  if constexpr (G > 2) _tile_stored(2, c + 2 * kLanes, kSumBytes);
  if constexpr (G > 3) _tile_stored(3, c + 3 * kLanes, kSumBytes);
}

void MatrixUnit::multiply(const Left& left, std::int64_t rows, const Word* right, std::int64_t words,
                          std::int64_t groups, float* c, Ahead ahead) {
  const std::int64_t rest = words % kTileWords;
  if (rows != rows_ || (rest && rest != rest_)) {
    Shapes shapes;
    for (int tile = 0; tile <= EMO_RIGHT_REST; ++tile) {
      shapes.rows[tile] = std::uint8_t(tile == EMO_RIGHT ? kTileWords : tile == EMO_RIGHT_REST ? most(rest, 1) : rows);
      shapes.bytes[tile] = std::uint16_t(tile == EMO_LEFT_REST ? 4 * most(rest, 1) : 4 * kTileWords);
    }
    _tile_loadconfig(&shapes);
    rows_ = rows;
    rest_ = rest;
  }
  switch (groups) {
    case 1: return sum_up<1>(left, right, words, c, ahead);
    case 2: return sum_up<2>(left, right, words, c, ahead);
    case 3: return sum_up<3>(left, right, words, c, ahead);
    default: return sum_up<4>(left, right, words, c, ahead);
  }
}

MatrixUnit::~MatrixUnit() {
  if (rows_) _tile_release();
}

}  // namespace emoface::EMO_ISA
#endif
