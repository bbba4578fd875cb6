"""The round trip of captures: what is drawn is what is scored, and the score knows a good fit from a bad one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emoface.capture import Tracks
from emoface.capture.solving import Forward
from emoface.capture.tracker import tracker
from emoface.evaluation.capture_fit import NAMES, KnownMotion, draw, read_motion, score
from emoface.face.open_head import open_head


def known(frames: int = 60) -> KnownMotion:
    """Two clips whose jaw moves, the second with a head that turns."""
    weights = np.zeros((2 * frames, len(NAMES)), np.float32)
    weights[:, NAMES.index("jaw_pose_x")] = 0.08 * (1 - np.cos(np.arange(2 * frames) / 4))
    turn = np.zeros((2 * frames, 3), np.float32)
    return KnownMotion(weights, turn, np.array([frames, frames]), ("one", "two"))


def tracks(motion: KnownMotion, clip: str) -> Tracks:
    moved, _ = Forward(np.zeros(len(open_head().identity_names), np.float32))(motion.of(clip)[0].astype(np.float64))
    points = np.repeat(tracker().neutral[None], len(moved), 0)
    points[..., :2] += moved
    return Tracks(points, name=clip)


def test_a_good_fit_scores_high_and_shuffled_tracks_low() -> None:
    motion = known()
    takes = [tracks(motion, clip) for clip in motion.clips]
    good = {row[0]: row for row in score(motion, takes)}
    assert good["jaw_pose_x"][2] > 0.95 and good["lip gap, mm"][2] > 0.95
    assert "mouthPucker" not in good, "a channel that did not move has no correlation"
    order = np.random.default_rng(0).permutation(60)
    mixed = [Tracks(take.landmarks[order], name=take.name) for take in takes]
    assert {row[0]: row[2] for row in score(motion, mixed)}["jaw_pose_x"] < 0.5


def test_pictures_go_with_their_motion(tmp_path: Path) -> None:
    motion = known(1)
    draw(motion, tmp_path / "drawn")
    assert sorted(path.name for path in (tmp_path / "drawn").rglob("*.png")) == ["00000.png", "00000.png"]
    again = read_motion(tmp_path / "drawn" / "motion.npz")
    assert again.clips == motion.clips and np.array_equal(again.weights, motion.weights)


def test_motion_that_does_not_go_together_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="weights and turn must be"):
        KnownMotion(np.zeros((3, 53)), np.zeros((2, 3)), np.array([3]), ("one",))
    np.savez(tmp_path / "motion.npz", weights=np.zeros((1, 53)))
    with pytest.raises(ValueError, match="holds no known motion: it has no turn, frames, clips"):
        read_motion(tmp_path / "motion.npz")
