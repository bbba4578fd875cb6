#pragma once
// What both Python modules share: tensors arrive as addresses (0 for an absent one).
#include <pybind11/pybind11.h>

#include <string>

#include "emoface/content_attention.h"
#include "emoface/flame_lbs.h"
#include "emoface/sampler_step.h"

namespace emoface {

using Address = std::uintptr_t;
using Count = std::int64_t;

template <class T>
T* pointer(Address address) {
  return reinterpret_cast<T*>(address);
}

inline SamplerStep sampler_step_of(Address prediction, Address guidance, Address x, Address x0_prev,
                                   Address coefficients, Address noise, Address known, Address mask, Address x_next,
                                   Address x0, int dtype, Count branches, Count batch, Count time, Count channels,
                                   double quantile, double limit_low, double limit_high) {
  return {pointer<const void>(prediction), pointer<const void>(guidance), pointer<const void>(x),
          pointer<const void>(x0_prev), pointer<const void>(coefficients), pointer<const void>(noise),
          pointer<const void>(known), pointer<const std::uint8_t>(mask), pointer<void>(x_next), pointer<void>(x0),
          static_cast<DType>(dtype), branches, batch, time, channels, quantile, limit_low, limit_high};
}

inline FlameLbs flame_lbs_of(Address expression, Address pose, Address translation, Address template_,
                             Address shape_basis, Address pose_basis, Address joints, Address joint_basis,
                             Address skin_weights, Address out, int dtype, std::int64_t frames, std::int64_t shapes,
                             std::int64_t vertices) {
  return {pointer<const void>(expression), pointer<const void>(pose), pointer<const void>(translation),
          pointer<const void>(template_), pointer<const void>(shape_basis), pointer<const void>(pose_basis),
          pointer<const void>(joints), pointer<const void>(joint_basis), pointer<const void>(skin_weights),
          pointer<void>(out), static_cast<DType>(dtype), frames, shapes, vertices};
}

inline void check(const char* what, bool done, int dtype) {
  if (!done)
    throw pybind11::value_error(std::string(what) + ": dtype number " + std::to_string(dtype) + " has no code");
}

void bind_networks(pybind11::module_& m);  // bindings_networks.cpp

}  // namespace emoface
