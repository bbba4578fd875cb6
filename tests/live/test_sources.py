"""A recording and a pipe are let out as they are spoken; a microphone passes its blocks on."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emoface.live.microphone import Microphone
from emoface.live.sources import FileSource, RawSource


class Clock:
    def __init__(self) -> None:
        self.now = 5.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_file_takes_as_long_as_it_lasts() -> None:
    clock, samples = Clock(), np.random.default_rng(0).normal(0, 0.1, 44100).astype(np.float32)
    source = FileSource((samples, 44100), clock, clock.sleep)
    times, blocks = zip(*[(clock.now, block) for block in source])
    np.testing.assert_array_equal(np.concatenate(blocks), samples)
    assert source.sample_rate == 44100 and len(blocks) == 50
    np.testing.assert_allclose(times, 5 + 0.02 * np.arange(1, 51), atol=1e-9)


def test_a_pipe_is_slowed_down_but_never_waited_for_twice() -> None:
    clock, data = Clock(), np.arange(-800, 800, dtype="<i2")

    class Pipe(io.BytesIO):
        def read1(self, size: int = -1) -> bytes:
            if self.tell() == 1281:
                clock.now += 3  # the writer paused
            return super().read1(min(size, 320 if self.tell() else 321))  # and once broke a sample in two

    blocks = []
    for block in RawSource(Pipe(data.tobytes()), 16000, clock, clock.sleep):
        blocks.append((clock.now, block))
    joined = np.concatenate([block for _, block in blocks])
    np.testing.assert_array_equal(joined, data)
    assert joined.dtype == np.int16
    assert blocks[0][0] == pytest.approx(5.01) and blocks[-1][0] == pytest.approx(8.05, abs=0.02)


def test_a_closed_source_ends() -> None:
    clock = Clock()
    source = FileSource((np.zeros(16000, np.float32), 16000), clock, clock.sleep)
    got = 0
    for _ in source:
        got += 1
        source.close()
    assert got == 1


def test_raw_rates() -> None:
    with pytest.raises(ValueError, match="sample_rate must be"):
        RawSource(io.BytesIO(), 100)


class FakeCard:
    """What of sounddevice is used, with two blocks to record."""

    class PortAudioError(Exception):
        pass

    def query_devices(self, device, kind):
        if device == "none":
            raise ValueError("No input device matching 'none'")
        return {"name": "a microphone", "default_samplerate": 48000.0}

    def InputStream(self, *, callback, finished_callback, **options):
        self.options = options

        def start() -> None:
            for value in (0.1, 0.2):
                callback(np.full((options["blocksize"], 1), value, np.float32), options["blocksize"], None, None)
            finished_callback()

        return SimpleNamespace(start=start, close=lambda ignore_errors: None)


def test_microphone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    card = FakeCard()
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    source = Microphone("2")
    blocks = list(source)
    assert [(len(block), round(float(block[0]), 3)) for block in blocks] == [(960, 0.1), (960, 0.2)]
    assert source.name == "a microphone" and source.sample_rate == 48000 and card.options["device"] == 2
    for _ in range(300):
        source._take(np.zeros((960, 1), np.float32))
    assert source.lost == 50
    with pytest.raises(OSError, match="microphone none cannot be opened: No input device"):
        Microphone("none")
    monkeypatch.delitem(sys.modules, "sounddevice")
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(OSError, match="a microphone needs the library PortAudio"):
        Microphone()
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ImportError, match=r"pip install 'emoface\[live\]'"):
        Microphone()
