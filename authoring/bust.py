"""The bust: rows of vertices from the ring in which the neck ends over trapezius and collarbones to a level cut."""

from __future__ import annotations

import numpy as np

from .patch import Patch
from .sdf import smooth_step
from .skin import NECK_CUT, Skin

COLUMNS = 25
AXIS = -3.8  # z of the neck's axis at the cut, cm
BOTTOM = -21.5  # y of the open end
SIDE, AHEAD, BEHIND = 16.5, 8.6, 7.4  # half axes of the outline from the neck's axis
SHOULDER = -17.6  # y of the shoulders' top
WAYS = (0.10, 0.21, 0.32, 0.43, 0.54, 0.65, 0.76, 0.88, 1.0)  # from the neck to the open end
LEAN = 1.2  # how far the throat leans back on the way to the chest, cm
COLLARBONE, NOTCH = 0.34, 0.36  # how far the one stands out and the other is hollow, cm


def bust_patch(skin: Skin) -> Patch:
    """The left half from the open end up to the ring at which the neck is cut; columns run from front to back."""
    angle = np.linspace(0, np.pi, COLUMNS)
    across, ahead = np.sin(angle), np.cos(angle)
    outward = np.stack([across, np.zeros(COLUMNS), ahead], -1)
    ring = skin.trace(np.array([0.0, NECK_CUT, AXIS]) + 14 * outward, -outward)
    outline = np.stack([SIDE * across**0.8, AXIS + np.where(ahead > 0, AHEAD, BEHIND) * ahead], -1)
    side = smooth_step((across - 0.25) / 0.6)
    rows = []
    for way in WAYS:
        over = min(way / 0.82, 1.0)  # the shoulder is reached before the end, then the arm falls off
        on_side = 0.94 * over**1.4 + 0.06 * smooth_step((way - 0.82) / 0.18)
        reach = side * on_side + (1 - side) * way**2.1
        top = NECK_CUT + (SHOULDER - NECK_CUT) * (1 - (1 - over) ** 1.9)
        fallen = top + (BOTTOM - SHOULDER) * smooth_step(max(way - 0.82, 0.0) / 0.18)
        y = side * fallen + (1 - side) * (NECK_CUT + (BOTTOM - NECK_CUT) * way)
        flat = ring[:, [0, 2]] + reach[:, None] * (outline - ring[:, [0, 2]])
        row = np.stack([flat[:, 0], y, flat[:, 1]], -1)
        row[:, 2] -= LEAN * np.sin(np.pi * way**0.8) * smooth_step((ahead + 0.2) / 0.9)
        bone = np.exp(-(((y + 17.9) / 0.75) ** 2)) * smooth_step((ahead - 0.05) / 0.4)
        row[:, 2] += COLLARBONE * bone * smooth_step((row[:, 0] - 0.8) / 1.2)
        row[:, 2] -= NOTCH * np.exp(-(((y + 17.9) / 0.8) ** 2) - (row[:, 0] / 0.9) ** 2) * (ahead > 0)
        rows.append(row)
    points = np.array([*rows[::-1], ring])
    points[:, [0, -1], 0] = 0.0
    points[0, :, 1] = BOTTOM
    return Patch(points, closed=False)
