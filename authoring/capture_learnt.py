"""What a fit means, learnt from faces whose motion is known: the data of ``emoface.capture.learnt``.

``python -m authoring.capture_learnt VOICE ...`` (extra ``capture``, and the landmark net) draws short takes of random
people in random light, turned by up to 30 degrees, who speak the voices with random emotions as the default checkpoint
has them or, in a third of the takes, change from one random face to the next. Each is fitted as a film of its own. With
w the fitted weights about their mean over the take and y the true ones about theirs, ``emoface/capture/learnt.npz`` is

    y_t = A_0 w_t + A_1 (w_t-1 + w_t+1) / 2 + A_2 (w_t-2 + w_t+2) / 2

by ridge regression on weights of unit variance, each take beside its mirror image. The file of today was made of 85
recordings of LJSpeech, FACEGOOD (2_01 to 05), the Berlin speakers 03 to 11 and GRID's first speaker.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np

import emoface
from emoface.capture import Tracks, fit, fitting
from emoface.capture.landmarker import FaceLandmarker
from emoface.capture.learnt import FILE, LEARNT, around
from emoface.capture.solving import FACE_CHANNELS, FITTED, Solver
from emoface.capture.tracker import tracker
from emoface.capture.tracks import SCORES
from emoface.evaluation.capture_fit import SIZE
from emoface.face.face import as_face
from emoface.face.layout import EXPRESSION_SIZE, FPS
from emoface.face.look import COLOURS
from emoface.face.open_head import open_head
from emoface.face_motion import FaceMotion
from emoface.files import atomic_path
from emoface.render.frames import render_frames
from emoface.render.lights import LIGHTS

from .capture import other_side, random_faces
from .capture_turns import PEOPLE

FRAMES, COUNT = 40, 80
MIXED = 1 / 3  # share of takes that speak no voice
CHANGE = 5  # frames from one random face to the next
CALM, CALM_FRAMES, CALM_LIKELY = 0.15, 8, 0.7  # what is left of a face that rests for some frames, and in which takes
TURN, TILT = np.radians(30.0), np.radians(6.0)
ZOOMS = (0.7, 1.0)
LOOKS = {"bald": (0, 0, 0, 0.5, 1), "beard": (0, 0, 0, 0.08, 0.3, 0.8), "hair_length": (0, 0, 0.85, 1)}
RIDGE = 300.0  # of features of unit variance
LEAST_ERROR = 0.01


@dataclass(frozen=True)
class Take:
    """A take of known motion: weights (T, 53) as fitted and as they were."""

    fitted: np.ndarray
    known: np.ndarray

    def mirrored(self) -> Take:
        """The same in a mirror."""
        return Take(*(turned_over(part) for part in (self.fitted, self.known)))


def turned_over(weights: np.ndarray) -> np.ndarray:
    """Weights (T, 53) of the same face in a mirror."""
    other = weights[:, [FACE_CHANNELS.index(other_side(name)) for name in FACE_CHANNELS]]
    other[:, EXPRESSION_SIZE + 1 :] *= -1
    return other


def random_person(rng: np.random.Generator) -> dict[str, float | str]:
    """An identity of the open head with a look."""
    person: dict[str, float | str] = {
        name: float(np.clip(PEOPLE * rng.normal(), -1, 1)) for name in open_head().identity_names
    }
    person.update({name: float(rng.choice(values)) for name, values in LOOKS.items()})
    person.update({name: str(rng.choice(list(colours))) for name, colours in COLOURS.items()})
    return person


def random_motion(rng: np.random.Generator, voices: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Weights (T, 53) and turn (T, 3) of a take: of a voice, or of random faces."""
    if rng.random() < MIXED:
        keys = random_faces(FRAMES // CHANGE + 6, int(rng.integers(1 << 30))).weights[4:]
        step, share = np.divmod(np.arange(FRAMES) / CHANGE, 1)
        share = (share * share * (3 - 2 * share))[:, None]
        weights = (1 - share) * keys[step.astype(int)] + share * keys[step.astype(int) + 1]
        if rng.random() < CALM_LIKELY:
            first = int(rng.integers(0, FRAMES - CALM_FRAMES))
            weights[first : first + CALM_FRAMES] *= CALM
        return weights, np.zeros((FRAMES, 3))
    while True:
        voice, emotion = voices[int(rng.integers(len(voices)))], str(rng.choice(list(emoface.EMOTIONS)))
        take = emoface.animate(voice, emotion=emotion, intensity=rng.uniform(0.3, 1.0), seed=int(rng.integers(1000)))
        if len(take) >= FRAMES:
            break
    start = int(rng.integers(0, len(take) - FRAMES + 1))
    part = slice(start, start + FRAMES)
    assert take.neck_pose is not None
    return np.concatenate([take.expression[part], take.jaw_pose[part]], 1), np.array(take.neck_pose[part])


def fitted(tracks: Tracks) -> np.ndarray:
    """Weights (T, 53) of a film as they are before anything that is learnt is read."""
    blind = mock.patch.object(Solver, "read_again", lambda self, displacement, told, cuts, takes, good, rows: rows)
    as_seen = mock.patch.object(fitting, "with_felt_brows", lambda rows, good, felt: rows)
    with blind, as_seen:
        motion = fit(tracks, rest="felt").motion
    return np.concatenate([motion.expression, motion.jaw_pose], 1).astype(np.float64)


def draw(count: int, voices: Sequence[Path], seed: int, model: Path | None) -> list[Take]:
    """Takes of random people; those that the net does not see in every frame are left out."""
    rng, net, takes = np.random.default_rng(seed), FaceLandmarker(model), []
    for _ in range(count):
        weights, turn = random_motion(rng, voices)
        turn = turn + [TILT * rng.normal(), rng.uniform(-TURN, TURN), TILT * rng.normal()]
        motion = FaceMotion(
            weights[:, :EXPRESSION_SIZE].astype(np.float32), weights[:, EXPRESSION_SIZE:].astype(np.float32), FPS,
            neck_pose=turn.astype(np.float32),
        )  # fmt: skip
        face = as_face(None, random_person(rng))
        pictures = render_frames(
            motion, face, size=SIZE, zoom=rng.uniform(*ZOOMS), lights=str(rng.choice(list(LIGHTS))), threads=1
        )
        net.forget()
        seen = [net.faces(picture, round(1000 * number / FPS)) for number, picture in enumerate(pictures)]
        if not all(seen):
            continue
        points = np.array([faces[0].points[tracker().index] for faces in seen])
        scores = np.array([[faces[0].scores[name] for name in SCORES] for faces in seen])
        takes.append(Take(fitted(Tracks(points, FPS, scores=scores, smoothed=False)), weights.astype(np.float64)))
    return takes


def learn(takes: Sequence[Take]) -> dict[str, np.ndarray]:
    """The arrays of the file: ``weights`` (3 F, C) for features as of ``around`` and ``errors`` (C,) of ``LEARNT``."""
    used, wanted = ([FACE_CHANNELS.index(name) for name in names] for names in (FITTED, LEARNT))
    both = [one for take in takes for one in (take, take.mirrored())]
    features = [around(take.fitted[:, used]) for take in both]
    x = np.concatenate([one - one.mean(0) for one in features])
    y = np.concatenate([take.known[:, wanted] - take.known[:, wanted].mean(0) for take in both])
    size = x.std(0) + 1e-6
    unit = x / size
    weights = np.linalg.solve(unit.T @ unit + RIDGE * np.eye(unit.shape[1]), unit.T @ y)
    errors = np.maximum((y - unit @ weights).std(0), LEAST_ERROR)
    return {"weights": (weights / size[:, None]).astype(np.float32), "errors": errors.astype(np.float32)}


def main() -> None:
    """Draw, fit, learn and write."""
    parser = argparse.ArgumentParser(prog="python -m authoring.capture_learnt", description=__doc__)
    parser.add_argument("voices", nargs="+", type=Path, help="recordings")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--model", type=Path, help="the landmark net")
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    takes = draw(asked.count, asked.voices, asked.seed, asked.model)
    arrays = learn(takes)
    with atomic_path(asked.out) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    errors = ", ".join(f"{name} {error:.3f}" for name, error in zip(LEARNT, arrays["errors"]))
    print(f"{asked.out}: {len(takes)} takes; errors {errors}")


if __name__ == "__main__":
    main()
