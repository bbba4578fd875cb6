#pragma once
// Element types shared by host and device code, and the macros that let one source serve both.
#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#include <cuda_fp16.h>
#define EMO_HD __host__ __device__ __forceinline__
#else
#define EMO_HD inline __attribute__((always_inline))
#endif

namespace emoface {

// The numbers are the contract with kernels/_runtime/native.py.
enum class DType : int { float32 = 0, bfloat16 = 1, float16 = 2, float64 = 3, int8 = 4 };

struct bfloat16 {
  std::uint16_t bits;
};

template <class To, class From>
EMO_HD To bit_cast(From value) {
  static_assert(sizeof(To) == sizeof(From), "sizes must agree");
  To out;
  memcpy(&out, &value, sizeof(To));
  return out;
}

// The type in which values of T are computed with.
template <class T>
struct ComputeOf {
  using type = float;
};
template <>
struct ComputeOf<double> {
  using type = double;
};
template <class T>
using Compute = typename ComputeOf<T>::type;

EMO_HD float widen(float value) { return value; }
EMO_HD double widen(double value) { return value; }
EMO_HD float widen(bfloat16 value) { return bit_cast<float>(std::uint32_t(value.bits) << 16); }

template <class T>
struct Narrow {
  static EMO_HD T of(T value) { return value; }
};
template <>
struct Narrow<bfloat16> {  // round to nearest, ties to even; NaN stays NaN
  static EMO_HD bfloat16 of(float value) {
    const std::uint32_t bits = bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
    return {std::uint16_t((value == value ? rounded : (bits | 0x400000u)) >> 16)};
  }
};

#if defined(__CUDACC__)
EMO_HD float widen(__half value) { return __half2float(value); }
template <>
struct Narrow<__half> {
  static EMO_HD __half of(float value) { return __float2half_rn(value); }
};
#endif

}  // namespace emoface
