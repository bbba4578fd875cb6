"""What is made of the emotion in a voice: what is heard, and what a face looks like when no emotion was asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emoface.binding.modalities.audio import Audio
from emoface.binding.space import EmotionSpace
from emoface.face.layout import motion_to_arkit
from emoface.metrics.classification import average_recall, confusion
from emoface.metrics.emotion import displacement, nearest_prototype
from emoface.metrics.figure import metric

from ..training.corpus.adapters.emodb import EMOTION_LETTERS
from .expression import Expression
from .material import Performer, Spoken
from .report import Row, not_measured

HEARD = ("neutral", "happy", "sad", "angry")
ROUSED, CALM = ("angry", "happy", "fear"), ("sad", "neutral")
RIGHT = {"angry": ("angry", "neutral"), "sad": ("sad", "neutral"), "happy": ("happy", "neutral")}
"""Acted emotion -> what a face may look like without an asked one: the same, or calm."""
MUST = 0.95
SPLIT = "recordings of Berlin speakers 13, 14, held out; looked at while choosing"


LOOKS = (
    "share of takes with emotion None whose mean displacement from the neutral take is nearest to the rules' prototype "
    "of one of these emotions; calm: nearest to none of them"
)


@metric("AUC", "1", "probability that a value of the first kind is above one of the second, ties counting half")
def separation(above: np.ndarray, below: np.ndarray) -> float:
    """Probability that a value of one kind is above one of another, ties counting half.

    Args:
        above: (n,) values that should be large. below: (m,) values that should be small.

    Raises:
        ValueError: none of a kind.
    """
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    if not len(above) or not len(below):
        raise ValueError(f"above and below must hold values, got {len(above)} and {len(below)}")
    return float((above[:, None] > below).mean() + 0.5 * (above[:, None] == below).mean())


def acted(voices: list[Spoken]) -> list[tuple[Spoken, str]]:
    """Recordings with the emotion that was acted, where it is one of the eight."""
    return [(v, str(EMOTION_LETTERS[v.name[5]])) for v in voices if EMOTION_LETTERS.get(v.name[5])]


def heard_rows(space: EmotionSpace, voices: list[Spoken]) -> list[Row]:
    """Which of four acted emotions is heard in voices that were not trained on, and how well arousal is told."""
    if "audio" not in space.modalities:
        return not_measured(["emotion heard in the voice: four classes"], "the checkpoint does not listen to voices")
    audio: Audio = space.modalities["audio"]  # type: ignore[assignment]
    told = acted(voices)
    four = [(voice, emotion) for voice, emotion in told if emotion in HEARD]
    rows = []
    if four:
        shares = [audio.predict(voice.samples) for voice, _ in four]
        named = [max(HEARD, key=lambda emotion: share[emotion]) for share in shares]
        counts = confusion([emotion for _, emotion in four], named, HEARD)
        figure = average_recall.figure(
            average_recall(counts), "audio modality's classes", f"{len(four)} {SPLIT}; acted: {', '.join(HEARD)}"
        )
        right = ", ".join(f"{e} {counts[i, i]} of {counts[i].sum()}" for i, e in enumerate(HEARD))
        rows.append(Row.of(figure, low=0.77, note=right, where="emotion heard in the voice"))
    arousal = {kind: [audio.arousal(v.samples) for v, e in told if e in kind] for kind in (ROUSED, CALM)}
    if all(arousal.values()):
        value = separation(*map(np.array, arousal.values()))
        split = f"{sum(map(len, arousal.values()))} {SPLIT}"
        figure = separation.figure(value, f"arousal of {', '.join(ROUSED)} over {', '.join(CALM)}", split)
        rows.append(Row.of(figure, where="arousal heard in the voice"))
    return rows


def abstention_rows(performer: Performer, expression: Expression, voices: list[Spoken]) -> list[Row]:
    """What a face looks like when no emotion was asked for: nearest prototype of the rules, against the acted emotion.

    An angry voice may make an angry or a calm face, never a surprised one.
    """
    rows = []
    for emotion, right in RIGHT.items():
        chosen = [voice for voice, asked in acted(voices) if asked == emotion]
        if not chosen:
            rows += not_measured([f"None, {emotion} voice: looks {' or '.join(right)}"], "no such recordings")
            continue
        looks = []
        for voice in chosen:
            motions = [performer.motion(voice.samples, asked, seed=0) for asked in (None, "neutral")]
            looks.append(nearest_prototype(displacement(*map(motion_to_arkit, motions)), expression.prototypes)[0])
        counts = {name: looks.count(name) for name in dict.fromkeys(looks)}
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        common = Row("", None, note=told, unit="1", definition=LOOKS, mask="52 ARKit shapes",
                     split=f"{len(chosen)} {emotion} {SPLIT}")  # fmt: skip
        share = float(np.mean([name in right for name in looks]))
        name = f"None, {emotion} voice: looks {' or '.join(right).replace('neutral', 'calm')}"
        rows.append(replace(common, name=name, value=share, low=MUST if emotion == "angry" else None))
        if emotion == "angry":
            surprised = float(np.mean([name == "surprised" for name in looks]))
            rows.append(replace(common, name="None, angry voice: looks surprised", value=surprised, high=0.0))
    return rows
