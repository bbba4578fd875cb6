"""The evaluation: its rows and files, and that it runs on the bundled clip alone."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emoface.binding.intensity import MOVING
from emoface.evaluation import evaluate, parts
from emoface.evaluation.expression import Expression
from emoface.evaluation.lips import with_noise
from emoface.evaluation.material import Performer, Spoken, berlin, bundled, captured
from emoface.evaluation.page import html, matrix
from emoface.evaluation.prompts import prompt_rows
from emoface.evaluation.report import Row, beside, markdown, told
from emoface.evaluation.voices import heard_rows
from emoface.face.layout import FPS, MOTION_SIZE, motion_to_arkit
from emoface.metrics.classification import accuracy
from emoface.metrics.emotion import anatomically_right
from emoface.pipeline import load
from emoface.training.data import PROMPTS


def test_rows_take_what_they_share_and_keep_their_own() -> None:
    rows = told([Row("a", 1.0), Row("b", 2.0, unit="mm")], "s", "clock", "all", "one clip")
    assert [(row.unit, row.definition) for row in rows] == [("s", "clock"), ("mm", "clock")]
    row = Row.of(accuracy.figure(0.5, "shapes", "two clips"), low=0.4, where="judge")
    assert (row.name, row.unit, row.mask, row.met) == ("judge: accuracy", "1", "shapes", True)


def test_pages_escape_what_they_show() -> None:
    page = matrix("a < b", ["x<y", "z"], [[3, 1], [0, 0]])
    assert "x&lt;y" in page and "a &lt; b" in page and "x<y" not in page
    assert "rgba(47, 111, 159, 0.75)" in page and "rgba(179, 38, 30, 0.25)" in page


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
    assert motion.shape == (round(len(clip.samples) / 16000 * FPS), MOTION_SIZE)
    np.testing.assert_array_equal(motion, clip.rule("happy", 3, seed=0))
    assert np.abs(motion - clip.rule("happy", 3, seed=1)).max() > 0.01


def test_the_rules_obey_themselves(tiny_checkpoint: Path) -> None:
    prototypes = Expression(Performer(load(tiny_checkpoint)), [bundled()], draws=4).prototypes
    assert len(prototypes) == 22
    for emotion in MOVING:
        assert anatomically_right(prototypes[emotion, 3], emotion), emotion
        sizes = [np.linalg.norm(prototypes[emotion, level]) for level in (1, 2, 3)]
        assert sizes == sorted(sizes)


def test_few_takes_that_vary_as_the_rules_do_have_their_diversity() -> None:
    class Drawn:
        samples, name = np.zeros(0), "drawn"

        def rule(self, emotion: str, level: int, seed: int) -> np.ndarray:
            pose = np.random.default_rng((seed, MOVING.index(emotion), level)).uniform(0.2, 0.8, (1, 53))
            return np.broadcast_to(pose, (4, 53))

    class Performed:
        def motion(self, samples: np.ndarray, emotion: tuple[str, int], seed: int) -> np.ndarray:
            return Drawn().rule(*emotion, seed + 100)

    for row in Expression(Performed(), [Drawn()], 1).diversity_rows(2, 1):
        assert 0.8 < row.value < 1.25, (row.name, row.value)


def test_held_out_recordings(assets: Path) -> None:
    clips = berlin(assets)
    assert len(clips) > 50 and {clip.name[:2] for clip in clips} == {"13", "14"}
    measured = captured(assets, 5.0)
    assert measured.weights.shape == (125, 52) and len(measured.samples) == 80000 and len(measured.shapes) == 27
    np.testing.assert_array_equal(captured(assets, 5.0).weights, measured.weights)
    assert motion_to_arkit(clips[0].rule("sad", 2, 0)).max() <= 1


def test_prompt_figures_read_the_lists_of_the_repository(tiny_checkpoint: Path) -> None:
    rows = prompt_rows(load(tiny_checkpoint))
    lists = {path.name for path in PROMPTS.glob("*.json")}
    development = {"development.json", "validation.json"}
    assert {Path(row.split.split(",")[0]).name for row in rows} == lists - development
    assert all(row.value is not None for row in rows)


def test_evaluate_on_the_bundled_clip(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beginning: Spoken
) -> None:
    monkeypatch.delenv("EMOFACE_ASSETS", raising=False)
    monkeypatch.setattr(parts, "bundled", lambda: beginning)
    speed = Row("speed", 0.1, high=1.0, unit="s", definition="clock", mask="call", split="one")
    monkeypatch.setattr(parts, "speed_rows", lambda *_: [speed])
    told: list[str] = []
    report = evaluate(tiny_checkpoint, out=tmp_path / "report", quick=True, progress=told.append)
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"evaluation.json", "evaluation.md", "evaluation.html"} <= names and set(report["pictures"]) <= names
    assert list(report["pictures"]) == ["emotions.png", "phones.png", "curves.png", "strengths.png"]
    assert {row["part"] for row in report["rows"]} == set(told)
    for row in report["rows"]:
        assert row["value"] is None or (row["unit"] and row["definition"] and row["mask"] and row["split"]), row
    for found in report["confusions"].values():
        assert np.sum(found["counts"]) == 24 and np.shape(found["counts"]) == (8, 8)
    page = (tmp_path / "report" / "evaluation.html").read_text()
    assert page.count("data:image/png") == len(report["pictures"]) and page.count('class="confusion"') == 2
    assert "src=\"http" not in page and "mean_t max_{v in L}" in page
    short = [row for row in report["rows"] if row["met"] is False]
    assert short, "a network that has learnt nothing meets not every bar"
    first = page[page.index("<h2>Not met</h2>") : page.index("<summary>Met")]
    assert first.count("<tr") == len(short) and all(escape(row["name"]) in first for row in short)
    assert json.loads((tmp_path / "report" / "evaluation.json").read_text())["rows"] == report["rows"]
    table = (tmp_path / "report" / "evaluation.md").read_text()
    assert table == markdown(json.loads((tmp_path / "report" / "evaluation.json").read_text()))
    assert "obedience to our own expression rules" in table
    missing = [row for row in report["rows"] if row["value"] is None]
    assert all(row["note"] for row in missing)
    assert sum("no assets folder was named" in row["note"] for row in missing) >= 6
    assert "emotions" in told and "text" in told


def test_figures_of_another_checkpoint_stand_beside() -> None:
    shared = {"date": "today", "machine": {"cpu": "c", "torch": "t"}, "seconds": 1.0, "quick": False,
              "confusions": {}, "pictures": {}}  # fmt: skip
    first, second = (
        {**shared, "checkpoint": letter * 64, "rows": [Row(name, value, 0.4, part="all").as_dict() for name in names]}
        for letter, names, value in (("a", ("x", "gone"), 0.3), ("b", ("x", "new"), 0.5))
    )
    assert "before" not in markdown(second)
    beside(second, first)
    lines = markdown(second).splitlines()
    assert lines[0].endswith("b" * 12 + ", before it " + "a" * 12)
    assert "| x | 0.5 | 0.3 |  | at least 0.4 | yes |  |  |  |  |" in lines
    assert "| new | 0.5 | not measured |  | at least 0.4 | yes |  |  |  |  |" in lines
    assert '<td class="number before" title="before">0.3</td>' in html(second, Path())


def test_four_emotions_heard_in_voices_count_by_class() -> None:
    class Heard:
        def predict(self, samples: np.ndarray) -> dict[str, float]:
            return {"neutral": 0.2, "happy": 0.1, "sad": 0.3, "angry": 0.0, "fear": 1.0}

        def arousal(self, samples: np.ndarray) -> float:
            return 0.5

    space = SimpleNamespace(modalities={"audio": Heard()})

    silence = np.zeros(1600, np.float32)
    voices = [Spoken(name, silence, np.zeros((0, 3)), []) for name in ("13a01Ta", "13a02Tc", "14a01Wa", "14a01La")]
    row = heard_rows(space, voices)[0]  # type: ignore[arg-type]
    assert row.value == 0.5 and "sad 2 of 2, angry 0 of 1" in row.note and row.split.startswith("3 recordings")
    assert heard_rows(space, voices)[1].value == 0.5  # type: ignore[arg-type]


def test_evaluate_refuses_a_missing_assets_folder(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"assets .*none is not a folder"):
        evaluate(tiny_checkpoint, assets=tmp_path / "none")
    for name in ("captures", "folds"):
        with pytest.raises(FileNotFoundError, match=f"{name} .*none is not a folder"):
            evaluate(tiny_checkpoint, **{name: tmp_path / "none"})


def test_a_report_that_cannot_be_kept_is_not_measured(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    measured: list[str] = []
    with pytest.raises(NotADirectoryError, match=r"folder .*file is no folder"):
        evaluate(tiny_checkpoint, out=tmp_path / "file", quick=True, only=["text"], progress=measured.append)
    assert measured == []


def test_parts_alone(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOFACE_ASSETS", raising=False)
    report = evaluate(tiny_checkpoint, quick=True, only=["strangers", "seeds"])
    assert report["only"] == ["strangers", "seeds"] == list(report["parts"])
    assert {row["section"] for row in report["rows"]} == {"Strangers", "People"}
    table = markdown(report)
    assert table.index("## Strangers") < table.index("### Lips of captured strangers") < table.index("## People")
    with pytest.raises(ValueError, match=r"only must name parts of strangers, folds, .*got ..none.."):
        evaluate(tiny_checkpoint, only=["none"])
