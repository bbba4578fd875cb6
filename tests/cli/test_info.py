"""``emoface info``."""

from __future__ import annotations

import json

import pytest

from emoface.cli import main


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    assert "versions" in json.loads(capsys.readouterr().out)
