"""What objects that hold arrays look like when they are printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from emoface.emotion_forms import EmotionReference
from emoface.face.face import Face
from emoface.face.open_head import open_head, open_head_model
from emoface.face.rigs import open_head_rig
from emoface.shown import by_shape


@dataclass(repr=False)
class Held:
    one: np.ndarray
    many: tuple[int, ...]
    name: str = "x"

    __repr__ = by_shape


def test_arrays_are_shapes_and_long_lists_are_counted() -> None:
    assert repr(Held(np.zeros((3, 2), np.float32), (1, 2))) == "Held(one=<float32 (3, 2)>, many=(1, 2), name='x')"
    assert repr(Held(torch.ones(4), tuple(range(9)))) == "Held(one=<float32 (4,)>, many=<tuple of 9>, name='x')"
    assert "<3,000 bytes>" in repr(Held(b"x" * 3000, ()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "thing",
    [
        open_head(), open_head_rig(None), Face(open_head_model(), np.zeros(24)),
        EmotionReference("motion", torch.ones(50, 56)),
    ],
    ids=lambda thing: type(thing).__name__,
)  # fmt: skip
def test_public_objects_are_shown_in_a_few_lines(thing: object) -> None:
    assert repr(thing).startswith(type(thing).__name__ + "(") and len(repr(thing)) < 700 and "\n" not in repr(thing)
    assert "array(" not in repr(thing) and "tensor(" not in repr(thing)
