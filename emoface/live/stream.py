"""A face that answers while the voice still arrives."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from emoface import checks
from emoface.audio.channels import mix, scaled
from emoface.audio.load import MAX_CHANNELS, MAX_RATE, MIN_RATE, check_samples
from emoface.device import one_thread
from emoface.direct.perform import directed, meet_poses
from emoface.direct.tracks import PoseTrack
from emoface.emotion import resolve
from emoface.face.layout import FPS, MOTION_SIZE
from emoface.host import own_settings
from emoface.options import AnimateOptions, options_of
from emoface.performer import Networks, Piece, Prepared, Request

from .frames import Frames
from .latency import PROFILES
from .rate_change import RateChange
from .take import Settling, Take

CLOSING = 0.2
"""Seconds within which the mouth closes after an interruption."""
SHOWN_SECONDS = 30.0
"""How far back a stream remembers the frames that it gave, for an interruption."""
_OPTIONS = options_of(AnimateOptions)


class Stream:
    """Frames of a face for a voice that arrives in chunks; :meth:`emoface.Pipeline.stream` makes one.

    What it gives does not depend on how the voice is cut into chunks, and equals
    ``animate(voice, latency=...)`` with the same options bit for bit. A stream is used by one thread at a time.
    """

    def __init__(self, networks: Networks, request: Request, sample_rate: float = 16000, number: int = 0) -> None:
        """Begin; use :meth:`emoface.Pipeline.stream`.

        Args:
            networks: what performs. request: checked options. sample_rate: of the voice in Hz.
            number: of the take.
        """
        self._request, self._number = request, number
        self._rate = _check_rate(sample_rate)
        self._profile = PROFILES[request.options.latency]
        self._networks = replace(networks, sampling=self._profile.of(networks.sampling))
        self._begin()

    @own_settings()
    def _begin(self) -> None:
        with torch.inference_mode():
            self._take = Take(self._networks, self._request, self._profile.plan, self._rate, self._number)
        self._out = RateChange(self._request.options.fps)
        self._emotion, self._intensity = self._request.options.emotion, self._request.options.intensity
        self._shown: deque[np.ndarray] = deque(maxlen=round(SHOWN_SECONDS * self.fps))
        self._closed = False

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self._request.options.fps

    @property
    def latency(self) -> str:
        """Name of the latency profile."""
        return self._request.options.latency

    @property
    def sample_rate(self) -> float:
        """Hz of the voice."""
        return self._rate

    @property
    def lookahead(self) -> float:
        """Seconds of audio after its own that a frame needs at most, everything counted."""
        return self._profile.lookahead + self._out.lookahead

    @property
    def hop(self) -> float:
        """Seconds of audio after which the next frames come."""
        return self._profile.hop

    @property
    def kind(self) -> Hashable:
        """What streams have in common that can be heard as one batch: the length of windows, and who listens."""
        return (self._profile.plan.window, id(self._networks.hearing), id(self._networks.audio))

    @property
    def index(self) -> int:
        """Index of the next frame."""
        return self._out.index

    @property
    def closed(self) -> bool:
        """Whether the voice was said to have ended."""
        return self._closed

    @property
    def emotion(self) -> Any:
        """What is shown, in any of the forms of ``animate``; None listens to the voice.

        Set, it gives way smoothly from the next frame on; times of a timeline count from there. An emotion that is
        unknown raises TypeError or ValueError, and the stream goes on as before.
        """
        return self._emotion

    @emotion.setter
    @own_settings()
    def emotion(self, value: Any) -> None:
        checked = _OPTIONS["emotion"].check(value)
        with torch.inference_mode():
            script, take = self._take.state.script, self._take
            script.change_emotion(resolve(checked, self._networks.emotion), take.now, take.seconds)
        self._emotion = checked

    @property
    def intensity(self) -> float:
        """Strength of the expression, 0 to 2; set, it changes smoothly from the next frame on."""
        return self._intensity

    @intensity.setter
    @own_settings()
    def intensity(self, value: float) -> None:
        checked = _OPTIONS["intensity"].check(value)
        self._take.state.script.change_intensity(checked, self._take.now)
        self._intensity = checked

    @own_settings()
    def feed(self, pcm: Any, sample_rate: float | None = None) -> Frames:
        """Take in the next samples of the voice.

        Args:
            pcm: (n,) or (n, channels), n from 0 on: floats in -1..1, or int16 or int32; numpy array or tensor.
            sample_rate: Hz, where it is not the stream's own; it stays so until :meth:`reset` or :meth:`interrupt`.

        Returns:
            The frames that they complete, perhaps none.

        Raises:
            TypeError: no array of samples, or another type of samples. ValueError: another shape, samples that are not
                finite, or another rate in the middle of a voice. RuntimeError: after :meth:`flush`. The stream goes on
                as if it had not been called.
        """
        self.push(pcm, sample_rate)
        return self._frames(None)

    @own_settings()
    def push(self, pcm: Any, sample_rate: float | None = None) -> None:
        """Take in the next samples as :meth:`feed` does, which also performs them; :class:`Streams` performs others'.

        Raises:
            TypeError, ValueError, RuntimeError: as :meth:`feed`.
        """
        samples = _mono(pcm)
        rate = self._rate if sample_rate is None else _check_rate(sample_rate)
        if self._closed:
            raise RuntimeError("feed() after flush(): the voice has ended; reset() begins another one")
        take = self._take
        if rate != self._rate:
            if take.state.voice.samples:
                raise ValueError(f"sample_rate must stay {self._rate:g} within a voice, got {rate:g}")
            self._rate = rate
            take.restart(take.state.done, rate)
        take.state.voice.push(samples)

    @property
    def ready(self) -> bool:
        """Whether the audio of the next frames is there."""
        return not self._closed and self._take.ready()

    def prepare(self) -> Prepared:
        """The next window, which :class:`Streams` performs and gives back to :meth:`take_in`."""
        return self._take.prepare()

    def take_in(self, piece: Piece) -> Frames:
        """The next frames, of the window that was prepared."""
        return self._given(self.index, self._out.push(self._take.take_in(piece)))

    @own_settings()
    def flush(self) -> Frames:
        """Say that the voice has ended.

        Returns:
            The frames that are left; with those before, ``round(duration * fps)`` of them.

        Raises:
            RuntimeError: called before.
        """
        if self._closed:
            raise RuntimeError("flush() after flush(): the voice has ended; reset() begins another one")
        voice = self._take.state.voice
        last = self._take.finish()
        begun = self._take.state.base / FPS
        self._closed = True
        return self._frames(last, round((begun + voice.samples / voice.rate) * self.fps))

    def reset(self) -> None:
        """Begin anew: frame 0, the emotion and intensity that the stream was made with, and another voice."""
        self._begin()

    @own_settings()
    def interrupt(self, shown: int | None = None) -> Frames:
        """Drop the rest of the voice, and close the mouth.

        The stream is open for another voice then, which begins with the frame after those that are returned. What was
        not shown counts as dropped.

        Args:
            shown: index of the last frame that was shown, where it is not the last one that was given; at most
                ``SHOWN_SECONDS`` back.

        Returns:
            Frames of at most 0.2 s, which follow the shown one and end with a mouth at rest.

        Raises:
            TypeError, ValueError: ``shown`` is no frame that was given.
        """
        last = self.index - 1
        if shown is not None:
            checks.whole("shown", shown, max(self.index - len(self._shown), 0) - 1, last)
            for _ in range(last - shown):
                self._shown.pop()
            last = shown
        take, plan = self._take, self._profile.plan
        face = self._shown[-1] if self._shown else None
        frame = take.state.done if face is None else self._out.restart(last + 1, face)
        frames = int(CLOSING * FPS) // plan.hop * plan.hop
        take.restart(frame, self._rate, None if face is None else Settling(face, frame, frames))
        take.state.voice.end()
        closing = self._frames(frame + frames)
        take.restart(take.state.done, self._rate)
        self._closed = False
        return closing

    @one_thread()
    def _frames(self, last: int | None, until: int | None = None) -> Frames:
        """Perform what can be: while audio is there, or up to the end of the voice."""
        start, take = self.index, self._take
        pieces = [np.zeros((0, MOTION_SIZE), np.float32)]
        with torch.inference_mode():
            while take.ready() if last is None else take.state.done < last:
                pieces.append(self._out.push(take.step(last)))
        if until is not None:
            pieces.append(self._out.push(pieces[0], until))
        return self._given(start, np.concatenate(pieces))

    def _given(self, start: int, motion: np.ndarray) -> Frames:
        """Frames (n, 56) that are given now, remembered for an interruption, with what a direction lays over them."""
        self._shown.extend(motion)
        direction = self._request.direction
        if direction is not None:
            motion = directed(motion, self.fps, direction, start)
            poses = direction.of(PoseTrack)
            motion = meet_poses(motion, self.fps, poses, start, more=True) if poses else motion
        return Frames(start, self.fps, motion)


def _check_rate(rate: Any) -> float:
    return checks.number("sample_rate", rate, MIN_RATE, MAX_RATE, note="Hz")


def _mono(pcm: Any) -> np.ndarray:
    """Checked samples (n,) float32."""
    if isinstance(pcm, torch.Tensor):
        pcm = pcm.detach().cpu().numpy()
    if not isinstance(pcm, np.ndarray):
        raise TypeError(f"pcm must be a numpy array or a tensor of samples, got {type(pcm).__name__}")
    if pcm.dtype.kind != "f" and pcm.dtype not in (np.int16, np.int32):
        raise TypeError(f"pcm must hold floats, int16 or int32, got {pcm.dtype}")
    if pcm.ndim not in (1, 2) or (pcm.ndim == 2 and not 1 <= pcm.shape[1] <= MAX_CHANNELS):
        raise ValueError(f"pcm must have shape (n,) or (n, channels) with 1 to {MAX_CHANNELS}, got {pcm.shape}")
    half = 1.0 if pcm.dtype.kind == "f" else 2.0 ** (8 * pcm.dtype.itemsize - 1)
    block = scaled(pcm, half)
    mono = mix(block)
    if len(mono):
        check_samples(block, mono, 0, "pcm")
    return mono
