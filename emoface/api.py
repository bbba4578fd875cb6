"""The one-call API."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import checks
from .checkpoints import DEFAULT
from .face.controls import Controls
from .pipeline import Pipeline, load


@lru_cache(maxsize=2)
def _cached(checkpoint: str | None, written: int, device: str, dtype: str) -> Pipeline:
    """The pipeline of a checkpoint file, kept until another time of writing (ns) shows that the file changed."""
    return load(checkpoint, device, dtype)


def _written(path: Path) -> int:
    """When a file was written, in ns; 0 if it cannot be told, so that loading it says why."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def animate(
    audio: Any,
    *,
    emotion: Any = None,
    sample_rate: float | None = None,
    intensity: float = 1.0,
    guidance: float = 1.0,
    steps: int | None = None,
    seed: int = 0,
    num_samples: int = 1,
    fps: float = 25,
    blink: bool = True,
    gaze: bool = True,
    style: Any = "artist",
    controls: Controls | None = None,
    device: str = "cpu",
    dtype: str = "auto",
    checkpoint: str | Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Any:
    """Make a face speak a recording with an emotion.

    Args:
        audio: a path, a binary file object, ``(samples, sample_rate)``, or a 1-D or 2-D array or tensor with
            ``sample_rate``; 4 to 192 kHz, 1 to 8 channels, any length from half a frame on.
        emotion: a label (``"happy"``), ``(label, level)`` with level 0..3, a sentence (``"a man feels sad and speaks
            with lowered brow"``), a mixture (``{"happy": 0.7, "surprised": 0.3}``), ``emoface.from_audio(...)``,
            ``emoface.from_motion(...)``, a timeline (``[(0.0, "neutral"), (1.5, "surprised")]``), or None: heard in
            the voice, which with the default checkpoint means its arousal, not its kind.
        sample_rate: Hz of an array.
        intensity: 0..2, linear strength of the expression: ``neutral + intensity (emotion - neutral)``.
        guidance: 0..4, classifier-free guidance of the emotion inside the sampler; it saturates above about 1.5.
        steps: 1..500 sampler steps per window, None for the checkpoint's default.
        seed: 0..2^31 - 1; the same seed, machine and input give the same bits.
        num_samples: 1..64 different takes of the same line.
        fps: 1..240 frames per second of the result; 29.97 and ``"30000/1001"`` are the same rate.
        blink, gaze: add seeded blinks, and gaze with micro-motion.
        style: ``"artist"`` for captured lips, ``"rule"`` for larger rule-made articulation, or a speaker to move
            like: ``emoface.from_motion(...)`` or an Animation gives amplitude, habitual pose and lopsidedness,
            ``emoface.from_audio(...)`` amplitude alone; first versions, see :mod:`emoface.face.speaker_style`.
        controls: strengths, smoothing and offsets of face parts and shapes, applied at the end.
        device: ``"cpu"``, ``"cuda"``, ``"cuda:N"`` or ``"auto"``.
        dtype: ``"auto"``, ``"float32"``, ``"bfloat16"`` or, on a CPU, ``"int8"``.
        checkpoint: path of another checkpoint.
        progress: called with the finished share, 0..1, after every window.

    Returns:
        Animation: ``round(duration * fps)`` frames; a list of them if ``num_samples`` is above 1.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of its range; nothing was computed.
        FileNotFoundError: no such recording or checkpoint.
    """
    path = None if checkpoint is None else str(checks.path("checkpoint", checkpoint, "path to a .safetensors file"))
    return _cached(path, _written(DEFAULT if path is None else Path(path)), device, dtype).animate(
        audio, emotion=emotion, sample_rate=sample_rate, intensity=intensity, guidance=guidance, steps=steps,
        seed=seed, num_samples=num_samples, fps=fps, blink=blink, gaze=gaze, style=style, controls=controls,
        progress=progress,
    )  # fmt: skip
