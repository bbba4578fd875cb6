"""The timeline of a performance: tracks in order, as JSON, checked with the place of each fault."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from emoface import checks
from emoface.limits import budget
from emoface.reading import parse_json, read_text

from .actions import UnknownAction
from .tracks import KINDS, ActionTrack, CueTrack, PoseTrack, Track, keys_of

VERSION = 1
MOST = 10_000
"""Tracks of a direction at most."""
OVERHANG = 1.0
"""Seconds by which a track may end after the recording."""
MOST_WARNINGS = 5


@dataclass(frozen=True, init=False)
class Direction:
    """A performance's timeline.

    Later tracks win over earlier ones of their kind where both apply.

    Attributes:
        tracks: in the order in which they are laid over each other.
    """

    tracks: tuple[Track, ...]

    def __init__(self, tracks: Iterable[Track | Mapping[str, Any]] = (), unknown: str = "error") -> None:
        """Check tracks.

        Args:
            tracks: tracks of :mod:`emoface.direct.tracks`, or objects as in JSON, such as
                ``{"track": "action", "action": "AU4", "start": 1.2, "end": 2.0, "value": 0.6}``.
            unknown: of actions that name nothing: ``"error"``, or ``"skip"`` to leave them out with a warning.

        Raises:
            ValueError, TypeError: a bad track; the message begins with its place, such as ``$.tracks[3].start``.
        """
        if isinstance(tracks, (str, bytes, Mapping)) or not isinstance(tracks, Iterable):
            raise TypeError(f"$.tracks must be a list of tracks, got {type(tracks).__name__}")
        checks.choice("unknown", unknown, ("error", "skip"))
        found = []
        for number, track in enumerate(tracks):
            if number >= MOST:
                raise ValueError(f"$.tracks must be at most {MOST} tracks, got more")
            try:
                found.append(track if isinstance(track, Track) else _track(f"$.tracks[{number}]", track))
            except UnknownAction as error:
                if unknown == "error":
                    raise
                warnings.warn(f"direction: {error}; it is left out", UserWarning, stacklevel=2)
        object.__setattr__(self, "tracks", tuple(found))

    def __len__(self) -> int:
        return len(self.tracks)

    def of(self, kind: type[Any]) -> list[Any]:
        """The tracks of one kind, in order."""
        return [track for track in self.tracks if isinstance(track, kind)]

    def also(self, kind: str, **values: Any) -> Direction:
        """The direction with one more track on top.

        Args:
            kind: one of ``KINDS``, such as ``"emotion"``. **values: of the track.

        Raises:
            ValueError, TypeError: as :meth:`__init__`.
        """
        return Direction([*self.tracks, _track(f"$.tracks[{len(self)}]", {"track": kind, **values})])

    def to_dict(self) -> dict[str, Any]:
        """The direction as an object that JSON knows.

        Raises:
            TypeError: an emotion or a take by example, which JSON cannot hold.
        """
        return {"emoface_direction": VERSION, "tracks": [track.to_dict() for track in self.tracks]}

    def to_json(self) -> str:
        """The direction as JSON text, from which :meth:`from_json` makes the same."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False)

    @classmethod
    def from_dict(cls, values: Any, unknown: str = "error") -> Direction:
        """Read what :meth:`to_dict` gave.

        Raises:
            ValueError, TypeError: no such object; the message begins with the place of the fault.
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"$ must be an object, got {type(values).__name__}")
        version = values.get("emoface_direction")
        if version is None:
            raise ValueError("$.emoface_direction must say the version of the format, 1; it is missing")
        if version != VERSION or isinstance(version, bool):
            raise ValueError(f"$.emoface_direction must be {VERSION}, got {version!r:.60}")
        _known("$", values, ["emoface_direction", "tracks"])
        return cls(values.get("tracks", []), unknown)

    @classmethod
    def from_json(cls, text: str | bytes) -> Direction:
        """Read what :meth:`to_json` gave.

        Raises:
            ValueError, TypeError: no JSON, or as :meth:`from_dict`.
        """
        try:
            values = parse_json(text)
        except ValueError as error:
            raise ValueError(f"direction must be JSON: {error}") from error
        return cls.from_dict(values)

    @classmethod
    def load(cls, path: str | os.PathLike[str], unknown: str = "error") -> Direction:
        """Read a direction: ``.json``, or subtitles and labels, see :mod:`emoface.direct.subtitles`.

        Args:
            path: the file; its suffix says what it is.
            unknown: of words that name nothing: ``"error"``, or ``"skip"`` to leave them out with a warning.

        Raises:
            OSError: it cannot be read. ValueError, TypeError: a fault in it; the message names path and place.
        """
        path = checks.path("direction", path, "path to a .json, .srt, .vtt or .txt file")
        if path.suffix.lower() != ".json":
            from .subtitles import read_subtitles

            return read_subtitles(path, unknown)
        text = read_text(path, budget().json)
        try:
            from .subtitles import from_cues

            values = parse_json(text)
            return from_cues(values, unknown) if isinstance(values, list) else cls.from_dict(values, unknown)
        except (ValueError, TypeError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"path {path}: {error}") from error

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the direction as a JSON file, which appears complete or not at all."""
        from emoface.files import atomic_path

        with atomic_path(path) as temporary:
            Path(temporary).write_text(self.to_json(), encoding="utf-8")
        return Path(path)

    def check(self, duration: float) -> None:
        """Compare the tracks with a recording, and with each other.

        Warns of tracks that contradict each other, of which the later one wins.

        Args:
            duration: seconds of the recording.

        Raises:
            ValueError: a time beyond its end; the message begins with the place.
        """
        for number, track in enumerate(self.tracks):
            place = f"$.tracks[{number}]"
            begins = getattr(track, "time", None) if track.INSTANT else track.start
            field = "time" if track.INSTANT else "start"
            if begins is not None and begins >= duration:
                ends = f"the recording's end, {duration:.3f} s"
                raise ValueError(f"{place}.{field} must be before {ends}, got {begins:g}")
            if not track.INSTANT and track.end is not None and track.end > duration + OVERHANG:
                ends = f"the recording's end, {duration:.3f} s"
                raise ValueError(f"{place}.end must not be beyond {ends}, got {track.end:g}")
        for earlier, later in self._clashes():
            told = f"{earlier.label!r} and {later.label!r} contradict each other at {later.start:g} s"
            warnings.warn(f"direction: {told}; the latter wins", UserWarning, stacklevel=4)

    def _clashes(self) -> list[tuple[Track, Track]]:
        """Pairs (earlier, later in the list) of tracks that ask for different things at once; the first few."""
        groups: dict[tuple[Any, ...], list[tuple[float, float, int]]] = {}
        for number, track in enumerate(self.tracks):
            for key in _claims(track):
                groups.setdefault(key, []).append((track.start, math.inf if track.end is None else track.end, number))
        pairs: dict[tuple[int, int], None] = {}
        for spans in groups.values():
            spans.sort()
            until, owner = -math.inf, 0
            for start, end, number in spans:
                one, other = sorted((owner, number))
                if start < until - 1e-9 and self.tracks[one].what != self.tracks[other].what:
                    pairs[one, other] = None
                if len(pairs) >= MOST_WARNINGS:
                    break
                if end > until:
                    until, owner = end, number
        return [(self.tracks[one], self.tracks[other]) for one, other in sorted(pairs)[:MOST_WARNINGS]]


def _claims(track: Track) -> Iterable[tuple[Any, ...]]:
    """What a track claims for itself: kind and part of the face, or kind and channel."""
    clash = track.clash()
    if not clash or isinstance(track, (PoseTrack, CueTrack)):
        return ()
    if isinstance(track, ActionTrack):
        return [("channel", channel) for channel in track.found.weights]
    return [(*clash, part) for part in track.region]


def _known(place: str, values: Mapping[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for key in values:
        if key not in known:
            raise ValueError(f"{place}.{key!s:.60} is not known; {checks.nearest(key, known)}")


def _track(place: str, values: Any) -> Track:
    """A track from its object; errors begin with the place of the fault."""
    if not isinstance(values, Mapping):
        raise TypeError(f"{place} must be an object, got {type(values).__name__}")
    name = values.get("track")
    if not isinstance(name, str) or name not in KINDS:
        told = "it is missing" if name is None else f"got {name!r:.60}"
        raise ValueError(f"{place}.track must be one of {', '.join(KINDS)}, {told}")
    kind = KINDS[name]
    keys = keys_of(kind)
    rest = {key: value for key, value in values.items() if key != "track"}
    _known(place, rest, keys)
    for key, needed in keys.items():
        if needed and key not in rest:
            raise ValueError(f"{place}.{key} is missing")
    try:
        return kind.from_dict(rest)
    except (ValueError, TypeError) as error:
        wrong = next(kind for kind in (UnknownAction, TypeError, ValueError) if isinstance(error, kind))
        field = next((key for key in keys if str(error).startswith(key)), "")
        raise wrong(f"{place}.{error}" if field else f"{place}: {error}") from error


def schema() -> dict[str, Any]:
    """The JSON schema of a direction, as it is in the package."""
    return json.loads(resources.files("emoface.direct").joinpath("direction.schema.json").read_text(encoding="utf-8"))
