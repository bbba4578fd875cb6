// flame_lbs' CUDA kernel, unmodified, as a host library with the launch of flame_lbs_cuda.cu.
#include "shim.h"
//
#include "../../../csrc/flame_lbs/flame_lbs_kernels.cuh"

using namespace emoface;

template <class T>
static void launch(const FlameLbs& head, shim::Order order) {
  shim::launch(flame_lbs_blocks<shim::Index>(head), kLbsThreads, order, [&] { flame_lbs_kernel<T>(head); });
}

extern "C" void flame_lbs_shim(void** tensors, int dtype, std::int64_t frames, std::int64_t shapes,
                               std::int64_t vertices, int order) {
  const FlameLbs head{tensors[0], tensors[1], tensors[2], tensors[3], tensors[4], tensors[5], tensors[6], tensors[7],
                      tensors[8], tensors[9], static_cast<DType>(dtype), frames, shapes, vertices};
  if (frames * vertices == 0) return;
  const auto turn = static_cast<shim::Order>(order);
  if (head.dtype == DType::float32) launch<float>(head, turn);
  if (head.dtype == DType::bfloat16) launch<bfloat16>(head, turn);
  if (head.dtype == DType::float64) launch<double>(head, turn);
}
