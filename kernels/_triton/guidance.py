"""The guided prediction in Triton, for sampler_step and denoise_loop."""

from .device import triton

if triton is not None:
    import triton.language as tl

    @triton.jit
    def missing(coefficient):
        """What noise that was not given adds: nothing, and no number where the coefficient asks for some."""
        return tl.where(tl.load(coefficient) == 0.0, 0.0, float("nan"))

    @triton.jit
    def guided(prediction, guidance, weights, j, i, inside, size, N: tl.constexpr):
        """x0 at the elements i by the j-th of so many weights, as in csrc/include/emoface/sampler_step_math.h."""
        first = tl.load(prediction + i, mask=inside, other=0.0).to(tl.float32)
        x0 = first
        if N == 2:
            full = tl.load(prediction + size + i, mask=inside, other=0.0).to(tl.float32)
            x0 = first + tl.load(guidance + weights + j) * (full - first)
        if N == 3:
            audio = tl.load(prediction + size + i, mask=inside, other=0.0).to(tl.float32)
            full = tl.load(prediction + 2 * size + i, mask=inside, other=0.0).to(tl.float32)
            x0 = first + tl.load(guidance + j) * (audio - first) + tl.load(guidance + weights + j) * (full - audio)
        return x0
