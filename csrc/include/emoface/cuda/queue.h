#pragma once

namespace emoface {

// Where kernels are launched: a cudaStream_t of the current device. With `overlap`, a kernel may start while the one
// before it ends, and waits only when it needs what that one wrote (programmatic dependent launch, from compute
// capability 9.0; only for kernels that call wait_for_previous of emoface/cuda/warp.h).
struct Queue {
  void* stream;
  bool overlap;
};

}  // namespace emoface
