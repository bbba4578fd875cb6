"""Windows that are denoised afresh go on from each other, and slow parts move without trembling."""

from __future__ import annotations

import numpy as np
import torch

from emoface.diffusion.finish import gaussian_filter, short_filter
from emoface.diffusion.joining import EASE, HOLD_MOUTH, HOLD_UPPER, Easing, Joiner
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE

BROW, JAW, SNEER = (MOTION_INDEX[name] for name in ("browInnerUp", "jaw_pose_x", "noseSneerLeft"))


def test_a_window_begins_where_the_last_one_ended() -> None:
    joiner = Joiner()
    first = joiner.join(torch.full((1, 5, MOTION_SIZE), 0.5), 1, 2)
    assert torch.equal(first, torch.full((1, 4, MOTION_SIZE), 0.5))
    joined = joiner.join(torch.zeros(1, 5, MOTION_SIZE), 1, 2)  # the same face, seen 0.5 lower
    powers = torch.arange(1, 5)
    torch.testing.assert_close(joined[0, :, BROW], 0.5 * HOLD_UPPER**powers)
    torch.testing.assert_close(joined[0, :, JAW], 0.5 * HOLD_MOUTH**powers)
    third = joiner.join(torch.zeros(1, 5, MOTION_SIZE), 1, 2)  # goes on after the kept frames, not after the foreseen
    torch.testing.assert_close(third[0, 0, BROW], torch.tensor(0.5 * HOLD_UPPER**3))


def test_windows_that_share_no_frame_stay_as_they_are() -> None:
    joiner, motion = Joiner(), torch.rand(2, 5, MOTION_SIZE)
    for _ in range(2):
        assert joiner.join(motion, 0, 5) is motion


def test_easing_goes_on_from_piece_to_piece_and_leaves_lips_alone() -> None:
    motion = np.random.default_rng(0).random((7, MOTION_SIZE)).astype(np.float32)
    easing = Easing()
    pieces = np.concatenate([easing.ease(part) for part in np.array_split(motion, 3)])
    np.testing.assert_array_equal(pieces, Easing().ease(motion))
    np.testing.assert_array_equal(pieces[:, [JAW, SNEER]], motion[:, [JAW, SNEER]])
    np.testing.assert_allclose(pieces[1, BROW], (1 - EASE) * motion[0, BROW] + EASE * motion[1, BROW], rtol=1e-6)


def test_a_few_frames_are_filtered_by_one_product() -> None:
    curves = torch.rand(2, 9, 5, generator=torch.Generator().manual_seed(0))
    for sigma in (0.0, 0.49, 1.5):
        torch.testing.assert_close(short_filter(curves, sigma), gaussian_filter(curves, sigma))
