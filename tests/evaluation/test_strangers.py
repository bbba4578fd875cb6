"""Captured strangers: measures by hand, tracks with faults, floors that learn, and the rows made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from emoface.animation import Animation
from emoface.evaluation.floors import Linear, Moments, fit_floors, loudness_feature, mel_features
from emoface.evaluation.material import Performer
from emoface.evaluation.pictures import draw_strips
from emoface.evaluation.strangers import CURVES, Strangers, followed
from emoface.evaluation.tracks import (
    MEASURES,
    POINTS,
    Tracked,
    Tracks,
    at_motion_rate,
    head_size,
    mesh_measures,
    mouth_measures,
    read_fits,
    read_tracks,
    track_measures,
)
from emoface.face.layout import MOTION_INDEX, MOTION_NAMES
from emoface.metrics.following import mean_correlation
from emoface.pipeline import load

PLACES = {
    "nose": (0, 0, 0), "chin": (0, -6, 8), "eye_right": (-5, 3, 0), "eye_left": (5, 3, 0), "corner_right": (-3, -3, 0),
    "corner_left": (3, -3, 0), "upper_right": (-1, -2, 0), "upper": (0, -2, 0), "upper_left": (1, -2, 0),
    "lower_right": (-1, -3, 0), "lower": (0, -4, 0), "lower_left": (1, -3, 0),
}  # fmt: skip


def speech(frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise (N,) whose loudness follows a slow curve (T,), 0..1."""
    rng = np.random.default_rng(seed)
    knots = np.repeat(rng.uniform(0, 1, frames // 5 + 2), 5)
    loud = np.convolve(knots, np.ones(5) / 5, "same")[:frames]
    samples = rng.standard_normal(frames * 640) * np.repeat(10 ** (2 * loud - 2), 640)
    return samples.astype(np.float32) * 0.1, loud


def landmarks(opening: np.ndarray, image: tuple[int, int] = (100, 50)) -> np.ndarray:
    """(T, 12, 3) normalised landmarks of a face whose jaw and lower lip sink by some pixels, its mouth narrowing."""
    points = np.repeat(np.array(list(PLACES.values()), float)[None], len(opening), 0)
    for name in ("chin", "lower_right", "lower", "lower_left"):
        points[:, list(PLACES).index(name), 1] -= opening
    points[:, list(PLACES).index("corner_left"), 0] -= 0.1 * opening
    return points / [image[0], image[1], image[0]]


def write_tracks(folder: Path, names: list[str], fps: float = 25.0, **files: np.ndarray) -> list[np.ndarray]:
    """A folder of 40-frame clips whose mouths follow their loudness; gives the openings."""
    (folder / "audio").mkdir(parents=True)
    opened = []
    for seed, name in enumerate(names):
        samples, loud = speech(40, seed)
        soundfile.write(folder / "audio" / f"{name}.wav", samples, 16000)
        opened.append(loud)
    stored = {
        "clips": np.array(names), "frames": np.full(len(names), 40), "fps": np.float32(fps),
        "landmarks": landmarks(np.concatenate(opened)).astype(np.float32), "image": np.array([100, 50]),
        "landmark_index": np.array([POINTS[name][0] for name in PLACES]),
    }  # fmt: skip
    np.savez(folder / "faces.npz", **{**stored, **files})
    return opened


def test_measures_by_hand_do_not_depend_on_pose_or_size() -> None:
    points = {name: np.array([place], float) for name, place in PLACES.items()}
    expected = [[1.0, (1 + 2 + 1) / 3 / 10, 0.6]]
    np.testing.assert_allclose(mouth_measures(points), expected)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    np.testing.assert_allclose(mouth_measures({n: 3 * p @ turn + 7 for n, p in points.items()}), expected)
    found = track_measures(landmarks(np.zeros(1)), np.array([POINTS[name][0] for name in PLACES]), (100, 50))
    np.testing.assert_allclose(found, np.multiply(expected, head_size()))
    with pytest.raises(ValueError, match=r"points \[4\] of the face mesh"):
        track_measures(landmarks(np.zeros(1))[:, 1:], np.array([POINTS[name][0] for name in PLACES][1:]), (100, 50))
    with pytest.raises(ValueError, match="both eyes"):
        mouth_measures({name: point * np.nan for name, point in points.items()})


def test_the_mesh_is_measured_at_the_same_points() -> None:
    motion = np.zeros((2, len(MOTION_NAMES)), np.float32)
    motion[1, MOTION_INDEX["jaw_pose_x"]] = 0.15
    rest, opened = mesh_measures(Animation.from_motion(motion))
    assert 90 < head_size() < 97 and rest[1] < 1.5 and 45 < rest[2] < 60
    assert opened[0] - rest[0] > 5 and opened[1] - rest[1] > 9
    if "neck_pose_y" in MOTION_INDEX:
        motion[:, MOTION_INDEX["neck_pose_y"]] = 0.4
        np.testing.assert_allclose(mesh_measures(Animation.from_motion(motion)), [rest, opened], atol=0.05)


def test_faults_of_tracks_are_named(tmp_path: Path) -> None:
    names = ["fine", "silent", "gone", "short", "unseen"]
    write_tracks(tmp_path, names)
    (tmp_path / "audio" / "gone.wav").unlink()
    soundfile.write(tmp_path / "audio" / "silent.wav", np.zeros(25600), 16000)
    soundfile.write(tmp_path / "audio" / "short.wav", np.ones(16000) * 0.1, 16000)
    with np.load(tmp_path / "faces.npz") as file:
        stored = dict(file)
    stored["landmarks"][3:6] = np.nan
    stored["landmarks"][4 * 40 + 5 :] = np.nan
    np.savez(tmp_path / "faces.npz", **stored)
    found = read_tracks(tmp_path)
    assert [clip.name for clip in found.clips] == ["fine"] and found.clips[0].speaker == "fine"
    assert np.isnan(found.clips[0].measures[3:6]).all() and np.isfinite(found.clips[0].measures).all(1).sum() == 37
    told = [("silent", "silent"), ("gone", "no recording"), ("short", "1.00 s of sound"), ("unseen", "12 %")]
    assert all(why in found.left_out[name] for name, why in told)
    assert found.told.startswith("4 left out: silent (")
    assert [clip.speaker for clip in read_tracks(tmp_path, "fine".__eq__, speaker="one").clips] == ["one"]
    np.savez(tmp_path / "faces.npz", **{**stored, "frames": np.full(5, 39)})
    with pytest.raises(ValueError, match="names 195 frames and holds 200"):
        read_tracks(tmp_path)
    np.savez(tmp_path / "faces.npz", clips=stored["clips"])
    with pytest.raises(ValueError, match=r"must hold .'frames', 'image', 'landmark_index', 'landmarks'"):
        read_tracks(tmp_path)


def test_another_frame_rate_keeps_gaps() -> None:
    values = np.linspace(0, 1, 60)[:, None].repeat(2, 1)
    values[:, 1] = np.nan
    values[20:24, 0] = np.nan
    found = at_motion_rate(values, 50.0)
    assert found.shape == (30, 2) and np.isnan(found[:, 1]).all() and np.isnan(found[9:13, 0]).sum() >= 2
    known = np.isfinite(found[:, 0])
    np.testing.assert_allclose(found[known, 0], (np.flatnonzero(known) * 2 + 0.5) / 59, atol=1e-6)
    assert at_motion_rate(values, 25.0) is values


def write_fits(path: Path, tracks: Path) -> None:
    """Fitted motion of all clips: a funnel that follows the loudness and a press that is not known."""
    with np.load(tracks) as file:
        clips, frames = file["clips"], file["frames"]
    motion = np.zeros((int(frames.sum()), len(MOTION_NAMES)), np.float32)
    motion[:, MOTION_INDEX["mouthFunnel"]] = np.concatenate([speech(40, seed)[1] for seed in range(len(clips))])
    known = np.array([name == "mouthFunnel" for name in MOTION_NAMES])
    confidence = np.ones(len(motion))
    confidence[2] = 0
    np.savez(path, clips=clips, frames=frames, motion=motion, confidence=confidence, known=known, fps=25)


def test_fits_hold_nothing_where_nothing_was_seen(tmp_path: Path) -> None:
    write_tracks(tmp_path / "grid", ["one", "two"])
    write_fits(tmp_path / "grid.npz", tmp_path / "grid" / "faces.npz")
    motions, names = read_fits(tmp_path / "grid.npz")
    funnel = names.index("mouthFunnel")
    assert np.isnan(motions["one"][2]).all() and np.isfinite(motions["one"][3:, funnel]).all()
    assert np.isnan(np.delete(motions["two"], funnel, 1)).all() and motions["two"].shape == (40, len(MOTION_NAMES))
    np.savez(tmp_path / "grid.npz", clips=["one"])
    with pytest.raises(ValueError, match=r"must hold .'confidence', 'fps'"):
        read_fits(tmp_path / "grid.npz")


def test_regression_from_sums_is_that_of_the_frames() -> None:
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((4, 2))
    takes = [rng.standard_normal((50, 4)) for _ in range(3)]
    parts = [Moments.of(x - x.mean(0), x @ weights + 3) for x in takes]
    np.testing.assert_allclose(Linear.fit(parts, 0.0).weights, weights, atol=1e-4)
    left = sum(parts[1:], parts[0]) - parts[2]
    np.testing.assert_allclose(Linear.fit([left]).weights, Linear.fit(parts[:2]).weights, atol=1e-6)
    # a ridge on one feature of unit variance: n / (n + penalty) of the slope
    x = np.tile([1.0, -1.0], 50)[:, None]
    assert Linear.fit([Moments.of(x, 3 * x)], 100.0)(x)[0, 0] == pytest.approx(1.5)
    gaps = Moments.of(x, np.where(x > 0, np.nan, x))
    assert gaps.count == 50 and Moments.of(x, np.full((100, 1), np.nan)).count == 0
    with pytest.raises(ValueError, match="frames to learn from"):
        Linear.fit([])


def test_floors_hear_loudness() -> None:
    assert mel_features(speech(30, 0)[0], 30).shape == (30, 17 * 64)
    recordings = [(x, y[:, None]) for x, y in (speech(40, seed) for seed in range(6))]
    samples, loud = speech(40, 9)
    assert np.corrcoef(loudness_feature(samples, 40)[:, 0], loud)[0, 1] > 0.9
    for name, method in fit_floors(recordings).items():
        assert np.corrcoef(method(samples, 40)[:, 0], loud)[0, 1] > (0.7 if name == "ridge" else 0.9)


def test_each_speaker_has_one_lag_by_jaw_and_gap() -> None:
    wave = np.sin(np.arange(50) * 0.7)
    clips = [Tracked(n, s, wave, np.stack([wave, wave, -wave], 1)) for n, s in (("a", "x"), ("b", "x"), ("c", "y"))]
    takes = [np.roll(clip.measures, lag, 0) for clip, lag in zip(clips, (2, 2, -1))]
    found = followed(list(zip(clips, takes)))
    assert found.lags == {"x": 2, "y": -1} and found.told() == "-1 (1), +2 (1)"
    ours, theirs = found.pairs(2)[0]
    np.testing.assert_array_equal(ours[:48], theirs[:48])
    np.testing.assert_array_equal(found.pairs(2, raw=True)[0][0], takes[0][:, 2])


def test_fitted_curves_have_a_lag_of_their_own() -> None:
    """Tracks are smoothed and so late, fits are not: a method that is in time with the face is early for the tracks."""
    wave = np.sin(np.arange(60) * 0.7)
    fitted = np.zeros((60, len(MOTION_NAMES)))
    fitted[:, MOTION_NAMES.index("mouthFunnel")] = wave
    clip = Tracked("a", "x", wave, np.roll(np.stack([wave] * 3, 1), 1, 0), fitted, MOTION_NAMES)
    known = np.stack([wave] * (3 + len(CURVES)), 1)
    found = followed([(clip, known)])
    assert found.lags == {"x": -1} and found.curve_lags == {"x": 0}
    assert all(mean_correlation(found.pairs(k)) > 0.99 for k in (0, 3))
    assert followed([(clip, known[:, :3])]).curve_lags == {"x": -1}  # no curves made: that of the measures


class Opens:
    """Opens the jaw with the loudness, as a performer would, half as far as the made-up people do."""

    def motion(self, samples: np.ndarray, emotion: object, **_: object) -> np.ndarray:
        frames = len(samples) // 640
        motion = np.zeros((frames, len(MOTION_NAMES)), np.float32)
        level = loudness_feature(samples, frames)[:, 0]
        motion[:, MOTION_INDEX["jaw_pose_x"]] = 0.02 * (level - level.min())
        motion[:, MOTION_INDEX["mouthFunnel"]] = 0.05 * (level - level.min())
        return motion


@pytest.fixture
def people(tmp_path: Path) -> Path:
    write_tracks(tmp_path / "grid_s1", [f"t{i}n" for i in range(8)] + ["h1a", "h2a"])
    write_tracks(tmp_path / "grid_others", ["x1", "x2"])
    return tmp_path


def test_rows_of_strangers(people: Path) -> None:
    for name in ("grid_s1", "grid_others"):
        write_fits(people / f"{name}.npz", people / name / "faces.npz")
    strangers = Strangers(Opens(), people, people, quick=True)  # type: ignore[arg-type]
    rows = {row.name: row for row in strangers.rows()}
    assert list(strangers.splits) == ["grid_others", "grid_s1"] and len(strangers.splits["grid_s1"].clips) == 2
    for split in strangers.splits:
        for measure in MEASURES:
            row = rows[f"{split}: {measure} r"]
            assert set(row.floors) == {"ridge", "loudness"} and row.unit and row.mask
            assert "lag of -3 to 3" in row.definition
        assert rows[f"{split}: jaw r"].value > 0.8 and rows[f"{split}: jaw r"].floors["loudness"] > 0.8
        assert set(rows[f"{split}: gap error"].floors) == {"ridge", "loudness", "mean pose"}
        assert rows[f"{split}: funnel r less ridge"].value == pytest.approx(
            float(rows[f"{split}: funnel r less ridge"].note.split()[1].strip(","))
            - rows[f"{split}: funnel r less ridge"].floors["ridge"], abs=1e-3,
        )  # fmt: skip
        assert rows[f"{split}: press r less ridge"].value is None
    assert rows["grid_others: jaw r"].low == 0.72 and rows["grid_s1: gap r"].low == 0.88
    assert "looked at while choosing" in rows["grid_others: jaw r"].split
    assert "held out" in rows["grid_s1: jaw r"].split


def test_what_is_missing_is_said(people: Path) -> None:
    nobody = Strangers(SimpleNamespace(), None, None, quick=True).rows()  # type: ignore[arg-type]
    assert [row.value for row in nobody] == [None] * 3 and "no assets folder" in nobody[0].note
    (people / "grid_s1" / "faces.npz").unlink()
    rows = Strangers(Opens(), people, people, quick=True).rows()  # type: ignore[arg-type]
    assert all(not row.floors or set(row.floors) == {"mean pose"} for row in rows)
    unfitted = [row for row in rows if row.value is None]
    assert len(unfitted) == len(CURVES) and all("no grid_others.npz" in row.note for row in unfitted)


def test_captured_people_are_replayed_beside_ours(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """A row for what was captured, its gaps at rest, and one for what is made of the voice; none without fits."""
    image = pytest.importorskip("PIL.Image")
    samples, loud = speech(75, 0)
    motion = np.zeros((75, len(MOTION_NAMES)))
    motion[:, MOTION_INDEX["jaw_pose_x"]] = 0.3 * loud
    motion[60:], motion[:, MOTION_INDEX["tongueOut"]] = np.nan, np.nan
    clip = Tracked("clip", "clip", samples, np.zeros((75, 3)), motion)
    strangers = SimpleNamespace(splits={"grid_x": Tracks([clip])}, performer=Performer(load(tiny_checkpoint)))
    assert draw_strips(strangers, tmp_path).keys() == {"strips.png"}
    with image.open(tmp_path / "strips.png") as page:
        assert page.width == 10 * 128 and page.height > 2 * 128
        opened, rest = (np.asarray(page.crop((128 * k, 0, 128 * k + 128, 128)), float) for k in (0, 9))
    assert np.abs(opened - rest).max() > 10, "the captured mouth moves, and rests where it was not seen"
    strangers.splits["grid_x"] = Tracks([replace(clip, fitted=None)])
    assert draw_strips(strangers, tmp_path) == {}
