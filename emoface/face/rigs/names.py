"""ARKit's shapes under the names that other programs give them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from emoface.face.layout import ARKIT_NAMES

_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\da-zA-Z_]+")


def _key(words: Iterable[str]) -> str:
    """Words in one form: small letters, the side spelt out at the end: ``["Left", "eyeBlink"]`` -> eyeblinkleft."""
    tokens = [token.lower() for word in words for token in _TOKEN.findall(word)]
    sides = [_SIDES[token] for token in tokens if token in _SIDES]
    return "".join([token for token in tokens if token not in _SIDES] + sides)


def name_keys(name: str) -> list[str]:
    """Forms in which a name is compared: whole first, then without one, two, ... leading words.

    Words end at anything but a letter or digit: ``blendShape1.browDown_L`` gives blendshape1browdownleft and
    browdownleft, and ``JawOpen`` jawopen.
    """
    words = [word for word in re.split(r"[\W_]+", name) if word]
    return [_key(words[start:]) for start in range(len(words))]


_WHOLE = {_key([name]): name for name in ARKIT_NAMES}
_HALVES = {key + side: name for key, name in _WHOLE.items() for side in ("left", "right")}


def find_arkit(names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Which of one mesh's shapes are ARKit's.

    Capitals and separators do not count; ``_L``, ``.L``, ``Left`` and ``Left`` in front mean the same; leading
    words such as ``blendShape1.`` may be there, but a name without them is preferred. A shape without sides may be
    there in two halves (browInnerUp_L, browInnerUp_R), which then act together.

    Args:
        names: of the mesh's shapes.

    Returns:
        ARKit name -> indices into ``names``, in the order of ``ARKIT_NAMES``; names that were not found are left out.
    """
    best: dict[str, tuple[int, int]] = {}  # key -> (leading words, index)
    for index, name in enumerate(names):
        for leading, key in enumerate(name_keys(name)):
            best[key] = min(best.get(key, (leading, index)), (leading, index))
    found = {}
    for key, arkit in _WHOLE.items():
        halves = [half for half, name in _HALVES.items() if name == arkit]
        present = [key] if key in best else [half for half in halves if half in best]
        if present:
            found[arkit] = tuple(best[one][1] for one in present)
    return found
