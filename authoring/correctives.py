"""Correctives: what pairs of shapes need beyond the sum of both, on the left; the build mirrors them."""

from __future__ import annotations

import numpy as np

from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE

from .eye_patch import EyePatch
from .eye_shapes import lid_give
from .handles import left_half, push
from .mesh import HeadMesh
from .mouth_patch import LIP_ROWS, MouthPatch
from .mouth_shapes import LIFT, MouthShapes

SIDED = (
    ("mouthSmile", "jawOpen"), ("mouthStretch", "jawOpen"), ("mouthSmile", "cheekSquint"), ("mouthSmile", "eyeSquint"),
    ("noseSneer", "browDown"), ("noseSneer", "mouthPress"), ("noseSneer", "mouthUpperUp"), ("browDown", "eyeSquint"),
    ("browInnerUp", "browOuterUp"),
)  # fmt: skip
WHOLE = (("mouthFunnel", "jawOpen"), ("mouthPucker", "jawOpen"), ("mouthRollUpper", "mouthRollLower"))


def _sided(name: str, side: str) -> str:
    return name if name in ("jawOpen", "browInnerUp") else name + side


PAIRS: dict[str, tuple[str, str]] = {
    f"{one}+{other}": (one, other)
    for one, other in (
        *((_sided(a, side), _sided(b, side)) for a, b in SIDED for side in ("Left", "Right")),
        *WHOLE,
    )
}
"""Name of each corrective -> the two shapes that drive it."""


def drivers() -> np.ndarray:
    """(C, 2) int32 of :class:`emoface.face.flame.FlameData`."""
    place = {name: i for i, name in enumerate(EXPRESSION_NAMES)} | {"jawOpen": EXPRESSION_SIZE}
    return np.array([[place[name] for name in pair] for pair in PAIRS.values()], np.int32)


def corrective_shapes(mesh: HeadMesh, eye: EyePatch, mouth: MouthPatch) -> dict[str, np.ndarray]:
    """Displacements (V, 3) of the skin in cm with both shapes at weight 1: the left side's pairs and the whole ones."""
    shapes = MouthShapes(mesh, mouth, np.zeros(len(mesh.vertices)))
    points, give = mesh.vertices, lid_give(mesh, eye)
    corner = shapes.across**3
    near_corner = np.exp(-(((shapes.across - 0.88) / 0.12) ** 2))
    peak = np.exp(-(((shapes.across - 0.45) / 0.2) ** 2))
    arch = shapes.upper * (0.10 * shapes.lens + 0.40 * np.sin(np.pi * shapes.across).clip(0) ** 0.6 + 0.12 * peak)
    thinner = np.linspace(1.0, 1.5, LIP_ROWS)[:, None, None]  # the edge of the red comes nearer to the teeth
    lifted = shapes.upper * np.exp(-(((shapes.across - 0.40) / 0.50) ** 2))

    def left(*pushes: tuple) -> np.ndarray:
        return left_half(give * sum(push(points, *one) for one in pushes), points)

    def left_lips(move: np.ndarray, **region: float) -> np.ndarray:
        return left_half(shapes.lips(move, **region), points)

    fields = {
        # an open mouth is drawn out: the corner goes on outwards, and is round
        "mouthSmile+jawOpen": left_lips(
            shapes.spread(
                (corner, (0.34, 0.04, -0.10)),
                (shapes.upper * near_corner, (0.0, 0.16, 0.0)), (shapes.lower * near_corner, (0.0, -0.24, 0.0)),
            ),
            radius=6.4,
        )
        + left(((4.2, -4.2, 6.8), (1.2, 1.3, 2.5), (0.06, 0.04, 0.10))),
        "mouthStretch+jawOpen": left_lips(shapes.spread((corner, (0.36, 0.0, -0.12))), radius=6.4),
        # both lift the cheek: it bulges instead of climbing twice
        "mouthSmile+cheekSquint": left(
            ((4.0, -2.7, 7.0), (1.9, 1.3, 3.0), (0.04, -0.26, 0.06)),
            ((3.4, -1.25, 7.7), (1.5, 0.42, 3.0), (0.0, 0.02, 0.09)),
        ),
        "mouthSmile+eyeSquint": left(((3.4, -1.25, 7.7), (1.5, 0.42, 3.0), (0.0, 0.04, 0.09))),
        # the skin between the brows has nowhere to go but forward
        "noseSneer+browDown": left(
            ((0.0, 0.75, 9.0), (0.55, 0.45, 2.0), (0.0, 0.06, 0.10)),
            ((1.3, 1.3, 8.5), (1.0, 0.9, 2.5), (0.06, 0.16, 0.04)),
        ),
        "browDown+eyeSquint": left(((2.0, 1.3, 8.0), (1.5, 0.9, 2.5), (0.0, 0.08, 0.03))),
        # a brow that is raised as a whole is an arch and does not slant
        "browInnerUp+browOuterUp": left(
            ((1.1, 1.8, 8.4), (1.2, 1.2, 3.0), (0.0, -0.40, 0.0)),
            ((4.2, 1.8, 7.0), (1.6, 1.3, 3.0), (0.0, 0.10, 0.0)),
        ),
        # pressed lips hold against the sneer
        "noseSneer+mouthPress": left_lips(shapes.spread((lifted, (0.0, -0.34, -0.06)))),
        # both lift the same lip, and fold the skin beside the nose once
        "noseSneer+mouthUpperUp": left_lips(shapes.spread((arch, (0.0, -1.0, -0.08))) * thinner)
        - left_half(shapes.off_nose(sum(fold(mesh) for fold in LIFT)), points),
        # lips round an opened jaw stay a ring
        "mouthFunnel+jawOpen": shapes.lips(
            shapes.spread(
                (shapes.lower * shapes.lens, (0.0, 0.34, 0.10)), (shapes.upper * shapes.lens, (0.0, 0.10, 0.06)),
                (shapes.across**2, (0.16, 0.0, 0.10)),
            )
        ),
        "mouthPucker+jawOpen": shapes.lips(shapes.spread((shapes.across**2, (0.14, 0.0, 0.06)))),
        # an upper lip that is rolled in itself does not sink on the lower one
        "mouthRollUpper+mouthRollLower": shapes.lips(-shapes.settled()),
    }  # fmt: skip
    return {
        "+".join(_sided(part, "Left") if name not in map("+".join, WHOLE) else part for part in name.split("+")): field
        for name, field in fields.items()
    }
