"""The mouth holds while a sound is held, goes on from window to window, and else is left alone."""

from __future__ import annotations

import pytest
import torch

from emoface.diffusion.following import ARTICULATING, Follower
from emoface.diffusion.holding import FOLLOWS, Holder
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE, MOUTH

JAW, BROW = MOTION_INDEX["jaw_pose_x"], MOTION_INDEX["browInnerUp"]


def motion(frames: int) -> torch.Tensor:
    return torch.rand(2, frames, MOTION_SIZE, generator=torch.Generator().manual_seed(3))


def test_nothing_held_changes_nothing() -> None:
    given = motion(10)
    assert Holder().hold(given, torch.zeros(10), 8) is given
    follower, plain = Follower(0.5), Follower(0.5)
    curves, present = torch.rand(10, len(MOUTH)), torch.ones(10)
    assert torch.equal(
        follower.follow(given, curves, present, 8, torch.zeros(10)), plain.follow(given, curves, present, 8)
    )


def test_a_held_mouth_hardly_moves_and_the_rest_does() -> None:
    given, held = motion(20), torch.tensor([0.0] * 4 + [1.0] * 12 + [0.0] * 4)
    holder = Holder()
    done = holder.hold(given, held, 20)
    moved = done[:, 4:16, JAW].diff(dim=1).abs().max()
    assert moved <= FOLLOWS and given[:, 4:16, JAW].diff(dim=1).abs().max() > 0.3
    assert torch.equal(done[:, :4], given[:, :4]) and torch.equal(done[:, 16:], given[:, 16:])
    assert torch.equal(done[..., BROW], given[..., BROW])


def test_windows_go_on_from_each_other() -> None:
    given, held = motion(24), torch.rand(24, generator=torch.Generator().manual_seed(1)) * (torch.arange(24) > 5)
    curves, present = torch.rand(24, len(MOUTH)), torch.ones(24)
    whole, parts = (Holder(), Follower(0.5)), (Holder(), Follower(0.5))
    expected = whole[0].hold(whole[1].follow(given, curves, present, 24, held), held, 24)
    got = []
    for start in range(0, 24, 8):  # with four frames that are seen again
        stop = min(start + 12, 24)
        own = slice(start, stop)
        followed = parts[1].follow(given[:, own], curves[own], present[own], 8, held[own])
        got.append(parts[0].hold(followed, held[own], 8)[:, :8])
    assert torch.allclose(torch.cat(got, 1), expected, atol=1e-6)


def test_what_is_heard_lasts_while_a_sound_is_held() -> None:
    """A denoiser that dies away is made up for; without a held sound, a lasting difference is left to it."""
    dying = torch.zeros(1, 100, MOTION_SIZE)
    curves = torch.zeros(100, len(MOUTH))
    curves[10:, MOUTH.index(JAW)] = 0.2
    held, present = (torch.arange(100) >= 20).float(), torch.ones(100)
    left = Follower(0.5).follow(dying, curves, present, 100)[0, :, JAW]
    kept = Follower(0.5).follow(dying, curves, present, 100, held)[0, :, JAW]
    assert left[99] < 0.01 and kept[99] == pytest.approx(0.2)
    assert torch.allclose(left[:20], kept[:20], atol=1e-6)
    assert JAW in ARTICULATING
