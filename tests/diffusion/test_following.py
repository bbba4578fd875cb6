"""Articulation follows the voice: the definition frame by frame, windows, silence, lasting differences."""

from __future__ import annotations

import pytest
import torch

from emoface.diffusion.following import ARTICULATING, SETTLES, SHAPES_SETTLE, SPREADING, Follower
from emoface.face.layout import FPS, MOTION_INDEX, MOTION_SIZE, MOUTH

JAW = MOTION_INDEX["jaw_pose_x"]


def case(frames: int, batch: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(frames)
    motion, curves = (
        torch.rand(*shape, generator=generator) for shape in ((batch, frames, MOTION_SIZE), (frames, len(MOUTH)))
    )
    return motion, curves, torch.rand(frames, generator=generator)


def by_frame(motion, curves, present, share):
    """The definition, one frame after the other."""
    out, means = motion.clone(), {}
    for t in range(motion.shape[1]):
        for channel in (*ARTICULATING, *SPREADING):
            spreads = channel in SPREADING
            difference = present[t] * (curves[t, MOUTH.index(channel)] - (0 if spreads else motion[:, t, channel]))
            mean = means.get(channel, difference)
            seconds = SETTLES if channel == JAW else SHAPES_SETTLE
            means[channel] = mean + (difference - mean) / (seconds * FPS)
            out[:, t, channel] += (1 if spreads else share) * (difference - means[channel])
    return out


@pytest.mark.parametrize("frames", [1, 2, 37, 100])
def test_it_is_the_definition(frames):
    motion, curves, present = case(frames)
    followed = Follower(0.8).follow(motion, curves, present, frames)
    torch.testing.assert_close(followed, by_frame(motion, curves, present, 0.8), rtol=1e-4, atol=1e-5)
    others = [i for i in range(MOTION_SIZE) if i not in (*ARTICULATING, *SPREADING)]
    assert torch.equal(followed[..., others], motion[..., others])


def test_windows_go_on_where_the_kept_frames_ended():
    motion, curves, present = case(60)
    whole = Follower(0.5).follow(motion, curves, present, 60)
    follower, parts = Follower(0.5), []
    for start in range(0, 60, 10):  # each window foresees three frames that the next one gives again
        seen = slice(start, min(start + 13, 60))
        parts.append(follower.follow(motion[:, seen], curves[seen], present[seen], 10)[:, :10])
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-4, atol=1e-5)


def test_nothing_is_added_in_silence_or_without_a_share_and_what_lasts_is_left_to_the_denoiser():
    motion, curves, present = case(50)
    assert Follower(0.0).follow(motion, curves, present, 50) is motion
    assert torch.equal(Follower(1.0).follow(motion, curves, torch.zeros(50), 50), motion)
    still, wide = torch.zeros(1, 400, MOTION_SIZE), torch.zeros(400, len(MOUTH))
    wide[40:] = 1.0
    for channel in ARTICULATING:
        step = Follower(1.0).follow(still, wide, torch.ones(400), 400)[0, :, channel]
        assert step[39] == 0 and step[40] > 0.9 and step[399].abs() < 0.01


def test_spreading_comes_on_top_of_a_smile() -> None:
    """The lips' own spreading is added; what the denoiser smiles stays, and a spread that lasts is not added."""
    place = SPREADING[0]
    motion, curves = torch.zeros(1, 200, 56), torch.zeros(200, len(MOUTH))
    motion[:, 50:, place] = 0.5
    smile = Follower(1.0).follow(motion, curves, torch.ones(200), 200)
    assert torch.equal(smile, motion)
    curves[20:, MOUTH.index(place)] = 0.3
    spread = Follower(1.0).follow(motion, curves, torch.ones(200), 200)[0, :, place] - motion[0, :, place]
    assert spread[20] == pytest.approx(0.3, abs=0.02) and 0 < spread[199] < 0.03
