#pragma once
// Tensors whose element type is known when the kernel runs: the operands' type, or the wider one of a residual stream.
#include "emoface/types.h"

namespace emoface {

struct Mixed {
  const void* at;
  DType dtype;
};

struct MixedOut {
  void* at;
  DType dtype;
};

// Element i of a tensor of T, or of float where T is a 16-bit type.
template <class T>
EMO_HD Compute<T> element(const Mixed& tensor, std::int64_t i) {
  if (tensor.dtype == DType::float32) return Compute<T>(static_cast<const float*>(tensor.at)[i]);
  return widen(static_cast<const T*>(tensor.at)[i]);
}

template <class T>
EMO_HD void put(const MixedOut& tensor, std::int64_t i, Compute<T> value) {
  if (tensor.dtype == DType::float32) {
    static_cast<float*>(tensor.at)[i] = float(value);
  } else {
    static_cast<T*>(tensor.at)[i] = Narrow<T>::of(value);
  }
}

inline std::int64_t size_of(DType dtype) { return dtype == DType::float64 ? 8 : dtype == DType::float32 ? 4 : 2; }

// Whether an address begins a 16-byte chunk.
inline bool aligned(const void* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; }

// Calls run(T{}) with the type of a number.
template <class Run>
int with_type(DType dtype, Run run) {
  switch (dtype) {
    case DType::float32: return run(float{});
    case DType::bfloat16: return run(bfloat16{});
#if defined(__CUDACC__)
    case DType::float16: return run(__half{});
#endif
    case DType::float64: return run(double{});
  }
  return 1;
}

}  // namespace emoface
