// denoise_loop as a program, for processors that the tests themselves do not run on: sizes and tensors come on
// standard input, each tensor after its number of bytes, and the motion goes to standard output.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "emoface/cpu/kernels.h"

using namespace emoface;

static void read(void* to, std::size_t bytes) {
  if (std::fread(to, 1, bytes, stdin) != bytes) std::abort();
}

// A tensor of the call; no bytes for one that is absent.
class Tensor {
 public:
  Tensor() {
    std::int64_t bytes;
    read(&bytes, sizeof bytes);
    values_.resize(bytes);
    read(values_.data(), bytes);
  }
  template <class T>
  operator const T*() const {
    return values_.empty() ? nullptr : reinterpret_cast<const T*>(values_.data());
  }

 private:
  std::vector<char> values_;
};

int main() {
  DenoiserSizes sizes;
  struct {
    std::int64_t dtype, rows, time, unique, branches, tracks, steps, weights, threads;
  } call;
  read(&sizes, sizeof sizes);
  read(&call, sizeof call);
  const Tensor matrices, vectors, start, speech, queries, styles, film, table, guidance, noise, known, mask, share,
      contents;
  std::vector<float> motion(call.rows * call.time * sizes.motion);

  const CpuKernels& kernels = baseline::kKernels;
  void* denoiser = kernels.pack_denoiser(sizes, matrices, static_cast<DType>(call.dtype), vectors);
  if (!denoiser) std::abort();
  kernels.run_denoiser(denoiser, {start, speech, queries, styles, film, table, guidance, noise, known, mask, share,
                                  contents, motion.data(), call.rows, call.time, call.unique, call.branches,
                                  call.tracks, call.steps, call.weights, int(call.threads)});
  kernels.free_denoiser(denoiser);
  std::fwrite(motion.data(), sizeof(float), motion.size(), stdout);
}
