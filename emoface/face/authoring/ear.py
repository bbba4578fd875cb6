"""The ear patch: helix, scapha, antihelix and concha as rings in the ear's own frame, attached to the skin."""

from __future__ import annotations

import numpy as np

from .patch import Patch
from .sdf import smooth_step, turn_x, turn_y
from .skin import EAR_CENTRE, Skin

COLUMNS = 28
FRAME = turn_y(-24) @ turn_x(-10)  # columns: out of the head, up, forward
ROWS = (  # from the concha outwards: size of the ring, height over the base
    (0.10, 0.05), (0.22, 0.10), (0.36, 0.28), (0.46, 0.62), (0.56, 0.78), (0.66, 0.66), (0.75, 0.62), (0.84, 0.80),
    (0.92, 0.95), (1.00, 0.90), (1.02, 0.70), (0.97, 0.40), (0.86, 0.10),
)  # fmt: skip


def ear_patch(skin: Skin) -> Patch:
    """The left ear, from the concha to the ring where it meets the head."""
    angle = np.arange(COLUMNS) * 2 * np.pi / COLUMNS  # 0 forward, a quarter turn up
    forward, up = np.cos(angle), np.sin(angle)
    y = np.where(up > 0, 3.05, 3.0) * up
    z = np.where(forward > 0, 1.25, 1.95) * forward
    z = z * (1 - 0.22 * np.clip(-up, 0, 1) ** 1.4) + 0.45 * np.clip(-up, 0, 1) ** 2 - 0.25 * np.clip(up, 0, 1)
    front = np.clip(forward, 0, 1)
    lobe = np.clip(-up, 0, 1) ** 3

    attached = _on_skin(skin, y * (0.80 + 0.30 * front), z * (0.62 + 0.85 * front) + 0.25 * front)
    base = ((attached - EAR_CENTRE) @ FRAME)[:, 0]
    merge = smooth_step(1.3 * front)
    rows = []
    for k, (size, height) in enumerate(ROWS):
        ring = len(ROWS) - k  # counted from the attachment
        inner = max(ring - 6, 0) / 6
        ring_y, ring_z = y * size - 0.25 * inner, z * size + 0.30 * inner
        under = ((_on_skin(skin, ring_y, ring_z) - EAR_CENTRE) @ FRAME)[:, 0]
        share = min(1.0, ring / 5)
        foot = base * (1 - share) + under * share if ring < 5 else under
        if ring > 1:
            foot = 0.5 * (foot + base.mean())
        foot = foot * (1 - merge) + under * merge
        rise = height * (1 - 0.92 * smooth_step(1.15 * front)) + 0.05 * front
        if 5 <= ring <= 7:
            rise = rise + 0.28 * lobe
        if 8 <= ring <= 10:
            rise = rise + 0.26 * np.exp(-(((forward - 0.95) / 0.3) ** 2))  # tragus
        out = foot + rise * (1.20 - 0.45 * forward) + 0.06 * (ring >= 3)
        rows.append(np.stack([out, ring_y, ring_z], -1) @ FRAME.T + EAR_CENTRE)
    return Patch(np.array([*rows, attached]), closed=True)


def _on_skin(skin: Skin, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The skin (n, 3) under points of the ear's plane."""
    outside = np.stack([np.full_like(y, 6.0), y, z], -1) @ FRAME.T + EAR_CENTRE
    return skin.trace(outside, -FRAME[:, 0])
