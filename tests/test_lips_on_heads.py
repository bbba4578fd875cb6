"""What is animated keeps ARKit's meaning of mouthClose, and its lips meet on three heads, unfitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.animation import Animation
from emoface.checkpoints import DEFAULT
from emoface.evaluation.material import Performer, Spoken, berlin, bundled
from emoface.face.contact import find_lips
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, FPS
from emoface.face.rig import Rig
from emoface.face.rigs.ict import ict_rig
from emoface.face.rigs.open_head import open_head_rig
from emoface.metrics.lip_closure import BILABIAL_SAMPA, bilabials_closed, phone_gaps
from emoface.training.corpus.phones import BILABIAL, labelled

pytestmark = pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there")
RATES = (25, 30, 60)
AVATAR_MM = {
    "jawOpen": -45.0, "mouthClose": 45.0, "mouthFunnel": -9.0, "mouthLowerDownLeft": -6.0, "mouthLowerDownRight": -6.0,
    "mouthPressLeft": 0.8, "mouthPressRight": 0.8, "mouthUpperUpLeft": 2.0, "mouthUpperUpRight": 2.0,
    "noseSneerLeft": 2.0, "noseSneerRight": 2.0, "mouthShrugUpper": 4.0,
}  # fmt: skip
"""A cartoon's lips: how far each shape moves the lower lip, or the upper one, up."""
UPPER_LIP = ("mouthUpperUp", "noseSneer", "mouthShrugUpper")


def avatar() -> Rig:
    """Two lips whose jaw travels half as far again as a person's."""
    deltas = np.zeros((len(ARKIT_NAMES), 6, 3), np.float32)  # the upper lip's three vertices, then the lower one's
    for name, by in AVATAR_MM.items():
        deltas[ARKIT_INDEX[name], slice(0, 3) if name.startswith(UPPER_LIP) else slice(3, 6), 1] = by / 1000
    template = np.array([[-0.01, 0, 0], [0, 0, 0], [0.01, 0, 0]] * 2, np.float32)
    return Rig("avatar", template, np.array([[0, 1, 2], [3, 4, 5]]), ARKIT_NAMES, deltas, template, ())


def beyond(motion: np.ndarray, fps: float) -> np.ndarray:
    """mouthClose less jawOpen (T,) of what formats of ARKit weights get at a frame rate."""
    weights = Animation.from_motion(motion).resample(fps).arkit()
    return weights[:, ARKIT_INDEX["mouthClose"]] - weights[:, ARKIT_INDEX["jawOpen"]]


@pytest.fixture(scope="module")
def performer() -> Performer:
    return Performer(emoface.load())


def check(performer: Performer, clips: list[Spoken], emotions: tuple[str, ...], heads: list[Rig], least: float) -> None:
    """Share of frames beyond the jaw, and of bilabials that meet on each head, the motion not fitted to it."""
    over: dict[int, list[np.ndarray]] = {fps: [] for fps in RATES}
    gaps: dict[str, list[np.ndarray]] = {head.name: [] for head in heads}
    lips = {head.name: find_lips(head) for head in heads}
    for clip in clips:
        sampa = any(label in BILABIAL_SAMPA for label, *_ in clip.phones)
        phones, labels = (clip.phones, BILABIAL_SAMPA) if sampa else (labelled(clip.visemes), {str(BILABIAL)})
        for emotion in emotions:
            motion = performer.motion(clip.samples, (emotion, 3))
            for fps in RATES:
                over[fps].append(beyond(motion, fps))
            for head in heads:
                gap = lips[head.name].opening(Animation.from_motion(motion).arkit())
                gaps[head.name].append(phone_gaps(gap, phones, FPS, labels, ())[0])
    for fps, frames in over.items():
        excess = np.concatenate(frames)
        assert (excess > 1e-6).mean() < 0.002 and excess.max() <= 0.058, fps
    for name, found in gaps.items():
        assert bilabials_closed(np.concatenate(found)) >= least, name


def test_a_synthetic_voice_under_every_emotion(performer: Performer) -> None:
    """Of its seven p, b, m the network hears one too little and one late."""
    check(performer, [bundled()], emoface.EMOTIONS, [open_head_rig(), avatar()], 0.75)


def test_real_voices_on_three_heads(performer: Performer, assets: Path) -> None:
    heads = [open_head_rig(), ict_rig(assets / "ict_facekit" / "ict_expr.npz"), avatar()]
    check(performer, berlin(assets)[2::3], ("neutral", "happy", "disgusted"), heads, 0.96)
