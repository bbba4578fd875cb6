#pragma once
// Unit normals of a triangle mesh. What it computes: kernels/vertex_normals/reference.py.
#include "emoface/types.h"

namespace emoface {

// All arrays row-major and contiguous.
struct VertexNormals {
  const void* vertices;       // (B, V, 3) of `dtype`
  const std::int32_t* faces;  // (F, 3)
  void* normals;              // (B, V, 3) of `dtype`, out
  DType dtype;
  std::int64_t batch, vertex_count, triangles;
};

// Returns false for a dtype that it has no code for (the 16-bit ones). Throws std::out_of_range for a corner
// index that is not in 0..V-1.
bool vertex_normals_cpu(const VertexNormals& call);

}  // namespace emoface
