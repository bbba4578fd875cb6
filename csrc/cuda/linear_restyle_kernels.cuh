#pragma once
// Device code of a linear map with AdaIN after it. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/cuda/linear_restyle.h"
#include "linear_kernels.cuh"
#include "restyle_kernels.cuh"

namespace emoface {

constexpr int kStyledWarps = 8, kStyledThreads = 32 * kStyledWarps;
constexpr int kStyled = 16;  // columns of a block

// Rows of h in shared memory: whole tiles of 16.
EMO_HD int styled_rows(std::int64_t time) { return int((time + 15) / 16) * 16; }

// Slices of both operands on their way or in use: as many as fit.
constexpr EMO_HD int styled_stages(int tiles) { return tiles == 1 ? 3 : 2; }

// With tensor cores, for 16-bit T: a block has kStyled columns of all frames of one sample, at most 16 `Tiles` frames a
// warp, so the statistics over time are sums of its registers.
template <class T, int Tiles>
__global__ void __launch_bounds__(kStyledThreads, 2) linear_restyle_kernel(LinearRestyle p) {
  constexpr int kStyledStages = styled_stages(Tiles), kSliceRow = kSlice + kGap;
  __shared__ float parts[2][kStyledWarps][kStyled];
  const int lane = int(threadIdx.x) % 32, warp = int(threadIdx.x) / 32, time = int(p.after.time);
  const int rows = styled_rows(time), own = warp * Tiles * 16, size = (kStyled + rows) * kSliceRow;
  T* slices = reinterpret_cast<T*>(launch_shared());  // each: the weights' rows, then those of h
  const std::int64_t b = blockIdx.x, first = std::int64_t(blockIdx.y) * kStyled, channels = p.after.channels;
  const T* h = static_cast<const T*>(p.h) + b * time * p.width;

  const int deep = padded_depth(p.width) / kSlice;
  const auto fetch = [&](int i, const T* from, std::int64_t row, int count, std::int64_t end, T* to) {
    for (int item = int(threadIdx.x); item < count * kSlice / 8; item += kStyledThreads) {
      const int r = item / (kSlice / 8), k = item % (kSlice / 8) * 8, depth = i * kSlice + k;
      const bool inside = row + r < end && depth < p.width;
      copy_chunk(to + r * kSliceRow + k, inside ? from + (row + r) * p.width + depth : from, inside);
    }
  };
  const auto fetch_weights = [&](int i) {
    if (i < deep)
      fetch(i, static_cast<const T*>(p.weight), first, kStyled, channels, slices + i % kStyledStages * size);
  };
  const auto fetch_rows = [&](int i) {
    if (i < deep) fetch(i, h, 0, rows, time, slices + i % kStyledStages * size + kStyled * kSliceRow);
    end_copies();
  };
  for (int i = 0; i < kStyledStages - 1; ++i) fetch_weights(i);
  wait_for_previous();
  for (int i = 0; i < kStyledStages - 1; ++i) fetch_rows(i);

  float sums[Tiles][kStyled / 8][4] = {};
  for (int i = 0; i < deep; ++i) {
    await_copies<kStyledStages - 2>();
    __syncthreads();
    fetch_weights(i + kStyledStages - 1);
    fetch_rows(i + kStyledStages - 1);
    const T* weights = slices + i % kStyledStages * size;
    const T* left = weights + kStyled * kSliceRow;
#pragma unroll
    for (int k = 0; k < kSlice; k += 16) {
      std::uint32_t right[4];
      load_blocks(right, weights + (lane / 16 * 8 + lane % 8) * kSliceRow + k + lane / 8 % 2 * 8);
#pragma unroll
      for (int m = 0; m < Tiles; ++m) {
        if (own + m * 16 >= rows) continue;
        std::uint32_t a[4];
        load_blocks(a, left + (own + m * 16 + lane % 16) * kSliceRow + k + lane / 16 * 8);
        multiply<T>(sums[m][0], a, right[0], right[1]);
        multiply<T>(sums[m][1], a, right[2], right[3]);
      }
    }
  }

  const std::int64_t frames = frames_of(p.after, b);
  const float count = frames > 0 ? float(frames) : 1.0f;
  const auto row_of = [&](int m, int e) { return own + m * 16 + lane / 4 + e / 2 * 8; };
  const auto column_of = [&](int n, int e) { return n * 8 + lane % 4 * 2 + e % 2; };
  // The mean over all frames that count, in each of this thread's columns.
  const auto over_time = [&](int which, float (&mean)[kStyled / 8][2], auto value) {
#pragma unroll
    for (int n = 0; n < kStyled / 8; ++n) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        float sum = 0.0f;
#pragma unroll
        for (int m = 0; m < Tiles; ++m) {
          if (row_of(m, e) < frames) sum += value(sums[m][n][e], n, e);
          if (row_of(m, e + 2) < frames) sum += value(sums[m][n][e + 2], n, e);
        }
        sum = column_sum(sum);
        if (lane < 4) parts[which][warp][column_of(n, e)] = sum;
      }
    }
    __syncthreads();
#pragma unroll
    for (int n = 0; n < kStyled / 8; ++n) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        float sum = 0.0f;
        for (int w = 0; w < kStyledWarps; ++w) sum += parts[which][w][column_of(n, e)];
        mean[n][e] = sum / count;
      }
    }
  };
#pragma unroll
  for (int m = 0; m < Tiles; ++m) {
#pragma unroll
    for (int n = 0; n < kStyled / 8; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const std::int64_t column = first + column_of(n, e);
        if (column >= channels || row_of(m, e) >= time) continue;
        sums[m][n][e] += element<T>(p.weight_bias, column) +
                         element<T>(p.after.x, (b * time + row_of(m, e)) * channels + column);
      }
    }
  }
  float means[kStyled / 8][2], variances[kStyled / 8][2];
  over_time(0, means, [&](float y, int, int) { return y; });
  over_time(1, variances, [&](float y, int n, int e) { return (y - means[n][e]) * (y - means[n][e]); });
#pragma unroll
  for (int n = 0; n < kStyled / 8; ++n) {
#pragma unroll
    for (int e = 0; e < 2; ++e) {
      const std::int64_t column = first + column_of(n, e);
      if (column >= channels) continue;
      const auto style = ChannelStyle<T>::of(p.after, b, column);
      const float rate = 1.0f / std::sqrt(variances[n][e] + float(p.after.eps));
#pragma unroll
      for (int m = 0; m < Tiles; ++m) {
#pragma unroll
        for (int r = 0; r < 2; ++r) {
          const std::int64_t row = row_of(m, 2 * r);
          if (row < time)
            put<T>(p.after.out, (b * time + row) * channels + column, style(sums[m][n][2 * r + e], means[n][e], rate));
        }
      }
    }
  }
}

}  // namespace emoface
