#include "emoface/cpu/attention.h"

namespace emoface::EMO_ISA {

EMO_INLINE Lanes counted_from(std::int64_t first) {
  alignas(64) static constexpr float kCount[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load(kCount) + splat(float(first));
}

template <class E>
void attend(const Attention<E>& a, Arena& scratch) {
  constexpr float kLog2E = 1.44269504f, kMasked = -3e38f;
  constexpr std::int64_t kMost = kHighest<E>;
  const std::int64_t words = words_of<E>(a.width), padded = whole_lanes(a.keys);
  scratch.reserve(attention_space<E>(a.queries, a.keys, a.width));
  Word* keys = scratch.take<Word>(packed_words(a.keys, words));
  Word* values = scratch.take<Word>(packed_words(a.width, words_of<E>(a.keys)));
  Word* staging = scratch.take<Word>(kLanes * words);
  float* scores = scratch.take<float>(kMost * whole_panels(a.keys));  // [panel][row][column]
  E* shares = scratch.take<E>(kMost * padded);
  std::int64_t q_stride = a.q_stride;
  const E* q = in_words(a.q, &q_stride, a.queries, a.width, scratch.take<Word>(a.queries * words));
  pack_transposed<E>(a.k, a.k_stride, a.keys, a.width, keys, staging);
  pack_straight<E>(a.v, a.v_stride, a.width, a.keys, values);

  const Ahead at_hand{reinterpret_cast<const char*>(keys), 0};  // nothing lies in slow memory here
  const Lanes scale = splat(kLog2E / __builtin_sqrtf(float(a.width))), slope = splat(-kLog2E * a.slope);
  Tiles<E> unit;
  std::int64_t row = 0;
  for (std::int64_t tiles = (a.queries + kMost - 1) / kMost; tiles > 0; --tiles) {
    const std::int64_t height = (a.queries - row + tiles - 1) / tiles;
    // The keys that any row of the tile looks at, and the panels and lanes that hold them.
    const std::int64_t near = a.window ? most(0, row - a.window) : 0;
    const std::int64_t far = a.window ? least(a.keys, row + height + a.window) : a.keys;
    const std::int64_t begin = near / kPanel * kPanel, end = least(padded, (far + kPanel - 1) / kPanel * kPanel);
    for (std::int64_t panel = begin; panel < end; panel += kPanel) {
      const std::int64_t width = least(kPanel, padded - panel);
      const Left left{q + row * q_stride, q_stride * std::int64_t(sizeof(E))};
      unit.run(left, height, keys + panel * words, words, width / kLanes, scores + panel * kMost, at_hand);
    }
    const auto each_lanes = [&](std::int64_t i, auto&& run) {
      for (std::int64_t j = begin; j < end; j += kLanes)
        run(j, scores + j / kPanel * kPanel * kMost + i * kPanel + j % kPanel);
    };
    // All rows' largest, then all rows' shares: rows do not wait for each other's sums over lanes.
    float peaks[kMost], rates[kMost];
    for (std::int64_t i = 0; i < height; ++i) {
      const std::int64_t here = row + i;
      const std::int64_t low = a.window ? most(0, here - a.window) : 0;
      const std::int64_t high = a.window ? least(a.keys, here + a.window + 1) : a.keys;
      Lanes top = splat(kMasked), offset = counted_from(begin - here);  // of the keys from the query
      each_lanes(i, [&](std::int64_t j, float* at) {
        Lanes x = fused(absolute(offset), slope, load(at) * scale);
        offset = offset + splat(float(kLanes));
        if (j < low || j + kLanes > high) {
          const Lanes column = counted_from(j);
          EMO_EACH_PART {
            x.part[i] = column.part[i] >= float(low) ? x.part[i] : everywhere(kMasked);
            x.part[i] = column.part[i] < float(high) ? x.part[i] : everywhere(kMasked);
          }
        }
        store(at, x);
        top = larger(top, x);
      });
      peaks[i] = largest(top);
    }
    for (std::int64_t i = 0; i < height; ++i) {
      const Lanes peak = splat(peaks[i]);
      Lanes total = splat(0.0f);
      each_lanes(i, [&](std::int64_t j, const float* at) {
        const Lanes share = exp2(load(at) - peak);  // 1e-38 where masked
        total = total + share;
        store(shares + i * padded + j, share);
      });
      rates[i] = peaks[i] == kMasked ? 0.0f : 1.0f / sum(total);  // no key to look at: zeros
    }
    const std::int64_t first = begin / kPerWord<E>, last = least(words_of<E>(a.keys), words_of<E>(end));
    const Word* panel = values;
    for (std::int64_t column = 0; column < a.width; column += kPanel) {
      const std::int64_t width = least(kPanel, whole_lanes(a.width - column));
      alignas(64) float c[kMost * kPanel];
      const Left left{shares + begin, padded * std::int64_t(sizeof(E))};
      unit.run(left, height, panel + first * width, most(last - first, 0), width / kLanes, c, at_hand);
      for (std::int64_t i = 0; i < height; ++i)
        for (std::int64_t g = 0; g < width && column + g < a.width; g += kLanes)
          store(a.out + (row + i) * a.out_stride + column + g, load(c + i * kPanel + g) * splat(rates[i]),
                least(kLanes, a.width - column - g));
      panel += width * words_of<E>(a.keys);
    }
    row += height;
  }
}

template void attend(const Attention<float>&, Arena&);
template void attend(const Attention<bfloat16>&, Arena&);

}  // namespace emoface::EMO_ISA
