"""Takes of known motion as a landmark net sees them: what ``authoring.capture_learnt`` teaches by.

Random people, turned by up to 30 degrees, speak recordings with random emotions as the default checkpoint has them or,
in some takes, change from one random face to the next. Of each take one picture is looked at, too. The takes are of two
kinds:

- *drawn*: pictures in random light and size at which the landmark net looks, two takes of each person;
- *imagined*: landmarks where ``emoface/capture/tracker.npz`` has them, with identities, strangers, turns and noise as
  were measured. They cost next to nothing, so there are many.

Each person, and each recording that is imagined, has a chance of its own, so that a folder which keeps them is filled
on from where it was left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import emoface
from emoface.capture import Tracks
from emoface.capture.fitting import POSE_GAIN
from emoface.capture.landmarker import FaceLandmarker
from emoface.capture.neutral import identity_basis
from emoface.capture.similarity import ABOUT, axis_angle_matrix, pose_terms
from emoface.capture.solving import BELIEFS, FACE_CHANNELS, GAINS, Forward
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
MIXED = 0.2  # share of takes that speak no voice
CHANGE = 5  # frames from one random face to the next
CALM, CALM_FRAMES, CALM_LIKELY = 0.15, 8, 0.7  # what is left of a face that rests for some frames, and in which takes
STRENGTHS = (0.25, 1.0)
EACH, WINDOWS = 2, 3  # takes of a drawn person, and imagined ones out of one animation
TURN, TILT = np.radians(30.0), np.radians(6.0)
SIZES, ZOOMS = (256, 256, 320, 384), (0.7, 1.0)
LOOKS = {"bald": (0, 0, 0, 0.5, 1), "beard": (0, 0, 0, 0.08, 0.3, 0.8), "hair_length": (0, 0, 0.85, 1)}
STRANGER = (0.8, 2.2)  # times the strangers' spread as it was measured: people differ more than heads of one make
VARIED = (1.0, 1.6)  # times the spread of identities
LASTING, SLOW, QUICK = 0.5, 0.7, 0.25  # shares of the landmarks' noise: all through a take, slow, and of each frame
SLOW_KNOTS = 6  # in a take, between which slow noise leads
PARTS = ("landmarks", "scores", "weights", "turn", "emotion", "told")  # of a take that is kept
SURE_SCORES = 0.15  # of a channel, by which scores of a known head differ at most


class Course(NamedTuple):
    """A motion of known origin: weights (T, 53), turn (T, 3) of the neck, and its emotion, if it has one."""

    weights: np.ndarray
    turn: np.ndarray
    emotion: str | None


@dataclass(frozen=True, eq=False)
class Filmed:
    """A take of known motion as the landmark net sees it.

    Attributes:
        tracks: of its landmarks. course: what is true. pictured: the frame that is looked at by itself, too. person:
            whose take it is, -1 of imagined ones.
    """

    tracks: Tracks
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


@lru_cache(maxsize=1)
def _net(model: Path | None) -> FaceLandmarker:
    return FaceLandmarker(model)


def draw(person: int, voices: Sequence[Path], seed: int, model: Path | None = None) -> list[Filmed]:
    """Takes of a random person in pictures; those that the net does not see in every frame are left out."""
    rng, net = np.random.default_rng([seed, 0, person]), _net(model)
    courses = [course for _ in range(EACH) for course in random_courses(rng, voices, 1)]
    if not courses:
        return []
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
    takes = []
    for number, course in enumerate(courses):
        part, pictured = seen[number * FRAMES : (number + 1) * FRAMES], int(rng.integers(FRAMES))
        if all(part):
            points = np.array([faces[0].points[tracker().index] for faces in part])
            scores = np.array([[faces[0].scores[name] for name in SCORES] for faces in part])
            takes.append(Filmed(Tracks(points, FPS, scores=scores, smoothed=False), course, pictured, person))
    return takes


@lru_cache(maxsize=1)
def _forward() -> Forward:
    return Forward(np.zeros(len(open_head().identity_names), np.float32))


@lru_cache(maxsize=1)
def _noise_root() -> np.ndarray:
    """(2 L, 2 L) whose mixtures of unit noise are the landmarks' noise."""
    size, direction = np.linalg.eigh(tracker().noise)
    return (direction * np.sqrt(size.clip(0))).T


def imagine(number: int, voices: Sequence[Path], seed: int) -> list[Filmed]:
    """Takes of random strangers whose landmarks are where the measured tracker has them."""
    rng, seen, people = np.random.default_rng([seed, 1, number]), tracker(), identity_basis()
    knots = np.linspace(0, FRAMES - 1, SLOW_KNOTS)

    def slow(columns: int) -> np.ndarray:
        values = rng.normal(size=(SLOW_KNOTS, columns))
        return np.stack([np.interp(np.arange(FRAMES), knots, column) for column in values.T], 1)

    def noise(columns: int) -> np.ndarray:
        parts = rng.normal(size=columns), slow(columns), rng.normal(size=(FRAMES, columns))
        return LASTING * parts[0] + SLOW * parts[1] + QUICK * parts[2]

    takes = []
    for course in random_courses(rng, voices, WINDOWS):
        stranger = rng.uniform(*STRANGER) * (rng.normal(size=len(seen.strangers)) @ seen.strangers)
        identity = rng.uniform(*VARIED) * PEOPLE * rng.normal(size=len(people))
        moved = _forward()(course.weights)[0] + np.einsum("i,ilc->lc", identity, people)
        moved = moved + (stranger + seen.strangers_mean).reshape(-1, 2)
        moved = moved + (noise(len(_noise_root())) @ _noise_root()).reshape(moved.shape)
        turn = course.turn * POSE_GAIN
        points = np.repeat(seen.neutral[None], FRAMES, 0)
        points[..., :2] += moved + np.einsum("tk,klc->tlc", pose_terms(turn), seen.pose)
        points = np.einsum("tij,tlj->tli", ABOUT @ axis_angle_matrix(turn) @ ABOUT, points)
        true = course.weights[:, [FACE_CHANNELS.index(name) for name in SCORES]]
        scores = (GAINS * (true + np.minimum(BELIEFS, SURE_SCORES) * noise(len(SCORES)))).clip(-1, 1)
        takes.append(
            Filmed(Tracks(points, FPS, scores=scores, smoothed=False), course, int(rng.integers(FRAMES)), -1)
        )  # fmt: skip
    return takes


def kept(
    folder: Path | None, kind: str, numbers: Iterable[int], make: Callable[[int], list[Filmed]]
) -> Iterator[Filmed]:  # fmt: skip
    """Takes of some numbers, read from the folder where it has them, and made and written there where it has not."""
    for number in numbers:
        path = None if folder is None else folder / f"{kind}{number:05d}.npz"
        if path is not None and path.exists():
            yield from read_filmed(path)
            continue
        takes = make(number)
        if path is not None:
            write_filmed(takes, path)
        yield from takes


def write_filmed(takes: Sequence[Filmed], path: Path) -> None:
    """Write takes of one person, or of one recording."""
    arrays: dict[str, Any] = {"takes": np.array(len(takes))}
    for number, take in enumerate(takes):
        assert take.tracks.scores is not None
        weights, turn, emotion = take.course
        values = (
            *(part.astype(np.float32) for part in (take.tracks.landmarks, take.tracks.scores, weights, turn)),
            np.array(emotion or ""), np.array([take.pictured, take.person]),
        )  # fmt: skip
        arrays.update({f"{number}_{name}": value for name, value in zip(PARTS, values)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)


def read_filmed(path: Path) -> list[Filmed]:
    """The takes of a file of :func:`write_filmed`."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    takes = []
    for number in range(int(stored["takes"])):
        landmarks, scores, weights, turn, emotion, told = (stored[f"{number}_{name}"] for name in PARTS)
        tracks = Tracks(landmarks, FPS, scores=scores, smoothed=False)
        course = Course(weights.astype(np.float64), turn.astype(np.float64), str(emotion) or None)
        takes.append(Filmed(tracks, course, *told.tolist()))
    return takes
