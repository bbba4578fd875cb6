"""Where a stage trains: on which device, in which precision, compiled or not, in one process or several.

One process needs torch alone. Several, started by torchrun, are joined by Lightning Fabric (extra ``scale``). Of the
libraries that are kept up it asks for least: it wraps the model and the optimizer, finds the devices and the other
processes, and leaves batches, seeds and saved states to us.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from emoface.device import find_device

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Hardware:
    """Runs the steps of one model.

    Attributes:
        device: of the model and its batches. products: dtype of matrix products, weights stay float32.
        rank, processes: which of how many processes this is.
    """

    def __init__(self, device: str = "auto", precision: str = "auto", compile: str = "auto") -> None:
        """Set up; several processes find each other here.

        Args:
            device: ``"cpu"``, ``"cuda"``, ``"cuda:N"``, or ``"auto"``: a GPU if there is one.
            precision: ``"float32"``, ``"bfloat16"`` (autocast), or ``"auto"``: bfloat16 on a GPU.
            compile: ``"no"``, a backend of torch.compile, or ``"auto"``: ``"inductor"`` on a GPU.

        Raises:
            ValueError: an unknown value, or a device that is not there.
            ImportError: several processes without the extra.
        """
        if precision not in ("auto", *PRECISIONS):
            raise ValueError(f"precision must be 'auto', 'float32' or 'bfloat16', got {precision!r}")
        found = find_device(device)
        if compile not in ("no", "auto") and compile not in torch.compiler.list_backends(exclude_tags=()):
            raise ValueError(f"compile must be 'no', 'auto' or a backend of torch.compile, got {compile!r}")
        on_gpu = found.type == "cuda"
        self.rank, self.processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        self._fabric = _fabric(found.type) if self.processes > 1 else None
        self.device = found if self._fabric is None else self._fabric.device
        if precision == "auto":
            precision = "bfloat16" if on_gpu else "float32"
        self.products = PRECISIONS[precision]
        self.backend = ("inductor" if on_gpu else "no") if compile == "auto" else compile

    @property
    def first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    def prepare(self, model: nn.Module, optimizer: Optimizer) -> Callable[..., Any]:
        """The model to call in training: moved, compiled and kept equal in all processes.

        ``model`` stays the one to save; its parameters are those of the one returned.
        """
        model.to(self.device)
        called = model if self.backend == "no" else torch.compile(model, backend=self.backend, dynamic=True)
        return called if self._fabric is None else self._fabric.setup(called, optimizer)[0]

    def autocast(self) -> AbstractContextManager:
        """Matrix products in :attr:`products`."""
        return torch.autocast(self.device.type, self.products, enabled=self.products != torch.float32)

    def gathering(self, model: Callable[..., Any], last: bool) -> AbstractContextManager:
        """Forward and backward of one of several parts of a step; only the last exchanges gradients."""
        return nullcontext() if self._fabric is None else self._fabric.no_backward_sync(model, enabled=not last)

    def backward(self, loss: Tensor) -> None:
        """Add the loss' gradients; with several processes, their mean over the processes."""
        if self._fabric is None:
            loss.backward()
        else:
            self._fabric.backward(loss)

    def close(self) -> None:
        """Wait for the other processes and part from them."""
        if self._fabric is not None:
            self._fabric.barrier()
            torch.distributed.destroy_process_group()


def _fabric(accelerator: str) -> Any:
    try:
        from lightning_fabric import Fabric
    except ImportError as error:
        raise ImportError("several processes need the extra scale: pip install 'emoface[scale]'") from error
    local = int(os.environ["LOCAL_WORLD_SIZE"])
    nodes = int(os.environ["WORLD_SIZE"]) // local
    fabric = Fabric(accelerator=accelerator, devices=local, num_nodes=nodes, strategy="ddp", precision="32-true")
    fabric.launch()
    return fabric
