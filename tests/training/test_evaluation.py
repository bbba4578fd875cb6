"""The evaluation: its rows and files, and that it runs on the bundled clip alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emoface.face.layout import FPS, motion_to_arkit
from emoface.metrics.emotion import anatomically_right
from emoface.pipeline import load
from emoface.training.evaluation import evaluate, run
from emoface.training.evaluation.expression import MOVING, Expression
from emoface.training.evaluation.lips import with_noise
from emoface.training.evaluation.material import Performer, berlin, bundled, captured
from emoface.training.evaluation.report import Row, markdown
from emoface.training.evaluation.rest import text_rows


def test_rows_know_whether_the_bar_is_met() -> None:
    assert Row("a", 0.5, low=0.4).met and not Row("a", 0.3, low=0.4).met
    assert Row("a", 0.5, low=0.4, high=0.6).met and not Row("a", 0.7, low=0.4, high=0.6).met
    assert Row("a", 0.5).met is None and Row("a", None, low=0.4).met is None
    assert not Row("a", float("nan"), low=0.4).met
    assert Row("a", 1.0, 0.8, 1.2).bar == "0.8 to 1.2" and Row("a", 1.0, high=2).bar == "at most 2"
    json.dumps(Row("a", float("nan")).as_dict(), allow_nan=False)


def test_noise_has_the_asked_level() -> None:
    samples = np.sin(np.arange(16000) * 0.1).astype(np.float32)
    noise = with_noise(samples, 10.0) - samples
    assert 10 * np.log10(np.mean(samples**2) / np.mean(noise**2)) == pytest.approx(10, abs=0.2)


def test_bundled_clip_has_its_phones() -> None:
    clip = bundled()
    assert clip.visemes[-1, 2] == pytest.approx(len(clip.samples) / 16000, abs=1e-3)
    motion = clip.rule("happy", 3, seed=0)
    assert motion.shape == (round(len(clip.samples) / 16000 * FPS), 53)
    np.testing.assert_array_equal(motion, clip.rule("happy", 3, seed=0))
    assert np.abs(motion - clip.rule("happy", 3, seed=1)).max() > 0.01


def test_the_rules_obey_themselves(tiny_checkpoint: Path) -> None:
    prototypes = Expression(Performer(load(tiny_checkpoint)), [bundled()], draws=4).prototypes
    assert len(prototypes) == 22
    for emotion in MOVING:
        assert anatomically_right(prototypes[emotion, 3], emotion), emotion
        sizes = [np.linalg.norm(prototypes[emotion, level]) for level in (1, 2, 3)]
        assert sizes == sorted(sizes)


def test_held_out_recordings(assets: Path) -> None:
    clips = berlin(assets)
    assert len(clips) > 50 and {clip.name[:2] for clip in clips} == {"13", "14"}
    measured = captured(assets, 5.0)
    assert measured.weights.shape == (125, 52) and len(measured.samples) == 80000 and len(measured.shapes) == 27
    np.testing.assert_array_equal(captured(assets, 5.0).weights, measured.weights)
    assert motion_to_arkit(clips[0].rule("sad", 2, 0)).max() <= 1


def test_text_figures_read_the_lists_of_the_repository(tiny_checkpoint: Path) -> None:
    rows = text_rows(load(tiny_checkpoint))
    assert [row.value is not None for row in rows] == [True, True, True]


def test_evaluate_on_the_bundled_clip(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMOFACE_ASSETS", raising=False)
    monkeypatch.setattr(run, "speed_rows", lambda *_: [Row("speed", 0.1, high=1.0)])
    parts: list[str] = []
    report = evaluate(tiny_checkpoint, out=tmp_path / "report", quick=True, progress=parts.append)
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"evaluation.json", "evaluation.md"} <= names and set(report["pictures"]) <= names
    assert report["pictures"] == [f"curves_{e}.png" for e in ("neutral", "happy", "sad", "angry")] + ["strengths.png"]
    assert json.loads((tmp_path / "report" / "evaluation.json").read_text())["rows"] == report["rows"]
    table = (tmp_path / "report" / "evaluation.md").read_text()
    assert table == markdown(json.loads((tmp_path / "report" / "evaluation.json").read_text()))
    assert "obedience to our own expression rules" in table
    missing = [row for row in report["rows"] if row["value"] is None]
    assert len(missing) == 2 and all("no assets folder was named" in row["note"] for row in missing)
    assert "emotions" in parts and "text" in parts


def test_evaluate_refuses_a_missing_assets_folder(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"assets .*none is not a folder"):
        evaluate(tiny_checkpoint, assets=tmp_path / "none")
