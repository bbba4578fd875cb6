"""Unit normals of a triangle mesh as plain PyTorch."""

import torch
from torch import Tensor


def vertex_normals(vertices: Tensor, faces: Tensor) -> Tensor:
    """Unit normals at the vertices: the sum of the adjacent triangles' normals, weighted by their areas.

    Args: vertices (B, V, 3); faces (F, 3). Returns (B, V, 3). Arguments are checked by
    :func:`emoface.kernels.vertex_normals`.
    """
    wide = vertices if vertices.dtype == torch.float64 else vertices.float()
    corners = faces.long()
    a, b, c = wide[:, corners].unbind(2)  # (B, F, 3) each
    u, v = b - a, c - a
    # Along the normal, as long as twice the area; exactly zero where two corners are one.
    flat = u[..., [1, 2, 0]] * v[..., [2, 0, 1]] - u[..., [2, 0, 1]] * v[..., [1, 2, 0]]
    sums = torch.zeros_like(wide)
    for corner in corners.unbind(1):
        sums = sums.index_add(1, corner, flat)  # (B, V, 3)
    return (sums / (sums.square().sum(-1, keepdim=True) + 1e-30).sqrt()).to(vertices.dtype)
