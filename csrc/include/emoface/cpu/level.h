#pragma once
// Plain loops compiled for several levels of x86-64 within one file. Kernels that are written for vectors are compiled
// as a whole for each instruction set instead (isa.h).
#include <atomic>

namespace emoface {

enum class Level { baseline, v3, v4 };

// The level that goes with the instruction set in use.
inline std::atomic<Level> level{Level::baseline};

}  // namespace emoface

// EMO_LEVELS(run, Parameters, body): the function void run(const Parameters& call) { body; } at the level in use.
#if defined(__x86_64__) && defined(__GNUC__)
#define EMO_LEVELS(run, Parameters, ...)                                                                \
  __attribute__((target("arch=x86-64-v4"))) void run##_v4(const Parameters& call) { __VA_ARGS__; }       \
  __attribute__((target("arch=x86-64-v3"))) void run##_v3(const Parameters& call) { __VA_ARGS__; }       \
  void run##_baseline(const Parameters& call) { __VA_ARGS__; }                                           \
  void run(const Parameters& call) {                                                                     \
    const Level now = level.load(std::memory_order_relaxed);                                             \
    (now == Level::v4 ? run##_v4 : now == Level::v3 ? run##_v3 : run##_baseline)(call);                  \
  }
#else
#define EMO_LEVELS(run, Parameters, ...) \
  void run(const Parameters& call) { __VA_ARGS__; }
#endif
