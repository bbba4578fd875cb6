#pragma once
// Device code of linear maps. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/cuda/linear.h"
#include "emoface/cuda/tile.h"
#include "emoface/layers_math.h"

namespace emoface {

// What follows the sum of one output.
template <class T>
struct Finish {
  using A = Compute<T>;
  const Linear& p;

  // Where the modulation of a row's sample lies.
  __device__ __forceinline__ std::int64_t film_of(std::int64_t row) const {
    return p.film.scale.at ? p.film.at(row / p.time) : 0;
  }
  __device__ __forceinline__ A operator()(A sum, std::int64_t row, std::int64_t column, std::int64_t film) const {
    A y = sum + element<T>(p.weight_bias, column);
    if (p.gelu) y = gelu(y);
    if (p.x.at) y += element<T>(p.x, row * p.width + column);
    if (p.film.scale.at)
      y = residual_film(y, element<T>(p.film.scale, film + column), element<T>(p.film.shift, film + column));
    return y;
  }
};

// Simple, for any type and shape. The norm of a row is taken by the warp whose threads have that row. Three blocks to a
// multiprocessor: left alone, ptxas allots 64 registers and spills doubles on sm_120.
template <class T>
__global__ void __launch_bounds__(kTileThreads, 3) linear_simple_kernel(Linear p) {
  using A = Compute<T>;
  A means[kTileRows] = {}, rates[kTileRows] = {}, sums[kTileRows] = {};
  wait_for_previous();
#pragma unroll
  for (int i = 0; i < kTileRows; ++i) {
    if (!p.gain.at || tile_row(i) >= p.rows) continue;
    const std::int64_t at = tile_row(i) * p.depth, lane = threadIdx.x % 32;
    A sum = A(0), squares = A(0);
    for (std::int64_t k = lane; k < p.depth; k += 32) sum += element<T>(p.a, at + k);
    means[i] = warp_sum(sum) / A(p.depth);
    for (std::int64_t k = lane; k < p.depth; k += 32) {
      const A off = element<T>(p.a, at + k) - means[i];
      squares += off * off;
    }
    rates[i] = A(1) / std::sqrt(warp_sum(squares) / A(p.depth) + A(p.eps));
  }
  const auto left = [&](std::int64_t row, std::int64_t k) {
    const A value = element<T>(p.a, row * p.depth + k);
    if (!p.gain.at) return value;
    A mean = A(0), rate = A(0);
#pragma unroll
    for (int i = 0; i < kTileRows; ++i) {
      if (tile_row(i) != row) continue;
      mean = means[i];
      rate = rates[i];
    }
    return (value - mean) * rate * element<T>(p.gain, k) + element<T>(p.bias, k);
  };
  tile_product(sums, left, static_cast<const T*>(p.weight), p.rows, p.width, p.depth);
  const Finish<T> finish{p};
#pragma unroll
  for (int i = 0; i < kTileRows; ++i) {
    const std::int64_t row = tile_row(i), column = tile_column();
    if (row < p.rows && column < p.width)
      put<T>(p.out, row * p.width + column, finish(sums[i], row, column, finish.film_of(row)));
  }
}

constexpr int kLinearThreads = 128, kLinearWarps = 4;  // tensor-core kernel
constexpr int kColumns = 64;                           // of a tile
constexpr int kSlice = 64;                             // depth of the weights in shared memory at a time
constexpr int kStages = 3;                             // slices on their way or in use
constexpr int kGap = 8;                                // values between rows in shared memory: another bank
constexpr int kMostNorm = 1024;                        // depth that the layer norm holds in registers

// The depth in shared memory: whole slices, zeros beyond the tensor's.
EMO_HD int padded_depth(std::int64_t depth) { return int((depth + kSlice - 1) / kSlice) * kSlice; }

// Four values from a tensor in one access.
template <class X>
__device__ __forceinline__ void load_four(float (&values)[4], const X* at) {
  struct alignas(4 * sizeof(X)) Four {
    X values[4];
  };
  const Four four = *reinterpret_cast<const Four*>(at);
#pragma unroll
  for (int i = 0; i < 4; ++i) values[i] = widen(four.values[i]);
}
template <class T>
__device__ __forceinline__ void load_four(float (&values)[4], const Mixed& tensor, std::int64_t i) {
  if (tensor.dtype == DType::float32) return load_four(values, static_cast<const float*>(tensor.at) + i);
  load_four(values, static_cast<const T*>(tensor.at) + i);
}

// Rows of LayerNorm(a), a of type X, into shared memory. A warp takes kAtOnce rows of up to 128 kPieces values together.
template <class T, class X, int kPieces, int kAtOnce>
__device__ __forceinline__ void norm_rows(const Linear& p, std::int64_t first, int rows, T* to, int stride) {
  const int lane = int(threadIdx.x) % 32, depth = int(p.depth);
  for (int top = int(threadIdx.x) / 32 * kAtOnce; top < rows; top += kLinearWarps * kAtOnce) {
    float values[kAtOnce][kPieces][4] = {}, mean[kAtOnce], rate[kAtOnce];
#pragma unroll
    for (int r = 0; r < kAtOnce; ++r) {
#pragma unroll
      for (int c = 0; c < kPieces; ++c) {
        const int k = (c * 32 + lane) * 4;
        if (k < depth && first + top + r < p.rows)
          load_four(values[r][c], static_cast<const X*>(p.a.at) + (first + top + r) * p.depth + k);
      }
    }
#pragma unroll
    for (int r = 0; r < kAtOnce; ++r) {
      float sum = 0.0f, squares = 0.0f;
#pragma unroll
      for (int c = 0; c < kPieces; ++c) {
#pragma unroll
        for (int i = 0; i < 4; ++i) sum += values[r][c][i];
      }
      mean[r] = warp_sum(sum) / float(depth);
#pragma unroll
      for (int c = 0; c < kPieces; ++c) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float off = values[r][c][i] - mean[r];
          if ((c * 32 + lane) * 4 < depth) squares += off * off;
        }
      }
      rate[r] = 1.0f / std::sqrt(warp_sum(squares) / float(depth) + float(p.eps));
    }
#pragma unroll
    for (int c = 0; c < kPieces; ++c) {
      const int k = (c * 32 + lane) * 4;
      if (k >= stride - kGap) continue;
      float gain[4] = {}, bias[4] = {};
      if (k < depth) load_four<T>(gain, p.gain, k);
      if (k < depth) load_four<T>(bias, p.bias, k);
#pragma unroll
      for (int r = 0; r < kAtOnce; ++r) {
        float normed[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) normed[i] = (values[r][c][i] - mean[r]) * rate[r] * gain[i] + bias[i];
        std::uint32_t* at = reinterpret_cast<std::uint32_t*>(to + (top + r) * stride + k);
        at[0] = packed<T>(normed[0], normed[1]);
        at[1] = packed<T>(normed[2], normed[3]);
      }
    }
  }
}

// The left operand of a block: its rows at full depth, normed or as they are.
template <class T, int Rows>
__device__ __forceinline__ void load_stripe(const Linear& p, std::int64_t first, T* to, int stride) {
  const bool shallow = p.depth <= kMostNorm / 2, wide = p.a.dtype == DType::float32;
  if (p.gain.at) {
    if (shallow && wide) norm_rows<T, float, kMostNorm / 256, 4>(p, first, Rows, to, stride);
    if (shallow && !wide) norm_rows<T, T, kMostNorm / 256, 4>(p, first, Rows, to, stride);
    if (!shallow && wide) norm_rows<T, float, kMostNorm / 128, 2>(p, first, Rows, to, stride);
    if (!shallow && !wide) norm_rows<T, T, kMostNorm / 128, 2>(p, first, Rows, to, stride);
    return;
  }
  const T* a = static_cast<const T*>(p.a.at);
  const int chunks = (stride - kGap) / 8;
  for (int item = int(threadIdx.x); item < Rows * chunks; item += kLinearThreads) {
    const int row = item / chunks, k = item % chunks * 8;
    const bool inside = first + row < p.rows && k < p.depth;
    copy_chunk(to + row * stride + k, inside ? a + (first + row) * p.depth + k : a, inside);
  }
  end_copies();
  await_copies<0>();
}

// With tensor cores, for 16-bit T: a block keeps `Rows` rows of the left operand at full depth in shared memory, and
// slices of the weights stream past them, tile after tile of columns. The first slices are on their way before the
// kernel before this one has ended: weights do not depend on it.
template <class T, int Rows>
__global__ void __launch_bounds__(kLinearThreads) linear_mma_kernel(Linear p) {
  constexpr int kRowWarps = Rows >= 32 ? 2 : 1, kColumnWarps = kLinearWarps / kRowWarps;
  constexpr int kRowTiles = Rows / 16 / kRowWarps, kColumnTiles = kColumns / 8 / kColumnWarps;
  constexpr int kSliceRow = kSlice + kGap, kSliceSize = kColumns * kSliceRow;
  const int stride = padded_depth(p.depth) + kGap;
  T* stripe = reinterpret_cast<T*>(launch_shared());
  T* slices = stripe + Rows * stride;
  const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32;
  const int own_row = warp / kColumnWarps * kRowTiles * 16, own_column = warp % kColumnWarps * kColumnTiles * 8;
  const std::int64_t first = std::int64_t(blockIdx.x) * Rows;

  const int tiles = int((p.width + kColumns - 1) / kColumns), step = int(gridDim.y);
  const int deep = padded_depth(p.depth) / kSlice, total = (tiles - int(blockIdx.y) + step - 1) / step * deep;
  const auto tile_column = [&](int i) { return (std::int64_t(blockIdx.y) + i / deep * step) * kColumns; };
  const auto fetch = [&](int i) {  // slice i of this block
    const T* weight = static_cast<const T*>(p.weight);
    T* to = slices + i % kStages * kSliceSize;
    for (int item = int(threadIdx.x); i < total && item < kColumns * kSlice / 8; item += kLinearThreads) {
      const int row = item / (kSlice / 8), k = item % (kSlice / 8) * 8, depth = i % deep * kSlice + k;
      const std::int64_t n = tile_column(i) + row;
      const bool inside = n < p.width && depth < p.depth;
      copy_chunk(to + row * kSliceRow + k, inside ? weight + n * p.depth + depth : weight, inside);
    }
    end_copies();
  };
  for (int i = 0; i < kStages - 1; ++i) fetch(i);
  wait_for_previous();
  load_stripe<T, Rows>(p, first, stripe, stride);

  const Finish<T> finish{p};
  float sums[kRowTiles][kColumnTiles][4] = {};
  for (int i = 0; i < total; ++i) {
    await_copies<kStages - 2>();
    __syncthreads();
    fetch(i + kStages - 1);
    const T* slice = slices + i % kStages * kSliceSize;
#pragma unroll
    for (int k = 0; k < kSlice; k += 16) {
      std::uint32_t a[kRowTiles][4];
#pragma unroll
      for (int m = 0; m < kRowTiles; ++m)
        load_blocks(a[m], stripe + (own_row + m * 16 + lane % 16) * stride + i % deep * kSlice + k + lane / 16 * 8);
#pragma unroll
      for (int n = 0; n < kColumnTiles; n += 2) {
        std::uint32_t b[4];
        const int row = own_column + n * 8 + lane / 16 * 8 + lane % 8;
        load_blocks(b, slice + row * kSliceRow + k + lane / 8 % 2 * 8);
#pragma unroll
        for (int m = 0; m < kRowTiles; ++m) {
          multiply<T>(sums[m][n], a[m], b[0], b[1]);
          multiply<T>(sums[m][n + 1], a[m], b[2], b[3]);
        }
      }
    }
    if (i % deep != deep - 1) continue;
#pragma unroll
    for (int m = 0; m < kRowTiles; ++m) {
#pragma unroll
      for (int r = 0; r < 2; ++r) {
        const std::int64_t row = first + own_row + m * 16 + lane / 4 + 8 * r;
        const std::int64_t film = row < p.rows ? finish.film_of(row) : 0;
#pragma unroll
        for (int n = 0; n < kColumnTiles; ++n) {
#pragma unroll
          for (int e = 0; e < 2; ++e) {
            const std::int64_t column = tile_column(i) + own_column + n * 8 + lane % 4 * 2 + e;
            float& sum = sums[m][n][2 * r + e];
            if (row < p.rows && column < p.width) put<T>(p.out, row * p.width + column, finish(sum, row, column, film));
            sum = 0.0f;
          }
        }
      }
    }
  }
}

}  // namespace emoface
