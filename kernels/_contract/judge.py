"""The error rule that tests and benchmarks hold every back end to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .op import Backend, KernelOp

DTYPES = (torch.float32, torch.bfloat16, torch.float16, torch.float64)


def _tuple(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


def _largest(tensor: Tensor) -> float:
    return float(tensor.abs().max()) if tensor.numel() else 0.0


def in_double(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with every floating-point tensor in float64."""
    return tuple(a.double() if isinstance(a, Tensor) and a.is_floating_point() else a for a in args)


def allowed_error(gold: Tensor, plain: Tensor, times: float = 2.0) -> float:
    """times x error(plain PyTorch in the same dtype) + 1 ulp(dtype) x max|gold| + 1e-6; nothing for integers."""
    if not plain.is_floating_point():
        return 0.0
    ulp = torch.finfo(plain.dtype).eps
    return times * _largest(plain.double() - gold) + ulp * _largest(gold) + 1e-6


@dataclass
class Verdict:
    """Faults of a call; the largest error of an output, and that as a share of what is allowed."""

    faults: list[str] = field(default_factory=list)
    error: float = 0.0
    share: float = 0.0


def verdict(op: KernelOp, outputs: Tensor | tuple[Tensor, ...], args: tuple[Any, ...]) -> Verdict:
    """Hold the outputs of a call against the reference in float64."""
    said = Verdict()
    found = said.faults
    golds, plains = _tuple(op.reference(*in_double(args))), _tuple(op.reference(*args))
    outputs = _tuple(outputs)
    if len(outputs) != len(plains):
        found.append(f"{len(outputs)} outputs instead of {len(plains)}")
        return said
    for place, (out, gold, plain) in enumerate(zip(outputs, golds, plains)):
        if out.shape != plain.shape or out.dtype != plain.dtype or out.device != plain.device:
            found.append(
                f"output {place} is {tuple(out.shape)} {out.dtype} on {out.device}, "
                f"not {tuple(plain.shape)} {plain.dtype} on {plain.device}"
            )
        elif not out.is_contiguous():
            found.append(f"output {place} is not contiguous")
        elif not bool(out.isfinite().all()):
            found.append(f"output {place} has {int((~out.isfinite()).sum())} values that are not finite")
        else:
            error, bound = _largest(out.double() - gold), allowed_error(gold, plain)
            said.error = max(said.error, error)
            said.share = max(said.share, error / bound if bound else float(error > 0))
            if error > bound:
                found.append(f"output {place} is off by {error:.3g}, allowed {bound:.3g}")
    return said


def faults(op: KernelOp, outputs: Tensor | tuple[Tensor, ...], args: tuple[Any, ...]) -> list[str]:
    """What is wrong with the outputs of a call, held against the reference in float64; empty when nothing."""
    return verdict(op, outputs, args).faults


def judge(
    op: KernelOp, backend: Backend, case: Any, dtype: torch.dtype, device: str = "cpu", seed: int = 0
) -> list[str]:
    """Run one back end on one case and return its faults."""
    args = case.inputs(device, dtype, seed)
    run: Callable[..., Any] = backend.run
    return faults(op, run(*args), args)
