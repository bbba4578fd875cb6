"""A stream gives what `animate` gives with the same latency, however its voice is cut, and survives bad input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import emoface
from emoface.face.layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE
from emoface.live import LATENCIES, Frames, Stream

JAW = MOTION_INDEX["jaw_pose_x"]


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint)


def voice(seconds: float, rate: int = 16000) -> np.ndarray:
    """Syllables of noise (n,), loud and quiet in turn."""
    n = round(seconds * rate)
    noise = np.random.default_rng(5).normal(size=n)
    return (0.1 * noise * np.abs(np.sin(np.arange(n) * 9 / rate))).astype(np.float32)


def cut(samples: np.ndarray, size: int | None) -> Iterator[np.ndarray]:
    """Chunks of one size, or of random ones."""
    rng, start = np.random.default_rng(2), 0
    while start < len(samples):
        n = size or int(rng.integers(0, 9000))
        yield samples[start : start + n]
        start += n


def played(stream: Stream, chunks: Iterator[np.ndarray]) -> np.ndarray:
    """All frames (T, 56) of a voice; every one follows the one before."""
    given = [stream.feed(chunk) for chunk in chunks]
    given.append(stream.flush())
    index = 0
    for frames in given:
        assert frames.start == index
        index += len(frames)
    return np.concatenate([frames.motion for frames in given])


@pytest.mark.parametrize(
    ("rate", "latency", "fps", "sizes"),
    [
        (16000, "live", 25, [1, 7, 160, 441, 4096, 48000, None]),
        (8000, "live", 30, [160, 4096, None]),
        (44100, "instant", 60, [441, 48000, None]),
        (48000, "live", 50, [160, 4096, None]),
    ],
)
def test_frames_equal_the_recordings_for_every_chunking(
    pipeline: emoface.Pipeline, rate: int, latency: str, fps: int, sizes: list[int | None]
) -> None:
    samples = voice(0.73, rate)
    asked = {"emotion": "happy", "latency": latency, "fps": fps}
    whole = pipeline.animate(samples, sample_rate=rate, **asked)
    assert len(whole) == round(0.73 * fps) and whole.metadata["latency"] == latency
    for size in sizes:
        frames = played(pipeline.stream(sample_rate=rate, **asked), cut(samples, size))
        np.testing.assert_array_equal(frames, whole.motion, err_msg=f"chunks of {size}")


def test_frames_equal_the_recordings_with_an_enlarged_lip_and_accents(tiny_checkpoint: Path) -> None:
    face, samples, asked = emoface.load(tiny_checkpoint), voice(1.3), {"emotion": "angry", "latency": "live"}
    plain = face.animate(samples, sample_rate=16000, **asked)
    face.sampling = replace(face.sampling, upper_lip=2.0, press=0.5, accents=1.0)
    whole = face.animate(samples, sample_rate=16000, **asked)
    assert not np.array_equal(whole.motion, plain.motion)
    for size in (160, 4096, None):
        frames = played(face.stream(sample_rate=16000, **asked), cut(samples, size))
        np.testing.assert_array_equal(frames, whole.motion, err_msg=f"chunks of {size}")


def test_integers_and_channels_are_heard_as_recordings_are(pipeline: emoface.Pipeline) -> None:
    pcm = (np.stack([voice(0.4), voice(0.4)], 1) * 32767).astype(np.int16)
    whole = pipeline.animate(pcm, sample_rate=16000, latency="live")
    np.testing.assert_array_equal(played(pipeline.stream(), iter([torch.from_numpy(pcm)])), whole.motion)


@pytest.mark.parametrize("latency", LATENCIES[1:])
def test_frames_come_when_the_audio_that_they_need_is_there(pipeline: emoface.Pipeline, latency: str) -> None:
    """The lookahead and the hop that a stream tells are all that it waits for; and 80 ms at most."""
    stream = pipeline.stream(latency=latency, sample_rate=48000)
    assert stream.lookahead <= (0.08 if latency == "live" else 0.0) and stream.hop <= 0.08
    fed = 0
    for chunk in cut(voice(0.6, 48000), 480):
        stream.feed(chunk)
        fed += len(chunk)
        due = fed / 48000 - stream.lookahead
        assert stream.index == max(int(due / stream.hop + 1e-9), 0) * round(stream.hop * 25)


def test_lookahead_of_other_rates_is_what_frames_wait_for(pipeline: emoface.Pipeline) -> None:
    stream = pipeline.stream(latency="instant", fps=60)
    worst, fed = 0.0, 0
    for chunk in cut(voice(1.0), 160):
        frames = stream.feed(chunk)
        fed += len(chunk)
        if len(frames):
            worst = max(worst, fed / 16000 - stream.index / 60)
    assert worst <= stream.lookahead + 0.011 and stream.lookahead < 0.06


def test_nothing_after_a_frame_but_its_lookahead_is_heard(pipeline: emoface.Pipeline) -> None:
    """Frames that were given do not change with what comes later."""
    early, late = (pipeline.stream(emotion=None) for _ in range(2))
    samples = voice(0.8)
    a = early.feed(samples)
    b = late.feed(np.concatenate([samples, -3 * samples]))
    np.testing.assert_array_equal(a.motion, b.motion[: len(a)])


def test_emotion_and_intensity_change_smoothly_from_the_next_frame_on(pipeline: emoface.Pipeline) -> None:
    samples = voice(2.0)
    steady, changed = (pipeline.stream(emotion="happy", blink=False, gaze=False) for _ in range(2))
    before = [stream.feed(samples[:16000]).motion for stream in (steady, changed)]
    np.testing.assert_array_equal(*before)
    changed.emotion, changed.intensity = "sad", 2.0
    assert (changed.emotion, changed.intensity) == ("sad", 2.0)
    other, same = changed.feed(samples[16000:]).motion, steady.feed(samples[16000:]).motion
    apart = np.abs(other - same).max(1)
    assert apart[-1] > 0.02, "the emotion has changed at last"
    assert apart[0] < 0.25 * apart.max(), "and not at once"
    for bad, error in (("hapy", ValueError), (3, TypeError)):
        with pytest.raises(error):
            changed.emotion = bad
    with pytest.raises(ValueError, match="intensity"):
        changed.intensity = 9
    assert changed.emotion == "sad" and len(changed.feed(samples[:8000])) == 12


def test_an_interruption_closes_the_mouth_and_goes_on(pipeline: emoface.Pipeline) -> None:
    stream = pipeline.stream(emotion="happy", fps=50)
    spoken = stream.feed(voice(1.0))
    closing = stream.interrupt(shown=30)
    assert closing.start == 31 and len(closing) / 50 <= 0.2
    steps = np.abs(np.diff(np.concatenate([spoken.motion[30:31], closing.motion]), axis=0)).max(1)
    assert steps.max() < 0.5 * np.abs(closing.motion[-1] - spoken.motion[30]).max(), "no jump"
    again = stream.feed(voice(1.0))
    assert again.start == closing.stop == stream.index - len(again)
    quiet = pipeline.stream(emotion="happy", fps=50).feed(np.zeros(32000, np.float32)).motion
    assert abs(closing.motion[-1, JAW] - np.median(quiet[:, JAW])) < 0.1 * JAW_OPEN_RADIANS
    stream.flush()
    assert len(stream.interrupt()) and not stream.closed
    with pytest.raises(ValueError, match="shown"):
        stream.interrupt(shown=stream.index)


def test_reset_begins_anew(pipeline: emoface.Pipeline) -> None:
    stream = pipeline.stream(emotion="sad")
    first = stream.feed(voice(0.5)).motion
    stream.emotion = "happy"
    stream.flush()
    assert stream.closed
    stream.reset()
    assert (stream.index, stream.emotion, stream.closed) == (0, "sad", False)
    np.testing.assert_array_equal(stream.feed(voice(0.5)).motion, first)


@pytest.mark.parametrize(
    ("pcm", "error", "words"),
    [
        (np.array([0, np.nan], np.float32), ValueError, "finite"),
        (np.zeros(4, np.uint8), TypeError, "uint8"),
        (np.zeros(4, complex), TypeError, "complex"),
        ([0.0, 0.1], TypeError, "list"),
        (b"\0\0", TypeError, "bytes"),
        (np.zeros((2, 2, 2), np.float32), ValueError, "shape"),
        (np.zeros((2, 9), np.float32), ValueError, "channels"),
    ],
)
def test_bad_chunks_are_refused_and_the_stream_goes_on(
    pipeline: emoface.Pipeline, pcm: object, error: type[Exception], words: str
) -> None:
    samples = voice(0.4)
    stream, other = pipeline.stream(), pipeline.stream()
    stream.feed(samples)
    with pytest.raises(error, match=words):
        stream.feed(pcm)
    other.feed(samples)
    np.testing.assert_array_equal(stream.feed(samples).motion, other.feed(samples).motion)


def test_controls_are_those_of_the_finished_face(pipeline: emoface.Pipeline) -> None:
    controls = emoface.Controls(lower_strength=0.6, symmetry=1.0, eyelid_offset=0.2)
    plain, turned = (pipeline.stream(emotion="happy", controls=one).feed(voice(1.0)) for one in (None, controls))
    np.testing.assert_array_equal(turned.motion, controls.apply(plain.motion, 25))


def test_misuse_is_refused(pipeline: emoface.Pipeline) -> None:
    for asked, words in (
        ({"latency": "file"}, "latency"), ({"fps": 24}, "fps"), ({"num_samples": 2}, "num_samples"),
        ({"sample_rate": 10}, "sample_rate"), ({"latency": "soon"}, "latency"),
        ({"controls": emoface.Controls(lower_smoothing=0.1)}, "lower_smoothing .* must be 0 with latency 'live'"),
        ({"controls": emoface.Controls(upper_smoothing=0.2), "latency": "instant"}, r"upper_smoothing .* got 0\.2"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            pipeline.stream(**asked)
    stream = pipeline.stream()
    stream.feed(voice(0.1, 48000), sample_rate=48000)
    with pytest.raises(ValueError, match="sample_rate"):
        stream.feed(voice(0.1), 16000)
    stream.flush()
    for late in (lambda: stream.feed(voice(0.1)), stream.flush):
        with pytest.raises(RuntimeError, match=r"after flush\(\)"):
            late()


def test_memory_of_a_stream_does_not_grow(pipeline: emoface.Pipeline) -> None:
    """What a stream holds after 20 s of silence is no more than after 6 s, and the face lives on."""
    import pickle

    stream = pipeline.stream(emotion=None)
    sizes, motion = [], []
    for seconds in (6, 14):
        motion.append(stream.feed(np.zeros(16000 * seconds, np.float32)).motion)
        state = stream._take.state
        sizes.append(len(pickle.dumps((state.voice, state.past, state.mel, state.life, state.script.keyframes))))
    assert sizes[1] < 1.02 * sizes[0] + 2000
    assert motion[1].std(0).max() > 0.01


def test_frames_read_as_a_motion() -> None:
    motion = np.zeros((3, MOTION_SIZE), np.float32)
    motion[:, JAW], motion[:, MOTION_INDEX["eyeLookOutLeft"]], motion[:, -1] = 0.15, 0.5, 0.2
    frames = Frames(10, 50.0, motion)
    np.testing.assert_allclose(frames.times, [0.21, 0.23, 0.25])
    np.testing.assert_array_equal(frames.arkit(), frames.face_motion().arkit())
    np.testing.assert_array_equal(frames.head[:, 2], motion[:, -1])
    np.testing.assert_allclose(frames.eyes[0], [[np.radians(17.5), 0], [0, 0]], atol=1e-6)
    assert frames.stop == 13 and len(Frames()) == 0 and Frames().arkit().shape == (0, 52)
    with pytest.raises(ValueError, match="at least one"):
        Frames().face_motion()
