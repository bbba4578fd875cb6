#pragma once
// What the operators on triangles share.
#include <cstdint>
#include <stdexcept>
#include <string>

namespace emoface {

// Throws std::out_of_range unless every corner index is in 0..vertices-1.
inline void check_corners(const char* op, const std::int32_t* faces, std::int64_t triangles, std::int64_t vertices) {
  for (std::int64_t i = 0; i < 3 * triangles; ++i)
    if (faces[i] < 0 || faces[i] >= vertices)
      throw std::out_of_range(std::string(op) + ": faces must be in 0.." + std::to_string(vertices - 1) + ", got " +
                              std::to_string(faces[i]) + " in row " + std::to_string(i / 3));
}

}  // namespace emoface
