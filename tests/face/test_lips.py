"""Lips close without mouthClose beyond jawOpen, in a stated order and no more than they must."""

from __future__ import annotations

import pytest
import torch

from emoface.face.layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE, lip_gap
from emoface.face.lips import OPENING_MM, PRESSED, beyond_jaw, close_lips, opening


def face(**values: float) -> torch.Tensor:
    """One frame (1, 56) float64; jawOpen by its weight, and names without a side mean both sides."""
    motion = torch.zeros(1, MOTION_SIZE, dtype=torch.float64)
    for name, value in values.items():
        if name == "jawOpen":
            name, value = "jaw_pose_x", value * JAW_OPEN_RADIANS
        for full in (name, f"{name}Left", f"{name}Right"):
            if full in MOTION_INDEX:
                motion[:, MOTION_INDEX[full]] = value
    return motion


def closed(motion: torch.Tensor, gap: float = 0.0, firmly: float = 1.0, beyond: float = 0.0) -> dict[str, float]:
    """What differs from 0 after closing, by name; sides that are equal under their common name."""
    after = close_lips(motion, torch.full((1,), gap), torch.full((1,), firmly), beyond)[0]
    found = {name: round(float(after[i]), 6) for name, i in MOTION_INDEX.items() if abs(after[i]) > 1e-9}
    if "jaw_pose_x" in found:
        found["jawOpen"] = round(found.pop("jaw_pose_x") / JAW_OPEN_RADIANS, 6)
    for name in [name for name in found if name.endswith("Left")]:
        if found.get(name[:-4] + "Right") == found[name]:
            found[name[:-4]] = found.pop(name)
            del found[name[:-4] + "Right"]
    return found


def test_mouth_close_takes_up_the_jaw_first() -> None:
    assert closed(face(jawOpen=0.2)) == {"jawOpen": 0.2, "mouthClose": 0.2}
    assert closed(face(jawOpen=0.2), gap=3.27) == {"jawOpen": 0.2, "mouthClose": 0.1}
    assert closed(face(jawOpen=0.2, mouthUpperUp=0.1), gap=0.76) == {
        "jawOpen": 0.2, "mouthClose": 0.2, "mouthUpperUp": 0.1,
    }  # fmt: skip


def test_what_is_beyond_the_jaw_falls_to_it_unless_it_may_be() -> None:
    over = face(jawOpen=0.1, mouthClose=0.15)
    assert beyond_jaw(over).tolist() == pytest.approx([0.05])
    assert closed(over) == {"jawOpen": 0.1, "mouthClose": 0.1}
    assert closed(over, beyond=0.02) == {"jawOpen": 0.1, "mouthClose": 0.12}
    assert closed(over, beyond=0.2) == {"jawOpen": 0.1, "mouthClose": 0.15}


def test_then_shapes_of_the_lips_give_way_then_lips_press_and_last_the_sneer_goes() -> None:
    assert closed(face(mouthFunnel=0.1, mouthUpperUp=0.05), gap=0.9) == {"mouthFunnel": 0.05, "mouthUpperUp": 0.025}
    assert closed(face(mouthFunnel=0.1, mouthUpperUp=0.05)) == {}
    pressed = 0.05 * 3.1 / 0.37
    assert closed(face(noseSneer=0.05)) == {"noseSneer": 0.05, "mouthPress": pytest.approx(pressed, abs=1e-5)}
    left = PRESSED * 0.37 / 3.1  # of the sneer, whom the press outweighs
    assert closed(face(noseSneer=0.4)) == {"noseSneer": pytest.approx(left, abs=1e-5), "mouthPress": PRESSED}
    half = 0.4 - 0.5 * (0.4 - left)
    assert closed(face(noseSneer=0.4), firmly=0.5)["noseSneer"] == pytest.approx(half, abs=1e-5)
    assert closed(face(noseSneer=0.4), firmly=0.0)["noseSneer"] == 0.4


def test_rounding_stays() -> None:
    assert closed(face(mouthPucker=0.3))["mouthPucker"] == 0.3


def test_lips_that_are_nearer_stay_so() -> None:
    for motion in (face(jawOpen=0.3, mouthClose=0.25), face(mouthPress=0.8), face(noseSneer=0.4), face()):
        nearer = close_lips(motion, opening(motion).clamp(min=0) + 0.01, torch.ones(1))
        assert torch.equal(nearer, motion)


def test_any_face_closes_to_the_gap_within_the_jaw() -> None:
    draw = torch.Generator().manual_seed(0)
    motion = torch.rand(4, 200, MOTION_SIZE, generator=draw, dtype=torch.float64)
    motion[..., 50:53] *= JAW_OPEN_RADIANS
    motion[..., MOTION_INDEX["jaw_pose_x"]] *= torch.rand(4, 200, generator=draw) > 0.2
    gap, before = 3 * torch.rand(4, 200, generator=draw, dtype=torch.float64), motion.clone()
    after = close_lips(motion, gap, torch.ones(4, 200))
    assert torch.equal(motion, before)
    pucker = OPENING_MM["mouthPucker"] * motion[..., MOTION_INDEX["mouthPucker"]]
    assert beyond_jaw(after).max() < 1e-12 and (opening(after) - gap - pucker).max() < 1e-9
    press = [MOTION_INDEX[f"mouthPress{side}"] for side in ("Left", "Right")]
    assert (after[..., press] >= motion[..., press]).all()
    assert ((after[..., press] <= PRESSED) | (after[..., press] == motion[..., press])).all()
    untouched = [i for i, name in enumerate(MOTION_NAMES) if name not in OPENING_MM]
    for name in ("jaw_pose_x", "mouthPucker"):
        untouched.append(MOTION_INDEX[name])
    assert torch.equal(after[..., untouched], motion[..., untouched])
    assert after[..., :50].min() >= 0 and after[..., :50].max() <= 1


def test_the_reading_is_the_more_careful_one() -> None:
    """Lips that meet by OPENING_MM meet by the layout's reading of a scanned head."""
    draw = torch.Generator().manual_seed(1)
    motion = torch.rand(500, MOTION_SIZE, generator=draw, dtype=torch.float64)
    assert (lip_gap(motion, signed=True) <= opening(motion) + 1e-9).all()


def test_gradients_are_finite() -> None:
    motion = torch.full((5, MOTION_SIZE), 0.1, requires_grad=True)
    close_lips(motion, torch.zeros(5), torch.full((5,), 0.5)).sum().backward()
    assert motion.grad is not None and motion.grad.isfinite().all()
