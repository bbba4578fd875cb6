"""The lids: rings of vertices from behind the lid edge over the crease out to the orbit.

A column starts behind the lid, passes its edge (two rings, the waterline between them), the front of the lid, the
crease and the fold, and ends on the skin. Columns i and -i face each other across the aperture and meet in a blink.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mesh import HeadMesh
from .patch import Patch
from .sdf import smooth_step
from .skin import EYE_CENTRE, EYE_RADIUS, Skin

COLUMNS = 32
INNER, OUTER = COLUMNS // 2, 0
"""Columns of the canthi."""
BEHIND, EDGE, LASHES, CREASE = 0, 2, 3, 7
"""Rows: the farthest behind the lid, its edge at the eyeball, its edge in front, where the lashes grow, the crease."""

CANTHI = np.array([[-1.46, -0.14], [1.60, 0.08]])
"""Inner and outer canthus seen from the front, cm from the eyeball's centre."""
ABOVE, BELOW = 0.40, 0.58
"""Height of the aperture above and below the line between the canthi, cm."""
ORBIT = np.array([[-1.95, -1.38], [2.28, 1.40]])
"""Inner and lower, outer and upper half axes of the last ring, cm."""

# Rows from the edge out: way from the rim to the orbit, and stand-off from the eyeball in cm; upper lid, lower lid.
ROWS = np.array(
    [
        [0.00, 0.00, 0.09, 0.06],
        [0.02, 0.05, 0.18, 0.14],
        [0.08, 0.11, 0.21, 0.18],
        [0.19, 0.20, 0.20, 0.18],
        [0.30, 0.31, 0.18, 0.19],
        [0.38, 0.42, 0.14, 0.21],  # the crease of the upper lid
        [0.46, 0.54, 0.24, 0.23],
        [0.60, 0.68, 0.28, 0.24],
        [0.80, 0.84, 0.28, 0.24],
        [1.00, 1.00, 0.28, 0.24],
    ]
)
PLAIN = 0.19  # stand-off of a lid without crease and fold
INNER_FORWARD = 0.22  # how far the lids' inner ends stand before the eyeball's shell, cm
CARUNCLE, OUTER_CORNER = 0.22, 0.08  # width of the pink corners, cm: the outer one closes the gap beside the eyeball
BEHIND_ROWS = ((1.30, 0.45), (1.10, 0.10))  # widening of the aperture and step back in cm of the rows behind the edge
BEHIND_OFF = 0.09  # their stand-off from the eyeball, cm

MOIST = (0.80, 0.50, 0.46)
LASH = (0.20, 0.12, 0.09)


@dataclass(eq=False)
class EyePatch(Patch):
    """The left eye's lids.

    Attributes:
        upper: (columns,) 1 on the upper lid, 0 on the lower, a half at the canthi.
        along: (columns,) 0 at the inner canthus .. 1 at the outer.
    """

    upper: np.ndarray
    along: np.ndarray


def eye_patch(skin: Skin) -> EyePatch:
    """Lids of the left eye, whose last ring lies on the skin."""
    column = np.arange(COLUMNS)
    angle = column * 2 * np.pi / COLUMNS  # 0 at the outer canthus, counter-clockwise seen from the front
    upper = np.where(column < INNER, 1.0, 0.0)
    upper[[INNER, OUTER]] = 0.5
    step = np.abs(INNER - column) / INNER
    along = 0.55 * step + 0.45 * (0.5 - 0.5 * np.cos(np.pi * step))  # a little denser towards the canthi

    # the upper lid is highest on the nose's side of the pupil, the lower lid lowest on the other: an almond
    above, below = np.sin(np.pi * along**0.93) ** 0.86, np.sin(np.pi * along**1.12) ** 0.92
    arch = np.where(upper == 1, ABOVE * above, -BELOW * below)
    arch[[INNER, OUTER]] = 0
    rim = CANTHI[0] + along[:, None] * (CANTHI[1] - CANTHI[0]) + arch[:, None] * [0, 1]  # (columns, 2)
    fanned = angle + 0.25 * np.sin(2 * angle)  # columns leave the canthi upwards, so that a blink does not fold them
    around = np.column_stack([np.cos(fanned), np.sin(fanned)])
    orbit = np.where(around > 0, ORBIT[1] * around, -ORBIT[0] * around)

    corner = np.exp(-((along / 0.16) ** 2))  # 1 at the inner canthus
    middle = np.sin(np.pi * along) ** 0.7  # crease and fold run out towards the canthi, where the skin begins sooner
    rows = []
    for way_up, way_low, off_up, off_low in ROWS:
        way = way_up * upper + way_low * (1 - upper)
        off = off_up * upper + off_low * (1 - upper)
        if way_up > 0.2:  # crease and fold
            off = PLAIN + (off - PLAIN) * middle
        flat = rim * (1 - way[:, None]) + orbit * way[:, None]
        on_skin = skin.front(flat[:, 0] + EYE_CENTRE[0], flat[:, 1] + EYE_CENTRE[1])
        shell = EYE_CENTRE[2] + _shell(np.linalg.norm(flat, axis=1), EYE_RADIUS + off) + INNER_FORWARD * corner
        start = 0.08 + middle * (0.26 * upper + 0.02 * (1 - upper))
        blend = smooth_step((way - start) / (0.4 * upper + 0.5 * (1 - upper)))
        rows.append(np.column_stack([flat + EYE_CENTRE[:2], shell * (1 - blend) + on_skin[:, 2] * blend]))
    rows[-1] = on_skin
    behind = []
    for wider, back in BEHIND_ROWS:
        ray = (rows[0] - EYE_CENTRE) * [wider, wider, 1] - [0, 0, back]
        behind.append(EYE_CENTRE + ray / np.linalg.norm(ray, axis=1, keepdims=True) * (EYE_RADIUS + BEHIND_OFF))
    _fill_corner([*behind, rows[0]], along, CARUNCLE)
    _fill_corner([*behind, rows[0]], 1 - along, -OUTER_CORNER)
    return EyePatch(np.array([*behind, *rows]), True, upper, along)


def lid_colours(mesh: HeadMesh, eye: EyePatch, colours: np.ndarray) -> np.ndarray:
    """The skin's colours (V, 3) with moist lid edges, a line of lashes and a tinted crease."""
    share = np.zeros((len(eye.points), len(eye.along), 2))  # of the moist and the dark tone
    share[: EDGE + 1, :, 0] = 0.85
    middle = np.sin(np.pi * eye.along) ** 0.4
    share[LASHES, :, 0] = 0.25
    share[LASHES, :, 1] = (0.92 * eye.upper + 0.32 * (1 - eye.upper)) * middle
    share[LASHES + 1, :, 1] = 0.34 * eye.upper * middle
    share[CREASE, :, 1] = 0.26 * eye.upper * middle
    tinted = colours.copy()
    for place in (mesh.eye, mesh.mirror[mesh.eye]):
        for k, tone in enumerate((MOIST, LASH)):
            tinted[place] += share[..., k : k + 1] * (np.array(tone) - tinted[place])
    return tinted


def _fill_corner(rows: list[np.ndarray], along: np.ndarray, width: float) -> None:
    """Pull the rows (columns, 3) behind the lids at a canthus, where along = 0, over the eyeball by a width in x."""
    share = np.exp(-((along / 0.08) ** 4))[:, None]
    rim = rows[-1][:, :2] - EYE_CENTRE[:2]
    for k, row in enumerate(rows[::-1]):
        flat = rim + width * (1 - 0.3 * k) * share * [1, 0]
        on_ball = EYE_CENTRE[2] + _shell(np.linalg.norm(flat, axis=1), np.full(len(flat), EYE_RADIUS + 0.10 - 0.02 * k))
        row[:] = row * (1 - share) + np.column_stack([flat + EYE_CENTRE[:2], on_ball]) * share


def _shell(distance: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Depth before the eyeball's centre of a shell at a distance from its axis: a sphere that goes on as a cone."""
    turn = 0.76  # fraction of the radius where the cone starts
    u = distance / radius
    sphere = np.sqrt(1 - np.minimum(u, turn) ** 2)
    return radius * (sphere - turn / np.sqrt(1 - turn**2) * np.maximum(u - turn, 0))
