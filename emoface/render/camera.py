"""The camera: where it stands and what it frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from emoface import checks
from emoface.face.rig import Part

EYE_DISTANCES = 4.75  # height of the picture in distances between the eyes
BELOW_EYES = 0.17  # its middle, in distances between the eyes
STAND = 3.4  # distance of the camera in heights of the picture, as in portraits
ZOOMS = (0.01, 100.0)


@dataclass(frozen=True)
class Camera:
    """A perspective camera that circles around a point.

    Attributes:
        target: point in the middle of the picture, metres.
        height: what the picture spans at the target, metres.
        yaw: degrees; the face looks to the picture's right where positive. 0 front, 35 three-quarter, 90 profile.
        pitch: degrees; seen from above where positive.
    """

    target: tuple[float, float, float]
    height: float
    yaw: float = 0.0
    pitch: float = 0.0

    @classmethod
    def framing(
        cls, template: np.ndarray, parts: Sequence[Part] = (), yaw: float = 0.0, pitch: float = 0.0, zoom: float = 1.0
    ) -> Camera:
        """A portrait of a face: around its eyes where it has parts named so, else around all of it.

        Args:
            template: (V, 3) vertices of the face at rest, metres.
            parts: of the face.
            yaw: degrees, see :class:`Camera`. pitch: degrees.
            zoom: 0.01..100, above 1 comes closer.

        Returns:
            The camera.

        Raises:
            TypeError: zoom or an angle is no number. ValueError: one is not finite, or zoom out of 0.01..100.
        """
        yaw, pitch = checks.number("yaw", yaw), checks.number("pitch", pitch)
        zoom = checks.number("zoom", zoom, *ZOOMS)
        eyes = [template[slice(*part.vertices)].mean(0) for part in parts if part.name in ("eye_left", "eye_right")]
        low, high = template.min(0), template.max(0)
        if len(eyes) == 2:
            apart = float(np.linalg.norm(eyes[0] - eyes[1]))
            height, target = EYE_DISTANCES * apart, (eyes[0] + eyes[1]) / 2
            target = target - [0.0, BELOW_EYES * apart, apart]
        else:
            height, target = 1.1 * float((high - low).max()), (low + high) / 2
        x, y, z = map(float, target)
        return cls((x, y, z), height / zoom, yaw, pitch)

    @property
    def rotation(self) -> torch.Tensor:
        """(3, 3) float32 from the face's axes to the view's: x right, y up, z to the camera."""
        yaw, pitch = math.radians(self.yaw), math.radians(self.pitch)
        turn = torch.tensor(
            [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]], dtype=torch.float64
        )
        nod = torch.tensor(
            [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]],
            dtype=torch.float64,
        )
        return (nod @ turn).float()

    def view(self, vertices: torch.Tensor) -> torch.Tensor:
        """Vertices (V, 3) in the view's axes, metres from the target."""
        return (vertices - torch.tensor(self.target)) @ self.rotation.T

    def project(self, view: torch.Tensor, size: int) -> torch.Tensor:
        """Points (V, 3) of :meth:`view` as x right and y down in pixels and z, the inverse distance (greater nearer).

        Args:
            view: (V, 3) float32, metres.
            size: height and width of the picture in pixels.
        """
        distance = STAND * self.height
        near = distance / (distance - view[:, 2:])  # (V, 1), 1 at the target
        pixels = view[:, :2] * near * torch.tensor([size / self.height, -size / self.height]) + size / 2
        return torch.cat([pixels, near], 1)
