"""FLAME: blend shapes and linear blend skinning of a head over five joints."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

JOINTS = ("global", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)


@dataclass(frozen=True, eq=False)
class FlameData:
    """The arrays of a FLAME model, in metres, y up, face towards +z; V vertices, N identity, K expression components.

    Attributes:
        version: the edition, such as "FLAME 2020"; coefficients do not transfer between versions.
        template: (V, 3) float32 mean face.
        faces: (F, 3) int32 triangles, counter-clockwise seen from outside.
        identity_basis: (N, V, 3) float32.
        expression_basis: (K, V, 3) float32.
        pose_basis: (36, V, 3) float32, displacement per element of R - I of neck, jaw and eyes, row by row.
        joint_regressor: (5, V) float32, joints as sums over vertices.
        skin_weights: (V, 5) float32, rows that add up to 1.
        landmark_faces: (68,) int32 triangle of each landmark; empty where the embedding is not known.
        landmark_weights: (68, 3) float32 barycentric weights; empty likewise.
    """

    version: str
    template: np.ndarray
    faces: np.ndarray
    identity_basis: np.ndarray
    expression_basis: np.ndarray
    pose_basis: np.ndarray
    joint_regressor: np.ndarray
    skin_weights: np.ndarray
    landmark_faces: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    landmark_weights: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.float32))
