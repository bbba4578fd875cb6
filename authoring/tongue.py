"""The tongue: rings along a spine in the mid-plane; its shapes move the spine."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import CubicSpline

from .jaw import JAW_FORWARD
from .pieces import Piece

RINGS, COLUMNS = 13, 16
COLOUR = np.array([0.95, 0.62, 0.60])
ROUGHNESS = 0.35

# Spines from root to tip: height y, depth z, half width, half thickness (cm); the jaw closed.
REST = ((-9.6, 2.6, 1.5, 0.95), (-8.35, 3.9, 1.75, 0.85), (-7.72, 5.4, 1.65, 0.62), (-7.66, 6.6, 1.35, 0.44),
        (-7.75, 7.55, 0.95, 0.32))  # fmt: skip
OUT = ((-9.4, 2.9, 1.5, 0.95), (-8.0, 4.5, 1.75, 0.80), (-6.95, 6.6, 1.6, 0.52), (-6.60, 8.6, 1.4, 0.40),
       (-7.05, 10.0, 1.3, 0.36), (-8.25, 10.9, 1.05, 0.30))  # fmt: skip
UP = ((-9.6, 2.6, 1.5, 0.95), (-8.35, 3.95, 1.75, 0.85), (-7.55, 5.8, 1.60, 0.56), (-6.75, 7.3, 1.30, 0.38),
      (-6.10, 8.25, 0.95, 0.28))  # fmt: skip
TIP = 0.78  # share of the spine at which the outline starts to round off


def tongue_piece() -> Piece:
    """The tongue, moved by the jaw: `tongueOut` over the lower lip, `tongueUp` with the tip to the upper teeth."""
    rest = _surface(REST)
    faces = _faces()
    weights = np.zeros((len(rest), 5))
    weights[:, 2] = 1.0
    along = np.concatenate([np.repeat(_places(), COLUMNS), [1.0, 0.0]])
    colours = COLOUR * (0.78 + 0.22 * np.clip(along / 0.7, 0, 1) ** 0.8)[:, None]
    deltas = {
        "jawForward": np.tile(JAW_FORWARD, (len(rest), 1)),
        "tongueOut": _surface(OUT) - rest,
        "tongueUp": _surface(UP) - rest,
    }
    return Piece("tongue", rest, faces, colours, ROUGHNESS, weights, deltas)


def _surface(spine: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Points (RINGS * COLUMNS + 2, 3): the rings from root to tip, the tip and the end of the root."""
    curve = CubicSpline(np.linspace(0, 1, len(spine)), np.array(spine))
    place = _places()
    y, z, wide, thick = curve(place).T
    round_off = np.sqrt(1 - (np.clip(place - TIP, 0, None) / (1 - TIP)) ** 2)
    wide, thick = wide * round_off, thick * (0.35 + 0.65 * round_off)
    dy, dz = curve(place, 1).T[:2]
    length = np.hypot(dy, dz)
    up = np.stack([0 * y, dz / length, -dy / length], -1)  # normal of the spine in the mid-plane
    angle = 2 * np.pi * np.arange(COLUMNS) / COLUMNS
    side, top = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8, np.sin(angle)
    groove = -0.18 * np.exp(-((side / 0.25) ** 2)) * (top > 0)
    centre = np.stack([0 * y, y, z], -1)
    rings = centre[:, None] + up[:, None] * (thick[:, None] * (top + groove))[..., None]
    rings[..., 0] = wide[:, None] * side
    forward = np.stack([0 * y, dy / length, dz / length], -1)
    tip = centre[-1] + 0.3 * wide[-1] * forward[-1]
    return np.concatenate([rings.reshape(-1, 3), [tip, centre[0]]])


def _places() -> np.ndarray:
    """Where the rings sit along the spine, 0..1: close together towards the tip."""
    return np.sin(np.linspace(0, 1, RINGS + 1)[:-1] * np.pi / 2)


def _faces() -> np.ndarray:
    ring, column = np.meshgrid(np.arange(RINGS - 1), np.arange(COLUMNS), indexing="ij")
    a = (ring * COLUMNS + column).ravel()
    b = (ring * COLUMNS + (column + 1) % COLUMNS).ravel()
    c, d = a + COLUMNS, b + COLUMNS
    around = np.arange(COLUMNS)
    last = (RINGS - 1) * COLUMNS
    tip, root = RINGS * COLUMNS, RINGS * COLUMNS + 1
    ahead = (around + 1) % COLUMNS
    return np.concatenate(
        [
            np.stack([a, b, c], 1),
            np.stack([b, d, c], 1),
            np.stack([last + around, last + ahead, np.full(COLUMNS, tip)], 1),
            np.stack([around, np.full(COLUMNS, root), ahead], 1),
        ]
    )
