"""The one-call API."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, overload

from .checkpoints import DEFAULT
from .options import AnimateOptions, LoadOptions, animate_arguments, arguments_text
from .pipeline import Pipeline, load

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from .animation import Animation
    from .face.controls import Controls
    from .types import AudioInput, DirectionInput, EmotionInput, RateInput, StyleInput, VarietyInput


@lru_cache(maxsize=2)
def _cached(checkpoint: Path | None, written: int, device: str, dtype: str) -> Pipeline:
    """The pipeline of a checkpoint file, kept until another time of writing (ns) shows that the file changed."""
    return load(checkpoint, device, dtype)


def _written(path: Path) -> int:
    """When a file was written, in ns; 0 if it cannot be told, so that loading it says why."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@overload
def animate(
    audio: AudioInput,
    *,
    emotion: EmotionInput | None = None,
    intensity: float = 1.0,
    guidance: float = 1.0,
    steps: int | None = None,
    seed: int = 0,
    variety: VarietyInput = 1.0,
    num_samples: Literal[1] = 1,
    fps: RateInput = 25.0,
    blink: bool = True,
    gaze: bool = True,
    head: float = 1.0,
    nonverbal: float = 1.0,
    latency: str = "file",
    style: StyleInput | None = None,
    direction: DirectionInput | None = None,
    controls: Controls | None = None,
    sample_rate: float | None = None,
    other: AudioInput | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    dtype: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Animation: ...


@overload
def animate(
    audio: AudioInput,
    *,
    emotion: EmotionInput | None = None,
    intensity: float = 1.0,
    guidance: float = 1.0,
    steps: int | None = None,
    seed: int = 0,
    variety: VarietyInput = 1.0,
    num_samples: int,
    fps: RateInput = 25.0,
    blink: bool = True,
    gaze: bool = True,
    head: float = 1.0,
    nonverbal: float = 1.0,
    latency: str = "file",
    style: StyleInput | None = None,
    direction: DirectionInput | None = None,
    controls: Controls | None = None,
    sample_rate: float | None = None,
    other: AudioInput | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    dtype: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Animation | list[Animation]: ...


def animate(
    audio: AudioInput,
    *,
    emotion: EmotionInput | None = None,
    intensity: float = 1.0,
    guidance: float = 1.0,
    steps: int | None = None,
    seed: int = 0,
    variety: VarietyInput = 1.0,
    num_samples: int = 1,
    fps: RateInput = 25.0,
    blink: bool = True,
    gaze: bool = True,
    head: float = 1.0,
    nonverbal: float = 1.0,
    latency: str = "file",
    style: StyleInput | None = None,
    direction: DirectionInput | None = None,
    controls: Controls | None = None,
    sample_rate: float | None = None,
    other: AudioInput | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    dtype: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Animation | list[Animation]:
    """Make a face speak a recording with an emotion.

    Args:
        Every argument is described in :mod:`emoface.options`, emotions in :mod:`emoface.emotion_forms`.

    Returns:
        Animation: ``round(duration * fps)`` frames; a list of them if ``num_samples`` is above 1.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of its range; nothing was computed.
        FileNotFoundError: no such recording or checkpoint.
    """
    arguments = locals()
    options, loading = AnimateOptions.among(arguments), LoadOptions.among(arguments)
    pipeline = _cached(loading.checkpoint, _written(loading.checkpoint or DEFAULT), loading.device, loading.dtype)
    return pipeline.animate(audio, options, sample_rate=sample_rate, other=other, progress=progress)


animate.__doc__ = (animate.__doc__ or "").replace(
    "Every argument is described in :mod:`emoface.options`, emotions", f"{arguments_text(animate_arguments())}\n\n"
    "    The forms of an emotion are described"
)
