#include "emoface/adain.h"

#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"

namespace emoface::EMO_ISA {

template <class E>
void adain_of(const Adain& a) {
  const std::int64_t channels = a.channels;
  if (a.time == 0) return;
  for (std::int64_t b = 0; b < a.batch; ++b) {
    const Modulation<E> style{typed<E>(a.scale) + b * channels, typed<E>(a.shift) + b * channels,
                              nullptr, nullptr, float(a.eps), 0.0f};
    const std::int64_t at = b * a.time * channels;
    for (std::int64_t c = 0; c < channels; c += kLanes)
      adain_film(typed<E>(a.x) + at, a.time, channels, c, least(kLanes, channels - c), style, typed<E>(a.out) + at);
  }
}

bool adain_cpu(const Adain& a) {
  return with_element(a.dtype, [&](auto element) { adain_of<decltype(element)>(a); });
}

}  // namespace emoface::EMO_ISA
