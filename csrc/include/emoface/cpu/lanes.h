#pragma once
// Sixteen floats at once on every instruction set: one register of AVX-512, two of AVX2, four of NEON or SSE.
// Sums over lanes are taken in one fixed order, so processors with fused multiply-add compute the same bits.
#if defined(__AVX2__)
#pragma GCC diagnostic push
#if !defined(__clang__)  // GCC's headers leave undefined what a mask hides, and some versions of GCC then warn of it
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#elif defined(__x86_64__)
#include <xmmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "emoface/cpu/isa.h"
#include "emoface/types.h"

namespace emoface::EMO_ISA {

#if defined(__AVX512F__)
using Vector = __m512;
#elif defined(__AVX2__)
using Vector = __m256;
#elif defined(__aarch64__)
using Vector = float32x4_t;
#else
typedef float Vector __attribute__((vector_size(16)));
#endif

constexpr int kLanes = 16;
constexpr int kWidth = sizeof(Vector) / sizeof(float);
constexpr int kParts = kLanes / kWidth;

typedef std::uint32_t Words __attribute__((vector_size(sizeof(Vector))));
typedef std::uint16_t Shorts __attribute__((vector_size(sizeof(Vector) / 2)));

// ---- one register

EMO_INLINE Vector fused(Vector a, Vector b, Vector c) {  // a b + c
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return vfmaq_f32(c, a, b);
#else
  return a * b + c;
#endif
}

EMO_INLINE Vector larger(Vector a, Vector b) {
#if defined(__AVX512F__)
  return _mm512_max_ps(a, b);
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}

EMO_INLINE Vector smaller(Vector a, Vector b) {
#if defined(__AVX512F__)
  return _mm512_min_ps(a, b);
#elif defined(__AVX2__)
  return _mm256_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}

EMO_INLINE Vector root(Vector a) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(a);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(a);
#elif defined(__aarch64__)
  return vsqrtq_f32(a);
#else
  return reinterpret_cast<Vector>(_mm_sqrt_ps(reinterpret_cast<__m128>(a)));
#endif
}

EMO_INLINE Vector everywhere(float value) { return Vector{} + value; }

EMO_INLINE Vector everywhere(std::uint32_t bits) { return reinterpret_cast<Vector>(Words{} + bits); }

EMO_INLINE Vector widened(Shorts bits) {  // bfloat16 -> float
  return reinterpret_cast<Vector>(__builtin_convertvector(bits, Words) << 16);
}

EMO_INLINE Shorts narrowed(Vector value) {  // float -> bfloat16, to nearest even
#if defined(__AVX512BF16__)
  return reinterpret_cast<Shorts>(_mm512_cvtneps_pbh(value));
#else
  const Words bits = reinterpret_cast<Words>(value);
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Words quiet = (bits >> 16) | 0x40u;
  return __builtin_convertvector(value == value ? rounded : quiet, Shorts);
#endif
}

// ---- sixteen lanes

struct Lanes {
  Vector part[kParts];
};

#define EMO_EACH_PART _Pragma("GCC unroll 4") for (int i = 0; i < kParts; ++i)

EMO_INLINE Lanes splat(float value) {
  Lanes r;
  EMO_EACH_PART r.part[i] = everywhere(value);
  return r;
}

EMO_INLINE Lanes operator+(Lanes a, Lanes b) {
  EMO_EACH_PART a.part[i] += b.part[i];
  return a;
}

EMO_INLINE Lanes operator-(Lanes a, Lanes b) {
  EMO_EACH_PART a.part[i] -= b.part[i];
  return a;
}

EMO_INLINE Lanes operator*(Lanes a, Lanes b) {
  EMO_EACH_PART a.part[i] *= b.part[i];
  return a;
}

EMO_INLINE Lanes operator/(Lanes a, Lanes b) {
  EMO_EACH_PART a.part[i] /= b.part[i];
  return a;
}

EMO_INLINE Lanes fused(Lanes a, Lanes b, Lanes c) {  // a b + c
  EMO_EACH_PART a.part[i] = fused(a.part[i], b.part[i], c.part[i]);
  return a;
}

EMO_INLINE Lanes larger(Lanes a, Lanes b) {
  EMO_EACH_PART a.part[i] = larger(a.part[i], b.part[i]);
  return a;
}

EMO_INLINE Lanes root(Lanes a) {
  EMO_EACH_PART a.part[i] = root(a.part[i]);
  return a;
}

EMO_INLINE Lanes absolute(Lanes a) {
  EMO_EACH_PART a.part[i] = reinterpret_cast<Vector>(reinterpret_cast<Words>(a.part[i]) & 0x7fffffffu);
  return a;
}

// Part by part: copied as a whole, a Lanes of several registers would live in memory.
EMO_INLINE Lanes load(const float* from) {
  Lanes r;
  EMO_EACH_PART memcpy(&r.part[i], from + i * kWidth, sizeof(Vector));
  return r;
}

EMO_INLINE void store(float* to, Lanes a) {
  EMO_EACH_PART memcpy(to + i * kWidth, &a.part[i], sizeof(Vector));
}

EMO_INLINE Lanes load(const bfloat16* from) {
  Lanes r;
  EMO_EACH_PART {
    Shorts bits;
    memcpy(&bits, from + i * kWidth, sizeof bits);
    r.part[i] = widened(bits);
  }
  return r;
}

EMO_INLINE void store(bfloat16* to, Lanes a) {
  EMO_EACH_PART {
    const Shorts bits = narrowed(a.part[i]);
    memcpy(to + i * kWidth, &bits, sizeof bits);
  }
}

// The first `count` lanes of 1..16; the others are zero.
template <class T>
EMO_INLINE Lanes load(const T* from, std::int64_t count) {
  if (count >= kLanes) return load(from);
  alignas(64) T full[kLanes] = {};
  for (std::int64_t i = 0; i < count; ++i) full[i] = from[i];
  return load(full);
}

template <class T>
EMO_INLINE void store(T* to, Lanes a, std::int64_t count) {
  if (count >= kLanes) return store(to, a);
  alignas(64) T full[kLanes];
  store(full, a);
  for (std::int64_t i = 0; i < count; ++i) to[i] = full[i];
}

// Folds the halves onto each other: lane i with i + 8, then i + 4, i + 2, i + 1.
template <class Fold>
EMO_INLINE float folded(Lanes a, Fold fold) {
  alignas(64) float v[kLanes];
  store(v, a);
  for (int half = kLanes / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) v[i] = fold(v[i], v[i + half]);
  return v[0];
}

EMO_INLINE float sum(Lanes a) {
#if defined(__AVX512F__)
  const __m256 eight = _mm512_castps512_ps256(a.part[0]) + _mm512_extractf32x8_ps(a.part[0], 1);
#elif defined(__AVX2__)
  const __m256 eight = a.part[0] + a.part[1];
#else
  return folded(a, [](float x, float y) { return x + y; });
#endif
#if defined(__AVX2__)
  const __m128 four = _mm256_castps256_ps128(eight) + _mm256_extractf128_ps(eight, 1);
  const __m128 two = four + _mm_movehl_ps(four, four);
  return two[0] + two[1];
#endif
}

EMO_INLINE float largest(Lanes a) {
#if defined(__AVX512F__)
  return _mm512_reduce_max_ps(a.part[0]);
#else
  return folded(a, [](float x, float y) { return x > y ? x : y; });
#endif
}

// ---- functions, at most 2 units in the last place off

// 2^x for x in -126..127 (outside, the nearest bound); of two values, `larger` and `smaller` keep the second if it is NaN.
EMO_INLINE Lanes exp2(Lanes x) {
  EMO_EACH_PART {
    const Vector v = smaller(everywhere(127.0f), larger(everywhere(-126.0f), x.part[i]));
    const Vector shifted = v + 12582912.0f;  // 1.5 * 2^23: the integer nearest to v is in the low bits
    const Vector rest = v - (shifted - 12582912.0f);
    Vector p = everywhere(0x1.41d334p-13f);  // minimax on -0.5..0.5, relative error 2e-9
    p = fused(p, rest, everywhere(0x1.5f456ap-10f));
    p = fused(p, rest, everywhere(0x1.3b2dbcp-7f));
    p = fused(p, rest, everywhere(0x1.c6aed4p-5f));
    p = fused(p, rest, everywhere(0x1.ebfbdap-3f));
    p = fused(p, rest, everywhere(0x1.62e430p-1f));
    p = fused(p, rest, everywhere(1.0f));
    const Words power = (reinterpret_cast<Words>(shifted) << 23) + 0x3f800000u;
    x.part[i] = p * reinterpret_cast<Vector>(power);
  }
  return x;
}

// GELU(u) = u Phi(u) = max(u, 0) - |u| Phi(-|u|), with log2 Phi(-t) = -1 + t P(t); absolute error below 1e-7.
EMO_INLINE Lanes gelu(Lanes u) {
  const Lanes size = absolute(u);
  Lanes t = size, tail = u;
  EMO_EACH_PART t.part[i] = smaller(t.part[i], everywhere(8.0f));
  EMO_EACH_PART {
    Vector p = everywhere(-2.907583329e-8f);
    p = fused(p, t.part[i], everywhere(8.589722142e-7f));
    p = fused(p, t.part[i], everywhere(-1.088114338e-5f));
    p = fused(p, t.part[i], everywhere(7.532162999e-5f));
    p = fused(p, t.part[i], everywhere(-2.732139255e-4f));
    p = fused(p, t.part[i], everywhere(-1.908262857e-5f));
    p = fused(p, t.part[i], everywhere(6.977324374e-3f));
    p = fused(p, t.part[i], everywhere(-5.246657506e-2f));
    p = fused(p, t.part[i], everywhere(-0.4592110217f));
    p = fused(p, t.part[i], everywhere(-1.151105523f));
    tail.part[i] = fused(p, t.part[i], everywhere(-1.0f));
  }
  tail = exp2(tail);
  EMO_EACH_PART u.part[i] = larger(u.part[i], Vector{});
  return u - size * tail;
}

}  // namespace emoface::EMO_ISA
