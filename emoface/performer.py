"""One window of a performance: what is heard in it, and the motion that goes with it; files and streams share it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from .audio.encoder import ContentEncoder
from .audio.features import MEL_PER_FRAME, loudness
from .audio.hearing import Hearing
from .audio.lip_net import STYLES, add_gestures, closure_weight
from .audio.nonverbal import certainties, murmur
from .audio.normalize import MelNormalizer
from .binding.space import EmotionSpace
from .diffusion.accents import accentuate
from .diffusion.denoiser import Denoiser
from .diffusion.enlarging import Enlarger
from .diffusion.finish import Sampling, liveliness
from .diffusion.following import Follower
from .diffusion.guidance import Guidance
from .diffusion.holding import Holder
from .diffusion.joining import Joiner
from .diffusion.windows import Denoising, Painting, Track, Window, WindowSampler, side_by_side
from .direct.direction import Direction
from .emotion import Keyframe, ResolvedEmotion, keyframe_weights, sounding
from .face.layout import full_motion
from .face.lids import spare_eyes
from .face.person_motion import PersonMotion, as_person
from .options import AnimateOptions
from .people import Manner
from .score import BASE, Score


@dataclass(frozen=True)
class Request:
    """What is to be performed.

    Attributes:
        options: those of the call. emotion: what they ask for. steps: per window, the checkpoint's by default.
        lips: name of the style of the lips; a manner is laid over the checkpoint's own.
        score: what a direction asks of the sampler, None without one.
    """

    options: AnimateOptions
    emotion: ResolvedEmotion
    steps: int
    lips: str
    score: Score | None = None

    @property
    def style(self) -> int:
        """The style token of the networks."""
        return STYLES[self.lips]

    @property
    def direction(self) -> Direction | None:
        """The timeline of the call, if there is one."""
        return self.options.direction if isinstance(self.options.direction, Direction) else None

    @property
    def manner(self) -> Manner:
        """Whose manner is asked for; an empty one if nobody's."""
        style = self.options.style
        return Manner(self.lips) if style is None or isinstance(style, str) else Manner.of(style)


@dataclass(frozen=True)
class Networks:
    """The parts of a checkpoint that perform a window, on one device; see :class:`emoface.Pipeline`.

    What a ``person`` does otherwise is laid over the motion; None for nobody.
    """

    hearing: Hearing
    audio: ContentEncoder
    emotion: EmotionSpace
    denoiser: Denoiser
    sampling: Sampling
    mean: Tensor
    deviation: Tensor
    products: torch.dtype
    threads: int
    person: PersonMotion | None = None

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.mean.device


@dataclass(frozen=True)
class Piece:
    """What one window gives, for its k given frames.

    Attributes:
        motion: (B, k, 56), neither smoothed nor clipped. closure: (k,) closure weight, 0..1; both on the device.
        presence: (k,) of speech, 0..1. loudness: (k,) in dB. blinks: (k,) per minute.
        sounds: (n, 5) certainties of sounds that are no words in the first n of them, none where nobody listened.
    """

    motion: Tensor
    closure: Tensor
    presence: Tensor
    loudness: Tensor
    blinks: Tensor
    sounds: Tensor | None = None


@dataclass(frozen=True)
class Prepared:
    """A window that is ready to be performed.

    Attributes:
        performer: whose it is. window: it. mel: (2 T, 64) normalised. presence: (T,) of speech.
        loudness: (T,) in dB. held, hummed: (T,) how surely a sound is held by an open mouth, and by a closed one, 0..1.
        keyframes: emotions over time. tracks: emotions to denoise. painting: motion that is kept, None for none.
        rows: what is read for :attr:`Piece.sounds`, see :class:`~emoface.audio.nonverbal.NonverbalListener`.
    """

    performer: Performer
    window: Window
    mel: Tensor
    presence: Tensor
    loudness: Tensor
    held: Tensor
    hummed: Tensor
    keyframes: Sequence[Keyframe]
    tracks: list[Track]
    painting: Painting | None
    rows: Tensor | None = None

    def denoising(self, content: Tensor) -> Denoising:
        """What the sampler is asked for, where the voice (T, F) is heard."""
        performer = self.performer
        lively = liveliness(self.presence)[:, : performer.size]  # (T, size)
        return Denoising(performer.sampler, self.window, content, self.tracks, lively)

    @property
    def strength(self) -> Tensor:
        """Intensity (k, 1) of the given frames, or (k, motion) by channel."""
        for track in self.tracks:
            if track.key == BASE:
                return 1 - track.weights.reshape(self.window.frames, -1)[self.window.given]
        return torch.ones(1, 1)


class Performer:
    """Performs a request window by window; sampler, joiner and follower carry something on."""

    def __init__(self, networks: Networks, request: Request, take: int | None = None, sliding: bool = False) -> None:
        """Set up.

        Args:
            networks: the parts. request: what to perform.
            take: number of the one take to perform; None for all ``num_samples`` of the request side by side.
            sliding: windows are those of a :class:`~emoface.diffusion.windows.SlidingPlan`.
        """
        self.networks, options = networks, request.options
        self.score = request.score
        self.size = networks.denoiser.config.motion  # the network's, perhaps of the first layout
        device = networks.device
        scales = [scale[: self.size] for scale in networks.sampling.scales()]
        temperature, character, swing = (scale.to(device, non_blocking=True) for scale in scales)
        pose, events = options.variety if isinstance(options.variety, tuple) else (options.variety, options.variety)
        arguments = (
            networks.denoiser, networks.sampling.sampler, request.steps, Guidance(options.guidance), request.style,
            options.seed, options.num_samples if take is None else 1, events * temperature,
            networks.products, pose * character, networks.threads, swing if scales[2].any() else None, take or 0,
            sliding,
        )  # fmt: skip
        self.sampler = WindowSampler(*arguments)
        self.steered = WindowSampler(*arguments) if request.score is not None and request.score.steers else None
        self.follower = Follower(networks.sampling.following)
        self.enlarger = Enlarger(networks.sampling.upper_lip)
        self.holder, self.joiner = Holder(), Joiner()
        self.lip_style = torch.full((1,), request.style, device=device)

    def keep_character(self, seed: int, sample: int) -> None:
        """Hold the pose over the whole take that the take of another seed and number holds."""
        for sampler in filter(None, (self.sampler, self.steered)):
            sampler.keep_character(seed, sample)

    def forget(self) -> None:
        """Begin the next window as if none had been before."""
        self.joiner, self.follower, self.holder = Joiner(), Follower(self.follower.share), Holder()
        self.enlarger = Enlarger(self.enlarger.gain)

    def prepare(
        self, window: Window, normalized: Tensor, raw: Tensor, normalizer: MelNormalizer,
        keyframes: Sequence[Keyframe], intensity: float | Tensor, painting: Painting | None = None,
        rows: Tensor | None = None,
    ) -> Prepared:  # fmt: skip
        """What must be known to perform a window.

        Args:
            window: the next one. normalized, raw: (2 T, 64) log-mels of its frames.
            normalizer: that has heard them. keyframes: emotions over time. intensity: one, or (T,).
            painting: motion that is kept, None for none. rows: see :class:`Prepared`.
        """
        score = self.score
        tracks = self._tracks(keyframes, window, intensity if score is None else 1.0)
        if score is not None:
            tracks = score.laid(tracks, window, self.size, intensity)
        held = normalizer.held(raw).unflatten(0, (-1, MEL_PER_FRAME)).amin(1)  # (T,)
        hummed = torch.zeros_like(held)
        if held.any():
            hummed = held * murmur(raw)
            held = held - hummed
        presence = torch.maximum(normalizer.presence(raw), held)
        return Prepared(
            self, window, normalized, presence, loudness(raw), held, hummed, keyframes, tracks, painting, rows
        )  # fmt: skip

    def dress(self, one: Prepared, motion: Tensor, curves: Tensor, logit: Tensor) -> Piece:
        """Make a piece of a window's motion.

        Args:
            one: the window. motion: (B, k, size) of its given frames, normalised.
            curves, logit: (T, len(MOUTH)) and (T,) of the lip net.
        """
        networks, window = self.networks, one.window
        motion = spare_eyes(motion * networks.deviation + networks.mean, one.strength)
        motion = full_motion(motion)  # (B, k, 56)
        motion = self.joiner.join(motion, window.keep_from - window.give_from, window.keep_to - window.keep_from)
        given = slice(window.keep_from - window.start, window.give_to - window.start)
        present = one.presence[given].to(networks.device, non_blocking=True)  # nobody's lips are heard where nobody
        held, hummed = one.held[given], one.hummed.to(networks.device, non_blocking=True)
        motion = self.follower.follow(motion, curves[given], present, window.keep_to - window.keep_from, held)  # speaks
        motion = add_gestures(motion, curves[given] * present[:, None], networks.sampling.gestures)
        motion = self.enlarger.enlarge(motion, window.keep_to - window.keep_from, held)
        sooner = networks.sampling.closing * (1 - held.to(networks.device, non_blocking=True))  # held sounds are open
        closure = torch.maximum(closure_weight(logit[given] + sooner) * present, hummed[given])
        motion = accentuate(motion, networks.sampling.accents, networks.sampling.closure * closure, present)
        motion = self.holder.hold(motion, held, window.keep_to - window.keep_from)
        if networks.person is not None:  # as a person moves
            motion = as_person(motion, *networks.person)
        return Piece(
            motion, closure, one.presence[given], one.loudness[given],
            self.blinks(one.keyframes, window.keep_from, window.give_to),
        )  # fmt: skip

    def sample(self, one: Prepared, content: Tensor) -> Tensor:
        """Motion (B, k, size) of a window, normalised, where the voice (T, F) is heard.

        Where a direction steers guidance or temperature in some parts or for some time, the window is sampled with and
        without it, and each value taken from where it belongs, so that the others stay as they are.
        """
        asked, painting = one.denoising(content), one.painting
        window, tracks, lively = one.window, one.tracks, asked.liveliness
        steered, score = self.steered, self.score
        if steered is None or score is None:
            return self.sampler.run(window, content, tracks, lively, None, painting)
        share = score.steering(window, self.size)  # (T, size)
        if not share.any():
            motion = self.sampler.run(window, content, tracks, lively, None, painting)
            steered.context = dict(self.sampler.context)
            return motion
        livelier, guidance = score.livelier(lively, window), score.guided(window, self.size)
        there = steered.run(window, content, tracks, livelier, guidance, painting)
        if bool((share == 1).all()):
            self.sampler.context = dict(steered.context)
            return there
        plain = self.sampler.run(window, content, tracks, lively, None, painting)
        given = share[window.given].to(plain)
        return torch.where(given > 0, plain + given * (there - plain), plain)

    def blinks(self, keyframes: Sequence[Keyframe], start: int, stop: int) -> Tensor:
        """Blinks a minute (T,) in the motion frames start..stop."""
        near = sounding(keyframes, start, stop)
        shares = keyframe_weights(near, start, stop)  # (K, T)
        rates = (shares * torch.tensor([keyframe.blinks for keyframe in near])[:, None]).sum(0)
        return rates if self.score is None else self.score.blinks(rates, start)

    def _tracks(self, keyframes: Sequence[Keyframe], window: Window, intensity: float | Tensor) -> list[Track]:
        """Trajectories of a window: the emotions that sound in it and, unless intensity is 1, neutral as their base."""
        device = self.networks.device
        near = sounding(keyframes, window.start, window.stop)
        emotions: dict[tuple[int, int], Tensor] = {}
        weights: dict[tuple[int, int], Tensor] = {}
        for keyframe, share in zip(near, keyframe_weights(near, window.start, window.stop), strict=True):
            if share.any():
                for place, (z, part) in enumerate(keyframe.parts or ((keyframe.emotion, 1.0),)):
                    key, weight = (keyframe.key, place), intensity * part * share
                    emotions[key] = z
                    weights[key] = weights[key] + weight if key in weights else weight
        tracks = [Track(key, z.to(device, non_blocking=True), weights[key]) for key, z in emotions.items()]
        base = 1 - intensity if isinstance(intensity, Tensor) else torch.full((window.frames,), 1 - intensity)  # (T,)
        if base.any():
            tracks.append(Track(BASE, self.networks.emotion.neutral.to(device, non_blocking=True), base))
        return tracks


def perform(prepared: Sequence[Prepared]) -> list[Piece]:
    """Perform windows of one length side by side; none changes another's bits.

    Args:
        prepared: at least one, of performers with the same networks.

    Returns:
        The given frames of each.
    """
    heard = list(_hear(prepared))
    if len(prepared) > 1 and all(one.performer.score is None for one in prepared):
        motions = side_by_side([one.denoising(content) for one, (content, *_) in zip(prepared, heard)])
    else:
        motions = [one.performer.sample(one, content) for one, (content, *_) in zip(prepared, heard)]
    return [
        replace(one.performer.dress(one, motion, curves, logit), sounds=sounds)
        for one, motion, (_, curves, logit), sounds in zip(prepared, motions, heard, _sounds(prepared))
    ]


def perform_in_turn(prepared: Sequence[Prepared]) -> list[Piece]:
    """Perform windows of one performer that follow each other, all heard at once; bits are those of one at a time.

    Args:
        prepared: at least one, in their order.

    Returns:
        The given frames of each.
    """
    pieces = []
    for one, (content, curves, logit), sounds in zip(prepared, _hear(prepared), _sounds(prepared)):
        motion = one.performer.sample(one, content)
        pieces.append(replace(one.performer.dress(one, motion, curves, logit), sounds=sounds))
    return pieces


def _hear(prepared: Sequence[Prepared]) -> Iterable[tuple[Tensor, Tensor, Tensor]]:
    """Content (T, F), mouth curves (T, len(MOUTH)) and closure logits (T,) of each window."""
    networks = prepared[0].performer.networks

    def hear(mels: Tensor, styles: Tensor) -> Iterable[tuple[Tensor, Tensor, Tensor]]:
        told = networks.hearing(mels, styles)
        return zip(networks.audio(told.content(networks.audio.config.kind)), told.curves, told.closure)

    mels = [one.mel.to(networks.device, non_blocking=True) for one in prepared]  # waits for no window before
    return _alike(hear, mels, [one.performer.lip_style[0] for one in prepared])


def _sounds(prepared: Sequence[Prepared]) -> Iterable[Tensor | None]:
    """Certainties of sounds that are no words, in each window; None where nobody listens."""
    listened = [one.rows for one in prepared if one.rows is not None]
    found = iter(_alike(certainties, listened))
    return [None if one.rows is None else next(found) for one in prepared]


def _alike(function: Callable[..., Iterable[Any]], *lists: Sequence[Tensor]) -> list[Any]:
    """``function`` of tensors, called once for all of a shape: what it gives for each of them, in their order."""
    places: dict[torch.Size, list[int]] = {}
    for place, tensor in enumerate(lists[0]):
        places.setdefault(tensor.shape, []).append(place)
    found: dict[int, Any] = {}
    for alike in places.values():
        found |= zip(alike, function(*(torch.stack([part[place] for place in alike]) for part in lists)))
    return [found[place] for place in range(len(found))]
