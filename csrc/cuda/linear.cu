#include "linear_kernels.cuh"

#include "emoface/cuda/launch.h"

// Budget: 168 registers, 17408 bytes of shared memory, 6 kernels with matrix instructions.

namespace emoface {
namespace {

constexpr std::int64_t kFewBlocks = 100;   // fewer leave most of a large GPU idle: take smaller tiles
constexpr std::int64_t kManyBlocks = 512;  // more are no faster: let a block keep its rows for several tiles

std::int64_t parts(std::int64_t size, std::int64_t part) { return (size + part - 1) / part; }

std::size_t shared_bytes(const Linear& p, int rows) {
  return 2 * (std::size_t(rows) * (padded_depth(p.depth) + kGap) + std::size_t(kStages) * kColumns * (kSlice + kGap));
}

// Whether a tile of so many rows makes enough blocks and fits.
bool suits(const Linear& p, int rows) {
  return shared_bytes(p, rows) <= kMostShared && parts(p.rows, rows) * parts(p.width, kColumns) >= kFewBlocks;
}

// Whether all rows are whole 16-byte chunks, of types and sizes that the tensor-core kernel reads.
bool in_chunks(const Linear& p) {
  const bool left = p.gain.at ? p.depth <= kMostNorm && aligned(p.gain.at) && aligned(p.bias.at) : p.a.dtype == p.dtype;
  return left && p.depth % 8 == 0 && aligned(p.a.at) && aligned(p.weight) && shared_bytes(p, 16) <= kMostShared;
}

template <class T, int Rows>
int launch_mma(const Linear& p, const Queue& queue) {
  const std::int64_t stripes = parts(p.rows, Rows), tiles = parts(p.width, kColumns);
  const std::int64_t columns = kManyBlocks / stripes < 1 ? 1 : kManyBlocks / stripes;
  const dim3 blocks{unsigned(stripes), unsigned(columns < tiles ? columns : tiles)};
  return launch(linear_mma_kernel<T, Rows>, blocks, kLinearThreads, shared_bytes(p, Rows), queue, p);
}

}  // namespace

int linear_cuda(const Linear& p, const Queue& queue) {
  if (p.rows * p.width == 0) return int(cudaSuccess);
  if (p.rows > INT32_MAX || p.width > 65535 * kTile || p.depth > INT32_MAX) return int(cudaErrorInvalidValue);
  return with_type(p.dtype, [&](auto type) {
    using T = decltype(type);
    if constexpr (sizeof(T) == 2) {
      if (in_chunks(p) && suits(p, 64)) return launch_mma<T, 64>(p, queue);
      if (in_chunks(p) && suits(p, 32)) return launch_mma<T, 32>(p, queue);
      if (in_chunks(p)) return launch_mma<T, 16>(p, queue);
    }
    return launch(linear_simple_kernel<T>, tiles_of(p.rows, p.width), kTileThreads, 0, queue, p);
  });
}

}  // namespace emoface
