"""The emotion of a filmed or photographed face, to be passed as ``emotion``."""

from __future__ import annotations

import numpy as np
import torch

from emoface.emotion_forms import EmotionReference
from emoface.face.layout import MOTION_NAMES
from emoface.host import own_settings

from .video import Model, PathLike, capture, capture_picture

SURE = 0.3
"""Confidence from which a frame takes part."""
HELD = 50
"""Frames for which the face of a picture is held: the motion branch reads motion."""
SHRUNK = {
    "mouthFrown": (2.1, 1.9), "mouthStretch": (2.3, 1.8), "mouthDimple": (3.0, 3.0), "browDown": (1.3, 2.0),
    "browInnerUp": (1.3, 1.9), "browOuterUp": (1.0, 1.4), "eyeSquint": (1.8, 3.0), "eyeWide": (2.2, 3.0),
    "noseSneer": (3.0, 3.0),
}  # fmt: skip
"""What a captured feeling is to be multiplied by, with the face at rest known and without: a fit draws to rest what it
sees badly. Slopes of truth over fit over 24 drawn clips of three people and eight emotions, 3 at most."""


def unshrunk(motion: np.ndarray, known_rest: bool) -> np.ndarray:
    """Captured motion (T, 56) float32 with the shapes of feelings as strong as they most likely were, 0..1."""
    out = np.array(motion, np.float32)
    for place, name in enumerate(MOTION_NAMES):
        for start, gains in SHRUNK.items():
            if name.startswith(start):
                out[:, place] = (out[:, place] * gains[0 if known_rest else 1]).clip(0, 1)
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
    return EmotionReference("motion", torch.from_numpy(unshrunk(motion, neutral is not None)))


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
    return EmotionReference("motion", torch.from_numpy(np.repeat(unshrunk(motion, neutral is not None), HELD, 0)))
