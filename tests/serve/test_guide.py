"""The Python blocks of docs/serve.md run as printed, one after the other, against a service with the toy checkpoint."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.demo import demo_path
from emoface.face.layout import ARKIT_NAMES
from emoface.serve.limits import Limits

GUIDE = Path(__file__).parents[2] / "docs" / "serve.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S)


def test_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_checkpoint: Path, run_service: Callable[..., Any]
) -> None:
    from emoface.pipeline import load

    shutil.copy(demo_path(), tmp_path / "speech.wav")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    with run_service(load(tiny_checkpoint)) as running:
        for number, block in enumerate(BLOCKS):
            exec(compile(block.replace(":8000", f":{running.port}"), f"block {number}", "exec"), names)
    frames, ready = names["frames"], names["ready"]
    assert ready["fps"] == 60 and tuple(ready["names"]) == ARKIT_NAMES
    assert frames["index"].tolist() == list(range(round(60 * len(names["sound"]) / names["rate"])))
    assert names["jaw"].shape == frames.shape and np.isfinite(frames["values"]).all()
    assert len(BLOCKS) == 3 and names["motion"]


def test_every_limit_is_named() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for one in fields(Limits):
        assert f"`--{one.name.replace('_', '-')}`" in text, one.name
