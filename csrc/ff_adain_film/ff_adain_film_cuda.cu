#include "emoface/ff_adain_film.h"

#include "emoface/cuda/linear_restyle.h"

namespace emoface {

int ff_adain_film_cuda(const FfAdainFilmCuda& call, const Queue& queue) {
  const FfAdainFilm& p = call.op;
  const Restyle after{{p.x, p.dtype}, modulation_of(p.style_scale, p.style_shift, p.dtype, p.channels),
                      modulation_of(p.scale, p.shift, p.dtype, p.channels), nullptr, {p.out, p.dtype}, p.dtype,
                      p.batch, p.time, p.channels, p.eps, p.residual};
  const DType wide = p.dtype == DType::float64 ? DType::float64 : DType::float32;
  return linear_restyle_cuda({p.h, p.weight, {p.weight_bias, p.dtype}, after, {call.sums, wide}, p.width}, queue);
}

}  // namespace emoface
