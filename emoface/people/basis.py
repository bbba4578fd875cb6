"""The style basis: what statistics of a reference clip add inside the denoiser and the lip net.

After Model See Model Do (arXiv 2505.01319), where a style's basis is added at every step of the diffusion. Here a small
network maps the statistics to additions at fixed places: the input, scale and shift of every block's
AdaIN, gain and offset of the output, gain and offset of the lip net's curves. All of them are changes of biases and of
rows of weights, so they are added to the weights once and no operator knows of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from emoface import checks

from .weights import Change


@dataclass(frozen=True)
class BasisConfig:
    """Sizes of a basis.

    Attributes:
        statistics: D. hidden: width. channels, blocks, motion: of the denoiser. mouth: curves of the lip net.
    """

    statistics: int
    channels: int
    blocks: int
    motion: int
    mouth: int
    hidden: int = 64

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            checks.whole(name, value, 1, 1 << 16)


@dataclass(frozen=True)
class StyleAddition:
    """What B styles add.

    Attributes:
        entrance: (B, C) to the input. adain: (B, blocks, 2, C) to scale and shift.
        gain, offset: (B, motion) of the output: ``(1 + gain) x + offset``. lip_gain, lip_offset: (B, mouth) of curves.
    """

    entrance: Tensor
    adain: Tensor
    gain: Tensor
    offset: Tensor
    lip_gain: Tensor
    lip_offset: Tensor


class StyleBasis(nn.Module):
    """From statistics of a clip to what they add; nothing, as it begins."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: BasisConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.statistics))
        self.register_buffer("deviation", torch.ones(config.statistics))
        self.read = nn.Sequential(
            nn.Linear(2 * config.statistics, config.hidden), nn.GELU(),
            nn.Linear(config.hidden, config.hidden), nn.GELU(),
        )  # fmt: skip
        self.inside = nn.Linear(config.hidden, config.channels * (1 + 2 * config.blocks), bias=False)
        self.around = nn.Linear(config.hidden, 2 * (config.motion + config.mouth), bias=False)
        for linear in (self.inside, self.around):
            nn.init.zeros_(linear.weight)

    def forward(self, statistics: Tensor) -> StyleAddition:
        """Read styles.

        Args:
            statistics: (B, D), see :class:`emoface.face.manner_statistics.MannerStatistics`; NaN where not known.
        """
        config, known = self.config, torch.isfinite(statistics)
        scaled = ((statistics.nan_to_num() - self.mean) / self.deviation).clamp(-4, 4)
        hidden = self.read(torch.cat([torch.where(known, scaled, 0.0), known.to(scaled)], -1))  # (B, hidden)
        entrance, adain = self.inside(hidden).split([config.channels, 2 * config.blocks * config.channels], -1)
        sizes = [config.motion, config.motion, config.mouth, config.mouth]
        gain, offset, lip_gain, lip_offset = self.around(hidden).split(sizes, -1)
        return StyleAddition(
            entrance, adain.unflatten(-1, (config.blocks, 2, config.channels)), gain, offset, lip_gain, lip_offset
        )

    def changes(
        self, statistics: Tensor, denoiser: Mapping[str, Tensor], lips: Mapping[str, Tensor]
    ) -> dict[str, Change]:
        """The additions of one style as changes of weights.

        Args:
            statistics: (D,). denoiser, lips: the weights that they belong to, by name.

        Returns:
            Part -> weight -> change.
        """
        with torch.no_grad():
            added = self(statistics[None].to(self.mean))
        around: Change = {"enter.bias": added.entrance[0]}
        for place, both in enumerate(added.adain[0]):
            around[f"blocks.{place}.style.bias"] = both.flatten()
        gain, offset = added.gain[0], added.offset[0]
        around["leave.weight"] = gain[:, None] * denoiser["leave.weight"]
        around["leave.bias"] = gain * denoiser["leave.bias"] + offset
        own = slice(0, self.config.mouth)
        heard: Change = {name: torch.zeros_like(lips[name]) for name in ("head.weight", "head.bias")}
        heard["head.weight"][own] = added.lip_gain[0][:, None, None] * lips["head.weight"][own]
        heard["head.bias"][own] = added.lip_gain[0] * lips["head.bias"][own] + added.lip_offset[0]
        return {"denoiser": around, "lips": heard}

    def describe(self) -> dict[str, Any]:
        """The config as a JSON-able dict."""
        return asdict(self.config)
