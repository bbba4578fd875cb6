"""LJ Speech (public domain): one English voice; phones by forced alignment with PocketSphinx."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE

from ..clips import Clip
from ..phones import Interval, arpabet_visemes
from ..skipped import Skipped
from .signals import as_rows, mel_of, read_wave

MOST_UNKNOWN = 0.2
"""Share of words missing from the dictionary above which a transcript is not aligned."""


def read_ljspeech(folder: Path, dataset: str, skipped: Skipped) -> Iterator[Clip]:
    """Clips of a folder with ``wavs/`` and ``metadata.csv`` (name|text|normalised text).

    ``"labelled"`` where a transcript could be aligned (needs the package ``pocketsphinx``), else ``"voice"``.
    """
    transcripts = {}
    for line in (folder / "metadata.csv").read_text("utf-8").splitlines():
        fields = line.split("|")
        if len(fields) > 1:
            transcripts[fields[0]] = fields[-1]
    align = _aligner()

    def clip(path: Path) -> Clip:
        samples = read_wave(path)
        visemes = align(samples, transcripts[path.stem]) if align and path.stem in transcripts else None
        rows = None if visemes is None else as_rows(visemes, len(samples) / SAMPLE_RATE)
        source = "voice" if rows is None else "labelled"
        return Clip(f"{dataset}/{path.stem}", source, dataset, "en", None, mel_of(samples), rows)

    yield from skipped.readable(sorted((folder / "wavs").glob("*.wav")), clip)


def _aligner():
    """A function (samples, transcript) -> visemes or None; None where PocketSphinx is not installed."""
    try:
        import pocketsphinx
    except ImportError:
        warnings.warn("pocketsphinx is not installed: LJ Speech is used as voices without phones", stacklevel=3)
        return None
    model = Path(pocketsphinx.get_model_path()) / "en-us"
    # The best-path search fails on some long recordings; without it, alignment does not.
    decoder = pocketsphinx.Decoder(
        lm=None, hmm=str(model / "en-us"), dict=str(model / "cmudict-en-us.dict"), samprate=SAMPLE_RATE,
        bestpath=False, loglevel="FATAL",
    )  # fmt: skip

    def align(samples: np.ndarray, transcript: str) -> list[Interval] | None:
        words = "".join(c if c.isalpha() or c == "'" else " " for c in transcript.lower()).split()
        known = [word for word in words if decoder.lookup_word(word)]
        if not known or len(known) < (1 - MOST_UNKNOWN) * len(words):
            return None
        data = (np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes()
        try:
            decoder.set_align_text(" ".join(known))
            for step in ("words", "phones"):
                if step == "phones":
                    decoder.set_alignment()
                decoder.start_utt()
                decoder.process_raw(data, full_utt=True)
                decoder.end_utt()
        except RuntimeError:
            return None
        visemes: list[Interval] = []
        for word in decoder.get_alignment():
            for phone in word:
                visemes += arpabet_visemes(phone.name, phone.start / 100, (phone.start + phone.duration) / 100)
        return visemes

    return align
