"""What a fit means: motion that is blind to levels, both sides alike, what lasts, and how it is learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from authoring.capture_learnt import (
    Lessons,
    Schooling,
    Take,
    level_lessons,
    mirror_of,
    motion_lessons,
    motion_modes,
    teach,
)
from authoring.capture_lessons import Course, Filmed, kept
from emoface.capture import Tracks
from emoface.capture.felt import Felt, is_held
from emoface.capture.fitting import as_it_lasts
from emoface.capture.learnt import (
    FACE_CHANNELS,
    FEELINGS,
    LEARNT,
    REACH,
    Followed,
    Glance,
    Lasting,
    Net,
    around,
    learnt,
    level_of,
    motion_of,
    turned_over,
)
from emoface.capture.solving import UNSEEN
from emoface.capture.tracker import tracker
from emoface.capture.tracks import SCORES

PUCKER, JAW = (FACE_CHANNELS.index(name) for name in ("mouthPucker", "jaw_pose_x"))


def random_fit(seed: int, frames: int = 60) -> Followed:
    """Weights, turns and landmarks that change from frame to frame."""
    rng = np.random.default_rng(seed)
    weights = 0.15 * rng.normal(size=(frames, len(FACE_CHANNELS)))
    weights[:, [name in UNSEEN for name in FACE_CHANNELS]] = 0
    sinks = rng.normal(size=(frames, 1, 1)) * [0, 1]
    landmarks = sinks + 0.1 * rng.normal(size=(frames, len(tracker().index), 2))
    return Followed(weights, 0.05 * rng.normal(size=(frames, 3)), landmarks)


def random_glance(seed: int, frames: int = 60) -> Glance:
    rng = np.random.default_rng(seed)
    calm, usual = (tracker().neutral + rng.normal(size=tracker().neutral.shape) * [1, 1, 0] for _ in range(2))
    felt = 0.2 * rng.random(len(FACE_CHANNELS))
    rows, turn, _ = random_fit(seed, frames)
    return Glance(rows, felt, {"sad": 0.7, "neutral": 0.3}, turn[0], calm, usual)


def test_motion_is_about_the_mean_of_a_take_and_says_nothing_of_a_still_face() -> None:
    take = random_fit(1)
    moved = motion_of(take)
    assert np.allclose(moved.weights.mean(0), 0) and np.allclose(moved.turn.mean(0), 0)
    assert moved.weights[:, PUCKER].std() > 0.01
    still = motion_of(Followed(*(np.repeat(part[:1], 9, 0) for part in take)))
    assert np.allclose(still.weights, 0) and np.allclose(still.turn, 0)


def test_ends_are_held() -> None:
    seen = around(np.arange(12.0)[:, None])
    assert seen.shape == (12, 1 + REACH)
    assert seen[5].tolist() == [5] * (1 + REACH) and seen[0].tolist() == [k / 2 for k in range(1 + REACH)]
    assert seen[-1, :3].tolist() == [11, 10.5, 10]


def test_a_mirrored_face_moves_the_other_side() -> None:
    take, mirror = random_fit(2), learnt().mirror
    moved, other = motion_of(take), motion_of(take.mirrored(mirror))
    assert np.allclose(turned_over(moved.weights), other.weights)
    assert np.allclose(moved.turn * [1, -1, -1], other.turn)
    glance = random_glance(3)
    lasts, turned = level_of(glance), level_of(glance.mirrored(mirror))
    assert np.allclose(turned_over(lasts.weights), turned.weights) and lasts.likely == pytest.approx(turned.likely)


def test_the_bundled_networks_are_finite_small_and_sure_of_something() -> None:
    stored = learnt()
    assert stored.errors.shape == (len(LEARNT),) and ((stored.errors >= 0.01) & (stored.errors < 0.15)).all()
    assert sorted(stored.mirror) == list(range(len(tracker().index)))
    assert np.array_equal(stored.mirror[stored.mirror], np.arange(len(stored.mirror)))
    wild = random_glance(4)
    rows = np.full_like(wild.rows, 9.0)
    found = level_of(Glance(rows, wild.felt, {}, wild.turn, 3 * wild.calm, wild.usual))
    assert np.isfinite(found.weights).all() and np.abs(found.weights - 9).max() < 4  # nothing is added without end
    assert sum(found.likely.values()) == pytest.approx(1)


def learnt_by(lessons: Lessons, rounds: int, named: bool = False) -> np.ndarray:
    """(N, C): what a network that was taught says of what it was taught by."""
    return Net(**teach(lessons, Schooling(48, 2, rounds), named))(lessons.features)


def test_a_relation_between_fits_landmarks_and_motion_is_learnt() -> None:
    takes = []
    for seed in range(40):
        fit = random_fit(seed)
        known = np.zeros_like(fit.rows)
        known[:, PUCKER] = 0.4 + 0.5 * fit.rows[:, PUCKER] - fit.rows[:, JAW] + 0.1 * fit.landmarks[..., 1].mean(1)
        glances = (random_glance(seed), random_glance(seed, 1))
        takes.append(Take(fit, glances, Course(known, np.zeros_like(fit.turn), None), 3, seed))
    lessons = motion_lessons(takes, motion_modes(takes))
    seen = lessons.features[:, PUCKER]
    wanted, told = (more[:, PUCKER] + seen for more in (lessons.goals, learnt_by(lessons, 20)))
    assert np.corrcoef(told, wanted)[0, 1] > 0.98 and np.corrcoef(seen, wanted)[0, 1] < 0.6


def test_what_lasts_is_learnt_of_films_and_of_their_pictures_and_emotions_are_named() -> None:
    takes = []
    for number in range(120):
        fit = random_fit(number, 30)
        emotion = FEELINGS[number % 2]
        known = np.zeros_like(fit.rows)
        known[:, JAW] = 0.1 * (number % 2) + np.linspace(0, 0.1, 30)
        glances = [random_glance(number, 30), random_glance(number, 1)]
        for glance in glances:
            glance.rows[:, PUCKER] += number % 2
        takes.append(Take(fit, (glances[0], glances[1]), Course(known, fit.turn, emotion), 29, number))
    lessons, told = level_lessons(takes)
    assert len(lessons.features) == 4 * len(takes) and told["shapes"].shape[1] == len(told["shapes_mean"])
    said = learnt_by(lessons, 40, named=True)
    assert said.shape[1] == len(FACE_CHANNELS) + len(FEELINGS)
    film, picture = (said[start::4] for start in (0, 2))
    for one, glance in ((film, 0), (picture, 1)):
        one[:, : len(FACE_CHANNELS)] += [take.glances[glance].rows.mean(0) for take in takes]
    assert film[1::2, JAW].mean() - film[0::2, JAW].mean() == pytest.approx(0.1, abs=0.03)
    assert (picture[:, JAW] - film[:, JAW]).mean() == pytest.approx(0.05, abs=0.02)
    assert (film[:, len(FACE_CHANNELS) :].argmax(1) == np.arange(len(takes)) % 2).mean() > 0.95


def test_takes_that_are_kept_are_not_made_again(tmp_path: Path) -> None:
    made = []

    def make(number: int) -> list[Filmed]:
        made.append(number)
        rng = np.random.default_rng(number)
        points, scores = rng.normal(size=(3, len(tracker().index), 3)), rng.random((3, len(SCORES)))
        course = Course(rng.random((3, len(FACE_CHANNELS))), rng.random((3, 3)), "sad" if number else None)
        return [Filmed(Tracks(points, scores=scores, smoothed=False), course, 2, number)] * number

    first, later = (list(kept(tmp_path, "drawn", range(count), make)) for count in (2, 3))
    assert made == [0, 1, 2] and len(first) == 1 and len(later) == 3
    one, again = first[0], later[0]
    assert np.allclose(one.tracks.landmarks, again.tracks.landmarks, atol=1e-6) and not again.tracks.smoothed
    assert np.allclose(one.course.weights, again.course.weights) and np.allclose(one.course.turn, again.course.turn)
    assert again.tracks.scores is not None and np.allclose(one.tracks.scores, again.tracks.scores, atol=1e-6)
    assert (again.course.emotion, again.pictured, again.person) == ("sad", 2, 1)


def test_landmarks_have_counterparts() -> None:
    mirror = mirror_of(tracker().neutral)
    left, right = tracker().at((61, 291))
    assert mirror[left] == right and mirror[right] == left


def test_a_feeling_is_a_mixture_of_emotions_as_strong_as_what_was_learnt() -> None:
    seen, person = tracker(), np.ones(3, np.float32)
    held = np.array([is_held(name) for name in FACE_CHANNELS])
    shapes = {
        name: held * seen.feelings[[one == name for one in seen.feeling_names]].mean(0) for name in ("happy", "sad")
    }
    nothing = Felt(np.zeros(len(FACE_CHANNELS)), person, {"sad": 1.0})
    found = as_it_lasts(nothing, Lasting(0.6 * shapes["happy"], {"happy": 1.0}))
    assert found.likely == {"happy": 1.0} and found.identity is person
    assert np.allclose(found.weights, 0.6 * shapes["happy"]) and found.weights.max() > 0.3
    both = as_it_lasts(nothing, Lasting(np.ones(len(FACE_CHANNELS)), {"happy": 0.5, "sad": 0.5}))
    assert np.allclose(both.weights, (shapes["happy"] + shapes["sad"]) / 2)  # never stronger than the emotions are
    assert not as_it_lasts(nothing, Lasting(-shapes["sad"], {"sad": 1.0})).weights.any()
