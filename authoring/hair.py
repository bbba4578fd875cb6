"""Short hair: a thin shell over the scalp, from a soft hairline up to the crown."""

from __future__ import annotations

import numpy as np

from .joints import joint_weights
from .pieces import Piece
from .sdf import smooth_step
from .skin import Skin

ROUGHNESS = 0.78  # near the skin's, into which the hair fades
CENTRE = np.array([0.0, 1.5, -1.6])  # rows run on spheres round it
CROWN = np.array([0.0, 0.86, -0.51])  # direction of the whorl
# The left half of the hairline from the middle of the forehead over temple, sideburn and ear to the nape.
LINE = np.array(
    [
        (0.0, 7.1, 6.6), (1.6, 7.15, 6.4), (3.1, 6.9, 5.8), (4.3, 6.7, 4.9), (5.3, 5.9, 4.2), (5.9, 4.8, 4.1),
        (6.4, 3.6, 3.9), (6.9, 2.3, 3.3), (7.3, 0.9, 2.6), (7.5, 0.0, 1.9), (7.6, 0.2, 1.2), (7.7, 1.4, 0.6),
        (7.7, 2.4, -0.2), (7.7, 2.8, -1.4), (7.6, 2.2, -2.8), (7.4, 0.8, -3.8), (7.0, -1.2, -4.4), (6.6, -2.8, -4.9),
        (5.7, -4.0, -6.2), (4.2, -4.7, -7.6), (2.2, -5.0, -8.6), (0.0, -5.0, -8.9),
    ]
)  # fmt: skip
COLUMNS = 22  # of the left half
ROWS = (-0.03, 0.015, 0.06, 0.13, 0.22, 0.33, 0.45, 0.57, 0.69, 0.80, 0.91)  # way from the hairline to the crown
TONE = np.array([0.23, 0.155, 0.11])
EDGE, SHORT, LONG = 0.06, 0.26, 0.75  # thickness at the hairline, at the sides and on top


def hair_piece(skin: Skin, colour: np.ndarray) -> Piece:
    """The hair over a skin of the given colour (3,) at the hairline; it makes no expression."""
    random = np.random.default_rng(3)
    line = _hairline()
    t = np.array(ROWS)[:, None, None]
    even = smooth_step(t / 0.4)  # the line's corners fade on the way up
    start = line + even * (_smoothed(line) - line)
    rows = _between(start / np.linalg.norm(start, axis=-1, keepdims=True), CROWN, t)  # (rows, columns, 3) directions
    rows = np.concatenate([rows.reshape(-1, 3), CROWN[None]])
    on_skin = skin.trace(CENTRE + 20 * rows, -rows)
    normal = skin.gradient(on_skin)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    way = np.concatenate([np.repeat(ROWS, COLUMNS), [1.0]])
    top = smooth_step((on_skin[:, 1] - 2.0) / 6.0)
    full = (SHORT + (LONG - SHORT) * top) * (1 + 0.05 * random.uniform(-1, 1, len(rows)))
    edge = EDGE + 0.08 * smooth_step(-on_skin[:, 2] / 6)  # the nape is hollow
    thick = edge + (full - edge) * smooth_step((way - 0.02) / 0.3)
    left = on_skin + thick[:, None] * normal
    share = smooth_step((way + 0.04) / 0.10)[:, None]
    tones = colour + share * (TONE * (1 + 0.14 * random.uniform(-1, 1, len(rows)))[:, None] - colour)

    faces = _faces()
    side = np.flatnonzero(~_on_middle())
    mirror = np.arange(len(left))
    left[_on_middle(), 0] = 0.0
    mirror[side] = len(left) + np.arange(len(side))
    vertices = np.concatenate([left, left[side] * (-1, 1, 1)])
    return Piece(
        "hair",
        vertices,
        np.concatenate([faces, mirror[faces][:, ::-1]]),
        np.concatenate([tones, tones[side]]),
        ROUGHNESS,
        joint_weights(vertices, np.zeros(len(vertices))),
    )


def _on_middle() -> np.ndarray:
    columns = np.concatenate([np.tile(np.arange(COLUMNS), len(ROWS)), [0]])
    return (columns == 0) | (columns == COLUMNS - 1)


def _hairline() -> np.ndarray:
    """Directions (COLUMNS, 3) of the hairline, evenly spaced along it."""
    from scipy.interpolate import PchipInterpolator

    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(LINE, axis=0), axis=1))])
    line = PchipInterpolator(steps, LINE)(np.linspace(0, steps[-1], COLUMNS)) - CENTRE
    return line / np.linalg.norm(line, axis=1, keepdims=True)


def _smoothed(line: np.ndarray) -> np.ndarray:
    """The line (n, 3) with its corners worn off; its ends stay on the mid-line."""
    flip = np.array([-1.0, 1.0, 1.0])
    for _ in range(6):
        line = np.concatenate([line[1:2] * flip, line, line[-2:-1] * flip])
        line = (line[:-2] + line[1:-1] + line[2:]) / 3
    return line


def _between(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Directions (m, n, 3) on the great circles from a (m, n, 3) to b (3,) at t (m, 1, 1)."""
    angle = np.arccos(a @ b)[..., None]
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _faces() -> np.ndarray:
    """Triangles of the left half: strips between the rows and a fan at the crown."""
    row, column = np.meshgrid(np.arange(len(ROWS) - 1), np.arange(COLUMNS - 1), indexing="ij")
    a = (row * COLUMNS + column).ravel()
    b, c, d = a + 1, a + COLUMNS, a + COLUMNS + 1
    last = (len(ROWS) - 1) * COLUMNS + np.arange(COLUMNS - 1)
    fan = np.stack([last, last + 1, np.full(COLUMNS - 1, len(ROWS) * COLUMNS)], 1)
    return np.concatenate([np.stack([a, b, d], 1), np.stack([a, d, c], 1), fan])
