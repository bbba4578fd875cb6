"""Figures of adapters and styles: pairs, splits, what is said without recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.evaluation.adaptation import adaptation_rows, facegood_split
from emoface.evaluation.manner import known_rows, manner_rows, nearer


def test_pairs() -> None:
    apart = np.array([[[0.1], [0.2], [0.1]], [[0.3], [0.1], [0.4]], [[0.5], [0.2], [0.4]]])
    assert nearer(apart)[0] == pytest.approx((1 + 0.5 + 1 + 1 + 1 + 0) / 6), "equal ones count half"


def test_without_recordings(tiny_checkpoint: Path, tmp_path: Path) -> None:
    pipeline = emoface.load(tiny_checkpoint)
    for rows in (
        adaptation_rows(pipeline, None, False), adaptation_rows(pipeline, tmp_path, True),
        adaptation_rows(pipeline, tmp_path, False), manner_rows(pipeline, tmp_path), manner_rows(pipeline, None),
        known_rows(pipeline, tmp_path), known_rows(pipeline, None),
    ):  # fmt: skip
        assert rows and all(row.value is None and row.note for row in rows)


def test_the_recordings_of_an_adapter(assets: Path) -> None:
    split = facegood_split(assets)
    assert [len(part) for part in (split.training, split.stopping, split.held_out)] == [3, 3, 1]
    known = np.isfinite(split.held_out[0].motion).all(0)
    assert 20 <= known.sum() <= 30 and split.held_out[0].name == "1114_2_05"
