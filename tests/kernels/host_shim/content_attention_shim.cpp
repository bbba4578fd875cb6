// content_attention's CUDA kernels, unmodified, as a host library with the launches of content_attention_cuda.cu.
#include "shim.h"
//
#include "../../../csrc/content_attention/content_attention_kernels.cuh"

using namespace emoface;

template <class T>
static void rows(const ContentAttention& p, shim::Order order) {
  shim::launch(content_rows_blocks<shim::Index>(p), kRowThreads, order, [&] { content_attention_rows_kernel<T>(p); });
}

template <int D>
static void mma(const ContentAttention& p, shim::Order order) {
  shim::launch(content_mma_blocks<shim::Index>(p), kWarps * 32, order,
               [&] { content_attention_mma_kernel<bfloat16, D>(p); });
}

// Returns which kernel ran: 1 with tensor cores, 0 the simple one.
extern "C" int content_attention_shim(void** tensors, int dtype, std::int64_t batch, std::int64_t speech,
                                      std::int64_t motion, std::int64_t heads, std::int64_t width, std::int64_t window,
                                      int order) {
  const ContentAttention p{tensors[0], tensors[1], tensors[2], static_cast<const std::int64_t*>(tensors[3]), tensors[4],
                           static_cast<DType>(dtype), batch, speech, motion, heads, width, window};
  if (batch * speech * heads * width == 0) return 0;
  const auto turn = static_cast<shim::Order>(order);
  if (p.dtype == DType::bfloat16 && content_mma_fits(p)) {
    if (width == 16) mma<16>(p, turn);
    if (width == 32) mma<32>(p, turn);
    if (width == 64) mma<64>(p, turn);
    return 1;
  }
  if (p.dtype == DType::float32) rows<float>(p, turn);
  if (p.dtype == DType::bfloat16) rows<bfloat16>(p, turn);
  if (p.dtype == DType::float64) rows<double>(p, turn);
  return 0;
}
