"""A folder of recordings with timed phones: one ``name.json`` beside each ``name.wav``, .flac or .ogg."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from emoface.audio.features import SAMPLE_RATE
from emoface.binding.emotions import canonical_emotion

from ..clips import Clip
from ..phones import Interval, phone_visemes
from ..skipped import Skipped, Unusable
from ..synth import find_closures
from .signals import RECORDINGS, as_rows, mel_of, read_wave


def read_labelled(folder: Path, dataset: str, skipped: Skipped) -> Iterator[Clip]:
    """Clips of recordings with a JSON file: ``{"phones": [[name, start s, end s], ...]}`` and, each optional,
    ``"alphabet"`` (arpabet, ipa, sampa, viseme), ``"speaker"``, ``"language"``, ``"emotion"``, and ``"stops":
    "release"`` if stops are timed from their release, as synthesisers do. Recordings without a JSON file are
    voices.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in RECORDINGS)
    yield from skipped.readable(paths, partial(_clip, dataset=dataset))


def _clip(path: Path, dataset: str) -> Clip:
    samples = read_wave(path)
    sheet = path.with_suffix(".json")
    name = f"{dataset}/{path.stem}"
    if not sheet.exists():
        return Clip(name, "voice", dataset, "", None, mel_of(samples))
    try:
        text = json.loads(sheet.read_text("utf-8"))
        alphabet = text.get("alphabet", "arpabet")
        visemes: list[Interval] = []
        for phone, start, end in text["phones"]:
            if not 0 <= float(start) <= float(end):
                raise ValueError(f"phone {phone!r} must have 0 <= start <= end, got {start}..{end}")
            visemes += phone_visemes(str(phone), float(start), float(end), alphabet)
        emotion = text.get("emotion")
        emotion = None if emotion is None else canonical_emotion(emotion)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unusable("damaged sheet", f"{sheet} is not a phone sheet: {type(error).__name__}: {error}") from error
    if text.get("stops") == "release":
        visemes = find_closures(visemes, samples, SAMPLE_RATE)
    rows = as_rows(visemes, len(samples) / SAMPLE_RATE)
    speaker = str(text.get("speaker", dataset))
    return Clip(name, "labelled", speaker, str(text.get("language", "")), emotion, mel_of(samples), rows)
