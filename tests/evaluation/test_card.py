"""The model card: written from records, never of another checkpoint, and up to date in the package."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import emoface
from emoface.checkpoints import DEFAULT
from emoface.cli import main
from emoface.evaluation.card import SOURCES, model_card, write_card

RESULTS = Path(emoface.__file__).parents[1] / "benchmarks" / "results"


@pytest.fixture
def record() -> dict:
    return json.loads(DEFAULT.with_suffix(".json").read_text(encoding="utf-8"))


def evaluation(record: dict, **changed: object) -> dict:
    row = {"name": "jaw r", "value": 0.789, "low": 0.74, "high": None, "met": True, "note": "", "unit": "mm"}
    unbarred = {**row, "name": "unbarred", "low": None, "met": None}
    return {"checkpoint": record["content_sha256"], "date": "2026-01-01", "quick": False, **changed,
            "machine": {"cpu": "a CPU", "torch": "2"}, "rows": [row, {**row, "name": "a|b", "value": 0.1, "met": False},
            unbarred]}  # fmt: skip


def test_the_shipped_card_is_that_of_the_shipped_checkpoint(record: dict) -> None:
    card = DEFAULT.with_name("MODEL_CARD.md").read_text(encoding="utf-8")
    measured = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("evaluation-*.json"))]
    cards = [model_card(record, found) for found in measured if found["checkpoint"] == record["content_sha256"]]
    assert card in [*cards, model_card(record, None)], "out of date: emoface card --evaluation benchmarks/results/..."
    assert set(record["stages"]["corpus"]["parts"]["train"]["hours_by_dataset"]) <= set(SOURCES), "a data set untold"


def test_figures_and_data_are_the_records(record: dict) -> None:
    card = model_card(record, evaluation(record))
    assert "1 of 2 bars met" in card and "| jaw r | 0.789 mm | at least 0.74 | yes |" in card
    assert "| a\\|b | 0.1 mm | at least 0.74 | **no** |" in card and "unbarred" not in card
    assert record["content_sha256"] in card and "| facegood |" in card and "$" not in card
    for said in ("Impersonation", "espeak-ng (GPL-3)", "No captured emotional motion", "None of this is legal advice"):
        assert said in " ".join(card.split()), said
    assert "Not measured for this checkpoint yet" in model_card(record, None)


def test_figures_of_another_checkpoint_are_refused(record: dict) -> None:
    with pytest.raises(ValueError, match="evaluation is of checkpoint abc"):
        model_card(record, evaluation(record, checkpoint="abc"))
    with pytest.raises(ValueError, match="got a quick one"):
        model_card(record, evaluation(record, quick=True))
    with pytest.raises(ValueError, match="got strangers, noise alone"):
        model_card(record, evaluation(record, only=["strangers", "noise"]))


def test_strangers_stand_under_their_heading_with_their_floors(record: dict) -> None:
    found = evaluation(record)
    found["rows"][0] |= {"section": "Strangers", "floors": {"ridge": 0.7}, "people": [0.1, 0.9]}
    card = model_card(record, found)
    assert "| jaw r (ridge 0.7, people 0.1 to 0.9) | 0.789 mm |" in card and "### Strangers" in card


def test_command(tmp_path: Path, record: dict, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "e.json").write_text(json.dumps(evaluation(record)))
    assert main(["card", "--evaluation", str(tmp_path / "e.json"), "--out", str(tmp_path / "card.md")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "card.md")
    assert "1 of 2 bars met" in (tmp_path / "card.md").read_text(encoding="utf-8")
    other = tmp_path / "other.safetensors"
    other.write_bytes(tiny_checkpoint.read_bytes())
    with pytest.raises(FileNotFoundError, match=r"other\.json does not exist"):
        write_card(other)
    other.with_suffix(".json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="record of another checkpoint"):
        write_card(other)
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(ValueError, match="must hold 'rows'"):
        write_card(evaluation=tmp_path / "bad.json")


def test_a_student_has_no_card_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "--checkpoint", "fast", "--out", str(tmp_path / "card.md")]) == 2
    assert "fast.safetensors is a student" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
