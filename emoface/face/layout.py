"""The motion layout: 50 named expression components, the jaw joint and the neck joint; its exact ARKit-52 view.

On the open head the FLAME-shaped motion vector and ARKit-52 are one thing: 49 ARKit shapes are expression
components, ``tongueUp`` is the fiftieth, and ``jawOpen``, ``jawLeft`` and ``jawRight`` are the jaw joint's rotation.
The neck joint turns the head, which ARKit's weights do not tell.

The first layout ended with the jaw: what was made in it, checkpoints and files, is read with a head that does not turn.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
import torch

FPS = 25

OPEN_HEAD = "emoface-open-head-1"
"""``flame_version`` of the open head, whose 50 expression components are named shapes: what its coefficients mean.

The mesh may improve without another version.
"""

ARKIT_NAMES: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthLeft", "mouthRight", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight",
    "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft",
    "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip

JAW_SHAPES = ("jawOpen", "jawLeft", "jawRight")
EXPRESSION_NAMES: tuple[str, ...] = (*(n for n in ARKIT_NAMES if n not in JAW_SHAPES), "tongueUp")
FACE_NAMES: tuple[str, ...] = (*EXPRESSION_NAMES, "jaw_pose_x", "jaw_pose_y", "jaw_pose_z")
"""The channels of the face alone, which are the first layout."""
MOTION_NAMES: tuple[str, ...] = (*FACE_NAMES, "neck_pose_x", "neck_pose_y", "neck_pose_z")
"""The channels of a motion vector.

``neck_pose`` is axis-angle in radians, right-handed about the head's own axes (x to the speaker's left, y up, z to the
viewer): +x nods the chin down, +y turns the face to the speaker's left, +z tilts the crown to the speaker's right.
"""
MOTION_INDEX: dict[str, int] = {name: i for i, name in enumerate(MOTION_NAMES)}
ARKIT_INDEX: dict[str, int] = {name: i for i, name in enumerate(ARKIT_NAMES)}
EXPRESSION_SIZE = len(EXPRESSION_NAMES)
FACE_SIZE = len(FACE_NAMES)
MOTION_SIZE = len(MOTION_NAMES)

JAW_OPEN_RADIANS = 0.30
"""Rotation of the jaw about +x at jawOpen = 1; about 2.2 cm of opening on an adult head."""
JAW_SIDE_RADIANS = 0.12
"""Rotation of the jaw about +y at jawLeft = 1 (towards the speaker's left); jawRight = 1 is the negative."""
NECK_RADIANS = math.pi / 3
"""The largest turn of the head about the neck joint, about what a neck can do; larger ones are held there."""

MOUTH: tuple[int, ...] = tuple(
    i for i, name in enumerate(MOTION_NAMES) if name.startswith(("jaw", "mouth", "tongue", "cheekPuff"))
)
"""Indices of the lower-face channels, jaw included."""
UPPER: tuple[int, ...] = tuple(i for i in range(FACE_SIZE) if i not in MOUTH)
"""Indices of the brow, eye, cheek-squint and nose channels."""
NECK: tuple[int, ...] = tuple(range(FACE_SIZE, MOTION_SIZE))
"""Indices of the neck joint's channels."""

_SHARED_ARKIT = [ARKIT_INDEX[name] for name in EXPRESSION_NAMES if name in ARKIT_INDEX]
_SHARED_MOTION = [MOTION_INDEX[name] for name in EXPRESSION_NAMES if name in ARKIT_INDEX]
_OPEN, _LEFT, _RIGHT = (ARKIT_INDEX[name] for name in JAW_SHAPES)
_JAW_X, _JAW_Y = MOTION_INDEX["jaw_pose_x"], MOTION_INDEX["jaw_pose_y"]

Array = TypeVar("Array", np.ndarray, torch.Tensor)

# Opening of the inner lips at the mid-line per unit of each shape, in millimetres: measured once on an ARKit-style
# rig. jaw_pose_x is per radian, and mouthClose takes up jawOpen of its own weight, as ARKit has it. Shapes left out
# move it by less than half a millimetre, on the open head at least.
LIP_GAP_MM: dict[str, float] = {
    "jaw_pose_x": 109.0, "mouthClose": -32.7, "mouthFunnel": 12.7, "mouthPucker": -0.7, "jawForward": 1.3,
    "mouthLowerDownLeft": 3.4, "mouthLowerDownRight": 3.4, "mouthUpperUpLeft": 3.6, "mouthUpperUpRight": 3.6,
    "noseSneerLeft": 3.1, "noseSneerRight": 3.1, "mouthShrugUpper": 5.3, "mouthRollUpper": 1.5, "mouthRollLower": -2.2,
    "mouthPressLeft": -1.3, "mouthPressRight": -1.3,
}  # fmt: skip

# Distance of the mouth's corners per unit of each shape, in millimetres, beyond that at rest: read on the open head.
LIP_WIDTH_MM: dict[str, float] = {
    "mouthFunnel": -22.5, "mouthPucker": -18.2, "mouthSmileLeft": 7.7, "mouthSmileRight": 7.7, "mouthStretchLeft": 8.1,
    "mouthStretchRight": 8.1, "mouthDimpleLeft": 3.3, "mouthDimpleRight": 3.3, "mouthFrownLeft": 1.2,
    "mouthFrownRight": 1.2, "mouthRollLower": -2.4, "mouthPressLeft": 1.0, "mouthPressRight": 1.0, "cheekPuff": 3.0,
}  # fmt: skip


def _check_width(values: Any, widths: tuple[int, ...], name: str) -> None:
    if not isinstance(values, (np.ndarray, torch.Tensor)):
        raise TypeError(f"{name} must be a numpy array or torch tensor, got {type(values).__name__}")
    if values.ndim < 1 or values.shape[-1] not in widths:
        raise ValueError(f"{name} must have shape (..., {widths[0]}), got {tuple(values.shape)}")


def _zeros(like: Array, width: int) -> Array:
    shape = (*like.shape[:-1], width)
    return like.new_zeros(shape) if isinstance(like, torch.Tensor) else np.zeros(shape, like.dtype)


def full_motion(motion: Array) -> Array:
    """Motion vectors of the first layout with a head that does not turn; those of the second as they are.

    Args:
        motion: (..., 53) in the order of ``FACE_NAMES``, or (..., 56) in that of ``MOTION_NAMES``.

    Returns:
        (..., 56).

    Raises:
        TypeError: not an array. ValueError: another last dimension.
    """
    _check_width(motion, (MOTION_SIZE, FACE_SIZE), "motion")
    if motion.shape[-1] == MOTION_SIZE:
        return motion
    parts = [motion, _zeros(motion, len(NECK))]
    return torch.cat(parts, -1) if isinstance(motion, torch.Tensor) else np.concatenate(parts, -1)  # type: ignore


def limit_turn(neck_pose: Array) -> Array:
    """Turns of the head held to ``NECK_RADIANS``, their axes kept; axis-angle (..., 3) to the same shape and dtype."""
    angle = (neck_pose * neck_pose).sum(-1)[..., None] ** 0.5  # (..., 1)
    return neck_pose * (NECK_RADIANS / angle.clip(NECK_RADIANS))


def arkit_to_motion(weights: Array) -> Array:
    """Turn ARKit-52 weights into the motion vector; exact, see :func:`motion_to_arkit`.

    Args:
        weights: (..., 52) in the order of ``ARKIT_NAMES``, 0..1.

    Returns:
        (..., 56) in the order of ``MOTION_NAMES``: 50 expression components, the jaw's axis-angle in radians, and a
        head that does not turn.

    Raises:
        TypeError: not an array. ValueError: the last dimension is not 52.
    """
    _check_width(weights, (len(ARKIT_NAMES),), "weights")
    motion = _zeros(weights, MOTION_SIZE)  # (..., 56)
    motion[..., _SHARED_MOTION] = weights[..., _SHARED_ARKIT]
    motion[..., _JAW_X] = weights[..., _OPEN] * JAW_OPEN_RADIANS
    motion[..., _JAW_Y] = (weights[..., _LEFT] - weights[..., _RIGHT]) * JAW_SIDE_RADIANS
    return motion


def motion_to_arkit(motion: Array) -> Array:
    """Read the motion vector as ARKit-52 weights, clipped to 0..1.

    The inverse of :func:`arkit_to_motion` for weights in 0..1 that do not push the jaw left and right at once.

    Args:
        motion: (..., 56) in the order of ``MOTION_NAMES``, or (..., 53) without the neck, which weights do not tell.

    Returns:
        (..., 52) in the order of ``ARKIT_NAMES``.

    Raises:
        TypeError: not an array. ValueError: another last dimension.
    """
    _check_width(motion, (MOTION_SIZE, FACE_SIZE), "motion")
    weights = _zeros(motion, len(ARKIT_NAMES))  # (..., 52)
    weights[..., _SHARED_ARKIT] = motion[..., _SHARED_MOTION]
    weights[..., _OPEN] = motion[..., _JAW_X] / JAW_OPEN_RADIANS
    side = motion[..., _JAW_Y] / JAW_SIDE_RADIANS
    weights[..., _LEFT] = side
    weights[..., _RIGHT] = -side
    return weights.clip(0, 1)


def lip_gap(motion: Array, signed: bool = False) -> Array:
    """Opening between the inner lips at the mid-line, in millimetres: a linear reading of the shapes.

    Args:
        motion: (..., 56) motion vectors, or (..., 53) without the neck.
        signed: let lips that press together read below 0, by how much they would overlap.

    Returns:
        (...) millimetres.
    """
    _check_width(motion, (MOTION_SIZE, FACE_SIZE), "motion")
    gap = motion[..., 0] * 0
    for name, per_unit in LIP_GAP_MM.items():
        gap = gap + per_unit * motion[..., MOTION_INDEX[name]]
    return gap if signed else gap.clip(0)


def lip_width(motion: Array) -> Array:
    """How far the mouth's corners are apart beyond rest, in millimetres: a linear reading of the shapes.

    Args:
        motion: (..., 56) motion vectors, or (..., 53) without the neck.

    Returns:
        (...) millimetres, below 0 for a mouth that is narrower than at rest.
    """
    _check_width(motion, (MOTION_SIZE, FACE_SIZE), "motion")
    width = motion[..., 0] * 0
    for name, per_unit in LIP_WIDTH_MM.items():
        width = width + per_unit * motion[..., MOTION_INDEX[name]]
    return width
