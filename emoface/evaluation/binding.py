"""The bound space and the judge: similarity in both readings, confusion, retrieval between modalities."""

from __future__ import annotations

import warnings
from itertools import permutations
from typing import Any

import numpy as np

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.intensity import MOVING
from emoface.binding.modalities.valence_arousal import CIRCUMPLEX
from emoface.binding.modality import Modality
from emoface.binding.space import EmotionSpace
from emoface.metrics.classification import accuracy, average_recall, confusion
from emoface.metrics.retrieval import chance_recall, recall_at
from emoface.metrics.similarity import bound_similarity, judge_similarity
from emoface.training.data import read_prompts

from ..training.corpus.adapters.emodb import EMOTION_LETTERS
from .expression import OTHER_SEED
from .judge import load_judge
from .material import Performer, Spoken
from .report import Row

RECALL = "share of queries with an entry of their emotion among the k most similar by cosine, ties against"
EXAMPLES = 100
"""Values that are drawn of a modality that has no material of its own here."""
TAUGHT = "emoface.evaluation.judge: taught by the same rules, over made-up speech, with its own seed and form"


def takes_of(clips: list[Spoken]) -> list[tuple[Spoken, str, int]]:
    """Clip, emotion and level of every take that is judged."""
    return [(clip, emotion, level) for clip in clips for emotion in EMOTIONS for level in LEVELS]


def judge_rows(performer: Performer, clips: list[Spoken]) -> tuple[list[Row], np.ndarray]:
    """What the judge says to our takes, and its confusion matrix; neutral takes have a seed for each level."""
    judge = load_judge()
    takes = takes_of(clips)
    ours = [
        performer.motion(clip.samples, (emotion, level), seed=OTHER_SEED + level if emotion == "neutral" else 0)
        for clip, emotion, level in takes
    ]
    draws = [[clip.rule(emotion, level, seed) for clip, emotion, level in takes] for seed in (0, 1)]
    asked = [emotion for _, emotion, _ in takes]
    counts = confusion(asked, [judge.name(motion) for motion in ours], EMOTIONS)
    ceiling = accuracy(confusion(asked, [judge.name(motion) for motion in draws[0]], EMOTIONS))
    features, true, other = (np.stack([judge.features(motion) for motion in set_]) for set_ in (ours, *draws))
    elsewhere = np.roll(true, len(LEVELS), 0)  # of the next emotion
    split = f"{len(takes)} takes: {len(clips)} clips x 8 emotions x 3 levels"
    mask = "mean, quantiles and deviation of 52 ARKit shapes"
    rows = [
        Row.of(accuracy.figure(accuracy(counts), mask, split), note=f"draws of the rules {ceiling:.3f}; {TAUGHT}",
               where="judge outside training"),
        Row.of(average_recall.figure(average_recall(counts), mask, split), where="judge outside training"),
        Row.of(
            judge_similarity.figure(judge_similarity(features, true), mask, split + ", against one draw of the rules"),
            note=f"two draws of the rules {judge_similarity(other, true):.3f}, "
            f"another emotion's draw {judge_similarity(features, elsewhere):.3f}",
        ),
    ]  # fmt: skip
    return rows, counts


def bound_row(performer: Performer, clips: list[Spoken]) -> Row:
    """Cosine of z of our motion with z of the label that was asked for."""
    space = performer.pipeline.emotion
    takes = takes_of(clips)
    ours = [performer.motion(clip.samples, (emotion, level), seed=0) for clip, emotion, level in takes]
    motion = [space.encode(motion=curves).numpy() for curves in ours]
    labels = np.stack([space.encode(label=(emotion, level)).numpy() for _, emotion, level in takes])
    rules = [space.encode(motion=clip.rule(emotion, level, 0)).numpy() for clip, emotion, level in takes]
    other = np.roll(labels, len(LEVELS), 0)
    note = (
        f"draws of the rules {bound_similarity(np.stack(rules), labels):.3f}, "
        f"another emotion's label {bound_similarity(np.stack(motion), other):.3f}; our own space, trained to raise it"
    )
    split = f"{len(takes)} takes: {len(clips)} clips x 8 emotions x 3 levels, condition: label"
    figure = bound_similarity.figure(bound_similarity(np.stack(motion), labels), "whole motion (T, 53)", split)
    return Row.of(figure, note=note)


def embeddings(
    space: EmotionSpace, clips: list[Spoken], voices: list[Spoken]
) -> dict[str, tuple[np.ndarray, list[str]]]:
    """Modality -> z (N, Z) and the emotion of each: labels, prompts, the rules' motion, voices, circumplex points."""
    values: dict[str, list[tuple[Any, str]]] = {
        "label": [(("neutral", 0), "neutral"), *(((e, level), e) for e in MOVING for level in LEVELS)],
        "motion": [(clip.rule(e, level, 2), e) for clip, e, level in takes_of(clips)],
        "valence_arousal": [(CIRCUMPLEX[emotion], emotion) for emotion in EMOTIONS],
        "audio": [(v.samples, str(EMOTION_LETTERS[v.name[5]])) for v in voices if EMOTION_LETTERS.get(v.name[5])],
        "text": [(prompt["text"], prompt["emotion"]) for prompt in read_prompts()["held_out"]],
    }  # fmt: skip
    for name, modality in space.modalities.items():
        if name not in values:  # a further one is asked for what it would learn from
            values[name] = _examples(modality)
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, pairs in values.items():
            if pairs and name in space.modalities:
                z = np.stack([space.encode(**{name: value}).numpy() for value, _ in pairs])
                found[name] = z, [emotion for _, emotion in pairs]
    return found


def _examples(modality: Modality) -> list[tuple[Any, str]]:
    """Examples of a modality that tell one emotion, or none, clearly: each with its name."""
    found = []
    for value, told in modality.examples(EXAMPLES, np.random.default_rng(0)):
        strong = [emotion for emotion, strength in told.items() if strength > 0.1]
        if len(strong) < 2:
            found.append((value, *(strong or ["neutral"])))
    return found


def retrieval_rows(space: EmotionSpace, clips: list[Spoken], voices: list[Spoken]) -> list[Row]:
    """R@1 and R@5 from every modality to every other one; emotions that the gallery lacks are not asked for."""
    found = embeddings(space, clips, voices)
    rows = []
    for source, target in permutations(found, 2):
        (queries, asked), (gallery, held) = found[source], found[target]
        known = np.isin(asked, held)
        if not known.any():
            continue
        classes = np.array(asked)[known], np.array(held)
        one, five = (recall_at(k, queries[known], gallery, *classes) for k in (1, 5))
        chances = [chance_recall(k, *classes) for k in (1, 5)]
        left = f", {int((~known).sum())} of emotions that the gallery lacks left out" if not known.all() else ""
        rows.append(
            Row(
                f"retrieval {source} -> {target}, R@1", one, unit="1", definition=RECALL, mask="bound space z",
                note=f"R@5 {five:.3f}; by chance {chances[0]:.3f}, {chances[1]:.3f}",
                split=f"{int(known.sum())} queries{left}, gallery of {len(gallery)}",
            )
        )  # fmt: skip
    return rows
