#pragma once
// From an element type as a number to one of C++.
#include "emoface/cpu/isa.h"
#include "emoface/types.h"

namespace emoface::EMO_ISA {

// Calls run(E{}) with the element type of `dtype`; false where it is neither float32 nor bfloat16.
template <class Run>
EMO_INLINE bool with_element(DType dtype, Run&& run) {
  if (dtype == DType::float32) return run(float{}), true;
  if (dtype == DType::bfloat16) return run(bfloat16{}), true;
  return false;
}

template <class E>
EMO_INLINE const E* typed(const void* p) {
  return static_cast<const E*>(p);
}

template <class E>
EMO_INLINE E* typed(void* p) {
  return static_cast<E*>(p);
}

}  // namespace emoface::EMO_ISA
