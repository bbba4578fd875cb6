#pragma once
// How kernels are launched. The host shim (tests/kernels/host_shim) brings a <cuda_runtime.h> of its own.
#include <cuda_runtime.h>

#include <cstddef>

#include "emoface/cuda/queue.h"

namespace emoface {

constexpr std::size_t kStaticShared = 48 * 1024;  // what a block gets without being asked for
constexpr std::size_t kMostShared = 99 * 1024;    // what a block gets at most, on the smallest of our targets

// kernel<<<blocks, threads, shared>>>(args...) on the queue. Returns a cudaError_t.
template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), dim3 blocks, int threads, std::size_t shared, const Queue& queue,
           const Arguments&... args) {
  if (shared > kStaticShared) {
    const auto limit = cudaFuncAttributeMaxDynamicSharedMemorySize;
    const cudaError_t error = cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), limit, int(shared));
    if (error != cudaSuccess) return int(error);
  }
  cudaLaunchAttribute early{};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = dim3(unsigned(threads));
  config.dynamicSmemBytes = shared;
  config.stream = static_cast<cudaStream_t>(queue.stream);
  config.attrs = &early;
  config.numAttrs = queue.overlap ? 1 : 0;
  return int(cudaLaunchKernelEx(&config, kernel, args...));
}

}  // namespace emoface
