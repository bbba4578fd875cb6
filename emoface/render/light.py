"""The light: a portrait's lamps, the surroundings, and what of them reaches each vertex."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from emoface.kernels import rasterize, shadow

KEY = (-0.60, 0.52, 0.61)
LAMPS = (
    (KEY, (1.62, 1.56, 1.48)),
    ((0.85, 0.10, 0.50), (0.11, 0.115, 0.13)),  # fill
    ((0.75, 0.45, -0.55), (0.46, 0.45, 0.45)),  # rim
    ((-0.34, 0.36, 0.87), (0.16, 0.16, 0.16)),  # eye light: hardly there but for the glint in the iris
)
"""Direction to each lamp in the view's axes and its linear colour; the first one casts the shadow."""
ABOVE, BELOW = (0.22, 0.21, 0.21), (0.13, 0.095, 0.08)
AROUND = 10  # directions in which openness is looked for
KEY_SPREAD, KEY_RAYS = 0.14, 3  # size of the key lamp, and directions within it
MAP = 192  # pixels of a shadow map
LEAST = 0.06  # of the surroundings reaches into every fold
LIFT, BIAS, SOFTNESS = 1.3, 0.5, 2.0  # pixels by which points stand off the surface, and over which shadow sets in


def _unit(v: Tensor) -> Tensor:
    return v / v.norm(dim=-1, keepdim=True)


def _directions() -> Tensor:
    """(KEY_RAYS + AROUND, 3): within the key lamp, then a spiral over what faces the camera."""
    key = _unit(torch.tensor(KEY))
    side = _unit(torch.linalg.cross(key, torch.tensor([0.0, 1.0, 0.0])))
    over = torch.linalg.cross(side, key)
    turn = torch.arange(KEY_RAYS) * (2 * math.pi / KEY_RAYS) + 0.6
    rays = key + KEY_SPREAD * (turn.cos()[:, None] * side + turn.sin()[:, None] * over)
    k = torch.arange(AROUND) + 0.5
    z = 1 - 1.25 * k / AROUND  # 1 .. -0.25
    angle = k * math.pi * (3 - math.sqrt(5))
    ring = (1 - z * z).sqrt()
    return torch.cat([_unit(rays), torch.stack([ring * angle.cos(), ring * angle.sin(), z], 1)])


def _looking_along(directions: Tensor) -> Tensor:
    """Rotations (K, 3, 3) whose z axis is each direction."""
    up = torch.where(directions[:, 1:2].abs() > 0.9, torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    x = _unit(torch.linalg.cross(up, directions))
    return torch.stack([x, torch.linalg.cross(directions, x), directions], 1)


DIRECTIONS = _directions()
ROTATIONS = _looking_along(DIRECTIONS)


def lamps() -> Tensor:
    """(L, 6) float32: unit direction and colour of each lamp."""
    return torch.stack([torch.cat([_unit(torch.tensor(d)), torch.tensor(c)]) for d, c in LAMPS])


def surroundings() -> Tensor:
    """(2, 3) float32: light from above and from below."""
    return torch.tensor([ABOVE, BELOW])


def reach(view: Tensor, normals: Tensor, faces: Tensor, radius: float, cull: bool) -> Tensor:
    """How much of the key lamp and of the surroundings reaches each vertex.

    Args:
        view: (V, 3) float32, metres in the view's axes from the middle of the scene.
        normals: (V, 3) float32, in the same axes.
        faces: (F, 3) int32.
        radius: of the scene, metres.
        cull: leave out triangles seen from behind.

    Returns:
        (V, 2) float32, 0..1: key, surroundings.
    """
    texel, deep = 2 * radius / MAP, 4 * radius
    to_map = ROTATIONS * torch.tensor([1 / texel, -1 / texel, 1 / deep])[:, None]  # (K, 3, 3)
    middle = torch.tensor([MAP / 2, MAP / 2, 0.5]).repeat(len(ROTATIONS))[:, None]

    def seen(points: Tensor) -> Tensor:
        """(K, V, 3): pixels of each map, and 0.25..0.75 from far to near."""
        return torch.addmm(middle, to_map.flatten(0, 1), points.T).unflatten(0, (-1, 3)).mT

    depth, _ = rasterize(seen(view), faces, MAP, MAP, cull)
    lit = shadow(seen(view + LIFT * texel * normals), depth, BIAS * texel / deep, SOFTNESS * texel / deep)  # (K, V)
    weight = (DIRECTIONS[KEY_RAYS:] @ normals.T + 0.05).clamp(min=0)  # (AROUND, V)
    opening = (weight * lit[KEY_RAYS:]).sum(0) / weight.sum(0).clamp(min=1e-6)
    return torch.stack([lit[:KEY_RAYS].mean(0), LEAST + (1 - LEAST) * opening], 1)
