"""Stronger emotions leave eyes open enough to be read, and everything else as it was."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from authoring.eye_shapes import LIDS
from emoface.face.layout import EXPRESSION_SIZE, FACE_SIZE, MOTION_INDEX, MOTION_SIZE
from emoface.face.lids import CLOSING, LOOKING_DOWN, SHUT, spare_eyes
from emoface.face.open_head import open_head, open_head_model

SAD = {"eyeBlink": 0.35, "eyeSquint": 0.25, "eyeLookDown": 0.24, "cheekSquint": 0.19, "browInnerUp": 0.6}
"""About what the strongest level of sad holds at intensity 1."""


def face(shapes: dict[str, float], by: float = 1.0) -> torch.Tensor:
    """One frame (1, 1, 56) of shapes on both sides, times a number."""
    motion = torch.zeros(1, 1, MOTION_SIZE, dtype=torch.float64)
    for name, value in shapes.items():
        for full in (name, f"{name}Left", f"{name}Right"):
            if full in MOTION_INDEX:
                motion[..., MOTION_INDEX[full]] = value * by
    return motion


def closing(motion: torch.Tensor) -> float:
    return sum(by * float(motion[0, 0, MOTION_INDEX[f"{name}Left"]]) for name, by in CLOSING.items())


def test_shares_are_those_of_the_open_head():
    for name, (down, up) in LIDS.items():
        if name != "eyeLookUpLeft":
            assert CLOSING[name.removesuffix("Left")] == pytest.approx(down + up, abs=0.006)


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0])
def test_nothing_changes_up_to_the_emotions_own_strength(strength):
    motion = face(SAD, 3.0)
    assert spare_eyes(motion, torch.full((1, 1), strength)) is motion


def test_little_that_is_added_is_left_alone():
    motion = face({"eyeBlink": 0.02, "eyeSquint": 0.1, "browInnerUp": 0.5}, 2.0)
    assert torch.equal(spare_eyes(motion, torch.full((1, 1), 2.0)), motion)


@pytest.mark.parametrize("strength", [1.25, 1.5, 2.0])
@pytest.mark.parametrize("share", [0.5, 0.75, 1.0])
def test_what_intensity_adds_stops_while_the_eyes_are_open(strength, share):
    own, motion = face(SAD, share), face(SAD, share * strength)
    spared = spare_eyes(motion, torch.full((1, 1), strength))
    cheeks = CLOSING["cheekSquint"] * SAD["cheekSquint"] * share * (strength - 1)  # are not held back
    assert closing(own) <= closing(spared) <= max(SHUT, closing(own)) + cheeks + 0.02
    down = MOTION_INDEX["eyeLookDownRight"]
    assert own[0, 0, down] <= spared[0, 0, down] <= max(LOOKING_DOWN, float(own[0, 0, down])) + 1e-5
    others = [i for name, i in MOTION_INDEX.items() if not name.startswith(("eyeBlink", "eyeSquint", "eyeLookDown"))]
    assert torch.equal(spared[..., others], motion[..., others])


def test_more_strength_never_opens_the_eyes():
    steps = [closing(spare_eyes(face(SAD, by), torch.full((1, 1), by))) for by in torch.linspace(1, 2, 21).tolist()]
    assert all(later >= before - 1e-9 for before, later in pairwise(steps))


def test_one_eye_that_is_shut_further_counts_for_both():
    motion = face(SAD, 2.0)
    motion[..., MOTION_INDEX["eyeBlinkLeft"]] += 0.2
    spared = spare_eyes(motion, torch.full((1, 1), 2.0))
    kept = {side: spared[0, 0, MOTION_INDEX[f"eyeSquint{side}"]] for side in ("Left", "Right")}
    assert kept["Left"] == kept["Right"] < motion[0, 0, MOTION_INDEX["eyeSquintLeft"]]


def test_strength_is_told_by_channel_too():
    strength = torch.ones(1, MOTION_SIZE)
    strength[:, MOTION_INDEX["browInnerUp"]] = 2.0
    motion = face(SAD, 2.0)
    assert torch.equal(spare_eyes(motion, strength), motion)


@pytest.mark.parametrize("strength", [1.5, 2.0])
def test_lids_of_the_open_head_leave_the_middle_of_the_pupil_free(strength):
    motion = spare_eyes(face(SAD, strength), torch.full((1, 1), strength))[0].float()
    with torch.inference_mode():
        rest, moved = (
            open_head_model()(rows[:, :EXPRESSION_SIZE], rows[:, EXPRESSION_SIZE:FACE_SIZE])[0].numpy()
            for rows in (torch.zeros(1, MOTION_SIZE), motion)
        )
    skin, eye = (next(part for part in open_head().parts if part.name == name) for name in ("skin", "eye_left"))
    pole = eye.vertices[0] + int(rest[slice(*eye.vertices), 2].argmax())
    edges = open_head().data.faces[slice(*skin.faces)]
    pairs = torch.from_numpy(edges[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(int)).sort(1).values
    unique, counts = pairs.unique(dim=0, return_counts=True)
    rim = unique[counts == 1].unique().numpy()
    near = rim[abs(rest[rim, 0] - rest[pole, 0]) < 0.004]
    near = near[(abs(rest[near, 1] - rest[pole, 1]) < 0.012) & (rest[near, 2] > rest[pole, 2] - 0.02)]
    upper, lower = (near[(rest[near, 1] > rest[pole, 1]) == above] for above in (True, False))
    assert moved[upper, 1].min() > moved[pole, 1] > moved[lower, 1].max() - 0.0005
