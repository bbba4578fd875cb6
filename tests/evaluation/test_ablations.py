"""The ablations: what is exchanged, and that one command trains, measures and writes the table."""

import json

import pytest
import torch

from emoface.binding.emotions import EMOTIONS
from emoface.binding.space import EmotionSpace
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.evaluation import ablations, curve
from emoface.evaluation.ablations import PEOPLE, MotionQueriesDenoiser, UnnormalizedDenoiser, merged, one_hot
from emoface.evaluation.curve import FIGURES
from emoface.training.run import read_config

SMALL = DenoiserConfig(emotion=8, content=16, channels=16, heads=2, blocks=2, feed_forward=32, window=40)


def predicted(network: Denoiser, x: torch.Tensor, speech: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    rows = len(x)
    return network(x, torch.full((rows,), 0.5), speech, z, torch.zeros(rows, dtype=torch.int64))


def shaken(network: Denoiser) -> Denoiser:
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network


@pytest.mark.parametrize("kind", [MotionQueriesDenoiser, UnnormalizedDenoiser])
def test_exchanged_networks_hear_speech_and_emotion_and_learn(kind: type[Denoiser]) -> None:
    torch.manual_seed(0)
    network = shaken(kind(SMALL))
    x, speech, z = torch.randn(2, 20, SMALL.motion), torch.randn(2, 20, 16), torch.randn(2, 8)
    plain = predicted(network, x, speech, z)
    assert not torch.allclose(plain, predicted(network, x, speech + 1, z), atol=1e-4)
    assert not torch.allclose(plain, predicted(network, x, speech, -z), atol=1e-4)
    plain.sum().backward()
    assert all(p.grad is not None for name, p in network.named_parameters() if "null" not in name)


def test_at_first_the_emotion_changes_nothing_and_the_networks_are_one() -> None:
    """All start from the same function: the style branch is zero, with AdaIN or without."""
    networks = []
    for kind in (Denoiser, UnnormalizedDenoiser):
        torch.manual_seed(0)
        networks.append(kind(SMALL))
    x, speech, z = torch.randn(2, 20, SMALL.motion), torch.randn(2, 20, 16), torch.randn(2, 8)
    one, other = (predicted(network, x, speech, z) for network in networks)
    assert torch.allclose(one, other, atol=1e-5)


def test_one_hot_labels_are_orthogonal() -> None:
    label = one_hot(EmotionSpace(32)).modalities["label"]
    with torch.no_grad():
        points = torch.cat([label(torch.arange(len(EMOTIONS)), torch.full((len(EMOTIONS),), x)) for x in (1.0, 3.0)])
    similar = points @ points.T - torch.eye(len(points))
    neutral = EMOTIONS.index("neutral")
    others = [i for i in range(len(points)) if i % len(EMOTIONS) != neutral]
    assert similar[others][:, others].abs().max() < 1e-6


def test_stage_writes_the_table(run_folder, toy_config, monkeypatch, beginning) -> None:
    monkeypatch.setattr(curve, "bundled", lambda: beginning)
    monkeypatch.setattr(curve, "SEEDS", 2)
    small = {**toy_config, "steps": 2}
    config = {"training": small, "only": ["full", "without guidance"], "seeds": 2}
    folder = ablations.train(config, run_folder)
    report = json.loads((folder / "ablations.json").read_text())
    rows = report["rows"]
    assert list(rows) == ["full", "full, sampled at guidance 2", "without guidance"]
    for trained in rows.values():
        assert len(trained) == 2 and trained[0] != trained[1]
        assert all(f[name] is not None for f in trained for name in ("named", "strength", "upper", "jitter"))
    assert all(f["live"] is not None and f["stranger_jaw"] is None for f in (*rows["full"], *rows["without guidance"]))
    assert rows["full"][0]["guided"] is not None and rows["without guidance"][0]["guided"] is None
    assert rows["full"][0]["strength"] != rows["full, sampled at guidance 2"][0]["strength"]
    table = (folder / "ablations.md").read_text()
    assert "| without guidance |" in table and "2 steps" in table and "mean of 2 seeds" in table


def cells_of(text: str) -> dict[str, list[str]]:
    """Cells of the rows of a table by the name of the row."""
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in text.splitlines() if "|" in line]
    return {name: cells for name, *cells in rows}


def test_the_table_has_means_and_what_seeds_change() -> None:
    trained = [dict.fromkeys(FIGURES, value) | dict.fromkeys(PEOPLE) for value in (0.2, 0.4, None, None)]
    trained[2]["live"] = 0.7
    rows = {"full": trained[:2], "other": trained[2:]}
    report = {"rows": rows, "steps": 3, "training": {}, "sampling": {"gestures": 0.0}, "date": ""}
    report["machine"] = {"cpu": "x"}
    table = ablations.ablation_table(report)
    assert "says otherwise, with gestures 0.0. Far below" in table
    rules, people = (cells_of(part) for part in table.split("## People and streams"))
    assert rules["full"][0] == "0.300" and rules["between seeds, mean over the rows"][0] == "0.200"
    assert people["other"][-1] == "0.700"
    assert "other" not in rules and "full" not in people  # a row without figures is left out


def test_mixtures_of_shared_and_changed_settings_are_merged() -> None:
    shared = {"steps": 3, "mix": {"person": 0.2, "short": 0.5}}
    assert merged(shared, {"mix": {"short": 0.0}}) == {"steps": 3, "mix": {"person": 0.2, "short": 0.0}}
    assert merged({"steps": 3}, {"sync": 0.0}) == {"steps": 3, "sync": 0.0}
    assert shared["mix"]["short"] == 0.5


def test_config_errors() -> None:
    with pytest.raises(ValueError, match="only must name some of full"):
        read_config(ablations.Ablations, {"only": ["half"]})
    with pytest.raises(ValueError, match="seeds must be at least 1"):
        read_config(ablations.Ablations, {"seeds": 0})
