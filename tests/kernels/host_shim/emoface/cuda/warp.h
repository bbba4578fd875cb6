#pragma once
// The functions of csrc/include/emoface/cuda/warp.h on the host. The lanes of a warp meet at a barrier of their own.
#include <cuda_runtime.h>

#include "emoface/types.h"

namespace emoface {

template <class T>
std::uint32_t packed(float low, float high) {
  return std::uint32_t(Narrow<T>::of(low).bits) | std::uint32_t(Narrow<T>::of(high).bits) << 16;
}

// One of the two values of a register.
template <class T>
float half_of(std::uint32_t word, unsigned which) {
  return widen(T{std::uint16_t(word >> 16 * which)});
}

template <class T>
void multiply(float (&sums)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  const unsigned lane = threadIdx.x % shim::kWarp;
  if (lane == 0) __atomic_fetch_add(&shim::products, 1, __ATOMIC_RELAXED);
  shim::exchange({{a[0], a[1], a[2], a[3], b0, b1}, 0.0, nullptr}, [&](auto of) {
    for (unsigned e = 0; e < 4; ++e) {
      const unsigned row = lane / 4, column = lane % 4 * 2 + e % 2;
      for (unsigned k = 0; k < 16; ++k) {
        const std::uint32_t x = of(row * 4 + k % 8 / 2).words[e / 2 + k / 8 * 2];
        const std::uint32_t y = of(column * 4 + k % 8 / 2).words[4 + k / 8];
        sums[e] += half_of<T>(x, k % 2) * half_of<T>(y, k % 2);
      }
    }
  });
}

// Lane l gets of block i the values (row l / 4, columns 2 (l % 4) and the next), or those of the transposed block.
inline void blocks_of(std::uint32_t (&blocks)[4], const void* row, bool transposed) {
  const unsigned lane = threadIdx.x % shim::kWarp, r = lane / 4, c = lane % 4 * 2;
  shim::exchange({{}, 0.0, row}, [&](auto of) {
    for (unsigned i = 0; i < 4; ++i) {
      const auto value = [&](unsigned y, unsigned x) {
        return std::uint32_t(static_cast<const std::uint16_t*>(of(8 * i + y).place)[x]);
      };
      blocks[i] = transposed ? value(c, r) | value(c + 1, r) << 16 : value(r, c) | value(r, c + 1) << 16;
    }
  });
}
inline void load_blocks(std::uint32_t (&blocks)[4], const void* row) { blocks_of(blocks, row, false); }
inline void load_blocks_transposed(std::uint32_t (&blocks)[4], const void* row) { blocks_of(blocks, row, true); }

inline void copy_chunk(void* to, const void* from, bool inside) {
  auto& copies = shim::self().copies;
  if (copies.empty()) copies.emplace_back();
  copies.back().push_back({to, inside ? from : nullptr});
}
inline void end_copies() {
  auto& copies = shim::self().copies;
  if (copies.empty()) copies.emplace_back();
  copies.emplace_back();
}
template <int Groups>
void await_copies() {
  auto& copies = shim::self().copies;
  for (int done = 0, closed = int(copies.size()) - 1; done < closed - Groups; ++done) {
    for (const shim::Copy& copy : copies.front())
      copy.from ? std::memcpy(copy.to, copy.from, 16) : std::memset(copy.to, 0, 16);
    copies.erase(copies.begin());
  }
}

inline void wait_for_previous() { shim::self().waited = true; }
inline unsigned char* launch_shared() { return shim::block.shared.data(); }

template <class A>
A from_lane(A value, unsigned mask) {
  const unsigned lane = threadIdx.x % shim::kWarp;
  return shim::exchange({{}, double(value), nullptr}, [&](auto of) { return A(of(lane ^ mask).number); });
}
inline float quad_max(float value) {
  for (unsigned bit = 1; bit < 4; bit *= 2) value = std::max(value, from_lane(value, bit));
  return value;
}
template <class A>
A quad_sum(A value) {
  for (unsigned bit = 1; bit < 4; bit *= 2) value += from_lane(value, bit);
  return value;
}
template <class A>
A column_sum(A value) {
  for (unsigned bit = 4; bit < 32; bit *= 2) value += from_lane(value, bit);
  return value;
}
template <class A>
A warp_sum(A value) {
  return column_sum(quad_sum(value));
}

}  // namespace emoface
