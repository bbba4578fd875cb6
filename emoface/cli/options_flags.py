"""Flags of the options of animating and loading, made from :mod:`emoface.options`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from emoface.cli.arguments import parse_numbers, parse_rate, parse_timeline, parse_weights
from emoface.cli.view import add_controls, controls_of
from emoface.option_kinds import (
    CheckpointFile,
    Choice,
    Directed,
    Emotion,
    FaceControls,
    Number,
    Numbers,
    Rate,
    Style,
    Switch,
    Whole,
)
from emoface.options import AnimateOptions, LoadOptions, Option, Options, options_of

MOTION_FILE = "a motion (.npz, Live Link .csv)"


def add_options(parser: argparse.ArgumentParser, kind: type[Options], leave_out: tuple[str, ...] = ()) -> None:
    """Add flags for options; what is not given is None.

    Args:
        parser: of a command. kind: whose options. leave_out: names of those that the command has no flag for.
    """
    for name, option in options_of(kind).items():
        if name not in leave_out:
            _add(parser, option)


def given_options(asked: argparse.Namespace) -> dict[str, Any]:
    """Keyword arguments of :func:`emoface.animate` for the flags that were given; files of examples are read.

    Raises:
        ValueError, TypeError, OSError: flags that do not go together, or a file that cannot be read.
    """
    given = {}
    for option in [*options_of(AnimateOptions).values(), *options_of(LoadOptions).values()]:
        value = _given(asked, option)
        if value is not None:
            given[option.name] = value
    return given


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    kind, name = option.kind, "--" + option.name.replace("_", "-")
    text = _help(option)
    if isinstance(kind, Emotion):
        _add_emotion(parser)
    elif isinstance(kind, Style):
        _add_style(parser, name, kind, text)
    elif isinstance(kind, FaceControls):
        add_controls(parser)
    elif isinstance(kind, Directed):
        _add_direction(parser, text)
    elif isinstance(kind, Switch):
        without = f"--no-{option.name.replace('_', '-')}"
        parser.add_argument(without, dest=option.name, action="store_false", default=None, help=f"without {text}")
    elif isinstance(kind, Choice):
        parser.add_argument(name, choices=kind.names, help=text)
    elif isinstance(kind, CheckpointFile):
        parser.add_argument(name, type=Path, metavar="FILE", help=text)
    elif isinstance(kind, Rate):
        parser.add_argument(name, type=parse_rate, metavar="X", help=text)
    elif isinstance(kind, Numbers):
        parser.add_argument(name, type=_one_or_several, metavar="X[,Y]", help=text)
    elif isinstance(kind, Number):
        parser.add_argument(name, type=float, metavar="X", help=text)
    elif isinstance(kind, Whole):
        parser.add_argument(name, type=int, metavar="N", help=text)
    else:
        parser.add_argument(name, metavar=option.name.upper(), help=text)


def _one_or_several(text: str) -> float | tuple[float, ...]:
    """Read ``0.5`` as a number and ``0.5,2`` as several."""
    found = parse_numbers(text)
    return found[0] if len(found) == 1 else tuple(found)


def _help(option: Option) -> str:
    """Meaning, range and default, without marks of Markdown."""
    values = "" if isinstance(option.kind, (Choice, Switch, CheckpointFile, Style)) else option.kind.words
    default = "" if isinstance(option.kind, Switch) else f"default: {option.default_words}"
    notes = "; ".join(filter(None, (values, default)))
    return (option.meaning + (f" ({notes})" if notes else "")).replace("`", "").replace('"', "").replace("%", "%%")


def _add_emotion(parser: argparse.ArgumentParser) -> None:
    """The forms of an emotion that a command line can tell."""
    emotion = parser.add_mutually_exclusive_group()
    emotion.add_argument("--emotion", metavar="TEXT", help="a label (happy, sad, ...) or a sentence")
    emotion.add_argument("--timeline", type=parse_timeline, metavar="T:E,...", help=(
        "emotions from given seconds on, such as 0:neutral,1.5:surprised,3:happy@3"))  # fmt: skip
    emotion.add_argument("--mix", type=parse_weights, metavar="E=W,...", help="a mixture: happy=.7,surprised=.3")
    emotion.add_argument("--emotion-audio", metavar="FILE", help="the emotion of another voice")
    emotion.add_argument("--emotion-motion", metavar="FILE", help=f"the emotion of {MOTION_FILE}")
    parser.add_argument("--level", type=float, metavar="L", help="with a label: 1 slight, 2 medium, 3 strong")


def _add_style(parser: argparse.ArgumentParser, name: str, kind: Style, text: str) -> None:
    """Ways to articulate, or a speaker by a file."""
    style = parser.add_mutually_exclusive_group()
    style.add_argument(name, choices=kind.names, help=text)
    style.add_argument(f"{name}-motion", metavar="FILE", help=f"move like the person of {MOTION_FILE}")
    style.add_argument(f"{name}-audio", metavar="FILE", help="move as much as the speaker of another voice would")
    style.add_argument(f"{name}-adapter", action="append", metavar="FILE[=STRENGTH]", help=(
        "a person's adapter by emoface adapt, its strength 0 to 2 behind it (1); several are mixed"))  # fmt: skip


def _add_direction(parser: argparse.ArgumentParser, text: str) -> None:
    """A file of a timeline, and what becomes of words in it that name nothing."""
    parser.add_argument("--direct", type=Path, metavar="FILE", help=text)
    parser.add_argument("--skip-unknown", action="store_true", help="leave out words of subtitles that name nothing")


def _given(asked: argparse.Namespace, option: Option) -> Any:
    """The value that the flags of an option describe; None if none was given."""
    if isinstance(option.kind, Emotion):
        return _emotion(asked)
    if isinstance(option.kind, Directed):
        return _direction(asked)
    if isinstance(option.kind, Style) and asked.style is None:
        if asked.style_adapter:
            return [_adapter(text) for text in asked.style_adapter]
        return _example(asked.style_audio, asked.style_motion)
    if isinstance(option.kind, FaceControls):
        return controls_of(asked) if asked.controls else None
    return getattr(asked, option.name, None)


def _emotion(asked: argparse.Namespace) -> Any:
    if asked.level is not None and asked.emotion is None:
        raise ValueError("--level goes with --emotion LABEL")
    if asked.emotion is not None:
        return asked.emotion if asked.level is None else (asked.emotion, asked.level)
    if asked.timeline is not None or asked.mix is not None:
        return asked.timeline if asked.mix is None else asked.mix
    return _example(asked.emotion_audio, asked.emotion_motion)


def _example(audio: str | None, motion: str | None) -> Any:
    """What a voice or a motion tells, None if neither was named."""
    if audio is None and motion is None:
        return None
    from emoface.emotion import from_audio, from_motion

    return from_motion(motion) if audio is None else from_audio(audio)


def _adapter(text: str) -> tuple[Path, float]:
    """A path and its strength; the text behind the last = is a strength if it is a number."""
    path, equals, strength = text.rpartition("=")
    try:
        return (Path(path), float(strength)) if equals else (Path(text), 1.0)
    except ValueError:
        return Path(text), 1.0


def _direction(asked: argparse.Namespace) -> Any:
    """The direction of ``--direct``, None without it."""
    if asked.direct is None:
        return None
    from emoface.direct.direction import Direction

    return Direction.load(asked.direct, "skip" if asked.skip_unknown else "error")
