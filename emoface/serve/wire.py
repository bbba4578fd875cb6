"""What a stream's messages hold: the JSON of a client, its sound, and the frames that it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from emoface import checks
from emoface.emotion_forms import from_json
from emoface.face.layout import ARKIT_NAMES, MOTION_NAMES
from emoface.options import AnimateOptions, options_of
from emoface.reading import parse_json

if TYPE_CHECKING:
    from emoface.live import Frames

VERSION = 1
SOUNDS: dict[str, np.dtype[Any]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}
VALUES: dict[str, np.dtype[Any]] = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4")}
HEAD_NAMES = ("headX", "headY", "headZ")
"""The turn of the head, axis-angle in radians: nod, turn to the speaker's left, tilt to the speaker's right."""
COLUMNS = {"arkit": ARKIT_NAMES, "arkit+head": (*ARKIT_NAMES, *HEAD_NAMES), "flame": MOTION_NAMES}
OPTIONS = tuple(name for name in options_of(AnimateOptions) if name != "num_samples")


@dataclass(frozen=True, kw_only=True)
class Start:
    """The first message of a stream.

    Attributes:
        sample_rate: Hz of the sound. format: of its samples, a key of ``SOUNDS``. channels: of the sound, interleaved.
        output: what a frame holds, a key of ``COLUMNS``. dtype: of its values, a key of ``VALUES``.
        options: of the stream, by name.
    """

    sample_rate: int = 16000
    format: str = "s16le"
    channels: int = 1
    output: str = "arkit"
    dtype: str = "float16"
    options: dict[str, Any]

    @classmethod
    def parse(cls, text: str) -> Start:
        """Read the message.

        Raises:
            TypeError, ValueError: not JSON, an unknown name, or a value of a wrong kind or out of its range.
        """
        values = _object(text)
        if values.pop("type", None) != "start":
            raise ValueError('the first message must be {"type": "start", ...}')
        own = ("sample_rate", "format", "channels", "output", "dtype")
        latency = {"latency": values.pop("latency", "live")}
        checks.keys("start", values, (*own, *OPTIONS, "latency"))
        given = {name: values.pop(name) for name in own if name in values}
        checked = AnimateOptions.from_json(values)
        start = cls(**given, options={name: getattr(checked, name) for name in values} | latency)
        checks.whole("sample_rate", start.sample_rate, 4000, 192_000)
        checks.whole("channels", start.channels, 1, 8)
        for name, known in (("format", SOUNDS), ("output", COLUMNS), ("dtype", VALUES)):
            checks.choice(name, getattr(start, name), known)
        return start

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a frame's values."""
        return COLUMNS[self.output]

    @property
    def record(self) -> np.dtype[Any]:
        """A frame as it is sent: index, time in seconds, values."""
        return np.dtype([("index", "<u4"), ("time", "<f4"), ("values", VALUES[self.dtype], (len(self.columns),))])

    def samples(self, data: bytes) -> np.ndarray:
        """The sound of a message, (n,) or (n, channels) int16 or float32.

        Raises:
            ValueError: a part of a sample is missing, or samples are not finite.
        """
        return samples(data, self.format, self.channels)

    def pack(self, frames: Frames) -> bytes:
        """Frames as the bytes of one message."""
        rows = np.zeros(len(frames), self.record)
        rows["index"] = frames.start + np.arange(len(frames))
        rows["time"] = frames.times
        if self.output == "flame":
            rows["values"] = frames.motion
        else:
            rows["values"][:, : len(ARKIT_NAMES)] = frames.arkit()
            if self.output == "arkit+head":
                rows["values"][:, len(ARKIT_NAMES) :] = frames.head
        return rows.tobytes()


def samples(data: bytes, kind: str, channels: int) -> np.ndarray:
    """Samples (n,), or (n, channels) if there are several channels, of raw sound.

    Args:
        data: the bytes. kind: a key of ``SOUNDS``. channels: interleaved in it.

    Raises:
        ValueError: a part of a sample is missing, or samples are not finite.
    """
    dtype = SOUNDS[kind]
    whole = dtype.itemsize * channels
    if len(data) % whole:
        raise ValueError(f"sound must come in whole samples of {whole} bytes, got {len(data)} bytes")
    sound = np.frombuffer(data, dtype)
    if dtype.kind == "f" and not np.isfinite(sound).all():
        raise ValueError(f"sound must be finite, got {int((~np.isfinite(sound)).sum())} samples that are not")
    return sound if channels == 1 else sound.reshape(-1, channels)


@dataclass(frozen=True)
class Control:
    """A later message of a stream.

    Attributes:
        kind: emotion, intensity, interrupt or end.
        value: the emotion, the intensity, or the number of the last frame that the client has shown before it
            interrupts, None if it does not tell.
    """

    kind: str
    value: Any = None

    @classmethod
    def parse(cls, text: str) -> Control:
        """Read the message.

        Raises:
            TypeError, ValueError: not JSON, an unknown type, or a value of a wrong kind.
        """
        values = _object(text)
        kind = checks.choice("type", values.pop("type", None), _VALUES)
        checks.keys(kind, values, _VALUES[kind])
        if kind == "emotion":
            return cls(kind, from_json(values[kind])) if values else cls._lacking(kind)
        if kind == "intensity":
            return cls(kind, options_of(AnimateOptions)[kind].check(values[kind])) if values else cls._lacking(kind)
        shown = values.get("shown")
        return cls(kind, None if shown is None else checks.whole("shown", shown, -1))

    @classmethod
    def _lacking(cls, kind: str) -> Control:
        raise ValueError(f'the message must be {{"type": "{kind}", "{kind}": ...}}')


_VALUES = {"emotion": ("emotion",), "intensity": ("intensity",), "interrupt": ("shown",), "end": ()}
"""What each message may hold beside its type."""


def _object(text: str) -> dict[str, Any]:
    values = parse_json(text, standard=True)
    if not isinstance(values, dict):
        raise TypeError(f"a message must be a JSON object, got {type(values).__name__}")
    return values
