#pragma once
// Scratch memory: one block, handed out in aligned pieces and given back as a whole.
#include <cstddef>
#include <new>

#include "emoface/cpu/isa.h"

namespace emoface::EMO_ISA {

constexpr std::size_t kAlignment = 64;

constexpr std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Bytes that `count` values of T take in an Arena.
template <class T>
constexpr std::size_t space(std::int64_t count) {
  return aligned(std::size_t(count) * sizeof(T));
}

class Arena {
 public:
  Arena() = default;
  explicit Arena(std::size_t bytes) { reserve(bytes); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  // Room for at least so many bytes; what was taken before is gone. Throws std::bad_alloc.
  void reserve(std::size_t bytes) {
    used_ = 0;
    if (bytes <= size_) return;
    release();
    block_ = static_cast<char*>(::operator new(bytes, std::align_val_t(kAlignment)));
    size_ = bytes;
  }

  template <class T>
  T* take(std::int64_t count) {
    T* piece = reinterpret_cast<T*>(block_ + used_);
    used_ += space<T>(count);
    return piece;
  }

 private:
  void release() {
    if (block_) ::operator delete(block_, std::align_val_t(kAlignment));
    block_ = nullptr;
    size_ = 0;
  }

  char* block_ = nullptr;
  std::size_t size_ = 0, used_ = 0;
};

}  // namespace emoface::EMO_ISA
