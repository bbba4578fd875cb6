"""Liveliness, seeds, noise, left-out recordings and voices: rows against made-up performers whose figures are known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from emoface.evaluation import folds, noise
from emoface.evaluation.folds import CHANNELS, RECORDINGS, Recordings, recording_rows
from emoface.evaluation.liveliness import HEAD, blink_rows, captured_heads, head_rows, upper_rows, windows
from emoface.evaluation.material import Captured, Spoken, people
from emoface.evaluation.seeds import between, seed_rows
from emoface.evaluation.strangers import Strangers
from emoface.evaluation.tracks import Tracked
from emoface.evaluation.voices import abstention_rows, separation
from emoface.face.layout import ARKIT_INDEX, MOTION_INDEX, MOTION_NAMES, arkit_to_motion

SECOND = 16000


def test_windows_are_whole() -> None:
    assert [len(part) for part in windows(np.zeros((260, 2)), 5.0)] == [125, 125]
    assert [len(part) for part in windows(np.zeros((50, 2)), 5.0)] == [50]


def test_upper_face_beside_people() -> None:
    weights = np.zeros((500, 52))
    wave = np.cos(2 * np.pi * 0.2 * np.arange(500) / 25)  # two periods in 10 s
    for side in ("Left", "Right"):
        weights[:, ARKIT_INDEX["eyeSquint" + side]] = 0.2 + 0.1 * wave
        weights[:, ARKIT_INDEX["eyeWide" + side]] = 0.2 + 0.1 * wave
    rows = {row.name: row for row in upper_rows("still", weights, None)}
    squint = rows["still: eyeSquint std"]
    assert squint.value == pytest.approx(0.1 / np.sqrt(2), abs=1e-3) and squint.met and squint.people == (0.015, 0.147)
    assert squint.floors == {"acted": 0.081, "idle": 0.015} and "2 of 2 windows inside" in squint.note
    assert rows["still: upper activity"].value == pytest.approx(0.2 / np.sqrt(2) / 7, abs=1e-3)
    assert rows["still: eyeSquint events"].value == 12 and rows["still: eyeWide slow share"].value > 0.95
    assert rows["still: eyeWide slow share"].met is False, "slower than people"
    assert rows["still: browInnerUp slow share"].value is None


def test_blinks_beside_people() -> None:
    weights = np.zeros((1500, 52))
    for start in range(50, 1500, 100):
        weights[start : start + 5, ARKIT_INDEX["eyeBlinkLeft"]] = [0.2, 0.4, 0.8, 0.4, 0.2]
        weights[start : start + 5, ARKIT_INDEX["eyeBlinkRight"]] = [0.2, 0.4, 0.8, 0.4, 0.2]
    rate, width, peak = blink_rows("x", weights)
    assert (rate.value, width.value, peak.value) == pytest.approx((15, 2 / 25, 0.8)) and rate.met and peak.met
    assert [row.value for row in blink_rows("x", 0 * weights)] == [0, None, None]


def test_heads_beside_filmed_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scales = np.linspace(1, 3, 40)
    motion = np.zeros((40 * 75, len(MOTION_NAMES)), np.float32)
    ramp = np.tile([-1.0, 1.0], 38)[:75]
    motion[:, MOTION_INDEX["neck_pose_y"]] = np.radians(np.concatenate([scale * ramp for scale in scales]))
    known = np.array([name.startswith("neck") for name in MOTION_NAMES])
    np.savez(tmp_path / "grid_x.npz", clips=[f"c{i}" for i in range(40)], frames=np.full(40, 75), motion=motion,
             confidence=np.ones(len(motion)), known=known, fps=25)  # fmt: skip
    people = captured_heads(tmp_path)
    assert people["yaw std"] == pytest.approx(np.quantile(scales, (0.05, 0.95)), abs=2e-3)
    assert captured_heads(None) == HEAD
    voice = (rng.standard_normal(30 * SECOND) * 0.1).astype(np.float32)
    rows = {row.name: row for row in head_rows("x", motion[:750], voice, tmp_path)}
    assert rows["x: head yaw std"].value == pytest.approx(np.median(scales[:10]), abs=2e-3)
    assert rows["x: head yaw std"].met and rows["x: head yaw std"].people == people["yaw std"]
    assert rows["x: head speed"].unit == "deg/s" and rows["x: head speed with loudness"].value is not None
    assert len(head_rows("silence", motion[:750], np.zeros(30 * SECOND, np.float32), None)) == 4


def test_seeds_that_only_hold_another_pose_are_all_offset() -> None:
    class Performed:
        def motion(self, samples: np.ndarray, emotion: object, seed: int) -> np.ndarray:
            motion = np.zeros((40, len(MOTION_NAMES)))
            shared, own = (np.random.default_rng(s).standard_normal(40) for s in (0, seed + 1))
            motion[:, MOTION_INDEX["browInnerUp"]] = 0.3 + 0.1 * seed + 0.01 * shared
            motion[:, MOTION_INDEX["neck_pose_x"]] = 0.01 * (own - own.mean())
            return motion

    rows = {row.name: row for row in seed_rows(Performed(), np.zeros(1), 4, quick=True)}  # type: ignore[arg-type]
    upper, head = rows["neutral, upper: offset share"], rows["neutral, head: offset share"]
    assert upper.value == pytest.approx(1.0) and upper.met is False and "r in time 1.00" in upper.note
    assert head.value == pytest.approx(0.0, abs=1e-12) and head.met
    assert rows["neutral, mouth: offset share"].value is None


def test_takes_correlate_in_time() -> None:
    wave = np.sin(np.arange(30.0))[:, None]
    assert between(np.stack([wave, 2 * wave + 1, -wave])) == pytest.approx((1 - 1 - 1) / 3)
    assert np.isnan(between(np.zeros((2, 30, 1))))


@pytest.mark.parametrize("decibels", [10.0, 0.0])
def test_noises_have_the_asked_level_and_are_seeded(decibels: float) -> None:
    voice = np.sin(np.arange(2 * SECOND) * 0.1).astype(np.float32)
    others = [np.roll(voice, k) * (k + 1) for k in range(4)]
    for sound in (noise.music(3 * SECOND, 1), noise.white(3 * SECOND, 1), noise.babble(3 * SECOND, others, 1)):
        assert np.sqrt(np.mean(sound**2)) == pytest.approx(1, abs=1e-3)
        added, part = noise.mixed(voice, sound, decibels) - voice, sound[: len(voice)]
        level = np.std(voice) * np.abs(part).sum() / np.abs(added).sum()
        assert 20 * np.log10(level) == pytest.approx(decibels, abs=0.1)
    late = noise.after_lead(voice, np.zeros(4 * SECOND, np.float32), decibels)
    assert len(late) == len(voice) + 1.5 * SECOND and not late[: int(1.5 * SECOND)].any()
    np.testing.assert_array_equal(noise.music(SECOND, 3), noise.music(SECOND, 3))
    assert np.abs(noise.music(SECOND, 3) - noise.music(SECOND, 4)).max() > 0.01
    with pytest.raises(ValueError, match="must hold voices"):
        noise.babble(SECOND, [])
    assert noise.Noises({"a": voice}).kinds() == ("music", "white")


def test_babble_is_of_other_people(tmp_path: Path) -> None:
    tones = {"emodb/wav/03a": 200, "emodb/wav/03b": 250, "emodb/wav/08a": 300, "facegood/x": 400}
    for name, hertz in ((f"{name}.wav", hertz) for name, hertz in tones.items()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, 0.5 * np.sin(2 * np.pi * hertz * np.arange(SECOND) / SECOND), SECOND)
    silence = np.zeros(SECOND, np.float32)
    tracked = [Tracked(f"clip {k}", "someone", silence, np.zeros((25, 3))) for k in range(5)]
    voices = people(tmp_path, tracked)
    assert {who: len(samples) // SECOND for who, samples in voices.items()} == {
        "emodb 03": 2, "emodb 08": 1, "facegood": 1, "someone": 3,
    }  # fmt: skip
    pair = noise.Noises({who: voices[who] for who in ("emodb 08", "facegood")})
    spectrum = np.abs(np.fft.rfft(pair.make("babble", SECOND, "facegood", 1)))
    assert spectrum.argmax() == 300 and spectrum[400] < 0.01 * spectrum[300]


def made_up(seed: int, frames: int = 100) -> Captured:
    """A recording whose curves follow its loudness; the stretch does not move."""
    rng = np.random.default_rng(seed)
    loud = np.convolve(np.repeat(rng.uniform(0, 1, frames // 5), 5), np.ones(5) / 5, "same")
    samples = rng.standard_normal(frames * 640) * np.repeat(10 ** (2 * loud - 2), 640) * 0.1
    weights = np.zeros((frames, 52), np.float32)
    for name in CHANNELS:
        weights[:, ARKIT_INDEX[name]] = 0 if "Stretch" in name else 0.5 * loud
    return Captured(samples.astype(np.float32), weights, [ARKIT_INDEX[name] for name in CHANNELS])


def test_recordings_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = {name: made_up(seed) for seed, name in enumerate(RECORDINGS)}
    monkeypatch.setattr(folds, "captured", lambda assets, seconds, name: clips[name])
    recordings = Recordings(tmp_path, quick=True)
    found = recordings.floors(RECORDINGS[0])
    assert found["ridge"].shape == (100, len(CHANNELS))

    class Measured:
        def __init__(self, _: object = None) -> None: ...

        def motion(self, samples: np.ndarray, *_: object, **__: object) -> np.ndarray:
            return arkit_to_motion(next(clip.weights for clip in clips.values() if clip.samples is samples))

    rows = {row.name: row for row in recording_rows(Measured(), recordings, None)}  # type: ignore[arg-type]
    row = rows["recordings left out: jawOpen r"]
    assert row.value is None and "no folder of checkpoints" in row.note and row.floors["loudness"] > 0.8
    assert rows["2_05, this checkpoint: jawOpen r"].value == pytest.approx(1.0)
    less = rows["2_05, this checkpoint: jawOpen r less ridge"]
    assert less.value == pytest.approx(1 - less.floors["ridge"]) and less.low == 0.02
    assert "hardly moves" in rows["recordings left out: mouthStretchLeft r"].note
    (tmp_path / "2_03.safetensors").touch()
    monkeypatch.setattr(folds, "load", lambda path: path)
    monkeypatch.setattr(folds, "Performer", Measured)
    rows = {row.name: row for row in recording_rows(Measured(), recordings, tmp_path)}  # type: ignore[arg-type]
    row = rows["recordings left out: jawOpen r less ridge"]
    assert row.value is not None and "FACEGOOD 2_03" in row.split
    assert "1 of 5" in rows["recordings left out: jawOpen r"].note


def test_a_voice_without_an_asked_emotion() -> None:
    pose = {"angry": np.eye(52)[0], "surprised": np.eye(52)[1], "sad": np.eye(52)[2]}
    prototypes = {("neutral", 0): np.zeros(52), **{(name, 2): value for name, value in pose.items()}}
    shown = {"13a01Wa": "angry", "13a02Wb": "surprised", "14a01Ta": None}

    class Performed:
        def motion(self, samples: np.ndarray, emotion: object, seed: int) -> np.ndarray:
            look = shown[names[id(samples)]] if emotion is None else None
            return arkit_to_motion(np.tile(np.zeros(52) if look is None else pose[look], (5, 1)))

    voices = [Spoken(name, np.full(9, k, np.float32), np.zeros((0, 3)), []) for k, name in enumerate(shown)]
    names = {id(voice.samples): voice.name for voice in voices}
    expression = SimpleNamespace(prototypes=prototypes)
    rows = {row.name: row for row in abstention_rows(Performed(), expression, voices)}  # type: ignore[arg-type]
    assert rows["None, angry voice: looks angry or calm"].value == 0.5
    surprised = rows["None, angry voice: looks surprised"]
    assert surprised.value == 0.5 and not surprised.met
    assert rows["None, sad voice: looks sad or calm"].value == 1.0
    assert separation(np.array([1, 2]), np.array([0, 1])) == pytest.approx(3.5 / 4)
    with pytest.raises(ValueError, match="got 2 and 0"):
        separation(np.array([1, 2]), np.array([]))


def test_noise_on_nothing_is_not_measured() -> None:
    strangers = Strangers(SimpleNamespace(), None, None, quick=True)  # type: ignore[arg-type]
    rows = noise.noise_rows(SimpleNamespace(), None, strangers, [], quick=True)  # type: ignore[arg-type]
    assert [row.value for row in rows] == [None]
