#pragma once
// The simple product of a tile of rows and columns: both operands through shared memory, sums by multiply-add.
#include "emoface/cuda/warp.h"

namespace emoface {

constexpr int kTile = 32;  // rows and columns of a block, and depth in shared memory at a time
constexpr int kTileThreads = 256, kTileWarps = kTileThreads / 32;
constexpr int kTileRows = kTile / kTileWarps;  // of a thread, all in one column

// The grid of blocks (rows, columns).
inline dim3 tiles_of(std::int64_t rows, std::int64_t width) {
  return dim3(unsigned((rows + kTile - 1) / kTile), unsigned((width + kTile - 1) / kTile));
}
__device__ __forceinline__ std::int64_t tile_row(int i) {
  return std::int64_t(blockIdx.x) * kTile + threadIdx.x / 32 + kTileWarps * i;
}
__device__ __forceinline__ std::int64_t tile_column() { return std::int64_t(blockIdx.y) * kTile + threadIdx.x % 32; }

// sums[i] += the product of row tile_row(i) of left (rows, depth), a function of row and depth, and row tile_column()
// of weight (width, depth).
template <class T, class Left>
__device__ __forceinline__ void tile_product(Compute<T> (&sums)[kTileRows], const Left& left, const T* weight,
                                             std::int64_t rows, std::int64_t width, std::int64_t depth) {
  using A = Compute<T>;
  __shared__ A above[kTile][kTile + 1], across[kTile][kTile + 1];
  const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;
  for (std::int64_t start = 0; start < depth; start += kTile) {
    __syncthreads();
    const std::int64_t k = start + lane;
    for (int i = 0; i < kTileRows; ++i) {
      const int r = warp + kTileWarps * i;
      const std::int64_t column = std::int64_t(blockIdx.y) * kTile + r;
      above[r][lane] = tile_row(i) < rows && k < depth ? left(tile_row(i), k) : A(0);
      across[r][lane] = column < width && k < depth ? widen(weight[column * depth + k]) : A(0);
    }
    __syncthreads();
    for (int d = 0; d < kTile; ++d) {
#pragma unroll
      for (int i = 0; i < kTileRows; ++i) sums[i] += above[warp + kTileWarps * i][d] * across[lane][d];
    }
  }
}

}  // namespace emoface
