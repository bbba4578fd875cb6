"""Weights packed for the CPU kernels, kept as long as the tensors that they were packed from."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor

from . import native
from .native import DTYPES, address


def packed_matrices(weights: Tensor) -> Tensor:
    """Right-hand sides of products for the instruction set in use.

    Args:
        weights: (N, K) one matrix, (L, N, K) several, or (L, N, taps, K) those of convolutions.

    Returns:
        (L, words) int32.
    """
    assert native.CPU is not None
    if weights.dim() < 4:
        weights = weights.unsqueeze(-2)
    rows = (weights if weights.dim() == 4 else weights[None]).contiguous()
    sizes = DTYPES[rows.dtype], *rows.shape[1:]
    packed = torch.empty(len(rows), native.CPU.conv_words(*sizes), dtype=torch.int32)
    for matrix, words in zip(rows, packed):
        native.CPU.pack_conv(address(matrix), address(words), *sizes)
    return packed


def _state(tensor: Tensor) -> tuple[Hashable, ...]:
    """What changes when a tensor is written to, or is given other data."""
    return tensor._version, tensor.data_ptr(), tensor.shape, tensor.stride(), tensor.dtype


class PackedWeights:
    """Packs weights once and finds them again by their tensors.

    An entry is valid while its tensors live, have not been written to, and the instruction set is the same.
    """

    def __init__(self, pack: Callable[..., Any]) -> None:
        """Set up.

        Args:
            pack: ``pack(*tensors, *settings)`` makes what is kept.
        """
        self.pack = pack
        self.entries: dict[tuple[int, ...], tuple[list[Any], tuple[Hashable, ...], Any]] = {}
        self.lock = threading.Lock()

    def find(self, tensors: tuple[Tensor, ...], *settings: Hashable) -> Any:
        """What `pack` made of these tensors and settings, now or before."""
        assert native.CPU is not None
        for tensor in tensors:
            if tensor.is_inference():  # nobody can tell whether it was written to
                return self.pack(*tensors, *settings)
        key = tuple(map(id, tensors))
        state = (*map(_state, tensors), native.CPU.isa(), *settings)
        with self.lock:
            found = self.entries.get(key)
            if found is None or found[1] != state:
                guards = [weakref.ref(tensor, lambda _: self.entries.pop(key, None)) for tensor in tensors]
                found = self.entries[key] = (guards, state, self.pack(*tensors, *settings))
            return found[2]
