"""The forms of an emotion: in Python, with numpy's scalars, as JSON, in words, and in every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import emoface
from emoface.emotion_forms import MOST_ENTRIES, EmotionReference, check_emotion, from_json, to_json, told, words
from emoface.export.caption import caption, emotion_text

FORMS: dict[str, tuple[Any, Any, Any, str]] = {
    "label": ("happy", "happy", "happy", "happy"),
    "synonym": ("Joy", "Joy", "Joy", "Joy"),
    "numpy's string": (np.str_("happy"), "happy", "happy", "happy"),
    "level": (("sad", 2), ("sad", 2.0), ["sad", 2.0], "sad, level 2"),
    "float32 level": ((np.str_("sad"), np.float32(2.5)), ("sad", 2.5), ["sad", 2.5], "sad, level 2.5"),
    "int64 level": (("sad", np.int64(2)), ("sad", 2.0), ["sad", 2.0], "sad, level 2"),
    "sentence": ("a man feels sad", "a man feels sad", "a man feels sad", "a man feels sad"),
    "mixture": (
        {np.str_("happy"): np.float32(0.5), "sad": np.int64(1)}, {"happy": 0.5, "sad": 1.0}, {"happy": 0.5, "sad": 1.0},
        "happy 50%, sad 100%",
    ),
    "mixture with levels": (
        {("happy", np.int8(3)): 0.5}, {("happy", 3.0): 0.5}, {"happy@3": 0.5}, "happy, level 3 50%",
    ),
    "timeline": (
        [(np.float32(0), "neutral"), [1.5, ("happy", np.float64(3))], (np.int32(3), {"sad": 1})],
        [(0.0, "neutral"), (1.5, ("happy", 3.0)), (3.0, {"sad": 1.0})],
        [[0.0, "neutral"], [1.5, ["happy", 3.0]], [3.0, {"sad": 1.0}]],
        "neutral from 0 s, then happy, level 3 from 1.5 s, then sad 100% from 3 s",
    ),
    "tuple of pairs": (((0, "sad"), (1, "happy")), [(0.0, "sad"), (1.0, "happy")], [[0.0, "sad"], [1.0, "happy"]],
                       "sad from 0 s, then happy from 1 s"),
}  # fmt: skip


def plain(value: Any) -> Any:
    """The types of a value and of all that is in it."""
    if isinstance(value, dict):
        return [(plain(key), plain(one)) for key, one in value.items()]
    return [type(value), *map(plain, value)] if isinstance(value, (list, tuple)) else type(value)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_in_python_json_and_words(form: str) -> None:
    given, checked, as_json, in_words = FORMS[form]
    found = check_emotion(given)
    assert found == checked and plain(found) == plain(checked)
    assert told(found) == to_json(found) == as_json and plain(told(found)) == plain(as_json)
    assert from_json(json.loads(json.dumps(as_json))) == checked
    assert words(found) == emotion_text(as_json) == in_words
    assert check_emotion(found) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("happy=0.5,sad=0.5", "mixture.*--mix"), ("joy@2 = 1", "mixture"),
        ("0:neutral,1.5:happy", "timeline.*--timeline"),
        ("sad@2", "label with its level.*--level"), ("sad:2", "label with its level"),
    ],
)  # fmt: skip
def test_other_forms_written_as_text_are_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_emotion(text)


def test_what_was_not_told() -> None:
    assert check_emotion(None) is None and to_json(None) is None and from_json(None) is None
    assert told(None) == "heard in the voice" == emotion_text(told(None))


@pytest.mark.parametrize("emotion", [EmotionReference("audio", None), EmotionReference("motion", None), torch.ones(8)])
def test_examples_and_embeddings_have_no_json(emotion: Any) -> None:
    assert check_emotion(emotion) is emotion
    source = getattr(emotion, "modality", "embedding")
    assert told([(0.0, emotion)]) == [[0.0, f"from {source}"]] and words(emotion) == f"from {source}"
    for value in (emotion, [(0.0, "happy"), (1.0, emotion)]):
        with pytest.raises(TypeError, match=f"emotion from {source} has no JSON"):
            to_json(value)


@pytest.mark.parametrize(
    ("emotion", "error", "message"),
    [
        (("sad", np.True_), TypeError, "emotion level must be a number, got bool"),
        (("sad", np.float32("nan")), ValueError, "emotion level must be in 0..3"),
        ([(np.True_, "sad")], TypeError, "seconds of emotion timeline entry 0 must be a number, got bool"),
        ({"sad": np.True_}, TypeError, "weight of 'sad' must be a number, got bool"),
        ({("sad", 9): 1}, ValueError, "emotion level must be in 0..3"),
        (np.array(["sad"]), TypeError, "emotion must be a label .* got ndarray"),
        (np.float32(2), TypeError, "emotion must be a label .* got float32"),
        ((), TypeError, "label must be a name or"),
        ([(0, "sad"), (1, ((0, "sad"),))], TypeError, "entry 1 must name an emotion"),
    ],
)
def test_bad_forms(emotion: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_emotion(emotion)


@pytest.mark.parametrize(
    "value", [3, True, [], [1, 2], [["now", "sad"]], ["sad"], ["sad", 1, 2], {"sad@x": 1}, {}, "hapy"]
)
def test_bad_json(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_json(value)


@pytest.mark.parametrize(
    "form", ["numpy's string", "float32 level", "int64 level", "mixture", "mixture with levels", "timeline"]
)
def test_numpys_scalars_in_every_file(form: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    given, checked, as_json, in_words = FORMS[form]
    voice = (0.1 * np.sin(np.arange(4000) * 0.05)).astype(np.float32)
    options: dict[str, Any] = {"sample_rate": 16000, "checkpoint": tiny_checkpoint}
    take = emoface.animate(voice, emotion=given, **options)
    assert take.expression.tobytes() == emoface.animate(voice, emotion=checked, **options).expression.tobytes()
    assert take.metadata["emotion"] == as_json
    assert caption(take) == f"{in_words} · seed 0"
    assert emoface.Animation.load(take.save(tmp_path / "take.npz")).metadata["emotion"] == as_json
    assert json.loads(take.save(tmp_path / "take.json").read_text("utf-8"))["metadata"]["emotion"] == as_json
    assert in_words in take.save(tmp_path / "take.html").read_text("utf-8")
    take.save(tmp_path / "take.glb")
    pytest.importorskip("matplotlib")
    assert take.plot(tmp_path / "take.png").stat().st_size > 0


def test_a_timeline_has_a_limit() -> None:
    timeline = [(float(i), "happy") for i in range(MOST_ENTRIES + 1)]
    assert len(check_emotion(timeline[:-1])) == MOST_ENTRIES
    with pytest.raises(ValueError, match="emotion timeline must hold at most 10000 entries, got 10001"):
        check_emotion(timeline)
