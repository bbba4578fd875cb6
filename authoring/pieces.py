"""The head's pieces: skin, eyeballs, teeth and tongue, each with one material and its own moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(eq=False)
class Piece:
    """A mesh with colours, weights of the five joints and the moves of the shapes that touch it.

    Attributes:
        name: of the part, such as "eye_left".
        vertices: (n, 3), centimetres.
        faces: (m, 3) triangles of this piece's vertices, counter-clockwise seen from outside.
        colours: (n, 3) sRGB, 0..1, without what `tint` lays over them.
        roughness: 0 mirror .. 1 chalk.
        skin_weights: (n, 5) of global, neck, jaw, left eye, right eye; rows add up to 1.
        deltas: (n, 3) centimetres at weight 1 for each expression component that moves the piece.
        jaw_corrective: (9, n, 3) displacement per element of R - I of the jaw; None where there is none.
        held_by: corners (n, 3) and weights (n, 3) of the skin's vertices on which the piece rides, None where it
            moves by itself; identity moves it with them.
        identity: (n, 3) centimetres at weight 1 of components that move this piece alone.
        correctives: (n, 3) centimetres where both shapes of a pair are at weight 1, for each pair that moves the piece.
        tint: (n, 2) share 0..1 of the person's colour of hair (of the iris on eyes) over `colours`, and its brightness,
            0..2; None where a person's colours do not show.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    roughness: float
    skin_weights: np.ndarray
    deltas: dict[str, np.ndarray] = field(default_factory=dict)
    jaw_corrective: np.ndarray | None = None
    held_by: tuple[np.ndarray, np.ndarray] | None = None
    correctives: dict[str, np.ndarray] = field(default_factory=dict)
    identity: dict[str, np.ndarray] = field(default_factory=dict)
    tint: np.ndarray | None = None


def mirrored(middle: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """How the left half of a piece becomes both halves.

    Args:
        middle: (n,) bool, which vertices of the half lie between both, at x = 0.

    Returns:
        (n,) where the mirror image of each vertex stands, and a function that makes (n, 3) of the half into that of
        both halves; it puts x of the middle to 0 in what it is given.
    """
    side = np.flatnonzero(~middle)
    mirror = np.arange(len(middle))
    mirror[side] = len(middle) + np.arange(len(side))

    def both(half: np.ndarray) -> np.ndarray:
        half[middle, 0] = 0.0
        return np.concatenate([half, half[side] * (-1, 1, 1)])

    return mirror, both
