"""The shapes of the upper face: lids, brows, raised cheeks and the nose, on the left; the build mirrors them."""

from __future__ import annotations

import numpy as np

from .eye_patch import EDGE, LASHES, EyePatch
from .eyeball import GAZE
from .handles import Fill, Fold, left_half, push
from .mesh import HeadMesh
from .mouth_patch import MouthPatch
from .skin import EYE_CENTRE

# Lids at weight 1: how far the upper lid goes down and the lower lid goes up, as a share of the aperture.
LIDS = {
    "eyeBlinkLeft": (0.85, 0.215),
    "eyeWideLeft": (-0.44, -0.09),
    "eyeSquintLeft": (0.13, 0.36),
    "eyeLookUpLeft": (-0.30, 0.06),
    "eyeLookDownLeft": (0.36, -0.24),
    "cheekSquintLeft": (0.03, 0.20),
}
# How much of a lid's turn each row follows, from behind the edge to the orbit.
UPPER_FOLLOWS = np.array([0.85, 0.85, 1, 1, 1, 0.97, 0.90, 0.76, 0.55, 0.33, 0.13, 0])
LOWER_FOLLOWS = np.array([1, 1, 1, 1, 0.96, 0.86, 0.72, 0.55, 0.40, 0.24, 0.09, 0])
# How much of a move of the brow or the cheek each row of the lids takes.
UPPER_YIELDS = np.array([0, 0, 0, 0, 0.01, 0.03, 0.09, 0.20, 0.42, 0.64, 0.84, 1])
LOWER_YIELDS = np.array([0, 0, 0, 0, 0.03, 0.10, 0.20, 0.35, 0.52, 0.70, 0.86, 1])

FROWN = (
    Fold(((0.46, 0.70), (0.52, 1.45), (0.78, 2.5)), 0.20, 0.17, 0.17, -0.42, 0.30),
    Fold(((1.15, 2.1), (1.45, 2.8)), 0.07, 0.15),
)
"""The brows drawn together: furrows on each side of the glabella, flesh heaped beside them."""
FOREHEAD_INNER = (
    Fold(((0.0, 2.80), (1.2, 2.98), (2.4, 3.30)), 0.075, 0.16, 0.055, 0.36, 0.2),
    Fold(((0.0, 3.50), (1.3, 3.66), (2.8, 3.98)), 0.085, 0.17, 0.060, 0.38, 0.2),
    Fold(((0.0, 4.30), (1.4, 4.42), (3.0, 4.58)), 0.075, 0.18, 0.050, 0.40, 0.2),
    Fold(((0.0, 5.15), (1.2, 5.22), (2.4, 5.24)), 0.050, 0.18, 0.035, 0.40, 0.2),
)
FOREHEAD_OUTER = (
    Fold(((1.5, 3.12), (2.8, 3.48), (4.0, 3.46), (5.0, 2.95)), 0.075, 0.17, 0.055, 0.38, 0.2),
    Fold(((1.2, 3.88), (2.7, 4.22), (4.0, 4.17), (5.0, 3.60)), 0.075, 0.18, 0.055, 0.38, 0.2),
    Fold(((1.4, 4.68), (2.8, 4.92), (4.0, 4.76)), 0.050, 0.18, 0.035, 0.38, 0.2),
)
BAG = (Fold(((1.8, -0.85), (2.6, -1.50), (3.6, -1.70), (4.7, -1.15)), 0.065, 0.18, 0.075, 0.45, 0.22),)
"""Flesh heaped under the lower lid, over a furrow."""
SNARL = (
    Fold(((1.66, -3.80), (2.08, -4.55), (2.62, -5.45), (3.12, -6.40)), 0.22, 0.21, 0.16, 0.50, 0.38, (0.34, 0.5)),
    Fold(((0.0, 0.42), (0.70, 0.30)), 0.10, 0.15, 0.09, -0.30, 0.18),
    Fold(((0.62, 0.05), (0.95, -0.70), (1.50, -1.40)), 0.08, 0.17, 0.08, 0.34, 0.24, (0.35, 0.5)),
    Fold(((0.42, -0.75), (0.80, -1.35), (1.25, -2.05)), 0.05, 0.15, 0.05, 0.30, 0.22, (0.35, 0.5)),
)
"""The nose wrinkled at its root and sides, and the fold from its wing to the corner of the mouth."""


def eye_shapes(mesh: HeadMesh, eye: EyePatch, mouth: MouthPatch) -> dict[str, np.ndarray]:
    """Displacements (V, 3) of the skin in cm at weight 1: the left side's shapes and browInnerUp.

    Pushes are (centre, radii, move) of :func:`.handles.push`, in centimetres.
    """
    shapes = {name: _lids(mesh, eye, *share) for name, share in LIDS.items()}
    for name, turn in GAZE.items():
        shapes[name] = shapes.get(name, 0) + _cornea_push(mesh, eye, turn[:, 2])
    give = lid_give(mesh, eye)
    points = mesh.vertices

    def on_left(*pushes: tuple) -> np.ndarray:
        return left_half(give * sum(push(points, *one) for one in pushes), points)

    def folds(*lines: Fold) -> np.ndarray:
        return give * sum(line(mesh) for line in lines)

    shapes["browDownLeft"] = on_left(
        ((1.35, 1.5, 8.4), (1.3, 1.15, 3), (-0.30, -0.66, 0.18)),
        ((3.25, 2.1, 7.6), (1.85, 1.2, 3), (-0.16, -0.66, 0.16)),
        ((4.5, 1.8, 7.0), (1.3, 1.0, 3), (-0.12, -0.30, 0.03)),
        ((1.9, 0.80, 8.0), (1.3, 0.55, 3), (-0.04, -0.08, 0.14)),  # the mass under the inner brow
        ((0.0, 1.3, 9.0), (0.7, 1.25, 2), (0.0, -0.22, 0.06)),
    ) + left_half(folds(*FROWN), points, 0.35)
    shapes["browOuterUpLeft"] = on_left(
        ((3.8, 2.0, 7.3), (2.1, 1.5, 3), (0.06, 0.80, -0.06)),
        ((4.6, 1.9, 6.6), (1.2, 1.2, 3), (0.06, 0.14, -0.06)),
        ((1.7, 1.8, 8.3), (1.0, 1.2, 3), (0.0, 0.14, 0.0)),
        ((3.6, 4.0, 7.0), (2.2, 1.7, 3), (0.03, 0.28, 0.02)),
    ) + left_half(folds(*FOREHEAD_OUTER), points)
    shapes["browInnerUp"] = give * (
        push(points, (1.1, 1.8, 8.4), (1.45, 1.3, 3), (0.0, 0.83, 0.02))
        + push(points, (0.9, 3.8, 8.3), (1.8, 1.6, 3), (0.0, 0.24, 0.06))
        + push(points, (4.2, 1.8, 7.0), (1.6, 1.3, 3), (0.0, -0.10, 0.0))  # the brow slants
    ) + folds(*FOREHEAD_INNER)
    shapes["eyeSquintLeft"] += on_left(
        ((3.5, -1.7, 7.4), (1.7, 0.9, 3), (-0.08, 0.24, 0.11)),
        ((5.2, -0.3, 6.2), (0.9, 1.1, 3), (-0.14, -0.02, 0.06)),
        ((3.0, 1.6, 7.9), (2.0, 0.8, 3), (-0.02, -0.05, 0.03)),
    ) + left_half(folds(*BAG), points)
    shapes["cheekSquintLeft"] += on_left(
        ((4.0, -2.6, 7.0), (2.0, 1.5, 3.5), (-0.06, 0.56, 0.30)),
        ((3.4, -1.5, 7.6), (1.6, 0.45, 3), (0.0, 0.06, 0.10)),
        ((5.4, -0.4, 6.2), (0.9, 1.0, 3), (-0.08, 0.06, 0.12)),
    ) + left_half(folds(*BAG), points)
    shapes["noseSneerLeft"] = (
        left_half(_sneer(mesh, mouth), points, 0.7)
        + on_left(
            ((1.5, 1.6, 8.4), (1.4, 1.0, 3), (-0.04, -0.05, 0.05)),
            ((1.9, 0.8, 8.0), (1.2, 0.55, 3), (-0.02, -0.06, 0.08)),
            ((2.85, -4.5, 8.0), (0.7, 0.9, 2), (0.0, 0.06, 0.14)),
        )
        + left_half(folds(*SNARL), points, 0.5)
    )
    return shapes


def _lids(mesh: HeadMesh, eye: EyePatch, down: float, up: float) -> np.ndarray:
    """The left lids turned about the eyeball's centre.

    Args:
        down: share of the aperture by which the upper lid goes down; negative: up.
        up: share of the aperture by which the lower lid goes up.
    """
    arm = eye.points - EYE_CENTRE  # (rows, columns, 3)
    height = np.arctan2(arm[EDGE, :, 1], arm[EDGE, :, 2])  # the edge's angle seen from the side
    columns = len(height)
    aperture = np.abs(height - height[-np.arange(columns) % columns])
    upper = eye.upper == 1
    corner = _corner(eye)  # where both lids go as far
    turn = np.where(upper, down + corner * (up - down) / 2, -up - corner * (down - up) / 2) * aperture
    follows = _follows(eye)
    angle = turn * follows  # (rows, columns); positive turns down
    c, s = np.cos(angle), np.sin(angle)
    turned = np.stack([arm[..., 0], c * arm[..., 1] - s * arm[..., 2], s * arm[..., 1] + c * arm[..., 2]], -1)
    # weights move a lid straight, which cuts the arc: its end keeps off the eyeball, and so does the way there
    most = np.where(upper, 0.21 * max(down, 0) + 0.26 * max(-down, 0), 0.05 * abs(up))
    lift = most * np.abs(turn) / np.abs(turn).max()
    length = np.linalg.norm(turned, axis=-1, keepdims=True)
    turned = turned * (1 + (lift * follows)[..., None] / length)
    field = np.zeros_like(mesh.vertices)
    field[mesh.eye] = turned - arm
    return field


def _cornea_push(mesh: HeadMesh, eye: EyePatch, gaze: np.ndarray) -> np.ndarray:
    """The left lids bulged and dragged a little by the cornea behind them when it looks along `gaze` (3,)."""
    arm = eye.points - EYE_CENTRE
    outward = arm / np.linalg.norm(arm, axis=-1, keepdims=True)
    follows = _follows(eye)
    near = (np.exp(-((outward - gaze) ** 2).sum(-1) / 0.3) * follows)[..., None]
    middle = (np.sin(np.pi * eye.along) ** 2 * follows)[..., None]
    moved = arm + 0.05 * near * outward + 0.14 * middle * [gaze[0], 0, 0]
    before, after = np.linalg.norm(arm, axis=-1), np.linalg.norm(moved, axis=-1)
    field = np.zeros_like(mesh.vertices)
    field[mesh.eye] = moved * np.maximum(1, before / after)[..., None] - arm
    return field


def _corner(eye: EyePatch) -> np.ndarray:
    """(columns,) 1 at the canthi .. 0 along the lids."""
    return np.exp(-((np.minimum(eye.along, 1 - eye.along) / 0.16) ** 2))


def _follows(eye: EyePatch) -> np.ndarray:
    """(rows, columns) share of the lid edge's turn that each vertex of the lids makes."""
    follows = np.where(eye.upper == 1, UPPER_FOLLOWS[:, None], LOWER_FOLLOWS[:, None])
    # what lies behind the canthi stays, and so does the caruncle; the skin before them lags: no fold, no sliver
    follows[:EDGE] *= np.sin(np.pi * eye.along) ** 0.5 * (1 - np.exp(-((eye.along / 0.22) ** 2)))
    follows[EDGE] *= (1 - np.exp(-((eye.along / 0.1) ** 2))) * (1 - np.exp(-(((1 - eye.along) / 0.06) ** 2)))
    follows[LASHES + 1 :] *= 1 - 0.3 * _corner(eye)
    return follows


def lid_give(mesh: HeadMesh, eye: EyePatch) -> np.ndarray:
    """(V, 1) share of a move of brow or cheek that the skin takes: all, less towards the edges of the lids."""
    give = np.ones((len(mesh.vertices), 1))
    share = UPPER_YIELDS[:, None] * eye.upper + LOWER_YIELDS[:, None] * (1 - eye.upper)
    give[mesh.eye, 0] = share
    give[mesh.mirror[mesh.eye], 0] = share
    return give


def _sneer(mesh: HeadMesh, mouth: MouthPatch) -> np.ndarray:
    """Both sides' sneer: wings and upper lip pulled up, the sides of the nose wrinkled."""
    points = mesh.vertices[: mesh.half]
    values = np.full((mesh.half, 3), np.nan)
    x, y, z = points.T
    values[(y > 1.5) | (y < -8.5) | (z < 2.5) | (x > 6.0)] = 0
    values[mesh.ear] = 0
    values[mesh.eye[: LASHES + 2]] = 0
    lip = np.where(mouth.side > 0, 0.58 * np.exp(-(((mouth.across - 0.40) / 0.50) ** 2)), 0.0)
    for row in range(mouth.contact - 1, mouth.lips.stop):
        values[mesh.mouth[row]] = np.outer(lip, [0.04, 1.0, 0.14])

    def near(centre: tuple, radius: float) -> np.ndarray:
        return np.linalg.norm(points - np.array(centre), axis=1) < radius

    values[near((1.6, -3.9, 8.5), 0.5)] = [0.08, 0.56, 0.05]
    values[near((2.6, -4.9, 8.0), 0.35)] = [-0.04, 0.80, 0.16]
    values[near((3.6, -3.0, 7.6), 0.5)] = [-0.06, 0.36, 0.16]
    values[near((1.1, -1.2, 8.6), 0.35)] = [-0.02, 0.32, 0.08]
    values[near((0.0, -3.5, 10.5), 0.4)] = [0, 0.10, 0]
    return Fill(mesh).symmetric(values)
