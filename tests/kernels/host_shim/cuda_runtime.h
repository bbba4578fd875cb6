#pragma once
// Runs CUDA sources, launches included, under a host compiler. Blocks run one after another. The threads of a block are
// fibers, and each warp runs as far as it can before the next one does, in an order that SHIM_ORDER chooses (forward,
// backward, or shuffled within each warp), so that a missing barrier shows as a wrong result; or, with -DSHIM_THREADS, threads of the system, for ThreadSanitizer.
// Copies in the background arrive when they are awaited, not before. Nothing here says anything about speed.
#include "cuda_runtime_api.h"

#include <pthread.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#define __global__
#define __host__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

using cudaStream_t = void*;
enum { cudaFuncAttributeMaxDynamicSharedMemorySize };
enum { cudaLaunchAttributeProgrammaticStreamSerialization };
struct cudaLaunchAttribute {
  int id;
  struct {
    int programmaticStreamSerializationAllowed;
  } val;
};
struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  cudaLaunchAttribute* attrs;
  unsigned numAttrs;
};

namespace shim {

constexpr unsigned kMostThreads = 1024, kWarp = 32;

// The first thing that a launch did wrong besides its results; its caller gets an error.
inline void fail(const char* what) {
  if (!fault) fault = what;
}

// What one lane gives to the others of its warp, for two collective operations in turn: a lane that is at the next but
// one knows that all have read.
struct Offer {
  std::uint32_t words[6];
  double number;
  const void* place;
};

struct Copy {
  void* to;
  const void* from;  // null: zeros
};

struct Thread {
  Offer offers[2];
  unsigned turn;
  std::vector<std::vector<Copy>> copies;  // by group, the last one still open
  bool waited, finished;
  ucontext_t fiber;
};

#if defined(SHIM_THREADS)
struct Barrier {
  pthread_barrier_t barrier;
  void begin(unsigned parties) { pthread_barrier_init(&barrier, nullptr, parties); }
  void wait() { pthread_barrier_wait(&barrier); }
  void end() { pthread_barrier_destroy(&barrier); }
};
#else
void yield();
struct Barrier {
  unsigned parties, waiting, round;
  void begin(unsigned count) { parties = count, waiting = round = 0; }
  void wait();
  void end() {}
};
#endif

struct Block {
  std::vector<Thread> threads;
  Barrier all, warps[kMostThreads / kWarp];
  std::vector<unsigned char> shared;
  ucontext_t scheduler;
  unsigned running;
  unsigned long long progress;
  std::function<void()> body;
};

inline Block block;
inline unsigned long long products;  // matrix products of warps so far

}  // namespace shim

#if defined(SHIM_THREADS)
inline thread_local dim3 threadIdx;
#else
inline dim3 threadIdx;
#endif
inline dim3 blockIdx, blockDim, gridDim;

namespace shim {

inline Thread& self() { return block.threads[threadIdx.x]; }

#if !defined(SHIM_THREADS)
inline void yield() { swapcontext(&block.threads[block.running].fiber, &block.scheduler); }

inline void Barrier::wait() {
  const unsigned before = round;
  ++block.progress;
  if (++waiting == parties) {
    waiting = 0;
    ++round;
  }
  while (round == before) yield();
}
#endif

// Gives an offer to the warp and returns those of its lanes.
template <class Read>
auto exchange(const Offer& offer, Read read) {
  const unsigned first = threadIdx.x / kWarp * kWarp, turn = self().turn++ % 2;
  self().offers[turn] = offer;
  block.warps[threadIdx.x / kWarp].wait();
  return read([=](unsigned lane) -> const Offer& { return block.threads[first + lane].offers[turn]; });
}

inline void run_thread(unsigned t) {
  threadIdx = dim3(t, 0, 0);
  block.body();
  for (const auto& group : self().copies)
    if (!group.empty()) fail("a kernel ended with copies on their way");
  self().finished = true;
}

#if defined(SHIM_THREADS)
inline void run_block() {
  std::vector<std::thread> running;
  for (unsigned t = 0; t < blockDim.x; ++t) running.emplace_back(run_thread, t);
  for (std::thread& thread : running) thread.join();
}
#else
inline void enter() {
  run_thread(block.running);
  ++block.progress;
  swapcontext(&self().fiber, &block.scheduler);
}

inline void run_block() {
  constexpr std::size_t kStack = 256 * 1024;
  static std::vector<char> stacks;
  stacks.resize(kStack * blockDim.x);
  std::vector<unsigned> turns(blockDim.x);
  std::iota(turns.begin(), turns.end(), 0u);
  const char* named = std::getenv("SHIM_ORDER");
  const std::string order = named ? named : "forward";
  if (order == "backward") std::reverse(turns.begin(), turns.end());
  std::mt19937 random(1);
  for (unsigned t = 0; t < blockDim.x; ++t) {
    ucontext_t& fiber = block.threads[t].fiber;
    getcontext(&fiber);
    fiber.uc_stack.ss_sp = stacks.data() + t * kStack;
    fiber.uc_stack.ss_size = kStack;
    makecontext(&fiber, enter, 0);
  }
  const auto turn = [&](unsigned t) {
    if (block.threads[t].finished) return;
    block.running = t;
    threadIdx = dim3(t, 0, 0);
    swapcontext(&block.scheduler, &block.threads[t].fiber);
  };
  for (unsigned done = 0; done < blockDim.x;) {
    const unsigned long long before = block.progress;
    for (unsigned first = 0; first < blockDim.x; first += kWarp) {  // a warp goes as far as it can before the next
      for (unsigned long long last = block.progress - 1; last != block.progress;) {
        last = block.progress;
        if (order == "shuffled") std::shuffle(turns.begin() + first, turns.begin() + first + kWarp, random);
        for (unsigned lane = 0; lane < kWarp; ++lane) turn(turns[first + lane]);
      }
    }
    done = unsigned(std::count_if(block.threads.begin(), block.threads.end(), [](auto& t) { return t.finished; }));
    if (done < blockDim.x && block.progress == before) return fail("a barrier that not every thread reaches");
  }
}
#endif

inline void run(const cudaLaunchConfig_t& config, std::function<void()> body) {
  gridDim = config.gridDim;
  blockDim = config.blockDim;
  if (blockDim.x > kMostThreads || blockDim.x % kWarp) return fail("a block of an odd number of threads");
  block.body = std::move(body);
  for (unsigned at = 0; at < gridDim.x * gridDim.y; ++at) {
    blockIdx = dim3(at % gridDim.x, at / gridDim.x, 0);
    block.threads.assign(blockDim.x, Thread{});
    block.shared.assign(config.dynamicSmemBytes, 0xff);
    block.all.begin(blockDim.x);
    for (unsigned w = 0; w < blockDim.x / kWarp; ++w) block.warps[w].begin(kWarp);
    run_block();
    block.all.end();
    for (unsigned w = 0; w < blockDim.x / kWarp; ++w) block.warps[w].end();
    for (const Thread& thread : block.threads)
      if (config.numAttrs && !thread.waited) fail("a kernel that may overlap never waits for the one before");
  }
}

}  // namespace shim

inline cudaError_t cudaFuncSetAttribute(const void*, int, int) { return cudaSuccess; }

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...), const Arguments&... args) {
  shim::fault = nullptr;
  shim::run(*config, [&] { kernel(args...); });
  return shim::fault ? cudaErrorLaunchFailure : cudaSuccess;
}

inline void __syncthreads() { shim::block.all.wait(); }

template <class T, class V>
T atomicAdd(T* place, V value) {
  return __atomic_fetch_add(place, T(value), __ATOMIC_RELAXED);
}

template <class T, class V>
T atomicMin(T* place, V value) {
  T old = __atomic_load_n(place, __ATOMIC_RELAXED);
  while (T(value) < old && !__atomic_compare_exchange_n(place, &old, T(value), false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
  return old;
}
