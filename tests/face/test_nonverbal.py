"""Sounds that are no words, on the face: what each does, nothing where there is none, the same in pieces as at once."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE
from emoface.face.lips import beyond_jaw, opening
from emoface.face.nonverbal import SOUNDS, NonverbalFace

FRAMES = 150


def face(open_jaw: float = 0.0) -> np.ndarray:
    motion = np.zeros((FRAMES, MOTION_SIZE), np.float32)
    motion[:, MOTION_INDEX["jaw_pose_x"]] = open_jaw * JAW_OPEN_RADIANS
    return motion


def sounding(sound: str, *spans: tuple[int, int]) -> np.ndarray:
    active = np.zeros((FRAMES, len(SOUNDS)), bool)
    for first, last in spans:
        active[first:last, SOUNDS.index(sound)] = True
    return active


def bursts(period: float = 5.0) -> np.ndarray:
    return 0.7 + 0.3 * np.sin(2 * np.pi * np.arange(FRAMES) / period)


def shown(sound: str, *spans: tuple[int, int], loudness: np.ndarray | None = None, **face_of: float) -> np.ndarray:
    strength = face_of.pop("strength", 1.0)
    loud = np.zeros(FRAMES) if loudness is None else loudness
    return NonverbalFace(25, 3, strength).apply(face(**face_of), sounding(sound, *spans), loud)


def curve(motion: np.ndarray, name: str) -> np.ndarray:
    return motion[:, MOTION_INDEX[name]]


def pitch(motion: np.ndarray) -> np.ndarray:
    return np.degrees(curve(motion, "neck_pose_x"))


def test_nothing_changes_where_nothing_sounds() -> None:
    motion = face(0.3)
    assert NonverbalFace(25, 0).apply(motion, sounding("laugh"), bursts()) is motion
    assert NonverbalFace(25, 0, 0.0).apply(motion, sounding("laugh", (20, 80)), bursts()) is motion
    late = shown("laugh", (60, 100), open_jaw=0.3)
    assert (late[:60] == motion[:60]).all() and (late[70] != motion[70]).any()


def test_a_laugh_opens_the_mouth_with_its_bursts_under_raised_cheeks() -> None:
    loud = bursts()
    motion = shown("laugh", (20, 90), loudness=loud)
    jaw = curve(motion, "jaw_pose_x")[40:85] / JAW_OPEN_RADIANS
    assert np.corrcoef(jaw, loud[40:85])[0, 1] > 0.8 and jaw.max() - jaw.min() > 0.15 and jaw.min() > 0.1
    for name, least in (("mouthSmileLeft", 0.45), ("cheekSquintLeft", 0.4), ("eyeSquintLeft", 0.35)):
        assert curve(motion, name)[40:85].min() > least, name
    assert curve(motion, "mouthSmileLeft")[95] > 0.2 > curve(motion, "mouthSmileLeft")[140], "the smile outlasts it"
    assert np.ptp(pitch(motion)[40:85]) > 1.0


def test_a_cough_shuts_the_eyes_and_jerks_the_head() -> None:
    loud = np.zeros(FRAMES)
    loud[40:45] = 1.0
    motion = shown("cough", (40, 46), loudness=loud)
    assert curve(motion, "eyeBlinkLeft")[40:48].max() > 0.6 > curve(motion, "eyeBlinkLeft")[62]
    jerk = pitch(motion)
    assert jerk[40:50].max() - jerk[38] > 2.5 and abs(jerk[100]) < 0.1


def test_a_sigh_sinks_and_a_breath_rises() -> None:
    sigh, breath = shown("sigh", (40, 80)), shown("breath", (40, 52))
    assert pitch(sigh)[75] > 1.5 and pitch(breath)[50] < -0.5
    assert curve(sigh, "browDownLeft")[75] > 0.08 and curve(sigh, "jaw_pose_x")[75] > 0.15 * JAW_OPEN_RADIANS
    parted = np.asarray(opening(_tensor(breath)))
    assert parted[30] == 0 and 1.5 < parted[50] < 8


def test_a_hum_closes_the_lips_of_a_voice_that_sounds() -> None:
    motion = shown("hum", (30, 100), loudness=np.ones(FRAMES), open_jaw=0.4)
    gap = np.asarray(opening(_tensor(motion)))
    assert gap[20] > 8 and gap[50:98].max() < 0.7 and gap[140] > 8
    assert beyond_jaw(motion).max() < 1e-6


def test_breath_after_breath_is_out_of_breath() -> None:
    calm = shown("breath", (10, 20), (125, 135))
    spent = shown("breath", *((first, first + 10) for first in range(5, 140, 24)))
    at = slice(144, 150)  # after the last one
    assert curve(spent, "browInnerUp")[at].mean() > curve(calm, "browInnerUp")[at].mean() + 0.03
    assert np.ptp(pitch(spent)[80:]) > np.ptp(pitch(calm)[80:]) + 0.3


def test_pieces_equal_the_whole() -> None:
    active = sounding("laugh", (10, 60)) | sounding("breath", (62, 75)) | sounding("cough", (90, 95))
    loud = bursts(7.0)
    whole = NonverbalFace(25, 5).apply(face(0.2), active, loud)
    laid, parts = NonverbalFace(25, 5), []
    for first, last in ((0, 1), (1, 33), (33, 34), (34, 92), (92, FRAMES)):
        parts.append(laid.apply(face(0.2)[first:last], active[first:last], loud[first:last]))
    assert (np.concatenate(parts) == whole).all()
    assert (NonverbalFace(25, 6).apply(face(0.2), active, loud) != whole).any(), "seeds differ"


@pytest.mark.parametrize("sound", SOUNDS)
def test_ranges_hold_at_twice_the_strength(sound: str) -> None:
    motion = shown(sound, (20, 100), loudness=bursts(), open_jaw=0.9, strength=2.0)
    weights = motion[:, : MOTION_INDEX["jaw_pose_x"]]
    assert weights.min() >= 0 and weights.max() <= 1
    assert curve(motion, "jaw_pose_x").max() <= JAW_OPEN_RADIANS + 1e-6
    assert motion.dtype == np.float32


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="strength must be"):
        NonverbalFace(25, 0, 3.0)
    with pytest.raises(ValueError, match=r"active must have shape \(150, 5\), got \(10, 5\)"):
        NonverbalFace(25, 0).apply(face(), sounding("hum")[:10], np.zeros(FRAMES))
    with pytest.raises(ValueError, match="loudness must have shape"):
        NonverbalFace(25, 0).apply(face(), sounding("hum"), np.zeros(3))


def _tensor(motion: np.ndarray):
    import torch

    return torch.from_numpy(motion.astype(np.float64))
