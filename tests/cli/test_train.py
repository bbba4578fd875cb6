"""``emoface train``: every stage is there and gets what was asked."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from emoface import training
from emoface.cli import main
from emoface.cli.train import STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_train_hands_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], stage: str
) -> None:
    seen: list[Any] = []
    module = types.ModuleType(STAGES[stage])
    module.train = lambda config, out, assets=None, resume=False: seen.append((config, out, assets, resume))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, STAGES[stage], module)
    out, config = tmp_path / "run", tmp_path / "c.json"
    assert main(["train", stage, "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{stage}: done, results in {out}\n"
    options = ["--out", str(out), "--config", str(config), "--assets", str(tmp_path), "--resume"]
    assert main(["train", stage, *options]) == 0
    shipped = Path(training.__file__).with_name("configs") / f"{stage}.json"
    assert shipped.exists()
    assert seen == [(shipped, out, None, False), (config, out, tmp_path, True)]


def test_every_stage_is_there() -> None:
    import importlib
    import inspect

    for module in STAGES.values():
        asked = list(inspect.signature(importlib.import_module(module).train).parameters.values())
        assert [parameter.name for parameter in asked[:4]] == ["config", "out", "assets", "resume"], module
        assert all(parameter.default is not inspect.Parameter.empty for parameter in asked[4:]), module
