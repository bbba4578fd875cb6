"""Accents: what comes with a frown, a wrinkled nose and wide eyes, and what does not bring them."""

from __future__ import annotations

import pytest
import torch

from emoface.audio.lip_net import FIRM
from emoface.diffusion.accents import ACCENTS, JAW_GIVES, accentuate, without_accents
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE


def face(**weights: float) -> torch.Tensor:
    """One frame (1, 1, 56) of shapes by name."""
    motion = torch.zeros(1, 1, MOTION_SIZE)
    for name, weight in weights.items():
        motion[..., MOTION_INDEX[name]] = weight
    return motion


def added(motion: torch.Tensor, strength: float = 1.0) -> dict[str, float]:
    """What accents add, by channel."""
    change = (accentuate(motion, strength) - motion)[0, 0]
    return {name: pytest.approx(float(change[i]), abs=1e-6) for name, i in MOTION_INDEX.items() if change[i] != 0}


def test_each_side_brings_its_own_side_and_half_of_what_has_no_sides():
    found = added(face(noseSneerLeft=0.5, mouthFrownLeft=0.6, mouthFrownRight=0.6))
    row = ACCENTS["noseSneer"]
    assert found["noseSneerLeft"] == 0.5 * row["noseSneer"] and "noseSneerRight" not in found
    assert found["mouthShrugLower"] == 0.25 * row["mouthShrugLower"] and found["jawForward"] == 0.25 * row["jawForward"]
    assert found["mouthFrownLeft"] == 0.5 * row["mouthFrown"] and "mouthFrownRight" not in found


def test_a_frown_is_what_neither_fear_nor_a_wrinkled_nose_draws_down():
    brows = {"browDownLeft": 0.6, "browDownRight": 0.6}
    assert added(face(**brows))["mouthRollLower"] == pytest.approx(0.6 * ACCENTS["frown"]["mouthRollLower"])
    assert not added(face(**brows, browInnerUp=0.7)).keys() & {"mouthRollLower", "mouthPressLeft", "mouthPressRight"}
    assert added(face(**brows, browInnerUp=0.4))["mouthPressRight"] == 0.2 * ACCENTS["frown"]["mouthPress"]
    assert added(face(**brows, noseSneerLeft=0.7))["browDownLeft"] == 0.7 * ACCENTS["noseSneer"]["browDown"]


def test_wide_eyes_are_amazed_as_far_as_the_brow_is_raised_and_alarmed_beyond_it():
    found = added(face(eyeWideLeft=0.8, browOuterUpLeft=0.5, browOuterUpRight=0.9, browInnerUp=0.4))
    amazement, alarm = ACCENTS["amazement"], ACCENTS["alarm"]
    assert found["mouthFunnel"] == 0.25 * amazement["mouthFunnel"]
    assert found["mouthFrownLeft"] == 0.3 * alarm["mouthFrown"]
    assert found["jaw_pose_x"] == 0.25 * amazement["jaw_pose_x"] + 0.15 * alarm["jaw_pose_x"]
    for name in ("mouthLowerDown", "eyeWide", "browOuterUp"):
        assert found[name + "Left"] == 0.5 * amazement[name] + 0.3 * alarm[name]
        assert name + "Right" not in found
    glare = added(face(eyeWideLeft=0.8, browDownLeft=0.9, browDownRight=0.9))
    assert glare.keys() == added(face(browDownLeft=0.9, browDownRight=0.9)).keys()  # eyes wide under a frown


def test_brows_raised_inside_alone_are_sorrow_and_those_over_wide_eyes_are_not():
    chin = ACCENTS["sorrow"]["mouthShrugLower"]
    assert added(face(browInnerUp=0.6))["mouthShrugLower"] == 0.6 * chin
    assert added(face(browInnerUp=0.6, browOuterUpLeft=0.4, browOuterUpRight=0.4))["mouthShrugLower"] == 0.2 * chin
    assert "mouthShrugLower" not in added(face(browInnerUp=0.6, eyeWideLeft=0.3, eyeWideRight=0.3))
    assert "mouthShrugLower" not in added(face(browInnerUp=0.4, browOuterUpLeft=0.7, browOuterUpRight=0.7))


def test_strength_is_linear_and_nothing_goes_below_rest():
    frown = face(browDownLeft=0.5)
    assert accentuate(frown, 0.0) is frown
    assert added(frown, 2.0)["mouthLowerDownLeft"] == 2 * 0.5 * ACCENTS["frown"]["mouthLowerDown"]
    assert accentuate(face(noseSneerRight=1.0, mouthFrownRight=0.1), 1.0)[..., MOTION_INDEX["mouthFrownRight"]] == 0
    assert not added(face(mouthSmileLeft=0.8, mouthSmileRight=0.8, noseSneerLeft=-0.2, browDownLeft=-0.1))


def test_an_accent_does_not_part_lips_that_close():
    sneering = face(noseSneerLeft=1.0, noseSneerRight=1.0).repeat(1, 3, 1)  # (1, 3, 56)
    moved = accentuate(sneering, 1.0, torch.tensor([0.0, FIRM / 2, FIRM]))[0] - sneering[0]
    lip, nose = moved[:, MOTION_INDEX["mouthUpperUpLeft"]], moved[:, MOTION_INDEX["noseSneerLeft"]]
    whole = ACCENTS["noseSneer"]["mouthUpperUp"]
    torch.testing.assert_close(lip, torch.tensor([whole, whole / 2, 0.0]))
    assert (nose == nose[0]).all() and nose[0] > 0


def test_the_jaw_drops_while_somebody_speaks_and_lips_close_over_it():
    amazed = face(eyeWideLeft=0.6, browOuterUpLeft=0.6, jaw_pose_x=0.1).repeat(1, 2, 1)
    dropped = 0.3 * ACCENTS["amazement"]["jaw_pose_x"]
    jaw = accentuate(amazed, 1.0, torch.tensor([0.0, FIRM]))[0, :, MOTION_INDEX["jaw_pose_x"]]
    torch.testing.assert_close(jaw, torch.tensor([0.1 + dropped, 0.1 + (1 - JAW_GIVES) * dropped]))
    calm = accentuate(amazed, 1.0, torch.zeros(2), torch.tensor([0.0, 0.5]))[0]
    torch.testing.assert_close(calm[:, MOTION_INDEX["jaw_pose_x"]], torch.tensor([0.1, 0.1 + dropped / 4]))
    assert calm[0, MOTION_INDEX["mouthFunnel"]] == calm[1, MOTION_INDEX["mouthFunnel"]] > 0


def test_accents_can_be_taken_off_again():
    rested = 0.3 + 0.3 * torch.rand(3, 40, MOTION_SIZE, generator=torch.Generator().manual_seed(1))
    rested[:, 20:, MOTION_INDEX["browInnerUp"]] = 0.0  # these frown
    calm = [MOTION_INDEX[shape + side] for shape in ("eyeWide", "browOuterUp") for side in ("Left", "Right")]
    rested[:, 10:20, calm] *= 0.1  # these are in sorrow
    torch.testing.assert_close(without_accents(accentuate(rested, 1.0), 1.0), rested)
    assert without_accents(rested, 0.0) is rested
