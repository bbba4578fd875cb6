#pragma once
// The functions of one instruction set. They return false for a dtype that they have no code for.
#include "emoface/cpu/isa.h"
#include "emoface/denoise_loop.h"
#include "emoface/operators.h"

namespace emoface {

struct CpuKernels {
  const char* name;
#define EMO_FIELD(name, Parameters) bool (*name)(const Parameters&);
  EMO_ISA_OPERATORS(EMO_FIELD)
#undef EMO_FIELD

  std::int64_t (*conv_words)(const ConvWeights&);  // 32-bit words that the packed weights take
  bool (*pack_conv)(const ConvWeights&);

  // A denoiser with packed weights: null for a dtype of `matrices` without code. `vectors` are floats.
  void* (*pack_denoiser)(const DenoiserSizes&, const void* matrices, DType dtype, const float* vectors);
  DenoiserCounts (*count_denoiser)(const DenoiserSizes&);
  void (*run_denoiser)(void* denoiser, const Trajectory&);
  void (*free_denoiser)(void* denoiser);

  // For the roofline: how many operations so many rounds are; the sum of floats that are read so often.
  std::int64_t (*products)(DType, std::int64_t rounds);
  float (*stream)(const float* values, std::int64_t count, std::int64_t rounds);
};

#define EMO_DECLARE(isa) \
  namespace isa {        \
  extern const CpuKernels kKernels; \
  }
EMO_EACH_ISA(EMO_DECLARE)
#undef EMO_DECLARE

}  // namespace emoface
