"""Argument checks of the public operator functions: cheap when all is well, uniform words when not."""

from __future__ import annotations

import torch
from torch import Tensor

FLOATS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)
INTS = (torch.int64, torch.int32)
BOOL = (torch.bool,)


MOST = 2**31 - 1  # of sizes and counts


def strided(op: str, name: str, tensor: Tensor) -> None:
    """A tensor whose elements lie in memory."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{op}: {name} must be a Tensor, got {type(tensor).__name__}")
    if tensor.layout != torch.strided:
        raise TypeError(f"{op}: {name} must be a dense Tensor, got one of layout {tensor.layout}")


def whole(op: str, name: str, value: int, low: int) -> None:
    """A whole number, at least `low`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{op}: {name} must be an int, got {type(value).__name__}")
    if not low <= value <= MOST:
        raise ValueError(f"{op}: {name} must be {f'at least {low}' if value < low else f'at most {MOST}'}, got {value}")


def number(op: str, name: str, value: float) -> None:
    """A real number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise TypeError(f"{op}: {name} must be a float, got {type(value).__name__}")


def magnitude(op: str, name: str, value: float) -> None:
    """A finite number that is not negative."""
    number(op, name, value)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{op}: {name} must be finite and at least 0, got {value}")


def first(op: str, name: str, tensor: Tensor, letters: str) -> torch.Size:
    """The leading tensor, which fixes dtype and device: floating point with as many dimensions as letters."""
    strided(op, name, tensor)
    if tensor.dtype not in FLOATS:
        raise TypeError(f"{op}: {name} must be float32, bfloat16, float16 or float64, got {tensor.dtype}")
    shape = tensor.shape
    if len(shape) != len(letters):
        raise ValueError(f"{op}: {name} must be ({', '.join(letters)}), got {tuple(shape)}")
    return shape


def like(op: str, name: str, tensor: Tensor, letters: str, shape: tuple[int, ...], lead: Tensor) -> None:
    """A tensor of a given shape, of the leading tensor's dtype and on its device."""
    strided(op, name, tensor)
    if tensor.shape != shape:
        raise ValueError(f"{op}: {name} must be {letters} = {tuple(shape)}, got {tuple(tensor.shape)}")
    if tensor.dtype != lead.dtype:
        raise TypeError(f"{op}: {name} must be {lead.dtype} as the first argument is, got {tensor.dtype}")
    if tensor.device != lead.device:
        raise ValueError(f"{op}: {name} must be on {lead.device} as the first argument is, got {tensor.device}")


def linear(
    op: str, name: str, weight: Tensor, bias: Tensor, letters: str, shape: tuple[int, ...], lead: Tensor
) -> None:  # fmt: skip
    """The weight (..., outputs, inputs) and the bias (..., outputs) of a linear map, each as :func:`like`."""
    like(op, f"{name}_weight", weight, letters, shape, lead)
    outer = letters.rpartition(", ")[0]
    like(op, f"{name}_bias", bias, f"{outer}{'' if ', ' in outer else ','})", shape[:-1], lead)


def typed(
    op: str, name: str, tensor: Tensor, letters: str, shape: tuple[int, ...], dtypes: tuple[torch.dtype, ...],
    device: torch.device,
) -> None:  # fmt: skip
    """A tensor of a given shape and device whose dtype is one of several."""
    strided(op, name, tensor)
    if tensor.shape != shape:
        raise ValueError(f"{op}: {name} must be {letters} = {tuple(shape)}, got {tuple(tensor.shape)}")
    if tensor.dtype not in dtypes:
        words = " or ".join(str(dtype) for dtype in dtypes)
        raise TypeError(f"{op}: {name} must be {words}, got {tensor.dtype}")
    if tensor.device != device:
        raise ValueError(f"{op}: {name} must be on {device} as the first argument is, got {tensor.device}")


def noise_given(op: str, coefficients: Tensor, noise: Tensor | None) -> None:
    """Noise is there where coefficients (..., 6) of a sampler ask for it, in the columns c_noise and k_noise.

    Coefficients on a GPU are not read, which would wait for it; the kernels there turn a motion without the noise that
    was asked for into NaN.
    """
    if noise is not None or coefficients.device.type != "cpu" or torch.compiler.is_compiling():
        return
    if bool(coefficients[..., 3::2].any()):
        raise ValueError(f"{op}: noise must be given where c_noise or k_noise is not zero, got None")


def weights(
    op: str, guidance: Tensor, sample: tuple[int, ...], dtypes: tuple[torch.dtype, ...], device: torch.device
) -> None:
    """The two weights of the guidance: one number each, or one for each value of a sample."""
    strided(op, "guidance", guidance)
    if guidance.dim() == 1:
        return typed(op, "guidance", guidance, "(2,)", (2,), dtypes, device)
    typed(op, "guidance", guidance, "(2,) or (2, T, C)", (2, *sample), dtypes, device)


def share(
    op: str, given: Tensor | None, known: Tensor | None, letters: str, shape: tuple[int, ...], lead: Tensor
) -> None:
    """How far each value is known, which goes with the values that are."""
    if given is not None:
        like(op, "share", given, letters, shape, lead)
        if known is None:
            raise ValueError(f"{op}: known must be given with share, got None")


def heads_of(op: str, channels: int, heads: int) -> None:
    """`heads` divides the channels."""
    whole(op, "heads", heads, 1)
    if channels % heads:
        raise ValueError(f"{op}: heads must divide C = {channels}, got {heads}")


def corners(op: str, name: str, tensor: Tensor, device: torch.device) -> None:
    """Triangles (F, 3) of int32 corner indices, at least one."""
    strided(op, name, tensor)
    if tensor.dim() != 2 or tensor.shape[1] != 3 or len(tensor) == 0:
        raise ValueError(f"{op}: {name} must be (F, 3) with F at least 1, got {tuple(tensor.shape)}")
    typed(op, name, tensor, "(F, 3)", tuple(tensor.shape), (torch.int32,), device)
