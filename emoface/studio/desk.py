"""What is on the desk of a studio: voices and the takes of them, so that a change costs no more than it must.

Takes are those of :meth:`emoface.Pipeline.animate` with the same options, bit for bit. What was performed is kept:
where only regions of a direction changed, the take below them is not performed again.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from emoface.animation import Animation
from emoface.audio.load import Recording
from emoface.direct.direction import Direction
from emoface.direct.edits import apply_region
from emoface.direct.tracks import RegionTrack, Track
from emoface.options import AnimateOptions

if TYPE_CHECKING:
    from emoface.pipeline import Pipeline

VOICES, TAKES = 8, 96
"""How many are kept; the oldest give way."""

Thing = TypeVar("Thing")


class Gone(LookupError):
    """A voice or a take that is not kept any more, or never was."""


@dataclass(frozen=True)
class Voice:
    """A recording on the desk, by its ``id``; ``folder`` goes with it, where it was uploaded."""

    id: str
    recording: Recording
    folder: Path | None = None


class Desk:
    """The voices and takes of one studio; its methods may be called from several threads."""

    def __init__(self, pipeline: Pipeline, most_seconds: float) -> None:
        """An empty desk.

        Args:
            pipeline: performs. most_seconds: that a recording may have.
        """
        self._pipeline, self._most_seconds = pipeline, most_seconds
        self._voices: OrderedDict[str, Voice] = OrderedDict()
        self._takes: OrderedDict[str, Animation] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, recording: Recording, folder: Path | None = None) -> Voice:
        """Put a recording on the desk.

        Args:
            recording: whose file is read again later. folder: is removed when the voice gives way to others.

        Raises:
            ValueError: it is too long.
        """
        if recording.duration > self._most_seconds:
            raise ValueError(f"the recording must be at most {self._most_seconds:g} s long, "
                             f"got {recording.duration:.0f} s")  # fmt: skip
        voice = Voice(secrets.token_hex(8), recording, folder)
        for old in self._keep(self._voices, voice.id, voice, VOICES):
            if old.folder is not None:
                shutil.rmtree(old.folder, ignore_errors=True)
        return voice

    def voice(self, name: str) -> Voice:
        """The voice of an id.

        Raises:
            Gone: it is not here.
        """
        return self._get(self._voices, name, "voice")

    def take(self, name: str) -> Animation:
        """The take of an id.

        Raises:
            Gone: it is not here.
        """
        return self._get(self._takes, name, "take")

    def perform(self, voice: Voice, options: AnimateOptions) -> tuple[str, Animation]:
        """The take of a voice, and its id; the same options give the same one.

        Args:
            voice: what is spoken. options: of :meth:`emoface.Pipeline.animate`.

        Raises:
            TypeError, ValueError: bad options, or a direction that does not fit the recording.
        """
        for name, only in (("num_samples", 1), ("latency", "file")):
            if getattr(options, name) != only:
                raise ValueError(f"{name} must be {only!r} here, got {getattr(options, name)!r}")
        direction = options.direction
        if not isinstance(direction, Direction) or not direction.of(RegionTrack):
            return self._once(voice, options, lambda: self._plain(voice, options))
        direction.check(voice.recording.duration)
        return self._once(voice, options, lambda: _told(self._edited(voice, options, direction), direction))

    def _plain(self, voice: Voice, options: AnimateOptions) -> Animation:
        take = self._pipeline.animate(voice.recording, options)
        assert isinstance(take, Animation)
        return take

    def _edited(self, voice: Voice, options: AnimateOptions, direction: Direction) -> Animation:
        """The take of a direction with regions, made of what is known of it without the last ones."""
        tracks: list[Track] = [track for track in direction.tracks if not isinstance(track, RegionTrack)]
        plain = options.changed(direction=Direction(tracks))
        _, take = self._once(voice, plain, lambda: self._plain(voice, plain))
        for track in direction.of(RegionTrack):
            tracks.append(track)
            edit = partial(apply_region, take, track, Animation.load)
            _, take = self._once(voice, options.changed(direction=Direction(tracks)), edit)
        return take

    def _once(self, voice: Voice, options: AnimateOptions, make: Callable[[], Animation]) -> tuple[str, Animation]:
        """What was made of a voice with some options, or what is made now."""
        name = hashlib.sha256(f"{voice.id} {options.to_json()}".encode()).hexdigest()[:24]
        try:
            return name, self.take(name)
        except Gone:
            take = make()
            self._keep(self._takes, name, take, TAKES)
            return name, take

    def _get(self, things: OrderedDict[str, Thing], name: str, what: str) -> Thing:
        with self._lock:
            if name not in things:
                raise Gone(f"the {what} is not here any more; load the page anew")
            things.move_to_end(name)
            return things[name]

    def _keep(self, things: OrderedDict[str, Thing], name: str, thing: Thing, most: int) -> list[Thing]:
        """Keep a thing; what gives way to it."""
        with self._lock:
            things[name] = thing
            return [things.popitem(last=False)[1] for _ in range(len(things) - most)]


def _told(take: Animation, direction: Direction) -> Animation:
    """The take whose metadata name a direction."""
    beside = {**take.metadata.get("options", {}), "direction": direction.to_dict()}
    return replace(take, metadata={**take.metadata, "options": beside})
