"""What a person does with the face beside what a checkpoint makes of the same voice: the person's adapter.

Every channel of the mouth that was captured gets a gain, the slope of the person's motion over the checkpoint's, and
every captured channel an offset, the median of what is left. What then is left of the mouth is explained by the
channels with which lips speak, a ridge regression. :func:`emoface.face.person_motion.as_person` lays all this over the
motion. Changes that bring the clips which stop the training no nearer are left out. Changes of the networks' weights
were tried: they brought a person's own clips little nearer, and cost strangers' lips up to .07 r.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from emoface import checks
from emoface.audio.features import SAMPLE_RATE
from emoface.checkpoints import content_digest
from emoface.face.layout import FPS, JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE, MOUTH, NECK
from emoface.face.manner_statistics import NOT_MANNER
from emoface.face.person_motion import SPEAKING, as_person
from emoface.metrics.following import best_lag, pooled_correlation, shifted
from emoface.people import Adapter
from emoface.pipeline import Pipeline

from .clips import PersonClip, Split
from .figures import Comparison, compare
from .heeded import PLAIN, as_long

LEAST_SECONDS = 20.0
"""Seconds of motion from which a person can be learnt."""
LEAST_SPREAD = 0.02
"""Spread of jawOpen below which a mouth does not move."""
LEAST_FOLLOWING = 0.15
"""Pooled r of the jaw with what is heard below which motion does not belong to the sound."""
LATEST = 5
"""Frames of lag that are searched."""
LITTLE = 0.03
"""Spread, a weight or radians, below which the ridge holds back what follows a channel as it does at this spread."""
UNMOVED = 1e-3
"""Spread below which the checkpoint does not move a channel."""
_JAW = MOTION_INDEX["jaw_pose_x"]
_LEFT_ALONE = sorted({*NECK, *NOT_MANNER})


@dataclass(frozen=True)
class AdaptConfig:
    """Settings of the training.

    Attributes:
        narrowest, widest: bounds of a gain.
        ridge: how strongly what follows other channels is drawn to nothing, beside their spread.
    """

    narrowest: float = 0.25
    widest: float = 2.0
    ridge: float = 1.0

    def __post_init__(self) -> None:
        checks.number("narrowest", self.narrowest, 0, 1)
        checks.number("widest", self.widest, 1, 4)
        checks.number("ridge", self.ridge, above=0)


@dataclass(frozen=True)
class Adapted:
    """What the training gives.

    Attributes:
        adapter: what was learnt. comparison: the held-out clips with it and without. seconds: it took.
    """

    adapter: Adapter
    comparison: Comparison
    seconds: float

    @property
    def supported(self) -> bool:
        """Whether the clips support it: held-out lips are nearer than the checkpoint's."""
        return self.comparison.gain > 0


def adapt(
    pipeline: Pipeline,
    split: Split,
    config: AdaptConfig | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Adapted:
    """Learn a person from clips.

    Args:
        pipeline: the checkpoint. split: the person's clips. config: settings, the defaults if None.
        progress: called with what is done and the finished share of it.

    Returns:
        The adapter with its figures on the held-out clips; whether it is of use is for the caller to judge.

    Raises:
        ValueError: too little motion, a mouth that does not move or does not follow the sound, or a checkpoint of the
            first layout.
    """
    settings = config or AdaptConfig()
    if len(pipeline.mean) != MOTION_SIZE:
        raise ValueError("pipeline must be of the layout with a head that turns")
    began = time.monotonic()
    tell = progress or (lambda what, share: None)
    check_amount(split)
    made = _made(pipeline, split.training, tell)
    lag = check_following(split.training, made)
    lessons = np.concatenate(made), _shown(split.training)
    ours, theirs = np.concatenate(_made(pipeline, split.stopping, tell)), _shown(split.stopping)
    gain, offset = manner_of(*lessons, settings)
    nearer = _nearer(ours, _laid(ours, gain, offset), theirs)
    gain, offset = np.where(nearer, gain, 1.0), np.where(nearer, offset, 0.0)
    mixture, shift = mixture_of(*lessons, gain, offset, settings)
    nearer = _nearer(_laid(ours, gain, offset), _laid(ours, gain, offset + shift, mixture), theirs)
    mixture, offset = np.where(nearer[:, None], mixture, 0.0), offset + np.where(nearer, shift, 0.0)
    seconds = sum(len(clip.motion) for clip in split.training) / FPS
    facts: dict[str, Any] = {
        "seconds": round(seconds, 1), "clips": len(split.training), "lag_frames": lag, "config": asdict(settings),
    }  # fmt: skip
    laid = {"gain": gain - 1, "offset": offset, "mixture": mixture}
    tensors = {f"motion.{name}.add": torch.from_numpy(change).half() for name, change in laid.items()}
    style = pipeline.sampling.style
    adapter = Adapter(pipeline.checkpoint.sha256, style, tensors, facts, content_digest(tensors, facts), "new adapter")
    tell("compare", 0.0)
    comparison = compare(pipeline, adapter, split)
    facts["figures"] = comparison.as_dict()
    return Adapted(adapter, comparison, time.monotonic() - began)


def _made(
    pipeline: Pipeline, clips: Sequence[PersonClip], tell: Callable[[str, float], None]
) -> list[np.ndarray]:  # fmt: skip
    """What the checkpoint makes of the clips' voices, (T, 56) each."""
    takes = []
    for number, clip in enumerate(clips):
        tell("listen", number / len(clips))
        take = pipeline.animate(clip.samples, sample_rate=SAMPLE_RATE, emotion="neutral", **PLAIN)
        takes.append(as_long(take.motion, len(clip.motion)))
    return takes


def _shown(clips: Sequence[PersonClip]) -> np.ndarray:
    """Motion (T, 56) of clips one after another; NaN where it is not known, and in what chance times."""
    motion = np.concatenate([clip.motion for clip in clips])
    motion[:, _LEFT_ALONE] = np.nan
    return motion


def manner_of(made: np.ndarray, shown: np.ndarray, settings: AdaptConfig) -> tuple[np.ndarray, np.ndarray]:
    """Gain and offset (56,) of channels.

    Args:
        made: (T, 56) by the checkpoint. shown: (T, 56) by the person, NaN where it is not known.
        settings: bounds of the gains.
    """
    gain, offset = np.ones(MOTION_SIZE), np.zeros(MOTION_SIZE)
    for channel in range(MOTION_SIZE):
        known = np.isfinite(shown[:, channel])
        if not known.any():
            continue
        ours, theirs = made[known, channel].astype(np.float64), shown[known, channel]
        if channel in MOUTH and ours.std() > UNMOVED:
            slope = np.mean((ours - ours.mean()) * (theirs - theirs.mean())) / ours.var()
            gain[channel] = np.clip(slope, settings.narrowest, settings.widest)
    moved = _laid(made, gain, offset)
    seen = np.isfinite(shown).any(0)
    offset[seen] = np.nanmedian((shown - moved)[:, seen], 0)
    return gain, offset


def mixture_of(
    made: np.ndarray, shown: np.ndarray, gain: np.ndarray, offset: np.ndarray, settings: AdaptConfig
) -> tuple[np.ndarray, np.ndarray]:
    """How channels of the mouth follow those with which lips speak, beyond gain and offset.

    Args:
        made: (T, 56) by the checkpoint. shown: (T, 56) by the person, NaN where it is not known.
        gain, offset: (56,) of :func:`manner_of`. settings: the ridge.

    Returns:
        (56, 56) mixture, and (56,) what it adds to the offset.
    """
    mixture, shift = np.zeros((MOTION_SIZE, MOTION_SIZE)), np.zeros(MOTION_SIZE)
    driving = [channel for channel in SPEAKING if made[:, channel].std() > UNMOVED]
    spread = made[:, driving].std(0).clip(LITTLE)
    standard = (made[:, driving] - made[:, driving].mean(0)) / spread  # (T, D)
    left = shown - _laid(made, gain, offset)
    for channel in MOUTH:
        known = np.isfinite(left[:, channel])
        if not known.any() or not driving:
            continue
        rows, wanted = standard[known], left[known, channel]
        gram = rows.T @ rows + settings.ridge * len(rows) * np.eye(len(driving))
        mixture[channel, driving] = np.linalg.solve(gram, rows.T @ (wanted - wanted.mean())) / spread
        shift[channel] = np.median(wanted - made[known] @ mixture[channel])
    return mixture, shift


def _nearer(before: np.ndarray, after: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Which channels (56,) of motion (T, 56) a change brings nearer to what was shown."""
    return np.nansum(np.abs(after - shown), 0) < np.nansum(np.abs(before - shown), 0)


def _laid(made: np.ndarray, gain: np.ndarray, offset: np.ndarray, mixture: np.ndarray | None = None) -> np.ndarray:
    """Motion (T, 56) in a person's manner."""
    mixture = np.zeros((MOTION_SIZE, MOTION_SIZE)) if mixture is None else mixture
    return as_person(*(torch.from_numpy(np.asarray(one, np.float64)) for one in (made, gain, offset, mixture))).numpy()


def check_amount(split: Split) -> None:
    """Refuse clips that show too little, or a mouth that does not move.

    Raises:
        ValueError: as it says.
    """
    seconds = sum(np.isfinite(clip.motion[:, _JAW]).sum() for clip in split.training) / FPS
    if seconds < LEAST_SECONDS or not split.stopping or not split.held_out:
        raise ValueError(
            f"clips must show the jaw for {LEAST_SECONDS:g} s beside what is held out, got {seconds:.1f} s: film more"
        )
    spread = float(np.nanstd(np.concatenate([clip.motion[:, _JAW] for clip in split.training]))) / JAW_OPEN_RADIANS
    if spread < LEAST_SPREAD:
        raise ValueError(f"clips must show a mouth that moves, got a jaw that varies by {spread:.3f} of its range")


def check_following(clips: Sequence[PersonClip], made: Sequence[np.ndarray]) -> int:
    """Frames by which the motion of clips is late behind their sound, by the jaw.

    Args:
        clips: of the person. made: (T, 56) by the checkpoint from their voices.

    Raises:
        ValueError: motion that does not follow the sound, or is not in time with it.
    """
    jaws = [clip.motion[:, _JAW] / JAW_OPEN_RADIANS for clip in clips]
    pairs = [
        (take[:, _JAW].astype(np.float64), jaw)
        for take, jaw in zip(made, jaws)
        if np.isfinite(jaw).sum() >= FPS and np.nanstd(jaw) > 0
    ]
    if not pairs:
        raise ValueError("clips must show the jaw for 1 s at a time, got shorter ones alone")
    lag = -best_lag([pairs], LATEST)
    followed = pooled_correlation([(shifted(curve, -lag), jaw) for curve, jaw in pairs])
    if not followed >= LEAST_FOLLOWING:
        raise ValueError(
            f"clips must show a mouth that speaks what is heard, got r = {followed:.2f} of jaw and voice: another "
            "voice, or a sound that is not in time?"
        )
    if abs(lag) > 3:
        raise ValueError(f"clips must be in time with their sound, got motion that is {lag} frames late (of 40 ms)")
    return lag
