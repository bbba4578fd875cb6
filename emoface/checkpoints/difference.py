"""Checkpoints told by what differs from the default one: its student so takes a fifth of its size.

The difference of a large weight is stored in 8 bits with a scale for each row: ``w = w_base + scale q`` with whole q of
at most 127 and ``scale = max_row |w - w_base| / 127``. Small weights, and those that the default checkpoint lacks, are
stored whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

SCALE = "scale."
"""Before the name of a weight: the scales of its difference."""
LEVELS = 127
SMALL = 1024
"""Weights of at most so many numbers are stored whole, and in float32."""


def difference(tensors: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What of a checkpoint is to be stored beside its base.

    Args:
        tensors: float32 weights of the checkpoint. base: those of the default one.

    Returns:
        Tensors by name: int8 differences (N, ...) with float32 scales (N, 1, ...) under ``SCALE`` and the name, whole
        weights otherwise; what does not differ is left out.

    Raises:
        ValueError: a weight of the base is missing or has another shape.
    """
    stored = {}
    for name, own in base.items():
        if name not in tensors or tensors[name].shape != own.shape:
            found = tuple(tensors[name].shape) if name in tensors else "none"
            raise ValueError(f"a difference needs all weights of its base: {name} {tuple(own.shape)}, got {found}")
    for name, weights in tensors.items():
        if name in base and torch.equal(weights, base[name]):
            continue
        large = weights.is_floating_point() and weights.numel() > SMALL
        if name not in base or not large:
            stored[name] = weights.half() if large else weights
            continue
        change = weights - base[name]
        scale = change.abs().amax(tuple(range(1, change.dim())), keepdim=True) / LEVELS  # (N, 1, ...)
        stored[name] = torch.where(scale > 0, change / scale, 0.0).round().to(torch.int8)
        stored[SCALE + name] = scale
    return stored


def restored(stored: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a checkpoint from what :func:`difference` gave.

    Args:
        stored: tensors of the file, float16 already widened. base: weights of the default checkpoint.

    Returns:
        All weights by name.

    Raises:
        ValueError: a difference of a weight that the base lacks, of another shape, or without its scales.
    """
    found = dict(base)
    for name, tensor in stored.items():
        if name.startswith(SCALE):
            continue
        scale = stored.get(SCALE + name)
        if scale is None:
            found[name] = tensor
            continue
        rows = (len(tensor), *(1,) * (tensor.dim() - 1)) if tensor.dim() else ()
        if name not in base or tensor.shape != base[name].shape or tensor.dtype != torch.int8 or scale.shape != rows:
            shape = tuple(base[name].shape) if name in base else "no such weight"
            raise ValueError(f"the difference of {name!r} must fit the base ({shape}), got shape {tuple(tensor.shape)}")
        found[name] = base[name] + scale * tensor.float()
    return found


def parts_of(config: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a config that differ from the base's."""
    return {name: part for name, part in config.items() if name != "format" and part != base.get(name)}
