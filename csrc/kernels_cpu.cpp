// The functions of one instruction set, EMO_ISA, as one table.
#include "emoface/cpu/kernels.h"
#include "emoface/cpu/roofline.h"

#define EMO_TEXT(name) #name
#define EMO_NAME(name) EMO_TEXT(name)

namespace emoface::EMO_ISA {

#define EMO_DECLARE(name, Parameters) bool name##_cpu(const Parameters&);
EMO_ISA_OPERATORS(EMO_DECLARE)
#undef EMO_DECLARE

std::int64_t conv_words(const ConvWeights&);
bool pack_conv(const ConvWeights&);
void* pack_denoiser(const DenoiserSizes&, const void* matrices, DType dtype, const float* vectors);
DenoiserCounts count_denoiser(const DenoiserSizes&);
void run_denoiser(void* denoiser, const Trajectory&);
void free_denoiser(void* denoiser);

const CpuKernels kKernels{EMO_NAME(EMO_ISA),
#define EMO_ENTRY(name, Parameters) name##_cpu,
                          EMO_ISA_OPERATORS(EMO_ENTRY)
#undef EMO_ENTRY
                          conv_words,
                          pack_conv,
                          pack_denoiser,
                          count_denoiser,
                          run_denoiser,
                          free_denoiser,
                          products,
                          stream};

}  // namespace emoface::EMO_ISA
