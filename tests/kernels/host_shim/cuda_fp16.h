#pragma once
#include <cstdint>
#include <cstring>

struct __half {
  std::uint16_t bits;
};

inline float __half2float(__half value) {
  _Float16 number;
  std::memcpy(&number, &value, sizeof number);
  return float(number);
}
inline __half __float2half_rn(float value) {
  const _Float16 number = _Float16(value);
  __half half;
  std::memcpy(&half, &number, sizeof half);
  return half;
}
