"""Kinds of options: what values each takes, in words and as JSON, and how a value is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import checks
from .rates import frame_rate

if TYPE_CHECKING:
    from .face.controls import Controls


class Kind:
    """What values an option takes."""

    @property
    def words(self) -> str:
        """The values in Markdown, such as ``0 to 2``; empty where the option's meaning tells them."""
        return ""

    def check(self, name: str, value: Any) -> Any:
        """The value of an option, normalised.

        Raises:
            TypeError: a value of another kind. ValueError: out of range.
        """
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """A checked value as JSON knows it."""
        return value

    def from_json(self, value: Any) -> Any:
        """What :meth:`to_json` gave, as a user would say it."""
        return value


@dataclass(frozen=True)
class Described(Kind):
    """Values that are checked elsewhere."""

    text: str

    @property
    def words(self) -> str:
        return self.text


@dataclass(frozen=True)
class Number(Kind):
    """A number in a range, ends included."""

    low: float
    high: float

    @property
    def words(self) -> str:
        return f"{self.low:g} to {self.high:g}"

    def check(self, name: str, value: Any) -> float:
        return checks.number(name, value, self.low, self.high)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number in a range, ends included."""

    low: int
    high: int

    @property
    def words(self) -> str:
        bits = self.high.bit_length()
        return f"{self.low} to {f'2^{bits} - 1' if bits > 16 and self.high == 2**bits - 1 else self.high}"

    def check(self, name: str, value: Any) -> int:
        return checks.whole(name, value, self.low, self.high)


@dataclass(frozen=True)
class Rate(Number):
    """Frames per second in a range; also a fraction, or text such as ``"30000/1001"``."""

    def check(self, name: str, value: Any) -> float:
        return frame_rate(value, name, self.low, self.high)


@dataclass(frozen=True)
class Numbers(Number):
    """A number in a range, or several of them, one for each of ``parts``."""

    parts: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"{super().words}, or ({', '.join(self.parts)})"

    def check(self, name: str, value: Any) -> Any:
        if not isinstance(value, (tuple, list)):
            return super().check(name, value)
        if len(value) != len(self.parts):
            raise ValueError(f"{name} must be a number or ({', '.join(self.parts)}), got {len(value)} numbers")
        return tuple(checks.number(f"{name}, {part}", one, self.low, self.high) for part, one in zip(self.parts, value))

    def to_json(self, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value


class Switch(Kind):
    """True or False."""

    @property
    def words(self) -> str:
        return "`True`, `False`"

    def check(self, name: str, value: Any) -> bool:
        return checks.switch(name, value)


@dataclass(frozen=True)
class Choice(Kind):
    """One of several strings."""

    names: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join(f'`"{name}"`' for name in self.names)

    def check(self, name: str, value: Any) -> str:
        return checks.choice(name, value, self.names)


class CheckpointFile(Kind):
    """The path of a checkpoint, or the name of one of the package."""

    @property
    def words(self) -> str:
        return '`"fast"`, path'

    def check(self, name: str, value: Any) -> Path:
        from .checkpoints import find_checkpoint

        return find_checkpoint(value)

    def to_json(self, value: Path) -> str:
        return str(value)


class Device(Kind):
    """The name of a device that this machine has."""

    @property
    def words(self) -> str:
        return '`"cpu"`, `"cuda"`, `"cuda:N"`, `"auto"`'

    def check(self, name: str, value: Any) -> str:
        from .device import find_device

        find_device(value)
        return str(value)


class Emotion(Kind):
    """Any form of :mod:`emoface.emotion_forms`."""

    def check(self, name: str, value: Any) -> Any:
        from .emotion_forms import check_emotion

        return check_emotion(value)

    def to_json(self, value: Any) -> Any:
        from .emotion_forms import to_json

        return to_json(value)

    def from_json(self, value: Any) -> Any:
        from .emotion_forms import from_json

        return from_json(value)


class Directed(Kind):
    """A direction: the object, its JSON, or the path of a file of one."""

    @property
    def words(self) -> str:
        return "`emoface.Direction`, or the path of a `.json`, `.srt`, `.vtt` or `.txt`"

    def check(self, name: str, value: Any) -> Any:
        from .direct.direction import Direction

        if isinstance(value, (str, Path)):
            return Direction.load(value)
        if isinstance(value, Mapping):
            return Direction.from_dict(value)
        if not isinstance(value, Direction):
            raise TypeError(f"{name} must be emoface.Direction or a path, got {type(value).__name__}")
        return value

    def to_json(self, value: Any) -> dict[str, Any]:
        return value.to_dict()

    def from_json(self, value: Any) -> Any:
        from .direct.direction import Direction
        from .direct.tracks import RegionTrack

        if not isinstance(value, Mapping):  # whoever sends JSON may not name files to be read here
            raise TypeError(f"direction must be an object in JSON, got {type(value).__name__}")
        direction = Direction.from_dict(value)
        if any(track.source is not None for track in direction.of(RegionTrack)):
            raise ValueError("direction in JSON cannot take regions from files")
        return direction


@dataclass(frozen=True)
class Style(Kind):
    """One of several ways to articulate, or a speaker to move like."""

    names: tuple[str, ...]

    @property
    def words(self) -> str:
        return ", ".join([*(f'`"{name}"`' for name in self.names), "a speaker, an adapter"])

    def check(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and value in self.names:
            return str(value)
        from .people import Manner

        return Manner.of(value, self.names, name)

    def to_json(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError(f"style {value.told} has no JSON; only {', '.join(self.names)} have")
        return value

    def from_json(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.names:
            return value
        known = ", ".join(map(repr, self.names))  # JSON may not name files to be read here
        if not isinstance(value, str):
            raise TypeError(f"style must be {known} in JSON, got {type(value).__name__}")
        raise ValueError(f"style must be {known} in JSON, got {value!r:.60}")


class FaceControls(Kind):
    """Controls of a face, in JSON an object of them."""

    @property
    def words(self) -> str:
        return "`emoface.Controls`"

    def check(self, name: str, value: Any) -> Controls:
        from .face.controls import Controls

        if not isinstance(value, Controls):
            raise TypeError(f"{name} must be emoface.Controls, got {type(value).__name__}")
        return value

    def to_json(self, value: Controls) -> dict[str, Any]:
        return value.to_dict()

    def from_json(self, value: Any) -> Controls:
        from .face.controls import Controls

        return Controls.from_dict(value)
