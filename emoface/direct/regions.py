"""The parts of a face that can be directed apart, and the channels of motion that belong to each."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from emoface import checks
from emoface.face.layout import FACE_SIZE, MOTION_NAMES, MOTION_SIZE, MOUTH, NECK


def _named(*starts: str) -> tuple[int, ...]:
    return tuple(i for i, name in enumerate(MOTION_NAMES) if name.startswith(starts))


PARTS: dict[str, tuple[int, ...]] = {
    "brows": _named("brow"),
    "eyes": _named("eye"),
    "cheeks": _named("cheek", "nose"),
    "mouth": _named("mouth", "tongue"),
    "jaw": _named("jaw"),
    "head": NECK,
}
"""Every channel of motion is in one of these."""

GROUPS: dict[str, tuple[str, ...]] = {
    "upper": ("brows", "eyes", "cheeks"),
    "lower": ("mouth", "jaw"),
    "face": ("brows", "eyes", "cheeks", "mouth", "jaw"),
    "all": tuple(PARTS),
}
"""Names of several parts together."""

SYNONYMS: dict[str, str] = {
    "brow": "brows", "eyebrows": "brows", "eyebrow": "brows", "forehead": "brows", "eye": "eyes", "lids": "eyes",
    "eyelids": "eyes", "gaze": "eyes", "cheek": "cheeks", "nose": "cheeks", "lips": "mouth", "lip": "mouth",
    "tongue": "mouth", "chin": "jaw", "neck": "head", "upper face": "upper", "lower face": "lower", "everything": "all",
}  # fmt: skip

REGION_NAMES: tuple[str, ...] = (*PARTS, *GROUPS)

assert sorted(i for part in PARTS.values() for i in part) == list(range(MOTION_SIZE))
assert set(MOUTH) <= {*PARTS["mouth"], *PARTS["jaw"], *PARTS["cheeks"]} and max(PARTS["jaw"]) < FACE_SIZE


def region_names(name: str, regions: str | Iterable[str]) -> tuple[str, ...]:
    """The parts that a region or several of them name, in the order of ``PARTS``.

    Args:
        name: of the argument, for messages. regions: one of ``REGION_NAMES`` or ``SYNONYMS``, or several.

    Raises:
        TypeError: neither text nor several texts. ValueError: an unknown region, or none.
    """
    if isinstance(regions, str):
        regions = [regions]
    if not isinstance(regions, Iterable):
        raise TypeError(f"{name} must be a region or a list of regions, got {type(regions).__name__}")
    found: set[str] = set()
    for region in regions:
        word = checks.text(name, region).strip().lower()
        word = SYNONYMS.get(word, word)
        if word not in REGION_NAMES:
            raise ValueError(f"{name} has no region {region!r:.60}; {checks.nearest(word, REGION_NAMES)}")
        found |= set(GROUPS.get(word, (word,)))
    if not found:
        raise ValueError(f"{name} must name at least one of {', '.join(REGION_NAMES)}, got none")
    return tuple(part for part in PARTS if part in found)


def region_mask(parts: Iterable[str]) -> np.ndarray:
    """1 for the channels of some parts and 0 for the others: (56,) float32."""
    mask = np.zeros(MOTION_SIZE, np.float32)
    for part in parts:
        mask[list(PARTS[part])] = 1
    return mask
