"""Corpus clips and the .npz shards that hold them: flat arrays with offsets, no pickles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from emoface.audio.delivery import relative_loudness
from emoface.audio.features import MEL_BINS, MEL_PER_FRAME, loudness
from emoface.audio.lip_net import STYLES
from emoface.face.layout import FACE_SIZE, FPS, MOTION_SIZE, full_motion
from emoface.files import atomic_path
from emoface.reading import Arrays, parse_json

from .skipped import FAULTS, Skipped

SOURCES = ("tts", "labelled", "captured", "voice")
LAYOUTS = ("open_head", "flame")
_ARRAYS = ("mel", "visemes", "lips", "known")  # fields of a clip that a shard holds as arrays
LEAST_LOUD = 0.5
"""Level, log10 of mel power, that counts as loud where a clip has nothing louder."""


@dataclass
class Clip:
    """One recording: log-mels and what is known about the face that spoke it.

    Attributes:
        name: ``"dataset/recording"``; the part before the slash is the data set.
        source: ``"tts"`` (synthetic, phones known), ``"labelled"`` (real voice, phones known), ``"captured"``
            (real voice, measured motion) or ``"voice"`` (real voice alone).
        speaker: name of the speaker or voice.
        language: language code, empty if unknown.
        emotion: emotion of the voice, one of ``emoface.binding.emotions.EMOTIONS``, or None.
        mel: (2 T, 64) float16 log-mel at 50 Hz.
        visemes: (n, 3) float32 rows of viseme id, start s, end s; or None.
        lips: (T, 56) float16 measured motion at 25 fps, NaN in frames where the face was not seen; or None.
        known: (56,) bool, the channels that ``lips`` really measures; None means all.
        style: how ``lips`` were made, one of ``STYLES``.
        level, sentence: of the recording, where its data set tells them: 1..3, and a name such as ``"001"``.
        flame_version: the face whose coefficients ``lips`` are, where it is told.
        layout: what the channels of ``lips`` are: ``"open_head"`` (named, ``MOTION_NAMES``) or ``"flame"``
            (the 50 unnamed expression components of a FLAME model, then its jaw and neck pose).
    """

    name: str
    source: str
    speaker: str
    language: str
    emotion: str | None
    mel: np.ndarray
    visemes: np.ndarray | None = None
    lips: np.ndarray | None = None
    known: np.ndarray | None = None
    layout: str = "open_head"
    level: float | None = None
    sentence: str = ""
    flame_version: str = ""
    style: str = "artist"

    def __post_init__(self) -> None:
        if self.style not in STYLES:
            raise ValueError(f"style must be one of {tuple(STYLES)}, got {self.style!r}")
        if self.source not in SOURCES:
            raise ValueError(f"source must be one of {SOURCES}, got {self.source!r}")
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout must be one of {LAYOUTS}, got {self.layout!r}")
        if self.mel.ndim != 2 or self.mel.shape[1] != MEL_BINS or self.mel.shape[0] % MEL_PER_FRAME:
            raise ValueError(f"mel must have shape (2 T, {MEL_BINS}), got {tuple(self.mel.shape)}")
        if self.visemes is not None and (self.visemes.ndim != 2 or self.visemes.shape[1] != 3):
            raise ValueError(f"visemes must have shape (n, 3), got {tuple(self.visemes.shape)}")
        if self.lips is not None and self.lips.shape != (self.frames, MOTION_SIZE):
            raise ValueError(f"lips must have shape ({self.frames}, {MOTION_SIZE}), got {tuple(self.lips.shape)}")

    def measured(self) -> tuple[np.ndarray, np.ndarray]:
        """Measured motion (T, 56) float32, 0 where unknown, and which of it is known (T, 56) bool.

        Raises:
            ValueError: the clip has none.
        """
        if self.lips is None:
            raise ValueError(f"clip {self.name} must have measured motion")
        seen = np.isfinite(self.lips)
        known = seen if self.known is None else seen & self.known
        return np.where(seen, self.lips, 0).astype(np.float32), known

    @property
    def frames(self) -> int:
        """Number T of motion frames."""
        return self.mel.shape[0] // MEL_PER_FRAME

    @property
    def dataset(self) -> str:
        """The part of the name before the slash."""
        return self.name.split("/", 1)[0]


def hours(clips: Sequence[Clip]) -> float:
    """Total duration of some clips in hours."""
    return sum(clip.frames for clip in clips) / FPS / 3600


def require_layout(clips: Sequence[Clip], layout: str, stage: str) -> None:
    """Refuse to train on motion of another layout.

    Raises:
        ValueError: some clip with measured motion is not in ``layout``.
    """
    others = [clip for clip in clips if clip.lips is not None and clip.layout != layout]
    if others:
        raise ValueError(
            f"{stage} needs motion in layout {layout!r}, but {len(others)} clips (first: {others[0].name!r}) "
            f"are in layout {others[0].layout!r} and layouts cannot be mixed: FLAME expression coefficients are "
            f"unnamed and must be turned into named components by a face fit first; leave that data set out"
        )


def save_clips(path: str | Path, clips: Sequence[Clip]) -> None:
    """Write clips as one uncompressed .npz shard, completely or not at all.

    Args:
        path: the ``.npz`` file to write.
        clips: any number of clips.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    blank_visemes, blank_lips = np.zeros((0, 3), np.float32), np.zeros((0, MOTION_SIZE), np.float16)
    told = [field.name for field in fields(Clip) if field.name not in _ARRAYS]
    text = [
        {name: getattr(c, name) for name in told} | {"visemes": c.visemes is not None, "lips": c.lips is not None}
        for c in clips
    ]
    visemes = [blank_visemes if c.visemes is None else c.visemes.astype(np.float32) for c in clips]
    lips = [blank_lips if c.lips is None else c.lips.astype(np.float16) for c in clips]
    known = [np.ones(MOTION_SIZE, bool) if c.known is None else c.known for c in clips]
    arrays = {
        "clips": np.frombuffer(json.dumps(text).encode(), np.uint8),
        "mel": np.concatenate([np.zeros((0, MEL_BINS), np.float16), *(c.mel.astype(np.float16) for c in clips)]),
        "mel_offsets": _offsets([c.mel for c in clips]),
        "visemes": np.concatenate([blank_visemes, *visemes]),
        "viseme_offsets": _offsets(visemes),
        "lips": np.concatenate([blank_lips, *lips]),
        "lip_offsets": _offsets(lips),
        "known": np.array(known, bool).reshape(-1, MOTION_SIZE),
    }
    with atomic_path(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]


def shard_paths(folder: str | Path) -> list[Path]:
    """Every .npz shard of a folder (not of its subfolders), in name order; a single shard also works.

    Raises:
        FileNotFoundError: nothing there.
    """
    folder = Path(folder)
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"no corpus shards (*.npz) in {folder}; run `emoface train corpus` first")
    return paths


def load_clips(folder: str | Path, skipped: Skipped | None = None) -> list[Clip]:
    """Read every shard of a folder, or one shard, into memory.

    Args:
        folder: a corpus folder, or one shard. skipped: takes the damaged shards; None: they are errors.

    Returns:
        The clips.

    Raises:
        FileNotFoundError: nothing there. ValueError: a shard is damaged or not a corpus shard, or all of them are.
    """
    paths = shard_paths(folder)
    shards = map(read_shard, paths) if skipped is None else skipped.readable(paths, read_shard)
    clips = [clip for shard in shards for clip in shard]
    if not clips and skipped is not None and skipped.counts:
        raise ValueError(f"{folder} must hold shards with clips, {skipped}")
    return clips


def read_shard(path: Path) -> list[Clip]:
    """Clips of one shard.

    Raises:
        ValueError: it is damaged, not a corpus shard, or larger than the budget (:mod:`emoface.limits`).
    """
    try:
        with Arrays(path) as shard:
            arrays = {name: shard[name].copy() for name in shard}  # clips may be changed
        text = parse_json(arrays["clips"].tobytes())
        clips = []
        for i, told in enumerate(text):
            mel, visemes, lips = (
                arrays[name][arrays[offsets][i] : arrays[offsets][i + 1]]
                for name, offsets in (
                    ("mel", "mel_offsets"),
                    ("visemes", "viseme_offsets"),
                    ("lips", "lip_offsets"),
                )
            )
            known = arrays["known"][i]
            if len(known) == FACE_SIZE and told["lips"]:  # a shard of the first layout: its head was not measured
                known, lips = np.append(known, np.zeros(MOTION_SIZE - FACE_SIZE, bool)), full_motion(lips)
            told["visemes"] = visemes if told["visemes"] else None
            told["lips"] = lips if told["lips"] else None
            clips.append(Clip(mel=mel, known=None if known.all() else known, **told))
        return clips
    except FAULTS as error:
        raise ValueError(f"{path} is not a readable corpus shard: {error}") from error


def _offsets(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return np.cumsum([0, *(len(a) for a in arrays)], dtype=np.int64)


def mel_loudness(mel: np.ndarray) -> np.ndarray:
    """Loudness (T,) float32 of log-mels (2 T, 64), see :func:`emoface.audio.delivery.relative_loudness`."""
    level = loudness(torch.from_numpy(np.asarray(mel, np.float32)))  # (T,)
    return relative_loudness(level, LEAST_LOUD).numpy() if len(level) else level.numpy()
