"""Which of a mesh's shapes are ARKit's, under the names that other programs give them.

What the programs call them stands in ``spellings.tsv``: one row for a shape and a family of rigs; alternatives are
separated by ``|``, and the names of one alternative act together. The rules of this module say what may stand around
such a name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from emoface import checks
from emoface.face.layout import ARKIT_NAMES
from emoface.reading import read_json

SIDED = tuple(n[:-4] for n in ARKIT_NAMES if n.endswith("Left") and n not in ("jawLeft", "mouthLeft"))
"""ARKit's shapes of two sides, without the side."""

_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_TOKEN = re.compile(r"[.:|]|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\da-zA-Z_]+")
_PATH = frozenset(".:|")

ORNAMENTS = frozenset(
    "ak anim arkit arkit52 au basis bl blend blendshape blendshapes body bs channel copy ctrl control controls curve "
    "default div driver e expression expressions eyelash eyelashes face facs fin geo geometry grp hair hd head jnt key "
    "lash lashes lod mesh mocap morph morpher morphs phm pose shape shapekey shapes skin slider target targets teeth "
    "v value values weight weights".split()
)
"""Words that say nothing about the shape; these alone, numbers, and signs may follow its name."""
MOTIONS = frozenset(
    "anti back backward blink blow close closed closer combo compress correction corrective dimple down drop fix "
    "forward frown funnel fwd half in inner inverse left look lower minus narrow negative no not open opened out outer "
    "press pucker puff purse raise relax right roll shrug sideways smile sneer squint stretch suck thrust tighten "
    "together up upper wide wink without wrinkle".split()
)
"""Words that make another shape of what follows: mouthSmile_jawOpen is a correction for two shapes at once."""
NOUNS = frozenset(
    "brow brows cheek cheeks chin ear ears eye eyebrow eyebrows eyelid eyelids eyes iris jaw lid lids lip lips mouth "
    "neck nose nostril pupil tongue".split()
)
"""Parts of a face: eyeSmileLeft is no Smile_Left."""
TRAILING = 4  # words that may follow a name


def _tokens(name: str) -> tuple[list[str], int]:
    """Words of a name, sides spelt out, and how many of them stand before its last ``.``, ``:`` or ``|``."""
    words: list[str] = []
    path = 0
    for token in _TOKEN.findall(name):
        if token in _PATH:
            path = len(words)
        else:
            word = token.lower()
            words.append(_SIDES.get(word, word))
    return words, path


def _keys(words: Sequence[str]) -> Iterator[str]:
    """Forms in which words are compared: as they stand, and with their one side at the end."""
    yield "".join(words)
    sides = [word for word in words if word in ("left", "right")]
    if len(sides) == 1 and words[-1] != sides[0]:
        yield "".join([*(word for word in words if word != sides[0]), sides[0]])


def readings(name: str) -> dict[str, tuple[int, int]]:
    """Known keys that a name may stand for, in time linear in its length.

    A word begins at a capital, and after anything that is no letter or digit. Ornaments and numbers may follow the
    shape's name; any words may stand before it but those that would make it another shape.

    Args:
        name: as the file has it.

    Returns:
        Key -> its cost: unknown words, and all words, that are left out. The lowest is the most likely.
    """
    known, longest = _vocabulary()
    words, path = _tokens(name)
    first = max(0, len(words) - longest - TRAILING)  # what stands before matters only as a whole
    found: dict[str, tuple[int, int]] = {}
    for end in range(len(words), max(0, len(words) - TRAILING - 1), -1):
        for start in range(max(first, end - longest), end):
            for key in _keys(words[start:end]):
                if key in known and key not in found and _may_precede(words, path, start, end):
                    left_out = words[path:start] if start >= path else words[:start]
                    found[key] = (sum(map(_is_unknown, left_out)), start + len(words) - end)
        if _is_unknown(words[end - 1]):
            break
    return found


def _is_unknown(word: str) -> bool:
    return word not in ORNAMENTS and not word.isdigit()


def _may_precede(words: list[str], path: int, start: int, end: int) -> bool:
    """Whether the words before ``start`` leave the shape of those from there to ``end`` what it is."""
    before = words[path:start] if start >= path else words[:start]
    if not MOTIONS.isdisjoint(before):
        return False
    return NOUNS.isdisjoint(before) or not NOUNS.isdisjoint(words[start:end])


@dataclass(frozen=True)
class Spelling:
    """A way in which a shape is named.

    Attributes:
        family: the rigs that name it so.
        keys: of the names, small letters with the sides spelt out and nothing between the words; together they are
            the shape.
    """

    family: str
    keys: tuple[str, ...]


@lru_cache(maxsize=1)
def spellings() -> dict[str, tuple[Spelling, ...]]:
    """Every known spelling of every shape, ARKit's and those that stand in for them, the best first."""
    found: dict[str, list[Spelling]] = {}
    for name in (*ARKIT_NAMES, *SIDED):
        halves = tuple(_key(name + side) for side in ("Left", "Right"))
        found[name] = [Spelling("ARKit", (_key(name),))]
        if name in ARKIT_NAMES and not name.endswith(("Left", "Right")):
            found[name].append(Spelling("ARKit", halves))
    table = files(__package__).joinpath("spellings.tsv").read_text(encoding="utf-8")
    for line in table.splitlines()[1:]:
        shape, family, alternatives = line.split("\t")
        for alternative in alternatives.split(" | "):
            found.setdefault(shape, []).append(Spelling(family, tuple(map(_key, alternative.split(" ")))))
    return {shape: tuple(listed) for shape, listed in found.items()}


def _key(spelling: str) -> str:
    return next(_keys(_tokens(spelling)[0]), "")


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[frozenset[str], int]:
    """All known keys, and the most words that one of them has."""
    known = frozenset(key for listed in spellings().values() for spelling in listed for key in spelling.keys)
    table = files(__package__).joinpath("spellings.tsv").read_text(encoding="utf-8")
    names = [*ARKIT_NAMES, *re.split(r"[\t\n |]+", table)]
    return known, 1 + max(len(_tokens(name)[0]) for name in names)


@dataclass(frozen=True)
class Found:
    """Where a shape is.

    Attributes:
        indices: into the names; together they are the shape.
        family: the rigs that spell it so.
    """

    indices: tuple[int, ...]
    family: str


def find_shapes(names: Sequence[str]) -> dict[str, Found]:
    """Which of one mesh's shapes are ARKit's, or stand in for them.

    Capitals and separators do not count; ``_L``, ``.L``, ``Left`` and ``Left`` in front mean the same. A plain name is
    preferred to one with words around it. Each name is read in the one way that leaves out least.

    Args:
        names: of the mesh's shapes.

    Returns:
        Shape -> its place, in the order of :func:`spellings`; shapes that were not found are left out.
    """
    best: dict[str, tuple[tuple[int, int], int]] = {}  # key -> (cost, index)
    for index, name in enumerate(names):
        likely = readings(name)
        least = min(likely.values(), default=None)
        for key, cost in likely.items():
            if cost == least and (len(key) > 1 or cost == (0, 0)):  # one letter must be the whole name
                best[key] = min(best.get(key, (cost, index)), (cost, index))
    found = {}
    for shape, listed in spellings().items():
        for spelling in listed:
            present = dict.fromkeys(best[key][1] for key in spelling.keys if key in best)
            if present:
                found[shape] = Found(tuple(present), spelling.family)
                break
    return found


def find_arkit(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """ARKit name -> indices into ``names`` that act together, in the order of ``ARKIT_NAMES``.

    Args:
        names: of one mesh's shapes, see :func:`find_shapes`.
    """
    found = find_shapes(names)
    return {shape: found[shape].indices for shape in ARKIT_NAMES if shape in found}


NamesOrPath = Mapping[str, Any] | str | os.PathLike[str]
NameMap = dict[str, dict[str, float]]
"""Shape -> name of a target or VRM expression -> its weight where the shape is at 1."""


def read_names(names: NamesOrPath | None) -> NameMap:
    """A user's own table of names.

    Args:
        names: shape of :func:`spellings` -> what moves it: a name, a list of names that act together, an object of
            names and their weights, or null for nothing; or the path of such JSON.

    Returns:
        The table in one form.

    Raises:
        OSError: the file cannot be read. ValueError: no JSON object, or a shape that is not known. TypeError: names
            that are none of these.
    """
    if names is None:
        return {}
    where = "names"
    if isinstance(names, (str, os.PathLike)):
        where, names = f"names {os.fspath(names)}", read_json(names)
        if not isinstance(names, Mapping):
            raise ValueError(f"{where} must be an object of shapes and names, got {type(names).__name__}")
    if not isinstance(names, Mapping):
        raise TypeError(f"names must map shapes to names, or be the path of such JSON, got {type(names).__name__}")
    unknown = [shape for shape in names if shape not in spellings()]
    if unknown:
        raise ValueError(f"{where} holds {unknown[0]!r:.60}, which is no shape; known are {', '.join(spellings())}")
    return {shape: _targets(value, f"{where}: {shape}") for shape, value in names.items()}


def _targets(value: Any, what: str) -> dict[str, float]:
    if value is None:
        return {}
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)):
        if not all(isinstance(name, str) for name in value):
            raise TypeError(f"{what} must be names, got {value!r:.60}")
        return dict.fromkeys(value, 1.0)
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise TypeError(f"{what} must be a name, a list of names, or names and weights, got {value!r:.60}")
    return {name: checks.number(f"weight of {name!r} in {what}", weight, -100, 100) for name, weight in value.items()}


def part_keys(name: str) -> list[str]:
    """Keys that the last words of the name of a bone or of a piece of a mesh make, whatever stands before them.

    ``mixamorig:LeftEye`` and ``CC_Base_L_Eye`` are both ``eyeleft``.
    """
    words, _ = _tokens(name)
    return [key for start in range(max(0, len(words) - 3), len(words)) for key in _keys(words[start:])]
