"""``emoface live``: what it opens, what it refuses, and how it ends."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import emoface
from emoface.cli import live, main
from emoface.face.layout import MOTION_SIZE
from emoface.live import LATENCIES
from emoface.live.frames import Frames


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """The streams that were asked for, stand-ins that hold the jaw open; in a folder with half a second of sound."""
    made: list[Any] = []

    class Stream:
        def __init__(self, loading: dict, options: dict) -> None:
            self.loading, self.options, self.ends, self.fed = loading, options, "", 0
            made.append(self)

        def frames(self, *jaw: float) -> Frames:
            motion = np.zeros((len(jaw), MOTION_SIZE), np.float32)
            motion[:, 50] = jaw
            return Frames(0, self.options["fps"], motion)

        def feed(self, pcm: np.ndarray, sample_rate: float) -> Frames:
            self.fed += len(pcm)
            if self.options.get("seed") == 7:
                os.kill(os.getpid(), signal.SIGINT)
            return self.frames(0.2)

        def flush(self) -> Frames:
            self.ends += "f"
            return self.frames(0.0)

        def interrupt(self, shown: int) -> Frames:
            self.ends += "i"
            return self.frames(0.1, 0.0)

    class Pipeline:
        def __init__(self, loading: dict) -> None:
            self.loading = loading

        def stream(self, **options: Any) -> Stream:
            return Stream(self.loading, options)

    monkeypatch.setattr("emoface.pipeline.load", lambda **loading: Pipeline(loading))
    monkeypatch.chdir(tmp_path)
    soundfile.write("speech.wav", np.zeros(4000, np.int16), 16000)
    return made


def test_a_file_goes_to_several_receivers(streams: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    command = ["live", "speech.wav", "--to", "json://a.jsonl", "--to", "json://b.jsonl", "--fps", "50"]
    assert main([*command, "--emotion", "sad", "--level", "2", "--no-blink", "--dtype", "float32"]) == 0
    stream = streams[0]
    assert stream.options == {"latency": "live", "fps": 50, "emotion": ("sad", 2.0), "blink": False}
    assert stream.loading == {"dtype": "float32"} and stream.ends == "f" and stream.fed == 4000
    lines = [json.loads(line) for line in Path("a.jsonl").read_text().splitlines()]
    assert lines[0]["fps"] == 50 and max(max(line["weights"]) for line in lines[1:]) == pytest.approx(2 / 3, abs=1e-5)
    assert not any(lines[-1]["weights"]) and Path("b.jsonl").read_text() == Path("a.jsonl").read_text()
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and "json a.jsonl:" in told.err and told.out == ""


def test_profiles() -> None:
    assert {"file", *live.LATENCIES} == set(LATENCIES)


def test_interrupted(streams: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert main(["live", "speech.wav", "--to", "json://a.jsonl", "--seed", "7", "-q"]) == 130
    assert streams[0].ends == "i" and capsys.readouterr().err == "emoface: interrupted\n"
    assert not any(json.loads(Path("a.jsonl").read_text().splitlines()[-1])["weights"])
    assert signal.getsignal(signal.SIGINT) is before


def test_refusals(streams: list[Any], error_of: Callable[..., str]) -> None:
    assert "no receiver 'unreal'" in error_of("live", "speech.wav", "--to", "unreal")
    assert "none.wav does not exist" in error_of("live", "none.wav")
    assert "a file knows its own" in error_of("live", "speech.wav", "--sample-rate", "8000")
    assert "--microphone goes without AUDIO" in error_of("live", "speech.wav", "--microphone", "1")
    assert "reserve must be" in error_of("live", "speech.wav", "--reserve", "3", "-q")


def test_what_is_sent_is_what_animate_gives(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    soundfile.write("speech.wav", np.random.default_rng(0).normal(0, 0.1, 12000), 16000)
    common = ["--checkpoint", str(tiny_checkpoint), "--dtype", "float32", "--emotion", "happy", "-q"]
    assert main(["live", "speech.wav", "--to", "json://face.jsonl", *common]) == 0
    sent = [json.loads(line)["weights"] for line in Path("face.jsonl").read_text().splitlines()[1:]]
    assert not any(sent[0]) and any(sent[-1])
    pipeline = emoface.load(tiny_checkpoint, dtype="float32")
    whole = pipeline.animate("speech.wav", emotion="happy", fps=60, latency="live").arkit()
    shown = {tuple(row) for row in sent if any(row)}  # on a machine that is busy, some frames may be left out
    assert shown <= {tuple(row) for row in whole.astype(float).round(6).tolist()}
    assert tuple(sent[-1]) == tuple(whole[-1].astype(float).round(6).tolist())
