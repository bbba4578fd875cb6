#pragma once
// Runs CUDA kernel source under a host compiler. Blocks run one after another; the threads of a block are fibers that
// take turns at __syncthreads(), in an order that the caller chooses, so a missing barrier shows as a wrong result.
// Nothing here says anything about speed, memory ordering or races inside a warp on real hardware.
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
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
