"""What names of MEAD and of its FLAME fits (3DMEAD) tell: speaker, emotion, level and sentence.

Emotions are read as words; the numbered ones are those of ProbTalk3D's conversion, whose order is its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from emoface.binding.emotions import canonical_emotion, is_label

from ..skipped import Unusable
from .signals import RECORDINGS

NUMBERED = ("neutral", "happy", "sad", "surprised", "fear", "disgusted", "angry", "contempt")
FLAT = re.compile(r"([MWmw]\d{3})_(?:[a-z]+_)??([a-z]+)_level_([123])_(\d{1,3})")
"""``M041_sad_level_2_020``, or with the camera ``w024_front_sad_level_3_037``."""
COUNTED = re.compile(r"([MW]\d{3})_(\d{1,3})_([0-7])_([0-2])")
"""``M003_001_5_1``: speaker, sentence, emotion by number, level counted from 0."""


@dataclass(frozen=True)
class Told:
    """What a name tells.

    Attributes:
        speaker: such as ``"M003"``. emotion: one of the eight. level: 1 to 3. sentence: such as ``"001"``.
    """

    speaker: str
    emotion: str
    level: int
    sentence: str


def told_by_name(path: Path) -> Told | None:
    """Read a path such as ``M003/front/angry/level_2/001.npz`` or a name such as ``M003_001_6_1.npy``.

    Args:
        path: of a take, relative to the data set's folder.

    Returns:
        What it tells; None if it is not named like this.
    """
    if flat := FLAT.fullmatch(path.stem):
        speaker, emotion, level, sentence = flat.groups()
        return Told(speaker.upper(), canonical_emotion(emotion), int(level), sentence) if is_label(emotion) else None
    if counted := COUNTED.fullmatch(path.stem):
        speaker, sentence, emotion, level = counted.groups()
        return Told(speaker, NUMBERED[int(emotion)], int(level) + 1, sentence)
    parts = [*path.parts[:-1], path.stem]
    speakers = [part for part in parts if re.fullmatch(r"[MW]\d{3}", part)]
    emotions = [part for part in parts if is_label(part)]
    levels = [part for part in parts if re.fullmatch(r"level_[123]", part)]
    sentences = [part for part in parts if re.fullmatch(r"\d{1,3}", part)]
    if not (speakers and emotions and levels and sentences):
        return None
    return Told(speakers[-1], canonical_emotion(emotions[-1]), int(levels[-1][-1]), sentences[-1])


def mead_recording(path: Path, root: Path) -> Path | None:
    """The recording of ``M003/<camera>/angry/level_2/001.*`` (or ``001/...``): ``M003/audio/angry/level_2/001.wav``.

    Raises:
        Unusable: it is there as .m4a only, which has to be converted first.
    """
    parts = path.relative_to(root).with_suffix("").parts
    places = [i for i, part in enumerate(parts) if re.fullmatch(r"level_[123]", part)]
    if not places or places[0] < 2 or places[0] + 1 >= len(parts):
        return None
    emotion, level, sentence = parts[places[0] - 1 : places[0] + 2]
    above = root.joinpath(*parts[: places[0] - 2])  # the speaker
    for folder in (above / "audio" / emotion / level, root / "audio" / above.name / emotion / level):
        for suffix in RECORDINGS:
            if (folder / (sentence + suffix)).exists():
                return folder / (sentence + suffix)
        if (folder / f"{sentence}.m4a").exists():
            raise Unusable("no recording", f"{path}: {folder / sentence}.m4a has to be converted to .wav first")
    return None
