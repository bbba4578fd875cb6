#include "emoface/ln_qkv.h"

#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void ln_qkv_of(const LnQkv& p) {
  with_normed_rows<E>(p, [&](const Left& left, const Packed& right) {
    linear<E>(left, p.rows, right, typed<E>(p.weight_bias), typed<E>(p.out));
  });
}

bool ln_qkv_cpu(const LnQkv& p) {
  return with_element(p.dtype, [&](auto element) { ln_qkv_of<decltype(element)>(p); });
}

}  // namespace emoface::EMO_ISA
