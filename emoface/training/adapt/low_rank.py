"""Low-rank changes of a frozen network while they are trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call


class LowRank(nn.Module):
    """A frozen network whose weights are ``W + out in`` (Hu et al. 2021, arXiv 2106.09685), or ``W + add``.

    ``out`` and ``add`` begin at zero, so that the network begins as it is.
    """

    def __init__(self, network: nn.Module, matrices: Sequence[str], whole: Sequence[str], rank: int) -> None:
        """Set up.

        Args:
            network: in eval mode, its parameters frozen. matrices: names of weights (n, ...) that get a low rank;
                what follows the first dimension is taken together. whole: names of weights that change in full.
            rank: r.
        """
        super().__init__()
        self._network = [network]  # in a list, so that its weights are not this module's
        self._base = {name: value.detach() for name, value in network.named_parameters()}
        self.matrices, self.whole = tuple(matrices), tuple(whole)
        wide = [self._base[name][0].numel() for name in self.matrices]
        self.inner = nn.ParameterList(torch.randn(rank, size) / math.sqrt(size) for size in wide)
        self.outer = nn.ParameterList(torch.zeros(len(self._base[name]), rank) for name in self.matrices)
        self.add = nn.ParameterList(torch.zeros_like(self._base[name]) for name in self.whole)

    def weights(self) -> dict[str, Tensor]:
        """The changed weights by name."""
        base = self._base
        found = {
            name: base[name] + (outer @ inner).view_as(base[name])
            for name, outer, inner in zip(self.matrices, self.outer, self.inner)
        }
        return found | {name: base[name] + add for name, add in zip(self.whole, self.add)}

    def call(self, *arguments: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """What the changed network gives."""
        return functional_call(self._network[0], self.weights(), arguments)  # type: ignore[no-any-return]

    def tensors(self, part: str) -> dict[str, Tensor]:
        """The changes as an :class:`emoface.people.Adapter` holds them, under the name of a part."""
        found: dict[str, Tensor] = {}
        for name, outer, inner in zip(self.matrices, self.outer, self.inner):
            found[f"{part}.{name}.out"], found[f"{part}.{name}.in"] = outer.detach(), inner.detach()
        return found | {f"{part}.{name}.add": add.detach() for name, add in zip(self.whole, self.add)}
