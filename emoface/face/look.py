"""A person's look on the open head: colours of skin, hair and eyes, and the names of beards, brows and lashes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from .rig import Part

Colour: TypeAlias = tuple[float, float, float]
"""sRGB, 0..1."""

SKIN = (0.80, 0.635, 0.545)
"""Colour of the skin that the head is stored with; other tones change it in proportion."""
HAIR = (0.23, 0.155, 0.11)
"""Colour of hair where none is chosen."""
COLOURS: MappingProxyType[str, dict[str, Colour]] = MappingProxyType(
    {
        "skin_tone": {
            "porcelain": (0.845, 0.705, 0.63), "fair": SKIN, "light": (0.765, 0.605, 0.51),
            "olive": (0.70, 0.565, 0.47), "tan": (0.615, 0.475, 0.39), "brown": (0.475, 0.355, 0.285),
            "dark": (0.335, 0.245, 0.20),
        },
        "hair_colour": {
            "black": (0.055, 0.048, 0.046), "dark brown": (0.135, 0.092, 0.068), "brown": HAIR,
            "light brown": (0.37, 0.26, 0.175), "blond": (0.62, 0.48, 0.31), "auburn": (0.27, 0.14, 0.09),
            "red": (0.44, 0.235, 0.13), "grey": (0.43, 0.42, 0.41), "white": (0.78, 0.77, 0.75),
        },
        "eye_colour": {
            "dark brown": (0.17, 0.105, 0.07), "brown": (0.31, 0.20, 0.12), "amber": (0.56, 0.38, 0.16),
            "hazel": (0.46, 0.39, 0.24), "green": (0.37, 0.42, 0.30), "blue": (0.37, 0.47, 0.57),
            "grey": (0.47, 0.51, 0.54),
        },
    }
)  # fmt: skip
"""Options of an identity that are colours, and the colours that have names; others are written as "#rrggbb"."""
SHAPES: MappingProxyType[str, dict[str, float]] = MappingProxyType(
    {
        "beard": {"none": 0.0, "stubble": 0.08, "short": 0.3, "full": 0.8},
        "brows": {"thin": -0.8, "natural": 0.0, "thick": 0.8},
        "hair_length": {"short": 0.0, "chin": 0.85, "collar": 1.0},
        "lashes": {"none": -1.0, "short": -0.5, "natural": 0.0, "long": 1.0},
    }
)
"""Identity components whose weights have names too."""
GROWN, LAID = 0.03, 0.15
"""Weights of the component ``beard`` from which its strands are drawn, and the shell under them too."""
NO_LASHES = -0.95
HANGS, NO_HAIR = 0.3, 0.5
"""Weights of ``hair_length`` from which long hair is drawn, and of ``bald`` from which it is not."""
LONG_HAIR = "hair_long"
BEARD, BEARD_HAIRS = "beard", "beard_hairs"
SHADOW, SHADOWED = 0.32, 0.08
"""Share of the hair's colour in skin under a beard, and the component's weight from which it is there in full."""
HAIR_PARTS = ("hair", "brows", BEARD, BEARD_HAIRS, LONG_HAIR)
OVER_SKIN = ("skin", *HAIR_PARTS)
EYES = ("eye_left", "eye_right")
LUMA = np.array([0.2126, 0.7152, 0.0722])
BROWS_DARKER = 0.35  # how much darker brows are than white hair; as dark as dark hair
BEARD_WARMTH = np.array([0.06, -0.06, -0.14])  # of a beard beside hair that is all colour


@dataclass(frozen=True)
class Look:
    """Colours of a person, sRGB 0..1; None: as the head is stored.

    Attributes:
        skin_tone, hair_colour, eye_colour: of the skin where no blood shows, of hair, brows and beard, of the iris.
    """

    skin_tone: Colour | None = None
    hair_colour: Colour | None = None
    eye_colour: Colour | None = None


PLAIN = Look()


def look_of(identity: Mapping[str, float | str]) -> Look:
    """The colours among the options of an identity.

    Raises:
        ValueError: an unknown colour. TypeError: one that is no text.
    """
    return Look(**{name: _colour(name, identity[name]) for name in COLOURS if name in identity})


def shape_weight(name: str, value: float | str) -> float | str:
    """The weight that a name such as "stubble" stands for in an identity component; others as they are.

    Raises:
        ValueError: a name that the component does not have.
    """
    if name not in SHAPES or not isinstance(value, str):
        return value
    if value not in SHAPES[name]:
        raise ValueError(f"identity[{name!r}] must be {', '.join(SHAPES[name])} or a number, got {value!r}")
    return SHAPES[name][value]


def _colour(name: str, value: float | str) -> Colour:
    if not isinstance(value, str):
        raise TypeError(f"identity[{name!r}] must be the name of a colour or #rrggbb, got {type(value).__name__}")
    if value in COLOURS[name]:
        return COLOURS[name][value]
    if not re.fullmatch("#[0-9a-fA-F]{6}", value):
        raise ValueError(f"identity[{name!r}] must be {', '.join(COLOURS[name])} or #rrggbb, got {value!r}")
    red, green, blue = bytes.fromhex(value[1:])
    return red / 255, green / 255, blue / 255


def look_colours(
    stored: np.ndarray, tint: np.ndarray, parts: Sequence[Part], look: Look, beard: float = 0.0
) -> np.ndarray:
    """Colours of a head in a person's look.

    ``(1 - s) c k + s b h``: stored colour c, in proportion to the skin's tone k; share s, brightness b of the hair's
    or the iris' colour h.

    Args:
        stored: (V, 3) sRGB 0..1. tint: (V, 2), share 0..1 and brightness.
        parts: of the head. look: of the person. beard: weight of the component.

    Returns:
        (V, 3) float32 sRGB, 0..1.
    """
    colours = stored.astype(np.float64)
    tone = np.array(look.skin_tone or SKIN) / SKIN
    hair = np.array(look.hair_colour or HAIR)
    pale, colourful = float(LUMA @ hair), float(1 - hair.min() / max(hair.max(), 1e-6))
    warm = (hair * (1 + colourful * BEARD_WARMTH)).clip(0, 1)
    layers = dict.fromkeys(HAIR_PARTS, hair) | {
        "brows": hair * (1 - BROWS_DARKER * pale),
        BEARD: warm,
        BEARD_HAIRS: warm,
        "skin": 0.8 * hair,
    }
    if look.eye_colour is not None:
        layers |= dict.fromkeys(EYES, np.array(look.eye_colour))
    for part in parts:
        rows = slice(*part.vertices)
        if part.name in OVER_SKIN:
            colours[rows] *= tone
        if part.name in layers:
            share, bright = tint[rows, :1], tint[rows, 1:]
            if part.name == "skin":
                share = share * SHADOW * float(np.clip(beard / SHADOWED, 0, 1))
            colours[rows] += share * (bright * layers[part.name] - colours[rows])
    return colours.clip(0, 1).astype(np.float32)


def hidden_parts(beard: float, lashes: float, hair_length: float, bald: float) -> tuple[str, ...]:
    """Parts that are left out of what is shown, by the weights of the components that grow them."""
    hidden = {
        BEARD: beard < LAID,
        BEARD_HAIRS: beard < GROWN,
        "lashes": lashes < NO_LASHES,
        LONG_HAIR: hair_length < HANGS or bald > NO_HAIR,
    }
    return tuple(name for name, out in hidden.items() if out)
