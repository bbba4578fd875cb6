"""Lips of other heads in the evaluation: which heads are there, and that what is missing is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.animation import Animation
from emoface.checkpoints import DEFAULT
from emoface.evaluation.heads import Head, avatars, heads, lip_rows
from emoface.evaluation.material import Performer, berlin
from emoface.face.contact import find_lips
from emoface.face.face import as_face
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, FPS
from emoface.face.presets import PEOPLE


def test_eight_people_a_scan_and_avatars(tmp_path: Path) -> None:
    assert [head.name for head in heads(None)] == [head.name for head in heads(tmp_path)]
    assert len(list(heads(None))) == 8 and avatars(tmp_path) == []
    (tmp_path / "avatars").mkdir()
    Animation.from_arkit(np.zeros((2, 52), np.float32), FPS).save(tmp_path / "avatars" / "ours.glb")
    (tmp_path / "avatars" / "licence.txt").write_text("CC0", encoding="utf-8")
    assert [head.group for head in heads(tmp_path)][8:] == ["avatar ours"]


def test_the_opening_is_that_of_the_posed_mesh() -> None:
    head = Head("", "", as_face(None, {"mouth_width": 0.5}))
    arkit = np.zeros((4, len(ARKIT_NAMES)), np.float32)
    arkit[1:, ARKIT_INDEX["jawOpen"]] = 0.3
    gap = head.gaps(arkit, np.array([0, 2]), fit=False)
    assert gap[[0, 1, 3]].max() == 0  # shut, and not asked for
    assert gap[2] == pytest.approx(find_lips(head.face.whole_rig).opening(arkit)[2], rel=0.1)  # but for the turn


@pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there")
def test_lips_meet_on_other_heads(assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    performer = Performer(emoface.load())
    monkeypatch.setattr("emoface.evaluation.heads.PEOPLE", {name: PEOPLE[name] for name in ("bruno", "gus")})
    rows = {row.name: row for row in lip_rows(performer, berlin(assets)[3::11], tmp_path, ["surprised"])}
    people = rows["open head's people: lips that meet on p, b, m"]
    assert people.value is not None and people.value >= 0.93  # 21 sounds; the evaluation has them all
    assert "the least of 2" in people.note
    assert people.value >= float(people.note.rsplit(" ", 1)[1])  # that of motion which was not fitted
    assert "no ict_facekit" in rows["ICT-FaceKit: lips that meet on p, b, m"].note
    assert "in avatars/ of the assets" in rows["avatars: lips that meet on p, b, m"].note
