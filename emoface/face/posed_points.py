"""Where some points of a FLAME head are, without the rest of its mesh."""

from __future__ import annotations

import numpy as np
import torch

from emoface.kernels import flame_lbs

from .flame import FlameModel


class PosedPoints:
    """Some points of a FLAME model: all chosen vertices, or landmarks between theirs.

    Args:
        model: on the CPU.
        at: (P,) vertices, or (P * 3,) the corners of the triangles that landmarks lie on, one triangle after another.
        corners: (P, 3) barycentric weights of landmarks; None for vertices.
    """

    def __init__(self, model: FlameModel, at: np.ndarray, corners: torch.Tensor | None) -> None:
        vertices, first = torch.from_numpy(at), model.identity_size
        self.rest = (
            model.template[vertices],
            model.shape_basis[first:, vertices].contiguous(),
            model.pose_basis[:, vertices].contiguous(),
            model.joints,
            model.joint_basis[first:].contiguous(),
            model.skin_weights[vertices],
        )
        self.model, self.corners = model, corners

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """Points (T, P, 3) at expression and jaw (T, K + 3)."""
        values = torch.from_numpy(weights).to(self.rest[0].dtype)
        pose = values.new_zeros(len(values), 5, 3)
        pose[:, 2] = values[:, -3:]
        weighed = self.model.driven(values[:, :-3], values[:, -3:-2]).contiguous()
        points = flame_lbs(weighed, pose, values.new_zeros(len(values), 3), *self.rest)
        if self.corners is not None:  # (T, P * 3, 3) corners of the triangles that the landmarks lie on
            points = (points.unflatten(1, (-1, 3)) * self.corners[:, :, None]).sum(2)
        return points.numpy()
