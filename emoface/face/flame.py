"""FLAME: blend shapes and linear blend skinning of a head over five joints."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor, nn

from emoface.kernels import flame_lbs
from emoface.shown import by_shape

from .layout import JAW_OPEN_RADIANS

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
        corrective_basis: (C, V, 3) float32, displacement that two shapes make together beyond what each makes alone,
            times the product of both weights, each held to 0..1. FLAME itself has none.
        corrective_drivers: (C, 2) int32, the two: places in the expression, or K for the jaw's opening
            ``jaw_pose_x / JAW_OPEN_RADIANS``.
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
    corrective_basis: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3), np.float32))
    corrective_drivers: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int32))

    __repr__ = by_shape


class FlameModel(nn.Module):
    """The FLAME layer: coefficients and joint rotations to vertices, batched and differentiable.

    The computation is :func:`emoface.kernels.flame_lbs`. Everything that does not depend on the frame (joints as a
    linear function of the coefficients, an identity that stays) is contracted beforehand.

    Args:
        data: the model's arrays.
        dtype: of the arrays and results; inputs are converted to it.
    """

    template: Tensor
    shape_basis: Tensor
    pose_basis: Tensor
    joints: Tensor
    joint_basis: Tensor
    skin_weights: Tensor
    landmark_vertices: Tensor
    landmark_weights: Tensor
    corrective_drivers: Tensor

    def __init__(self, data: FlameData, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.data = data
        self.identity_size, self.expression_size = len(data.identity_basis), len(data.expression_basis)
        bases = [data.identity_basis, data.expression_basis]
        if len(data.corrective_drivers):
            bases.append(data.corrective_basis)
        shapes = np.concatenate(bases).astype(np.float64)  # (N + K + C, V, 3)
        regressor = data.joint_regressor.astype(np.float64)
        arrays = {
            "template": data.template,
            "shape_basis": shapes,
            "pose_basis": data.pose_basis,
            "joints": regressor @ data.template.astype(np.float64),  # (5, 3)
            "joint_basis": regressor @ shapes,  # (N + K + C, 5, 3)
            "skin_weights": data.skin_weights,
            "landmark_weights": data.landmark_weights,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.as_tensor(array).to(dtype).contiguous(), persistent=False)
        triangles = torch.as_tensor(data.faces[data.landmark_faces].astype(np.int64)).reshape(-1, 3)
        self.register_buffer("landmark_vertices", triangles, persistent=False)  # (68, 3)
        pairs = torch.from_numpy(np.array(data.corrective_drivers, np.int64))
        self.register_buffer("corrective_drivers", pairs, persistent=False)  # (C, 2)

    def with_identity(self, identity: Tensor) -> FlameModel:
        """The layer of one person: an identity (N,) or shorter folded into the template, no components left."""
        weights = self._coefficients("identity", identity, self.identity_size, 1)[0].double().cpu().numpy()
        basis = self.data.identity_basis[: len(weights)].astype(np.float64)
        template = self.data.template + np.tensordot(weights, basis, 1)
        person = replace(self.data, template=template, identity_basis=self.data.identity_basis[:0])
        return FlameModel(person, self.template.dtype).to(self.template.device)

    def forward(
        self,
        expression: Tensor,
        jaw_pose: Tensor,
        identity: Tensor | None = None,
        global_pose: Tensor | None = None,
        neck_pose: Tensor | None = None,
        eye_pose: Tensor | None = None,
        translation: Tensor | None = None,
    ) -> Tensor:
        """Vertices of B frames; rotations are axis-angle in radians, (B, .) or one row (1, .) for all frames.

        Args:
            expression: (B, k), k up to the model's K; components left out are zero.
            jaw_pose: (B, 3), +x opens.
            identity: (N,), (1, n) or (B, n), n up to the model's N; None: the mean face.
            global_pose: (B, 3) about the root joint.
            neck_pose: (B, 3).
            eye_pose: (B, 6), left eye then right eye.
            translation: (B, 3) in metres.

        Returns:
            (B, V, 3) in metres.

        Raises:
            TypeError: not a floating-point tensor. ValueError: a wrong shape.

        Source: Li et al. 2017, "Learning a model of facial shape and expression from 4D scans".
        """
        if not isinstance(expression, Tensor) or not expression.is_floating_point():
            raise TypeError(f"expression must be a floating-point Tensor, got {_kind(expression)}")
        frames = len(expression) if expression.dim() else 0
        weights = self._coefficients("expression", expression, self.expression_size, frames)
        parts = [("global_pose", global_pose, 3), ("neck_pose", neck_pose, 3), ("jaw_pose", jaw_pose, 3),
                 ("eye_pose", eye_pose, 6)]  # fmt: skip
        pose = torch.cat([self._rows(name, value, width, frames) for name, value, width in parts], 1)
        weights = self.driven(weights, pose[:, 6:7])
        template, joints, first = self.template, self.joints, self.identity_size
        if identity is not None:
            person = self._coefficients("identity", identity, self.identity_size, frames)
            if len(person) == frames != 1:  # a face of its own in every frame: identity is part of the coefficients
                rest = person.new_zeros(frames, self.identity_size - person.shape[1])
                weights, first = torch.cat([person, rest, weights], 1), 0
            else:
                known = person.shape[1]
                template = template + torch.tensordot(person[0], self.shape_basis[:known], 1)
                joints = joints + torch.tensordot(person[0], self.joint_basis[:known], 1)
        used = slice(first, first + weights.shape[1])
        return flame_lbs(
            weights, pose.unflatten(1, (5, 3)), self._rows("translation", translation, 3, frames), template,
            self.shape_basis[used], self.pose_basis, joints, self.joint_basis[used], self.skin_weights,
        )  # fmt: skip

    def driven(self, expression: Tensor, jaw_open: Tensor) -> Tensor:
        """Weights of all shapes of the expression: its own, then those of the correctives that they drive.

        Args:
            expression: (B, k), k up to the model's K. jaw_open: (B, 1) rotation of the jaw about x, radians.

        Returns:
            (B, K + C), or the expression itself where the model has no correctives.
        """
        if not len(self.corrective_drivers):
            return expression
        rest = expression.new_zeros(len(expression), self.expression_size - expression.shape[1])
        drivers = torch.cat([expression, rest, jaw_open / JAW_OPEN_RADIANS], 1).clamp(0, 1)  # (B, K + 1)
        pairs = drivers[:, self.corrective_drivers]  # (B, C, 2)
        return torch.cat([expression, rest, pairs[..., 0] * pairs[..., 1]], 1)

    def landmarks(self, vertices: Tensor) -> Tensor:
        """The 68 landmarks of the usual layout: 17 of the contour, 51 inside the face.

        Args:
            vertices: (B, V, 3).

        Returns:
            (B, 68, 3): barycentric points on the model's triangles.

        Raises:
            ValueError: the model knows no landmarks, or a wrong shape.
        """
        if not len(self.landmark_vertices):
            raise ValueError(f"landmarks are not known for {self.data.version}: load the model with its embedding file")
        if vertices.dim() != 3 or vertices.shape[1:] != self.template.shape:
            raise ValueError(f"vertices must be (B, {len(self.template)}, 3), got {tuple(vertices.shape)}")
        corners = vertices[:, self.landmark_vertices]  # (B, 68, 3, 3)
        return (corners * self.landmark_weights.to(vertices.dtype)[..., None]).sum(2)

    def _coefficients(self, name: str, value: Tensor, most: int, frames: int) -> Tensor:
        """Coefficients as (B, n), or (1, n) for all frames."""
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise TypeError(f"{name} must be a floating-point Tensor, got {_kind(value)}")
        if value.dim() == 1 and name == "identity":
            value = value[None]
        if value.dim() != 2 or len(value) not in (1, frames) or value.shape[1] > most:
            raise ValueError(f"{name} must be ({frames}, 0..{most}), got {tuple(value.shape)}")
        return value.to(self.template.dtype)

    def _rows(self, name: str, value: Tensor | None, width: int, frames: int) -> Tensor:
        """(B, width) of an argument given as such, as one row for all frames, or not at all (zero)."""
        if value is None:
            return self.template.new_zeros(frames, width)
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise TypeError(f"{name} must be a floating-point Tensor, got {_kind(value)}")
        if value.dim() != 2 or len(value) not in (1, frames) or value.shape[1] != width:
            raise ValueError(f"{name} must be ({frames}, {width}), got {tuple(value.shape)}")
        return value.to(self.template.dtype).expand(frames, width)


def _kind(value: object) -> str:
    return str(value.dtype) if isinstance(value, Tensor) else type(value).__name__
