"""Units, shapes and plain words mean what a director means."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from emoface.direct.actions import ACTION_UNITS, Action, find_action
from emoface.face.layout import JAW_OPEN_RADIANS, MOTION_INDEX

_PLACE = importlib.util.spec_from_file_location("instructions", Path(__file__).with_name("instructions.py"))
assert _PLACE and _PLACE.loader
instructions = importlib.util.module_from_spec(_PLACE)
_PLACE.loader.exec_module(instructions)

TURNS = {"pitch": "neck_pose_x", "yaw": "neck_pose_y", "roll": "neck_pose_z"}
LEAST_RIGHT = 54


def fulfils(action: Action, wanted: list[str]) -> bool:
    for one in wanted:
        if one.startswith("cue:"):
            if action.cue != one[4:]:
                return False
        elif one.startswith("!"):
            if abs(action.weights.get(one[1:], 0.0)) > 0.05:
                return False
        elif one[-1] in "+-" and one[:-1] in TURNS:
            if action.weights.get(TURNS[one[:-1]], 0.0) * (1 if one[-1] == "+" else -1) < np.radians(3):
                return False
        elif abs(action.weights.get(one, 0.0)) < 0.05:
            return False
    return True


def understood(words: str, wanted: list[str]) -> bool:
    try:
        return fulfils(find_action(words), wanted)
    except ValueError:
        return False


def test_plain_words_do_what_they_say():
    rows = instructions.rows()
    wrong = [words for words, wanted in rows if not understood(words, wanted)]
    assert len(rows) == 60
    assert len(rows) - len(wrong) >= LEAST_RIGHT, wrong


@pytest.mark.parametrize("words", instructions.NAMING_NOTHING)
def test_words_that_name_nothing_are_refused(words):
    with pytest.raises(ValueError, match="there is no action"):
        find_action(words)


def test_numbers_count_or_are_shares():
    assert [find_action(words).count for words in ("blink 3", "nod 4 times", "nod twice", "sigh")] == [3, 4, 2, 1]
    full, half = (find_action(words).weights for words in ("smile", "smile 50%"))
    assert half == {channel: pytest.approx(0.5 * weight) for channel, weight in full.items()}
    for words in ("smile 3", "raise the brows 0.5"):  # who would know what that means?
        with pytest.raises(ValueError, match="there is no action"):
            find_action(words)


def test_units_have_sides_and_intensities():
    assert find_action("AU4").weights == {"browDownLeft": 1, "browDownRight": 1}
    assert find_action("au 12 L").weights == {"mouthSmileLeft": 1}
    assert find_action("RAU2B").weights == {"browOuterUpRight": 0.4}
    assert find_action("AU27").weights == {"jaw_pose_x": JAW_OPEN_RADIANS}
    assert find_action("AU45").cue == "blink"
    for number in ACTION_UNITS:
        assert find_action(f"AU{number}").target().any()


def test_shapes_are_named_like_arkit():
    assert find_action("browDown").weights == {"browDownLeft": 1, "browDownRight": 1}
    assert find_action("jawOpen").target()[MOTION_INDEX["jaw_pose_x"]] == np.float32(JAW_OPEN_RADIANS)
    assert set(find_action("mouthLeft").weights) == {"mouthLeft"}


@pytest.mark.parametrize(("words", "near"), [("browDwon", "browDown"), ("AU3", "2, 4"), ("mouthSmil", "mouthSmile")])
def test_the_nearest_names_are_offered(words, near):
    with pytest.raises(ValueError, match=near):
        find_action(words)
