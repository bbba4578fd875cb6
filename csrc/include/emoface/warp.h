#pragma once
// What the threads of a warp do together on a GPU: matrix products of 16-bit operands, transposed loads, reductions.
// The host shim (tests/kernels/host_shim/shim.h) brings functions of the same names.
#include <type_traits>

#include "emoface/types.h"

#if defined(__CUDACC__)
namespace emoface {

__device__ __forceinline__ std::uint32_t bits_of(bfloat16 value) { return value.bits; }
__device__ __forceinline__ std::uint32_t bits_of(__half value) { return __half_as_ushort(value); }

// sums (16 x 8) += a (16 x 16) b (16 x 8), fragments as PTX's mma.m16n8k16 lays them out.
template <class T>
__device__ __forceinline__ void multiply(float (&sums)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  if constexpr (std::is_same<T, __half>::value) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  } else {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
}

// Two 8 x 8 blocks of 16-bit values out of shared memory, transposed; lanes 0..15 name the rows, 16 bytes each.
__device__ __forceinline__ void load_transposed(std::uint32_t (&b)[2], const void* row) {
  const unsigned address = unsigned(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];" : "=r"(b[0]), "=r"(b[1]) : "r"(address));
}

// Over the four lanes that hold one row of a fragment.
__device__ __forceinline__ float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(~0u, value, 1));
  return fmaxf(value, __shfl_xor_sync(~0u, value, 2));
}
__device__ __forceinline__ float quad_sum(float value) {
  value += __shfl_xor_sync(~0u, value, 1);
  return value + __shfl_xor_sync(~0u, value, 2);
}

}  // namespace emoface
#endif
