"""Checks of arguments: one for each kind of value, with the same words everywhere.

Each takes the argument's name and what was given, and returns it normalised: ``float``, ``int``, ``bool``, ``str``,
``Path``. A wrong kind raises ``TypeError``, a wrong value ``ValueError``; both name the argument, what was expected and
what came. numpy's scalars are numbers; truth values are not.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path

import numpy as np


def number(
    name: str, value: object, low: float = -math.inf, high: float = math.inf, above: float = -math.inf, note: str = ""
) -> float:
    """A finite number as a float.

    Args:
        name: of the argument. value: what was given; no bool.
        low, high: the range, ends included. above: what it must exceed.
        note: said after the range, such as ``"Hz"``.

    Raises:
        TypeError: not a number. ValueError: NaN, infinite or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    try:
        given = float(value)
    except OverflowError:  # an int beyond the largest float
        given = math.inf
    if not (low <= given <= high and given > above and math.isfinite(given)):
        wanted = _range(low, high, above, "finite")
        raise ValueError(f"{name} must be {wanted}{note and f' {note}'}, got {value}")
    return given


def whole(name: str, value: object, low: float = -math.inf, high: float = math.inf) -> int:
    """A whole number as an int.

    Args:
        name: of the argument. value: what was given; no bool and no float. low, high: the range, ends included.

    Raises:
        TypeError: not an integer. ValueError: out of range.
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    given = int(value)
    if not low <= given <= high:
        raise ValueError(f"{name} must be {_range(low, high)}, got {given}")
    return given


def switch(name: str, value: object) -> bool:
    """True or False, numpy's included.

    Raises:
        TypeError: anything else.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r:.60}")
    return bool(value)


def text(name: str, value: object) -> str:
    """A string.

    Raises:
        TypeError: not a string.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {type(value).__name__}")
    return str(value)


def choice(name: str, value: object, choices: Iterable[str]) -> str:
    """One of several strings.

    Raises:
        TypeError: not a string. ValueError: another one.
    """
    known = list(choices)
    if text(name, value) not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r:.60}")
    return str(value)


def path(name: str, value: object, what: str = "path") -> Path:
    """A path, which need not exist.

    Args:
        name: of the argument. value: a string or a path object. what: said of it, such as ``"path to a GLB file"``.

    Raises:
        TypeError: neither.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a {what}, got {type(value).__name__}")
    return Path(value)


def callback(name: str, value: object) -> None:
    """A function that is told how far something is, or None.

    Args:
        name: of the argument. value: what was given.

    Raises:
        TypeError: neither.
    """
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be callable, got {type(value).__name__}")


def keys(name: str, values: object, known: Iterable[str]) -> None:
    """A mapping, such as a JSON object, that has known keys alone.

    Raises:
        TypeError: no mapping. ValueError: an unknown key; the message names the one most like it, or else all.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"{name} must be an object, got {type(values).__name__}")
    known = list(known)
    for key in values:
        if key not in known:
            raise ValueError(f"{name} has no {key!r:.60}; {nearest(key, known)}")


def nearest(name: object, known: Iterable[str]) -> str:
    """Words for who gave an unknown name: the known name most like it, or all of them."""
    known = list(known)
    near = get_close_matches(str(name), known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def finite(name: str, values: np.ndarray, rows: str = "", first: int = 0) -> np.ndarray:
    """An array without NaN or infinity.

    Args:
        name: of the argument. values: the array, of any shape.
        rows: what its first axis counts, such as ``"frame"``, for the message. first: number of its first row.

    Returns:
        The array itself.

    Raises:
        ValueError: a value is not finite; the message says where.
    """
    good = np.isfinite(values)
    if good.all():
        return values
    place = tuple(int(i) for i in np.unravel_index(int(np.argmin(good)), good.shape))
    if rows:
        raise ValueError(f"{name} must be finite, it is not in {rows} {first + place[0]}")
    where = f" at {list(place)}" if place else ""
    raise ValueError(f"{name} must be finite, got {values[place]}{where}")


def _range(low: float, high: float, above: float = -math.inf, ends: str = "") -> str:
    """The words for a range; ``ends`` are said where it is open."""
    if low > -math.inf and high < math.inf:
        return f"in {_shown(low)}..{_shown(high)}"
    least = f"at least {_shown(low)}" if low > -math.inf else ""
    least = least or ("positive" if above == 0 else f"above {_shown(above)}" if above > -math.inf else "")
    most = f"at most {_shown(high)}" if high < math.inf else ""
    return ", ".join(filter(None, (" and ".join(filter(None, (least, ends))), most)))


def _shown(end: float) -> str:
    return str(end) if isinstance(end, int) else f"{end:g}"
