"""What an operator takes depends on its arguments alone: never on autocast, nor on the way in."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import torch
from torch import Tensor

import emoface.kernels as kernels
from emoface.kernels import OPS, film, use_backend
from emoface.kernels._contract.check import FLOATS

NARROWER = {("denoise_loop", "matrices"), ("time_conv", "weight")}
"""Arguments that may be bfloat16 beside float32."""
SMALL = {name: [case for case in op.cases if not case.bench][1] for name, op in OPS.items()}


def other_dtypes(args: tuple) -> list[tuple[int, Tensor]]:
    """Each floating-point argument but the first, in a type of fewer bytes."""
    return [
        (place, arg.to(torch.bfloat16))
        for place, arg in enumerate(args)
        if place and isinstance(arg, Tensor) and arg.dtype == torch.float32
    ]


@pytest.mark.parametrize("name", OPS)
def test_registered_operators_check_too(name: str) -> None:
    op, args = OPS[name], SMALL[name].inputs()
    registered = getattr(torch.ops.emoface, name)
    names = list(inspect.signature(getattr(kernels, name)).parameters)
    for autocast in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast), use_backend("auto"):
            for place, wrong in other_dtypes(args):
                if (name, names[place]) in NARROWER:
                    continue
                with pytest.raises((TypeError, ValueError), match=f"{name}: {names[place]} must be"):
                    registered(*args[:place], wrong, *args[place + 1 :])
            for place, arg in enumerate(args):
                if isinstance(arg, Tensor) and arg.dim():
                    with pytest.raises((TypeError, ValueError), match=f"{name}: "):
                        registered(*args[:place], arg[None], *args[place + 1 :])
                    if len(arg) > 1 and place:
                        with pytest.raises((TypeError, ValueError, IndexError), match=f"{name}: "):
                            registered(*args[:place], arg[:1], *args[place + 1 :])
    op.check(*args)


@pytest.mark.parametrize("name", [name for name, op in OPS.items() if any(b.name == "cpu" for b in op.backends)])
def test_a_forced_back_end_takes_no_mixed_types_under_autocast(name: str) -> None:
    public, args = getattr(kernels, name), SMALL[name].inputs()
    names = list(inspect.signature(public).parameters)
    for place, wrong in other_dtypes(args):
        if (name, names[place]) in NARROWER:
            continue
        with torch.autocast("cpu", torch.bfloat16), use_backend("cpu"):
            with pytest.raises(TypeError, match=f"{name}: .* got torch.bfloat16"):
                public(*args[:place], wrong, *args[place + 1 :])


def test_autocast_takes_mixed_types_by_the_reference() -> None:
    x, scale = torch.randn(2, 5, 3).bfloat16(), torch.randn(2, 3)
    with torch.autocast("cpu", torch.bfloat16):
        assert film(x, scale, scale).shape == (2, 5, 3)
        with pytest.raises(ValueError, match=r"film: scale must be \(B, C\) = \(2, 3\), got \(2, 4\)"):
            film(x, torch.randn(2, 4), scale)
        with pytest.raises(TypeError, match=r"film: scale must be torch.bfloat16 .* got torch.int64"):
            film(x, scale.long(), scale)


def test_meta_tensors_give_shapes() -> None:
    x, scale = torch.empty(2, 5, 3, device="meta"), torch.empty(2, 3, device="meta")
    assert film(x, scale, scale).shape == torch.ops.emoface.film(x, scale, scale).shape == (2, 5, 3)
    with pytest.raises(ValueError, match="film: shift must be on meta"):
        film(x, scale, torch.empty(2, 3))


GUARDED = """
import ctypes, mmap, sys
import torch
import emoface.kernels as kernels

page = mmap.PAGESIZE
memory = mmap.mmap(-1, 2 * page)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mprotect(ctypes.c_void_p(start + page), page, 0) == 0
channels = page // 4
last = torch.frombuffer(memory, dtype=torch.bfloat16, count=channels, offset=page - 2 * channels)[None]  # half a page
x, shift = torch.randn(1, 4, channels), torch.randn(1, channels)
for call in (kernels.film, torch.ops.emoface.film):
    with torch.autocast("cpu"), kernels.use_backend("cpu"):
        try:
            call(x, last, shift)  # as float32 it would reach into the page that nobody may read
        except TypeError as error:
            assert "film: scale must be torch.float32" in str(error)
        else:
            sys.exit("no error")
print("done")
"""


def test_no_read_behind_a_guard_page() -> None:
    done = subprocess.run([sys.executable, "-c", GUARDED], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "done\n", (done.returncode, done.stderr[-2000:])


def test_weights_with_other_data_are_packed_again() -> None:
    from emoface.kernels import time_conv

    x, weight, bias = torch.randn(1, 9, 8), torch.randn(8, 8, 3), torch.zeros(8)
    with torch.no_grad(), use_backend("cpu"):
        first = time_conv(x, weight, bias)
        weight.data = torch.randn(4, 8, 5)
        second = time_conv(x, weight, torch.zeros(4))
    with use_backend("reference"):
        torch.testing.assert_close(second, time_conv(x, weight, torch.zeros(4)), atol=1e-4, rtol=1e-4)
    assert first.shape == (1, 9, 8)


@pytest.mark.parametrize("dtype", FLOATS)
def test_far_dilations_hear_zeros(dtype: torch.dtype) -> None:
    from emoface.kernels import time_conv

    x, weight, bias = torch.randn(1, 9, 8), torch.randn(8, 8, 3), torch.zeros(8)
    args = [tensor.to(dtype) for tensor in (x, weight, bias)]
    alone = time_conv(args[0], args[1][:, :, 1:2].contiguous(), args[2])
    torch.testing.assert_close(time_conv(*args, 2**31 - 1), alone, atol=0.05, rtol=0.05)
    torch.testing.assert_close(
        torch.ops.emoface.time_conv(*args, 2**31 - 1, False, None, None, None, 1e-5), alone, atol=0.05, rtol=0.05
    )
