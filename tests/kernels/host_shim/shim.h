#pragma once
// Runs CUDA kernel source under a host compiler. Blocks run one after another; the threads of a block are fibers that
// take turns at __syncthreads(), in an order that the caller chooses, so a missing barrier shows as a wrong result.
// Nothing here says anything about speed, memory ordering or races inside a warp on real hardware.
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)

namespace shim {

struct Index {
  unsigned x, y, z;
  Index(unsigned x = 0, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

enum class Order { forward, backward, shuffled };

struct Block {
  std::vector<ucontext_t> fibers;
  std::vector<bool> finished;
  ucontext_t scheduler;
  unsigned running = 0;
  std::function<void()> body;
};

inline Block block;

}  // namespace shim

inline shim::Index threadIdx, blockIdx, blockDim, gridDim;

inline void __syncthreads() { swapcontext(&shim::block.fibers[shim::block.running], &shim::block.scheduler); }

template <class T, class V>
T atomicAdd(T* place, V value) {
  const T old = *place;
  *place += value;
  return old;
}

template <class T, class V>
T atomicMin(T* place, V value) {
  const T old = *place;
  *place = std::min<T>(old, value);
  return old;
}

// The functions of emoface/warp.h. Lanes exchange values through memory, with a barrier of the whole block before and
// after, so all warps of a block must come by equally often.
namespace shim {

constexpr unsigned kMostThreads = 1024;
inline float numbers[kMostThreads];
inline std::uint32_t left[kMostThreads][4], right[kMostThreads][2];
inline const void* rows[kMostThreads];

inline float half_of(const std::uint32_t* words, int high) {  // a bfloat16 of a pair
  const std::uint32_t bits = (high ? *words >> 16 : *words & 0xffffu) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class Join>
float over_quad(float value, Join join) {
  const unsigned me = threadIdx.x;
  for (unsigned bit = 1; bit < 4; bit *= 2) {
    numbers[me] = value;
    __syncthreads();
    value = join(value, numbers[me ^ bit]);
    __syncthreads();
  }
  return value;
}

}  // namespace shim

namespace emoface {

template <class T>
std::uint32_t bits_of(T value) {
  return value.bits;
}

template <class T>
void multiply(float (&sums)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  const unsigned me = threadIdx.x, warp = me / 32 * 32;
  std::copy(a, a + 4, shim::left[me]);
  std::copy(b, b + 2, shim::right[me]);
  __syncthreads();
  for (unsigned e = 0; e < 4; ++e) {
    const unsigned row = me % 32 / 4, column = me % 4 * 2 + e % 2;
    for (unsigned k = 0; k < 16; ++k) {
      const std::uint32_t* x = &shim::left[warp + row * 4 + k % 8 / 2][e / 2 + k / 8 * 2];
      const std::uint32_t* y = &shim::right[warp + column * 4 + k % 8 / 2][k / 8];
      sums[e] += shim::half_of(x, k % 2) * shim::half_of(y, k % 2);
    }
  }
  __syncthreads();
}

inline void load_transposed(std::uint32_t (&b)[2], const void* row) {
  const unsigned me = threadIdx.x, warp = me / 32 * 32, column = me % 32 / 4;
  shim::rows[me] = row;
  __syncthreads();
  for (unsigned block = 0; block < 2; ++block) {
    const unsigned first = warp + block * 8 + me % 4 * 2;
    const auto value = [&](unsigned at) { return std::uint32_t(static_cast<const std::uint16_t*>(shim::rows[at])[column]); };
    b[block] = value(first) | value(first + 1) << 16;
  }
  __syncthreads();
}

inline float quad_max(float value) {
  return shim::over_quad(value, [](float x, float y) { return x > y ? x : y; });
}
inline float quad_sum(float value) {
  return shim::over_quad(value, [](float x, float y) { return x + y; });
}

}  // namespace emoface

namespace shim {

inline void enter() {
  block.body();
  block.finished[block.running] = true;
  swapcontext(&block.fibers[block.running], &block.scheduler);
}

// kernel<<<blocks, threads>>>: `body` is the kernel call. Aborts when some threads of a block end while others wait.
inline void launch(Index blocks, unsigned threads, Order order, std::function<void()> body) {
  constexpr std::size_t kStack = 64 * 1024;
  std::vector<char> stacks(kStack * threads);
  std::vector<unsigned> turns(threads);
  std::iota(turns.begin(), turns.end(), 0u);
  if (order == Order::backward) std::reverse(turns.begin(), turns.end());
  std::mt19937 random(1);
  gridDim = blocks;
  blockDim = Index(threads);
  block.body = std::move(body);
  for (unsigned at = 0; at < blocks.x * blocks.y; ++at) {
    blockIdx = Index(at % blocks.x, at / blocks.x, 0);
    block.fibers.assign(threads, ucontext_t{});
    block.finished.assign(threads, false);
    for (unsigned t = 0; t < threads; ++t) {
      getcontext(&block.fibers[t]);
      block.fibers[t].uc_stack.ss_sp = stacks.data() + t * kStack;
      block.fibers[t].uc_stack.ss_size = kStack;
      makecontext(&block.fibers[t], enter, 0);
    }
    for (unsigned done = 0; done < threads;) {
      if (order == Order::shuffled) std::shuffle(turns.begin(), turns.end(), random);
      for (unsigned t : turns) {
        block.running = t;
        threadIdx = Index(t, 0, 0);
        swapcontext(&block.scheduler, &block.fibers[t]);
      }
      done = unsigned(std::count(block.finished.begin(), block.finished.end(), true));
      if (done != 0 && done != threads) std::abort();  // a barrier that not every thread reaches
    }
  }
}

}  // namespace shim
