"""Unit normals of a triangle mesh as plain PyTorch."""

import torch
from torch import Tensor


def vertex_normals(vertices: Tensor, faces: Tensor) -> Tensor:
    wide = vertices if vertices.dtype == torch.float64 else vertices.float()
    corners = faces.long()
    a, b, c = wide[:, corners].unbind(2)  # (B, F, 3) each
    flat = torch.linalg.cross(b - a, c - a)  # along the normal, as long as twice the area
    sums = torch.zeros_like(wide)
    for corner in corners.unbind(1):
        sums = sums.index_add(1, corner, flat)  # (B, V, 3)
    return (sums / (sums.square().sum(-1, keepdim=True) + 1e-30).sqrt()).to(vertices.dtype)
