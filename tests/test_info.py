"""python -m emoface.info: complete, JSON-able, and honest about what was passed over."""

from __future__ import annotations

import json

from emoface import info
from emoface.checkpoints import NAMED
from emoface.kernels import OPS, use_backend


def test_collect_is_complete_and_json_able():
    found = json.loads(json.dumps(info.collect()))
    assert found["versions"]["torch"] and found["cpu"]["model"]
    assert set(found["operators"]) == set(OPS)
    for kinds in found["operators"].values():
        assert {"cpu float32", "cpu bfloat16"} <= set(kinds)
        assert all(answer["backend"] for answer in kinds.values())
    assert found["pictures"]["auto"] in ("cpu", "gpu")
    assert (found["pictures"]["gpu"] is None) != (found["pictures"]["why_not"] is None)
    assert set(found["checkpoints"]) == set(NAMED)
    step = found["operators"]["sampler_step"]["cpu float32"]
    assert "cuda only" in step["passed_over"]["cuda"]


def test_report_names_every_operator(capsys):
    assert info.main([]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in OPS) and all(str(path) in text for path in NAMED.values())
    assert any(line.startswith("pictures") and "gpu: " in line for line in text.splitlines())
    assert any(line.startswith("model card") and line.endswith("MODEL_CARD.md") for line in text.splitlines())


def test_json_and_wrong_arguments(capsys):
    assert info.main(["--json"]) == 0
    assert "operators" in json.loads(capsys.readouterr().out)
    assert info.main(["--yaml"]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_forced_backend_that_cannot_run_is_reported():
    with use_backend("cuda"):
        answer = info.collect()["operators"]["film"]["cpu float32"]
    assert answer["backend"] is None and "backend 'cuda' cannot run" in answer["passed_over"]["forced"]
