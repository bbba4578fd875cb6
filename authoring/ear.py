"""The ear patch: concha, antihelix, scapha and helix as rings in the ear's own plane, attached to the skin."""

from __future__ import annotations

import numpy as np

from .patch import Patch
from .sdf import smooth_step, turn_x, turn_y
from .skin import EAR_CENTRE, Skin

COLUMNS = 26
FRAME = turn_y(-11) @ turn_x(-10)  # columns: out of the head, up, forward; the plane stands off at the back
# Rings from the concha outwards: size and height over the plane at the back of the ear.
BACK = (
    (0.10, -0.45), (0.24, -0.40), (0.38, -0.15), (0.47, 0.34), (0.56, 0.52), (0.66, 0.44), (0.75, 0.38), (0.83, 0.52),
    (0.91, 0.72), (0.99, 0.70), (1.02, 0.48), (0.98, 0.18), (0.88, -0.15),
)  # fmt: skip
# The same at the front: size of the first rings, then the way from the last of them to the head; height on the tragus.
FRONT = (
    (0.10, -0.45), (0.22, -0.40), (0.34, -0.22), (0.46, 0.10), (0.58, 0.42), (0.70, 0.40), (0.82, 0.18), (0.94, 0.05),
)  # fmt: skip
TRAGUS = -10, 34  # degrees from the front, half width
CURVE = 0.55  # how far the upper and lower end of the rim bend back to the head


def ear_patch(skin: Skin) -> Patch:
    """The left ear, from the concha to the ring where it meets the head."""
    angle = np.arange(COLUMNS) * 2 * np.pi / COLUMNS  # 0 forward, a quarter turn up
    forward, up = np.cos(angle), np.sin(angle)
    low, high = np.clip(-up, 0, 1), np.clip(up, 0, 1)
    y = np.where(up > 0, 2.9, 2.85) * up
    z = np.where(forward > 0, 1.20, 2.0) * forward * (1 - 0.25 * low**1.4) + 0.5 * low**2 - 0.25 * high
    front = smooth_step((forward + 0.02) / 0.87)

    attached_y, attached_z = y * (0.80 + 0.30 * front), z * (0.62 + 0.85 * front) + 0.25 * front
    attached = _on_skin(skin, attached_y, attached_z)
    plane = attached[front > 0.99, 0].mean() - 0.1
    degrees = (np.degrees(angle) + 180) % 360 - 180
    tragus = np.exp(-(((degrees - TRAGUS[0]) / TRAGUS[1]) ** 2))
    rows = []
    for k, (size, height) in enumerate(BACK):
        inner = max(7 - k, 0) / 7  # the concha lies low and forward
        rim = plane + height - CURVE * size**2 * (y / 2.9) ** 2
        back = np.stack([rim, y * size - 0.25 * inner, z * size + 0.25 * inner], -1)
        size, height = FRONT[min(k, len(FRONT) - 1)]
        way = max(k - len(FRONT) + 1, 0) / (len(BACK) - len(FRONT) + 1)
        ahead_y = (y * size - 0.25 * inner) * (1 - way) + attached_y * way
        ahead_z = (z * size + 0.25 * inner) * (1 - way) + attached_z * way
        on_skin = _on_skin(skin, ahead_y, ahead_z)
        share = smooth_step((k - 2) / 4)  # of the skin, on which the front runs out
        out = plane + share * (on_skin[:, 0] - plane) + (height if height < 0 else height * tragus) * (1 - way)
        ahead = np.stack([out, ahead_y, ahead_z], -1)
        rows.append(back + front[:, None] * (ahead - back))
    return Patch(np.array([*rows, attached]) @ FRAME.T + EAR_CENTRE, closed=True)


def _on_skin(skin: Skin, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The skin (n, 3) under points of the ear's plane, in the ear's frame."""
    outside = np.stack([np.full_like(y, 6.0), y, z], -1) @ FRAME.T + EAR_CENTRE
    return (skin.trace(outside, -FRAME[:, 0]) - EAR_CENTRE) @ FRAME
