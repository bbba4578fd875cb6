#pragma once
// The instruction sets that the CPU kernels are compiled for. Each compilation of a unit that names EMO_ISA defines it as
// one of these names and puts everything it contains into the namespace of that name, so that no function compiled
// for a newer processor can be linked into the path of an older one. For the same reason code in these namespaces
// uses no template of the standard library that the compiler might emit out of line.

#if defined(EMO_EACH_ISA)  // native_build.py names those that it builds
#elif defined(__x86_64__)
#define EMO_EACH_ISA(X) X(amx) X(avx512bf16) X(avx512) X(avx2) X(baseline)
#else
#define EMO_EACH_ISA(X) X(baseline)
#endif

#define EMO_INLINE inline __attribute__((always_inline))
