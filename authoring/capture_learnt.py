"""What a fit means, learnt from faces whose motion is known: the data of ``emoface.capture.learnt``.

``python -m authoring.capture_learnt VOICE ...`` (extra ``capture``, and the landmark net) makes short takes of random
people, turned by up to 30 degrees, who speak the voices with random emotions as the default checkpoint has them or, in
some takes, change from one random face to the next. Each is fitted as a film of its own, and a picture out of it. The
takes are of two kinds:

- *drawn*: pictures in random light and size at which the landmark net looks, two takes of each person;
- *imagined*: landmarks where ``emoface/capture/tracker.npz`` has them, with identities, strangers, turns and noise as
  were measured. They cost next to nothing, so there are many.

Both networks are taught by all of them, each beside its mirror image; drawn ones count ``DRAWN_WEIGHT`` times as much
where motion is learnt. Imagined people differ more than the open head's, for filmed ones do. A fifth of the drawn ones
is kept out of the first network's lessons; what it tells wrongly of them are the errors that the file names.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import nn

import emoface
from emoface.capture import Tracks, fit, fitting
from emoface.capture.fitting import POSE_GAIN
from emoface.capture.landmarker import FaceLandmarker
from emoface.capture.learnt import (
    FEELINGS,
    FILE,
    LEARNT,
    Glance,
    Lasting,
    Moved,
    Net,
    motion_features,
    turned_back,
    turned_over,
)
from emoface.capture.neutral import identity_basis
from emoface.capture.similarity import ABOUT, axis_angle_matrix, pose_terms
from emoface.capture.solving import BELIEFS, FACE_CHANNELS, GAINS, Forward, Solver
from emoface.capture.tracker import tracker
from emoface.capture.tracks import SCORES
from emoface.face.face import as_face
from emoface.face.layout import EXPRESSION_SIZE, FPS
from emoface.face.look import COLOURS
from emoface.face.open_head import open_head
from emoface.face_motion import FaceMotion
from emoface.files import atomic_path
from emoface.render.frames import render_frames
from emoface.render.lights import LIGHTS

from .capture import random_faces
from .capture_turns import PEOPLE

FRAMES = 30
DRAWN, IMAGINED = 100, 1500  # people, of two takes each, and takes
MIXED = 0.2  # share of takes that speak no voice
CHANGE = 5  # frames from one random face to the next
CALM, CALM_FRAMES, CALM_LIKELY = 0.15, 8, 0.7  # what is left of a face that rests for some frames, and in which takes
STRENGTHS = (0.25, 1.0)
WINDOWS = 3  # imagined takes out of one animation
TURN, TILT = np.radians(30.0), np.radians(6.0)
SIZES, ZOOMS = (256, 256, 320, 384), (0.7, 1.0)
LOOKS = {"bald": (0, 0, 0, 0.5, 1), "beard": (0, 0, 0, 0.08, 0.3, 0.8), "hair_length": (0, 0, 0.85, 1)}
STRANGER = (0.8, 2.2)  # times the strangers' spread as it was measured: people differ more than heads of one make
VARIED = (1.0, 1.6)  # times the spread of identities
LASTING, SLOW, QUICK = 0.5, 0.7, 0.25  # shares of the landmarks' noise: all through a take, slow, and of each frame
SLOW_KNOTS = 6  # in a take, between which slow noise leads
SURE_SCORES = 0.15  # of a channel, by which scores of a known head differ at most
FORMS, LEAST_FORM = 25, 0.3  # numbers that tell the landmarks of people, and mm below which one is not told larger
HIDDEN, DROPPED, DECAY, PACE, BATCH = 64, 0.1, 0.02, 2e-3, 256
MOTION_ROUNDS, LEVEL_ROUNDS = 6, 40
DRAWN_WEIGHT, MIXED_WEIGHT = 3.0, 0.4
NAMED = 0.3  # share of naming the emotion in the loss of the second network
KEPT_OUT = 5  # one of so many people
LEAST_SIZE, LEAST_ERROR = 0.01, 0.01


class Course(NamedTuple):
    """A motion of known origin: weights (T, 53), turn (T, 3) of the neck, and its emotion, if it has one."""

    weights: np.ndarray
    turn: np.ndarray
    emotion: str | None


@dataclass(frozen=True)
class Take:
    """A take of known motion as it was fitted.

    Attributes:
        rows: (T, 53) fitted. facing: (T, 3) turn as it is seen. glances: at the film, and at one picture of it.
        course: what was true. pictured: the frame of the picture. person: whose take it is, -1 of imagined ones.
    """

    rows: np.ndarray
    facing: np.ndarray
    glances: tuple[Glance, Glance]
    course: Course
    pictured: int
    person: int


def random_person(rng: np.random.Generator) -> dict[str, float | str]:
    """An identity of the open head with a look."""
    person: dict[str, float | str] = {
        name: float(np.clip(PEOPLE * rng.normal(), -1, 1)) for name in open_head().identity_names
    }
    person.update({name: float(rng.choice(values)) for name, values in LOOKS.items()})
    person.update({name: str(rng.choice(list(colours))) for name, colours in COLOURS.items()})
    return person


def random_courses(rng: np.random.Generator, voices: Sequence[Path], count: int) -> Iterator[Course]:
    """Up to ``count`` motions, of one voice with one emotion or of random faces, each with a turn of its own."""

    def turned(weights: np.ndarray, turn: np.ndarray, emotion: str | None) -> Course:
        aside = [TILT * rng.normal(), rng.uniform(-TURN, TURN), TILT * rng.normal()]
        return Course(np.asarray(weights, np.float64), turn + aside, emotion)

    if rng.random() < MIXED:
        yield turned(_mixed(rng), np.zeros((FRAMES, 3)), None)
        return
    voice, emotion = voices[int(rng.integers(len(voices)))], str(rng.choice(list(emoface.EMOTIONS)))
    strength, seed = float(rng.uniform(*STRENGTHS)), int(rng.integers(1000))
    take = emoface.animate(voice, emotion=emotion, intensity=strength, seed=seed)
    assert take.neck_pose is not None
    for _ in range(min(count, len(take) // FRAMES + 1) if len(take) >= FRAMES else 0):
        start = int(rng.integers(0, len(take) - FRAMES + 1))
        part = slice(start, start + FRAMES)
        weights = np.concatenate([take.expression[part], take.jaw_pose[part]], 1)
        yield turned(weights, np.array(take.neck_pose[part]), emotion)


def _mixed(rng: np.random.Generator) -> np.ndarray:
    """Weights (T, 53) that change from one random face to the next."""
    keys = random_faces(FRAMES // CHANGE + 6, int(rng.integers(1 << 30))).weights[4:]
    step, share = np.divmod(np.arange(FRAMES) / CHANGE, 1)
    share = (share * share * (3 - 2 * share))[:, None]
    weights: np.ndarray = (1 - share) * keys[step.astype(int)] + share * keys[step.astype(int) + 1]
    if rng.random() < CALM_LIKELY:
        first = int(rng.integers(0, FRAMES - CALM_FRAMES))
        weights[first : first + CALM_FRAMES] *= CALM
    return weights


def as_fitted(tracks: Tracks, course: Course, person: int, pictured: int) -> Take | None:
    """A take as it is fitted before anything that was learnt is read; None if no fit is to be had."""
    glances: list[Glance] = []
    moved: list[tuple[np.ndarray, np.ndarray]] = []

    def look(glance: Glance) -> Lasting:
        glances.append(glance)
        return Lasting(np.zeros(len(FACE_CHANNELS)), {})

    def move(rows: np.ndarray, facing: np.ndarray) -> Moved:
        moved.append((np.array(rows), facing))
        return Moved(np.zeros_like(rows), np.zeros_like(facing))

    blind = mock.patch.object(Solver, "read_again", lambda self, displacement, told, cuts, good, rows, likely: rows)
    with blind, mock.patch.multiple(fitting, level_of=look, motion_of=move):
        try:
            fit(tracks, rest="felt")
            fit(Tracks(tracks.landmarks[pictured : pictured + 1], FPS), rest="felt")
        except ValueError:  # turned to profile
            return None
    if not moved:
        return None
    return Take(*moved[0], (glances[0], glances[1]), course, pictured, person)


def draw(people: int, voices: Sequence[Path], seed: int, model: Path | None) -> Iterator[Take]:
    """Takes of random people in pictures; those that the net does not see in every frame are left out."""
    rng, net = np.random.default_rng(seed), FaceLandmarker(model)
    for person in range(people):
        courses = [course for _ in range(2) for course in random_courses(rng, voices, 1)]
        if not courses:
            continue
        weights, turn = (np.concatenate(parts) for parts in list(zip(*courses))[:2])
        motion = FaceMotion(
            weights[:, :EXPRESSION_SIZE].astype(np.float32), weights[:, EXPRESSION_SIZE:].astype(np.float32), FPS,
            neck_pose=turn.astype(np.float32),
        )  # fmt: skip
        pictures = render_frames(
            motion, as_face(None, random_person(rng)), size=int(rng.choice(SIZES)), zoom=rng.uniform(*ZOOMS),
            lights=str(rng.choice(list(LIGHTS))), threads=1,
        )  # fmt: skip
        seen = []
        for number, picture in enumerate(pictures):
            if number % FRAMES == 0:
                net.forget()
            seen.append(net.faces(picture, round(1000 * (number % FRAMES) / FPS)))
        for number, course in enumerate(courses):
            part = seen[number * FRAMES : (number + 1) * FRAMES]
            if all(part):
                points = np.array([faces[0].points[tracker().index] for faces in part])
                scores = np.array([[faces[0].scores[name] for name in SCORES] for faces in part])
                tracks = Tracks(points, FPS, scores=scores, smoothed=False)
                take = as_fitted(tracks, course, person, int(rng.integers(FRAMES)))
                if take is not None:
                    yield take


def imagine(count: int, voices: Sequence[Path], seed: int) -> Iterator[Take]:
    """Takes of random strangers whose landmarks are where the measured tracker has them."""
    rng, seen = np.random.default_rng(seed), tracker()
    people, forward = identity_basis(), Forward(np.zeros(len(open_head().identity_names), np.float32))
    size, direction = np.linalg.eigh(seen.noise)
    noise_root = (direction * np.sqrt(size.clip(0))).T
    knots = np.linspace(0, FRAMES - 1, SLOW_KNOTS)

    def slow(columns: int) -> np.ndarray:
        values = rng.normal(size=(SLOW_KNOTS, columns))
        return np.stack([np.interp(np.arange(FRAMES), knots, column) for column in values.T], 1)

    def noise(columns: int) -> np.ndarray:
        parts = rng.normal(size=columns), slow(columns), rng.normal(size=(FRAMES, columns))
        return LASTING * parts[0] + SLOW * parts[1] + QUICK * parts[2]

    made = 0
    while made < count:
        for course in random_courses(rng, voices, WINDOWS):
            stranger = rng.uniform(*STRANGER) * (rng.normal(size=len(seen.strangers)) @ seen.strangers)
            identity = rng.uniform(*VARIED) * PEOPLE * rng.normal(size=len(people))
            moved = forward(course.weights)[0] + np.einsum("i,ilc->lc", identity, people)
            moved = moved + (stranger + seen.strangers_mean).reshape(-1, 2)
            moved = moved + (noise(len(noise_root)) @ noise_root).reshape(moved.shape)
            turn = course.turn * POSE_GAIN
            points = np.repeat(seen.neutral[None], FRAMES, 0)
            points[..., :2] += moved + np.einsum("tk,klc->tlc", pose_terms(turn), seen.pose)
            points = np.einsum("tij,tlj->tli", ABOUT @ axis_angle_matrix(turn) @ ABOUT, points)
            true = course.weights[:, [FACE_CHANNELS.index(name) for name in SCORES]]
            scores = (GAINS * (true + np.minimum(BELIEFS, SURE_SCORES) * noise(len(SCORES)))).clip(-1, 1)
            take = as_fitted(
                Tracks(points, FPS, scores=scores, smoothed=False), course, -1, int(rng.integers(FRAMES))
            )  # fmt: skip
            if take is not None:
                made += 1
                yield take


class Student(nn.Module):
    """The network of :class:`emoface.capture.learnt.Net` while it learns."""

    def __init__(self, features: int, outputs: int) -> None:
        super().__init__()
        self.direct, self.hidden = nn.Linear(features, outputs), nn.Linear(features, HIDDEN)
        self.out = nn.Linear(HIDDEN, outputs, bias=False)
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


def teach(lessons: Lessons, rounds: int, named: bool) -> dict[str, np.ndarray]:
    """The parts of a network, see :class:`emoface.capture.learnt.Net`; with ``named`` it also names the emotion."""
    torch.manual_seed(0)
    mean, size = lessons.features.mean(0), lessons.features.std(0) + LEAST_SIZE
    middle, unit = lessons.goals.mean(0), lessons.goals.std(0) + LEAST_SIZE
    count = lessons.goals.shape[1]
    x = torch.as_tensor(((lessons.features - mean) / size).clip(-4, 4), dtype=torch.float32)
    y = torch.as_tensor((lessons.goals - middle) / unit, dtype=torch.float32)
    emotions, chance = torch.as_tensor(lessons.emotions), torch.as_tensor(lessons.weights / lessons.weights.sum())
    student = Student(x.shape[1], count + (len(FEELINGS) if named else 0))
    optimizer = torch.optim.AdamW(student.parameters(), lr=PACE, weight_decay=DECAY)
    steps = rounds * (len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2 * PACE, steps)
    for _ in range(rounds):
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
    direct, hidden, bias, hidden_bias, out = (
        part.detach().double().numpy().T
        for part in (
            student.direct.weight, student.hidden.weight, student.direct.bias, student.hidden.bias, student.out.weight
        )
    )  # fmt: skip
    scale, shift = np.ones(direct.shape[1]), np.zeros(direct.shape[1])
    scale[:count], shift[:count] = unit, middle
    return {
        "mean": mean, "size": size, "direct": direct * scale, "hidden": hidden, "hidden_bias": hidden_bias,
        "out": out * scale, "bias": bias * scale + shift,
    }  # fmt: skip


def counts(take: Take, drawn: float) -> float:
    """How much a take counts, where a drawn one counts so much."""
    return (1.0 if take.person < 0 else drawn) * (MIXED_WEIGHT if take.course.emotion is None else 1.0)


def motion_lessons(takes: Sequence[Take]) -> Lessons:
    """What the first network learns of takes and their mirror images: what is to be added to what was seen."""
    features, goals, weights = [], [], []
    for take in takes:
        known, turn = (
            part - part.mean(0) - seen + seen.mean(0)
            for part, seen in zip(take.course, (take.rows, take.facing / POSE_GAIN))
        )
        for rows, facing, more, neck in (
            (take.rows, take.facing, known, turn),
            (turned_over(take.rows), turned_back(take.facing), turned_over(known), turned_back(turn)),
        ):
            features.append(motion_features(rows, facing))
            goals.append(np.concatenate([more, neck], 1))
            weights.append(np.full(len(rows), counts(take, DRAWN_WEIGHT)))
    return Lessons(
        np.concatenate(features), np.concatenate(goals), np.concatenate(weights),
        np.full(sum(map(len, features)), -1),
    )  # fmt: skip


def mirror_of(neutral: np.ndarray) -> np.ndarray:
    """(L,): the counterpart of each landmark (L, 3) on the other side of the face."""
    away = np.linalg.norm(neutral[:, None] - (neutral * [-1, 1, 1])[None], axis=2)
    return linear_sum_assignment(away + away.T)[1]


def level_lessons(takes: Sequence[Take]) -> tuple[Lessons, dict[str, np.ndarray]]:
    """What the second network learns of films and pictures and their mirror images, and how forms are told."""
    mirror = mirror_of(tracker().neutral)
    glances, goals, weights, emotions = [], [], [], []
    for take in takes:
        known = take.course.weights
        emotion = -1 if take.course.emotion is None else FEELINGS.index(take.course.emotion)
        for glance, mean in zip(take.glances, (known.mean(0), known[take.pictured])):
            glances += [glance, glance.mirrored(mirror)]
            more = mean - glance.rows.mean(0)
            goals += [more, turned_over(more)]
            weights += 2 * [counts(take, 1.0)]
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
    arrays: dict[str, Any] = {f"level_{name}": part for name, part in teach(lessons, LEVEL_ROUNDS, True).items()}
    arrays.update(told)
    apart: dict[bool, list[Take]] = {True: [], False: []}
    for take in takes:
        apart[take.person >= 0 and take.person % KEPT_OUT == 0].append(take)
    taught = teach(motion_lessons(apart[False]), MOTION_ROUNDS, False)
    arrays.update({f"motion_{name}": part for name, part in taught.items()})
    wanted = [FACE_CHANNELS.index(name) for name in LEARNT]
    missed = motion_lessons(apart[True])
    left = (missed.goals - Net(**taught)(missed.features))[:, wanted]
    arrays["errors"] = np.maximum(left.std(0), LEAST_ERROR)
    return {
        name: part.astype(np.int16 if name == "mirror" else np.float16 if part.ndim > 1 else np.float32)
        for name, part in arrays.items()
    }


def main() -> None:
    """Draw, fit, learn and write."""
    parser = argparse.ArgumentParser(prog="python -m authoring.capture_learnt", description=__doc__)
    parser.add_argument("voices", nargs="+", type=Path, help="recordings")
    parser.add_argument("--drawn", type=int, default=DRAWN, help="people that are drawn")
    parser.add_argument("--imagined", type=int, default=IMAGINED, help="takes that are not")
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--model", type=Path, help="the landmark net")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    drawn = list(draw(asked.drawn, asked.voices, asked.seed, asked.model))
    imagined = list(imagine(asked.imagined, asked.voices, asked.seed + 1))
    arrays = learn([*drawn, *imagined])
    with atomic_path(asked.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    errors = ", ".join(f"{name} {error:.3f}" for name, error in zip(LEARNT, arrays["errors"]))
    print(f"{asked.out}: {len(drawn)} drawn takes, {len(imagined)} imagined; errors {errors}")


if __name__ == "__main__":
    main()
