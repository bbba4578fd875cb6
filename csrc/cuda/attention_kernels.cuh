#pragma once
// Device code of attention. Compiled by nvcc, and by g++ under tests/kernels/host_shim.
#include "emoface/attention_math.h"
#include "emoface/cuda/attention.h"
#include "emoface/cuda/warp.h"

namespace emoface {

constexpr int kRowThreads = 128;  // simple kernel: one block per query and head
constexpr int kWarps = 2;         // tensor-core kernel: warps of a block, each with kWarpRows queries
constexpr int kWarpRows = 16;
constexpr int kKeys = 64;  // keys in shared memory at a time

// Where one head of one sample lies.
template <class T>
struct AttentionHead {
  const T *query, *key, *value;
  T* out;
  Compute<T> slope, scale;
  std::int64_t channels, keys;

  static __device__ __forceinline__ AttentionHead of(const Attention& p, std::int64_t number) {
    const std::int64_t b = number / p.heads, h = number % p.heads, channels = p.heads * p.width;
    const std::int64_t query = b / p.samples * p.query_batch + h * p.width, key = b * p.key_batch + h * p.width;
    std::int64_t keys = p.keys;
    if (p.lengths) keys = p.lengths[b] < keys ? p.lengths[b] : keys;
    return {static_cast<const T*>(p.query) + query, static_cast<const T*>(p.key) + key,
            static_cast<const T*>(p.value) + key, static_cast<T*>(p.out) + b * p.queries * channels + h * p.width,
            element<T>(p.slopes, h), Compute<T>(1) / std::sqrt(Compute<T>(p.width)), channels, keys > 0 ? keys : 0};
  }
};

// Simple: one block per query and head. Threads are keys while logits are computed, channels while values are summed.
template <class T>
__global__ void __launch_bounds__(kRowThreads, 4) attention_rows_kernel(Attention p) {
  using A = Compute<T>;
  __shared__ A query[kMostWidth], sums[kMostWidth], weights[kRowThreads];
  wait_for_previous();
  const auto head = AttentionHead<T>::of(p, blockIdx.y);
  const std::int64_t i = blockIdx.x;
  const int width = int(p.width), me = int(threadIdx.x);
  for (int c = me; c < width; c += kRowThreads) {
    query[c] = widen(head.query[i * p.query_row + c]) * head.scale;
    sums[c] = A(0);
  }
  const KeyRange range = KeyRange::of(i, 1, head.keys, p.window);
  auto softmax = RunningSoftmax<A>::empty();
  for (std::int64_t first = range.begin; first < range.end; first += kRowThreads) {
    __syncthreads();
    const std::int64_t j = first + me;
    A logit = -A(INFINITY);
    if (j < range.end) {
      logit = -head.slope * A(apart(i, j));
      for (int c = 0; c < width; ++c) logit += query[c] * widen(head.key[j * p.key_row + c]);
    }
    weights[me] = logit;
    __syncthreads();
    const int count = int(range.end - first < kRowThreads ? range.end - first : kRowThreads);
    A largest = weights[0];
    for (int k = 1; k < count; ++k) largest = weights[k] > largest ? weights[k] : largest;
    const A shrink = softmax.raise(largest);
    __syncthreads();
    weights[me] = softmax.weight(logit);
    __syncthreads();
    for (int k = 0; k < count; ++k) softmax.total += weights[k];
    for (int c = me; c < width; c += kRowThreads) {
      A sum = sums[c] * shrink;
      for (int k = 0; k < count; ++k) sum += weights[k] * widen(head.value[(first + k) * p.key_row + c]);
      sums[c] = sum;
    }
  }
  for (int c = me; c < width; c += kRowThreads)
    head.out[i * head.channels + c] = Narrow<T>::of(sums[c] * softmax.share());
}

// With tensor cores, for 16-bit T and heads of D channels: a warp holds 16 queries, their running softmax and their
// sums in registers; a block shares kKeys keys and values at a time. Values arrive while logits are computed, the next
// keys while values are summed. Rows in shared memory are 8 values apart from the next bank.
template <class T, int D>
__global__ void __launch_bounds__(kWarps * 32, 4) attention_mma_kernel(Attention p) {
  constexpr int kRow = D + 8, kTiles = kKeys / 8, kSteps = D / 16, kThreads = kWarps * 32;
  alignas(16) __shared__ T keys[kKeys * kRow];
  alignas(16) __shared__ T values[kKeys * kRow];
  wait_for_previous();
  const auto head = AttentionHead<T>::of(p, blockIdx.y);
  const int lane = int(threadIdx.x) % 32, group = lane / 4, pair = 2 * (lane % 4);
  const int block = int(blockIdx.x) * kWarps * kWarpRows, warp = int(threadIdx.x) / 32;
  const int rows[2] = {block + warp * kWarpRows + group, block + warp * kWarpRows + group + 8};

  std::uint32_t query[kSteps][4];
#pragma unroll
  for (int s = 0; s < kSteps; ++s) {
#pragma unroll
    for (int r = 0; r < 4; ++r) {
      const T* at = head.query + rows[r % 2] * p.query_row + s * 16 + pair + r / 2 * 8;
      query[s][r] = rows[r % 2] < p.queries ? *reinterpret_cast<const std::uint32_t*>(at) : 0u;
    }
  }
  float sums[D / 8][4] = {};
  RunningSoftmax<float> softmax[2] = {RunningSoftmax<float>::empty(), RunningSoftmax<float>::empty()};

  const KeyRange range = KeyRange::of(block, kWarps * kWarpRows, head.keys, p.window);
  const int end = int(range.end), window = p.window == 0 ? INT32_MAX : int(p.window);
  const auto fetch = [&](T* to, const T* from, int first) {
    for (int item = int(threadIdx.x); item < kKeys * D / 8; item += kThreads) {
      const int row = item / (D / 8), column = item % (D / 8) * 8;
      const bool inside = first + row < end;
      copy_chunk(to + row * kRow + column, inside ? from + (first + row) * p.key_row + column : from, inside);
    }
    end_copies();
  };
  if (range.begin < range.end) fetch(keys, head.key, int(range.begin));
  for (int first = int(range.begin); first < end; first += kKeys) {
    await_copies<0>();
    __syncthreads();
    fetch(values, head.value, first);

    float logits[kTiles][4] = {};
#pragma unroll
    for (int n = 0; n < kTiles; n += 2) {
#pragma unroll
      for (int s = 0; s < kSteps; ++s) {
        std::uint32_t b[4];
        load_blocks(b, keys + (n * 8 + lane / 16 * 8 + lane % 8) * kRow + s * 16 + lane / 8 % 2 * 8);
        multiply<T>(logits[n], query[s], b[0], b[1]);
        multiply<T>(logits[n + 1], query[s], b[2], b[3]);
      }
    }
    float largest[2] = {-INFINITY, -INFINITY};
#pragma unroll
    for (int n = 0; n < kTiles; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const int j = first + n * 8 + pair + e % 2, distance = apart(rows[e / 2], j);
        const bool seen = j < end && distance <= window;
        logits[n][e] = seen ? logits[n][e] * head.scale - head.slope * float(distance) : -INFINITY;
        largest[e / 2] = fmaxf(largest[e / 2], logits[n][e]);
      }
    }
    float added[2] = {0.0f, 0.0f};
#pragma unroll
    for (int r = 0; r < 2; ++r) {
      const float shrink = softmax[r].raise(quad_max(largest[r]));
#pragma unroll
      for (int c = 0; c < D / 8; ++c) {
        sums[c][2 * r] *= shrink;
        sums[c][2 * r + 1] *= shrink;
      }
    }
#pragma unroll
    for (int n = 0; n < kTiles; ++n) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        logits[n][e] = softmax[e / 2].weight(logits[n][e]);
        added[e / 2] += logits[n][e];
      }
    }
#pragma unroll
    for (int r = 0; r < 2; ++r) softmax[r].total += quad_sum(added[r]);
    await_copies<0>();
    __syncthreads();
    if (first + kKeys < end) fetch(keys, head.key, first + kKeys);
#pragma unroll
    for (int s = 0; s < kKeys / 16; ++s) {
      const float(&left)[4] = logits[2 * s], (&right)[4] = logits[2 * s + 1];
      const std::uint32_t a[4] = {packed<T>(left[0], left[1]), packed<T>(left[2], left[3]),
                                  packed<T>(right[0], right[1]), packed<T>(right[2], right[3])};
#pragma unroll
      for (int c = 0; c < D / 8; c += 2) {
        std::uint32_t b[4];
        load_blocks_transposed(b, values + (s * 16 + lane % 16) * kRow + (c + lane / 16) * 8);
        multiply<T>(sums[c], a, b[0], b[1]);
        multiply<T>(sums[c + 1], a, b[2], b[3]);
      }
    }
  }
#pragma unroll
  for (int r = 0; r < 2; ++r) {
    if (rows[r] >= p.queries) continue;
    const float share = softmax[r].share();
    T* out = head.out + rows[r] * head.channels + pair;
#pragma unroll
    for (int c = 0; c < D / 8; ++c)
      *reinterpret_cast<std::uint32_t*>(out + c * 8) = packed<T>(sums[c][2 * r] * share, sums[c][2 * r + 1] * share);
  }
}

}  // namespace emoface
