#pragma once
// What a clip contributes to every step of a denoiser. What it computes: kernels/prepare_clip/reference.py.
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype`; matrices as pack_conv leaves them, one after the other.
struct PrepareClip {
  const void* content;        // (U, T, F)
  const void* positions;      // (T, C)
  const void* content_style;  // (U, C)
  const void* emotion;        // (E, Z)
  const void* emotion_style;  // (E, C)
  const void *speech_bias, *query_bias, *first_bias, *second_bias, *style_bias;
  const void *speech_weight, *query_weight, *first_weight, *second_weight, *style_weight;  // packed
  void* speech;   // (U, T, C)
  void* queries;  // (U, L, T, C)
  void* styles;   // (E, L, 2, C)
  DType dtype;
  std::int64_t speeches, time, features, emotions, width, channels, blocks;
};

}  // namespace emoface
