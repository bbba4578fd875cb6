"""What of the lamps and of the surroundings reaches each vertex."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from emoface.kernels import rasterize, shadow

from .lights import Lights

AROUND = 10  # directions in which openness is looked for
KEY_RAYS = 3  # directions within the key lamp, at this share of its radius:
KEY_SPREAD = 0.65
MAP = 192  # pixels of a shadow map
LEAST = 0.11  # of the surroundings reaches into every fold
LIFT, BIAS, SOFTNESS = 1.3, 0.5, 2.0  # pixels by which points stand off the surface, and over which shadow sets in
TURN = 0.5  # share of the face's yaw by which the lamps turn with it, so that a profile is not lit from behind


def _unit(v: Tensor) -> Tensor:
    return v / v.norm(dim=-1, keepdim=True)


def _around() -> Tensor:
    """Directions (AROUND, 3) on a spiral over what faces the camera."""
    k = torch.arange(AROUND) + 0.5
    z = 1 - 1.25 * k / AROUND  # 1 .. -0.25
    angle = k * math.pi * (3 - math.sqrt(5))
    ring = (1 - z * z).sqrt()
    return torch.stack([ring * angle.cos(), ring * angle.sin(), z], 1)


def _within(lamp: Tensor, radius: float) -> Tensor:
    """Directions (KEY_RAYS, 3) towards a lamp, spread over its disc."""
    side = _unit(torch.linalg.cross(lamp, torch.tensor([0.0, 1.0, 0.0])))
    over = torch.linalg.cross(side, lamp)
    turn = torch.arange(KEY_RAYS) * (2 * math.pi / KEY_RAYS) + 0.6
    return _unit(lamp + KEY_SPREAD * radius * (turn.cos()[:, None] * side + turn.sin()[:, None] * over))


def _looking_along(directions: Tensor) -> Tensor:
    """Rotations (K, 3, 3) whose z axis is each direction."""
    up = torch.where(directions[:, 1:2].abs() > 0.9, torch.tensor([1.0, 0.0, 0.0]), torch.tensor([0.0, 1.0, 0.0]))
    x = _unit(torch.linalg.cross(up, directions))
    return torch.stack([x, torch.linalg.cross(directions, x), directions], 1)


class Lighting:
    """The light on a scene of a given size, seen from a fixed camera.

    Attributes:
        lamps: (L, 7) float32, unit direction in the view's axes, linear colour, radius in radians.
        around: (4, 3) float32, linear light from around: c, and by the normal's x, y, z.
        maps: (K, 3, 3) float32, from the view's axes to pixels and depth of each shadow map, about its middle: first
            KEY_RAYS of the key lamp, then those of the surroundings. looking: (K, 3) float32, the way to each.
        texel: of a shadow map, metres. bias, softness: in its depth.
    """

    def __init__(self, lights: Lights, yaw: float, radius: float, cull: bool) -> None:
        """Place the lamps.

        Args:
            lights: what lights the face.
            yaw: of the camera, degrees.
            radius: of the scene, metres.
            cull: leave triangles seen from behind out of the shadow maps.
        """
        turn = math.radians(TURN * yaw)
        turned = torch.tensor([[math.cos(turn), 0, -math.sin(turn)], [0, 1, 0], [math.sin(turn), 0, math.cos(turn)]])
        directions = _unit(torch.tensor([lamp.direction for lamp in lights.lamps])) @ turned  # (L, 3)
        rest = torch.tensor([[*lamp.colour, lamp.radius] for lamp in lights.lamps])
        self.lamps = torch.cat([directions, rest], 1)
        around = torch.tensor(lights.around)
        self.around = torch.cat([around[:1], turned.T @ around[1:]])
        self._cull = cull
        self.texel, deep = 2 * radius / MAP, 4 * radius
        self.bias, self.softness = BIAS * self.texel / deep, SOFTNESS * self.texel / deep
        self._around = _around()
        self.looking = torch.cat([_within(directions[0], lights.lamps[0].radius), self._around])
        self.maps = _looking_along(self.looking) * torch.tensor([1 / self.texel, -1 / self.texel, 1 / deep])[:, None]
        self._to_map = self.maps.flatten(0, 1)  # (3 K, 3)
        self._middle = torch.tensor([MAP / 2, MAP / 2, 0.5]).repeat(len(self.maps))[:, None]

    def maps_of(self, view: Tensor, faces: Tensor, threads: int = 1) -> Tensor:
        """The shadow maps of triangles; those of all are the greatest depth of the maps of some and of the others.

        Args:
            view: (V, 3) float32, metres in the view's axes from the middle of the scene.
            faces: (F, 3) int32, or none.
            threads: maps drawn at a time.

        Returns:
            (K, MAP, MAP) float32, depth.
        """
        if not len(faces):
            return view.new_zeros(len(self.maps), MAP, MAP)
        return rasterize(self._seen(view), faces, MAP, MAP, self._cull, threads)[0]

    def reach(self, view: Tensor, normals: Tensor, depth: Tensor) -> Tensor:
        """How much of the key lamp and of the surroundings reaches each vertex.

        Args:
            view: (V, 3) float32, metres in the view's axes from the middle of the scene.
            normals: (V, 3) float32, in the same axes.
            depth: (K, MAP, MAP) of :meth:`maps_of`.

        Returns:
            (V, 2) float32, 0..1: key, surroundings.
        """
        lifted = self._seen(view + LIFT * self.texel * normals)
        lit = shadow(lifted, depth, self.bias, self.softness)  # (K, V)
        weight = (self._around @ normals.T + 0.05).clamp(min=0)  # (AROUND, V)
        opening = (weight * lit[KEY_RAYS:]).sum(0) / weight.sum(0).clamp(min=1e-6)
        return torch.stack([lit[:KEY_RAYS].mean(0), LEAST + (1 - LEAST) * opening], 1)

    def _seen(self, points: Tensor) -> Tensor:
        """(K, V, 3): pixels of each shadow map, and z from 0.25 far to 0.75 near."""
        return torch.addmm(self._middle, self._to_map, points.T).unflatten(0, (-1, 3)).mT
