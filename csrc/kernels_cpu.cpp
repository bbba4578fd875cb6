// All CPU kernels of one instruction set, EMO_ISA; compiled once for each with its flags (setup.py).
#include "emoface/cpu/kernels.h"
#include "emoface/cpu/roofline.h"

#include "adain/adain_cpu.cpp"
#include "content_attention/content_attention_cpu.cpp"
#include "denoise_loop/denoise_loop_cpu.cpp"
#include "ff_adain_film/ff_adain_film_cpu.cpp"
#include "ff_gelu/ff_gelu_cpu.cpp"
#include "film/film_cpu.cpp"
#include "ln_qkv/ln_qkv_cpu.cpp"
#include "oproj_residual_film/oproj_residual_film_cpu.cpp"
#include "prepare_clip/prepare_clip_cpu.cpp"
#include "prepare_schedule/prepare_schedule_cpu.cpp"
#include "sampler_step/sampler_step_cpu.cpp"
#include "self_attention/self_attention_cpu.cpp"
#include "time_conv/time_conv_cpu.cpp"

#define EMO_TEXT(name) #name
#define EMO_NAME(name) EMO_TEXT(name)

namespace emoface::EMO_ISA {

#define EMO_DECLARE(name, Parameters) bool name##_cpu(const Parameters&);
EMO_ISA_OPERATORS(EMO_DECLARE)
#undef EMO_DECLARE

const CpuKernels kKernels{EMO_NAME(EMO_ISA),
#define EMO_ENTRY(name, Parameters) name##_cpu,
                          EMO_ISA_OPERATORS(EMO_ENTRY)
#undef EMO_ENTRY
                          conv_words,
                          pack_conv,
                          pack_denoiser,
                          run_denoiser,
                          free_denoiser,
                          products,
                          stream};

}  // namespace emoface::EMO_ISA
