"""A film beside what was captured of it: pictures side by side, with a red line where the motion is filled in."""

from __future__ import annotations

import os
from collections.abc import Iterator

import numpy as np

from emoface import checks
from emoface.export.video import write_pictures
from emoface.face.layout import FPS

from .pictures import Frame, video_frames, video_info
from .video import VideoCapture

LINE = 6  # pixels of the red line's height
RED = (200, 30, 30)


def write_check(
    found: VideoCapture, path: str | os.PathLike[str], out: str | os.PathLike[str], start: float = 0.0,
    stop: float | None = None, size: int = 512,
) -> None:  # fmt: skip
    """Write an MP4 with the film on the left and the open head, in the likeness of the person, on the right.

    Args:
        found: what :func:`emoface.capture.video.capture` gave of the film. path: of the film. out: of the MP4.
        start, stop: as they were given there. size: height of the video in pixels, even.

    Raises:
        ImportError: the extra ``video`` is not installed. ValueError: a bad size. OSError: a file cannot be read or
            written.
    """
    size = checks.whole("size", size, 64, 2048)
    if size % 2:
        raise ValueError(f"size must be an even number of pixels, got {size}")
    heads = found.animation.render(size=size, identity=found.identity)
    first = next(video_frames(video_info(path), start, stop))
    width = 2 * round(size * first.picture.shape[1] / first.picture.shape[0] / 2)
    filled = found.confidence == 0
    pictures = _side_by_side(video_frames(video_info(path), start, stop), heads, filled, start, (size, width))
    write_pictures(pictures, out, (width + size, size), FPS, found.animation.audio)


def _side_by_side(
    frames: Iterator[Frame], heads: Iterator[np.ndarray], filled: np.ndarray, start: float, shape: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Pictures at 25 fps: the frame that is shown then, and the head."""
    shown = next(frames)
    left = _scaled(shown.picture, *shape)
    for number, head in enumerate(heads):
        seconds, moved = start + (number + 0.5) / FPS, False
        while shown.stop <= seconds and (later := next(frames, None)) is not None:
            shown, moved = later, True
        if moved:
            left = _scaled(shown.picture, *shape)
        both = np.concatenate([left, head], 1)
        if filled[number]:
            both[-LINE:] = RED
        yield np.ascontiguousarray(both)


def _scaled(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture (h, w, 3) at another size."""
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((width, height)))
