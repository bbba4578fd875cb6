#pragma once
// The functions of one instruction set. They return false for a dtype that they have no code for.
#include "emoface/adain.h"
#include "emoface/content_attention.h"
#include "emoface/cpu/isa.h"
#include "emoface/denoise_loop.h"
#include "emoface/ff_adain_film.h"
#include "emoface/ff_gelu.h"
#include "emoface/film.h"
#include "emoface/ln_qkv.h"
#include "emoface/oproj_residual_film.h"
#include "emoface/prepare_clip.h"
#include "emoface/prepare_schedule.h"
#include "emoface/sampler_step.h"
#include "emoface/self_attention.h"
#include "emoface/time_conv.h"

namespace emoface {

struct CpuKernels {
  const char* name;
  bool (*adain)(const Adain&);
  bool (*content_attention)(const ContentAttention&);
  bool (*ff_adain_film)(const FfAdainFilm&);
  bool (*ff_gelu)(const FfGelu&);
  bool (*film)(const Film&);
  bool (*ln_qkv)(const LnQkv&);
  bool (*oproj_residual_film)(const OprojResidualFilm&);
  bool (*prepare_clip)(const PrepareClip&);
  bool (*prepare_schedule)(const PrepareSchedule&);
  bool (*sampler_step)(const SamplerStep&);
  bool (*self_attention)(const SelfAttention&);
  bool (*time_conv)(const TimeConv&);

  std::int64_t (*conv_words)(const ConvWeights&);  // 32-bit words that the packed weights take
  bool (*pack_conv)(const ConvWeights&);

  // A denoiser with packed weights: null for a dtype of `matrices` without code. `vectors` are floats.
  void* (*pack_denoiser)(const DenoiserSizes&, const void* matrices, DType dtype, const float* vectors);
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
