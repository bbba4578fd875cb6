"""Emotion figures on cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.emotion import (
    ANATOMY,
    anatomically_right,
    anatomy,
    displacement,
    linearity_error,
    nearest_prototype,
    rising,
    strength,
)


def test_displacement_is_the_mean_difference() -> None:
    motion, neutral = np.array([[1.0, 5.0], [3.0, 5.0]]), np.array([[0.0, 5.0], [0.0, 1.0]])
    assert displacement(motion, neutral).tolist() == [2.0, 2.0]
    with pytest.raises(ValueError, match="same shape"):
        displacement(motion, neutral[:1])


def test_nearest_prototype() -> None:
    prototypes = {("happy", 1): np.array([1.0, 0]), ("happy", 3): np.array([3.0, 0]), ("sad", 1): np.array([0, 1.0])}
    assert nearest_prototype(np.array([2.1, 0.5]), prototypes) == ("happy", 3)
    assert nearest_prototype(np.array([0.1, 0.9]), prototypes) == ("sad", 1)
    with pytest.raises(ValueError, match="at least one"):
        nearest_prototype(np.zeros(2), {})


def test_strength_is_the_share_of_the_prototype() -> None:
    assert strength(np.array([1.0, 7.0]), np.array([2.0, 0.0])) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="zero"):
        strength(np.ones(2), np.zeros(2))


def test_linearity_error() -> None:
    assert linearity_error([0.5, 1, 2], [0.4, 0.8, 1.6]) == pytest.approx(0)
    assert linearity_error([0.5, 1, 2], [0.5, 1.0, 1.5]) == pytest.approx(0.25)
    with pytest.raises(ValueError, match="hold 1"):
        linearity_error([0.5, 2], [1, 2])


def test_rising() -> None:
    assert rising([1, 2, 3]) and not rising([1, 2, 2]) and rising([1, 2, 1.95], slack=0.1)


@pytest.mark.parametrize("emotion", ANATOMY)
def test_anatomy_accepts_what_it_expects_and_refuses_the_opposite(emotion: str) -> None:
    moved = np.zeros(52)
    for entry in ANATOMY[emotion]:
        for name in (entry[1:], entry[1:] + "Left", *([] if entry[0] == "~" else [entry[1:] + "Right"])):
            if name in ARKIT_INDEX:
                moved[ARKIT_INDEX[name]] = 0.3
    assert list(anatomy(moved, emotion).values()) == pytest.approx([0.3] * len(ANATOMY[emotion]))
    assert anatomically_right(moved, emotion)
    assert not anatomically_right(np.zeros(52), emotion)


def test_a_symmetrical_smile_is_no_contempt() -> None:
    moved = np.zeros(52)
    for name in ("mouthSmileLeft", "mouthSmileRight", "mouthDimpleLeft", "mouthDimpleRight"):
        moved[ARKIT_INDEX[name]] = 0.5
    assert not anatomically_right(moved, "contempt")


def test_unknown_emotion() -> None:
    with pytest.raises(ValueError, match="happy"):
        anatomy(np.zeros(52), "joyful")
