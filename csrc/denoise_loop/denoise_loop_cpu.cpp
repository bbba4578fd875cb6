#include "emoface/denoise_loop.h"

#include "emoface/cpu/attention.h"
#include "emoface/cpu/dispatch.h"
#include "emoface/cpu/layers.h"
#include "emoface/sampler_step.h"
#include "emoface/team.h"

namespace emoface::EMO_ISA {

constexpr std::int64_t kChunk = 18 * kRows;  // rows that pass through a chain of products together, to stay in cache
constexpr int kMostThreads = 64;

bool sampler_step_cpu(const SamplerStep& step);

struct Norm {
  const float *gain, *bias;
};

struct Linear {
  Packed weight;
  const float* bias;
};

struct AttentionWeights {
  Norm norm;
  Linear project, out;
  const float* slopes;
};

struct BlockWeights {
  AttentionWeights attention, content;
  Norm norm;
  Linear widen, narrow;
};

struct Network {
  Linear enter;
  BlockWeights* blocks;
  Norm norm;
  Linear leave;
};

// The weights in the order of kernels/denoise_loop/weights.py, as linear(element, columns, inner) and vector(count) hand
// them out: products at both ends are of V, the others of E. Blocks go to `blocks` unless that is null.
template <class V, class E, class LinearOf, class VectorOf>
Network weights_in_order(const DenoiserSizes& sizes, BlockWeights* blocks, const LinearOf& linear,
                         const VectorOf& vector) {
  const std::int64_t c = sizes.channels, f = sizes.feed_forward, m = sizes.motion;
  const auto norm = [&] { return Norm{vector(c), vector(c)}; };
  const auto attention = [&](std::int64_t columns) {
    return AttentionWeights{norm(), linear(E{}, columns, c), linear(E{}, c, c), vector(sizes.heads)};
  };
  const Linear enter = linear(V{}, c, m + 1);
  for (std::int64_t l = 0; l < sizes.blocks; ++l) {
    const BlockWeights block{attention(3 * c), attention(2 * c), norm(), linear(E{}, f, c), linear(E{}, c, f)};
    if (blocks) blocks[l] = block;
  }
  const Norm last = norm();
  return {enter, blocks, last, linear(V{}, m, c)};
}

DenoiserCounts count_denoiser(const DenoiserSizes& sizes) {
  DenoiserCounts counts{};
  const auto vector = [&](std::int64_t count) {
    counts.vectors += count;
    return static_cast<const float*>(nullptr);
  };
  const auto linear = [&](float, std::int64_t columns, std::int64_t inner) {
    counts.matrices += columns * inner;
    counts.outputs += columns;
    return Linear{{}, vector(columns)};
  };
  weights_in_order<float, float>(sizes, nullptr, linear, vector);
  return counts;
}

// Which of the U speeches a row hears in a branch.
inline std::int64_t heard_by(const Trajectory& t, std::int64_t branch, std::int64_t row) {
  return t.contents[branch * t.tracks + row / (t.rows / t.tracks)];
}

// The branch whose hidden state this one shares until the first AdaIN, where emotions come in: the first whose tracks
// hear the same.
inline std::int64_t twin(const Trajectory& t, std::int64_t branch) {
  for (std::int64_t other = 0; other < branch; ++other)
    if (!memcmp(t.contents + other * t.tracks, t.contents + branch * t.tracks, t.tracks * sizeof *t.contents))
      return other;
  return branch;
}

// How many branches, from the first, have to be computed until then.
inline std::int64_t different(const Trajectory& t) {
  std::int64_t count = t.branches;
  while (twin(t, count - 1) < count - 1) --count;
  return count;
}

// What lies between products of E: the same, but bfloat16 beside products of bytes.
template <class E>
struct ValueOf {
  using type = E;
};
template <>
struct ValueOf<std::int8_t> {
  using type = bfloat16;
};

// What one call needs beside the weights; kept for the next.
template <class E>
struct Workspace {
  using V = typename ValueOf<E>::type;
  Arena shared, chunk[kMostThreads], head[kMostThreads];

  // With N branches and R rows of T frames:
  float *x, *prediction;            // (N, R, T, C), (N, R, T, M)
  float *state, *next, *x0, *x0_next;  // (R, T, M)
  V *projected, *attended;          // (N, R, T, up to 3 C), (N, R, T, C in whole words)
  const V* queries;                 // (U, L, T, C)
};

// A denoiser whose products are of E: the first and the last of values between them, V.
template <class E>
class Denoiser {
  using V = typename ValueOf<E>::type;
  static constexpr bool kBytes = sizeof(E) == 1;

 public:
  // Beside bytes, the scales of all outputs follow the vectors, in the order of the matrices.
  Denoiser(const DenoiserSizes& sizes, const E* matrices, const float* vectors) : sizes_(sizes) {
    const std::int64_t c = sizes.channels, f = sizes.feed_forward, m = sizes.motion;
    const std::int64_t scalars = count_denoiser(sizes).vectors;
    std::int64_t words = 0, outputs = 0;  // of the scales and offsets that go with bytes
    weights_in_order<V, E>(
        sizes, nullptr,
        [&](auto element, std::int64_t columns, std::int64_t inner) {
          using P = decltype(element);
          words += matrix<P>(columns, inner);
          if (kBytes && sizeof(P) == sizeof(E)) outputs += whole_lanes(columns);
          return Linear{};
        },
        [](std::int64_t) { return static_cast<const float*>(nullptr); });
    weights_.reserve(space<Word>(words) + space<float>(scalars) + space<BlockWeights>(sizes.blocks) +
                     space<float>(outputs) + space<std::int32_t>(outputs));
    Word* room = weights_.template take<Word>(words);
    float* scalar = weights_.template take<float>(scalars);
    BlockWeights* blocks = weights_.template take<BlockWeights>(sizes.blocks);
    float* scales = weights_.template take<float>(outputs);
    std::int32_t* offsets = weights_.template take<std::int32_t>(outputs);
    memcpy(scalar, vectors, scalars * sizeof(float));
    const float* scale = vectors + scalars;
    const std::int64_t widest = words_of<V>(most(most(c, f), m + 1)) * kLanes, ends = kBytes ? c * (m + 1) : 0;
    Arena staging(space<Word>(widest) + space<V>(ends));
    Word* lanes = staging.template take<Word>(widest);
    [[maybe_unused]] V* values = staging.template take<V>(ends);

    const auto vector = [&](std::int64_t count) { return (scalar += count) - count; };
    const auto linear = [&](auto element, std::int64_t columns, std::int64_t inner) {
      using P = decltype(element);
      Packed packed{room, columns, words_of<P>(inner)};
      if constexpr (!kBytes) {
        pack_transposed<P>(matrices, inner, columns, inner, room, lanes);
      } else if constexpr (sizeof(P) != sizeof(E)) {
        for (std::int64_t i = 0; i < columns * inner; ++i)
          values[i] = Narrow<V>::of(scale[i / inner] * float(matrices[i]));
        pack_transposed<P>(values, inner, columns, inner, room, lanes);
      } else {
        pack_transposed<P>(matrices, inner, columns, inner, room, lanes);
        for (std::int64_t column = 0; column < whole_lanes(columns); ++column) {
          std::int32_t sum = 0;
          for (std::int64_t i = 0; column < columns && i < inner; ++i) sum += matrices[column * inner + i];
          offsets[column] = 128 * sum;
          scales[column] = column < columns ? scale[column] : 0.0f;
        }
        packed.scales = scales;
        packed.offsets = offsets;
        scales += whole_lanes(columns);
        offsets += whole_lanes(columns);
      }
      if (kBytes) scale += columns;
      matrices += columns * inner;
      room += matrix<P>(columns, inner);
      return Linear{packed, vector(columns)};
    };
    network_ = weights_in_order<V, E>(sizes, blocks, linear, vector);
  }

  ~Denoiser() {
    for (Workspace<E>* slot : spare_) delete slot;
  }

  void run(const Trajectory& t) {
    Lease lease{*this, borrow()};
    Workspace<E>& w = *lease.workspace;
    const int members = t.threads < kMostThreads ? t.threads : kMostThreads;
    prepare(t, w, members);
    struct Task {
      const Denoiser& denoiser;
      const Trajectory& t;
      Workspace<E>& w;
      int members;
    } task{*this, t, w, members};
    const auto work = [](void* context, Team& team, int member) {
      const Task& task = *static_cast<Task*>(context);
      task.denoiser.work(task.t, task.w, team, member, task.members);
    };
    run_team(members, work, &task);
    memcpy(t.motion, w.state, t.rows * t.time * sizes_.motion * sizeof(float));
  }

 private:
  struct Lease {
    Denoiser& denoiser;
    Workspace<E>* workspace;
    ~Lease() { denoiser.give_back(workspace); }
  };

  template <class P>
  static constexpr std::int64_t matrix(std::int64_t columns, std::int64_t inner) {
    return packed_words(columns, words_of<P>(inner));
  }

  // Values of a row of n in whole words.
  static constexpr std::int64_t whole(std::int64_t n) { return words_of<V>(n) * kPerWord<V>; }

  // Bytes that a row takes as the left operand of any product of bytes.
  std::int64_t widest() const { return kBytes ? words_of<E>(most(sizes_.channels, sizes_.feed_forward)) * 4 : 0; }

  Workspace<E>* borrow() {
    Workspace<E>* none = nullptr;
    for (Workspace<E>*& slot : spare_)
      if (Workspace<E>* found = __atomic_exchange_n(&slot, none, __ATOMIC_SEQ_CST)) return found;
    return new Workspace<E>;
  }

  void give_back(Workspace<E>* workspace) {
    for (Workspace<E>*& slot : spare_) {
      Workspace<E>* none = nullptr;
      if (__atomic_compare_exchange_n(&slot, &none, workspace, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) return;
    }
    delete workspace;
  }

  // Room for everything, before threads start: what can fail fails here.
  void prepare(const Trajectory& t, Workspace<E>& w, int members) const {
    const std::int64_t c = sizes_.channels, f = sizes_.feed_forward, m = sizes_.motion;
    const std::int64_t frames = t.rows * t.time, all = t.branches * frames, values = frames * m;
    const std::int64_t heard = t.unique * sizes_.blocks * t.time * c;
    w.shared.reserve(space<float>(all * c) + space<float>(all * m) + 4 * space<float>(values) +
                     space<V>(all * 3 * c) + space<V>(all * whole(c)) + space<V>(heard));
    w.x = w.shared.template take<float>(all * c);
    w.prediction = w.shared.template take<float>(all * m);
    w.state = w.shared.template take<float>(values);
    w.next = w.shared.template take<float>(values);
    w.x0 = w.shared.template take<float>(values);
    w.x0_next = w.shared.template take<float>(values);
    w.projected = w.shared.template take<V>(all * 3 * c);
    w.attended = w.shared.template take<V>(all * whole(c));
    if (whole(c) > c)
      for (std::int64_t row = 0; row < all; ++row) w.attended[row * whole(c) + c] = V{};
    V* queries = w.shared.template take<V>(heard);
    for (std::int64_t i = 0; i < heard; i += kLanes)
      store(queries + i, load(t.queries + i, heard - i), heard - i);
    w.queries = queries;
    for (std::int64_t row = 0; row < frames; ++row) {
      const float* from = t.mask && t.mask[row] ? t.known : t.start;
      memcpy(w.state + row * m, from + row * m, m * sizeof(float));
    }
    memset(w.x0, 0, values * sizeof(float));
    for (int member = 0; member < members; ++member) {
      w.chunk[member].reserve(space<V>(kChunk * whole(most(c, m + 1))) + space<V>(kChunk * whole(f)) +
                              space<E>(kChunk * widest()) + space<float>(kChunk));
      w.head[member].reserve(attention_space<V>(t.time, t.time, c / sizes_.heads));
    }
  }

  // One thread's share: rows of the batch, then heads, rows, heads, rows and channels in each block.
  void work(const Trajectory& t, Workspace<E>& w, Team& team, int member, int members) const {
    const std::int64_t c = sizes_.channels, f = sizes_.feed_forward, blocks = sizes_.blocks;
    const float norm_eps = float(sizes_.norm_eps);
    const std::int64_t frames = t.rows * t.time, branches = blocks ? different(t) : t.branches;
    std::int64_t begin, end;
    const auto share_out = [&](std::int64_t rows) {
      begin = rows * member / members;
      end = rows * (member + 1) / members;
    };
    Arena& arena = w.chunk[member];
    arena.reserve(0);
    V* normed = arena.take<V>(kChunk * whole(most(c, sizes_.motion + 1)));
    V* hidden = arena.take<V>(kChunk * whole(f));
    E* bytes = arena.take<E>(kChunk * widest());
    float* scales = arena.take<float>(kChunk);
    if (whole(f) > f)
      for (std::int64_t row = 0; row < kChunk; ++row) hidden[row * whole(f) + f] = V{};
    const auto each_chunk = [&](auto&& chain) {
      std::int64_t row = begin;
      for (std::int64_t chunks = (end - begin + kChunk - 1) / kChunk; chunks > 0; --chunks) {  // nearly equal ones
        const std::int64_t rows = (end - row + chunks - 1) / chunks;
        chain(row, rows);
        row += rows;
      }
    };
    const auto project = [&](std::int64_t row, std::int64_t rows, const AttentionWeights& a) {
      layer_norm_rows(w.x + row * c, rows, c, a.norm.gain, a.norm.bias, norm_eps, normed);
      linear<E>(left_of(normed, rows, c, bytes, scales), rows, a.project.weight, a.project.bias,
                w.projected + row * a.project.weight.columns);
    };
    const auto mix = [&](std::int64_t row, std::int64_t rows, const AttentionWeights& a, const float* film) {
      float* x = w.x + row * c;
      linear_residual_film<E>(left_of(w.attended + row * whole(c), rows, c, bytes, scales), rows, a.out.weight,
                              a.out.bias, x, film, film + c, x);
    };

    for (std::int64_t step = 0; step < t.steps; ++step) {
      share_out(branches * frames);
      each_chunk([&](std::int64_t row, std::int64_t rows) { enter(t, w, row, rows, normed); });
      for (std::int64_t l = 0; l < blocks; ++l) {
        const BlockWeights& block = network_.blocks[l];
        const float* film = t.film + (step * blocks + l) * 6 * c;
        const std::int64_t sequences = (l == 0 ? branches : t.branches) * t.rows;
        each_chunk([&](std::int64_t row, std::int64_t rows) { project(row, rows, block.attention); });
        meet(team);
        attend_motion(t, w, block, sequences, member, members);
        meet(team);
        each_chunk([&](std::int64_t row, std::int64_t rows) { mix(row, rows, block.attention, film); });
        each_chunk([&](std::int64_t row, std::int64_t rows) { project(row, rows, block.content); });
        meet(team);
        attend_speech(t, w, l, sequences, member, members);
        meet(team);
        each_chunk([&](std::int64_t row, std::int64_t rows) {
          mix(row, rows, block.content, film + 2 * c);
          float* x = w.x + row * c;
          layer_norm_rows(x, rows, c, block.norm.gain, block.norm.bias, norm_eps, normed);
          linear_gelu<E>(left_of(normed, rows, c, bytes, scales), rows, block.widen.weight, block.widen.bias, hidden,
                         whole(f));
          linear_residual<E>(left_of(hidden, rows, f, bytes, scales), rows, block.narrow.weight, block.narrow.bias, x,
                             x);
        });
        meet(team);
        restyle(t, w, l, film + 4 * c, member, members);
        meet(team);
        if (l == 0) share_out(t.branches * frames);
      }
      each_chunk([&](std::int64_t row, std::int64_t rows) {
        layer_norm_rows(w.x + row * c, rows, c, network_.norm.gain, network_.norm.bias, norm_eps, normed);
        linear<V>(dense_left(normed, c), rows, network_.leave.weight, network_.leave.bias, w.prediction + row * sizes_.motion);
      });
      meet(team);
      if (member == 0) advance(t, w, step);
      meet(team);
    }
  }

  // x = enter(motion and flag of known frames) + speech
  void enter(const Trajectory& t, const Workspace<E>& w, std::int64_t first, std::int64_t rows, V* left) const {
    const std::int64_t c = sizes_.channels, m = sizes_.motion, stride = whole(m + 1), frames = t.rows * t.time;
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t frame = (first + row) % frames;
      V* to = left + row * stride;
      for (std::int64_t i = 0; i < m; ++i) to[i] = Narrow<V>::of(w.state[frame * m + i]);
      to[m] = Narrow<V>::of(t.mask && t.mask[frame] ? 1.0f : 0.0f);
      if (stride > m + 1) to[m + 1] = V{};
    }
    multiply<V>(dense_left(left, m + 1), rows, network_.enter.weight,
                [&](std::int64_t row, std::int64_t column, std::int64_t count, Lanes value) {
                  const std::int64_t at = first + row;
                  const std::int64_t heard = heard_by(t, at / frames, at % frames / t.time);
                  const float* speech = t.speech + (heard * t.time + at % t.time) * c + column;
                  store(w.x + at * c + column, value + load(network_.enter.bias + column, count) + load(speech, count), count);
                });
  }

  void attend_motion(const Trajectory& t, Workspace<E>& w, const BlockWeights& block, std::int64_t sequences,
                     int member, int members) const {
    const std::int64_t c = sizes_.channels, heads = sizes_.heads, width = c / heads, stride = 3 * c;
    for (std::int64_t item = member; item < sequences * heads; item += members) {
      const std::int64_t row = item / heads * t.time, head = item % heads;
      const V* q = w.projected + row * stride + head * width;
      attend<V>({q, q + c, q + 2 * c, w.attended + row * whole(c) + head * width, stride, stride, stride, whole(c),
                 t.time, t.time, width, block.attention.slopes[head], 0},
                w.head[member]);
    }
  }

  void attend_speech(const Trajectory& t, Workspace<E>& w, std::int64_t l, std::int64_t sequences, int member,
                     int members) const {
    const std::int64_t c = sizes_.channels, heads = sizes_.heads, width = c / heads, stride = 2 * c;
    for (std::int64_t item = member; item < sequences * heads; item += members) {
      const std::int64_t sequence = item / heads, row = sequence * t.time, head = item % heads;
      const std::int64_t heard = heard_by(t, sequence / t.rows, sequence % t.rows) * sizes_.blocks + l;
      const V* k = w.projected + row * stride + head * width;
      attend<V>({w.queries + heard * t.time * c + head * width, k, k + c,
                 w.attended + row * whole(c) + head * width, c, stride, stride, whole(c), t.time, t.time, width,
                 network_.blocks[l].content.slopes[head], sizes_.window},
                w.head[member]);
    }
  }

  // The emotion's AdaIN and the last FiLM of a block, in place, channels shared out among the members. In the first
  // block, branches of one speech are still one: the later ones read the first, which is therefore written last.
  void restyle(const Trajectory& t, Workspace<E>& w, std::int64_t l, const float* film, int member,
               int members) const {
    const std::int64_t c = sizes_.channels, groups = (c + kPanel - 1) / kPanel;
    for (std::int64_t item = member; item < t.rows * groups; item += members) {
      const std::int64_t row = item / groups, track = row / (t.rows / t.tracks), first = item % groups * kPanel;
      for (std::int64_t branch = t.branches - 1; branch >= 0; --branch) {
        const float* style = t.styles + ((branch * t.tracks + track) * sizes_.blocks + l) * 2 * c;
        const Modulation<float> m{style, style + c, film, film + c, float(sizes_.eps), float(sizes_.residual)};
        const std::int64_t source = l == 0 && branch >= different(t) ? twin(t, branch) : branch;
        const float* x = w.x + (source * t.rows + row) * t.time * c;
        float* out = w.x + (branch * t.rows + row) * t.time * c;
        for (std::int64_t column = first; column < least(c, first + kPanel); column += kLanes)
          adain_film(x, t.time, c, column, least(kLanes, c - column), m, out);
      }
    }
  }

  // Guidance and the sampler's update.
  void advance(const Trajectory& t, Workspace<E>& w, std::int64_t step) const {
    const float* noise = t.noise ? t.noise + step * t.rows * t.time * sizes_.motion : nullptr;
    sampler_step_cpu({w.prediction, t.guidance, w.state, w.x0, t.table + 6 * step, noise, t.known, t.mask,
                      t.share, w.next, w.x0_next, DType::float32, t.branches, t.rows, t.time, sizes_.motion, t.weights,
                      0.0, 0.0, 0.0});
    float* state = w.state;
    w.state = w.next;
    w.next = state;
    float* x0 = w.x0;
    w.x0 = w.x0_next;
    w.x0_next = x0;
  }

  DenoiserSizes sizes_;
  Arena weights_;
  Network network_;
  Workspace<E>* spare_[4] = {};  // atomic; std::atomic would be a template that instruction sets share
};

// A Denoiser of any element type behind one pointer.
struct AnyDenoiser {
  Denoiser<float>* wide = nullptr;
  Denoiser<bfloat16>* narrow = nullptr;
#if defined(EMO_INT8)
  Denoiser<std::int8_t>* bytes = nullptr;
#endif

  ~AnyDenoiser() {
    delete wide;
    delete narrow;
#if defined(EMO_INT8)
    delete bytes;
#endif
  }
};

void* pack_denoiser(const DenoiserSizes& sizes, const void* matrices, DType dtype, const float* vectors) {
  if (dtype == DType::float32) return new AnyDenoiser{new Denoiser<float>(sizes, typed<float>(matrices), vectors)};
  if (dtype == DType::bfloat16)
    return new AnyDenoiser{nullptr, new Denoiser<bfloat16>(sizes, typed<bfloat16>(matrices), vectors)};
#if defined(EMO_INT8)
  if (dtype == DType::int8)
    return new AnyDenoiser{nullptr, nullptr, new Denoiser<std::int8_t>(sizes, typed<std::int8_t>(matrices), vectors)};
#endif
  return nullptr;
}

void run_denoiser(void* denoiser, const Trajectory& t) {
  AnyDenoiser& any = *static_cast<AnyDenoiser*>(denoiser);
  if (any.wide) any.wide->run(t);
  if (any.narrow) any.narrow->run(t);
#if defined(EMO_INT8)
  if (any.bytes) any.bytes->run(t);
#endif
}

void free_denoiser(void* denoiser) { delete static_cast<AnyDenoiser*>(denoiser); }

}  // namespace emoface::EMO_ISA
