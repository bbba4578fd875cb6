"""Identity components: smooth displacement fields of space, so that every piece of the head follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from .sdf import Point, smooth_step
from .skin import EYE_CENTRE, EYE_RADIUS

ORBIT = 2.9  # from the eye's centre to where the lids no longer follow the eyeball


@dataclass(frozen=True)
class Push:
    """Moves the neighbourhood of a point: v exp(-|(p - c) / r|^2), and its mirror image on the other side."""

    centre: Point
    radii: Point
    move: Point

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """Displacements (N, 3) at the points p (N, 3), in centimetres."""
        side = p[:, 0] / np.sqrt(p[:, 0] ** 2 + 0.25)  # -1 or 1, smooth in the middle
        near = _near(np.stack([p[:, 0] * side, p[:, 1], p[:, 2]], -1), self.centre, self.radii)
        return near[:, None] * np.asarray(self.move) * np.stack([side, np.ones_like(side), np.ones_like(side)], -1)


@dataclass(frozen=True)
class Stretch:
    """Stretches the neighbourhood of a point along the axes: a (p - c) exp(-|(p - c) / r|^2)."""

    centre: Point
    radii: Point
    amount: Point

    def __call__(self, p: np.ndarray) -> np.ndarray:
        """Displacements (N, 3) at the points p (N, 3), in centimetres."""
        side = np.sign(p[:, :1]) if self.centre[0] else np.ones((len(p), 1))
        folded = p * np.concatenate([side, np.ones((len(p), 2))], -1)
        d = folded - np.asarray(self.centre)
        moved = _near(folded, self.centre, self.radii)[:, None] * np.asarray(self.amount) * d
        return moved * np.concatenate([side, np.ones((len(p), 2))], -1)


def _near(p: np.ndarray, centre: Point, radii: Point) -> np.ndarray:
    return np.exp(-(((p - np.asarray(centre)) / np.asarray(radii)) ** 2).sum(-1))


Fields: TypeAlias = tuple[Push | Stretch, ...]
WIDE = 1e3  # a radius that leaves a direction out
COMPONENTS: dict[str, Fields] = {
    "face_width": (Stretch((0, -3, 2), (WIDE, 12, WIDE), (0.07, 0, 0)),),
    "jaw_width": (Stretch((0, -8.5, 2), (WIDE, 3.6, 7), (0.13, 0, 0)),),
    "chin_length": (Push((0, -11.2, 7), (5, 2.6, 5.5), (0, -0.75, 0.0)),),
    "chin_forward": (Push((0, -10.2, 8.2), (3.2, 2.0, 3.2), (0, 0.05, 0.60)),),
    "nose_length": (Push((0, -4.2, 9.3), (1.6, 1.7, 2.2), (0, -0.42, 0.12)),),
    "nose_width": (Stretch((0, -4.0, 9.0), (2.2, 1.3, 1.8), (0.24, 0, 0)),),
    "nose_bridge": (Push((0, -1.3, 9.2), (1.0, 1.5, 2.0), (0, 0, 0.36)),),
    "brow_ridge": (Push((2.2, 1.7, 8.3), (2.6, 1.0, 2.4), (0, -0.06, 0.34)),),
    "brow_height": (Push((2.6, 2.2, 8.0), (2.8, 1.2, 3.0), (0, 0.36, 0)),),
    "cheekbone": (Push((4.8, -2.2, 5.6), (2.0, 1.7, 2.8), (0.36, 0.10, 0.28)),),
    "cheek_fullness": (Push((4.2, -5.6, 5.8), (2.3, 2.4, 3.0), (0.55, 0, 0.40)),),
    "lip_fullness": (
        Stretch((0, -6.98, 9.0), (2.2, 0.95, 1.6), (0, 0.26, 0)),
        Push((0, -6.98, 9.2), (1.7, 0.9, 1.3), (0, 0, 0.20)),
    ),
    "mouth_width": (Stretch((0, -6.98, 8.4), (3.4, 1.9, 2.6), (0.14, 0, 0)),),
    "eye_size": (),  # the eyeball's own scale, below
    "eye_spacing": (Push((3.15, 0.3, 7.0), (2.4, 2.2, 3.2), (0.24, 0, 0)),),
    "forehead_height": (Push((0, 8.5, 2.5), (9, 5.0, 9), (0, 0.85, 0.15)),),
    "heaviness": (
        Push((4.6, -7.6, 3.6), (2.6, 2.6, 3.4), (0.60, -0.12, 0.30)),
        Push((0, -11.4, 3.6), (4.2, 1.9, 3.2), (0, -0.75, 0.25)),
        Stretch((0, -14, -3.5), (7.5, 4.5, WIDE), (0.04, 0, 0.04)),
    ),
    "ear_size": (Stretch((7.6, -1.1, -1.3), (2.2, 3.2, 2.6), (0.14, 0.14, 0.14)),),
    "masculinity": (
        Push((2.2, 1.6, 8.3), (2.8, 1.0, 2.4), (0, -0.10, 0.26)),
        Push((5.4, -8.2, 2.6), (2.2, 2.2, 3.4), (0.42, -0.20, 0.0)),
        Push((0, -10.8, 7.6), (2.6, 1.9, 3.0), (0, -0.30, 0.30)),
        Stretch((0, -10.4, 7.0), (3.2, 1.6, 3.0), (0.12, 0, 0)),
        Push((0, -1.6, 9.2), (1.0, 1.7, 2.0), (0, 0, 0.18)),
        Stretch((0, -6.98, 9.0), (2.2, 0.95, 1.6), (0, -0.14, 0)),
        Stretch((0, -21.0, -3.8), (WIDE, 5.0, WIDE), (0.035, 0, 0)),
        Push((0, -14.2, 2.2), (1.0, 1.5, 1.6), (0, 0, 0.35)),
    ),
    "age": (
        Push((4.0, -9.0, 4.8), (1.4, 1.3, 2.2), (0.16, -0.34, 0.10)),
        Push((3.2, -5.0, 7.2), (1.5, 1.5, 2.0), (0.0, -0.22, -0.16)),
        Push((3.7, -3.9, 7.3), (1.1, 0.8, 2.0), (0.0, -0.10, 0.16)),
        Push((3.4, -1.7, 7.6), (1.5, 0.5, 1.6), (0.0, -0.08, -0.14)),
        Push((4.4, 1.4, 6.8), (1.4, 0.8, 2.0), (0.0, -0.22, 0.04)),
        Stretch((0, -6.98, 9.0), (2.2, 0.95, 1.6), (0, -0.12, 0)),
        Push((0, -3.9, 9.8), (1.3, 1.2, 1.8), (0, -0.24, 0.06)),
        Push((0, -12.2, 3.2), (2.2, 1.6, 2.6), (0, -0.30, 0.12)),
        Stretch((7.6, -1.1, -1.3), (2.2, 3.2, 2.6), (0.0, 0.08, 0.06)),
    ),
    "nose_tip_forward": (Push((0, -3.6, 10.2), (1.0, 0.9, 1.3), (0, 0.06, 0.34)),),
    "nose_hump": (
        Push((0, -1.3, 9.6), (0.75, 0.7, 1.6), (0, 0, 0.30)),
        Push((0, 0.3, 9.0), (0.75, 0.7, 1.6), (0, 0, -0.20)),
        Push((0, -2.8, 9.9), (0.75, 0.7, 1.6), (0, 0, -0.12)),
    ),
    "nose_wing_height": (Push((1.25, -4.1, 8.6), (0.8, 0.8, 1.4), (0, 0.28, 0)),),
    "eye_tilt": (
        Push((4.75, 0.1, 7.0), (1.3, 1.3, 2.4), (0.0, 0.24, 0.0)),
        Push((1.7, -0.1, 7.9), (1.0, 1.0, 2.0), (0.0, -0.10, 0.0)),
    ),
    "eye_depth": (Push((3.15, 0.2, 8.0), (2.3, 1.6, 2.6), (0, 0, -0.26)),),
    "lip_upper": (
        Stretch((0, -6.6, 9.0), (2.0, 0.55, 1.6), (0, 0.28, 0)),
        Push((0, -6.6, 9.3), (1.5, 0.5, 1.2), (0, 0.06, 0.14)),
        Stretch((0, -7.5, 9.0), (2.0, 0.55, 1.6), (0, -0.20, 0)),
        Push((0, -7.5, 9.2), (1.5, 0.5, 1.2), (0, 0, -0.12)),
    ),
    "philtrum_length": (Push((0, -7.6, 8.5), (3.2, 1.9, 3.0), (0, -0.34, 0)),),
    "chin_width": (Stretch((0, -10.3, 7.4), (2.8, 1.6, 2.8), (0.24, 0, 0)),),
    "jaw_angle": (Push((5.6, -7.6, 2.0), (2.0, 2.2, 3.0), (0.30, -0.45, -0.10)),),
    "temple_width": (Push((6.6, 3.0, 3.0), (2.4, 2.6, 3.6), (0.36, 0, 0)),),
    "skull_height": (Push((0, 12.0, -5.0), (9, 6.5, 6.5), (0, 0.80, -0.15)),),
    "neck_width": (Stretch((0, -12.5, -3.5), (7.0, 4.0, WIDE), (0.16, 0, 0.08)),),
    "ear_flare": (Push((8.2, -1.1, -2.4), (1.5, 3.0, 1.6), (0.45, 0, 0.10)),),
    "bald": (),  # the hair's own, like the next
    "hair_volume": (),
    "beard": (),
    "brows": (),
    "lashes": (),
    "hair_length": (),
}
EYE_SCALE = {"eye_size": 0.06}


def displacement(fields: Fields, p: np.ndarray, eye_scale: float = 0.0) -> np.ndarray:
    """Displacement (n, 3) of points (n, 3) of skin, teeth or tongue by moves of space at weight 1, in centimetres.

    Round each eye the field fades into the eyeball's own move, so that lids stay on it.
    """
    moved = _field(fields, p)
    for side in (1.0, -1.0):
        centre = EYE_CENTRE * (side, 1, 1)
        away = np.linalg.norm(p - centre, axis=1)
        hold = 1 - smooth_step((away - 1.25 * EYE_RADIUS) / (ORBIT - 1.25 * EYE_RADIUS))
        moved = moved + hold[:, None] * (eye_displacement(fields, p, side, eye_scale) - moved)
    return moved


def eye_displacement(fields: Fields, p: np.ndarray, side: float, scale: float = 0.0) -> np.ndarray:
    """Move and scale (n, 3) of points (n, 3) of the eyeball at +x (side 1) or -x (side -1) at weight 1."""
    centre = EYE_CENTRE * (side, 1, 1)
    return _field(fields, centre[None]) + scale * (p - centre)


def _field(fields: Fields, p: np.ndarray) -> np.ndarray:
    return sum((part(p) for part in fields), np.zeros_like(p))
