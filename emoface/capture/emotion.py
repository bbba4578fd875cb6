"""The emotion of a filmed or photographed face, to be passed as ``emotion``."""

from __future__ import annotations

import numpy as np
import torch

from emoface.emotion_forms import EmotionReference
from emoface.face.layout import EXPRESSION_NAMES
from emoface.host import own_settings

from .felt import Felt, is_held
from .video import Model, PathLike, capture, capture_picture

SURE = 0.3
"""Confidence from which a frame takes part."""
HOLD = 50
"""Frames for which the face of a picture is held: the motion branch reads motion."""


def with_feeling(motion: np.ndarray, felt: Felt) -> np.ndarray:
    """Captured motion (T, 56) float32 whose means are those of a feeling: a fit draws to rest what it sees badly."""
    out = np.array(motion, np.float32)
    for place, name in enumerate(EXPRESSION_NAMES):
        if is_held(name):
            out[:, place] = (out[:, place] + (felt.weights[place] - out[:, place].mean())).clip(0, 1)
    return out


@own_settings()
def from_video(
    path: PathLike, *, face: int | None = None, neutral: PathLike | None = None, start: float = 0.0,
    stop: float | None = None, model: Model | None = None,
) -> EmotionReference:  # fmt: skip
    """The emotion of a face in a video, to be passed as ``emotion``.

    Args:
        path, face, neutral, start, stop, model: as in :func:`emoface.capture_video`. A feeling that lasts all through
            is told more surely with ``neutral``.

    Returns:
        A reference for ``emotion=``; frames in which the face was not seen take no part.

    Raises:
        TypeError, ValueError, OSError, ImportError: as :func:`emoface.capture_video`.
    """
    found = capture(path, face=face, neutral=neutral, start=start, stop=stop, model=model)
    sure = found.confidence >= SURE
    motion = found.animation.motion[sure if sure.any() else found.confidence > 0]
    return EmotionReference("motion", torch.from_numpy(with_feeling(motion, found.felt)))


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
    found = capture_picture(path, face=face, neutral=neutral, model=model)
    assert found.felt is not None  # a picture is never its own face at rest
    held = np.repeat(found.motion.motion, HOLD, 0)
    return EmotionReference("motion", torch.from_numpy(with_feeling(held, found.felt)))
