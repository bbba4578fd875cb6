"""The nostril patch: a rim on the underside of the nose and a short dark tunnel behind it."""

from __future__ import annotations

import numpy as np

from .patch import Patch
from .skin import NOSTRIL, Skin

COLUMNS = 14
RADII = np.array([0.33, 0.46])  # across and along
TILT = np.radians(22)  # the front ends lean towards each other
ROWS = ((0.60, 0.75), (0.86, 0.40), (0.96, 0.14), (1.0, 0.03), (1.14, -0.02), (1.45, 0.0))  # size, depth
INTO_THE_NOSE = np.array([0.05, 0.98, 0.15])


def nostril_patch(skin: Skin) -> Patch:
    """The left nostril, from the end of its tunnel to the skin round it."""
    centre = skin.project(NOSTRIL[None])[0]
    normal = skin.gradient(centre[None])[0]
    normal /= np.linalg.norm(normal)
    across = np.array([1.0, 0.0, 0.0]) - normal[0] * normal
    across /= np.linalg.norm(across)
    along = np.cross(normal, across)  # backward
    c, s = np.cos(TILT), np.sin(TILT)
    across, along = c * across - s * along, s * across + c * along
    angle = np.arange(COLUMNS) * 2 * np.pi / COLUMNS
    oval = RADII[0] * np.cos(angle)[:, None] * across + RADII[1] * np.sin(angle)[:, None] * along
    rows = []
    for size, depth in ROWS:
        rim = skin.project(centre + size * oval)
        rows.append(rim + depth * INTO_THE_NOSE)
    return Patch(np.array(rows), closed=True)
