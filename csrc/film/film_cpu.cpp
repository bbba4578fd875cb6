#include "emoface/film.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/gemm.h"

namespace emoface::EMO_ISA {

template <class E>
void film_of(const Film& f) {
  const std::int64_t channels = f.channels;
  for (std::int64_t b = 0; b < f.batch; ++b) {
    const E *scale = typed<E>(f.scale) + b * channels, *shift = typed<E>(f.shift) + b * channels;
    for (std::int64_t row = b * f.time; row < (b + 1) * f.time; ++row) {
      const E* x = typed<E>(f.x) + row * channels;
      E* out = typed<E>(f.out) + row * channels;
      for (std::int64_t c = 0; c < channels; c += kLanes) {
        const std::int64_t count = least(kLanes, channels - c);
        const Lanes gain = splat(1.0f) + load(scale + c, count);
        store(out + c, fused(load(x + c, count), gain, load(shift + c, count)), count);
      }
    }
  }
}

bool film_cpu(const Film& f) {
  return with_element(f.dtype, [&](auto element) { film_of<decltype(element)>(f); });
}

}  // namespace emoface::EMO_ISA
