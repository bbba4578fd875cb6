"""Whether a reference of a person makes takes more like that person than a reference of another does.

Speakers that nothing was trained on have one clip of three seconds each, so its first half is the reference and its
second half, whose voice is animated, is what the take is compared with. Five speakers are twenty pairs. Half a clip's
voice is too short to tell a style by, so the voice of the whole clip is the reference there. Of the one speaker with
many clips, ten are the reference, and takes of held-out ones are set beside those in the style of a stranger.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emoface.audio.features import SAMPLE_RATE
from emoface.emotion import from_audio, from_motion
from emoface.face.layout import FPS, MOTION_INDEX
from emoface.face.manner_statistics import MannerStatistics, manner_statistics
from emoface.metrics.following import pooled_correlation
from emoface.pipeline import Pipeline
from emoface.reading import Arrays
from emoface.speaker import SpeakerReference

from ..training.adapt import PersonClip
from ..training.style import Manners, draw_manners
from .adaptation import tracked
from .report import Row, not_measured
from .strangers import HELD_OUT, LOOKED_AT, SPEAKER
from .tracks import TRACKS

MOTION_MUST, VOICE_MUST, LIPS_MUST = 0.9, 0.7, 0.02
GROUPS = tuple(field.name for field in fields(MannerStatistics))
DEFINITION = (
    "share of pairs (a, b) of speakers in which the take of a's voice in the style of a's reference is nearer to a's "
    "held-out motion than in the style of b's: mean over range, resting pose, asymmetry, event rates and head of the "
    "mean distance of emoface.face.manner_statistics"
)
NAMES = ["style by motion: nearer to its own person", "style by voice: nearer to its own person"]
KNOWN = "style by motion of ten clips: nearer to its own person"
SHOWN, JUDGED = 10, 20
"""Clips of the speaker with many that are the reference, and held-out ones that are performed."""
DRAWN = "style by motion: nearer to its own drawn person"
PERSONS, DRAW_SEED = 6, 99
_JAW = MOTION_INDEX["jaw_pose_x"]


def manner_rows(pipeline: Pipeline, folder: Path | None) -> list[Row]:
    """Figures of styles by motion and by voice."""
    clips = [] if folder is None else [clip for name in LOOKED_AT for clip in tracked(folder / name)]
    if len(clips) < 2:
        return not_measured(NAMES, "there are no tracked strangers" if folder else "no assets folder was named")
    halves = [_halves(clip) for clip in clips]
    where = f"{len(clips)} strangers, {len(clips) * (len(clips) - 1)} pairs; looked at while settings were chosen"
    plain = _takes(pipeline, [after for _, after in halves], [None] * len(halves))
    rows = []
    for name, must, styles in (
        (NAMES[0], MOTION_MUST, [_by_motion(before) for before, _ in halves]),
        (NAMES[1], VOICE_MUST, [_by_voice(clip) for clip in clips]),
    ):
        matrix = np.array([
            [_distances(take, after) for take in _takes(pipeline, [after] * len(styles), styles)] for _, after in halves
        ])  # fmt: skip  # (speakers, references, 1 + groups)
        shares = nearer(matrix)
        note = ", ".join(f"{group} {share:.2f}" for group, share in zip(GROUPS, shares[1:]))
        mute = sum(style is None for style in styles)
        note += f"; {mute} speak too briefly for a style" if mute else ""
        rows.append(Row(name, float(shares[0]), low=must, unit="1", definition=DEFINITION, split=where, note=note))
        if name == NAMES[0]:
            own = _takes(pipeline, [after for _, after in halves], styles)
            lost = _jaw(plain, halves) - _jaw(own, halves)
            rows.append(Row("style by motion: jaw r lost", lost, high=LIPS_MUST, unit="1", split=where,
                            definition="pooled r of the jaw without a style less that with it"))  # fmt: skip
    told = np.array([
        [_apart(manner_statistics(before.motion), manner_statistics(after.motion)) for before, _ in halves]
        for _, after in halves
    ])  # fmt: skip
    definition = "the same of the references' statistics, without a network: what 1.5 s tell"
    name = "references themselves: nearer to their own person"
    rows.append(Row(name, float(nearer(told)[0]), unit="1", split=where, definition=definition))
    return rows


def known_rows(pipeline: Pipeline, folder: Path | None) -> list[Row]:
    """The same of the speaker with many clips, against strangers."""
    if folder is None or not (folder / SPEAKER / TRACKS).is_file():
        return not_measured([KNOWN], f"there is no {SPEAKER}/" if folder else "no assets folder was named")
    strangers = [clip for name in LOOKED_AT for clip in tracked(folder / name)]
    if not strangers:
        return not_measured([KNOWN], "there are no tracked strangers")
    with Arrays(folder / SPEAKER / TRACKS) as file:
        names = [str(name) for name in file["clips"]]
    held, seen = (
        [split[i] for i in np.linspace(0, len(split) - 1, count).round().astype(int)]
        for split, count in (
            ([name for name in names if name.endswith(HELD_OUT)], JUDGED),
            ([name for name in names if not name.endswith(HELD_OUT)], SHOWN),
        )
    )
    clips = {clip.name: clip for clip in tracked(folder / SPEAKER, [*held, *seen])}
    own = from_motion(np.nan_to_num(np.concatenate([clips[name].motion for name in seen])).astype(np.float32))
    others = [_by_motion(clip) for clip in strangers]
    apart = []
    for number, name in enumerate(held):
        clip = clips[name]
        takes = _takes(pipeline, [clip] * 3, [own, others[number % len(others)], None])
        apart.append([_distances(take, clip) for take in takes])
    found = np.array(apart)  # (clips, 3, 1 + groups)
    shares = (found[:, 0] < found[:, 1]).mean(0)
    note = ", ".join(f"{group} {share:.2f}" for group, share in zip(GROUPS, shares[1:]))
    note += f"; nearer than without a style {(found[:, 0, 0] < found[:, 2, 0]).mean():.2f}"
    split = (
        f"{len(held)} held-out clips of {SPEAKER}, reference of {len(seen)} clips, each against one of {len(others)} "
        "strangers; the checkpoint learnt from other clips of this speaker"
    )
    return [Row(KNOWN, float(shares[0]), low=MOTION_MUST, unit="1", definition=DEFINITION, split=split, note=note)]


def drawn_rows(pipeline: Pipeline, voices: Sequence[np.ndarray]) -> list[Row]:
    """The same of persons that are drawn: the checkpoint's takes of voices, changed in range, rest, sides and head.

    Each has references of two voices, and a take of a third one, of another seed, to be compared with.
    """
    count = min(PERSONS, len(voices) // 3)
    if count < 2:
        return not_measured([DRAWN], "there are too few voices")
    drawn = draw_manners(count, np.random.default_rng(DRAW_SEED), 0.0)

    def take(voice: np.ndarray, **options: Any) -> np.ndarray:
        asked = {"emotion": "neutral", "blink": False, "gaze": False, **options}
        return pipeline.animate(voice, sample_rate=SAMPLE_RATE, **asked).motion

    references, targets, spoken = [], [], []
    for person in range(count):
        own = Manners(drawn.gain[person : person + 1], drawn.offset[person : person + 1])
        shown = [
            own.apply(torch.from_numpy(take(voice, seed=seed))[None])[0].numpy()
            for voice, seed in zip(voices[3 * person : 3 * person + 3], (50, 51, 70))
        ]
        references.append(from_motion(np.concatenate(shown[:2])))
        targets.append(manner_statistics(shown[2]))
        spoken.append(voices[3 * person + 2])
    matrix = np.array([
        [_apart(manner_statistics(take(voice, style=style)), target) for style in references]
        for voice, target in zip(spoken, targets)
    ])  # fmt: skip
    shares = nearer(matrix)
    note = ", ".join(f"{group} {share:.2f}" for group, share in zip(GROUPS, shares[1:]))
    without = np.mean([_apart(manner_statistics(take(voice)), target)[0] for voice, target in zip(spoken, targets)])
    own_distance = np.diagonal(matrix[..., 0]).mean()
    split = f"{count} drawn persons, {count * (count - 1)} pairs, Berlin voices; drawn as the style is read, so easy"
    return [
        Row(DRAWN, float(shares[0]), low=MOTION_MUST, unit="1", definition=DEFINITION, split=split, note=note),
        Row("style by motion, drawn persons: distance with over without", float(own_distance / without), high=1.0,
            unit="1", definition="mean distance of takes in the own style over that of takes without one", split=split),
    ]  # fmt: skip


def nearer(matrix: np.ndarray) -> np.ndarray:
    """Share of pairs in which the own reference is nearer, of each of the last axis; equal ones count half.

    Args:
        matrix: (speakers, references, n) distances.
    """
    found = []
    for own in range(len(matrix)):
        for other in range(len(matrix)):
            if own != other:
                ours, theirs = matrix[own, own], matrix[own, other]
                found.append(np.where(np.isclose(ours, theirs), 0.5, ours < theirs))
    return np.mean(found, 0)


def _halves(clip: PersonClip) -> tuple[PersonClip, PersonClip]:
    middle, end = len(clip.motion) // 2, len(clip.motion)
    return clip.part(0, middle), clip.part(middle, end)


def _by_voice(clip: PersonClip) -> Any:
    """The voice's style, None where it speaks too little for one."""
    try:
        return SpeakerReference(from_audio(clip.samples, SAMPLE_RATE))
    except ValueError:
        return None


def _by_motion(clip: PersonClip) -> Any:
    return from_motion(np.nan_to_num(clip.motion).astype(np.float32))


def _takes(pipeline: Pipeline, clips: list[PersonClip], styles: list[Any]) -> list[np.ndarray]:
    """Takes in neutral, without blinks and gaze, of each clip in its style; voices too short for one tell nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [
            pipeline.animate(
                clip.samples, sample_rate=SAMPLE_RATE, emotion="neutral", style=style, blink=False, gaze=False
            ).motion
            for clip, style in zip(clips, styles)
        ]


def _distances(take: np.ndarray, clip: PersonClip) -> np.ndarray:
    """Distance (1 + groups,) of a take from a clip, by what is known of the clip."""
    frames = min(len(take), len(clip.motion), round(len(clip.samples) / SAMPLE_RATE * FPS))
    seen = np.where(np.isfinite(clip.motion[:frames]), take[:frames], np.nan)
    return _apart(manner_statistics(seen), manner_statistics(clip.motion[:frames]))


def _apart(ours: MannerStatistics, theirs: MannerStatistics) -> np.ndarray:
    return np.array([ours.distance(theirs), *ours.distances(theirs).values()])


def _jaw(takes: list[np.ndarray], halves: list[tuple[PersonClip, PersonClip]]) -> float:
    return pooled_correlation([(take[:, _JAW], after.motion[:, _JAW]) for take, (_, after) in zip(takes, halves)])
