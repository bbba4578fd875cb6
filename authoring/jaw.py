"""The jaw: how strongly each part of the skin follows its joint, and the corrective that LBS lacks."""

from __future__ import annotations

import numpy as np

from emoface.face.layout import JAW_OPEN_RADIANS, JAW_SIDE_RADIANS

from .handles import Fill, push
from .mesh import HeadMesh
from .mouth_patch import MouthPatch

JAW_JOINT = np.array([0.0, -2.2, 0.9])
"""Centre of the hinge, cm."""
JAW_FORWARD = np.array([0.0, -0.20, 0.90])
"""Move of all that follows the jaw at jawForward = 1, cm: down as well, so that the lower teeth clear the upper."""

BAG_END_SHARE = (1.0, 0.55, 0.2)  # how far the bag's first rows share one weight


def jaw_share(mesh: HeadMesh, patch: MouthPatch) -> np.ndarray:
    """Skin weight (V,) of the jaw joint: 1 at the chin, 0 above the cheeks, opening the lips to an ellipse.

    Along the slit the weights of both lips run towards one half at the corner, so that the corner does not tear.
    """
    _, y, z = mesh.vertices[: mesh.half].T
    weights = np.full(mesh.half, np.nan)
    weights[(y > _cheek_line(z) + 2.2) | (z < -1.6) | (y < -15.0)] = 0.0
    weights[(y < -8.3) & (y > -10.9) & (z > 7.6)] = 1.0
    weights[mesh.ear] = 0.0
    lens = np.sqrt(1 - patch.across**2)  # 1 at the mid-line .. 0 at the corner
    column = np.where(patch.side > 0, 0.5 * (1 - lens) ** 1.4, 0.5 + 0.5 * lens**0.8)
    weights[mesh.mouth[: patch.lips.stop + 2]] = column
    for row, share in enumerate(BAG_END_SHARE):  # the bag's end moves as one
        weights[mesh.mouth[row]] = column + share * (0.5 - column)
    return np.clip(Fill(mesh).symmetric(weights[:, None])[:, 0], 0, 1)


def _cheek_line(z: np.ndarray) -> np.ndarray:
    """Height of a line from the joint to the corner of the mouth at depth z."""
    return JAW_JOINT[1] - 4.6 * np.clip(z, 0, 8.5) / 8.5


def rotated(points: np.ndarray, weights: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Points (n, 3) after the jaw turned by `rotation` (3, 3), blended linearly by weights (n,)."""
    turned = (points - JAW_JOINT) @ rotation.T + JAW_JOINT
    return points + weights[:, None] * (turned - points)


def turn(open_by: float = 0.0, left_by: float = 0.0) -> np.ndarray:
    """Rotation (3, 3) of the axis-angle (open_by, left_by, 0), radians."""
    angle = np.hypot(open_by, left_by)
    if angle < 1e-12:
        return np.eye(3)
    x, y = open_by / angle, left_by / angle
    cross = np.array([[0, 0, y], [0, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def jaw_corrective(mesh: HeadMesh, patch: MouthPatch) -> np.ndarray:
    """The pose corrective (9, V, 3) in cm: displacement per element of R - I, rows first.

    Element (2, 1) is the sine of the opening: as the jaw opens, the corners stay forward and drag the upper lip beside
    them down, the cheeks hollow and the lips part a little more than the joint alone parts them. Element (0, 2) is the
    sine of the turn to the left: the upper lip is dragged along and the lower one lags, so that the lips slide less
    over each other.
    """
    basis = np.zeros((9, len(mesh.vertices), 3))
    basis[7] = opening_corrective(mesh, patch) / np.sin(JAW_OPEN_RADIANS)
    basis[2] = _sideways_corrective(mesh, patch) / np.sin(JAW_SIDE_RADIANS)
    return basis


def opening_corrective(mesh: HeadMesh, patch: MouthPatch) -> np.ndarray:
    """Displacement (V, 3) at jawOpen = 1 before the jaw turns, cm."""
    values = _held(mesh, patch)
    x, y, z = mesh.vertices[: mesh.half].T
    lens = np.sqrt(1 - patch.across**2)
    corner = np.array([-0.03, 0.0, 0.10]) * (patch.across**3)[:, None]
    beside = patch.across * (1 - patch.across**6) * np.exp(-(((patch.across - 0.7) / 0.3) ** 2))
    drag = np.array([0.0, -0.30, 0.0]) * (beside * (patch.side > 0))[:, None]
    drop = np.array([0.0, -0.42, 0.08]) * (lens * (patch.side < 0))[:, None]
    values[mesh.mouth[patch.contact - 3 : patch.lips.stop]] = corner + drag + drop
    values[(np.hypot(x - 4.4, y + 5.6) < 0.6) & (z > 3.0)] = (-0.26, 0.0, -0.16)
    throat = push(mesh.vertices, (0.0, -11.3, 4.7), (3.0, 1.2, 1.8), (0.0, -0.56, 0.0))  # folds less when it hangs
    return Fill(mesh).symmetric(values) + throat


def _sideways_corrective(mesh: HeadMesh, patch: MouthPatch) -> np.ndarray:
    """Displacement (V, 3) at jawLeft = 1, the same way on both sides of the face, cm."""
    values = _held(mesh, patch)
    lens = np.sqrt(1 - patch.across**2)
    drag = np.where(patch.side > 0, 0.36, -0.26) * lens
    values[mesh.mouth[patch.contact - 3 : patch.lips.stop]] = drag[:, None] * np.array([1.0, 0.0, 0.0])
    return Fill(mesh).solve(values[np.minimum(mesh.mirror, np.arange(len(mesh.vertices)))])


def _held(mesh: HeadMesh, patch: MouthPatch) -> np.ndarray:
    """Handles (half, 3): zero away from the mouth, on the nose and in the depth of the bag; NaN where free."""
    x, y, z = mesh.vertices[: mesh.half].T
    values = np.full((mesh.half, 3), np.nan)
    values[(y > -3.6) | (y < -11.0) | (z < 1.5) | (np.hypot(x, y + 7) > 6.4)] = 0.0
    values[(y > -5.1) & (x < 1.9) & (z > 7.5)] = 0.0
    for rows in (mesh.eye, mesh.ear, mesh.nostril, mesh.mouth[: patch.contact - 3]):
        values[rows] = 0.0
    return values
