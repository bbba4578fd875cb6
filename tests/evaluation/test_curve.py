"""Quality against speed: the knee, the table, and that the command measures what it is given."""

import json

import pytest

from emoface.evaluation import curve as module
from emoface.evaluation.curve import FIGURES, Criterion, Point, knee

GOOD = {"jaw": 0.8, "closure": 0.05, "emotional": 0.05, "named": 1.0, "strength": 1.0, "farthest": 0.95, "upper": 0.9,
        "mouth": 0.8, "jitter": 1.0, "lower": 0.4, "guided": 1.2}  # fmt: skip


def point(sampler: str, steps: int, **changes: float | None) -> Point:
    return Point(sampler, steps, steps, 2 * steps, 0.1, 0.2, {**GOOD, **changes})


def test_the_knee_is_the_fewest_calls_that_meet_most_bars() -> None:
    points = [point("ddim", 1, upper=0.2), point("ddim", 4), point("ddim", 2, jaw=0.5), point("dpm++2m", 10)]
    assert knee(points) == points[1]
    assert knee([*points, point("student", 1)]).sampler == "student"
    assert point("ddim", 1, jaw=None).met == len(FIGURES)
    assert not Criterion("a", "b", low=1.0, high=2.0).met(2.5)


def test_the_curve_of_the_default_checkpoint(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(module, "SEEDS", 2)
    monkeypatch.setattr(module, "SAMPLER_STEPS", (1, 2, 50))
    monkeypatch.setattr(module, "SAMPLERS", {"ddim": None})
    monkeypatch.delenv("EMOFACE_ASSETS", raising=False)
    report = module.quality_curve(out=tmp_path, quick=True)
    assert [p["steps"] for p in report["points"]] == [1, 2] and report["student"] is None
    figures = report["points"][1]["figures"]
    assert figures["jaw"] is None and figures["named"] >= 0.8 and 0.5 < figures["strength"] < 1.5
    assert json.loads((tmp_path / "steps.json").read_text())["knee"] == report["knee"] == report["knee_alone"]
    assert "| ddim | 2 | 2, 4 |" in (tmp_path / "steps.md").read_text()
    pytest.importorskip("matplotlib")
    assert (tmp_path / "steps.png").stat().st_size > 10_000
