"""Edits of a finished take: performed anew in part, filled, mixed with another take, and kept from all of these.

What becomes of a take is sampled beside what is kept of it (in-painting); outside of an edit's reach and in other parts
of the face every bit stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import numpy as np

from emoface import checks
from emoface.audio.load import Recording
from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE, FACE_SIZE, FPS
from emoface.face_motion import FaceMotion

from .regions import region_mask, region_names
from .seams import eased_seams, firm
from .tracks import RegionTrack, smooth

Take = TypeVar("Take", bound=FaceMotion)
FADE = 0.5
"""Seconds over which an edit sets in and ends unless told."""
KEPT = "kept"
"""Where metadata hold what edits may not touch."""


class Painter(Protocol):
    """What performs parts of a take anew: a pipeline."""

    def paint(
        self, take: FaceMotion, recording: Recording, motion: np.ndarray, free: np.ndarray, changes: Mapping[str, Any],
        anew: bool = False, other: Any = None,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """The take (T, 56) at its own rate, sampled anew as far as it is free; and what the same steps, without the
        sampler, make of what was kept, to which they were applied before.

        Args:
            take: what is edited, whose metadata tell how it was made. recording: its voice.
            motion: (N, 56) of it at 25 fps. free: (N, 56), 0..1. changes: options that differ from the take's.
            anew: it is to be another performance of the same face. other: the voice of somebody to talk with.
        """
        ...


_find: list[Callable[[Mapping[str, Any]], Painter]] = []


def use_painter(find: Callable[[Mapping[str, Any]], Painter]) -> None:
    """Say where edits find what performs: a function of a take's metadata."""
    _find[:] = [find]


def redo(
    take: Take, start: float, end: float, regions: str | Iterable[str] = "all", fade: float = FADE,
    audio: Any = None, other: Any = None, **changes: Any,
) -> Take:  # fmt: skip
    """The take with a stretch of it performed anew; see :meth:`emoface.Animation.redo`."""
    seconds, parts = _stretch(take, start, end), region_names("regions", regions)
    share = _envelope(take, [seconds], fade)[:, None] * _open(take, parts)
    recording = _recording(take, audio)
    plain = take if take.fps == FPS else take.resample(FPS)
    free = _envelope(plain, [seconds], fade)[:, None] * _open(plain, parts)
    new = _painter(take).paint(take, recording, plain.motion, free, _changes(take, changes), True, other)
    return _laid(take, new, share, ("redo", [*seconds], parts))


def fill(take: Take, gaps: Iterable[Sequence[float]], regions: str | Iterable[str] = "all", fade: float = FADE,
         audio: Any = None, other: Any = None, **changes: Any) -> Take:  # fmt: skip
    """The take with stretches of it performed as if nothing were known of them; see :meth:`emoface.Animation.fill`."""
    if not isinstance(gaps, Iterable):
        raise TypeError(f"gaps must be a list of (start, end) in seconds, got {type(gaps).__name__}")
    spans = []
    for number, gap in enumerate(gaps):
        if not isinstance(gap, Sequence) or isinstance(gap, str) or len(gap) != 2:
            raise TypeError(f"gaps[{number}] must be (start, end) in seconds, got {gap!r:.60}")
        spans.append(_stretch(take, gap[0], gap[1]))
    parts = region_names("regions", regions)
    if not spans:
        raise ValueError("gaps must name at least one (start, end), got none")
    recording, plain = _recording(take, audio), take if take.fps == FPS else take.resample(FPS)
    share = _envelope(take, spans, fade)[:, None] * _open(take, parts)
    free = _envelope(plain, spans, fade)[:, None] * _open(plain, parts)
    new = _painter(take).paint(take, recording, plain.motion, free, _changes(take, changes), False, other)
    return _laid(take, new, share, ("fill", [list(span) for span in spans], parts))


def blend(
    take: Take, other: FaceMotion, start: float, end: float, regions: str | Iterable[str] = "all", fade: float = FADE,
    share: float = 1.0, audio: Any = None,
) -> Take:  # fmt: skip
    """The take with a stretch of another laid over it; see :meth:`emoface.Animation.blend`."""
    if not isinstance(other, FaceMotion):
        raise TypeError(f"other must be an Animation, got {type(other).__name__}")
    if other.expression_names != EXPRESSION_NAMES:
        raise ValueError(f"other must have the open head's shapes, got {other.flame_version}'s")
    amount = checks.number("share", share, 0, 1)
    seconds, parts = _stretch(take, start, end), region_names("regions", regions)
    recording = _recording(take, audio)
    plain = take if take.fps == FPS else take.resample(FPS)

    def mixed(motion: FaceMotion) -> tuple[np.ndarray, np.ndarray]:
        """The two laid over each other, and where the seams are, (T, 56) each."""
        envelope, opened = _envelope(motion, [seconds], fade)[:, None], _open(motion, parts)
        there = _at(other, motion)
        base = motion.motion
        whole = amount * envelope * opened
        mix = np.where(whole > 0, (1 - whole) * base + whole * there, base)
        return mix.astype(np.float32), 4 * envelope * (1 - envelope) * opened

    mix, _ = mixed(take)
    known, seam = mixed(plain)
    new = _painter(take).paint(_with(take, mix), recording, known, seam, {})
    _, share_of_seam = mixed(take)
    return _laid(_with(take, mix), new, share_of_seam, ("blend", [*seconds], parts))


def keep(take: Take, start: float = 0.0, end: float | None = None, regions: str | Iterable[str] = "all") -> Take:
    """The take with a stretch that later edits leave as it is; see :meth:`emoface.Animation.keep`."""
    seconds = _stretch(take, start, take.duration if end is None else end)
    parts = region_names("regions", regions)
    kept = [*take.metadata.get(KEPT, []), {"start": seconds[0], "end": seconds[1], "regions": list(parts)}]
    return replace(take, metadata={**take.metadata, KEPT: kept})


def apply_region(take: Take, track: RegionTrack, load: Callable[[Any], FaceMotion]) -> Take:
    """The take with a region track of a direction."""
    end = take.duration if track.end is None else min(track.end, take.duration)
    fade = max(track.fade_in or 0.0, track.fade_out or 0.0)
    if track.do == "keep":
        return keep(take, track.start, end, track.region)
    if track.do == "take":
        return blend(take, load(track.source), track.start, end, track.region, fade, track.strength)
    changes = {"seed": track.seed, "emotion": track.emotion}
    given = {name: value for name, value in changes.items() if value is not None}
    return redo(take, track.start, end, track.region, fade, **given)


def _stretch(take: FaceMotion, start: Any, end: Any) -> tuple[float, float]:
    """Checked seconds of a stretch."""
    if take.expression_names != EXPRESSION_NAMES:
        raise ValueError(f"edits need the open head's named shapes, got coefficients of {take.flame_version}")
    start = checks.number("start", start, 0, take.duration)
    end = checks.number("end", end, 0, take.duration + 1)
    if end <= start:
        raise ValueError(f"end must be after start, {start:g} s, got {end:g}")
    return start, min(end, take.duration)


def _envelope(motion: FaceMotion, spans: Iterable[tuple[float, float]], fade: float) -> np.ndarray:
    """How far frames (T,) belong to stretches, 0..1, smooth over the fade at their ends, which lies inside of them."""
    fade = checks.number("fade", fade, 0, 5)
    seconds = (np.arange(len(motion)) + 0.5) / motion.fps
    found = np.zeros(len(motion))
    for start, end in spans:
        width = max(min(fade, (end - start) / 2), 1e-6)
        inside = np.ones(len(motion)) if start <= 0 else smooth((seconds - start) / width)
        if end < motion.duration - 1e-6:
            inside = inside * (1 - smooth((seconds - end) / width + 1))
        else:
            inside = inside * (seconds >= start)
        found = np.maximum(found, inside)
    return found


def _open(motion: FaceMotion, parts: Iterable[str]) -> np.ndarray:
    """How far the values (T, 56) of some parts may be changed, 0..1: not at all where they are kept, less beside it."""
    free = np.tile(region_mask(parts), (len(motion), 1))
    seconds = (np.arange(len(motion)) + 0.5) / motion.fps
    for kept in motion.metadata.get(KEPT, []):
        away = np.maximum(kept["start"] - seconds, seconds - kept["end"]) / FADE  # 0 or less inside of it
        free *= 1 - (1 - smooth(away))[:, None] * region_mask(kept["regions"])
    return free


def _at(other: FaceMotion, motion: FaceMotion) -> np.ndarray:
    """Another take's frames at the times of a motion, its last one held."""
    same = other.resample(motion.fps).motion
    return same[np.arange(len(motion)).clip(max=len(same) - 1)]


def _recording(take: FaceMotion, audio: Any) -> Recording:
    if audio is not None:
        from emoface.audio.load import open_audio

        found = open_audio(audio)
        if abs(found.duration - take.frames / take.fps) > 1.5 / min(take.fps, FPS):
            raise ValueError(
                f"audio must be the take's, {take.frames / take.fps:.3f} s long, got {found.duration:.3f} s"
            )
        return found
    if take.audio is None:
        name = take.metadata.get("recording")
        told = f", {name!r}" if name else ""
        raise ValueError(f"the take was loaded without its recording{told}: give it as audio")
    return take.audio


def _changes(take: FaceMotion, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Options of the new part; another seed than the take's unless one is given or the emotion changes."""
    given = dict(changes)
    if not given:
        given["seed"] = (int(take.metadata.get("seed", 0)) + 1) % 2**31
    return given


def _painter(take: FaceMotion) -> Painter:
    if not _find:
        raise RuntimeError("edits need the networks: import emoface.pipeline first")
    return _find[0](take.metadata)


def _with(take: Take, motion: np.ndarray, **changes: Any) -> Take:
    """The take with other motion (T, 56)."""
    return replace(
        take, expression=motion[:, :EXPRESSION_SIZE], jaw_pose=motion[:, EXPRESSION_SIZE:FACE_SIZE],
        neck_pose=motion[:, FACE_SIZE:], **changes,
    )  # fmt: skip


def _laid(
    take: Take, painted: tuple[np.ndarray, np.ndarray], share: np.ndarray, told: tuple[str, Any, tuple[str, ...]]
) -> Take:
    """The take with what :meth:`Painter.paint` gave as far as a share says; where it is 0 the bits stay."""
    old, (sampled, again) = take.motion, painted
    new = sampled + (1 - share) * (old - again)
    laid = np.where(share > 0, old + firm(share) * (new - old), old).astype(np.float32)
    motion = np.where(share > 0, eased_seams(laid, old, share), old)
    edit = {"edit": told[0], "seconds": told[1], "regions": list(told[2])}
    edits = [*take.metadata.get("edits", []), edit]
    return _with(take, motion, metadata={**take.metadata, "edits": edits})
