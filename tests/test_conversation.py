"""Two people: one voice is spoken, the other listened to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.cli import main
from emoface.demo import demo_path
from emoface.face.layout import MOTION_INDEX, MOUTH, NECK

RATE = 16000


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint, dtype="float32")


def voice(seconds: float, begin: float, end: float) -> np.ndarray:
    """Noise with the rhythm of syllables and phrases between two times, silence elsewhere."""
    time = np.arange(round(seconds * RATE)) / RATE
    rhythm = (0.5 + 0.5 * np.sin(2 * np.pi * 4 * time)) * (time % 2 < 1.5) * ((time >= begin) & (time < end))
    return (0.2 * rhythm * np.random.default_rng(0).standard_normal(len(time))).astype(np.float32)


OWN, OTHER = voice(12, 7, 12), voice(12, 0.5, 6.5)


def test_the_face_listens_and_then_speaks(pipeline: emoface.Pipeline) -> None:
    alone = pipeline.animate(OWN, sample_rate=RATE, emotion="neutral", nonverbal=0).motion
    heard = pipeline.animate(OWN, sample_rate=RATE, emotion="neutral", nonverbal=0, other=OTHER).motion
    assert heard.shape == alone.shape
    pitch = np.degrees(heard - alone)[:, NECK[0]]
    assert pitch[:165].max() > 1.0, "nods and leans while the other speaks"
    speaking = slice(8 * 25, 290)
    jaw = MOTION_INDEX["jaw_pose_x"]
    assert (heard[speaking, jaw] == alone[speaking, jaw]).all(), "its own words are its own"
    looks = [i for name, i in MOTION_INDEX.items() if name.startswith("eyeLook")]
    assert (heard != alone)[:, looks].any()
    again = pipeline.animate((OWN, RATE), emotion="neutral", nonverbal=0, other=(OTHER, RATE)).motion
    assert (again == heard).all()


def test_silence_beside_a_voice_changes_its_looks_alone(pipeline: emoface.Pipeline) -> None:
    alone = pipeline.animate(OWN, sample_rate=RATE, gaze=False, emotion="sad").motion
    beside = pipeline.animate(OWN, sample_rate=RATE, gaze=False, emotion="sad", other=np.zeros(100)).motion
    lips = [i for i in MOUTH if i != MOTION_INDEX["jaw_pose_x"]]
    assert np.abs(beside - alone)[8 * 25 :, lips].max() < 1e-6
    assert np.abs(np.degrees(beside - alone)[: 6 * 25, list(NECK)]).max() < 1e-6


def test_other_recordings_that_do_not_fit(pipeline: emoface.Pipeline, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"other must be no longer than audio, got 12.00 s beside 6.00 s"):
        pipeline.animate(OWN[: 6 * RATE], sample_rate=RATE, other=OTHER)
    with pytest.raises(TypeError, match="other must be a path"):
        pipeline.animate(OWN, sample_rate=RATE, other=7)
    with pytest.raises(ValueError, match="other must hold finite samples"):
        pipeline.animate(OWN, sample_rate=RATE, other=np.full(RATE, np.nan, np.float32))
    with pytest.raises(FileNotFoundError, match="nobody"):
        pipeline.animate(OWN, sample_rate=RATE, other=tmp_path / "nobody.wav")
    with pytest.raises(ValueError, match="latency must be 'file' with other, got 'live'"):
        pipeline.animate(OWN, sample_rate=RATE, other=OTHER, latency="live")


def test_command(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["animate", str(demo_path()), "--checkpoint", str(tiny_checkpoint), "-o", str(tmp_path / "talk.npz")]
    assert main([*asked, "--other", str(demo_path())]) == 0
    assert (tmp_path / "talk.npz").exists()
    assert main([*asked, "--other", str(tmp_path / "nobody.wav")]) == 2
    assert "nobody.wav" in capsys.readouterr().err
