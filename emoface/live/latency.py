"""Latency profiles: how far a performance hears ahead, and how often it gives frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emoface.diffusion.finish import Sampling
from emoface.diffusion.windows import SlidingPlan
from emoface.face.layout import FPS


@dataclass(frozen=True)
class Latency:
    """How a voice is performed while it arrives.

    Attributes:
        plan: the windows. steps: network calls per window, at most, where none are asked for. Frames that follow each
            other see much the same noise, so few steps do.
        following: share, at least, of what is heard faster than the denoiser moves the lips, as ``Sampling.following``:
            it makes up for what a window misses behind its end.
        closing: added to the logits of closures, at least, as ``Sampling.closing``. Chosen on every second Berlin
            recording: without it, lips that hear nothing ahead miss one bilabial in ten; beyond 2 open vowels suffer.
    """

    plan: SlidingPlan
    steps: int = 2
    following: float = 0.5
    closing: float = 0.0

    def of(self, sampling: Sampling) -> Sampling:
        """How motion is sampled with this latency, where a checkpoint's recordings are sampled so."""
        following, closing = max(sampling.following, self.following), max(sampling.closing, self.closing)
        return replace(sampling, following=following, closing=closing)

    @property
    def lookahead(self) -> float:
        """Seconds of audio behind a frame's own that the frame needs, at 25 fps, everything counted."""
        return self.plan.lookahead / FPS

    @property
    def hop(self) -> float:
        """Seconds of audio after which the next frames come."""
        return self.plan.hop / FPS


PROFILES = {
    "live": Latency(SlidingPlan(window=40, hop=2, lookahead=2)),
    "instant": Latency(SlidingPlan(window=40, hop=2, lookahead=0), closing=1.5),
}
"""Profiles of streams by name."""
LATENCIES = ("file", *PROFILES)
"""All profiles; ``"file"`` hears whole windows and is for recordings alone."""
