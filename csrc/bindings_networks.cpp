// The networks' part of emoface._cpu: their operators on raw addresses, of the instruction set that was chosen.
#include <atomic>
#include <string>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "bindings.h"
#include "emoface/cpu/kernels.h"
#include "emoface/cpu/level.h"

namespace py = pybind11;
using namespace emoface;

namespace {

#if defined(__x86_64__)
// Whether the processor has tiles of bfloat16, and the system lets this process use them.
bool has_tiles() {
#if defined(__linux__)
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kTiles = 1u << 24, kBfloat16 = 1u << 22;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & (kTiles | kBfloat16)) != (kTiles | kBfloat16)) return false;
  constexpr long kAskForState = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kAskForState, kTileData) == 0;
#else
  return false;
#endif
}
#endif

bool supported(const std::string& isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  const bool bf16 = avx512 && __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vnni");
  if (isa == "amx") return bf16 && has_tiles();
  if (isa == "avx512bf16") return bf16;
  if (isa == "avx512") return avx512;
  if (isa == "avx2") return avx2;
#endif
  return isa == "baseline";
}

#define EMO_ENTRY(isa) &isa::kKernels,
const CpuKernels* const kAll[] = {EMO_EACH_ISA(EMO_ENTRY)};  // best first
#undef EMO_ENTRY

std::atomic<const CpuKernels*> chosen{nullptr};

const CpuKernels& kernels() { return *chosen.load(std::memory_order_relaxed); }

void choose(const std::string& isa) {
  for (const CpuKernels* set : kAll) {
    if (isa != "auto" && isa != set->name) continue;
    if (supported(set->name)) {
      const std::string name = set->name;
      chosen = set;
      level = name == "baseline" ? Level::baseline : name == "avx2" ? Level::v3 : Level::v4;
      return;
    }
    if (isa != "auto") throw std::runtime_error("this CPU lacks the instruction set " + isa);
  }
  throw py::value_error("no kernels were built for the instruction set " + isa);
}

// A denoiser's packed weights. They belong to the instruction set that packed them.
class PackedDenoiser {
 public:
  PackedDenoiser(Count motion, Count channels, Count heads, Count blocks, Count feed_forward, Count window, double eps,
                 double residual, double norm_eps, Address matrices, int dtype, Address vectors)
      : kernels_(kernels()),
        denoiser_(kernels_.pack_denoiser(
            {motion, channels, heads, blocks, feed_forward, window, eps, residual, norm_eps},
            pointer<const void>(matrices), static_cast<DType>(dtype), pointer<const float>(vectors))) {
    check("pack_denoiser", denoiser_ != nullptr, static_cast<DType>(dtype));
  }
  PackedDenoiser(const PackedDenoiser&) = delete;
  ~PackedDenoiser() { kernels_.free_denoiser(denoiser_); }

  const char* isa() const { return kernels_.name; }

  void run(Address start, Address speech, Address queries, Address styles, Address film, Address table,
           Address guidance, Address noise, Address known, Address mask, Address share, Address contents, Address motion,
           Count rows, Count time, Count unique, Count branches, Count tracks, Count steps, Count weights,
           int threads) const {
    kernels_.run_denoiser(
        denoiser_, {pointer<const float>(start), pointer<const float>(speech), pointer<const float>(queries),
                    pointer<const float>(styles), pointer<const float>(film), pointer<const float>(table),
                    pointer<const float>(guidance), pointer<const float>(noise), pointer<const float>(known),
                    pointer<const std::uint8_t>(mask), pointer<const float>(share),
                    pointer<const std::int64_t>(contents), pointer<float>(motion), rows, time, unique, branches, tracks,
                    steps, weights, threads});
  }

 private:
  const CpuKernels& kernels_;
  void* denoiser_;
};

template <class Parameters>
void bind(py::module_& m, const char* name, bool (*CpuKernels::*run)(const Parameters&)) {
  define_cpu<Parameters>(m, name, [=] { return kernels().*run; });
}

}  // namespace

void emoface::bind_networks(py::module_& m) {
  using Free = py::call_guard<py::gil_scoped_release>;
  choose("auto");
  m.def("isa", [] { return kernels().name; }, "The instruction set in use.");
  m.def(
      "isas",
      [] {
        py::list names;
        for (const CpuKernels* set : kAll)
          if (supported(set->name)) names.append(set->name);
        return names;
      },
      "Every instruction set that was built and that this CPU has, best first.");
  m.def(
      "products", [](int dtype, Count rounds) { return kernels().products(static_cast<DType>(dtype), rounds); },
      "Multiplies and adds in registers alone; returns the number of floating-point operations.", Free());
  m.def(
      "stream",
      [](Address values, Count count, Count rounds) {
        return kernels().stream(pointer<const float>(values), count, rounds);
      },
      "Reads floats, a multiple of 64, so many times; returns their sum.", Free());
  m.def("select", &choose, "Use the named instruction set, or the best one for 'auto'.");

#define EMO_BIND(name, Parameters) bind(m, #name, &CpuKernels::name);
  EMO_ISA_OPERATORS(EMO_BIND)
#undef EMO_BIND
  bind(m, "pack_conv", &CpuKernels::pack_conv);
  m.def(
      "conv_words",
      [](int dtype, Count width, Count taps, Count channels) {
        return kernels().conv_words({nullptr, nullptr, static_cast<DType>(dtype), width, taps, channels});
      },
      "32-bit words that the packed weights of a convolution take.");

  m.def(
      "denoiser_counts",
      [](Count motion, Count channels, Count heads, Count blocks, Count feed_forward) {
        const DenoiserCounts counts = kernels().count_denoiser({motion, channels, heads, blocks, feed_forward});
        return py::make_tuple(counts.matrices, counts.vectors, counts.outputs);
      },
      "Elements of all matrices, of all other weights, and outputs of all matrices of a denoiser.");

  py::class_<PackedDenoiser>(m, "PackedDenoiser")
      .def(py::init<Count, Count, Count, Count, Count, Count, double, double, double, Address, int, Address>(), Free())
      .def_property_readonly("isa", &PackedDenoiser::isa)
      .def("run", &PackedDenoiser::run, Free());
}
