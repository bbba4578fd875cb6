"""How the command line reads its arguments: errors of one line, numbers, mixtures and timelines."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from emoface.rates import frame_rate


class Parser(argparse.ArgumentParser):
    """Reports wrong arguments in one line."""

    def parsed(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """As ``parse_args``, but the command that is given an unknown flag offers its own nearest one."""
        asked, unknown = self.parse_known_args(arguments)
        if unknown:
            command = getattr(asked, "command", None)
            parser = next((one[command] for one in self._commands() if command in one), self)
            flags = [flag for action in parser._actions for flag in action.option_strings]
            near = get_close_matches(next(iter(unknown)).split("=")[0], flags, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            parser.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")
        return asked

    def _commands(self) -> list[dict[str, Parser]]:
        found = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return [dict(choices) for choices in found]

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with code 2."""
        self.exit(2, f"emoface: error: {message} (see {self.prog} --help)\n")


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"
"""What a command adds its parser to."""


def parse_timeline(text: str) -> list[tuple[float, Any]]:
    """Read ``0:neutral,1.5:surprised,3:happy@3`` as [(0.0, "neutral"), (1.5, "surprised"), (3.0, ("happy",
    3.0))].

    A comma ends an entry only where seconds and a colon follow, so sentences may hold commas.

    Args:
        text: entries ``SECONDS:EMOTION[@LEVEL]`` joined by commas.

    Returns:
        Pairs of seconds and an emotion, or an emotion with its level.

    Raises:
        argparse.ArgumentTypeError: another form.
    """
    entries: list[tuple[float, Any]] = []
    for entry in re.split(r",(?=\s*[-+.\d]+\s*:)", text):
        match = re.fullmatch(r"\s*([-+.\d]+)\s*:\s*(.+?)\s*(?:@\s*([-+.\d]+)\s*)?", entry, re.DOTALL)
        if match is None:
            raise argparse.ArgumentTypeError(f"expected SECONDS:EMOTION[@LEVEL],..., got {text!r}")
        seconds, emotion, level = match.groups()
        entries.append((_number(seconds, text), emotion if level is None else (emotion, _number(level, text))))
    return entries


def parse_weights(text: str) -> dict[str, float]:
    """Read ``happy=.7,surprised=.3`` as {"happy": 0.7, "surprised": 0.3}.

    Args:
        text: parts ``NAME=WEIGHT`` joined by commas.

    Returns:
        Name -> weight, in the order of the text.

    Raises:
        argparse.ArgumentTypeError: another form, or a name twice.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, equals, weight = part.partition("=")
        if not name.strip() or not equals:
            raise argparse.ArgumentTypeError(f"expected NAME=WEIGHT,..., got {text!r}")
        if name.strip() in weights:
            raise argparse.ArgumentTypeError(f"names {name.strip()} twice: {text!r}")
        weights[name.strip()] = _number(weight, text)
    return weights


def parse_identity(text: str) -> dict[str, float | str]:
    """Read ``nose_width=.5,beard=short,eye_colour=#406080`` or ``ada,beard=none``: a person first, and what differs.

    Args:
        text: parts ``NAME=VALUE`` joined by commas, before them the name of one of
            :data:`emoface.face.presets.PEOPLE` or nobody's.

    Returns:
        Name -> number, or text where it is none.

    Raises:
        argparse.ArgumentTypeError: another form, a name twice, or an unknown person.
    """
    from emoface.face.presets import PEOPLE

    first, *others = text.split(",")
    identity: dict[str, float | str] = {}
    if "=" in first:
        others = [first, *others]
    elif first.strip() in PEOPLE:
        identity.update(PEOPLE[first.strip()])
    else:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE,... or one of {', '.join(PEOPLE)}, got {text!r}")
    given: set[str] = set()
    for part in others:
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not name or not equals or not value:
            raise argparse.ArgumentTypeError(f"expected NAME=VALUE,..., got {text!r}")
        if name in given:
            raise argparse.ArgumentTypeError(f"names {name} twice: {text!r}")
        given.add(name)
        try:
            identity[name] = float(value)
        except ValueError:
            identity[name] = value
    return identity


def parse_numbers(text: str) -> list[float]:
    """Read ``1,2,3`` as [1.0, 2.0, 3.0].

    Args:
        text: numbers joined by commas.

    Returns:
        The numbers in the order of the text.

    Raises:
        argparse.ArgumentTypeError: a part is no number.
    """
    return [_number(part, text) for part in text.split(",")]


def parse_rate(text: str) -> float:
    """Read ``25``, ``29.97`` or ``30000/1001`` as frames per second.

    Args:
        text: a number or a fraction.

    Returns:
        The rate that is meant, see :func:`emoface.rates.frame_rate`; a number that can be none as it is.

    Raises:
        argparse.ArgumentTypeError: another form.
    """
    try:
        return frame_rate(text)
    except ValueError:
        return _number(text, text)


def _number(part: str, text: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, got {part!r} in {text!r}") from None


def check_folder(path: Path | None, option: str) -> None:
    """Check that a folder of recorded data sets is there where one was named.

    Args:
        path: the folder, or None.
        option: the option's name, for the message.

    Raises:
        FileNotFoundError: no such folder.
    """
    if path is not None and not path.is_dir():
        raise FileNotFoundError(f"{option} {path} is not a folder")
