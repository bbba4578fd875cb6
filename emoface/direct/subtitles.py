"""Directions in the text of subtitles, labels and scripts: ``[brows: worried] [mouth: forced smile] Fine, really.``

A direction stands in brackets or parentheses and lasts as long as its line is shown. With a part of the face before a
colon it is for that part alone; several are separated by commas or semicolons. It is an emotion (``angry``, ``very
happy``, ``angrily``, ``sad 3``), an action (a unit, a shape, plain words), a cue (``blink``, ``nod``, ``look left``),
a curve (``intensity: 1.5``, ``brows: intensity: 1.5``) or an edit (``redo``, ``redo 7``, ``keep``). What is outside of
brackets is only spoken.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emoface import checks
from emoface.binding.emotions import EMOTIONS, SYNONYMS, canonical_emotion, is_label
from emoface.limits import budget
from emoface.reading import read_text

from .actions import CUES, find_action
from .direction import Direction
from .regions import REGION_NAMES
from .regions import SYNONYMS as REGION_SYNONYMS
from .tracks import CURVES, LOOKS, ActionTrack, CueTrack, CurveTrack, EmotionTrack, RegionTrack, Track

MOOD = {
    "nervous": "fear", "worried": "fear", "shocked": "surprised", "startled": "surprised", "annoyed": "angry",
    "irritated": "angry", "excited": "happy", "proud": "contempt", "bored": "neutral", "serious": "neutral",
    "gloomy": "sad", "hurt": "sad", "sarcastic": "contempt", "mocking": "contempt", "panic": "fear",
    "fright": "fear", "thrilled": "happy", "tearful": "sad", "hateful": "angry", "matter of fact": "neutral",
}  # fmt: skip
"""Further words of scripts for the eight emotions."""
LEVELS = {
    "slightly": 1.0, "somewhat": 1.0, "mildly": 1.0, "a little": 1.0, "a bit": 1.0, "faintly": 1.0, "very": 3.0,
    "really": 3.0, "extremely": 3.0, "deeply": 3.0, "utterly": 3.0,
}  # fmt: skip
SHORTEST_CUE = 0.04
_STAMP = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_STAMP}\s*-+>\s*{_STAMP}(?:\s+\S.*)?\s*$")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]|\(([^()]*)\)|\{([^{}]*)\}")
UNKNOWN = ("error", "skip")


@dataclass(frozen=True)
class Line:
    """A piece of text with its times in seconds, and where its text begins: line and column, from 1."""

    start: float
    end: float
    text: str
    line: int
    column: int = 1
    bare: bool = False  # all of it is direction


def read_subtitles(path: str | os.PathLike[str], unknown: str = "error") -> Direction:
    """Read subtitles or labels as a direction.

    Args:
        path: ``.srt``, ``.vtt``, or ``.txt`` with labels as Audacity exports them (seconds, seconds, text).
        unknown: ``"error"``, or ``"skip"`` to leave out words that name nothing, with a warning.

    Raises:
        OSError: it cannot be read. ValueError: a fault; the message names path, line and column.
    """
    checks.choice("unknown", unknown, UNKNOWN)
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".srt", ".vtt", ".txt"):
        raise ValueError(f"direction must be a .json, .srt, .vtt or .txt file, got {path}")
    text = read_text(path, budget().json)
    try:
        return parse_subtitles(text, suffix[1:], unknown)
    except ValueError as error:
        raise ValueError(f"path {path}, {error}") from error


def parse_subtitles(text: str, kind: str = "srt", unknown: str = "error") -> Direction:
    """Turn the text of subtitles into a direction.

    Args:
        text: of the file. kind: ``"srt"``, ``"vtt"`` or ``"txt"``. unknown: as in :func:`read_subtitles`.

    Raises:
        ValueError: a fault; the message names line and column.
    """
    rows = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = _labels(rows) if kind == "txt" else _cues(rows, kind)
    return _direction(lines, unknown)


def from_cues(values: list[Any], unknown: str = "error") -> Direction:
    """Turn a JSON list of ``{"start": s, "end": s, "text": ...}`` into a direction.

    Raises:
        ValueError, TypeError: a fault; the message names its place, such as ``$[2].text``.
    """
    lines = []
    for number, value in enumerate(values):
        place = f"$[{number}]"
        if not isinstance(value, Mapping):
            raise TypeError(f"{place} must be an object with start, end and text, got {type(value).__name__}")
        checks.keys(place, value, ("start", "end", "text"))
        missing = next((name for name in ("start", "end", "text") if name not in value), None)
        if missing:
            raise ValueError(f"{place}.{missing} is missing")
        start = checks.number(f"{place}.start", value["start"], 0)
        end = checks.number(f"{place}.end", value["end"], 0)
        if end <= start:
            raise ValueError(f"{place}.end must be after start, {start:g} s, got {end:g}")
        lines.append(Line(start, end, checks.text(f"{place}.text", value["text"]), number + 1))
    return _direction(lines, unknown)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = 3600 * int(hours or 0) + 60 * int(minutes or 0) + int(seconds or 0)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000


def _cues(rows: list[str], kind: str) -> Iterator[Line]:
    """Lines of SRT or WebVTT; missing numbers and blank lines, commas and dots, and odd spaces are taken."""
    times: tuple[float, float] | None = None
    skipping = False
    for number, row in enumerate(rows, 1):
        found = _TIMES.match(row)
        if found:
            start, end = _seconds(found.groups()[:4]), _seconds(found.groups()[4:8])
            if end <= start:
                told = f"the line must end after it starts, {start:g} s, got {end:g}"
                raise ValueError(f"line {number}, column 1: {told}")
            times, skipping = (start, end), False
        elif "-->" in row or re.match(r"^\s*\d{1,3}:\d{2}.*-+>?", row):
            raise ValueError(
                f"line {number}, column 1: times must look like 00:01:02,500 --> 00:01:04,000, got {row.strip()!r:.60}"
            )
        elif not row.strip():
            skipping = False
        elif kind == "vtt" and times is None and re.match(r"^(WEBVTT|NOTE|STYLE|REGION)", row):
            skipping = True
        elif kind == "vtt" and re.match(r"^(NOTE|STYLE|REGION)\b", row):
            skipping = True
        elif skipping or _is_number(rows, number):
            continue
        elif times is None:
            if kind == "vtt":
                continue  # the name of a cue
            raise ValueError(f"line {number}, column 1: text before any times, got {row.strip()!r:.60}")
        else:
            yield Line(*times, row, number)


def _is_number(rows: list[str], number: int) -> bool:
    """Whether a row is the number, or in WebVTT the name, of the cue whose times follow."""
    return number < len(rows) and _TIMES.match(rows[number]) is not None and "[" not in rows[number - 1]


def _labels(rows: list[str]) -> Iterator[Line]:
    """Lines of Audacity labels."""
    for number, row in enumerate(rows, 1):
        if not row.strip() or row.startswith("\\"):
            continue
        parts = row.split("\t", 2)
        try:
            start, end = (float(part.strip().replace(",", ".")) for part in parts[:2])
        except ValueError:
            start, end = -1.0, -1.0
        if len(parts) < 3 or start < 0 or end < start:
            raise ValueError(
                f"line {number}, column 1: a label is start, end and text with tabs between them, got {row!r:.60}"
            )
        column = len(parts[0]) + len(parts[1]) + 3
        yield Line(start, max(end, start + SHORTEST_CUE), parts[2], number, column, bare="[" not in parts[2])


def _direction(lines: Iterator[Line] | list[Line], unknown: str) -> Direction:
    tracks: list[Track] = []
    for line in lines:
        for region, words, column in _directions(line):
            try:
                tracks.append(find_track(words, region, line.start, line.end))
            except ValueError as error:
                told = f"line {line.line}, column {column}: {error}"
                if unknown == "error":
                    raise ValueError(told) from error
                warnings.warn(f"{told}; it is left out", UserWarning, stacklevel=4)
    return Direction(tracks)


def _directions(line: Line) -> Iterator[tuple[str, str, int]]:
    """(region or "", words, column) of each direction in a line; words of a curve are its name, a colon and more."""
    if line.bare:
        yield from _items(line.text, line.column)
        return
    for found in _BRACKETS.finditer(line.text):
        group = next(n for n in (1, 2, 3) if found[n] is not None)
        yield from _items(found[group], line.column + found.start(group))


def _items(text: str, column: int) -> Iterator[tuple[str, str, int]]:
    region = ""
    for piece in re.finditer(r"[^,;]+", text):
        words, own = piece[0], region
        before, colon, after = words.partition(":")
        if _curve_of(words) is not None:
            own = ""  # a curve by itself is of the whole face, and no part of it for what follows
        elif colon:
            region = own = before.strip().lower()
            words = after
        if words.strip():
            yield own, words.strip(), column + piece.end() - len(words.lstrip())


def _curve_of(words: str) -> str | None:
    """The curve that words such as ``intensity: 1.5`` name."""
    name, colon, _ = words.partition(":")
    return name.strip().lower() if colon and name.strip().lower() in CURVES else None


def find_track(words: str, region: str, start: float, end: float) -> Track:
    """The track that some words mean.

    Args:
        words: an emotion, an action, a cue, a curve with its number or an edit. region: a part of the face, or
            nothing. start, end: seconds.

    Raises:
        ValueError: they name nothing; the message names the nearest.
    """
    span: dict[str, Any] = {"start": start, "end": end}
    if region and REGION_SYNONYMS.get(region, region) not in (*REGION_NAMES, "look", "cue", "emotion"):
        raise ValueError(f"{region!r:.60} is no part of the face; {checks.nearest(region, (*REGION_NAMES, *CURVES))}")
    own = "all" if region in ("", "look", "cue", "emotion") else region
    curve = _curve_of(words)
    if curve is not None:
        told = words.partition(":")[2].strip()
        try:
            return CurveTrack(of=curve, value=float(told), region=own, **span)
        except ValueError:
            low, high = CURVES[curve]
            raise ValueError(f"{curve} must be a number in {low:g}..{high:g}, got {told!r:.60}") from None
    text = re.sub(r"\s+", " ", words.lower().strip().rstrip(".!"))
    edit = re.fullmatch(r"(redo|keep)(?: (?:seed )?(\d+))?", text)
    if edit:
        seed = int(edit[2]) if edit[2] and edit[1] == "redo" else None
        return RegionTrack(do=edit[1], seed=seed, region=own, **span)
    emotion = find_emotion(text, moods=own == "all")
    if emotion is not None:
        return EmotionTrack(emotion=emotion, region=own, **span)
    look = re.sub(r"^(looks?|looking|gaze|glances?)( at| to| towards)?( the)? ", "", text)
    if look in LOOKS and (look != text or region in ("eyes", "eye", "gaze", "look")):
        return CueTrack(cue="look", time=start, duration=max(end - start, 0.2), at=look)
    for tried in dict.fromkeys((f"{text} {_noun(own)}".strip(), text, words)):
        try:
            found = find_action(tried)
        except ValueError:
            continue
        if found.cue:
            return CueTrack(cue=found.cue, time=start, count=found.count)
        return ActionTrack(action=tried, region=own, **span)
    emotion = find_emotion(text)
    if emotion is not None:
        return EmotionTrack(emotion=emotion, region=own, **span)
    known = [*EMOTIONS, *SYNONYMS, *MOOD, *CUES]
    near = checks.nearest(text, known)
    told = near if near.startswith("did") else "it is no emotion, action, cue, curve or edit"
    raise ValueError(f"{words!r:.60} names nothing; {told}")


def _noun(region: str) -> str:
    """The word for a part of the face that sayings use."""
    return {"all": "", "cheeks": "cheek", "brows": "brow", "eyes": "eye"}.get(region, region)


def find_emotion(text: str, moods: bool = True) -> Any:
    """The emotion that words of a script mean, such as ``very happy``, ``angrily`` or ``sad 3``; None for none.

    With ``moods``, the words of ``MOOD`` are emotions too; of a part of the face they may say how it looks.
    """
    level: float | None = None
    numbered = re.fullmatch(r"(.*\S)[ @]([0-3](?:\.\d+)?)", text)
    if numbered:
        text, level = numbered[1], float(numbered[2])
    for sign, by in LEVELS.items():
        if text.startswith(sign + " "):
            text, level = text[len(sign) + 1 :], by
    for word in _roots(text):
        word = MOOD.get(word, word) if moods else word
        if is_label(word):
            name = canonical_emotion(word)
            return name if level is None else (name, level)
    return None


def _roots(word: str) -> list[str]:
    """A word and what it may be the adverb of."""
    found = [word]
    if word.endswith("ily"):
        found.append(word[:-3] + "y")
    if word.endswith("ly"):
        found.append(word[:-2])
    return found
