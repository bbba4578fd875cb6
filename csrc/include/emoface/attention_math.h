#pragma once
// The arithmetic of one attention row: one source for the CUDA and host-shim builds.
#include <cmath>

#include "emoface/types.h"

namespace emoface {

// Keys [begin, end) that some of the queries first .. first + rows - 1 may look at.
struct KeyRange {
  std::int64_t begin, end;

  static EMO_HD KeyRange of(std::int64_t first, std::int64_t rows, std::int64_t keys, std::int64_t window) {
    if (window == 0) return {0, keys};
    const std::int64_t begin = first > window ? first - window : 0, last = first + rows + window;
    return {begin < keys ? begin : keys, last < keys ? last : keys};
  }
};

template <class I>
EMO_HD I apart(I i, I j) { return i > j ? i - j : j - i; }

// The largest logit so far and the sum of exp(logit - largest); a row that has seen no key has largest -infinity.
template <class A>
struct RunningSoftmax {
  A largest, total;

  static EMO_HD RunningSoftmax empty() { return {-A(INFINITY), A(0)}; }

  // Takes in a block's largest logit; returns what sums so far are to be multiplied with.
  EMO_HD A raise(A block_largest) {
    const A before = largest;
    largest = block_largest > before ? block_largest : before;
    const A shrink = before == largest ? A(1) : std::exp(before - largest);
    total *= shrink;
    return shrink;
  }

  EMO_HD A weight(A logit) const { return logit == -A(INFINITY) ? A(0) : std::exp(logit - largest); }

  EMO_HD A share() const { return total > A(0) ? A(1) / total : A(0); }
};

}  // namespace emoface
