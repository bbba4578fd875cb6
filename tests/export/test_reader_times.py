"""When programs show what a file holds: the arithmetic of each format's main reader, restated here.

A jaw that opens evenly for a minute says by its value which moment of the motion a key shows. Every key must be seen at
that moment, to half a millisecond; the ends, where the first and last pose are held, aside.
"""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pygltflib
import pytest

from emoface.animation import Animation
from emoface.export.video import _command
from emoface.face.layout import ARKIT_INDEX, EXPRESSION_SIZE
from emoface.face.rig import Rig

SECONDS = 60
RATES = (24, 25, 29.97, 30, 50, 60, "30000/1001", 23.976, 59.94, 100)
MOST = 0.0005
TICKS = 24000  # to the second, in a level sequence of Unreal


@pytest.fixture(params=RATES, ids=str)
def ramp(request: pytest.FixtureRequest) -> Animation:
    """A minute at each rate; the jaw opens from 0 to 1 in time."""
    fps = Animation(np.zeros((1, 50)), np.zeros((1, 3)), request.param).fps
    weights = np.zeros((round(SECONDS * fps), 52), np.float32)
    weights[:, ARKIT_INDEX["jawOpen"]] = (np.arange(len(weights)) + 0.5) / fps / SECONDS
    return Animation.from_arkit(weights, request.param)


def check(times: np.ndarray, jaw: np.ndarray, ramp: Animation, held: float = 0.5) -> None:
    """Keys at ``times`` (seconds, as the reader has them) show the motion of that time and cover the minute."""
    moments = np.asarray(jaw, np.float64) * SECONDS
    inside = (times > held / ramp.fps + MOST) & (times < SECONDS - held / ramp.fps - MOST)
    assert inside.sum() > SECONDS * min(ramp.fps, 24) - 10
    assert np.abs(moments - times)[inside].max() < MOST
    assert (np.diff(times) > 0).all()


def rows_of(path: Path) -> tuple[list[tuple[int, int, int, float]], np.ndarray]:
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    codes = [row["Timecode"].split(":") for row in rows]
    return [(int(h), int(m), int(s), float(f)) for h, m, s, f in codes], np.array([float(r["JawOpen"]) for r in rows])


@pytest.mark.parametrize("asked", [None, 60, 30])
def test_unreal_newer_live_link_importer(ramp: Animation, tmp_path: Path, asked: int | None) -> None:
    codes, jaw = rows_of(ramp.save(tmp_path / "take.csv", fps=asked))
    rate = 60 if any(frame > 30 for *_, frame in codes) else 30
    assert rate == (asked or 60)
    seconds = np.array([h * 3600 + m * 60 + s + frame / rate for h, m, s, frame in codes])
    check(np.floor(seconds * TICKS) / TICKS, jaw, ramp)


def test_unreal_older_live_link_importer(ramp: Animation, tmp_path: Path) -> None:
    codes, jaw = rows_of(ramp.save(tmp_path / "take.csv"))
    seconds = np.array([h * 3600 + m * 60 + s + frame / 60.0 for h, m, s, frame in codes])
    check(np.floor(seconds * TICKS) / TICKS, jaw, ramp)


def test_unreal_live_link_importers_of_short_clips(tmp_path: Path) -> None:
    codes, _ = rows_of(Animation.from_arkit(np.zeros((3, 52))).save(tmp_path / "take.csv"))
    assert max(frame for *_, frame in codes) > 30


def glb_keys(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and jawOpen of the keys, float32 as stored."""
    gltf = pygltflib.GLTF2().load(str(path))
    blob, animation = gltf.binary_blob(), gltf.animations[-1]
    arrays = []
    for index in (animation.samplers[0].input, animation.samplers[0].output):
        accessor = gltf.accessors[index]
        start = gltf.bufferViews[accessor.bufferView].byteOffset + (accessor.byteOffset or 0)
        arrays.append(np.frombuffer(blob, "<f4", accessor.count, start))
    shape = gltf.meshes[0].extras["targetNames"].index("jawOpen")
    return arrays[0], arrays[1].reshape(len(arrays[0]), -1)[:, shape]


@pytest.mark.parametrize("whole_frames", [False, True])
def test_three_js_plays_seconds(ramp: Animation, tmp_path: Path, small_rig: Rig, whole_frames: bool) -> None:
    times, jaw = glb_keys(ramp.save(tmp_path / "take.glb", face=small_rig, whole_frames=whole_frames))
    check(times.astype(np.float64), jaw, ramp)


@pytest.mark.parametrize("scene", [24, 25, 30, 60])
def test_blender_gltf_importer(ramp: Animation, tmp_path: Path, small_rig: Rig, scene: int) -> None:
    times, jaw = glb_keys(ramp.save(tmp_path / "take.glb", face=small_rig))
    frames = np.float32(times * scene)  # keys lie between frames
    check(frames.astype(np.float64) / scene, jaw, ramp)


def test_editors_that_count_frames_find_keys_on_them(ramp: Animation, tmp_path: Path, small_rig: Rig) -> None:
    times, jaw = glb_keys(ramp.save(tmp_path / "take.glb", face=small_rig, whole_frames=True))
    frames = times.astype(np.float64) * ramp.fps
    np.testing.assert_allclose(frames, np.arange(len(ramp) + 1), atol=1e-3)
    check(frames.round() / ramp.fps, jaw, ramp)


def usd_keys(path: Path) -> tuple[np.ndarray, np.ndarray, float]:
    """Time codes and jawOpen of the samples, and the codes per second that the stage says."""
    text = path.read_text(encoding="utf-8")
    rate = re.search(r"timeCodesPerSecond = ([\d.]+)", text)
    samples = re.search(r"blendShapeWeights\.timeSamples = \{(.*?)\}", text, re.DOTALL)
    names = re.search(r'uniform token\[\] blendShapes = \["(.*?)"\]', text)
    assert rate and samples and names
    lines = [line.strip().rstrip(",").split(": ") for line in samples[1].strip().splitlines()]
    shape = names[1].split('", "').index("jawOpen")
    codes = np.array([float(code) for code, _ in lines])
    return codes, np.array([json.loads(values)[shape] for _, values in lines]), float(rate[1])


@pytest.mark.parametrize("whole_frames", [False, True])
def test_usdview(ramp: Animation, tmp_path: Path, small_rig: Rig, whole_frames: bool) -> None:
    codes, jaw, rate = usd_keys(ramp.save(tmp_path / "take.usda", face=small_rig, whole_frames=whole_frames))
    check(codes / rate, jaw, ramp)
    if whole_frames:
        assert np.array_equal(codes, np.arange(len(ramp) + 1))


def test_blender_usd_importer_leaves_the_scene_at_24(ramp: Animation, tmp_path: Path, small_rig: Rig) -> None:
    codes, jaw, _ = usd_keys(ramp.save(tmp_path / "take.usda", face=small_rig))
    frames = np.float32(codes)  # a time code is a frame, whatever the file says of seconds
    check(frames.astype(np.float64) / 24, jaw, ramp)


def test_lam_web_player_takes_thirty_frames_a_second(ramp: Animation, tmp_path: Path) -> None:
    content = json.loads(ramp.save(tmp_path / "take.json").read_text())
    jaw = np.array([frame["weights"][content["names"].index("jawOpen")] for frame in content["frames"]])
    middles = (np.arange(len(jaw)) + 0.5) / 30  # a frame is shown while floor(seconds / (1 / 30)) is its number
    check(middles, jaw, ramp)
    assert [frame["time"] for frame in content["frames"][:2]] == [0, round(1 / 30, 6)] and content["fps"] == 30


def test_our_page(ramp: Animation) -> None:
    """clip.js: place = time * fps - 0.5, linear between the frames beside it."""
    shown = ramp.resample(max(60, ramp.fps))
    jaw = shown.arkit()[:, ARKIT_INDEX["jawOpen"]].astype(np.float64)
    times = np.linspace(0, SECONDS, 9999)
    check(times, np.interp(times * shown.fps - 0.5, np.arange(len(jaw)), jaw), ramp, held=1.5)


def test_coefficients(ramp: Animation, tmp_path: Path) -> None:
    """Readers of coefficient files take row k for the frame from k / fps to (k + 1) / fps."""
    with np.load(ramp.save(tmp_path / "take.npz")) as file:
        jaw, fps = file["jaw_pose"][:, 0] / 0.30, float(file["fps"])
    check((np.arange(len(jaw)) + 0.5) / fps, jaw, ramp)


def test_video(ramp: Animation) -> None:
    """Frame k of a video is shown from k / rate to (k + 1) / rate, the rate being the fraction given to the encoder."""
    command = _command("ffmpeg", (64, 64), ramp.fps, 20, None, Path("take.mp4"))
    rate = Fraction(command[command.index("-framerate" if "-framerate" in command else "-r") + 1])
    jaw = ramp.motion[:, EXPRESSION_SIZE] / 0.30
    check((np.arange(len(jaw)) + 0.5) / float(rate), jaw, ramp)
    if abs(ramp.fps - 29.97) < 0.01:
        assert rate == Fraction(30000, 1001)
