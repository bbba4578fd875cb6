#include "linear_restyle_kernels.cuh"

#include "emoface/cuda/launch.h"

// Budget: 128 registers, 1024 bytes of shared memory, 4 kernels with matrix instructions.

namespace emoface {
namespace {

template <class T, int Tiles>
int launch_tiles(const LinearRestyle& p, const Queue& queue) {
  const std::size_t rows = std::size_t(kStyled + styled_rows(p.after.time));
  const std::size_t shared = 2 * styled_stages(Tiles) * rows * (kSlice + kGap);
  const dim3 blocks{unsigned(p.after.batch), unsigned((p.after.channels + kStyled - 1) / kStyled)};
  return launch(linear_restyle_kernel<T, Tiles>, blocks, kStyledThreads, shared, queue, p);
}

// One after the other, through memory: any type, shape and number of frames.
int one_by_one(const LinearRestyle& p, const Queue& queue) {
  Linear linear{};
  linear.a = {p.h, p.after.dtype};
  linear.weight = p.weight;
  linear.weight_bias = p.weight_bias;
  linear.x = p.after.x;
  linear.out = p.sums;
  linear.dtype = p.after.dtype;
  linear.rows = p.after.batch * p.after.time;
  linear.width = p.after.channels;
  linear.depth = p.width;
  if (const int error = linear_cuda(linear, queue)) return error;
  Restyle after = p.after;
  after.x = {p.sums.at, p.sums.dtype};
  return restyle_cuda(after, queue);
}

}  // namespace

int linear_restyle_cuda(const LinearRestyle& p, const Queue& queue) {
  if (p.after.batch * p.after.time * p.after.channels == 0) return int(cudaSuccess);
  const bool chunks = p.width % 8 == 0 && p.width <= INT32_MAX && aligned(p.h) && aligned(p.weight);
  const bool grid = p.after.batch <= INT32_MAX && p.after.channels <= 65535 * kStyled;
  return with_type(p.after.dtype, [&](auto type) {
    using T = decltype(type);
    if constexpr (sizeof(T) == 2) {
      if (chunks && grid && p.after.time <= 16 * kStyledWarps) return launch_tiles<T, 1>(p, queue);
      if (chunks && grid && p.after.time <= 32 * kStyledWarps) return launch_tiles<T, 2>(p, queue);
    }
    return one_by_one(p, queue);
  });
}

}  // namespace emoface
