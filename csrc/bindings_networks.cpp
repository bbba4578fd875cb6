// The networks' part of emoface._cpu: their operators on raw addresses, of the instruction set that was chosen.
#include <atomic>
#include <string>

#include "bindings.h"
#include "emoface/cpu/kernels.h"

namespace py = pybind11;
using namespace emoface;

namespace {

bool supported(const std::string& isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  if (isa == "avx512bf16") return avx512 && __builtin_cpu_supports("avx512bf16");
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
      chosen = set;
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
                 double residual, Address matrices, int dtype, Address vectors)
      : kernels_(kernels()),
        denoiser_(kernels_.pack_denoiser({motion, channels, heads, blocks, feed_forward, window, eps, residual},
                                         pointer<const void>(matrices), static_cast<DType>(dtype),
                                         pointer<const float>(vectors))) {
    check("pack_denoiser", denoiser_ != nullptr, dtype);
  }
  PackedDenoiser(const PackedDenoiser&) = delete;
  ~PackedDenoiser() { kernels_.free_denoiser(denoiser_); }

  const char* isa() const { return kernels_.name; }

  void run(Address start, Address speech, Address queries, Address styles, Address film, Address table,
           Address guidance, Address known, Address mask, Address contents, Address motion, Count rows, Count time,
           Count unique, Count branches, Count tracks, Count steps, int threads) const {
    kernels_.run_denoiser(
        denoiser_, {pointer<const float>(start), pointer<const float>(speech), pointer<const float>(queries),
                    pointer<const float>(styles), pointer<const float>(film), pointer<const float>(table),
                    pointer<const float>(guidance), pointer<const float>(known), pointer<const std::uint8_t>(mask),
                    pointer<const std::int64_t>(contents), pointer<float>(motion), rows, time, unique, branches, tracks,
                    steps, threads});
  }

 private:
  const CpuKernels& kernels_;
  void* denoiser_;
};

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
  m.def("select", &choose, "Use the named instruction set, or the best one for 'auto'.");

  m.def(
      "film",
      [](Address x, Address scale, Address shift, Address out, int dtype, Count batch, Count time, Count channels) {
        check("film_cpu",
              kernels().film({pointer<const void>(x), pointer<const void>(scale), pointer<const void>(shift),
                              pointer<void>(out), static_cast<DType>(dtype), batch, time, channels}),
              dtype);
      },
      Free());
  m.def(
      "adain",
      [](Address x, Address scale, Address shift, Address out, int dtype, Count batch, Count time, Count channels,
         double eps) {
        check("adain_cpu",
              kernels().adain({pointer<const void>(x), pointer<const void>(scale), pointer<const void>(shift),
                               pointer<void>(out), static_cast<DType>(dtype), batch, time, channels, eps}),
              dtype);
      },
      Free());
  m.def(
      "ln_qkv",
      [](Address x, Address gain, Address bias, Address weight, Address weight_bias, Address out, int dtype, Count rows,
         Count channels, Count width, double eps) {
        check("ln_qkv_cpu",
              kernels().ln_qkv({pointer<const void>(x), pointer<const void>(gain), pointer<const void>(bias),
                                pointer<const void>(weight), pointer<const void>(weight_bias), pointer<void>(out),
                                static_cast<DType>(dtype), rows, channels, width, eps}),
              dtype);
      },
      Free());
  m.def(
      "ff_gelu",
      [](Address x, Address gain, Address bias, Address weight, Address weight_bias, Address out, int dtype, Count rows,
         Count channels, Count width, double eps) {
        check("ff_gelu_cpu",
              kernels().ff_gelu({pointer<const void>(x), pointer<const void>(gain), pointer<const void>(bias),
                                 pointer<const void>(weight), pointer<const void>(weight_bias), pointer<void>(out),
                                 static_cast<DType>(dtype), rows, channels, width, eps}),
              dtype);
      },
      Free());
  m.def(
      "oproj_residual_film",
      [](Address a, Address weight, Address weight_bias, Address x, Address scale, Address shift, Address out,
         int dtype, Count batch, Count time, Count channels) {
        check("oproj_residual_film_cpu",
              kernels().oproj_residual_film({pointer<const void>(a), pointer<const void>(weight),
                                             pointer<const void>(weight_bias), pointer<const void>(x),
                                             pointer<const void>(scale), pointer<const void>(shift), pointer<void>(out),
                                             static_cast<DType>(dtype), batch, time, channels}),
              dtype);
      },
      Free());
  m.def(
      "ff_adain_film",
      [](Address h, Address weight, Address weight_bias, Address x, Address style_scale, Address style_shift,
         Address scale, Address shift, Address out, int dtype, Count batch, Count time, Count channels, Count width,
         double eps, double residual) {
        check("ff_adain_film_cpu",
              kernels().ff_adain_film({pointer<const void>(h), pointer<const void>(weight),
                                       pointer<const void>(weight_bias), pointer<const void>(x),
                                       pointer<const void>(style_scale), pointer<const void>(style_shift),
                                       pointer<const void>(scale), pointer<const void>(shift), pointer<void>(out),
                                       static_cast<DType>(dtype), batch, time, channels, width, eps, residual}),
              dtype);
      },
      Free());
  m.def(
      "self_attention",
      [](Address qkv, Address slopes, Address lengths, Address out, int dtype, Count batch, Count time, Count heads,
         Count width) {
        check("self_attention_cpu",
              kernels().self_attention({pointer<const void>(qkv), pointer<const void>(slopes),
                                        pointer<const std::int64_t>(lengths), pointer<void>(out),
                                        static_cast<DType>(dtype), batch, time, heads, width}),
              dtype);
      },
      Free());
  m.def(
      "content_attention",
      [](Address query, Address kv, Address slopes, Address lengths, Address out, int dtype, Count batch, Count speech,
         Count motion, Count heads, Count width, Count window) {
        check("content_attention_cpu",
              kernels().content_attention({pointer<const void>(query), pointer<const void>(kv),
                                           pointer<const void>(slopes), pointer<const std::int64_t>(lengths),
                                           pointer<void>(out), static_cast<DType>(dtype), batch, speech, motion, heads,
                                           width, window}),
              dtype);
      },
      Free());
  m.def(
      "sampler_step",
      [](Address prediction, Address guidance, Address x, Address x0_prev, Address coefficients, Address noise,
         Address known, Address mask, Address x_next, Address x0, int dtype, Count branches, Count batch, Count time,
         Count channels, double quantile, double limit_low, double limit_high) {
        check("sampler_step_cpu",
              kernels().sampler_step(sampler_step_of(prediction, guidance, x, x0_prev, coefficients, noise, known, mask,
                                                     x_next, x0, dtype, branches, batch, time, channels, quantile,
                                                     limit_low, limit_high)),
              dtype);
      },
      Free());

  m.def(
      "time_conv",
      [](Address x, Address packed, Address bias, Address gain, Address shift, Address residual, Address out, int dtype,
         Count batch, Count time, Count channels, Count width, Count taps, Count dilation, bool gelu, double eps) {
        check("time_conv_cpu",
              kernels().time_conv({pointer<const void>(x), pointer<const void>(packed), pointer<const void>(bias),
                                   pointer<const void>(gain), pointer<const void>(shift), pointer<const void>(residual),
                                   pointer<void>(out), static_cast<DType>(dtype), batch, time, channels, width, taps,
                                   dilation, gelu, eps}),
              dtype);
      },
      Free());
  m.def(
      "conv_words",
      [](int dtype, Count width, Count taps, Count channels) {
        return kernels().conv_words({nullptr, nullptr, static_cast<DType>(dtype), width, taps, channels});
      },
      "32-bit words that the packed weights of a convolution take.");
  m.def(
      "pack_conv",
      [](Address weight, Address packed, int dtype, Count width, Count taps, Count channels) {
        check("pack_conv",
              kernels().pack_conv({pointer<const void>(weight), pointer<void>(packed), static_cast<DType>(dtype), width,
                                   taps, channels}),
              dtype);
      },
      Free());

  py::class_<PackedDenoiser>(m, "PackedDenoiser")
      .def(py::init<Count, Count, Count, Count, Count, Count, double, double, Address, int, Address>(), Free())
      .def_property_readonly("isa", &PackedDenoiser::isa)
      .def("run", &PackedDenoiser::run, Free());
}
