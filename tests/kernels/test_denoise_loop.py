"""What is special to denoise_loop: threads, simultaneous callers, bfloat16 weights, agreement with the operators."""

from __future__ import annotations

import threading

import pytest
import torch

from emoface.kernels import OPS, denoise_loop, sampler_step, use_backend
from emoface.kernels._runtime import native
from emoface.kernels.denoise_loop import weights
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase

OP = OPS["denoise_loop"]
CASE = DenoiseLoopCase(2, 37, 4, 16, 128, 53, N=3, tracks=2, steps=3, residual=1.0, mask=True)
needs_native = pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")


def with_threads(args, threads):
    return (*args[:18], threads, args[19])


@needs_native
def test_bits_do_not_depend_on_the_number_of_threads():
    args = CASE.inputs()
    one = denoise_loop(*args)
    for threads in (2, 3, 7, 1000):
        assert torch.equal(denoise_loop(*with_threads(args, threads)), one)


@needs_native
def test_a_row_does_not_depend_on_the_rows_beside_it():
    args = DenoiseLoopCase(5, 37, 4, 16, 128, 53, residual=1.0, mask=True).inputs()
    whole = denoise_loop(*args)
    for row in range(5):
        alone = (args[0][row : row + 1], *args[1:16], args[16][row : row + 1], args[17][row : row + 1], 1, None)
        assert torch.equal(denoise_loop(*alone), whole[row : row + 1])


@needs_native
def test_tracks_that_hear_voices_of_their_own_give_what_each_gives_alone():
    args = DenoiseLoopCase(1, 37, 4, 16, 128, 53, N=2, tracks=5, own=True, residual=1.0).inputs()
    for matrices in (args[7], args[7].bfloat16()):
        both = (*args[:7], matrices, *args[8:])
        whole = denoise_loop(*both)
        assert torch.equal(whole, denoise_loop(*with_threads(both, 2)))
        for track in range(5):
            heard = [both[9][branch * 5 + track] for branch in range(2)]
            alone = list(both)
            alone[0], alone[3], alone[9] = both[0][track : track + 1], both[3][:, track : track + 1], heard
            assert torch.equal(denoise_loop(*alone), whole[track : track + 1])


@needs_native
def test_several_python_threads_at_once():
    cases = [DenoiseLoopCase(1, time, 4, 16, 64, 53, N=2) for time in (5, 64, 30, 100)]
    expected = [denoise_loop(*case.inputs()) for case in cases]
    wrong = []

    def work(number):
        args = with_threads(cases[number].inputs(), 1 + number % 2)
        for _ in range(10):
            if not torch.equal(denoise_loop(*args), expected[number]):
                wrong.append(number)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@needs_native
def test_bfloat16_products_keep_the_state_in_float32():
    args = list(DenoiseLoopCase(2, 40, 4, 16, 128, 53, steps=4, residual=1.0).inputs())
    exact = denoise_loop(*args)
    args[7] = args[7].bfloat16()
    rough = denoise_loop(*args)
    assert rough.dtype == torch.float32
    off = (rough - exact).norm() / exact.norm()
    assert 1e-5 < off < 1e-2, "products of bfloat16, no more"
    with use_backend("reference"):
        plain = denoise_loop(*args)  # rounds the weights alone
    assert (rough - plain).norm() / exact.norm() < 1e-2


@needs_native
@pytest.mark.parametrize("isa", native.CPU.isas() if native.CPU else [])
@pytest.mark.parametrize("heads, width, motion", [(4, 16, 53), (1, 5, 3)])
def test_int8_matrices_are_weights_over_their_scales(isa, heads, width, motion):
    args = DenoiseLoopCase(2, 31, heads, width, 13, motion, steps=3, residual=1.0).in_bytes()
    with use_backend("reference"):
        exact = denoise_loop(*args)
    native.CPU.select(isa)
    try:
        rough, again = denoise_loop(*args), denoise_loop(*with_threads(args, 2))
    finally:
        native.CPU.select("auto")
    off = (rough - exact).norm() / exact.norm()
    rounded = isa in ("amx", "avx512bf16")
    assert 1e-3 < off < 3e-2 if rounded else off < 1e-5, "only products of bytes round their left side"
    assert torch.equal(rough, again)


def test_guidance_is_that_of_the_sampler_step():
    args = list(DenoiseLoopCase(2, 9, 2, 8, 16, 5, N=3, steps=1, mask=True).inputs())
    predictions = []
    for branch in range(3):
        alone = list(args)
        alone[3], alone[9] = args[3][branch : branch + 1], args[9][branch : branch + 1]
        alone[5] = torch.tensor([[0.0, 1, 0, 0, 1, 0]])  # the prediction itself, where frames are not known
        predictions.append(OP(*alone))
    x = torch.where(args[17][..., None], args[16], args[0])
    stepped, _ = sampler_step(
        torch.stack(predictions), args[6], x, torch.zeros_like(x), args[5][0], known=args[16], mask=args[17]
    )
    torch.testing.assert_close(denoise_loop(*args), stepped, atol=1e-5, rtol=1e-5)


SIZES = (53, 64, 4, 3, 128), (3, 15, 3, 2, 13), (1, 1, 1, 0, 1)


@pytest.mark.parametrize("sizes", SIZES)
def test_the_flat_tensors_are_read_in_the_order_in_which_they_are_written(sizes):
    matrix_count, vector_count, _ = weights.counts(*sizes)
    matrices, vectors = torch.arange(matrix_count), -torch.arange(vector_count + 5)
    network = weights.read(matrices, vectors, *sizes)
    assert network.leave.weight.shape == (sizes[0], sizes[1]) and len(network.blocks) == sizes[3]
    for flat, pieces in zip((matrices, vectors[:vector_count]), network.in_order()):
        assert torch.equal(torch.cat([piece.flatten() for piece in pieces]), flat)


@needs_native
@pytest.mark.parametrize("isa", native.CPU.isas() if native.CPU else [])
@pytest.mark.parametrize("sizes", SIZES)
def test_native_code_counts_the_same_weights(isa, sizes):
    native.CPU.select(isa)
    try:
        assert native.CPU.denoiser_counts(*sizes) == weights.counts(*sizes)
    finally:
        native.CPU.select("auto")


def test_noise_is_that_of_the_sampler_step():
    args = list(DenoiseLoopCase(2, 9, 2, 8, 16, 5, N=2, steps=2, mask=True, noise=True).inputs())
    noise, known, mask = args[15:18]
    table, motion, x0 = args[5], torch.where(args[17][..., None], args[16], args[0]), torch.zeros_like(args[0])
    for step in range(2):
        one = list(args)
        one[0], one[4], one[15], one[16] = motion, args[4][step : step + 1], None, motion
        one[5] = torch.tensor([[0.0, 1, 0, 0, 1, 0]])  # the prediction itself, where frames are not known
        x0_now = OP.reference(*one)
        stepped, _ = sampler_step(x0_now[None], args[6], motion, x0, table[step], noise[step], known, mask)
        motion, x0 = stepped, x0_now
    torch.testing.assert_close(denoise_loop(*args), motion, atol=1e-5, rtol=1e-5)
    quiet = [*args[:15], noise * 0, *args[16:]]
    assert not torch.allclose(denoise_loop(*quiet), denoise_loop(*args), atol=1e-2)


@pytest.mark.parametrize("column", [3, 5])
def test_noise_that_the_table_asks_for_is_not_left_out(column):
    args = list(CASE.inputs())
    args[5][1, column] = 0.1
    for name in ("auto", "reference"):
        with use_backend(name), pytest.raises(ValueError, match="denoise_loop: noise must be given where c_noise or"):
            denoise_loop(*args)
    with pytest.raises(ValueError, match="denoise_loop: noise must be given"):
        torch.ops.emoface.denoise_loop(*args)


def test_wrong_values_are_named():
    args = list(CASE.inputs())
    for place, value, text in (
        (9, [0, 1], "contents must name the speech of N = 1, 2 or 3 branches, or of all their tracks, got"),
        (9, [0, 0, 2], "contents must be 0..U-1 = 0..1, got"),
        (10, 3, "heads must divide C = 64, got 3"),
        (11, 0, "feed_forward must be at least 1, got 0"),
        (12, -1, "window must be at least 0, got -1"),
        (16, None, "known must be given with mask, got None"),
        (18, 0, "threads must be at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=rf"denoise_loop: {text}"):
            denoise_loop(*args[:place], value, *args[place + 1 :])
    with pytest.raises(ValueError, match="tracks must divide R = 3, got 2"):
        denoise_loop(args[0][:3], *args[1:])
