#pragma once
// Every operator once. The bindings of both modules and the table of an instruction set are made from these lists:
// X(name, parameters) stands for bool <name>_cpu(const parameters&) or int <name>_cuda(const parameters&, const Queue&).
// denoise_loop is not among them: its weights are packed once (cpu/kernels.h), and CUDA runs it launch by launch.
#include "emoface/adain.h"
#include "emoface/content_attention.h"
#include "emoface/ff_adain_film.h"
#include "emoface/ff_gelu.h"
#include "emoface/film.h"
#include "emoface/flame_lbs.h"
#include "emoface/ln_qkv.h"
#include "emoface/oproj_residual_film.h"
#include "emoface/prepare_clip.h"
#include "emoface/prepare_schedule.h"
#include "emoface/rasterize.h"
#include "emoface/sampler_step.h"
#include "emoface/self_attention.h"
#include "emoface/shade.h"
#include "emoface/shadow.h"
#include "emoface/time_conv.h"
#include "emoface/vertex_normals.h"

// <name>/<name>_cpu.cpp is compiled for every instruction set, into its namespace.
#define EMO_ISA_OPERATORS(X)                  \
  X(adain, Adain)                             \
  X(content_attention, ContentAttention)      \
  X(ff_adain_film, FfAdainFilm)               \
  X(ff_gelu, FfGelu)                          \
  X(film, Film)                               \
  X(ln_qkv, LnQkv)                            \
  X(oproj_residual_film, OprojResidualFilm)   \
  X(prepare_clip, PrepareClip)                \
  X(prepare_schedule, PrepareSchedule)        \
  X(sampler_step, SamplerStep)                \
  X(self_attention, SelfAttention)            \
  X(time_conv, TimeConv)

// <name>/<name>_cpu.cpp is compiled once; what it does for newer processors it chooses by itself (cpu/level.h).
#define EMO_ONCE_OPERATORS(X) \
  X(flame_lbs, FlameLbs)      \
  X(rasterize, Rasterize)     \
  X(shade, Shade)             \
  X(shadow, Shadow)           \
  X(vertex_normals, VertexNormals)

// <name>/<name>_cuda.cu.
#define EMO_CUDA_OPERATORS(X)               \
  X(adain, Adain)                           \
  X(content_attention, ContentAttention)    \
  X(ff_adain_film, FfAdainFilmCuda)         \
  X(ff_gelu, FfGelu)                        \
  X(film, Film)                             \
  X(flame_lbs, FlameLbs)                    \
  X(ln_qkv, LnQkv)                          \
  X(oproj_residual_film, OprojResidualFilm) \
  X(sampler_step, SamplerStep)              \
  X(self_attention, SelfAttention)
