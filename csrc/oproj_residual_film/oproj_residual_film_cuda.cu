#include "emoface/oproj_residual_film.h"

#include "emoface/cuda/linear.h"

namespace emoface {

int oproj_residual_film_cuda(const OprojResidualFilm& p, const Queue& queue) {
  Linear linear{};
  linear.a = {p.a, p.dtype};
  linear.weight = p.weight;
  linear.weight_bias = {p.weight_bias, p.dtype};
  linear.x = {p.x, p.dtype};
  linear.film = modulation_of(p.scale, p.shift, p.dtype, p.channels);
  linear.out = {p.out, p.dtype};
  linear.dtype = p.dtype;
  linear.rows = p.batch * p.time;
  linear.width = linear.depth = p.channels;
  linear.time = p.time;
  return linear_cuda(linear, queue);
}

}  // namespace emoface
