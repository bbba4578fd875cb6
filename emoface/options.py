"""The options of loading and animating: the kind, range, default and meaning of each stand here once.

:func:`emoface.animate`, :class:`emoface.Pipeline`, the command line, JSON and the table in ``docs/python.md`` read them
from here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from . import checks
from .option_kinds import (
    CheckpointFile,
    Choice,
    Described,
    Device,
    Directed,
    Emotion,
    FaceControls,
    Kind,
    Number,
    Numbers,
    Rate,
    Style,
    Switch,
    Whole,
)

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from .face.controls import Controls
    from .types import DirectionInput, EmotionInput, StyleInput, VarietyInput


@dataclass(frozen=True)
class Option:
    """One option, or another argument that is documented like one.

    Attributes:
        name: as a keyword argument. kind: what values it takes. default: the value if it is left out.
        meaning: what it does, in one line of Markdown.
        absent: what None stands for, in Markdown; None is refused where this is empty.
    """

    name: str
    kind: Kind
    default: Any
    meaning: str
    absent: str = ""

    def check(self, value: Any) -> Any:
        """The value, normalised.

        Raises:
            TypeError: a value of a wrong kind. ValueError: out of range.
        """
        return None if value is None and self.absent else self.kind.check(self.name, value)

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value of a number.

        Raises:
            TypeError: the option is no number.
        """
        if not isinstance(self.kind, (Number, Whole)):
            raise TypeError(f"{self.name} is no number")
        return self.kind.low, self.kind.high

    @property
    def default_words(self) -> str:
        """The default in Markdown."""
        if self.default is None:
            return self.absent
        if isinstance(self.default, str):
            return f'`"{self.default}"`'
        return f"`{self.default}`" if isinstance(self.default, bool) else f"{self.default:g}"


def _about(kind: Kind, meaning: str, absent: str = "") -> dict[str, Any]:
    """Metadata of a field of an options class; the arguments are those of :class:`Option`."""
    return {"kind": kind, "meaning": meaning, "absent": absent}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What options have in common: they are checked when they are made, and can be written as JSON."""

    def __post_init__(self) -> None:
        for name, option in options_of(type(self)).items():
            object.__setattr__(self, name, option.check(getattr(self, name)))

    @classmethod
    def among(cls, arguments: Mapping[str, Any]) -> Self:
        """The options of this class that are among named arguments; others keep their defaults."""
        return cls(**{name: arguments[name] for name in options_of(cls) if name in arguments})

    def changed(self, **options: Any) -> Self:
        """A copy with other values of some options.

        Raises:
            TypeError: an unknown option; the message names the nearest. TypeError, ValueError: a bad value.
        """
        known = options_of(type(self))
        for name in options:
            if name not in known:
                raise TypeError(f"there is no option {name!r}; {checks.nearest(name, known)}")
        return replace(self, **options)

    def to_json(self) -> str:
        """The options as JSON text, every one by name.

        Raises:
            TypeError: an emotion or a style is given by example, which JSON cannot hold.
        """
        plain = {}
        for name, option in options_of(type(self)).items():
            value = getattr(self, name)
            plain[name] = None if value is None else option.kind.to_json(value)
        return json.dumps(plain, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, source: str | bytes | Mapping[str, Any]) -> Self:
        """Read what :meth:`to_json` gave; options left out keep their defaults.

        Args:
            source: JSON text, or the object that it holds.

        Returns:
            The options.

        Raises:
            ValueError: no JSON, an unknown option (the message names the nearest), or a value out of range.
            TypeError: no object, or a value of a wrong kind.
        """
        from .reading import parse_json

        values = parse_json(source) if isinstance(source, (str, bytes)) else source
        known = options_of(cls)
        checks.keys("options", values, known)
        read = {name: None if value is None else known[name].kind.from_json(value) for name, value in values.items()}
        return cls(**read)


def options_of(kind: type[Options]) -> Mapping[str, Option]:
    """The options of a class by name, in their order."""
    return {one.name: Option(one.name, default=one.default, **one.metadata) for one in fields(kind)}


@dataclass(frozen=True, kw_only=True)
class AnimateOptions(Options):
    """How a recording is animated; :func:`emoface.animate` takes the same as keyword arguments.

    Their values and defaults are those of ``emoface.animate.__doc__``.

    Raises:
        TypeError, ValueError: a value of a wrong kind, or out of its range.
    """

    emotion: EmotionInput | None = field(default=None, metadata=_about(
        Emotion(),
        "a label, a label with its level, a sentence, a mixture, an example or a timeline; `None` listens to the "
        "voice: calm or faint unless it is sure of an emotion", absent="`None`"))  # fmt: skip
    intensity: float = field(default=1.0, metadata=_about(
        Number(0, 2),
        "linear strength of the expression, `neutral + intensity (emotion - neutral)`, with lids and a lowered gaze "
        "held where eyes stay open; any value but 1 doubles the work"))  # fmt: skip
    guidance: float = field(default=1.0, metadata=_about(
        Number(0, 4),
        "classifier-free guidance inside the sampler; saturates above about 1.5; any value but 1 doubles the "
        "work"))  # fmt: skip
    steps: int | None = field(default=None, metadata=_about(
        Whole(1, 500), "sampler steps per window; more steps give variety, not accuracy",
        absent="the checkpoint's"))  # fmt: skip
    seed: int = field(default=0, metadata=_about(
        Whole(0, 2**31 - 1), "the same seed, input and machine give the same bytes"))  # fmt: skip
    variety: VarietyInput = field(default=1.0, metadata=_about(
        Numbers(0, 3, ("pose", "events")),
        "how far takes of different seeds differ: in the pose that each holds, and in what happens when, as one number "
        "or as two"))  # fmt: skip
    num_samples: int = field(default=1, metadata=_about(
        Whole(1, 64), "number of takes of the same line; more than one come as a list"))  # fmt: skip
    fps: float = field(default=25.0, metadata=_about(
        Rate(1, 240), "frames per second of the result, which has `round(duration * fps)` frames; 29.97 and "
        '`"30000/1001"` are the same rate'))  # fmt: skip
    blink: bool = field(default=True, metadata=_about(Switch(), "blinks"))
    gaze: bool = field(default=True, metadata=_about(Switch(), "eye movements and micro-motion"))
    head: float = field(default=1.0, metadata=_about(
        Number(0, 2), "strength of the head's motion, 0 holds it still"))  # fmt: skip
    nonverbal: float = field(default=1.0, metadata=_about(
        Number(0, 2), "how much laughter, breaths, sighs, coughs and humming in the voice show on the face, 0 not at "
        "all"))  # fmt: skip
    latency: str = field(default="file", metadata=_about(
        Choice(("file", "live", "instant")),
        "how far ahead it hears: whole windows, at most 80 ms, or nothing, as a stream with the same options does"
    ))  # fmt: skip
    style: StyleInput | None = field(default=None, metadata=_about(
        Style(("artist", "person", "rule")),
        "lips as an artist cleaned them, as a filmed person moved them, larger rule-made articulation, the manner of a "
        "speaker, or a person learnt from clips; also several, each with its strength",
        absent="the checkpoint's"))  # fmt: skip
    direction: DirectionInput | None = field(default=None, metadata=_about(
        Directed(), "a timeline of emotions, curves, actions, poses and cues, see [directing](direction.md)",
        absent="`None`"))  # fmt: skip
    controls: Controls | None = field(default=None, metadata=_about(
        FaceControls(), "strength, smoothing and offsets of regions and single shapes, applied at the end",
        absent="`None`"))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LoadOptions(Options):
    """Which checkpoint is loaded, and where and how its networks run; :func:`emoface.load` takes the same.

    Raises:
        TypeError, ValueError: a value of a wrong kind, an unknown one, or a device that is not there.
    """

    checkpoint: Path | None = field(default=None, metadata=_about(
        CheckpointFile(), 'another checkpoint of this package; `"fast"` is the bundled student of one network call a '
        "window", absent="the bundled one"))  # fmt: skip
    device: str = field(default="cpu", metadata=_about(
        Device(), 'where the networks run; `"auto"` takes a GPU if there is one'))  # fmt: skip
    dtype: str = field(default="auto", metadata=_about(
        Choice(("auto", "float32", "bfloat16", "int8")),
        'precision of the denoiser\'s matrix products; `"int8"` is for a CPU; `"auto"` is bfloat16 on a CPU that '
        "multiplies it faster than float32, else float32"))  # fmt: skip
    threads: int = field(default=1, metadata=_about(
        Whole(1, 64), "CPU threads of the denoiser; the motion does not depend on them"))  # fmt: skip

    def __post_init__(self) -> None:
        from .device import find_device

        super().__post_init__()
        if self.dtype == "int8" and find_device(self.device).type != "cpu":
            raise ValueError(f"dtype 'int8' is for a CPU, got it for device {self.device!r}")


def animate_arguments() -> list[Option]:
    """All arguments of :func:`emoface.animate` in their order: its options, and what else it takes."""
    loading = [option for name, option in options_of(LoadOptions).items() if name != "threads"]
    return [
        Option(
            "audio", Described("4 to 192 kHz, 1 to 8 channels, more than half a frame"), None,
            "a path, a binary file object, `(samples, rate)`, or an array or tensor together with `sample_rate`",
        ),
        *options_of(AnimateOptions).values(),
        Option("sample_rate", Described("4000 to 192000 Hz"), None, "of an array"),
        Option(
            "other", Described("no longer than `audio`"), None,
            "the voice of somebody to talk with, as `audio`: the face listens while it sounds, and speaks in turn",
        ),
        *loading,
        Option("progress", Described("function of 0 to 1"), None, "called with the finished share after every window"),
    ]  # fmt: skip


def table() -> str:
    """The arguments of :func:`emoface.animate` as the Markdown table of ``docs/python.md``."""
    lines = ["| argument | range | default | |", "|---|---|---|---|"]
    for one in animate_arguments():
        lines.append(f"| `{one.name}` | {one.kind.words} | {one.default_words} | {one.meaning} |")
    return "\n".join(lines).replace("|  |", "| |") + "\n"


def arguments_text(arguments: list[Option]) -> str:
    """The lines of a docstring's ``Args`` for arguments, indented by 8 spaces."""
    lines = []
    for one in arguments:
        words = "; ".join(filter(None, (one.kind.words, one.meaning)))
        default = f" ({one.default_words})" if one.default_words else ""
        text = f"{one.name}: {words}{default}.".replace("`", "``")
        lines += wrap(text, 120, initial_indent=8 * " ", subsequent_indent=12 * " ", break_on_hyphens=False)
    return "\n".join(lines).lstrip()
