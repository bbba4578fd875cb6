"""The Berlin Database of Emotional Speech (Burkhardt et al. 2005): acted German, phones labelled by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from emoface.audio.features import SAMPLE_RATE

from ..clips import Clip
from ..phones import SAMPA, SILENCE, Interval, sampa_visemes
from ..skipped import Skipped
from .signals import as_rows, mel_of, read_wave, release_bilabial

EMOTION_LETTERS = {"W": "angry", "E": "disgusted", "A": "fear", "F": "happy", "T": "sad", "N": "neutral", "L": None}
"""Sixth letter of a recording's name; boredom (L) is none of the eight."""


def read_emodb(folder: Path, dataset: str, skipped: Skipped) -> Iterator[Clip]:
    """Clips of a folder with ``wav/`` and ``lablaut/``: ``"labelled"``, or ``"voice"`` without labels."""

    def clip(path: Path) -> Clip:
        samples = read_wave(path)
        labels = sorted((folder / "lablaut").glob(path.stem[:7] + "*.lablaut"))
        visemes = None
        if labels:
            duration = len(samples) / SAMPLE_RATE
            visemes = as_rows(lablaut_visemes(labels[0], duration), duration)
        source = "labelled" if labels else "voice"
        emotion = EMOTION_LETTERS.get(path.stem[5:6])
        return Clip(f"{dataset}/{path.stem}", source, path.stem[:2], "de", emotion, mel_of(samples), visemes)

    yield from skipped.readable(sorted((folder / "wav").glob("*.wav")), clip)


def read_lablaut(path: Path, duration: float) -> list[tuple[str, float, float]]:
    """The segments of a label file as (label, start, end).

    A line's time is where its segment *starts* (read as ends, stops are loud and vowels quiet); the last one
    ends with the recording.
    """
    lines = path.read_text("latin-1").splitlines()
    header = lines.index("#") if "#" in lines else -1
    starts = []
    for line in lines[header + 1 :]:
        fields = line.split()
        if len(fields) >= 2:
            starts.append((float(fields[0]), fields[2] if len(fields) > 2 else ""))
    ends = [start for start, _ in starts[1:]] + [duration]
    return [(label, start, end) for (start, label), end in zip(starts, ends)]


def lablaut_visemes(path: Path, duration: float) -> list[Interval]:
    """Visemes of a label file: SAMPA; ``!x`` and ``xasp`` release the stop x; ``+..``, ``-..`` qualify the
    sound before.

    Args:
        path: a ``.lablaut`` file. duration: of its recording, seconds.

    Returns:
        Intervals in order.
    """
    visemes: list[Interval] = []
    freed: float | None = None  # where a released bilabial ended; the next sound starts there
    for label, start, end in read_lablaut(path, duration):
        if end <= start:
            continue
        phone = label.lstrip("!_")
        release = label.startswith("!") or (phone.endswith("asp") and phone[:-3] in SAMPA)
        if not phone or phone[0] in "+-" or (release and visemes):
            if release:
                freed = release_bilabial(visemes, start, end) if freed is None else freed
            if visemes and freed is None:
                viseme, begun, _ = visemes[-1]
                visemes[-1] = (viseme, begun, end)
            continue
        known = sampa_visemes(phone.removesuffix("asp"), start, end)
        if freed is not None and known[0][0] != SILENCE:
            known[0] = (known[0][0], freed, known[0][2])
        freed = None
        visemes += known
    return visemes
