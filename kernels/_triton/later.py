"""Triton back ends that are imported when a call first needs one: Triton takes 70 MB and a fifth of a second."""

from __future__ import annotations

import importlib
import os
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from .._contract.op import Backend


def triton_backend(name: str, trains: bool = False) -> Backend:
    """The back end BACKEND of the module triton_kernel of an operator; `trains` where it has gradient kernels."""

    def kernel() -> Backend:
        return importlib.import_module(f"emoface.kernels.{name}.triton_kernel").BACKEND

    def why_not(lead: Tensor, *rest: Any) -> str | None:
        if lead.device.type == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
            return "CPU tensors need TRITON_INTERPRET=1, set before the first import"
        return kernel().why_not(lead, *rest)

    def run(lead: Tensor, *rest: Any) -> Any:
        with torch.cuda.device(lead.device) if lead.is_cuda else nullcontext():  # it need not be the current one
            return kernel().run(lead, *rest)

    def train(*args: Any) -> Any:
        with_gradient = kernel().train
        assert with_gradient is not None
        return with_gradient(*args)

    return Backend("triton", run, ("cuda", "cpu"), why_not, train if trains else None)
