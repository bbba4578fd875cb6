#include "attention_kernels.cuh"

#include "emoface/cuda/launch.h"

// Budget: 168 registers, 18432 bytes of shared memory, 8 kernels with matrix instructions.
// Budget of kernels that end in " 128>": 232 registers, 35840 bytes of shared memory.

namespace emoface {
namespace {

constexpr std::int64_t kMostFrames = 1 << 30;  // frames are counted in 32 bits

// Grids are (queries, samples x heads).
template <class T>
int launch_rows(const Attention& p, const Queue& queue) {
  const dim3 blocks{unsigned(p.queries), unsigned(p.batch * p.heads)};
  return launch(attention_rows_kernel<T>, blocks, kRowThreads, 0, queue, p);
}

template <class T, int D>
int launch_mma(const Attention& p, const Queue& queue) {
  constexpr int rows = kWarps * kWarpRows;
  const dim3 blocks{unsigned((p.queries + rows - 1) / rows), unsigned(p.batch * p.heads)};
  return launch(attention_mma_kernel<T, D>, blocks, kWarps * 32, 0, queue, p);
}

// Whether all rows are whole 16-byte chunks, as the tensor-core kernel reads them.
bool in_chunks(const Attention& p) {
  const std::int64_t strides = p.query_batch | p.query_row | p.key_batch | p.key_row;
  return aligned(p.query) && aligned(p.key) && aligned(p.value) && aligned(p.out) && strides % 8 == 0;
}

}  // namespace

int attention_cuda(const Attention& p, const Queue& queue) {
  if (p.batch * p.queries * p.heads * p.width == 0) return int(cudaSuccess);
  if (p.batch * p.heads > 65535 || p.queries > kMostFrames || p.keys > kMostFrames || p.window > kMostFrames ||
      p.width > kMostWidth)
    return int(cudaErrorInvalidValue);
  return with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    if constexpr (sizeof(T) == 2) {
      if (in_chunks(p) && p.width == 16) return launch_mma<T, 16>(p, queue);
      if (in_chunks(p) && p.width == 32) return launch_mma<T, 32>(p, queue);
      if (in_chunks(p) && p.width == 64) return launch_mma<T, 64>(p, queue);
      if (in_chunks(p) && p.width == 128) return launch_mma<T, 128>(p, queue);
    }
    return launch_rows<T>(p, queue);
  });
}

}  // namespace emoface
