#pragma once
// Convolution over time with what goes before and after it. What it computes: kernels/time_conv/reference.py.
#include "emoface/types.h"

namespace emoface {

// All tensors row-major and contiguous, of `dtype` unless noted. Products are of `products`: the same, or bfloat16 of
// floats.
struct TimeConv {
  const void* x;         // (B, T, C)
  const void* packed;    // the weights as pack_conv leaves them
  const void* bias;      // (N,)
  const void* gain;      // (C,) of the layer norm before, or null for none
  const void* shift;     // (C,), null as gain
  const void* residual;  // (B, T, N) or null
  void* out;             // (B, T, N)
  DType dtype, products;
  std::int64_t batch, time, channels, width, taps, dilation;
  bool gelu;  // after the convolution
  double eps;
};

// Weights to be packed for one instruction set.
struct ConvWeights {
  const void* weight;  // (N, taps, C), row-major, of `dtype`: that of the products
  void* packed;        // conv_words() 32-bit words out
  DType dtype;
  std::int64_t width, taps, channels;
};

}  // namespace emoface
