"""The kinds of tracks of a direction: what each takes, how it is checked, and how strong it is at each moment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar

import numpy as np

from emoface import checks
from emoface.emotion_forms import check_emotion, from_json, to_json
from emoface.emotion_forms import words as emotion_words
from emoface.face.controls import RANGES, Controls
from emoface.face.layout import JAW_OPEN_RADIANS, JAW_SIDE_RADIANS, MOTION_INDEX, MOTION_NAMES, NECK_RADIANS

from .actions import Action, channels, find_action
from .regions import region_mask, region_names

LONGEST = 24 * 3600.0
"""Seconds at which a track may lie at most."""
CURVES = {"intensity": (0.0, 2.0), "guidance": (0.0, 4.0), "temperature": (0.0, 4.0)}
"""What a curve may steer in the sampler, and its range."""
MODES = ("add", "replace", "forbid")
DOINGS = ("keep", "redo", "take")
LOOKS: dict[str, tuple[float, float]] = {
    "camera": (0.0, 0.0), "left": (20.0, 0.0), "right": (-20.0, 0.0), "up": (0.0, 15.0), "down": (0.0, -20.0),
    "up left": (18.0, 12.0), "up right": (-18.0, 12.0), "down left": (18.0, -16.0), "down right": (-18.0, -16.0),
}  # fmt: skip
"""Degrees to the speaker's left and up of the directions that have a name; left and right are the speaker's."""


def smooth(share: np.ndarray) -> np.ndarray:
    """Smooth step of 0..1."""
    share = share.clip(0, 1)
    return share * share * (3 - 2 * share)


@dataclass(frozen=True, kw_only=True)
class Track:
    """What every track has.

    Attributes:
        start, end: seconds; from the beginning and to the end where they are left out.
        fade_in, fade_out: seconds over which the track sets in and ends; it has half its strength at start and end.
        strength: 0..1, how much of it is done. region: parts of the face, all if left out.
        name: what messages call it.
    """

    KIND: ClassVar[str] = ""
    FADE: ClassVar[float] = 0.3
    INSTANT: ClassVar[bool] = False

    start: float = 0.0
    end: float | None = None
    fade_in: float | None = None
    fade_out: float | None = None
    strength: float = 1.0
    region: str | Sequence[str] = "all"
    name: str = ""

    def __post_init__(self) -> None:
        self._set("start", checks.number("start", self.start, 0, LONGEST))
        if self.end is not None:
            end = checks.number("end", self.end, 0, LONGEST)
            if end <= self.start:
                raise ValueError(f"end must be after start, {self.start:g} s, got {end:g}")
            self._set("end", end)
        for name in ("fade_in", "fade_out"):
            given = getattr(self, name)
            self._set(name, self.FADE if given is None else checks.number(name, given, 0, LONGEST))
        self._set("strength", checks.number("strength", self.strength, 0, 1))
        self._set("region", region_names("region", self.region))
        self._set("name", checks.text("name", self.name))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or f"{self.KIND} {self.what}".strip()

    @property
    def what(self) -> str:
        """What it does, in a word or two."""
        return ""

    def envelope(self, seconds: np.ndarray) -> np.ndarray:
        """How strong it is at moments (T,): 0 before, its strength inside, smooth at both ends."""
        fade_in, fade_out = self.fade_in or 0.0, self.fade_out or 0.0
        if self.end is not None:  # both fades fit between the ends
            fade_in, fade_out = min(fade_in, self.end - self.start), min(fade_out, self.end - self.start)
        share = np.ones(len(seconds))
        if self.start > 0:
            share = smooth((seconds - self.start) / max(fade_in, 1e-6) + 0.5)
        if self.end is not None:
            share = share * (1 - smooth((seconds - self.end) / max(fade_out, 1e-6) + 0.5))
        return self.strength * share

    def mask(self) -> np.ndarray:
        """1 for the channels of its region: (56,) float32."""
        return region_mask(self.region)

    def reach(self) -> tuple[float, float]:
        """Seconds before and after which it does nothing; the second may be infinite."""
        end = math.inf if self.end is None else self.end + (self.fade_out or 0.0) / 2
        return self.start - (self.fade_in or 0.0) / 2, end

    def clash(self) -> tuple[Any, ...]:
        """What two tracks that contradict each other have in common; empty if it contradicts none."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """The track as JSON knows it, without what is left at its default."""
        plain: dict[str, Any] = {"track": self.KIND}
        for one in fields(self):
            value = getattr(self, one.name)
            default = self.FADE if one.name in ("fade_in", "fade_out") else one.default
            if one.name == "region":
                default = region_names("region", "all")
            if default is MISSING or value != default:
                plain[one.name] = self._plain(one.name, value)
        return plain

    def _plain(self, name: str, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Track:
        """Read what :meth:`to_dict` gave, without its kind."""
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class EmotionTrack(Track):
    """An emotion over time, for the whole face or some of its parts.

    Attributes:
        emotion: any form of :mod:`emoface.emotion_forms` but a timeline.
    """

    KIND = "emotion"

    emotion: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        emotion = check_emotion(self.emotion)
        if emotion is None or isinstance(emotion, list):
            raise TypeError("emotion must be one emotion, a timeline is several tracks")
        self._set("emotion", emotion)

    @property
    def what(self) -> str:
        return emotion_words(self.emotion)

    def clash(self) -> tuple[Any, ...]:
        return ("emotion",)

    def _plain(self, name: str, value: Any) -> Any:
        return to_json(value) if name == "emotion" else super()._plain(name, value)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Track:
        if "emotion" in values:
            values = {**values, "emotion": from_json(values["emotion"])}
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class CurveTrack(Track):
    """Intensity, guidance or temperature over time.

    Attributes:
        of: one of ``CURVES``. value: a number, or points ``[[seconds, value], ...]`` joined by straight lines.
    """

    KIND = "curve"

    of: str
    value: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.choice("of", self.of, CURVES)
        self._set("value", check_curve("value", self.value, *CURVES[self.of]))

    @property
    def what(self) -> str:
        return self.of

    def clash(self) -> tuple[Any, ...]:
        return ("curve", self.of)

    def values(self, seconds: np.ndarray) -> np.ndarray:
        """The value at moments (T,)."""
        return curve_values(self.value, seconds)


@dataclass(frozen=True, kw_only=True)
class ControlTrack(Track):
    """A control of the finished face over time.

    Attributes:
        field: a number among the fields of :class:`emoface.Controls`. value: as of :class:`CurveTrack`.
    """

    KIND = "control"

    field: str
    value: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        if checks.text("field", self.field) not in RANGES:
            near = checks.nearest(self.field, RANGES)
            raise ValueError(f"field must be a number of Controls, got {self.field!r:.60}; {near}")
        self._set("value", check_curve("value", self.value, *RANGES[self.field]))

    @property
    def what(self) -> str:
        return self.field

    def clash(self) -> tuple[Any, ...]:
        return ("control", self.field)

    def knots(self) -> tuple[tuple[float, float], ...]:
        """Its points (seconds, value); one at 0 for a number."""
        return self.value if isinstance(self.value, tuple) else ((0.0, self.value),)

    def controls(self, value: float) -> Controls:
        """The controls with one value of it."""
        return Controls.from_dict({self.field: value})


@dataclass(frozen=True, kw_only=True)
class ActionTrack(Track):
    """Muscles over time.

    Attributes:
        action: a unit, a shape or plain words, see :func:`emoface.direct.actions.find_action`. value: 0..1, how far.
        mode: added to what the face does, in place of it, or forbidden.
    """

    KIND = "action"
    FADE = 0.12

    action: str
    value: float = 1.0
    mode: str = "add"
    found: Action = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("value", checks.number("value", self.value, 0, 1))
        checks.choice("mode", self.mode, MODES)
        found = find_action(self.action)
        if found.cue:
            raise ValueError(f"action {self.action!r:.60} happens at a moment: it is a cue, {found.cue!r}")
        self._set("found", found)

    @property
    def what(self) -> str:
        return self.action

    def clash(self) -> tuple[Any, ...]:
        return ("action",) if self.mode != "add" else ()

    def to_dict(self) -> dict[str, Any]:
        plain = super().to_dict()
        plain.pop("found", None)
        return plain


@dataclass(frozen=True, kw_only=True)
class PoseTrack(Track):
    """A face, or part of one, that is met exactly at its moment.

    Attributes:
        time: seconds. shapes: ARKit name -> weight 0..1, ``headPitch``, ``headYaw``, ``headRoll`` in degrees.
        reach_s: seconds before and after in which the face comes from and goes back to its own motion.
    """

    KIND = "pose"
    INSTANT = True

    time: float
    shapes: Mapping[str, float]
    reach_s: float = 0.4
    target: Mapping[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._set("time", checks.number("time", self.time, 0, LONGEST))
        self._set("reach_s", checks.number("reach_s", self.reach_s, 0.04, 5))
        half = self.reach_s
        self._set("start", max(self.time - half, 0.0))
        self._set("end", self.time + half)
        super().__post_init__()
        if not isinstance(self.shapes, Mapping):
            raise TypeError(f"shapes must map names to weights, got {type(self.shapes).__name__}")
        if not self.shapes:
            raise ValueError("shapes must name at least one shape, got none")
        checked: dict[str, float] = {}
        for name, weight in self.shapes.items():
            low, high = (-90.0, 90.0) if str(name).startswith("head") else (0.0, 1.0)
            checked[name] = checks.number(f"shapes[{name!r}]", weight, low, high)
        self._set("shapes", checked)
        target = channels(checked)
        turn = math.sqrt(sum(target.get(f"neck_pose_{axis}", 0.0) ** 2 for axis in "xyz"))
        limits = {"jaw_pose_x": (0.0, JAW_OPEN_RADIANS), "jaw_pose_y": (-JAW_SIDE_RADIANS, JAW_SIDE_RADIANS)}
        for channel, value in target.items():
            low, high = limits.get(channel, (-math.inf, math.inf))
            if not low - 1e-9 <= value <= high + 1e-9:
                span = f"{channel} in {low:g}..{high:g}"
                raise ValueError(f"shapes must stay in the anatomical range, {span}, got {value:g}")
        if turn > NECK_RADIANS:
            raise ValueError(f"shapes must turn the head by {math.degrees(NECK_RADIANS):.0f} degrees at most, "
                             f"got {math.degrees(turn):.0f}")  # fmt: skip
        self._set("target", target)

    @property
    def what(self) -> str:
        return f"at {self.time:g} s"

    def parts(self) -> tuple[str, ...]:
        """The parts of the face that it touches."""
        from .regions import PARTS

        own = [MOTION_INDEX[channel] for channel in self.target]
        return tuple(part for part, numbers in PARTS.items() if any(i in numbers for i in own))

    def row(self) -> tuple[np.ndarray, np.ndarray]:
        """Channels (n,) and their values (n,)."""
        return np.array([MOTION_INDEX[one] for one in self.target]), np.array(list(self.target.values()))

    def clash(self) -> tuple[Any, ...]:
        return ("pose", round(self.time, 3))

    def to_dict(self) -> dict[str, Any]:
        plain = super().to_dict()
        for derived in ("start", "end", "target"):
            plain.pop(derived, None)
        return plain


@dataclass(frozen=True, kw_only=True)
class RegionTrack(Track):
    """A stretch of parts of the face: kept as it is, performed anew, or taken from another take.

    Attributes:
        do: one of ``DOINGS``. seed, emotion: of a new performance. source: path of a saved take, or an animation.
    """

    KIND = "region"
    FADE = 0.5

    do: str
    seed: int | None = None
    emotion: Any = None
    source: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.choice("do", self.do, DOINGS)
        if self.seed is not None:
            self._set("seed", checks.whole("seed", self.seed, 0, 2**31 - 1))
        self._set("emotion", check_emotion(self.emotion))
        if (self.source is not None) != (self.do == "take"):
            raise ValueError(f"source goes with do 'take' and with nothing else, got do {self.do!r}")
        if self.do != "redo" and (self.seed is not None or self.emotion is not None):
            raise ValueError(f"seed and emotion go with do 'redo', got do {self.do!r}")

    @property
    def what(self) -> str:
        return f"{self.do} {', '.join(self.region)}"

    def clash(self) -> tuple[Any, ...]:
        return ("region",)

    def _plain(self, name: str, value: Any) -> Any:
        if name == "emotion":
            return to_json(value)
        if name == "source" and not isinstance(value, str):
            raise TypeError("a take that is not a file has no JSON; save it and name its path")
        return super()._plain(name, value)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Track:
        if values.get("emotion") is not None:
            values = {**values, "emotion": from_json(values["emotion"])}
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class CueTrack(Track):
    """Something that happens once.

    Attributes:
        cue: blink, look, nod, shake, laugh, sigh or breath. time: seconds at which it begins.
        duration: seconds, its usual length if left out. count: how often. at: of ``look``, one of ``LOOKS``, degrees
            ``[to the speaker's left, up]``, or a point ``[x, y, z]`` in metres from between the eyes: to the speaker's
            left, up and to the viewer.
    """

    KIND = "cue"
    INSTANT = True
    USUAL: ClassVar[dict[str, float]] = {
        "blink": 0.3, "look": 1.0, "nod": 0.8, "shake": 1.0, "laugh": 1.4, "sigh": 1.8, "breath": 0.8,
    }  # fmt: skip

    cue: str
    time: float
    duration: float | None = None
    count: int = 1
    at: Any = None

    def __post_init__(self) -> None:
        checks.choice("cue", self.cue, self.USUAL)
        self._set("time", checks.number("time", self.time, 0, LONGEST))
        self._set("count", checks.whole("count", self.count, 1, 20))
        if self.duration is None:
            self._set("duration", self.USUAL[self.cue] * self.count)
        else:
            self._set("duration", checks.number("duration", self.duration, 0.08, 600))
        if self.cue == "look":
            self._set("at", check_look("at", "camera" if self.at is None else self.at))
        elif self.at is not None:
            raise ValueError(f"at goes with the cue 'look', got cue {self.cue!r}")
        self._set("start", self.time)
        self._set("end", self.time + (self.duration or 0.0))
        super().__post_init__()

    @property
    def what(self) -> str:
        return self.cue

    def clash(self) -> tuple[Any, ...]:
        return ("cue", self.cue)

    def to_dict(self) -> dict[str, Any]:
        plain = super().to_dict()
        for derived in ("start", "end"):
            plain.pop(derived, None)
        return plain


KINDS: dict[str, type[Track]] = {
    one.KIND: one for one in (EmotionTrack, CurveTrack, ControlTrack, ActionTrack, PoseTrack, RegionTrack, CueTrack)
}
"""Every kind of track by its name in JSON."""


def keys_of(kind: type[Track]) -> dict[str, bool]:
    """What a kind of track takes, and whether it must be given."""
    own = {one.name: one.default is MISSING for one in fields(kind) if one.init}
    if kind.INSTANT:
        for derived in ("start", "end"):
            own.pop(derived)
    return own


def check_look(name: str, value: Any) -> tuple[float, float]:
    """Degrees to the speaker's left and up of a direction."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word not in LOOKS:
            raise ValueError(f"{name} has no direction {value!r:.60}; {checks.nearest(word, LOOKS)}")
        return LOOKS[word]
    if not isinstance(value, (list, tuple)) or len(value) not in (2, 3):
        forms = "a direction, [degrees to the left, degrees up] or a point [x, y, z]"
        raise TypeError(f"{name} must be {forms}, got {value!r:.60}")
    if len(value) == 3:
        x, y, z = (checks.number(f"{name}[{place}]", one, -1e3, 1e3) for place, one in enumerate(value))
        if z <= 0:
            raise ValueError(f"{name} must be a point before the face, z above 0, got z {z:g}")
        value = math.degrees(math.atan2(x, z)), math.degrees(math.atan2(y, math.hypot(x, z)))
    return checks.number(f"{name}[0]", value[0], -35, 35), checks.number(f"{name}[1]", value[1], -30, 30)


def check_curve(name: str, value: Any, low: float, high: float) -> float | tuple[tuple[float, float], ...]:
    """A number, or points [[seconds, value], ...] in rising order of time."""
    if not isinstance(value, (list, tuple)):
        return checks.number(name, value, low, high)
    if not value:
        raise ValueError(f"{name} must be a number or at least one point [seconds, value], got none")
    points: list[tuple[float, float]] = []
    for number, point in enumerate(value):
        if not isinstance(point, (list, tuple)) or len(point) != 2:
            raise TypeError(f"{name}[{number}] must be [seconds, value], got {point!r:.60}")
        time = checks.number(f"{name}[{number}][0]", point[0], 0, LONGEST)
        if points and time <= points[-1][0]:
            raise ValueError(f"{name}[{number}][0] must be after the point before, {points[-1][0]:g} s, got {time:g}")
        points.append((time, checks.number(f"{name}[{number}][1]", point[1], low, high)))
    return tuple(points)


def curve_values(value: float | tuple[tuple[float, float], ...], seconds: np.ndarray) -> np.ndarray:
    """Values of a checked curve at moments (T,), joined by straight lines."""
    if not isinstance(value, tuple):
        return np.full(len(seconds), float(value))
    times, values = zip(*value)
    return np.interp(seconds, times, values)


assert all(name in MOTION_NAMES for name in ("jaw_pose_x", "jaw_pose_y"))
