"""Sounds of a voice that are no words: laughter, breaths, sighs, coughs and humming, found frame by frame.

The net reads log-mels alone, so that it goes with every checkpoint. It looks 80 ms ahead and 1.3 s back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from emoface.face.nonverbal import SOUNDS
from emoface.kernels import time_conv
from emoface.reading import Arrays

from .convolution import TimeConv
from .features import MEL_BINS, MEL_PER_FRAME, by_frame

AHEAD = 2
"""Motion frames after a frame that its classes depend on."""
WEIGHTS = Path(__file__).with_name("nonverbal.npz")
_KERNEL = 3
_DILATIONS = (1, 2, 4, 8)
BACK = 1 + (_KERNEL - 1) * sum(_DILATIONS)
"""Motion frames before a frame that its classes depend on."""


_HUM = SOUNDS.index("hum")
_LOW, _MIDDLE, _HIGH = slice(0, 10), slice(12, 27), slice(27, 48)
"""Mel bins below 500 Hz, from 600 to 1500 Hz, and from there to 4 kHz."""
_ROUND, _SPREAD, _RAMP = -4.8, -10.0, 0.9
"""Nats above the strongest low bin from which the others tell an open mouth, as in u and in i, and over how many."""


class NonverbalNet(nn.Module):
    """Normalised log-mels -> logits of "no such sound" and of each of ``SOUNDS``: dilated convolutions at 25 Hz.

    Args:
        width: channels.

    Attributes:
        taps: the weights of ``near`` with a third tap of zeros, kept where they do not change any more.
    """

    taps: Tensor | None = None

    def __init__(self, width: int = 40) -> None:
        super().__init__()
        self.width = width
        self.stem = TimeConv(MEL_PER_FRAME * MEL_BINS, width, _KERNEL)
        self.near = nn.Conv1d(width, width, AHEAD)  # the second and last that looks ahead
        self.wide = nn.ModuleList(TimeConv(width, width, _KERNEL, dilation=d) for d in _DILATIONS)
        self.point = nn.ModuleList(TimeConv(width, width, 1) for _ in _DILATIONS)
        self.head = TimeConv(width, 1 + len(SOUNDS), 1)

    def forward(self, mel: Tensor) -> Tensor:
        """Classify frames that have ``BACK`` frames before and ``AHEAD`` behind them.

        Args:
            mel: (B, 2 (BACK + T + AHEAD), 64) log-mels normalised as by ``emoface.audio.normalize``.

        Returns:
            (B, T, 6) logits.
        """
        x = by_frame(mel).clamp(-4, 4)  # (B, BACK + T + AHEAD, 128)
        x = self.stem(x, gelu=True)[:, 1:-1]  # frames that hear beyond the ends are left out
        near = self.padded() if self.taps is None else self.taps
        assert self.near.bias is not None
        x = x[:, :-1] + time_conv(x, near, self.near.bias, gelu=True)[:, 1:]
        for wide, point, dilation in zip(self.wide, self.point, _DILATIONS):
            y = wide(nn.functional.gelu(x), gelu=True)[:, dilation:-dilation]
            x = point(y, residual=x[:, -y.shape[1] :])
        return self.head(nn.functional.gelu(x))

    def padded(self) -> Tensor:
        """The weights of ``near`` with a third tap of zeros, for what it convolves has an odd number of them."""
        return nn.functional.pad(self.near.weight, (0, 1))


@dataclass
class NonverbalListener:
    """Listens to a voice that arrives in windows; what it keeps between them is ``past``.

    Attributes:
        past: (2 BACK, 64) normalised log-mels before the next frame.
    """

    past: Tensor = field(default_factory=lambda: torch.full((MEL_PER_FRAME * BACK, MEL_BINS), -4.0))

    def hear(self, mel: Tensor, frames: int) -> Tensor:
        """How surely each sound is heard in the next frames, (T, 5): :func:`certainties` of :meth:`rows`."""
        return certainties(self.rows(mel, frames)[None])[0]

    def rows(self, mel: Tensor, frames: int) -> Tensor:
        """What the net reads of the next frames.

        Args:
            mel: (2 (T + n), 64) normalised log-mels of the next T frames and of n that follow them. What is missing
                of the ``AHEAD`` frames that the net looks ahead is taken to go on as the last one.
            frames: T.

        Returns:
            (2 (BACK + T + AHEAD), 64).
        """
        mel = mel[: MEL_PER_FRAME * (frames + AHEAD)].cpu()
        missing = MEL_PER_FRAME * (frames + AHEAD) - len(mel)
        rows = torch.cat([self.past, mel, mel[-1:].expand(missing, -1)])
        self.past = rows[MEL_PER_FRAME * frames :][: MEL_PER_FRAME * BACK].clone()
        return rows


def certainties(rows: Tensor) -> Tensor:
    """How surely each sound is heard in what :meth:`NonverbalListener.rows` gives.

    Args:
        rows: (B, 2 (BACK + T + AHEAD), 64).

    Returns:
        (B, T, 5) float32, 0..1, in the order of ``SOUNDS``; no voice changes another's.
    """
    return nonverbal_net()(rows).softmax(-1)[..., 1:]


def told_apart(sure: Tensor, mel: Tensor) -> Tensor:
    """Certainties without humming where the mouth is open, :func:`murmur`: the net takes a held u or i for it.

    Args:
        sure: (T, 5) of :func:`certainties`. mel: (2 T, 64) log-mels of the same frames at least, not normalised.

    Returns:
        (T, 5), a new tensor.
    """
    shut = murmur(mel[: MEL_PER_FRAME * len(sure)].cpu())[:, None]
    return torch.cat([sure[:, :_HUM], sure[:, _HUM : _HUM + 1] * shut, sure[:, _HUM + 1 :]], 1)


def murmur(mel: Tensor) -> Tensor:
    """How far a voice may come from behind closed lips.

    Beside its strongest partial below 500 Hz, a murmur has little from 600 to 1500 Hz, and less beyond.

    Args:
        mel: (2 T, 64) log-mels, not normalised.

    Returns:
        (T,) 0..1.
    """
    low, middle, high = (mel[:, band].amax(1) for band in (_LOW, _MIDDLE, _HIGH))  # (2 T,)
    opened = torch.maximum((middle - low - _ROUND) / _RAMP, (high - low - _SPREAD) / _RAMP).clamp(0, 1)
    return 1 - opened.unflatten(0, (-1, MEL_PER_FRAME)).mean(1)


@dataclass(frozen=True)
class Bar:
    """When a sound counts.

    Attributes:
        begin: least mean certainty over the frames in which it begins. frames: so many. go_on: least certainty,
            averaged over as many frames, while it lasts.
    """

    begin: float
    frames: int
    go_on: float


BARS: dict[str, Bar] = {
    "laugh": Bar(0.6, 6, 0.3), "breath": Bar(0.8, 4, 0.4), "sigh": Bar(0.75, 8, 0.4), "cough": Bar(0.6, 3, 0.3),
    "hum": Bar(0.8, 8, 0.4),
}  # fmt: skip
"""Bar of each sound: none of them is reached once a minute by speech without the sound."""


class SoundGate:
    """Decides which sound there is, from certainties that arrive in pieces; one at a time."""

    def __init__(self) -> None:
        longest = max(bar.frames for bar in BARS.values())
        self.past = np.zeros((longest - 1, len(SOUNDS)))
        self.now = -1  # number of the sound that lasts

    def decide(self, certainty: np.ndarray) -> np.ndarray:
        """Which sound there is in the next frames.

        Args:
            certainty: (T, 5) of a :class:`NonverbalListener`.

        Returns:
            (T, 5) bool, at most one a frame.
        """
        rows = np.concatenate([self.past, certainty.astype(np.float64)])  # (P + T, 5)
        past, frames = len(self.past), len(certainty)
        means = np.empty((frames, len(SOUNDS)))
        for sound, name in enumerate(SOUNDS):
            width = BARS[name].frames
            within = np.arange(frames)[:, None] + np.arange(past - width + 1, past + 1)  # (T, width)
            means[:, sound] = rows[within, sound].mean(1)
        self.past = rows[frames:].copy()
        begin = means >= [bar.begin for bar in BARS.values()]
        go_on = means >= [bar.go_on for bar in BARS.values()]
        active = np.zeros((frames, len(SOUNDS)), bool)
        if self.now < 0 and not begin.any():
            return active
        for k in range(frames):
            if self.now >= 0 and not go_on[k, self.now]:
                self.now = -1
            if begin[k].any():
                likeliest = int(np.argmax(np.where(begin[k], means[k], 0)))
                if self.now < 0 or means[k, likeliest] > means[k, self.now]:
                    self.now = likeliest
            if self.now >= 0:
                active[k, self.now] = True
        return active


@lru_cache(maxsize=1)
def nonverbal_net() -> NonverbalNet:
    """The net that comes with the package, trained by ``emoface train nonverbal``."""
    with torch.inference_mode(False):  # weights made in inference mode are packed anew for every call
        with Arrays(WEIGHTS) as arrays:
            tensors = {name: torch.from_numpy(np.asarray(arrays[name], np.float32).copy()) for name in arrays}
        with torch.device("meta"):  # else random first weights would be drawn from the caller's generator
            net = NonverbalNet(tensors["head.weight"].shape[1])
        net.load_state_dict(tensors, assign=True)
        net.taps = net.padded().detach()
        return net.eval().requires_grad_(False)
