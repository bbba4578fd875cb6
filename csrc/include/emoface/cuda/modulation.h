#pragma once
#include "emoface/cuda/mixed.h"

namespace emoface {

// Scales and shifts of each channel: for sample b they begin at b / samples * batch_stride, and where there is a step
// counter in memory of the device at step[0] * step_stride further on.
struct Modulation {
  Mixed scale, shift;  // null: none
  std::int64_t samples, batch_stride, step_stride;
  const std::int64_t* step;  // (1,) or null

  EMO_HD std::int64_t at(std::int64_t b) const { return b / samples * batch_stride + (step ? *step * step_stride : 0); }
};

// One scale and shift (B, C) of `dtype`.
inline Modulation modulation_of(const void* scale, const void* shift, DType dtype, std::int64_t channels) {
  return {{scale, dtype}, {shift, dtype}, 1, channels, 0, nullptr};
}

}  // namespace emoface
