"""Motion as TalkingHead, an avatar for web pages, takes it: ``anim`` of ``speakAudio`` and ``streamAudio``."""

from __future__ import annotations

from typing import Any

import numpy as np

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rotation import head_angles
from emoface.face_motion import FaceMotion

from .json import DECIMALS

HEAD = ("headRotateY", "headRotateX", "headRotateZ")
"""Names of yaw, pitch and roll of the head, radians."""


def talking_head_anim(
    motion: FaceMotion, name: str = "emoface", before: dict[str, float] | None = None
) -> dict[str, Any]:
    """``{name, dt: [ms], vs: {shape: [values]}}``: each shape goes from its first value to the next in ``dt[0]`` ms.

    So there is one value more than there are frames: what the shape is before. Frame k is reached at its centre,
    (k + 0.5) / fps seconds. Shapes are the 52 of ARKit; the head turns by ``headRotateX``, ``headRotateY`` and
    ``headRotateZ``, in radians.

    Args:
        motion: such as :func:`emoface.animate` gives, or ``frames.face_motion()`` of a stream.
        name: of the animation.
        before: values to begin with, such as :func:`last_values` of what was shown before; rest if None.

    Returns:
        What ``json.dumps`` writes for the page.

    Raises:
        ValueError: a face whose shapes are not ARKit's.
    """
    values = np.concatenate([motion.arkit(), head_angles(motion.neck_pose)], 1)  # (T, 55)
    rows = (values.astype(float).round(DECIMALS) + 0.0).T.tolist()
    begin = before or {}
    step = 1000 / motion.fps
    times = [round(step / 2, 3), *[round(step, 3)] * (len(values) - 1)]
    names = (*ARKIT_NAMES, *HEAD)
    return {"name": name, "dt": times, "vs": {shape: [begin.get(shape, 0.0), *row] for shape, row in zip(names, rows)}}


def last_values(anim: dict[str, Any]) -> dict[str, float]:
    """The values that an ``anim`` ends with, for the next one to begin with."""
    return {shape: values[-1] for shape, values in anim["vs"].items()}
