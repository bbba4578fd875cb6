"""Parts of a performance sampled anew while the rest is kept: in-painting, window by window, only where it is asked.

What is kept stands as known motion beside what is sampled, in each step of the sampler, so that the new motion grows
out of the old one. Frames that are kept whole before a stretch are given to the network as context.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .audio.delivery import relative_loudness
from .audio.features import MEL_PER_FRAME, loudness
from .audio.load import Recording
from .audio.nonverbal import SOUNDS, NonverbalListener, SoundGate, told_apart
from .audio.stream import MelStream
from .diffusion.accents import without_accents
from .diffusion.finish import ARTICULATING, finish
from .diffusion.windows import LEAD_IN, SHORTEST, Painting, Window, plan_windows
from .direct.seams import firm
from .emotion import HeardEmotion, Keyframe
from .face.layout import MOTION_NAMES, NECK, UPPER
from .performer import Networks, Performer, Piece, Request, perform

TAIL = 8
"""Frames behind a stretch that are denoised with it, so that it ends where the kept motion goes on."""
NEAR = 16
"""Stretches with fewer frames between them are one."""
REACH = 8
"""Frames beside a stretch that the filters read."""
FIRST_INDEX = 2_000_000
"""Stands for a window's number where noise is drawn anew, plus the frame that it keeps first."""
FARTHEST = 6.0
"""Known motion is held within so many standard deviations of what the network knows."""
LIFE = [i for i, name in enumerate(MOTION_NAMES) if name.startswith(("eyeBlink", "eyeLook"))]
"""Channels that are filled by procedure after the sampler; it is told nothing of them."""
CHANCE = {*UPPER, *NECK} - {*LIFE}
"""Channels whose events chance times, not the voice."""


@dataclass(frozen=True)
class Anew:
    """Whose take is performed anew.

    Attributes:
        seed, sample: that it was made with; its pose over the whole take is kept. number: of the new sample.
    """

    seed: int
    sample: int
    number: int


@dataclass(frozen=True)
class Repainted:
    """What became of a performance.

    Attributes:
        motion: (B, T, 56) finished motion; where nothing was free it has the bits it had. loudness: (T,) relative
            loudness of the voice. blinks: (T,) per minute. sounds: (T, 5) bool, which sound that is no word there is.
    """

    motion: np.ndarray
    loudness: np.ndarray
    blinks: np.ndarray
    sounds: np.ndarray


def stretches(free: np.ndarray) -> list[tuple[int, int]]:
    """Frames begin..end, one pair for each stretch, in which something is free; near ones are joined.

    Args:
        free: (T, 56) 0..1.
    """
    touched = np.flatnonzero(free.any(1))
    if not len(touched):
        return []
    gaps = np.flatnonzero(np.diff(touched) > NEAR)
    begins, ends = touched[[0, *(gaps + 1)]], touched[[*gaps, len(touched) - 1]] + 1
    return [(int(begin), int(end)) for begin, end in zip(begins, ends)]


def _plan(begin: int, end: int, frames: int, size: int, context: int) -> Iterator[tuple[Window, int, int]]:
    """Windows over a stretch, each with the frames from..to that it samples, frames before them and some behind."""
    done = begin
    while done < end:
        start = max(done - context, -LEAD_IN)
        keep_to = min(start + size - TAIL, end)
        stop = max(min(keep_to + TAIL, frames), start + SHORTEST)
        give_from, give_to = max(done - REACH, start, 0), min(keep_to + REACH, stop, frames)
        index = FIRST_INDEX + done
        yield Window(start, stop, give_from, keep_to, index, known_to=start, give_to=give_to), done, keep_to
        done = keep_to


def repaint(
    networks: Networks, recording: Recording, request: Request, motion: np.ndarray, free: np.ndarray,
    anew: Anew | None = None, closing: np.ndarray | None = None, heard: np.ndarray | None = None,
) -> Repainted:  # fmt: skip
    """Sample parts of a performance anew.

    Args:
        networks: what performs. recording: the voice. request: emotion, seed and all else of the new parts.
        motion: (B, T, 56) finished motion at 25 fps, without blinks and gaze. free: (T, 56) how far each value is
            sampled anew, 0..1. anew: whose take it is, where it is to be another performance of the same face.
        closing: (T,) how far the voice closes the lips, 0..1, None for wholly.
        heard: (T, 5) bool, sounds that are no words, where they are known already.

    Returns:
        The motion, with what is heard in the whole recording.
    """
    frames, config = motion.shape[1], networks.denoiser.config
    result = motion.astype(np.float32, copy=True)
    stream = MelStream(recording.heard(10 * 16000))
    performer = Performer(networks, request, None if anew is None else anew.number)
    if anew is not None:
        performer.keep_character(anew.seed, anew.sample)
    listener = HeardEmotion(networks.emotion) if request.emotion.keyframes is None else None
    keyframes: Sequence[Keyframe] = request.emotion.keyframes or ()
    sizes = (frames, config.window, config.context)
    pending = [part for begin, end in stretches(free) for part in _plan(begin, end, *sizes)]
    level, rates = torch.empty(frames), torch.empty(frames)
    sounds, certainty = NonverbalListener(), torch.empty(frames, len(SOUNDS))
    for window in plan_windows(frames, config.window, config.context, config.lookahead):
        normalized, raw = stream.read(window.start, window.stop, frames)
        if listener is not None:
            keyframes = [Keyframe.of(0.0, listener.update(raw), networks.emotion)]
        own = slice(window.keep_from, window.keep_to)
        level[own] = loudness(raw)[window.keep_from - window.start : window.keep_to - window.start]
        rates[own] = performer.blinks(keyframes, window.keep_from, window.keep_to)
        new = slice(MEL_PER_FRAME * (window.keep_from - window.start), None)
        if heard is None:
            certainty[own] = told_apart(sounds.hear(normalized[new], window.keep_to - window.keep_from), raw[new])
        while pending and pending[0][1] < window.keep_to:
            part, begin, end = pending.pop(0)
            normalized, raw = stream.read(part.start, part.stop, frames)
            painting = _painting(part, begin, result, free, networks, anew is not None)
            intensity = request.options.intensity
            asked = performer.prepare(part, normalized, raw, stream.normalizer, keyframes, intensity, painting)
            piece = perform([asked])[0]
            _paste(part, begin, end, piece, result, free, networks, closing)
        stream.finish(max(window.keep_to - 2 * config.context - REACH, 0))
    heard = SoundGate().decide(certainty.numpy()) if heard is None else heard
    return Repainted(result, relative_loudness(level).numpy(), rates.numpy(), heard)


def _painting(
    window: Window, begin: int, motion: np.ndarray, free: np.ndarray, networks: Networks, anew: bool
) -> Painting:
    """What a window keeps: all before the frame where it begins to sample, and what is not free.

    Where it is performed anew, what chance times turns away from what it was; the lips go on following the voice.
    """
    frames, size = motion.shape[1], networks.denoiser.config.motion
    number = np.arange(window.start, window.stop)
    inside = (number >= 0) & (number < frames)
    at = number.clip(0, frames - 1)
    known = without_accents(torch.from_numpy(motion[:, at]), networks.sampling.accents)[..., :size]
    if networks.sampling.articulation > 0:
        known[..., ARTICULATING] /= networks.sampling.articulation
    known = (known - networks.mean.cpu()) / networks.deviation.cpu()
    known[..., LIFE] = 0
    clean = inside & (number < begin)
    share = np.where(clean[:, None], 1.0, 1 - free[at, :size])
    share[~inside] = 0
    share[:, LIFE] = np.where(clean[:, None], 1.0, 0.0)
    other = np.where((inside & ~clean)[:, None], free[at, :size], 0)
    other[:, [i for i in range(size) if i not in CHANCE]] = 0
    return Painting(
        known.clamp(-FARTHEST, FARTHEST), torch.from_numpy(share).float(), torch.from_numpy(clean),
        torch.from_numpy(other).float() if anew else None,
    )  # fmt: skip


def _paste(
    window: Window, begin: int, end: int, piece: Piece, motion: np.ndarray, free: np.ndarray, networks: Networks,
    closing: np.ndarray | None,
) -> None:  # fmt: skip
    """Finish what a window gave and put it into the motion, as far as it is free from ``begin`` to ``end``."""
    own = slice(window.keep_from, window.give_to)
    open_now = free[own].copy()  # (k, 56)
    open_now[: begin - own.start] = 0
    open_now[end - own.start :] = 0
    sampled = piece.motion.cpu().numpy()
    kept = motion[:, own].copy()
    articulation = networks.sampling.articulation
    if articulation > 0:
        kept[..., ARTICULATING] /= articulation
    raw = torch.from_numpy(np.where(free[own] > 0, sampled, kept))
    gate = None if closing is None else torch.from_numpy(closing[own])
    done = finish(raw, piece.closure.cpu(), piece.presence.cpu(), networks.sampling, closing=gate).numpy()
    if not np.isfinite(done).all():
        raise ValueError("the checkpoint gives motion that is not finite: it is broken")
    motion[:, own] = np.where(open_now > 0, motion[:, own] + firm(open_now) * (done - motion[:, own]), motion[:, own])
