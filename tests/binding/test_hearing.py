"""The face that goes with a voice: abstention, its order, and what a voice may never do to a face."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoface.binding.emotions import DEFAULT_LEVEL, EMOTIONS
from emoface.binding.hearing import CALM, FAINT, MANNERS, SILENCE, Heard

SHARES = st.lists(st.floats(0.01, 1), min_size=len(EMOTIONS), max_size=len(EMOTIONS)).map(
    lambda weights: dict(zip(EMOTIONS, np.array(weights) / sum(weights), strict=True))
)


def heard(arousal: float, **shares: float) -> Heard:
    return Heard(arousal, {"neutral": 1 - sum(shares.values()), **shares})


@given(st.floats(0, 1), SHARES)
def test_no_voice_makes_a_face_surprised_or_contemptuous(arousal: float, shares: Mapping[str, float]) -> None:
    told = Heard(arousal, shares)
    for name, level in (told.shown(), told.named()):
        assert name in ("neutral", *MANNERS) and 0 <= level <= 3


@given(st.floats(0, 1), SHARES)
def test_levels_stay_within_what_was_promised(arousal: float, shares: Mapping[str, float]) -> None:
    name, level = Heard(arousal, shares).shown()
    assert level <= DEFAULT_LEVEL + 1e-6 and (name != "neutral" or level == 0)
    name, level = Heard(arousal, shares).named()
    assert level == 0 if name == "neutral" else level >= 1


@pytest.mark.parametrize("name", MANNERS)
def test_the_face_is_strong_where_the_voice_is_sure_and_carries_the_emotion(name: str) -> None:
    manner = MANNERS[name]
    assert heard(manner.full, **{name: 0.97}).shown() == (name, pytest.approx(DEFAULT_LEVEL))
    assert heard(manner.calm, **{name: 0.97}).shown() == (name, 0)  # as calm a voice as any
    middle = heard((manner.calm + manner.full) / 2, **{name: 0.97}).shown()
    assert middle == (name, pytest.approx(DEFAULT_LEVEL / 2))


@pytest.mark.parametrize("name", MANNERS)
def test_in_doubt_the_face_is_close_to_calm_and_follows_the_arousal(name: str) -> None:
    manner = MANNERS[name]
    share = 0.5 + manner.doubt / 2
    levels = [heard(a, **{name: share}).shown()[1] for a in np.linspace(manner.calm, manner.full, 9)]
    assert levels == pytest.approx(list(np.linspace(0, FAINT, 9)))
    assert heard(manner.full, **{name: 0.5 + 1e-9}).shown()[1] < 1e-6  # a toss-up: calm


@pytest.mark.parametrize("name", MANNERS)
def test_the_level_grows_with_certainty_without_a_jump(name: str) -> None:
    levels = np.array([heard(MANNERS[name].full, **{name: share}).shown()[1] for share in np.linspace(0, 1, 2001)])
    steps = np.diff(levels)
    assert steps.min() >= 0 and steps.max() < 0.02 and levels[0] == 0


def test_joy_and_anger_that_cannot_be_told_apart_leave_the_face_calm() -> None:
    assert heard(0.9, happy=0.46, angry=0.44).shown()[1] < 0.05
    assert heard(0.9, happy=0.44, angry=0.46).shown()[1] < 0.1


def test_fear_and_disgust_need_more_than_all_others_together() -> None:
    assert heard(0.9, fear=0.4, angry=0.35).named()[0] == "angry"
    assert heard(0.5, disgusted=0.45, happy=0.3).named()[0] == "happy"
    assert heard(0.9, fear=0.8, angry=0.1).named() == ("fear", 3)


def test_what_is_heard_is_blended() -> None:
    both = heard(1.0, angry=1.0).blend(SILENCE, 0.5)
    assert both.arousal == (1 + CALM) / 2 and both.shares["angry"] == both.shares["neutral"] == 0.5
    assert sum(both.shares.values()) == pytest.approx(1)
