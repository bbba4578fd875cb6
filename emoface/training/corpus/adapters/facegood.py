"""FACEGOOD Audio2Face recordings (MIT): one speaker, in part with lip curves solved from video at 30 fps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE, frame_count
from emoface.face.layout import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    FPS,
    JAW_SHAPES,
    MOTION_INDEX,
    MOTION_SIZE,
    arkit_to_motion,
)

from ..clips import Clip
from ..skipped import Skipped
from .signals import mel_of, read_wave, to_motion_rate

CURVES_FILE = "arkit_mouth_curves.npz"


def read_facegood(folder: Path, dataset: str, skipped: Skipped) -> Iterator[Clip]:
    """Clips of a folder of wavs and ``arkit_mouth_curves.npz`` (per wav name (N, channels), ``channels``,
    ``fps``).

    Recordings with curves are ``"captured"``, with the jaw and the named mouth shapes known; the others
    ``"voice"``.
    """
    with np.load(folder / CURVES_FILE, allow_pickle=False) as data:
        names = [str(name) for name in data["channels"]]
        fps = float(data["fps"])
        curves = {key: data[key] for key in data.files if key not in ("channels", "fps")}
    known = np.zeros(MOTION_SIZE, bool)
    known[[MOTION_INDEX[name] for name in names if name not in JAW_SHAPES]] = True
    known[[MOTION_INDEX["jaw_pose_x"], MOTION_INDEX["jaw_pose_y"]]] = True
    columns = [ARKIT_INDEX[name] for name in names]

    def clip(path: Path) -> Clip:
        samples = read_wave(path)
        name = f"{dataset}/{path.stem.removeprefix('1114_')}"
        if path.stem not in curves:
            return Clip(name, "voice", dataset, "zh", None, mel_of(samples))
        weights = np.zeros((len(curves[path.stem]), len(ARKIT_NAMES)), np.float32)
        weights[:, columns] = curves[path.stem]
        frames = min(frame_count(len(samples), SAMPLE_RATE, FPS), round(len(weights) / fps * FPS))
        lips = arkit_to_motion(to_motion_rate(weights, fps, frames)).astype(np.float16)
        return Clip(name, "captured", dataset, "zh", None, mel_of(samples, frames), lips=lips, known=known)

    yield from skipped.readable(sorted(folder.glob("*.wav")), clip)
