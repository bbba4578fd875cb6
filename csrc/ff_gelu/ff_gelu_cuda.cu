#include "emoface/ff_gelu.h"

#include "emoface/cuda/linear.h"

namespace emoface {

int ff_gelu_cuda(const FfGelu& p, const Queue& queue) {
  Linear linear{};
  linear.a = {p.x, p.dtype};
  linear.gain = {p.gain, p.dtype};
  linear.bias = {p.bias, p.dtype};
  linear.weight = p.weight;
  linear.weight_bias = {p.weight_bias, p.dtype};
  linear.out = {p.out, p.dtype};
  linear.dtype = p.dtype;
  linear.rows = p.rows;
  linear.width = p.width;
  linear.depth = p.channels;
  linear.gelu = true;
  linear.eps = p.eps;
  return linear_cuda(linear, queue);
}

}  // namespace emoface
