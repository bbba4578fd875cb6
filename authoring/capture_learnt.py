"""What a fit means, learnt from faces whose motion is known: the data of ``emoface.capture.learnt``.

``python -m authoring.capture_learnt VOICE ...`` (extra ``capture``, and the landmark net) makes the takes of
``authoring.capture_lessons``, fits each as a film of its own, and a picture out of it, and teaches. With ``--keep
FOLDER`` the takes are kept there, and what is there already is not made again.

Both networks are taught by all takes, each beside its mirror image; drawn ones count ``DRAWN_WEIGHT`` times as much
where motion is learnt. Each is the mean of several networks that began by different chance, joined into one. The
errors that the file names are those of a network that a fifth of the drawn people was kept out of.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

from emoface.capture import Tracks, fit, fitting
from emoface.capture.fitting import POSE_GAIN
from emoface.capture.learnt import (
    FEELINGS,
    FILE,
    LEARNT,
    Followed,
    Glance,
    Lasting,
    Moved,
    Net,
    turned_back,
    turned_over,
)
from emoface.capture.solving import FACE_CHANNELS, GROUP_WEIGHTS, Solver
from emoface.capture.tracker import tracker
from emoface.face.layout import FPS
from emoface.files import atomic_path

from .capture_lessons import Course, Filmed, draw, imagine, kept

DRAWN, IMAGINED = 300, 600  # people that are drawn, and recordings that are imagined
FORMS, LEAST_FORM = 60, 0.3  # numbers that tell the landmarks of people, and mm below which one is not told larger
MODES, MODE_UNIT = 40, 10.0  # numbers that tell the landmarks' motion, and what their spread is divided by
DROPPED, DECAY, PACE, BATCH = 0.1, 0.02, 2e-3, 256
DRAWN_WEIGHT, MIXED_WEIGHT = 3.0, 0.4
FILM_WEIGHT = 4.0  # of a film beside a picture out of it, whose shapes differ more
NAMED = 0.3  # share of naming the emotion in the loss of the second network
KEPT_OUT = 5  # one of so many people
LEAST_SIZE, LEAST_ERROR = 0.01, 0.01


@dataclass(frozen=True)
class Schooling:
    """How a network is taught: hidden numbers of each of so many pupils, and how often they see all lessons."""

    hidden: int
    pupils: int
    rounds: int


MOTION, LEVEL = Schooling(128, 2, 8), Schooling(32, 2, 60)


@dataclass(frozen=True)
class Take:
    """A take of known motion as it was fitted.

    Attributes:
        followed: the fit. glances: at the film, and at one picture of it. course: what was true. pictured: the frame
            of the picture. person: whose take it is, -1 of imagined ones.
    """

    followed: Followed
    glances: tuple[Glance, Glance]
    course: Course
    pictured: int
    person: int


def as_fitted(filmed: Filmed) -> Take | None:
    """A take as it is fitted before anything that was learnt is read; None if no fit is to be had."""
    glances: list[Glance] = []
    moved: list[Followed] = []

    def look(glance: Glance) -> Lasting:
        glances.append(glance)
        return Lasting(np.zeros(len(FACE_CHANNELS)), {})

    def move(take: Followed) -> Moved:
        moved.append(Followed(*(np.array(part) for part in take)))
        return Moved(np.zeros_like(take.rows), np.zeros_like(take.turn))

    blind = mock.patch.object(Solver, "read_again", lambda self, displacement, told, cuts, good, rows, likely: rows)
    pictured = filmed.pictured
    with blind, mock.patch.multiple(fitting, level_of=look, motion_of=move):
        try:
            fit(filmed.tracks, rest="felt")
            fit(Tracks(filmed.tracks.landmarks[pictured : pictured + 1], FPS), rest="felt")
        except ValueError:  # turned to profile
            return None
    return Take(moved[0], (glances[0], glances[1]), filmed.course, pictured, filmed.person) if moved else None


class Student(nn.Module):
    """The network of :class:`emoface.capture.learnt.Net` while it learns."""

    def __init__(self, features: int, outputs: int, hidden: int) -> None:
        super().__init__()
        self.direct, self.hidden = nn.Linear(features, outputs), nn.Linear(features, hidden)
        self.out = nn.Linear(hidden, outputs, bias=False)
        nn.init.zeros_(self.direct.weight)
        nn.init.zeros_(self.out.weight)
        self.drop, self.drop_less = nn.Dropout(DROPPED), nn.Dropout(DROPPED / 2)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, C) for features (N, F)."""
        hidden = torch.tanh(self.hidden(self.drop(features)))
        answer: torch.Tensor = self.direct(self.drop_less(features)) + self.out(self.drop(hidden))
        return answer


@dataclass(frozen=True)
class Lessons:
    """Features (N, F), what they mean (N, C), how much each counts (N,), and the emotion's number (N,), -1: none."""

    features: np.ndarray
    goals: np.ndarray
    weights: np.ndarray
    emotions: np.ndarray


def teach(lessons: Lessons, schooling: Schooling, named: bool) -> dict[str, np.ndarray]:
    """The parts of a network, see :class:`emoface.capture.learnt.Net`; with ``named`` it also names the emotion."""
    mean, size = lessons.features.mean(0), lessons.features.std(0) + LEAST_SIZE
    middle, unit = lessons.goals.mean(0), lessons.goals.std(0) + LEAST_SIZE
    x = torch.as_tensor(((lessons.features - mean) / size).clip(-4, 4), dtype=torch.float32)
    y = torch.as_tensor((lessons.goals - middle) / unit, dtype=torch.float32)
    emotions, chance = torch.as_tensor(lessons.emotions), torch.as_tensor(lessons.weights / lessons.weights.sum())
    pupils = [
        _pupil(x, y, emotions, chance, schooling, named, seed) for seed in range(schooling.pupils)
    ]  # fmt: skip
    direct, bias, hidden, hidden_bias, out = (
        [part.detach().double().numpy().T for part in parts]
        for parts in zip(
            *((p.direct.weight, p.direct.bias, p.hidden.weight, p.hidden.bias, p.out.weight) for p in pupils)
        )
    )
    scale, shift = np.ones(len(bias[0])), np.zeros(len(bias[0]))
    scale[: len(unit)], shift[: len(unit)] = unit, middle
    return {
        "mean": mean, "size": size, "direct": np.mean(direct, 0) * scale, "hidden": np.concatenate(hidden, 1),
        "hidden_bias": np.concatenate(hidden_bias), "out": np.concatenate(out) * scale / len(pupils),
        "bias": np.mean(bias, 0) * scale + shift,
    }  # fmt: skip


def _pupil(
    x: torch.Tensor, y: torch.Tensor, emotions: torch.Tensor, chance: torch.Tensor, schooling: Schooling, named: bool,
    seed: int,
) -> Student:  # fmt: skip
    """One network that was taught features (N, F), what they mean (N, C), emotions (N,) and how often each comes."""
    torch.manual_seed(seed)
    count = y.shape[1]
    student = Student(x.shape[1], count + (len(FEELINGS) if named else 0), schooling.hidden)
    optimizer = torch.optim.AdamW(student.parameters(), lr=PACE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * PACE, schooling.rounds * (len(x) // BATCH))
    for _ in range(schooling.rounds):
        order = torch.multinomial(chance, len(x), replacement=True)
        for batch in order[: len(x) // BATCH * BATCH].split(BATCH):
            told = student(x[batch])
            loss = ((told[:, :count] - y[batch]) ** 2).mean()
            felt = emotions[batch] >= 0
            if named and bool(felt.any()):
                naming = nn.functional.cross_entropy(told[felt][:, count:], emotions[batch][felt])
                loss = loss + NAMED * naming
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return student


def counts(take: Take, drawn: float) -> float:
    """How much a take counts, where a drawn one counts so much."""
    return (1.0 if take.person < 0 else drawn) * (MIXED_WEIGHT if take.course.emotion is None else 1.0)


def mirror_of(neutral: np.ndarray) -> np.ndarray:
    """(L,): the counterpart of each landmark (L, 3) on the other side of the face."""
    away = np.linalg.norm(neutral[:, None] - (neutral * [-1, 1, 1])[None], axis=2)
    return linear_sum_assignment(away + away.T)[1]


def motion_modes(takes: Iterable[Take]) -> np.ndarray:
    """(M, 2 L): what the landmarks of drawn takes move most together, those of lips, eyes and brows before others."""
    mirror, weights = mirror_of(tracker().neutral), np.zeros(len(tracker().index))
    for name, part in tracker().groups.items():
        weights[part] = np.sqrt(GROUP_WEIGHTS[name])
    twice = np.repeat(weights, 2)
    gram = np.zeros((len(twice), len(twice)))
    count = 0
    for take in takes:
        for one in (take.followed, take.followed.mirrored(mirror)):
            moved = one.moved() * twice
            gram += moved.T @ moved
            count += len(moved)
    size, direction = np.linalg.eigh(gram / count)
    most = np.argsort(size)[::-1][:MODES]
    modes: np.ndarray = (direction[:, most] * twice[:, None]).T / (MODE_UNIT * np.sqrt(size[most]))[:, None]
    return modes


def motion_lessons(takes: Iterable[Take], modes: np.ndarray) -> Lessons:
    """What the first network learns of takes and their mirror images: what is to be added to what was seen."""
    mirror = mirror_of(tracker().neutral)
    features, goals, weights = [], [], []
    for take in takes:
        seen = take.followed
        known, turn = (
            part - part.mean(0) - fitted + fitted.mean(0)
            for part, fitted in ((take.course.weights, seen.rows), (take.course.turn, seen.turn / POSE_GAIN))
        )
        for one, more, neck in (
            (seen, known, turn),
            (seen.mirrored(mirror), turned_over(known), turned_back(turn)),
        ):
            features.append(one.features(modes).astype(np.float32))
            goals.append(np.concatenate([more, neck], 1))
            weights.append(np.full(len(neck), counts(take, DRAWN_WEIGHT)))
    return Lessons(
        np.concatenate(features), np.concatenate(goals), np.concatenate(weights),
        np.full(sum(map(len, features)), -1),
    )  # fmt: skip


def level_lessons(takes: Sequence[Take]) -> tuple[Lessons, dict[str, np.ndarray]]:
    """What the second network learns of films and pictures and their mirror images, and how forms are told."""
    mirror = mirror_of(tracker().neutral)
    glances, goals, weights, emotions = [], [], [], []
    for take in takes:
        known = take.course.weights
        emotion = -1 if take.course.emotion is None else FEELINGS.index(take.course.emotion)
        film, picture = take.glances
        for glance, mean, weight in ((film, known.mean(0), FILM_WEIGHT), (picture, known[take.pictured], 1.0)):
            glances += [glance, glance.mirrored(mirror)]
            more = mean - glance.rows.mean(0)
            goals += [more, turned_over(more)]
            weights += 2 * [weight * counts(take, 1.0)]
            emotions += 2 * [emotion]
    forms = np.stack([glance.forms() for glance in glances])
    middle = forms.mean(0)
    _, size, direction = np.linalg.svd(forms - middle, full_matrices=False)
    unit = np.maximum(size[:FORMS] / np.sqrt(len(forms)), LEAST_FORM)
    told = {"shapes": direction[:FORMS] / unit[:, None], "shapes_mean": middle}
    features = np.stack([glance.features(**told) for glance in glances])
    return Lessons(features, np.stack(goals), np.array(weights), np.array(emotions)), {**told, "mirror": mirror}


def learn(takes: Sequence[Take]) -> dict[str, np.ndarray]:
    """The arrays of the file, see :func:`emoface.capture.learnt.learnt`."""
    lessons, told = level_lessons(takes)
    arrays: dict[str, Any] = {f"level_{name}": part for name, part in teach(lessons, LEVEL, True).items()}
    modes = motion_modes(take for take in takes if take.person >= 0)
    arrays.update(told, modes=modes)
    arrays.update({f"motion_{name}": part for name, part in teach(motion_lessons(takes, modes), MOTION, False).items()})
    apart: dict[bool, list[Take]] = {True: [], False: []}
    for take in takes:
        apart[take.person >= 0 and take.person % KEPT_OUT == 0].append(take)
    alone = Net(**teach(motion_lessons(apart[False], modes), replace(MOTION, pupils=1), False))
    wanted = [FACE_CHANNELS.index(name) for name in LEARNT]
    missed = motion_lessons(apart[True], modes)
    arrays["errors"] = np.maximum((missed.goals - alone(missed.features))[:, wanted].std(0), LEAST_ERROR)
    return {
        name: part.astype(np.int16 if name == "mirror" else np.float16 if part.ndim > 1 else np.float32)
        for name, part in arrays.items()
    }


def fits_of(takes: Iterable[Filmed]) -> Iterator[Take]:
    """The takes that can be fitted, as they are."""
    for filmed in takes:
        take = as_fitted(filmed)
        if take is not None:
            yield take


def main() -> None:
    """Draw, fit, learn and write."""
    parser = argparse.ArgumentParser(prog="python -m authoring.capture_learnt", description=__doc__)
    parser.add_argument("voices", nargs="+", type=Path, help="recordings")
    parser.add_argument("--drawn", type=int, default=DRAWN, help="people that are drawn")
    parser.add_argument("--imagined", type=int, default=IMAGINED, help="recordings whose takes are imagined")
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--keep", type=Path, help="folder of takes that were made, and are")
    parser.add_argument("--model", type=Path, help="the landmark net")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    made = partial(draw, voices=asked.voices, seed=asked.seed, model=asked.model)
    guessed = partial(imagine, voices=asked.voices, seed=asked.seed)
    drawn = list(fits_of(kept(asked.keep, "drawn", range(asked.drawn), made)))
    imagined = list(fits_of(kept(asked.keep, "imagined", range(asked.imagined), guessed)))
    arrays: dict[str, Any] = learn([*drawn, *imagined])
    with atomic_path(asked.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    errors = ", ".join(f"{name} {error:.3f}" for name, error in zip(LEARNT, arrays["errors"]))
    print(f"{asked.out}: {len(drawn)} drawn takes, {len(imagined)} imagined; errors {errors}")


if __name__ == "__main__":
    main()
