"""The speech encoder: what is said, as features of a voice that differ little from speaker to speaker."""

from __future__ import annotations

from torch import Tensor, nn

from emoface.audio.convolution import TimeConv
from emoface.audio.features import MEL_BINS, MEL_PER_FRAME, by_frame
from emoface.audio.lip_net import ChannelNorm, DilatedBlock

_KERNEL = 3
_STEM_KERNEL = 5


class SpeechEncoder(nn.Module):
    """Features at 50 Hz from normalised log-mels.

    Residual blocks at 50 Hz hear what is short, such as bursts and closures; wider ones at 25 Hz, one frame for each
    motion frame, hear the syllables around it at half the cost, and their outputs are added to those of the former.

    Args:
        width: channels W of the features. blocks: residual blocks at 50 Hz, dilations 1, 2, 4 in turn.
        deep_width: channels at 25 Hz. deep_blocks: residual blocks there, dilations 1, 2, 4 in turn.
        dropout: while training.

    Attributes:
        reach: motion frames to each side on which a frame's features depend.
    """

    def __init__(
        self, width: int = 160, blocks: int = 3, deep_width: int = 256, deep_blocks: int = 3, dropout: float = 0.0
    ) -> None:
        super().__init__()
        for name, value in (("width", width), ("deep_width", deep_width)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        dilations, deep_dilations = ([2 ** (i % 3) for i in range(count)] for count in (blocks, deep_blocks))
        self.width = width
        self.stem = TimeConv(MEL_BINS, width, _STEM_KERNEL, padding=_STEM_KERNEL // 2)
        self.blocks = nn.ModuleList(DilatedBlock(width, _KERNEL, d, dropout) for d in dilations)
        self.down = TimeConv(MEL_PER_FRAME * width, deep_width, 1)
        self.deep_blocks = nn.ModuleList(DilatedBlock(deep_width, _KERNEL, d, dropout) for d in deep_dilations)
        self.up = TimeConv(deep_width, MEL_PER_FRAME * width, 1)
        self.norm = ChannelNorm(width)
        short = _STEM_KERNEL // 2 + _KERNEL // 2 * sum(dilations)  # mel frames
        self.reach = -(-short // MEL_PER_FRAME) + _KERNEL // 2 * sum(deep_dilations)

    def forward(self, mel: Tensor) -> Tensor:
        """Encode a voice.

        Args:
            mel: (B, 2 T, 64) log-mels normalised as by ``emoface.audio.normalize``.

        Returns:
            (B, 2 T, W) features, each frame of mean 0 and variance 1 before the norm's learnt gain and shift.

        Raises:
            ValueError: ``mel`` has another shape.
        """
        if mel.ndim != 3 or mel.shape[2] != MEL_BINS or mel.shape[1] % MEL_PER_FRAME:
            raise ValueError(f"mel must have shape (B, 2 T, {MEL_BINS}), got {tuple(mel.shape)}")
        x = self.stem(mel)  # (B, 2 T, W)
        for block in self.blocks:
            x = block(x)
        deep = self.down(by_frame(x))  # (B, T, D)
        for block in self.deep_blocks:
            deep = block(deep)
        x = x + self.up(deep).unflatten(2, (MEL_PER_FRAME, self.width)).flatten(1, 2)
        return self.norm.norm(x)
