#include "emoface/ff_gelu.h"

#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void ff_gelu_of(const FfGelu& p) {
  with_normed_rows<E>(p, [&](const Left& left, const Packed& right) {
    linear_gelu<E>(left, p.rows, right, typed<E>(p.weight_bias), typed<E>(p.out), p.width);
  });
}

bool ff_gelu_cpu(const FfGelu& p) {
  return with_element(p.dtype, [&](auto element) { ff_gelu_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
