"""Timelines and mixtures as text."""

from __future__ import annotations

import argparse
import re

import pytest

from emoface.cli.arguments import parse_identity, parse_rate, parse_timeline, parse_weights


def test_timeline_of_sentences_with_commas() -> None:
    text = "0: he is glad, and shows it ,2.5:a note: at 3, sad@1"
    assert parse_timeline(text) == [(0.0, "he is glad, and shows it"), (2.5, ("a note: at 3, sad", 1.0))]
    assert parse_timeline("0:happy,x") == [(0.0, "happy,x")]


@pytest.mark.parametrize("text", ["", "happy", "0:", ":happy", "1.2.3:happy", "0:happy@.", "0:a,1:"])
def test_bad_timelines(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        parse_timeline(text)


@pytest.mark.parametrize("text", ["", "happy", "=1", "happy=", "happy=x", "happy=1,", "happy=1,happy=2"])
def test_bad_mixtures(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_weights(text)


def test_rates() -> None:
    assert [parse_rate(text) for text in ("25", "29.97", "30000/1001", "0")] == [25, 30000 / 1001, 30000 / 1001, 0]
    for text in ("", "fast", "30/0", "1/2/3"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a number"):
            parse_rate(text)


def test_an_identity_is_numbers_and_words_and_may_begin_with_a_person():
    from emoface.face.presets import PEOPLE

    assert parse_identity("nose_width=.5, beard=short,eye_colour=#406080") == {
        "nose_width": 0.5, "beard": "short", "eye_colour": "#406080",
    }  # fmt: skip
    assert parse_identity("gus") == PEOPLE["gus"]
    assert parse_identity("gus,beard=none,age=0") == {**PEOPLE["gus"], "beard": "none", "age": 0.0}
    for text, words in (
        ("nobody", "expected NAME=VALUE,... or one of ada, "), ("", "expected NAME=VALUE"), ("a=1,b", "expected NAME="),
        ("a=1,a=2", "names a twice"), ("a=", "expected NAME=VALUE"), ("gus,ada", "expected NAME=VALUE"),
    ):  # fmt: skip
        with pytest.raises(argparse.ArgumentTypeError, match=re.escape(words)):
            parse_identity(text)
