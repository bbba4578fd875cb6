"""Checks of arguments: what is accepted comes back as Python's own, the rest is refused by name."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emoface import checks


@pytest.mark.parametrize("value", [2, 2.0, np.float16(2), np.float32(2), np.float64(2), np.int8(2), np.uint64(2)])
def test_numbers_come_back_as_floats(value: Any) -> None:
    found = checks.number("level", value, 0, 3)
    assert found == 2 and type(found) is float


@pytest.mark.parametrize("value", [True, np.True_, "2", None, [2], np.array(2.0), torch.tensor(2.0), 2j])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(TypeError, match=f"^level must be a number, got {type(value).__name__}$"):
        checks.number("level", value)
    with pytest.raises(TypeError, match=f"^level must be an integer, got {type(value).__name__}$"):
        checks.whole("level", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400])
def test_numbers_are_finite(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^level must be finite, got "):
        checks.number("level", value)


@pytest.mark.parametrize(
    ("limits", "value", "words"),
    [
        ({"low": 0, "high": 2.5}, 2.6, "in 0..2.5"),
        ({"low": 4000, "high": 192000, "note": "Hz"}, 3999, "in 4000..192000 Hz"),
        ({"low": 0}, -1, "at least 0 and finite"),
        ({"above": 0}, 0, "positive and finite"),
        ({"above": 0, "high": 1000}, 1001, "positive and finite, at most 1000"),
        ({"above": 1}, 1, "above 1 and finite"),
        ({"high": 3}, 4, "finite, at most 3"),
    ],
)
def test_the_words_for_a_range(limits: dict[str, Any], value: float, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        checks.number("level", value, **limits)
    assert str(caught.value) == f"level must be {words}, got {value}"


def test_the_ends_of_a_range_belong_to_it() -> None:
    assert checks.number("level", 0, 0, 3) == 0 and checks.number("level", Fraction(3), 0, 3) == 3.0
    assert checks.whole("seed", np.int64(2**31 - 1), 0, 2**31 - 1) == 2**31 - 1


def test_whole_numbers() -> None:
    found = checks.whole("steps", np.uint8(4), 1, 500)
    assert found == 4 and type(found) is int
    with pytest.raises(TypeError, match=r"^steps must be an integer, got float$"):
        checks.whole("steps", 4.0)
    with pytest.raises(ValueError, match=r"^steps must be in 1\.\.500, got 501$"):
        checks.whole("steps", 501, 1, 500)
    with pytest.raises(ValueError, match=r"^threads must be at least 1, got 0$"):
        checks.whole("threads", 0, 1)
    with pytest.raises(ValueError, match=r"^seed must be in 0\.\.2147483647, got 2147483648$"):
        checks.whole("seed", 2**31, 0, 2**31 - 1)


def test_switches() -> None:
    assert checks.switch("blink", np.True_) is True and checks.switch("blink", False) is False
    for value in (1, 0, None, "yes", np.int64(1)):
        with pytest.raises(TypeError, match=r"^blink must be True or False, got "):
            checks.switch("blink", value)


def test_strings_and_choices() -> None:
    assert type(checks.text("title", np.str_("a"))) is str
    with pytest.raises(TypeError, match=r"^title must be a string, got int$"):
        checks.text("title", 1)
    assert type(checks.choice("dtype", np.str_("auto"), ("auto", "int8"))) is str
    with pytest.raises(ValueError, match=r"^dtype must be one of auto, int8, got 'int4'$"):
        checks.choice("dtype", "int4", ("auto", "int8"))
    with pytest.raises(TypeError, match=r"^dtype must be a string, got int$"):
        checks.choice("dtype", 8, ("auto", "int8"))


def test_paths() -> None:
    assert checks.path("out", "a/b.npz") == checks.path("out", Path("a/b.npz")) == Path("a/b.npz")
    with pytest.raises(TypeError, match=r"^out must be a path, got int$"):
        checks.path("out", 3)


def test_unknown_keys_name_the_nearest() -> None:
    checks.keys("controls", {"mirror": True}, ("mirror", "symmetry"))
    with pytest.raises(ValueError, match=r"^controls has no 'simmetry'; did you mean 'symmetry'\?$"):
        checks.keys("controls", {"simmetry": 1}, ("mirror", "symmetry"))
    with pytest.raises(ValueError, match=r"^controls has no 'x'; known are mirror, symmetry$"):
        checks.keys("controls", {"x": 1}, ("mirror", "symmetry"))
    with pytest.raises(TypeError, match=r"^controls must be an object, got list$"):
        checks.keys("controls", [], ("mirror",))


def test_arrays_say_where_they_are_not_finite() -> None:
    values = np.zeros((4, 3))
    assert checks.finite("curves", values) is values
    values[2, 1] = math.inf
    with pytest.raises(ValueError, match=r"^curves must be finite, got inf at \[2, 1\]$"):
        checks.finite("curves", values)
    with pytest.raises(ValueError, match=r"^curves must be finite, it is not in frame 12$"):
        checks.finite("curves", values, "frame", 10)
    with pytest.raises(ValueError, match=r"^offset must be finite, got nan$"):
        checks.finite("offset", np.array(math.nan))
