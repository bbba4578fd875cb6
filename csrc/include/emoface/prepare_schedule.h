#pragma once
// FiLM tables of a schedule. What it computes: kernels/prepare_schedule/reference.py.
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`; matrices as pack_conv leaves them, one after the other.
struct PrepareSchedule {
  const void* times;  // (N,)
  const void *first_bias, *second_bias, *film_bias;
  const void *first_weight, *second_weight, *film_weight;  // packed
  void* out;  // (N, L, 3, 2, C)
  DType dtype;
  std::int64_t steps, half, channels, blocks;
};

}  // namespace emoface
