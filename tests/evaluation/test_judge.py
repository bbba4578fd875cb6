"""The judge of emotion: what it sees, that it names the rules' emotions, and that its command makes it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.evaluation.judge import functionals, load_judge, pretend, train_judge
from emoface.face.layout import MOTION_INDEX
from emoface.metrics.similarity import judge_similarity


def test_functionals_are_mean_quantiles_and_deviation() -> None:
    motion = np.zeros((4, 53))
    motion[:, MOTION_INDEX["eyeBlinkLeft"]] = [0.0, 0.2, 0.4, 0.6]  # the first ARKit shape
    seen = functionals(motion)
    assert seen.shape == (208,)
    assert seen[::52] == pytest.approx([0.3, 0.09, 0.51, np.std([0.0, 0.2, 0.4, 0.6])])
    with pytest.raises(ValueError, match="at least 1"):
        functionals(motion[:0])


def test_the_judge_names_emotions_it_has_not_seen() -> None:
    judge, rng = load_judge(), np.random.default_rng(99)
    takes = [(emotion, pretend(emotion, rng)) for emotion in EMOTIONS for _ in range(4)]
    assert np.mean([judge.name(motion) == emotion for emotion, motion in takes]) > 0.9
    assert judge.name(np.zeros((10, 53))) == "neutral"
    a, b = (np.stack([judge.features(pretend(emotion, rng)) for emotion in EMOTIONS]) for _ in range(2))
    assert judge_similarity(a, b) > 0.7 and judge_similarity(a, np.roll(b, 1, 0)) < 0.3


def test_training_is_repeatable_and_depends_on_the_seed() -> None:
    one, same, other = (train_judge(seed, takes=3, steps=5) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.inner, same.inner)
    assert np.abs(one.inner - other.inner).max() > 0.01


def test_a_file_that_is_no_judge_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", mean=np.zeros(3))
    with pytest.raises(ValueError, match=r"must hold \['centre'"):
        load_judge(tmp_path / "other.npz")
