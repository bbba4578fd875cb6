"""A direction as the sampler performs it: trajectories and their shares, guidance and temperature of every window."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .binding.space import EmotionSpace
from .diffusion.windows import Track, Window
from .direct.direction import Direction
from .direct.tracks import CurveTrack, EmotionTrack, smooth
from .emotion import MOST_TRACKS, Keyframe
from .face.layout import FPS, MOTION_SIZE

BASE = "neutral"
"""The key of the trajectory that intensity weighs emotions against."""
STEERED = ("guidance", "temperature")
"""Curves that change how a window is sampled, not how its trajectories are mixed."""


@dataclass(frozen=True)
class _Layer:
    """An emotion track and the number of its emotion, equal emotions sharing one."""

    track: EmotionTrack
    keyframe: Keyframe
    number: int


class Score:
    """What a direction asks of the sampler, window by window.

    Emotions lie over the one of the call, each over those before it, as far as its envelope goes and in the channels of
    its region. Intensity weighs what comes out against neutral, as ever.
    """

    def __init__(
        self, direction: Direction, space: EmotionSpace, intensity: float, guidance: float, device: torch.device,
        seconds: float,
    ) -> None:  # fmt: skip
        """Resolve a direction.

        Args:
            direction: its timeline. space: the emotion space. intensity, guidance: of the call.
            device: of the sampler. seconds: length of a window.

        Raises:
            ValueError: too many different emotions at once; nothing was computed.
        """
        self.intensity, self.guidance, self.device = intensity, guidance, device
        self.neutral = space.neutral
        self.curves: dict[str, list[CurveTrack]] = {}
        for curve in direction.of(CurveTrack):
            self.curves.setdefault(curve.of, []).append(curve)
        known: dict[Hashable, tuple[Keyframe, int]] = {}
        self.layers: list[_Layer] = []
        for track in direction.of(EmotionTrack):
            plain = isinstance(track.emotion, (str, tuple, dict))
            same = repr(track.emotion) if plain else id(track.emotion)
            if same not in known:
                known[same] = Keyframe.asked(0.0, track.emotion, space), len(known)
            self.layers.append(_Layer(track, *known[same]))
        _check_density(self.layers, seconds)

    def laid(
        self, tracks: list[Track], window: Window, size: int, intensity: float | Tensor | None = None
    ) -> list[Track]:
        """The trajectories of a window with the direction's laid over those of the call.

        Args:
            tracks: of the call, with shares (T,) that add up to 1. window: which frames. size: channels of the network.
            intensity: one, or (T,), that a stream has by now; None for that of the call.
        """
        plain = self.intensity if intensity is None else intensity
        strength = self._over("intensity", plain, window)  # one, or (T, 1 or 56)
        layers = list(self._sounding(window))
        left: float | Tensor = 1.0  # what the layers above leave: 1, or (T, 56)
        emotions: dict[Hashable, Tensor] = {}
        weights: dict[Hashable, Tensor] = {}

        def add(key: Hashable, emotion: Tensor, share: Tensor) -> None:
            if share.any():
                emotions[key] = emotion
                weights[key] = weights[key] + share if key in weights else share

        for layer, share in reversed(layers):
            for place, (z, part) in enumerate(layer.keyframe.parts or ((layer.keyframe.emotion, 1.0),)):
                add(("directed", layer.number, place), z.to(self.device), strength * (part * share * left))
            left = left * (1 - share)
        for track in tracks:
            add(track.key, track.emotion, strength * (track.weights[:, None] * left))
        neutral = 1 - strength if isinstance(strength, Tensor) else torch.full((window.frames, 1), 1 - strength)
        add(BASE, self.neutral.to(self.device), neutral)
        width = max(share.shape[1] for share in weights.values())
        own = [*(track.key for track in tracks), *emotions]  # context of new trajectories comes from the call's own
        return [
            Track(key, emotions[key], weights[key].expand(-1, width)[:, :size])
            for key in dict.fromkeys(own)
            if key in weights
        ]

    def guided(self, window: Window, size: int) -> Tensor | None:
        """Guidance (T, size) of a window, of a network's channels; None where it is that of the call throughout."""
        guidance = self._over("guidance", self.guidance, window)
        return guidance[:, :size] if isinstance(guidance, Tensor) else None

    @property
    def steers(self) -> bool:
        """Whether anything steers guidance or temperature."""
        return not self.curves.keys().isdisjoint(STEERED)

    def steering(self, window: Window, size: int) -> Tensor:
        """How far each value (T, size) of a window is sampled with other guidance or temperature, 0..1."""
        found = np.zeros((window.frames, MOTION_SIZE))
        for curve in (curve for name in STEERED for curve in self.curves.get(name, ())):
            seconds = _seconds(curve, window)
            if seconds is not None:
                there = smooth(4 * curve.envelope(seconds))
                found = np.maximum(found, there[:, None] * curve.mask())
        return torch.from_numpy(found[:, :size]).float()

    def livelier(self, scale: Tensor, window: Window) -> Tensor:
        """The scale of the noise (T, size) of a window times its temperature."""
        temperature = self._over("temperature", 1.0, window)
        return scale * temperature[:, : scale.shape[1]] if isinstance(temperature, Tensor) else scale

    def blinks(self, rates: Tensor, start: int) -> Tensor:
        """Blinks a minute (T,) from a frame on, with the directed emotions of the eyes laid over the call's own."""
        seconds = (np.arange(start, start + len(rates)) + 0.5) / FPS
        for layer in self.layers:
            if "eyes" in layer.track.region:
                share = torch.from_numpy(layer.track.envelope(seconds)).to(rates)
                rates = rates + share * (layer.keyframe.blinks - rates)
        return rates

    def _sounding(self, window: Window) -> Iterator[tuple[_Layer, Tensor]]:
        """The layers that sound in a window with their shares (T, 56), from the lowest up."""
        for layer in self.layers:
            seconds = _seconds(layer.track, window)
            if seconds is not None:
                share = layer.track.envelope(seconds)
                if share.any():
                    yield layer, torch.from_numpy(share[:, None] * layer.track.mask()).float()

    def _over(self, name: str, plain: float | Tensor, window: Window) -> float | Tensor:
        """A value of the call, one or (T,), with the curves of that name laid over it: one, (T, 1) or (T, 56)."""
        found = None
        if isinstance(plain, Tensor):
            plain = plain[:, None]
        for curve in self.curves.get(name, ()):
            seconds = _seconds(curve, window)
            if seconds is not None:
                share = curve.envelope(seconds)[:, None] * curve.mask()
                if found is None:
                    found = np.broadcast_to(np.asarray(plain, np.float64), (window.frames, MOTION_SIZE)).copy()
                found += share * (curve.values(seconds)[:, None] - found)
        return plain if found is None else torch.from_numpy(found).float()


def _seconds(track: EmotionTrack | CurveTrack, window: Window) -> np.ndarray | None:
    """Seconds (T,) of a window's frames; None where the track does not reach it."""
    begin, end = track.reach()
    if begin >= window.stop / FPS or end <= window.start / FPS:
        return None
    return (np.arange(window.start, window.stop) + 0.5) / FPS


def _check_density(layers: list[_Layer], seconds: float) -> None:
    """Refuse more emotions than may sound within a window."""
    sounding: list[tuple[float, int]] = []
    counts: dict[int, int] = {}
    for layer in sorted(layers, key=lambda layer: layer.track.start):
        begin, end = layer.track.reach()
        while sounding and sounding[0][0] < begin - seconds:
            number = heapq.heappop(sounding)[1]
            counts[number] -= 1
            if not counts[number]:
                del counts[number]
        counts[layer.number] = counts.get(layer.number, 0) + 1
        heapq.heappush(sounding, (end, layer.number))
        if len(counts) > MOST_TRACKS:
            raise ValueError(
                f"direction must have at most {MOST_TRACKS} different emotions within {seconds:g} s, got more at "
                f"{layer.track.start:g} s"
            )
