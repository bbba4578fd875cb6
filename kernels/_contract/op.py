"""KernelOp: one declaration that joins the reference of an operator with its back ends."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import NoneType
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _get_current_dispatch_mode

from .check import FLOATS

BACKEND_NAMES = ("auto", "cuda", "triton", "cpu", "reference")

_LIBRARY = torch.library.Library("emoface", "DEF")
_LOG = logging.getLogger("emoface.kernels")

OPS: dict[str, KernelOp] = {}


def _valid(name: str, source: str) -> str:
    if name not in BACKEND_NAMES:
        raise ValueError(f"{source} must be one of {', '.join(BACKEND_NAMES)}, got {name!r}")
    return name


_DEFAULT = _valid(os.environ.get("EMOFACE_BACKEND", "auto"), "EMOFACE_BACKEND")
_forced: ContextVar[str] = ContextVar("emoface_backend", default=_DEFAULT)


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Force one back end inside the block; a call that it cannot run raises RuntimeError with the reason.

    Args:
        name (str): one of BACKEND_NAMES; "auto" returns to the automatic choice.

    Raises:
        ValueError: for an unknown name.
    """
    token = _forced.set(_valid(name, "use_backend: name"))
    try:
        yield
    finally:
        _forced.reset(token)


def define(
    name: str, schema: str, run: Callable[..., Any], fake: Callable[..., Any], backward: Callable[..., Any],
    setup: Callable[..., None] | None = None,
) -> Any:  # fmt: skip
    """Register emoface::name with PyTorch on CPU and CUDA, with its fake and its gradient; returns what calls it."""
    _LIBRARY.define(f"{name}{schema}")
    for key in ("CPU", "CUDA"):
        _LIBRARY.impl(name, run, key)
    torch.library.register_fake(f"emoface::{name}", fake, lib=_LIBRARY)
    torch.library.register_autograd(f"emoface::{name}", backward, setup_context=setup, lib=_LIBRARY)
    return getattr(torch.ops.emoface, name).default


def autocast_is_on(device: torch.device) -> bool:
    """Whether autocast is on for the operators of a device; PyTorch itself raises for the device "meta"."""
    return device.type in ("cpu", "cuda") and torch.is_autocast_enabled(device.type)


def usable(*args: Any) -> None:
    """The `why_not` of a back end that runs everything on its devices."""
    return None


@dataclass(frozen=True)
class Backend:
    """One implementation of an operator.

    `why_not(*args)` answers None when the back end can run the call, else the reason. It may look at the
    device, the dtype and what the operator's `shape_class` returns, nothing else: it is kept per such key.
    `train` is like `run`, with a gradient that autograd takes from kernels of the back end; None where there is none.
    """

    name: str
    run: Callable[..., Any]
    devices: tuple[str, ...]
    why_not: Callable[..., str | None] = usable
    train: Callable[..., Any] | None = None

    def refusal(self, *args: Any) -> str | None:
        """Why this back end cannot run the call, or None."""
        device = args[0].device.type
        if device not in self.devices:
            return f"tensors are on {device} ({' or '.join(self.devices)} only)"
        return self.why_not(*args)


def _one_class(*args: Any) -> Hashable:
    return None


@dataclass(eq=False)
class KernelOp:
    """An operator: schema, reference (the definition), fake (shapes and dtypes), check, back ends, cases.

    Three ways in, and each checks, since back ends read memory by address:
      * the public function of the operator fills in defaults and calls
      * `OP(*args)`, which runs the plain reference directly where that is the choice (so training is ordinary
        autograd and torch.compile sees through it) and else
      * `OP.call(*args)`, the registered torch operator: every argument given, in order.

    `check(*args)` raises ValueError or TypeError for arguments that the operator does not take. It knows the arguments
    alone, never autocast or other settings of the process. Under autocast `OP(*args)` takes operands of several float
    types, as PyTorch's own operators do; only the reference runs those.

    The gradient of `OP.call` is the vector-Jacobian product of the reference, recomputed. `OP(*args)` takes a back end
    that has gradient kernels, where one serves the call, when gradients are wanted.
    """

    name: str
    schema: str
    reference: Callable[..., Any]
    fake: Callable[..., Any]
    check: Callable[..., None]
    cases: Sequence[Any]
    backends: Sequence[Backend] = ()
    shape_class: Callable[..., Hashable] = _one_class
    _chosen: dict[Hashable, Backend] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.call = define(self.name, self.schema, self._run, self.fake, self._vjp, _save_inputs)
        self.plain = Backend("reference", self.reference, ("cpu", "cuda"))
        OPS[self.name] = self

    def __call__(self, *args: Any) -> Any:
        mixed = isinstance(args[0], Tensor) and autocast_is_on(args[0].device)
        self.check(*(_in_one_dtype(args) if mixed else args))
        gradients = _gradients_wanted(args)  # without gradient kernels, recomputing would cost a forward
        plain = mixed or gradients or not self.backends
        if torch.compiler.is_compiling():  # the operator chooses its back end when the compiled graph runs
            return self.reference(*args) if plain else self.call(*args)
        forced = _forced.get()
        trainer = self._trainer(forced, args) if gradients else None
        if trainer is not None:
            return trainer(*args)
        if forced == "reference" or (forced == "auto" and plain):
            return self.reference(*args)
        backend = self.pick(*args)
        if backend is self.plain:
            return self.reference(*args)
        return backend.run(*args) if _nobody_listens(args) else self.call(*args)

    def pick(self, *args: Any) -> Backend:
        """The back end for this call, decided once per (forced name, dtype, device, shape class)."""
        first = args[0]
        key = (_forced.get(), first.dtype, first.device, self.shape_class(*args))
        backend = self._chosen.get(key)
        if backend is None:
            backend, passed_over = self.explain(*args)
            _LOG.debug("emoface::%s %s: %s (passed over: %s)", self.name, key, backend.name, passed_over)
            self._chosen[key] = backend
        return backend

    def _trainer(self, forced: str, args: tuple[Any, ...]) -> Callable[..., Any] | None:
        """What runs the call and has a gradient of its own kernels: on a GPU, or where the back end is forced."""
        for backend in self.backends:
            fits = forced == backend.name or (forced == "auto" and args[0].device.type == "cuda")
            if backend.train is not None and fits and backend.refusal(*args) is None:
                return backend.train
        return None

    def accelerates(self, lead: Tensor) -> bool:
        """Whether calls whose first argument is like this tensor run on a back end of their own."""
        plain = autocast_is_on(lead.device) or _gradients_wanted((lead,))
        return not plain and self.pick(lead) is not self.plain

    def explain(self, *args: Any) -> tuple[Backend, dict[str, str]]:
        """The back end for this call and, by name, why each better one was passed over.

        Raises:
            RuntimeError: when a back end is forced that cannot run the call.
        """
        forced = _forced.get()
        if forced == "reference":
            return self.plain, {}
        passed_over: dict[str, str] = {}
        for backend in self.backends:
            if forced not in ("auto", backend.name):
                continue
            reason = backend.refusal(*args)
            if forced == "auto" and backend.name == "triton" and args[0].device.type == "cpu":
                reason = "the interpreter is a test tool, used only when forced"
            if reason is None:
                return backend, passed_over
            passed_over[backend.name] = reason
        if forced != "auto":
            reason = passed_over.get(forced, "this operator has no such back end")
            raise RuntimeError(f"emoface::{self.name}: backend {forced!r} cannot run this call: {reason}")
        return self.plain, passed_over

    def _run(self, *args: Any) -> Any:
        self.check(*args)
        backend = self.pick(*args)
        outputs = backend.run(*args)
        if backend is not self.plain:
            return outputs
        # The fake promises dense outputs; PyTorch's may carry the strides of an input.
        return tuple(o.contiguous() for o in outputs) if isinstance(outputs, tuple) else outputs.contiguous()

    def _vjp(self, ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        args = list(ctx.others)
        for place, tensor in zip(ctx.places, ctx.saved_tensors):
            args[place] = tensor.detach().requires_grad_(ctx.needs_input_grad[place])
        wanted = [place for place in ctx.places if ctx.needs_input_grad[place]]
        with torch.enable_grad():
            outputs = self.reference(*args)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        reached = [(out, grad) for out, grad in zip(outputs, grads) if out.requires_grad and grad is not None]
        found = torch.autograd.grad(
            [out for out, _ in reached],
            [args[place] for place in wanted],
            [grad for _, grad in reached],
            allow_unused=True,
        )
        result: list[Tensor | None] = [None] * len(args)
        for place, grad in zip(wanted, found):
            result[place] = torch.zeros_like(args[place]) if grad is None else grad
        return tuple(result)


def _in_one_dtype(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments to be checked under autocast: those of other float types stand there in the first one's type."""
    lead = args[0]
    return tuple(
        lead.new_zeros(()).expand(arg.shape) if isinstance(arg, Tensor) and _may_differ(arg, lead) else arg
        for arg in args
    )


def _may_differ(arg: Tensor, lead: Tensor) -> bool:
    both = {arg.dtype, lead.dtype}
    return len(both) == 2 and both <= set(FLOATS) and arg.device == lead.device and arg.layout == torch.strided


def _gradients_wanted(args: tuple[Any, ...]) -> bool:
    return torch.is_grad_enabled() and any(isinstance(a, Tensor) and a.requires_grad for a in args)


_ORDINARY = frozenset((Tensor, torch.nn.Parameter, NoneType, int, bool, float))


def _nobody_listens(args: tuple[Any, ...]) -> bool:
    """Whether the dispatcher would only pass the call on: plain tensors of inference, without modes or transforms."""
    return (
        torch.is_inference_mode_enabled()
        and _get_current_dispatch_mode() is None
        and torch._C._functorch.peek_interpreter_stack() is None
        and not torch.autograd.profiler._is_profiler_enabled
        and not any(type(arg) not in _ORDINARY and isinstance(arg, Tensor) for arg in args)
    )


def _save_inputs(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.places = [place for place, value in enumerate(inputs) if isinstance(value, Tensor)]
    ctx.others = [None if isinstance(value, Tensor) else value for value in inputs]
    ctx.save_for_backward(*(inputs[place] for place in ctx.places))
