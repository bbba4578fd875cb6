"""The ear patch: rings in the ear's own plane, raised to helix, antihelix, tragus and lobe, attached to the skin."""

from __future__ import annotations

import numpy as np

from .patch import Patch
from .sdf import smooth_step, turn_x, turn_y
from .skin import EAR_CENTRE, Skin

COLUMNS = 34
FRAME = turn_y(-11) @ turn_x(-10)  # columns: out of the head, up, forward; the plane stands off at the back
# Rings from the concha outwards to the rim: size; their height is the relief's. Then the rim's back: size, height.
FACE = (0.07, 0.17, 0.27, 0.36, 0.44, 0.52, 0.60, 0.67, 0.74, 0.80, 0.86, 0.92, 0.98)
RIM = ((1.025, 0.52), (1.01, 0.26), (0.95, 0.02), (0.86, -0.22))
# Sizes of the first rings at the front; from the last of them on, the front runs out to the head.
FRONT = (0.07, 0.16, 0.25, 0.34, 0.43, 0.52, 0.61, 0.70, 0.80, 0.92)
CURVE = 0.50  # how far the upper and lower end of the rim bend back to the head
PLANE = 0.30  # height of the ear between its features, cm
# Features: points (y, z) in the ear's plane in cm, height in cm, half width in cm.
RIDGES: tuple[tuple[tuple[tuple[float, float], ...], float, float], ...] = (
    # helix: from the concha over the front and the top down the back
    (((0.10, 0.35), (0.55, 0.85), (1.35, 1.02), (2.15, 0.70), (2.62, -0.10), (2.35, -1.05), (1.35, -1.66), (0.2, -1.80),
      (-0.9, -1.48), (-1.75, -0.95)), 0.46, 0.26),
    (((-1.05, -0.20), (-0.45, -0.80), (0.35, -0.95), (1.00, -0.80), (1.70, -0.35)), 0.34, 0.26),  # antihelix
    (((0.80, -0.85), (1.10, -0.20), (1.20, 0.35)), 0.24, 0.20),  # its lower branch
    (((-0.05, 0.72), (-0.55, 0.80)), 0.52, 0.24),  # tragus
    (((-1.08, 0.25), (-1.15, -0.10)), 0.36, 0.24),  # antitragus
    (((-1.90, 0.10), (-2.20, 0.05)), 0.16, 0.50),  # lobe
)  # fmt: skip
BOWLS = (((-0.25, -0.10), (0.80, 0.62), -0.86), ((0.62, 0.0), (0.35, 0.50), -0.45), ((1.85, 0.25), (0.4, 0.4), -0.22))
"""Hollows: middle, radii and depth in cm: concha, its upper part, the fossa between the antihelix' branches."""


def ear_patch(skin: Skin) -> Patch:
    """The left ear, from the concha to the ring where it meets the head."""
    angle = np.arange(COLUMNS) * 2 * np.pi / COLUMNS  # 0 forward, a quarter turn up
    forward, up = np.cos(angle), np.sin(angle)
    low, high = np.clip(-up, 0, 1), np.clip(up, 0, 1)
    y = np.where(up > 0, 2.9, 2.75) * up
    z = np.where(forward > 0, 1.20, 2.0) * forward * (1 - 0.18 * low**1.4) + 0.42 * low**2 - 0.25 * high
    front = smooth_step((forward + 0.02) / 0.87)

    lobe = np.degrees(angle) - 360
    seat = 1 - 0.05 * np.exp(-(((lobe + 64) / 24) ** 2)) + 0.05 * np.exp(-(((lobe + 118) / 20) ** 2))
    attached_y, attached_z = y * seat * (0.80 + 0.30 * front), z * (0.62 + 0.85 * front) + 0.25 * front
    attached = _on_skin(skin, attached_y, attached_z)
    plane = attached[front > 0.99, 0].mean() - 0.1
    rows = []
    sizes = (*FACE, *(size for size, _ in RIM))
    for k, size in enumerate(sizes):
        inner = max(10 - k, 0) / 10  # the concha lies low and forward
        behind = k - len(FACE)
        rim = plane - CURVE * size**2 * (y / 2.9) ** 2
        back_y, back_z = y * size - 0.25 * inner, z * size + 0.25 * inner
        rim = rim + (_relief(back_y, back_z) if behind < 0 else RIM[behind][1])
        back = np.stack([rim, back_y, back_z], -1)
        size = FRONT[min(k, len(FRONT) - 1)]
        way = max(k - len(FRONT) + 1, 0) / (len(sizes) - len(FRONT) + 1)
        ahead_y = (y * size - 0.25 * inner) * (1 - way) + attached_y * way
        ahead_z = (z * size + 0.25 * inner) * (1 - way) + attached_z * way
        on_skin = _on_skin(skin, ahead_y, ahead_z)
        share = smooth_step((k - 3) / 6)  # of the skin, on which the front runs out
        out = plane + share * (on_skin[:, 0] - plane) + (_relief(ahead_y, ahead_z) - share * PLANE) * (1 - way)
        ahead = np.stack([out, ahead_y, ahead_z], -1)
        rows.append(back + front[:, None] * (ahead - back))
    return Patch(np.array([*rows, attached]) @ FRAME.T + EAR_CENTRE, closed=True)


def _relief(y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Height (n,) over the ear's plane of its features at places (n,) of the plane, cm."""
    place = np.stack([y, z], -1)
    height = np.full(len(y), PLANE)
    for middle, radii, deep in BOWLS:
        height = height + deep * np.exp(-(((place - middle) / radii) ** 2).sum(-1))
    for line, high, width in RIDGES:
        away = np.full(len(y), np.inf)
        for a, b in zip(np.array(line), np.array(line)[1:]):
            t = np.clip((place - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
            away = np.minimum(away, np.linalg.norm(place - a - t[:, None] * (b - a), axis=1))
        height = height + high * np.exp(-((away / width) ** 2))
    return height


def _on_skin(skin: Skin, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The skin (n, 3) under points of the ear's plane, in the ear's frame."""
    outside = np.stack([np.full_like(y, 6.0), y, z], -1) @ FRAME.T + EAR_CENTRE
    return (skin.trace(outside, -FRAME[:, 0]) - EAR_CENTRE) @ FRAME
