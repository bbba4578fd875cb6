"""The native modules and how tensors travel to them: as addresses, with the element type as a number."""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any, overload

import torch
from torch import Tensor

from .._contract.op import Backend, usable
from .interface import digest

# The numbers are those of DType in csrc/include/emoface/types.h.
DTYPES = {torch.float32: 0, torch.bfloat16: 1, torch.float16: 2, torch.float64: 3, torch.int8: 4}

Prepare = Callable[..., tuple[Any, tuple[Any, ...]]]
"""From an operator's arguments to fresh outputs and what its native function takes: dense tensors, dtypes, numbers."""


SOURCES = Path(__file__).resolve().parents[2] / "csrc"
"""Where the C++ sources lie in a checkout; an installed package has none, nor anything to compare."""


def load(name: str) -> tuple[ModuleType | None, str | None]:
    """The native module emoface.<name>, or None and the reason why there is none.

    Raises:
        ImportError: the module was built from other sources than those of this checkout, so that its functions may
            take other arguments.
    """
    try:
        module = importlib.import_module(f"emoface.{name}")
    except ModuleNotFoundError:
        return None, f"emoface.{name} was not built"
    except ImportError as error:
        return None, f"emoface.{name} does not load: {error}"
    if SOURCES.is_dir() and getattr(module, "interface", None) != digest(SOURCES):
        raise ImportError(
            f"emoface.{name} ({module.__file__}) was built from other sources than those in {SOURCES}: "
            "build it again with `make native`, or with `python setup.py build_ext --inplace`"
        )
    return module, None


CPU, CPU_MISSING = load("_cpu")
CUDA, CUDA_MISSING = load("_cuda")


def select(module: Any, isa: str) -> None:
    """Use an instruction set of the CPU module; an error names those that it and the CPU have."""
    try:
        module.select(isa)
    except (RuntimeError, ValueError) as error:
        raise type(error)(f"EMOFACE_CPU_ISA must be auto or one of {', '.join(module.isas())}: {error}") from None


if CPU is not None:
    select(CPU, os.environ.get("EMOFACE_CPU_ISA", "auto"))


def address(tensor: Tensor | None) -> int:
    """The address of a contiguous tensor, 0 for None."""
    return 0 if tensor is None else tensor.data_ptr()


@overload
def dense(tensor: Tensor) -> Tensor: ...
@overload
def dense(tensor: None) -> None: ...
@overload
def dense(tensor: Tensor | None) -> Tensor | None: ...
def dense(tensor: Tensor | None) -> Tensor | None:
    """The tensor with rows one after another; None stays None."""
    return None if tensor is None else tensor.contiguous()


def compute_dtype(dtype: torch.dtype) -> torch.dtype:
    """The type that values of a dtype are computed with, as Compute in csrc/include/emoface/types.h."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def _plain(value: Any) -> Any:
    """What a native function takes: the address of a tensor, the number of a dtype, other values as they are.

    Fields that are structs themselves come as tuples.
    """
    if value is None or isinstance(value, Tensor):
        return address(value)
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return DTYPES[value] if isinstance(value, torch.dtype) else value


_NUMBERS = frozenset((int, bool, float))  # most of what is passed


def _why_not(*dtypes: torch.dtype) -> Callable[..., str | None]:
    """The `why_not` of a C++ back end that has code for some element types of the first argument."""
    names = " and ".join(str(dtype).removeprefix("torch.") for dtype in dtypes)

    def why_not(first: Tensor, *_: Any) -> str | None:
        if CPU is None:
            return CPU_MISSING
        return None if first.dtype in dtypes else f"dtype {first.dtype} ({names} only)"

    return why_not


def cpu_backend(run: Callable[..., Any], *dtypes: torch.dtype) -> Backend:
    """A C++ back end for some element types of the first argument, float32 and bfloat16 unless told."""
    return Backend("cpu", run, ("cpu",), _why_not(*dtypes or (torch.float32, torch.bfloat16)))


def cpu_function(name: str, prepare: Prepare, *dtypes: torch.dtype) -> Backend:
    """The back end that calls a function of emoface._cpu, for the element types that :func:`cpu_backend` takes."""
    function: Any = None if CPU is None else getattr(CPU, name)

    def run(*args: Any) -> Any:
        outputs, passed = prepare(*args)
        function(*[value if type(value) in _NUMBERS else _plain(value) for value in passed])
        return outputs

    return cpu_backend(run, *dtypes)


@contextmanager
def stream_of(device: torch.device) -> Iterator[int]:
    """Makes a device the current one; gives the cudaStream_t of its current stream."""
    with torch.cuda.device(device):
        yield torch.cuda.current_stream(device).cuda_stream


OVERLAP: ContextVar[bool] = ContextVar("emoface_overlap", default=os.environ.get("EMOFACE_OVERLAP") == "1")
"""Whether a kernel of a trajectory may start while the one before it ends, where the GPU can (`overlapping`)."""


@contextmanager
def overlapping(wanted: bool = True) -> Iterator[None]:
    """Let the kernels of a trajectory that is recorded inside the block overlap, or not."""
    token = OVERLAP.set(wanted)
    try:
        yield
    finally:
        OVERLAP.reset(token)


@functools.cache
def can_overlap(device: torch.device) -> bool:
    """Whether a device has programmatic dependent launch."""
    return torch.cuda.get_device_capability(device) >= (9, 0)


def run_cuda(name: str, device: torch.device, *passed: Any, overlap: bool = False) -> None:
    """Call a function of emoface._cuda on the current stream of a device; `overlap` as in emoface/cuda/queue.h."""
    with stream_of(device) as stream:
        getattr(CUDA, name)(*map(_plain, passed), stream, overlap)


def cuda_function(name: str, prepare: Prepare, why_not: Callable[..., str | None] = usable) -> Backend:
    """The back end that calls a function of emoface._cuda on the device's current stream, for all element types.

    `why_not` as that of Backend, asked where the module is there.
    """

    def run(*args: Any) -> Any:
        outputs, passed = prepare(*args)
        run_cuda(name, args[0].device, *passed)
        return outputs

    return Backend("cuda", run, ("cuda",), lambda *args: CUDA_MISSING if CUDA is None else why_not(*args))
