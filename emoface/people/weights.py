"""Networks with somebody's changes added to their weights: what runs them, native code included, stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

Change = dict[str, Tensor]
"""What is added to weights, by their names."""
Network = TypeVar("Network", bound=nn.Module)


def with_changes(network: Network, changes: Mapping[str, Tensor]) -> Network:
    """A copy of a network with ``weight + change``; weights without a change are shared with the original.

    Args:
        network: in eval mode. changes: by name of a parameter, of its shape.

    Returns:
        The copy, whose parameters need no gradients; the network itself if there are no changes.

    Raises:
        ValueError: a change of a parameter that the network lacks, or of another shape.
    """
    if not changes:
        return network
    own = dict(network.named_parameters())
    for name, change in changes.items():
        if name not in own or own[name].shape != change.shape:
            shape = tuple(own[name].shape) if name in own else "no such weight"
            raise ValueError(f"change of {name!r} must fit the network ({shape}), got shape {tuple(change.shape)}")
    with torch.inference_mode(False), torch.no_grad():
        shared = {id(value): value for value in (*own.values(), *network.buffers())}
        other = copy.deepcopy(network, shared)
        for name, change in changes.items():
            place, _, leaf = name.rpartition(".")
            value = own[name].detach() + change.to(own[name])
            setattr(other.get_submodule(place), leaf, nn.Parameter(value, requires_grad=False))
    return other
