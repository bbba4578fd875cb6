// sampler_step's CUDA kernels, unmodified, as a host library with the launches of sampler_step_cuda.cu.
#include "shim.h"
//
#include "../../../csrc/sampler_step/sampler_step_kernels.cuh"

using namespace emoface;

template <class T, int N>
static void launch(const SamplerStep& step, shim::Order order) {
  if (step.quantile > 0) {
    shim::launch(shim::Index(unsigned(step.batch)), kThresholdThreads, order, [&] { sampler_step_threshold_kernel<T, N>(step); });
  } else {
    shim::launch(sampler_blocks<shim::Index>(step), kSamplerThreads, order, [&] { sampler_step_kernel<T, N>(step); });
  }
}

template <class T>
static void launch(const SamplerStep& step, shim::Order order) {
  if (step.branches == 1) launch<T, 1>(step, order);
  if (step.branches == 2) launch<T, 2>(step, order);
  if (step.branches == 3) launch<T, 3>(step, order);
}

extern "C" void sampler_step_shim(void** tensors, int dtype, std::int64_t branches, std::int64_t batch,
                                  std::int64_t time, std::int64_t channels, double quantile, double limit_low,
                                  double limit_high, int order) {
  const SamplerStep step{tensors[0], tensors[1], tensors[2], tensors[3], tensors[4], tensors[5], tensors[6],
                         static_cast<const std::uint8_t*>(tensors[7]), tensors[8], tensors[9],
                         static_cast<DType>(dtype), branches, batch, time, channels, quantile, limit_low, limit_high};
  if (batch * time * channels == 0) return;
  const auto turn = static_cast<shim::Order>(order);
  if (step.dtype == DType::float32) launch<float>(step, turn);
  if (step.dtype == DType::bfloat16) launch<bfloat16>(step, turn);
  if (step.dtype == DType::float64) launch<double>(step, turn);
}
