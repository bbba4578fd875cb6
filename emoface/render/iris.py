"""The caustic in the iris: the cornea bends the key lamp's light and gathers it on the side away from the lamp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from emoface.face.rig import Part

from .relief import EYES

PUPIL, LIMBUS = 8.4, 24.3  # degrees from the pole between which the iris lies
GATHERED, SPARED = 1.8, 0.22  # what the far side gets more, and the near side less, of a lamp beside the axis
LEAST_BULGE = 1.01  # of the cornea over the ball: eyes without one have no caustic


@dataclass(frozen=True, eq=False)
class Iris:
    """The vertices of an iris.

    Attributes:
        rows: (n,) of the face's vertices. share: (n,) of the caustic that each can get, 0..1.
        pole, back: the vertices of the eyeball's front and back.
    """

    rows: np.ndarray
    share: np.ndarray
    pole: int
    back: int


def find_irises(template: np.ndarray, parts: Sequence[Part]) -> list[Iris]:
    """The irises of a face whose parts have eyeballs with a cornea.

    Args:
        template: (V, 3) the face at rest, metres. parts: of the face.
    """
    balls = [
        (template[slice(*part.vertices)].astype(np.float64), part.vertices[0]) for part in parts if part.name in EYES
    ]
    return [iris for iris in (_iris(*ball) for ball in balls) if iris is not None]


def _iris(ball: np.ndarray, first: int) -> Iris | None:
    pole, back = int(ball[:, 2].argmax()), int(ball[:, 2].argmin())
    centre = np.array([*ball[[pole, back], :2].mean(0), 0.0])
    side = np.hypot(*(ball - centre)[:, :2].T).max()  # the ball's radius
    centre[2] = ball[back, 2] + side
    arm = ball - centre
    if np.linalg.norm(arm[pole]) < LEAST_BULGE * side:
        return None
    angle = np.degrees(np.arccos(np.clip(arm[:, 2] / np.linalg.norm(arm, axis=1), -1, 1)))
    rows = np.flatnonzero((angle > PUPIL) & (angle < LIMBUS))
    if not len(rows):
        return None
    share = np.sin(np.pi * ((angle[rows] - PUPIL) / (LIMBUS - PUPIL)) ** 1.3)  # widest towards the rim
    return Iris(rows + first, share, first + pole, first + back)


class Irises:
    """The irises of a face as they are drawn."""

    def __init__(self, template: np.ndarray, parts: Sequence[Part]) -> None:
        """Find them.

        Args:
            template: (V, 3) the face at rest, metres. parts: of the face.
        """
        self._eyes = [
            (torch.tensor(iris.rows), iris.pole, iris.back, torch.tensor(iris.share).float())
            for iris in find_irises(template, parts)
        ]

    def light(self, view: torch.Tensor, albedo: torch.Tensor, lamp: torch.Tensor) -> torch.Tensor:
        """The face's colours with the caustic of a lamp in its irises.

        Args:
            view: (V, 3) float32, in the view's axes. albedo: (V, 3), linear. lamp: (3,), unit direction to it.

        Returns:
            (V, 3); ``albedo`` itself where there are no irises.
        """
        if not self._eyes:
            return albedo
        albedo = albedo.clone()
        for rows, pole, back, share in self._eyes:
            axis = torch.nn.functional.normalize(view[pole] - view[back], dim=0)
            arm = view[rows] - view[pole]
            arm = torch.nn.functional.normalize(arm - (arm @ axis)[:, None] * axis, dim=1)
            beside = arm @ (lamp - (lamp @ axis) * axis)  # 1: towards a lamp at the eye's side
            gain = (
                (lamp @ axis).clamp(min=0) * share * (GATHERED * (-beside).clamp(min=0) - SPARED * beside.clamp(min=0))
            )
            albedo[rows] *= 1 + gain[:, None]
        return albedo
