"""Long hair: a curtain that hangs from under the short hair over ears and nape; it is part of who has it alone."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter, map_coordinates

from .hair import LONG, ROUGHNESS, SHORT, smooth_noise
from .joints import joint_weights
from .mesh import HeadMesh
from .pieces import Piece, mirrored
from .sdf import smooth_step
from .skin import Skin

PART, NAME = "hair_long", "hair_length"
"""Of the part, and of the identity component that lets it hang: 0 not at all .. 1 to the collar."""
AXIS = -1.5  # z of the upright axis it goes round, cm
OUTER, INNER, ROWS = 19, 9, 18  # columns of its outside and its inside from the face to the nape, rows down
TOP, HELD, ENDS = 11.4, 3.4, (-12.1, -10.8)  # y where it begins, to which it is drawn up at weight 0, of its ends
EDGE = np.array(
    [
        (11.4, 2), (9.8, 2.5), (9.0, 6), (8.2, 14), (7.2, 25), (5.9, 36), (4.8, 41), (3.6, 44), (2.0, 50),
        (-2.0, 55), (-7.0, 53), (-10.0, 50), (-13.0, 56),
    ]
)  # fmt: skip
"""Its edge beside the face: height, degrees from the front."""
BURIED, OVER, RISE = 0.45, 0.30, 2.4  # cm under the short hair where it begins, over it below, and on the way there
FIRST = 0.45  # cm that its edge is deeper at the temple
PAST_EAR = 0.25  # cm that it passes the ear at
FALL, CURL = 0.05, 1.3  # cm that it comes nearer the axis in one cm down, and over its last third
INSIDE = 0.55  # cm between outside and inside
LOCKS, LOCK_SIZE = 0.13, (3.0, 0.9)  # cm: deviation; blur over rows and columns
WAVE, WAVE_LONG = 0.20, 5.5  # cm that it waves in and out, over this length
STRANDS, STRAND_WIDTH = 100, 0.06  # of the left half: at its edge and its ends
TOGETHER = 0.03  # cm between rows that are drawn up
ALOOF = 2.5  # rows over which they come to stand off as far as their hair goes, so that none on its way cuts an ear
TIPS, TIP_WIDTH = 84, 0.32  # of the left half: tapering locks at its ends


def long_hair_piece(skin: Skin, mesh: HeadMesh, colour: np.ndarray) -> Piece:
    """The curtain over a skin of the given colour (3,), drawn up to a seam at rest; its identity lets it hang.

    Args:
        skin: the head. mesh: of it, with ears. colour: sRGB.
    """
    random = np.random.default_rng(21)
    full = _curtain(skin, mesh, random)  # (ROWS, OUTER + INNER, 3)
    rest = _drawn_up(full)
    faces = _faces(ROWS, OUTER, INNER)
    bright = np.where(np.arange(OUTER + INNER) < OUTER, 1.1, 0.8) * (1 + 0.1 * random.uniform(-1, 1, full.shape[:2]))
    strands = _strands(random)  # (n, 3, 2) rows and columns

    def on(grid: np.ndarray) -> np.ndarray:
        return np.stack([map_coordinates(grid[..., k], strands.reshape(-1, 2).T, order=1) for k in range(3)], -1)

    hung = on(full)
    out = hung * (1, 0, 1) - (0, 0, AXIS)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    lift = np.tile([0.02, 0.02, 0.10], len(strands))[:, None] * out
    hung += lift
    ends = strands[:, 2, 0] > ROWS - 1.5
    lock = np.arange(len(strands)) >= STRANDS
    longer = random.uniform(0.05, 0.35, len(strands)) + lock * random.uniform(0.1, 0.9, len(strands)) ** 1.5
    hung[2::3] -= (ends * longer)[:, None] * ([0, 1, 0] + 0.30 * out[2::3])  # tips turn in
    left, hanging = np.concatenate([rest.reshape(-1, 3), on(rest) + lift]), np.concatenate([full.reshape(-1, 3), hung])
    count = full.shape[0] * full.shape[1]
    corners = count + np.arange(3 * len(strands)).reshape(-1, 3)[:, [0, 2, 1]]
    corners[-TIPS::3] = corners[-TIPS::3, ::-1]  # some are seen from inside
    faces = np.concatenate([faces, corners])
    bright = np.concatenate([bright.ravel(), random.uniform(0.8, 1.25, len(strands)).repeat(3)])

    thick = SHORT + (LONG - SHORT) * smooth_step((hanging[:, 1] - 2.5) / 7.0)
    away = hanging * (1, 0, 1) - (0, 0, AXIS)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    normal = skin.gradient(hanging)
    away += smooth_step((hanging[:, 1:2] - 2.0) / 3.0) * (normal / np.linalg.norm(normal, axis=1, keepdims=True) - away)
    middle = np.zeros(len(left), bool)
    middle[:count].reshape(full.shape[:2])[:, [OUTER - 1, OUTER + INNER - 1]] = True
    mirror, both = mirrored(middle)
    vertices, hanging = both(left.copy()), both(hanging)
    return Piece(
        PART,
        vertices,
        np.concatenate([faces, mirror[faces][:, ::-1]]),
        np.tile(colour, (len(vertices), 1)),
        ROUGHNESS,
        joint_weights(vertices, np.zeros(len(vertices))),  # all of it goes with the head
        identity={NAME: hanging - vertices, "hair_volume": both(0.85 * thick[:, None] * away)},
        tint=np.stack([np.ones(len(vertices)), np.concatenate([bright, bright[~middle]])], 1),
    )


def _curtain(skin: Skin, mesh: HeadMesh, random: np.random.Generator) -> np.ndarray:
    """Points (ROWS, OUTER + INNER, 3) of the left half as it hangs: the outside from face to nape, then the inside."""
    part = np.linspace(0, 1, OUTER)
    ends = ENDS[0] + (ENDS[1] - ENDS[0]) * part + 0.8 * gaussian_filter(random.standard_normal(OUTER), 0.8)
    down = np.linspace(0, 1, ROWS)[:, None] ** 1.15
    y = TOP + down * (ends - TOP)
    edge = np.radians(PchipInterpolator(*EDGE[::-1].T)(y))
    angle = edge + (np.pi - edge) * part
    way = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1)
    thick = SHORT + (LONG - SHORT) * smooth_step((y - 2.5) / 7.0)
    off = thick - BURIED + (BURIED + OVER) * smooth_step((TOP - y) / RISE)
    off -= FIRST * (1 - smooth_step(part / 0.3)) * smooth_step((y - 4.0) / 3.0) * smooth_step((9.6 - y) / 2.0)
    far = _trace(skin, way, y, off)

    ear = mesh.vertices[mesh.ear.ravel()]
    round_ear = np.arctan2(ear[:, 0], ear[:, 2] - AXIS)
    reach = np.hypot(ear[:, 0], ear[:, 2] - AXIS)
    low = smooth_step((ear[:, 1].max() + 0.8 - y) / 2.0)
    past = reach.max() + PAST_EAR - 2.2 * np.clip(np.abs(angle - round_ear.mean()) - 0.25, 0, None) ** 2
    far = np.where(low > 0, np.maximum(far, far + low * (past - far)), far)
    for row in range(1, ROWS):  # it hangs straight down from where the head is widest
        if (y[row] < HELD).any():
            far[row] = np.maximum(far[row], far[row - 1] - FALL * (y[row - 1] - y[row]))
    far -= CURL * smooth_step((down - 0.65) / 0.35) * (0.7 + 0.3 * part)
    far += WAVE * smooth_step(down / 0.5 - 0.5) * np.sin(2 * np.pi * y / WAVE_LONG + 2.5 * angle)
    far += LOCKS * smooth_step(down / 0.25) * smooth_noise(random, far.shape, LOCK_SIZE)
    places = np.linspace(0, OUTER - 1, INNER)
    row = np.repeat(np.arange(ROWS)[:, None], INNER, 1)
    at = np.stack([row, np.tile(places, (ROWS, 1))])
    inner = [map_coordinates(field, at, order=1) for field in (angle, far, y)]
    thin = INSIDE * (0.45 + 0.55 * smooth_step(places / 5)) * (1 - 0.8 * down**4)
    angle = np.concatenate([angle, inner[0]], 1)
    far = np.concatenate([far, inner[1] - thin], 1)
    y = np.concatenate([y, inner[2]], 1)
    return np.stack([np.sin(angle) * far, y, AXIS + np.cos(angle) * far], -1)


def _trace(skin: Skin, way: np.ndarray, y: np.ndarray, off: np.ndarray) -> np.ndarray:
    """Distance (m, n) from the axis at which the skin is `off` (m, n) away, along level directions (m, n, 3)."""
    far = np.full(y.shape, 16.0)
    for _ in range(60):
        point = way * far[..., None] + np.stack([0 * y, y, AXIS + 0 * y], -1)
        far = far - 0.7 * np.clip(skin.distance(point) - off, -0.5, 2.0)
    return far


def _drawn_up(full: np.ndarray) -> np.ndarray:
    """The curtain (m, n, 3) with all that hangs below HELD gathered there."""
    rest = full.copy()
    axis = np.array([0.0, 0.0, AXIS])
    for column in range(full.shape[1]):
        low = np.flatnonzero(full[:, column, 1] < HELD)
        seam = full[low[0] - 1, column]
        number = np.arange(1, len(low) + 1)[:, None]
        rest[low, column] = seam - TOGETHER * number * np.array([0.0, 1.0, 0.0])
        reach = np.hypot(full[:, column, 0], full[:, column, 2] - AXIS)
        near = reach[low[0] - 1]
        wider = 1 + (max(reach[low].max(), near) / near - 1) * smooth_step(number / ALOOF)
        rest[low, column] = np.where([1, 0, 1], axis + wider * (rest[low, column] - axis), rest[low, column])
    return rest


def _strands(random: np.random.Generator) -> np.ndarray:
    """Loose strands (n, 3, 2) as rows and columns of the curtain: two corners at the root, and the tip."""
    edge = STRANDS // 3
    count = STRANDS + TIPS
    at_edge = np.arange(count) < edge
    lock = np.arange(count) >= STRANDS
    column = np.where(at_edge, random.uniform(0, 0.8, count), random.uniform(0.1, OUTER - 1.1, count))
    column[lock] = np.linspace(0.2, OUTER - 1.2, TIPS) + random.uniform(-0.2, 0.2, TIPS)
    row = np.where(at_edge, random.uniform(5, ROWS - 4.5, count), ROWS - 1 - random.uniform(0.8, 2.0, count))
    long = np.where(at_edge, random.uniform(1.5, 3, count), 2.0)
    half = np.where(lock, TIP_WIDTH, STRAND_WIDTH) * random.uniform(0.6, 1.4, count)
    row[lock] = ROWS - 1 - random.uniform(0.1, 0.7, TIPS)
    tip = np.minimum(row + long, ROWS - 1)
    sway = random.normal(0, np.where(lock, 0.35, 0.15), count)
    last = OUTER - 1.02
    columns = last - np.abs(last - np.abs(np.stack([column - half, column + half, column + sway], 1)))
    return np.stack([np.stack([row, row, tip], 1), columns], -1)


def _faces(rows: int, outer: int, inner: int) -> np.ndarray:
    """Triangles of the left half: outside, inside, the edge beside the face and the ends between them."""
    whole = outer + inner
    number = np.arange(rows * whole).reshape(rows, whole)
    faces = [*_strip(number[:, :outer]), *(f[:, ::-1] for f in _strip(number[:, outer:]))]
    faces += _strip(np.stack([number[:, outer], number[:, 0]], 1))
    places = np.rint(np.linspace(0, inner - 1, outer)).astype(int)
    below = number[-1, outer + places]
    ends = np.stack([number[-1, :outer], below])
    faces += _strip(ends)
    found = np.concatenate(faces)
    return found[(found[:, 0] != found[:, 1]) & (found[:, 1] != found[:, 2]) & (found[:, 2] != found[:, 0])]


def _strip(grid: np.ndarray) -> list[np.ndarray]:
    """Triangles between the rows of a grid (m, n) that goes down and to the left, seen from outside."""
    a, b, c, d = (grid[:-1, :-1].ravel(), grid[:-1, 1:].ravel(), grid[1:, :-1].ravel(), grid[1:, 1:].ravel())
    return [np.stack([a, c, b], 1), np.stack([b, c, d], 1)]
