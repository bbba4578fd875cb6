"""The emotion of a filmed or photographed face, to be passed as ``emotion``."""

from __future__ import annotations

import numpy as np
import torch

from emoface.emotion_forms import EmotionReference
from emoface.host import own_settings

from .video import Model, PathLike, capture, capture_picture

SURE = 0.3
"""Confidence from which a frame takes part."""
HELD = 50
"""Frames for which the face of a picture is held: the motion branch reads motion."""


@own_settings()
def from_video(
    path: PathLike, *, face: int | None = None, neutral: PathLike | None = None, start: float = 0.0,
    stop: float | None = None, model: Model | None = None,
) -> EmotionReference:  # fmt: skip
    """The emotion of a face in a video, to be passed as ``emotion``, or its manner as ``style``.

    Args:
        path, face, neutral, start, stop, model: as in :func:`emoface.capture_video`. A feeling that lasts all through
            is told more surely with ``neutral``.

    Returns:
        A reference for ``emotion=`` and ``style=``; frames in which the face was not seen take no part.

    Raises:
        TypeError, ValueError, OSError, ImportError: as :func:`emoface.capture_video`.
    """
    found = capture(path, face=face, neutral=neutral, start=start, stop=stop, model=model)
    sure = found.confidence >= SURE
    motion = found.animation.motion[sure if sure.any() else found.confidence > 0]
    return EmotionReference("motion", torch.from_numpy(np.ascontiguousarray(motion)))


@own_settings()
def from_image(
    path: PathLike, *, face: int | None = None, neutral: PathLike | None = None, model: Model | None = None
) -> EmotionReference:
    """The emotion of a face in a picture, to be passed as ``emotion``.

    Args:
        path: of the picture. face, neutral, model: as in :func:`emoface.capture_video`; with ``neutral``, a picture of
            the same person at rest, it is told more surely.

    Returns:
        A reference for ``emotion=``.

    Raises:
        TypeError, ValueError, OSError, ImportError: the picture or the net cannot be read, or shows no face.
    """
    motion = capture_picture(path, face=face, neutral=neutral, model=model).motion
    return EmotionReference("motion", torch.from_numpy(np.repeat(motion, HELD, 0)))
