"""Visible triangle and depth at every pixel, as plain PyTorch: each pixel asks each triangle."""

import torch
from torch import Tensor

SUBPIXELS = 256.0  # corners lie on a grid of 1/256 pixel, so that coverage is exact arithmetic
REACH = 2.0**23  # in subpixels; a triangle with a corner beyond it is not drawn


def _cross(u: Tensor, v: Tensor) -> Tensor:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def rasterize(
    points: Tensor, faces: Tensor, height: int, width: int, cull: bool, threads: int
) -> tuple[Tensor, Tensor]:
    """The nearest triangle and its depth at every pixel.

    Args: points (B, V, 3), x and y in pixels, larger z is nearer; faces (F, 3); cull leaves out triangles seen from
    behind; threads change nothing. Returns depth (B, H, W), 0 where nothing is, and face (B, H, W) int32, -1 where
    nothing is.
    Arguments are checked by :func:`emoface.kernels.rasterize`.
    """
    corners = points.double()[:, faces.long()]  # (B, F, 3, 3)
    x = torch.arange(width, dtype=torch.float64, device=points.device) + 0.5
    y = torch.arange(height, dtype=torch.float64, device=points.device) + 0.5
    pixel = SUBPIXELS * torch.stack([x.expand(height, width), y[:, None].expand(height, width)], -1)  # (H, W, 2)
    a, b, c = (corners[..., :2] * SUBPIXELS).round()[:, :, :, None, None].unbind(2)  # (B, F, 1, 1, 2) each
    area = _cross(c - a, b - a)  # positive where the corners run counter-clockwise as seen, y down
    edges = torch.stack([_cross(pixel - b, c - b), _cross(pixel - c, a - c), _cross(pixel - a, b - a)])
    weights = edges / torch.where(area == 0, 1.0, area)  # (3, B, F, H, W)
    near = (corners[..., :2].abs() * SUBPIXELS <= REACH).all(-1).all(-1)[..., None, None]
    drawn = near & (area > 0 if cull else area != 0)  # (B, F, 1, 1)
    z = (weights * corners[..., 2].movedim(2, 0)[..., None, None]).sum(0)  # (B, F, H, W)
    order = torch.where(drawn & (weights >= 0).all(0), z, 0.0).float()
    face = order.argmax(1, keepdim=True)  # the nearest, the first of equals
    covered = order.amax(1, keepdim=True) > 0
    depth = torch.where(covered, z.gather(1, face), 0.0)
    return depth[:, 0].to(points.dtype), torch.where(covered, face, -1)[:, 0].int()
