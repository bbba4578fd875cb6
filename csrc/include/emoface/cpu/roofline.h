#pragma once
// What the processor can do at most, for benchmarks to hold operators against; timed by the caller.
#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/gemm.h"

namespace emoface::EMO_ISA {

// The inner loop of a tile on operands that stay in the first cache. Returns the number of operations.
template <class E>
std::int64_t products_of(std::int64_t rounds) {
  if constexpr (kMatrixUnit<E>) {
    alignas(64) Word left[kHighest<E> * kPanel], right[kPanel * kPanel];
    alignas(64) float c[kHighest<E> * kPanel];
    for (Word& word : left) word = 0x3c003c00;
    for (Word& word : right) word = 0x3c003c00;
    Tiles<E> unit;
    const std::int64_t calls = rounds / kPanel + 1;
    for (std::int64_t call = 0; call < calls; ++call) {
      asm volatile("" ::"r"(left), "r"(right) : "memory");
      unit.run({left, kPanel * std::int64_t(sizeof(Word))}, kHighest<E>, right, kPanel, kGroups, c,
               {reinterpret_cast<const char*>(right), 0});
    }
    return 2 * kHighest<E> * kPanel * kPanel * kPerWord<E> * calls;
  }
  using P = Product<E>;
  alignas(64) Word words[kPanel];
  for (Word& word : words) word = 0x3c003c00;  // 0.0078, as a float or as two bfloat16
  Lanes sums[kRows][kGroups];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) sums[i][g] = splat(0.0f);
  for (std::int64_t round = 0; round < rounds; ++round) {
    asm volatile("" ::"r"(words) : "memory");  // the operands are read anew
    typename P::Right right[kGroups];
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) right[g] = P::right(words + g * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Word left = word_at(words, i);
#pragma GCC unroll 4
      for (int g = 0; g < kGroups; ++g) sums[i][g] = P::add(sums[i][g], left, right[g]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      store(reinterpret_cast<float*>(words), sums[i][g]);
      asm volatile("" ::"r"(words) : "memory");  // the sums are wanted
    }
  return 2 * kRows * kPanel * kPerWord<E> * rounds;
}

// The same for an element type as a number, 0 where there is no code for it.
inline std::int64_t products(DType dtype, std::int64_t rounds) {
  std::int64_t operations = 0;
  with_element(dtype, [&](auto element) { operations = products_of<decltype(element)>(rounds); });
#if defined(EMO_INT8)
  if (dtype == DType::int8) operations = products_of<std::int8_t>(rounds);
#endif
  return operations;
}

// Reads `count` floats, a multiple of 64, `rounds` times; their sum.
inline float stream(const float* values, std::int64_t count, std::int64_t rounds) {
  Lanes sums[4] = {splat(0.0f), splat(0.0f), splat(0.0f), splat(0.0f)};
  for (std::int64_t round = 0; round < rounds; ++round)
    for (std::int64_t i = 0; i < count; i += 4 * kLanes)
#pragma GCC unroll 4
      for (int part = 0; part < 4; ++part) sums[part] = sums[part] + load(values + i + part * kLanes);
  return sum(sums[0] + sums[1] + sums[2] + sums[3]);
}

}  // namespace emoface::EMO_ISA
