"""Contact sheets and pictures of animations."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.layout import EXPRESSION_NAMES, FPS
from emoface.face.open_head import open_head_model
from emoface.face.rig import Part, Rig
from emoface.render import animations_sheet, contact_sheet, render_frames, shapes_sheet


@pytest.fixture(scope="module")
def rig() -> Rig:
    template = np.float32([[-0.1, -0.1, 0], [0.1, -0.1, 0], [0.1, 0.1, 0], [-0.1, 0.1, 0]])
    deltas = np.zeros((2, 4, 3), np.float32)
    deltas[0, :, 0], deltas[1, :2, 1] = 0.03, 0.05
    faces = np.int32([[0, 1, 2], [0, 2, 3]])
    whole = (Part("card", (0, 4), (0, 2)),)
    return Rig("card", template, faces, ("jawLeft", "jawOpen"), deltas, np.ones((4, 3), np.float32), whole)


def smiling(weight: float) -> Animation:
    expression = np.zeros((3, 50), np.float32)
    for side in ("Left", "Right"):
        expression[:, EXPRESSION_NAMES.index("mouthSmile" + side)] = weight
    return Animation(expression, np.zeros((3, 3), np.float32))


def test_a_sheet_holds_the_pictures_in_order_with_captions_between():
    pictures = [np.full((40, 50, 3), 60 + 40 * k, np.uint8) for k in range(3)]
    page = contact_sheet(pictures, ["a", "", "wide wide wide wide"], columns=2)
    line = page.shape[0] // 2 - 40
    assert page.shape == (2 * (40 + line), 100, 3)
    assert (page[:40, :50] == 60).all() and (page[:40, 50:] == 100).all()
    assert (page[40 + line : 80 + line, :50] == 140).all()
    captions = page[40 : 40 + line]
    assert captions[:, :50].max() > 150 and captions[:, 50:].max() < 60  # the second has none


def test_every_shape_of_a_rig_is_on_its_sheet(rig):
    page = shapes_sheet(rig, columns=3, size=64)
    tiles = [page[-page.shape[0] :][:, 64 * k : 64 * (k + 1)].astype(int) for k in range(3)]
    assert page.shape[1] == 3 * 64
    assert np.abs(tiles[1] - tiles[0]).mean() > 1 and np.abs(tiles[2] - tiles[0]).mean() > 1


def test_a_shape_that_the_rig_lacks_is_refused(rig):
    with pytest.raises(ValueError, match="jawRight"):
        shapes_sheet(rig, {"x": {"jawRight": 1.0}})


def test_stronger_smiles_change_the_picture_more():
    page = animations_sheet({"smile": [smiling(w) for w in (0, 0.4, 1.0)]}, ["0", "0.4", "1"], 0.05, size=96)
    tiles = [page[:96, 96 * k : 96 * (k + 1)].astype(int) for k in range(3)]
    little, much = (np.abs(tile - tiles[0]).mean() for tile in tiles[1:])
    assert much > 1.5 * little > 0


def test_frames_follow_the_animation_on_every_kind_of_face(rig):
    animation = Animation.from_arkit(np.eye(52, dtype=np.float32)[[17, 14, 14]], FPS)
    for face in (None, open_head_model(), rig):
        images = list(render_frames(animation, face, size=48, threads=2))
        assert len(images) == 3 and images[0].shape == (48, 48, 3) and images[0].dtype == np.uint8
        assert np.array_equal(images[1], images[2]) and not np.array_equal(images[0], images[1])


def test_what_is_no_face_is_refused():
    with pytest.raises(TypeError, match="face must be"):
        render_frames(smiling(0), 7)
