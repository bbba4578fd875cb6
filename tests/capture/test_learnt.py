"""What a fit means: the regression is blind to levels, treats both sides alike, and is learnt from known motion."""

from __future__ import annotations

import numpy as np

from authoring.capture_learnt import Take, learn, turned_over
from emoface.capture.felt import Felt
from emoface.capture.fitting import FELT_SHARE, with_felt_brows
from emoface.capture.learnt import LEARNT, around, learnt, motion_of
from emoface.capture.solving import FACE_CHANNELS, FITTED

USED, WANTED = ([FACE_CHANNELS.index(name) for name in names] for names in (FITTED, LEARNT))


def random_fit(seed: int, frames: int = 60) -> np.ndarray:
    """(T, 53): weights that change from frame to frame."""
    weights = np.zeros((frames, len(FACE_CHANNELS)))
    weights[:, USED] = 0.2 * np.random.default_rng(seed).normal(size=(frames, len(USED)))
    return weights


def test_what_lasts_all_through_a_take_moves_nothing() -> None:
    fitted = random_fit(1)[:, USED]
    assert np.allclose(motion_of(fitted + 0.3), motion_of(fitted))
    assert np.allclose(motion_of(np.full((5, len(USED)), 0.2)), 0)


def test_ends_are_held() -> None:
    rows = np.arange(4.0)[:, None]
    assert around(rows).tolist() == [[0, 0.5, 1], [1, 1, 1.5], [2, 2, 1.5], [3, 2.5, 2]]


def test_a_mirrored_face_moves_the_other_side() -> None:
    weights = random_fit(2)
    motion, other = np.zeros_like(weights), np.zeros_like(weights)
    motion[:, WANTED], other[:, WANTED] = motion_of(weights[:, USED]), motion_of(turned_over(weights)[:, USED])
    assert np.abs(motion).max() > 0.05
    assert np.allclose(turned_over(motion), other, atol=1e-3)


def test_the_bundled_regression_is_small_and_sure_of_something() -> None:
    stored = learnt()
    assert stored.weights.shape == (3 * len(FITTED), len(LEARNT)) and np.isfinite(stored.weights).all()
    assert ((stored.errors > 0.01) & (stored.errors < 0.15)).all()


def test_a_relation_between_fits_and_motion_is_learnt() -> None:
    takes = []
    for seed in range(40):
        fitted, known = random_fit(seed), np.zeros((60, len(FACE_CHANNELS)))
        pucker = FACE_CHANNELS.index("mouthPucker")
        before, after = (np.roll(fitted[:, pucker], step) for step in (1, -1))
        known[:, pucker] = 0.4 + 0.5 * fitted[:, pucker] + 0.25 * (before + after)
        takes.append(Take(fitted, known))
    weights = learn(takes)["weights"][:, LEARNT.index("mouthPucker")].reshape(3, len(FITTED))
    place = FITTED.index("mouthPucker")
    assert np.allclose(weights[:, place], [0.5, 0.5, 0], atol=0.05)
    assert np.abs(np.delete(weights, place, 1)).max() < 0.05


def test_brows_are_as_low_as_the_feeling_has_them_and_move_as_they_were_seen() -> None:
    rows, good = np.zeros((10, len(FACE_CHANNELS))), np.arange(10) < 8
    brow, smile = (FACE_CHANNELS.index(name) for name in ("browDownLeft", "mouthSmileLeft"))
    rows[:, brow], rows[:, smile] = 0.2 + 0.01 * np.arange(10), 0.1
    held = np.zeros(len(FACE_CHANNELS))
    held[[brow, smile]] = 0.6
    found = with_felt_brows(rows, good, Felt(held, np.zeros(3, np.float32), {}))
    mean = rows[good, brow].mean()
    assert np.isclose(found[good, brow].mean(), mean + FELT_SHARE * (0.6 - mean))
    assert np.allclose(np.diff(found[:, brow]), 0.01) and np.array_equal(found[:, smile], rows[:, smile])
