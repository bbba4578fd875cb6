"""Folders of recordings: what is made, what is skipped the second time, and what does not stop the others."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

import emoface
from emoface.jobs import local, run_batch
from emoface.jobs.batch import plan
from emoface.jobs.ledger import Ledger
from emoface.jobs.local import run_local
from emoface.jobs.task import Outcome
from emoface.options import AnimateOptions, LoadOptions

Contents = Callable[[Path], dict[str, bytes]]
SAD = AnimateOptions(emotion="sad")


def test_every_recording_becomes_what_animate_makes(
    recordings: Path, loading: LoadOptions, tmp_path: Path, contents: Contents
) -> None:
    seen: list[tuple[str, int, int]] = []
    report = run_batch(
        recordings, tmp_path / "out", SAD, formats=("npz", ".csv"), loading=loading, workers=1,
        progress=lambda outcome, done, count: seen.append((outcome.name, done, count)),
    )  # fmt: skip
    assert seen == [("a.wav", 1, 4), ("b.flac", 2, 4), ("deep/c.wav", 3, 4), ("deep/d.wav", 4, 4)]
    made = contents(tmp_path / "out")
    assert set(made) == {f"{name}.{end}" for name in ("a", "b", "deep/c", "deep/d") for end in ("npz", "csv")}
    pipeline = emoface.load(loading.checkpoint, dtype="float32")
    path = pipeline.animate(recordings / "deep/c.wav", emotion="sad").save(tmp_path / "c.npz")
    assert made["deep/c.npz"] == path.read_bytes()
    assert [outcome.seconds for outcome in report.finished] == [0.5, 0.6, 0.7, 0.8]
    assert not report.failed and not report.skipped


def test_what_is_finished_is_skipped(
    recordings: Path, loading: LoadOptions, tmp_path: Path, contents: Contents
) -> None:
    out = tmp_path / "out"

    def again(options: AnimateOptions = SAD, **kwargs) -> tuple[list[str], list[str]]:
        report = run_batch(recordings, out, options, loading=loading, workers=1, **kwargs)
        return [outcome.name for outcome in report.finished], report.skipped

    everything = ["a.wav", "b.flac", "deep/c.wav", "deep/d.wav"]
    assert again() == (everything, [])
    first = contents(out)
    assert again() == ([], everything)
    soundfile.write(recordings / "a.wav", np.random.default_rng(1).normal(0, 0.1, 8000), 16000)
    (out / "b.npz").unlink()
    (out / "deep/d.npz").write_bytes(b"spoilt")
    with open(out / "batch.jsonl", "a") as file:
        file.write('{"name": "deep/c.wav", "key')  # the machine went down
    assert again() == (["a.wav", "b.flac", "deep/d.wav"], ["deep/c.wav"])
    second = contents(out)
    assert second["a.npz"] != first["a.npz"]
    assert {name: second[name] for name in first if name != "a.npz"} == {
        name: data for name, data in first.items() if name != "a.npz"
    }
    assert again(AnimateOptions(emotion="happy"))[0] == everything
    assert again(AnimateOptions(emotion="happy", seed=1))[0] == everything
    assert again(AnimateOptions(emotion="happy", seed=1), formats=["json"])[0] == everything


def test_examples_are_settings_too(recordings: Path, loading: LoadOptions, tmp_path: Path) -> None:
    for name in ("a.wav", "a.wav", "b.flac"):
        options = AnimateOptions(emotion=emoface.from_audio(recordings / name))
        report = run_batch(recordings / "deep", tmp_path / "out", options, loading=loading, workers=1)
        last = len(report.finished), len(report.skipped)
        assert last in ((2, 0), (0, 2))
        if name == "b.flac":
            assert last == (2, 0)


def test_failures_are_listed_and_tried_again(recordings: Path, loading: LoadOptions, tmp_path: Path) -> None:
    (recordings / "b.flac").write_bytes(b"no sound")
    report = run_batch(recordings, tmp_path / "out", SAD, loading=loading, workers=1)
    assert [outcome.name for outcome in report.finished] == ["a.wav", "deep/c.wav", "deep/d.wav"]
    assert [outcome.name for outcome in report.failed] == ["b.flac"] and "b.flac" in report.failed[0].error
    assert not (tmp_path / "out/b.npz").exists()
    lines = [json.loads(line) for line in (tmp_path / "out/batch.jsonl").read_text().splitlines()]
    assert [bool(line["error"]) for line in lines] == [False, True, False, False]
    soundfile.write(recordings / "b.flac", np.zeros(8000), 16000)
    report = run_batch(recordings, tmp_path / "out", SAD, loading=loading, workers=1)
    assert [outcome.name for outcome in report.finished] == ["b.flac"] and len(report.skipped) == 3


def test_a_manifest_asks_for_single_recordings(
    recordings: Path, loading: LoadOptions, tmp_path: Path, contents: Contents
) -> None:
    rows = 'file,emotion,level,intensity,blink\na.wav,happy,2,0.5,false\ndeep/c.wav,"{""sad"": 1, ""fear"": 0.5}",,,\n'
    (tmp_path / "takes.csv").write_text(rows)
    (tmp_path / "takes.json").write_text(json.dumps({
        "a.wav": {"emotion": ["happy", 2], "intensity": 0.5, "blink": False},
        "deep/c.wav": {"emotion": {"sad": 1, "fear": 0.5}},
    }))  # fmt: skip
    made = []
    for name in ("takes.csv", "takes.json"):
        run_batch(recordings, tmp_path / name[-3:], SAD, manifest=tmp_path / name, loading=loading, workers=1)
        made.append(contents(tmp_path / name[-3:]))
    assert made[0] == made[1]
    pipeline = emoface.load(loading.checkpoint, dtype="float32")
    for name, options in (
        ("a.wav", {"emotion": ("happy", 2), "intensity": 0.5, "blink": False}),
        ("b.flac", {"emotion": "sad"}),
    ):
        path = pipeline.animate(recordings / name, **options).save(tmp_path / "one.npz")
        assert made[0][f"{name.split('.')[0]}.npz"] == path.read_bytes()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("m.csv", "name,emotion\na.wav,sad\n", "it has no column 'file', but name, emotion"),
        ("m.csv", "file,emotion\na.wav,sad,3\n", "row 2 has another number of cells"),
        ("m.csv", "file,emotion\na.wav,sad\na.wav,happy\n", "a.wav stands there twice"),
        ("m.csv", "file,emotion\nx.wav,sad\n", "names x.wav, which is no recording in"),
        ("m.csv", "file,intensity\na.wav,3\n", "a.wav: intensity must be in 0..2, got 3"),
        ("m.csv", "file,level\na.wav,3\n", "a.wav: level goes with an emotion that is a label"),
        ("m.csv", "file,emotoin\na.wav,sad\n", "did you mean 'emotion'"),
        ("m.csv", "file,emotion,leevl\na.wav,sad,3\n", "did you mean 'level'"),
        ("m.csv", "file,emotion\na.wav," + "[" * 20_000, r"a.wav: emotion '\[\[.* is not known"),
        ("m.json", "[1]", "an entry must be an object, got 1"),
        ("m.json", '[{"emotion": "sad"}]', "an entry lacks 'file'"),
        ("m.json", "3", "it must hold an object or a list"),
        ("m.txt", "", "must be a .csv or .json file"),
    ],
)
def test_bad_manifests(name: str, text: str, words: str, recordings: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises((ValueError, TypeError), match=words) as raised:
        run_batch(recordings, tmp_path / "out", manifest=tmp_path / name)
    assert str(tmp_path / name) in str(raised.value) and not (tmp_path / "out").exists()


def test_refusals_before_any_work(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(ValueError, match=r"suffix '\.bvh'"):
        run_batch(recordings, out, formats=["bvh"])
    with pytest.raises(ValueError, match="workers must be"):
        run_batch(recordings, out, workers=0)
    with pytest.raises(NotADirectoryError, match=r"folder .*none does not exist"):
        run_batch(tmp_path / "none", out)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no recording"):
        run_batch(tmp_path / "empty", out)
    (recordings / "a.mp3").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"a\.mp3 and a\.wav would both become a"):
        run_batch(recordings, out)
    assert not out.exists()
    (recordings / "a.mp3").unlink()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(NotADirectoryError, match=r"folder .*file is no folder"):
        run_batch(recordings, tmp_path / "file")
    held = Ledger(out)
    with pytest.raises(BlockingIOError, match="another batch writes to"):
        run_batch(recordings, out)
    held.close()


def test_lines_of_the_ledger_that_are_none_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "batch.jsonl").write_bytes(b'\xff\xfe{"name"\n{"name": ["a"], "key": "b"}\nnull\n')
    Ledger(tmp_path).close()


class Deadly:
    """A job that ends the process that unpacks it, as one does that takes too much memory."""

    name = "deadly.wav"

    def __reduce__(self) -> tuple:
        return os._exit, (1,)


@pytest.mark.slow
def test_a_recording_that_kills_its_process_costs_no_other(
    recordings: Path, loading: LoadOptions, tmp_path: Path, contents: Contents
) -> None:
    run_batch(recordings, tmp_path / "one", SAD, loading=loading, workers=1)
    jobs: list = [(task, task.key()) for task in plan(recordings, tmp_path / "two", SAD, ["npz"], None, loading)]
    outcomes = {outcome.name: outcome for outcome in run_local([jobs[0], (Deadly(), "key"), *jobs[1:]], 2)}
    assert outcomes.pop("deadly.wav").error == "the process that animated it was killed, twice"
    assert sorted(outcomes) == ["a.wav", "b.flac", "deep/c.wav", "deep/d.wav"]
    assert not any(outcome.error for outcome in outcomes.values())
    assert os.getpid() not in {outcome.worker for outcome in outcomes.values()}
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_what_is_in_work_at_an_interruption_is_finished_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, interrupted = threading.Event(), threading.Event()

    def perform(task: str, key: str) -> Outcome:
        begun.set()
        interrupted.wait(20)
        return Outcome(task, key)

    def wait(*_: object, **__: object) -> None:
        begun.wait(20)
        raise KeyboardInterrupt

    class Pool(ThreadPoolExecutor):
        """One worker, which is held until what waits behind it is cancelled."""

        def __init__(self, *_: object, **__: object) -> None:
            super().__init__(1)

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            interrupted.set()
            super().shutdown(wait)

    monkeypatch.setattr(local, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(local, "perform", perform)
    monkeypatch.setattr(local, "wait", wait)
    told = []
    with pytest.raises(KeyboardInterrupt):
        for outcome in run_local([(f"{name}.wav", "key") for name in "abcde"], 2):  # type: ignore[misc]
            told.append(outcome.name)
    assert told == ["a.wav"]  # the others had not begun
