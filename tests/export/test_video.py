"""Videos read back by PyAV: frames, rate, sound in step, and a picture that moves with the jaw."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.export.video import write_video
from emoface.face.layout import JAW_OPEN_RADIANS

av = pytest.importorskip("av")
FRAMES, FPS, RATE, CLICK = 15, 25, 24000, 0.25


def talking(with_sound: bool = True) -> Animation:
    jaw = np.zeros((FRAMES, 3), np.float32)
    jaw[5:10, 0] = JAW_OPEN_RADIANS  # open from 0.2 s to 0.4 s
    sound = np.zeros(round(FRAMES / FPS * RATE), np.float32)
    sound[round(CLICK * RATE) :][:240] = np.hanning(240) * np.sin(np.arange(240) * 0.4)
    audio = open_audio((sound, RATE)) if with_sound else None
    return Animation(np.zeros((FRAMES, 50), np.float32), jaw, FPS, audio)


def pictures(path) -> np.ndarray:
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "talk.mp4"
    write_video(talking(), path, size=128)
    return path


def test_an_independent_reader_finds_every_frame_at_its_time(video):
    with av.open(str(video)) as file:
        stream = file.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (128, 128, FPS)
        times = [float(frame.pts * stream.time_base) for frame in file.decode(video=0)]
    assert times == pytest.approx(np.arange(FRAMES) / FPS)


def test_the_moov_atom_comes_first(video):
    data = video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_sound_stays_where_it_was(video):
    with av.open(str(video)) as file:
        stream = file.streams.audio[0]
        assert stream.codec_context.name == "aac"
        parts = [(f.pts * float(f.time_base), f.to_ndarray()[0]) for f in file.decode(audio=0)]
    start = parts[0][0]
    wave = np.concatenate([part for _, part in parts])
    middle = start + np.average(np.arange(len(wave)), weights=wave**2) / RATE
    assert middle == pytest.approx(CLICK + 120 / RATE, abs=0.002)
    assert start + len(wave) / RATE == pytest.approx(FRAMES / FPS, abs=0.05)


def test_the_picture_moves_with_the_jaw(video):
    frames = pictures(video).astype(int)
    change = np.abs(frames - frames[0]).mean((1, 2, 3))
    assert change[5:10].min() > 5 * max(change[:5].max(), change[10:].max(), 0.1)
    rows = np.abs(frames[7] - frames[0]).sum((1, 2))
    assert rows[64:].sum() > 5 * rows[:64].sum()  # the lower half


def test_another_rate_and_no_sound(tmp_path):
    talking(with_sound=False).save(tmp_path / "silent.mp4", size=64, fps=30000 / 1001, yaw=35)
    with av.open(str(tmp_path / "silent.mp4")) as file:
        assert not file.streams.audio
        assert file.streams.video[0].average_rate.limit_denominator(2000) == pytest.approx(30000 / 1001)
        assert sum(1 for _ in file.decode(video=0)) == round(FRAMES / FPS * 30000 / 1001)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"size": 101}, "size must be an even number of pixels, got 101"),
        ({"size": 14}, r"size must be in 16\.\.4096, got 14"),
        ({"size": 64.0}, "size must be an integer, got float"),
        ({"quality": 99}, r"quality must be in 0\.\.51, got 99"),
        ({"quality": "best"}, "quality must be a number, got str"),
        ({"progress": 1}, "progress must be callable, got int"),
        ({"fps": 0}, "fps must be positive"),
        ({"yaw": math.nan}, "yaw must be finite"),
        ({"threads": 0}, "threads must be"),
    ],
)
def test_bad_options_are_named_and_leave_nothing(tmp_path, options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        write_video(talking(), tmp_path / "bad.mp4", **options)
    assert not list(tmp_path.iterdir())


def test_unknown_options_are_named(tmp_path):
    with pytest.raises(TypeError, match=r"\.mp4 files take face, size, fps, quality, yaw, .*, got 'frames'"):
        talking().save(tmp_path / "bad.mp4", frames=3)


def test_a_failing_encoder_is_quoted_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("emoface.export.video.AUDIO_BITS", "many")
    with pytest.raises(OSError, match=r"bad\.mp4 was not written: ffmpeg says"):
        write_video(talking(), tmp_path / "bad.mp4", size=64)
    assert not list(tmp_path.iterdir())


KILLED = """
import os, signal, sys
import numpy as np
sys.path.insert(0, os.path.dirname(sys.argv[0]))
from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.export import video

class Killer:
    def __init__(self, pictures):
        self.pictures = pictures
    def __iter__(self):
        for number, picture in enumerate(self.pictures):
            if number == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            yield picture

plain = video.render_frames
video.render_frames = lambda *args, **options: Killer(plain(*args, **options))
sound = open_audio((np.zeros(24000, np.float32), 24000))
Animation(np.zeros((25, 50)), np.zeros((25, 3)), 25, sound).save(sys.argv[1], size=64)
"""


def test_a_killed_program_leaves_nothing_that_the_next_save_does_not_remove(tmp_path):
    folder, scratch = tmp_path / "a:b", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    target = folder / "a:b.mp4"
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], env={**os.environ, "TMPDIR": str(scratch)})
    assert done.returncode == -signal.SIGKILL and not os.listdir(scratch)
    assert [name[:9] for name in os.listdir(folder)] == [".emoface-"]
    write_video(talking(), target, size=64)
    assert os.listdir(folder) == ["a:b.mp4"] and len(pictures(target)) == FRAMES


@pytest.mark.parametrize("name", ["-v.mp4", "a.%03d.mp4", "b\udcff.mp4", "x" * 251 + ".mp4"])
def test_names_that_ffmpeg_might_read_otherwise(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_video(talking(), name, size=64)
    assert os.listdir(tmp_path) == [name]
