#pragma once
// Instructions of a GPU that C++ has no words for: matrix products of a warp, copies in the background, waiting for the
// kernel before. The host shim (tests/kernels/host_shim) brings a header of this name with the same functions.
#include <type_traits>

#include "emoface/types.h"

namespace emoface {

__device__ __forceinline__ std::uint32_t bits_of(bfloat16 value) { return value.bits; }
__device__ __forceinline__ std::uint32_t bits_of(__half value) { return __half_as_ushort(value); }

// Two values of T in one register.
template <class T>
__device__ __forceinline__ std::uint32_t packed(float low, float high) {
  return bits_of(Narrow<T>::of(low)) | bits_of(Narrow<T>::of(high)) << 16;
}

struct alignas(16) Chunk {
  std::uint32_t words[4];
};

// sums (16 x 8) += a (16 x 16) b (16 x 8), fragments as PTX's mma.m16n8k16 lays them out: lane l holds rows l / 4 and
// l / 4 + 8 of `a` and `sums`, columns 2 (l % 4) and the next (`a`: those and 8 further on).
template <class T>
__device__ __forceinline__ void multiply(float (&sums)[4], const std::uint32_t (&a)[4], std::uint32_t b0, std::uint32_t b1) {
  if constexpr (std::is_same<T, __half>::value) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  } else {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
  }
}

__device__ __forceinline__ unsigned shared_address(const void* at) { return unsigned(__cvta_generic_to_shared(at)); }

// Four 8 x 8 blocks of 16-bit values out of shared memory; lanes 8 i .. 8 i + 7 name the rows of block i, 16 bytes each.
__device__ __forceinline__ void load_blocks(std::uint32_t (&blocks)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(blocks[0]), "=r"(blocks[1]), "=r"(blocks[2]), "=r"(blocks[3]) : "r"(shared_address(row)) : "memory");
}

// The same, each block transposed.
__device__ __forceinline__ void load_blocks_transposed(std::uint32_t (&blocks)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(blocks[0]), "=r"(blocks[1]), "=r"(blocks[2]), "=r"(blocks[3]) : "r"(shared_address(row)) : "memory");
}

// Starts to copy a 16-byte chunk to shared memory, zeros where it is not `inside`.
__device__ __forceinline__ void copy_chunk(void* to, const void* from, bool inside) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :: "r"(shared_address(to)), "l"(from), "r"(inside ? 16 : 0) : "memory");
}
// Ends a group of copies of this thread.
__device__ __forceinline__ void end_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits until this thread's copies are there, but for its latest `Groups` groups.
template <int Groups>
__device__ __forceinline__ void await_copies() {
  asm volatile("cp.async.wait_group %0;" :: "n"(Groups) : "memory");
}

// Waits until the kernel before this one has ended and what it wrote can be read; then the kernel after this one may
// start, as far as there is room. Each kernel that is launched with Queue::overlap calls it, in every thread, before it
// touches memory that the kernel before it writes or reads. What older kernels wrote can be read at once.
__device__ __forceinline__ void wait_for_previous() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

// Shared memory whose size the launch names.
__device__ __forceinline__ unsigned char* launch_shared() {
  extern __shared__ __align__(16) unsigned char bytes[];
  return bytes;
}

// Over the four lanes that hold one row of a fragment.
__device__ __forceinline__ float quad_max(float value) {
  value = fmaxf(value, __shfl_xor_sync(~0u, value, 1));
  return fmaxf(value, __shfl_xor_sync(~0u, value, 2));
}
template <class A>
__device__ __forceinline__ A quad_sum(A value) {
  value += __shfl_xor_sync(~0u, value, 1);
  return value + __shfl_xor_sync(~0u, value, 2);
}
// Over the eight lanes that hold one column of a fragment.
template <class A>
__device__ __forceinline__ A column_sum(A value) {
  value += __shfl_xor_sync(~0u, value, 4);
  value += __shfl_xor_sync(~0u, value, 8);
  return value + __shfl_xor_sync(~0u, value, 16);
}
template <class A>
__device__ __forceinline__ A warp_sum(A value) {
  return column_sum(quad_sum(value));
}

}  // namespace emoface
