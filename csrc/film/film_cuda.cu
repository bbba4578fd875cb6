#include "film_kernels.cuh"

#include "emoface/cuda/launch.h"
#include "emoface/cuda/mixed.h"

// Budget: 40 registers, 0 bytes of shared memory, 0 kernels with matrix instructions.

namespace emoface {

int film_cuda(const Film& p, const Queue& queue) {
  const std::int64_t sample = p.time * p.channels, most = 65535;
  if (p.batch * sample == 0) return int(cudaSuccess);
  if (sample > INT32_MAX * std::int64_t(kFilmThreads)) return int(cudaErrorInvalidValue);
  const dim3 blocks{unsigned((sample + kFilmThreads - 1) / kFilmThreads), unsigned(p.batch < most ? p.batch : most)};
  return with_type(p.dtype,
                   [&](auto type) { return launch(film_kernel<decltype(type)>, blocks, kFilmThreads, 0, queue, p); });
}

}  // namespace emoface
