"""The upper lip's fast motion is enlarged: the definition frame by frame, windows, held sounds, other shapes."""

from __future__ import annotations

import torch

from emoface.diffusion.enlarging import UPPER_LIP, Enlarger
from emoface.diffusion.following import SETTLES
from emoface.face.layout import FPS, MOTION_SIZE

NONE_HELD = torch.zeros(60)


def motion(frames: int = 60) -> torch.Tensor:
    return torch.rand(2, frames, MOTION_SIZE, generator=torch.Generator().manual_seed(frames))


def test_it_is_the_definition_and_leaves_other_shapes_alone():
    given = motion()
    larger = Enlarger(2.0).enlarge(given, 60, NONE_HELD)
    mean, lips = given[:, 0, UPPER_LIP], list(UPPER_LIP)
    for t in range(60):
        mean = mean + (given[:, t, lips] - mean) / (SETTLES * FPS)
        torch.testing.assert_close(larger[:, t, lips], 2 * given[:, t, lips] - mean, rtol=1e-4, atol=1e-5)
    others = [i for i in range(MOTION_SIZE) if i not in UPPER_LIP]
    assert torch.equal(larger[..., others], given[..., others])


def test_windows_go_on_where_the_kept_frames_ended():
    given, enlarger, parts = motion(), Enlarger(1.7), []
    whole = Enlarger(1.7).enlarge(given, 60, NONE_HELD)
    for start in range(0, 60, 10):  # each window foresees three frames that the next one gives again
        seen = slice(start, min(start + 13, 60))
        parts.append(enlarger.enlarge(given[:, seen], 10, NONE_HELD[seen])[:, :10])
    torch.testing.assert_close(torch.cat(parts, 1), whole, rtol=1e-4, atol=1e-5)


def test_a_gain_of_one_changes_nothing_and_a_lip_that_stays_raised_is_left_where_it_is():
    given = motion()
    assert Enlarger(1.0).enlarge(given, 60, NONE_HELD) is given
    raised = torch.zeros(1, 200, MOTION_SIZE)
    raised[:, 20:, list(UPPER_LIP)] = 0.3
    lip = Enlarger(2.0).enlarge(raised, 200, torch.zeros(200))[0, :, UPPER_LIP[0]]
    assert lip[20] > 0.55 and abs(lip[199] - 0.3) < 0.01


def test_a_lip_that_is_raised_for_a_held_sound_stays_enlarged():
    raised, held = torch.zeros(1, 100, MOTION_SIZE), torch.zeros(100)
    raised[:, 20:, list(UPPER_LIP)], held[20:] = 0.3, 1.0
    lip = Enlarger(2.0).enlarge(raised, 100, held)[0, :, UPPER_LIP[0]]
    assert abs(lip[99] - 0.6) < 1e-5
