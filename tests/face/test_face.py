"""The arguments ``face`` and ``identity``, resolved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.face import Face, as_face
from emoface.face.flame import FlameModel
from emoface.face.open_head import open_head, open_head_model
from emoface.face.rigs import open_head_rig

NAMES = open_head().identity_names


@pytest.fixture(scope="module")
def official() -> FlameModel:
    """A FLAME model of unnamed components."""
    return FlameModel(replace(open_head().data, version="FLAME 2020"))


def test_the_open_head_is_what_is_meant_by_none() -> None:
    face = as_face()
    assert face.shape is open_head_model() and face.identity is None and face.is_open_head
    assert as_face(face) is face
    whole = open_head_rig()
    np.testing.assert_array_equal(face.whole_rig.deltas, whole.deltas)
    shown = len(face.rig.template)  # but for beard and long hair, which are last
    np.testing.assert_array_equal(face.rig.deltas, whole.deltas[:, :shown])
    assert [part.name for part in whole.parts if part.vertices[0] >= shown] == ["beard", "beard_hairs", "hair_long"]
    assert face.rig is face.rig, "made once"


def test_identities_by_name_and_number() -> None:
    numbers = np.zeros(3)
    numbers[2] = 0.5
    named, counted = as_face(None, {NAMES[2]: 0.5}), as_face(open_head_model(), numbers)
    np.testing.assert_array_equal(named.identity[:3], counted.identity)
    np.testing.assert_array_equal(named.rig.template, counted.rig.template)
    assert np.abs(named.rig.template - as_face().rig.template).max() > 1e-4
    assert as_face(named).identity is named.identity
    assert as_face(named, numbers * 2).identity[2] == 1.0, "the one that is given last"


def test_rigs_and_their_paths(tmp_path: Any) -> None:
    rig = open_head_rig()
    assert as_face(rig).rig is rig and not as_face(rig).is_open_head
    path = Animation.from_motion(np.zeros((2, 53))).save(tmp_path / "avatar.glb")
    for given in (path, str(path)):
        assert as_face(given).rig.missing == ()


def test_official_models(official: FlameModel) -> None:
    face = as_face(official, [0.5, -0.5])
    assert not face.is_open_head and face.identity.tolist() == [0.5, -0.5]
    motion = Animation(np.zeros((1, 50)), np.zeros((1, 3)), flame_version="FLAME 2020")
    assert motion.vertices(face).shape == motion.vertices(official).shape
    assert np.abs(motion.vertices(face) - motion.vertices(official)).max() > 1e-5
    with pytest.raises(ValueError, match="face must have ARKit's shapes, got FLAME 2020"):
        _ = face.rig


@pytest.mark.parametrize(
    ("face", "identity", "error", "words"),
    [
        (7, None, TypeError, "face must be a FlameModel, a Rig, the path of one, or None, got int"),
        ("head.obj", None, ValueError, "rig head.obj must be a .glb"),
        ("none.glb", None, FileNotFoundError, "none.glb"),
        (None, {"nose": 1}, ValueError, "identity must name components of the open head"),
        (None, {"jaw_width": 99}, ValueError, r"identity\['jaw_width'\] must be .*3.*, got 99"),
        (None, "nose", TypeError, "identity must map names to weights or be an array, got 'nose'"),
        (None, {"a", "b"}, TypeError, "identity must map names to weights or be an array"),
        (None, np.zeros((2, 3)), ValueError, r"identity must be \(n,\), n up to 39, and finite, got shape \(2, 3\)"),
        (None, np.zeros(99), ValueError, r"identity must be \(n,\), n up to 39"),
        (None, [np.nan], ValueError, "identity must be"),
        (open_head_rig, {NAMES[0]: 1}, ValueError, "identity belongs to FLAME models such as the open head; the rig"),
    ],
)
def test_what_is_no_face(face: Any, identity: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        as_face(face() if callable(face) else face, identity)


def test_names_belong_to_the_open_head(official: FlameModel) -> None:
    with pytest.raises(ValueError, match="identity must be an array for FLAME 2020"):
        as_face(official, {NAMES[0]: 1})
    assert isinstance(as_face(official), Face)
