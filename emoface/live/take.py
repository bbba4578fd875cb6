"""A performance that goes on while its voice arrives: everything between samples in and motion at 25 fps out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from emoface.audio.arriving import ArrivingVoice
from emoface.audio.delivery import RunningLoudness
from emoface.audio.features import MEL_BINS, MEL_PER_FRAME
from emoface.audio.foreground import Foreground
from emoface.audio.nonverbal import NonverbalListener, SoundGate, told_apart
from emoface.audio.normalize import SILENT_MEL, MelNormalizer
from emoface.diffusion.finish import FILTER_REACH, PRESS_FILTER, PRESS_FRAMES, Sampling, finish, short_filter
from emoface.diffusion.joining import Easing
from emoface.diffusion.windows import SlidingPlan
from emoface.emotion import HEARD_FRAMES
from emoface.face.controls import Controls, clip_motion
from emoface.face.layout import FACE_NAMES, FPS, MOTION_SIZE
from emoface.face.life import Life
from emoface.face.nonverbal import NonverbalFace
from emoface.face.slow_noise import ease
from emoface.performer import Networks, Performer, Piece, Prepared, Request, perform

from .script import Script


@dataclass
class Past:
    """What the filters of :func:`finish` still need of the frames before.

    Attributes:
        motion: (1, k, 56), not finished. closure, presence: (k,).
    """

    motion: Tensor
    closure: Tensor
    presence: Tensor

    @classmethod
    def none(cls, device: torch.device) -> Past:
        """Before the first frame."""
        empty = torch.zeros(0, device=device)
        return cls(empty.new_zeros(1, 0, MOTION_SIZE), empty, empty)


@dataclass
class Settling:
    """A face on its way from where it was to where the performance is.

    Attributes:
        motion: (56,) where it was. start: the first frame of the way. frames: how long it is.
    """

    motion: np.ndarray
    start: int
    frames: int


@dataclass
class TakeState:
    """Everything that a take remembers.

    Attributes:
        voice: the voice that arrives. base: the frame of the take at which it begins. done: frames performed.
        mel: (2 R, 64) the latest log-mels as they came. foreground, normalizer: of all that was heard.
        easing: of slow parts.
        loudness: of the voice beside its own. past: of the filters. life: blinks, gaze and breath.
        raw: (2 n, 64) log-mels of the prepared frames and of those that are foreseen, not normalised.
        listener, gate, laid: sounds that are no words, as they are heard, decided on and laid over the face.
        script: what is asked for.
        settling: where the face comes from after an interruption.
    """

    voice: ArrivingVoice
    script: Script
    life: Life
    laid: NonverbalFace
    past: Past
    mel: Tensor
    base: int = 0
    done: int = 0
    foreground: Foreground = field(default_factory=Foreground)
    normalizer: MelNormalizer = field(default_factory=MelNormalizer)
    easing: Easing = field(default_factory=Easing)
    loudness: RunningLoudness = field(default_factory=RunningLoudness)
    listener: NonverbalListener = field(default_factory=NonverbalListener)
    gate: SoundGate = field(default_factory=SoundGate)
    raw: Tensor = field(default_factory=lambda: _silence(0))
    settling: Settling | None = None


def _silence(frames: int) -> Tensor:
    """Log-mels of motion frames without sound."""
    return torch.full((MEL_PER_FRAME * frames, MEL_BINS), SILENT_MEL)


def filter_reach(sampling: Sampling) -> int:
    """Frames before one on which it depends in :func:`finish`."""
    widest = max(sampling.upper_filter, sampling.mouth_filter, sampling.rest_filter, 1.0)
    return math.ceil(FILTER_REACH * widest) + PRESS_FRAMES // 2 + math.ceil(FILTER_REACH * PRESS_FILTER)


class Take:
    """One take of a voice that arrives."""

    def __init__(self, networks: Networks, request: Request, plan: SlidingPlan, rate: float, number: int = 0) -> None:
        """Begin.

        Args:
            networks: what performs. request: what to perform. plan: windows. rate: of the voice in Hz.
            number: of the take.
        """
        self.networks, self.request, self.plan = networks, request, plan
        self.performer = Performer(networks, request, number, sliding=True)
        options = request.options
        moving = options.head > 0 and networks.denoiser.config.motion > len(FACE_NAMES)
        controls = options.controls
        self.controls = None if controls is None or controls == Controls() else controls
        self.reach = filter_reach(networks.sampling)
        self.seconds = plan.window / FPS
        self.mel_frames = max(plan.window, HEARD_FRAMES)
        self.state = TakeState(
            ArrivingVoice(rate),
            Script.begin(request.emotion, options.intensity, networks.emotion),
            Life(
                FPS, options.seed * 1000 + number, options.blink, options.gaze, "breath" if moving else "still"
            ),
            NonverbalFace(FPS, options.seed * 1000 + number, options.nonverbal),
            Past.none(networks.device),
            _silence(self.mel_frames),
        )  # fmt: skip

    @property
    def now(self) -> float:
        """Seconds of the first frame that is not decided yet."""
        return self.state.done / FPS

    def ready(self) -> bool:
        """Whether the audio of the next frames is there."""
        state = self.state
        return state.base + state.voice.ready >= self.plan.at(state.done).stop

    def finish(self) -> int:
        """Say that the voice has ended; frames remain to be stepped up to the one that is returned."""
        voice = self.state.voice
        voice.end()
        return self.state.base + max(round(voice.samples / voice.rate * FPS), int(voice.samples > 0))

    def step(self, last: int | None = None) -> np.ndarray:
        """Perform the next frames.

        Args:
            last: where the voice ends, if it is known.

        Returns:
            (hop, 56) float32 at 25 fps, or fewer up to ``last``.
        """
        return self.take_in(perform([self.prepare(last)])[0], last)

    def prepare(self, last: int | None = None) -> Prepared:
        """The next window, to be performed and then taken in; ``last`` as for :meth:`step`."""
        state, plan = self.state, self.plan
        window = plan.at(state.done)
        new = state.voice.read(window.stop - state.base)
        state.mel = torch.cat([state.mel, new])[-MEL_PER_FRAME * self.mel_frames :]
        spoken = len(new) if last is None else len(new) - MEL_PER_FRAME * (window.stop - last)
        told = max(min(spoken, len(new)), 0)
        state.foreground.update(new[:told])
        mel = state.foreground.apply(state.mel)
        state.normalizer.update(mel[len(mel) - len(new) :][:told])
        raw = mel[-MEL_PER_FRAME * plan.window :]
        state.script.listen(mel, state.done, plan.hop)
        state.script.forget(window.start)
        normalized = state.normalizer.apply(raw)
        own = slice(MEL_PER_FRAME * (window.keep_from - window.start), None)
        ahead, state.raw = normalized[own], raw[own]
        return self.performer.prepare(
            window, normalized, raw, state.normalizer, state.script.keyframes,
            state.script.intensity(window.start, window.stop), rows=state.listener.rows(ahead, self._kept(last)),
        )  # fmt: skip

    def take_in(self, piece: Piece, last: int | None = None) -> np.ndarray:
        """Make the frames of :meth:`step` of what was performed for the prepared window."""
        state = self.state
        kept = self._kept(last)
        assert piece.sounds is not None
        sounds = state.gate.decide(told_apart(piece.sounds, state.raw).numpy())
        motion = self._enliven(self._finished(piece, kept), piece, sounds)
        state.done += kept
        return motion

    def _kept(self, last: int | None) -> int:
        """Frames of the next window that are given."""
        return self.plan.hop if last is None else min(self.plan.hop, last - self.state.done)

    def _finished(self, piece: Piece, kept: int) -> np.ndarray:
        """Smooth the kept frames (k, 56) by those before them and those that are foreseen."""
        past, device = self.state.past, self.networks.device
        before = past.motion.shape[1]
        motion = torch.cat([past.motion, piece.motion], 1)
        closure = torch.cat([past.closure, piece.closure])
        presence = torch.cat([past.presence, piece.presence.to(device, non_blocking=True)])
        done = slice(before, before + kept)
        finished = finish(motion, closure, presence, self.networks.sampling, short_filter)
        smooth = finished[0, done].cpu().numpy()  # (k, 56)
        if not np.isfinite(smooth).all():
            raise ValueError("the checkpoint gives motion that is not finite: it is broken")
        keep = slice(max(before + kept - self.reach, 0), before + kept)
        self.state.past = Past(motion[:, keep].clone(), closure[keep].clone(), presence[keep].clone())
        return self.state.easing.ease(smooth)

    def _enliven(self, motion: np.ndarray, piece: Piece, sounds: np.ndarray) -> np.ndarray:
        """Add sounds (k, 5) and life to finished frames (k, 56), and apply controls to them."""
        state, options, kept = self.state, self.request.options, len(motion)
        loudness = state.loudness.hear(piece.loudness[:kept]).numpy()
        motion = state.laid.apply(motion, sounds, loudness)
        if options.head != 1:  # before the eyes make up for the turns
            motion = Controls(head_strength=options.head).apply(motion, FPS)
        motion = state.life.apply(motion, piece.blinks[:kept].numpy(), loudness)
        if self.controls is not None:
            motion = self.controls.apply(motion, FPS)
        settling = state.settling
        if settling is not None:
            share = ease((np.arange(kept) + 1 + state.done - settling.start) / settling.frames)[:, None]
            motion = ((1 - share) * settling.motion + share * motion).astype(np.float32)
            clip_motion(motion)
            if state.done + kept >= settling.start + settling.frames:
                state.settling = None
        return motion

    def restart(self, frame: int, rate: float, settling: Settling | None = None) -> None:
        """Forget the voice, and begin with another one; emotion, life and time go on.

        Args:
            frame: at which it begins. rate: of it. settling: where the face comes from, None for where it is.
        """
        state = self.state
        if settling is not None:
            self.performer.forget()
        self.state = replace(
            state, voice=ArrivingVoice(rate), base=frame, done=frame, mel=_silence(self.mel_frames),
            foreground=Foreground(), listener=NonverbalListener(), gate=SoundGate(),
            easing=state.easing if settling is None else Easing(),
            past=state.past if settling is None else Past.none(self.networks.device),
            settling=state.settling if settling is None else settling,
        )  # fmt: skip
