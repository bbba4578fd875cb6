"""Long recordings are finished in little memory, with the bits that they have when finished at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from emoface.audio.lip_net import GATED_PRESS
from emoface.diffusion import finish as module
from emoface.diffusion.finish import RESTING, Sampling, finish, gaussian_filter, liveliness
from emoface.face.layout import (
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOUTH,
    NECK,
    NECK_RADIANS,
    UPPER,
    lip_gap,
)


@pytest.mark.parametrize("takes, frames", [(1, 1), (1, 300), (3, 257), (2, 700), (1, 1025)])
def test_the_same_bits_in_blocks(takes: int, frames: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = torch.Generator().manual_seed(frames)
    motion = torch.rand(takes, frames, 56, generator=draw) * 0.6 - 0.1
    closure, presence = torch.rand(2, frames, generator=draw)
    before = motion.clone()
    with torch.inference_mode():
        whole = finish(motion, closure, presence, Sampling())
        monkeypatch.setattr(module, "BLOCK", 256)
        assert torch.equal(finish(motion, closure, presence, Sampling()), whole)
    assert torch.equal(motion, before)


def open_mouth(frames: int = 60) -> torch.Tensor:
    motion = torch.full((1, frames, 56), 0.1)
    motion[..., MOTION_INDEX["jaw_pose_x"]] = 0.6 * JAW_OPEN_RADIANS
    return motion


@pytest.mark.parametrize("strength, left", [(1.0, 0.0), (0.0, 1.0)])
def test_the_gate_closes_the_lips_with_its_strength(strength: float, left: float) -> None:
    motion, closure, presence = open_mouth(), torch.zeros(60), torch.ones(60)
    closure[20:30] = 1
    free = lip_gap(motion)[0, 0]
    gap = lip_gap(finish(motion, closure, presence, Sampling(closure=strength)))[0]
    torch.testing.assert_close(gap[22:28], left * free.expand(6), rtol=1e-4, atol=1e-3)
    for apart in (gap[:18], gap[32:]):  # lips are pressed a little longer, which hardly moves them
        torch.testing.assert_close(apart, free.expand(len(apart)), rtol=0, atol=0.1)
    assert Sampling().closure == 1, "lips close wholly by default"


def test_lips_are_pressed_no_shorter_than_lips_are() -> None:
    """A frame in which much is left to close does not flash, and what the network presses stays."""
    motion, closure, presence = open_mouth(), torch.zeros(60), torch.ones(60)
    press = MOTION_INDEX["mouthPressLeft"]
    motion[0, 30, MOTION_INDEX["mouthClose"]] = 1.0  # beyond the jaw in one frame
    motion[0, 30, MOTION_INDEX["jaw_pose_x"]] = 0.0
    closure[29:32] = 1
    pressed = finish(motion, closure, presence, Sampling())[0, :, press]
    assert pressed[30] > 0.3 and pressed.diff(n=2).abs().max() < 0.25
    torch.testing.assert_close(pressed[:20], torch.full((20,), 0.1))


def test_closed_lips_are_pressed_as_firmly_as_the_settings_say() -> None:
    """No opening is left to be pressed away here."""
    motion, closure, presence = torch.zeros(1, 60, 56), torch.zeros(60), torch.ones(60)
    closure[20:40] = 1
    press = MOTION_INDEX["mouthPressLeft"]
    usual, firm = (finish(motion, closure, presence, Sampling(**kind))[0, 30, press] for kind in ({}, {"press": 0.4}))
    assert usual == pytest.approx(GATED_PRESS, abs=1e-4) and firm == pytest.approx(0.4, abs=1e-4)


def test_articulation_scales_jaw_and_lips_about_rest() -> None:
    motion, closure, presence = open_mouth() / 2, torch.zeros(60), torch.ones(60)
    plain, larger = (finish(motion, closure, presence, Sampling(articulation=gain)) for gain in (1.0, 1.3))
    scale = (larger / plain)[0, 30]
    moved = [MOTION_INDEX[name] for name in ("jaw_pose_x", "mouthFunnel", "mouthLowerDownLeft", "mouthUpperUpRight")]
    torch.testing.assert_close(scale[moved], torch.full((4,), 1.3))
    torch.testing.assert_close(scale[[MOTION_INDEX["mouthSmileLeft"], *UPPER]], torch.ones(1 + len(UPPER)))


def test_half_a_gate_leaves_half_open_and_is_as_smooth_as_the_mouth() -> None:
    motion, closure, presence = open_mouth(), torch.zeros(60), torch.ones(60)
    closure[30] = 1
    free = float(lip_gap(motion)[0, 0])
    sharp, smooth = (
        lip_gap(finish(motion, closure, presence, Sampling(mouth_filter=width)))[0] for width in (0.0, 0.49)
    )
    assert sharp[30] < 1e-3 and (sharp[[29, 31]] - free).abs().max() < 1.0  # what pressing takes
    assert 1e-3 < smooth[30] < 0.6 * free and smooth[29] < 0.99 * free
    torch.testing.assert_close(smooth[29], smooth[31])


def test_motion_is_clipped_to_what_a_face_can_do() -> None:
    far = torch.cat([torch.full((1, 5, 56), 9.0), torch.full((1, 5, 56), -9.0)])
    high, low = finish(far, torch.zeros(5), torch.ones(5), Sampling())
    torch.testing.assert_close(high[:, :50], torch.ones(5, 50))
    assert high[:, :50].max() <= 1 and (low[:, :50] == 0).all()
    jaws = (motion[0, 50:53] for motion in (high, low))
    np.testing.assert_allclose(next(jaws), [JAW_OPEN_RADIANS, JAW_SIDE_RADIANS, JAW_SIDE_RADIANS], rtol=1e-6)
    np.testing.assert_allclose(next(jaws), [0, -JAW_SIDE_RADIANS, -JAW_SIDE_RADIANS], rtol=1e-6)
    turns = torch.cat([high, low])[..., list(NECK)].norm(dim=-1)
    np.testing.assert_allclose(turns, NECK_RADIANS, rtol=1e-6)


def test_each_region_has_its_filter() -> None:
    step = torch.zeros(1, 40, 56)
    step[:, 20:] = 0.5
    closed, silent, spoken = torch.zeros(40), torch.zeros(40), torch.ones(40)
    settings = Sampling(upper_filter=2.0, mouth_filter=0.0, rest_filter=1.0)
    lid, shape = UPPER[0], MOTION_INDEX["mouthSmileLeft"]
    speaking, resting = (finish(step, closed, presence, settings)[0] for presence in (spoken, silent))
    torch.testing.assert_close(speaking[:, shape], step[0, :, shape])
    torch.testing.assert_close(resting[:, shape], gaussian_filter(step, 1.0)[0, :, shape])
    for motion in (speaking, resting):
        torch.testing.assert_close(motion[:, lid], gaussian_filter(step, 2.0)[0, :, lid])


def test_a_gaussian_by_hand() -> None:
    impulse = torch.zeros(1, 21, 2)
    impulse[0, 10, 0], impulse[..., 1] = 1, 3
    smooth = gaussian_filter(impulse, 1.5)
    bell = np.exp(-0.5 * (np.arange(-10, 11) / 1.5) ** 2)
    bell[np.abs(np.arange(-10, 11)) > 6] = 0  # four deviations
    np.testing.assert_allclose(smooth[0, :, 0], bell / bell.sum(), atol=1e-7)
    np.testing.assert_allclose(smooth[0, :, 1], 3, rtol=1e-6)
    assert gaussian_filter(impulse, 0.0) is impulse
    edge = torch.zeros(1, 9, 1)
    edge[0, 0] = 1
    held = gaussian_filter(edge, 1.0)[0, :, 0]
    assert held[0] > 0.6 and (held.diff() <= 0).all()


def test_chance_moves_the_mouth_while_somebody_speaks() -> None:
    scale = liveliness(torch.tensor([0.0, 0.25, 1.0]))
    mouth = torch.zeros(56, dtype=torch.bool)
    mouth[list(MOUTH)] = True
    assert torch.equal(scale[:, mouth], torch.tensor([0.0, 0.25, 1.0])[:, None].expand(3, len(MOUTH)))
    assert (scale[:, ~mouth] == 1).all()


def test_scales_of_the_start_noise() -> None:
    settings = Sampling(
        mouth_temperature=0.3, upper_character=2.0, mouth_character=3.0, upper_swing=0.5, head_swing=0.7,
        head_temperature=4,
    )
    temperature, character, swing = settings.scales()
    for channel in range(56):
        mouth, upper, resting, neck = (channel in part for part in (MOUTH, UPPER, RESTING, NECK))
        assert temperature[channel] == pytest.approx(0.3 if mouth else 4 if neck else 1.0)
        assert swing[channel] == pytest.approx(0.5 if upper else 0.7 if neck else 0.0)
        assert character[channel] == pytest.approx(3.0 if resting else 2.0 if upper else 0.3 if mouth else 1.0)
    assert MOTION_INDEX["jaw_pose_x"] not in RESTING and MOTION_INDEX["mouthSmileLeft"] in RESTING


@pytest.mark.parametrize(
    "name, value", [("closure", 1.01), ("gestures", -0.1), ("upper_filter", 50.1), ("steps", 0), ("press", 1.1)]
)
def test_settings_out_of_range(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Sampling(**{name: value})  # type: ignore[arg-type]


MEMORY = """
import torch
from emoface.diffusion.finish import Sampling, finish

def high_water(frames):
    arguments = torch.rand(1, frames, 56), torch.rand(frames), torch.rand(frames), Sampling()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    with torch.inference_mode():
        finish(*arguments)
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024

torch.set_num_threads(1)
high_water(100)
print(high_water(200_000) - high_water(20_000))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
def test_two_hours_take_little_more_memory_than_their_motion() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    motion = 180_000 * 56 * 4 / 2**20  # MiB of the frames that the second has more
    assert float(done.stdout) < 6 * motion  # two of them are the argument and the result
