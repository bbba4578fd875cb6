"""Training at scale: shards from disk, accumulation, compilation, several processes, resuming, batches that fail."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from emoface.training import denoiser
from emoface.training.corpus.clips import save_clips
from emoface.training.hardware import Hardware
from emoface.training.motion_windows import MixConfig
from emoface.training.run import load_tensors
from emoface.training.stream import ShardStream


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_tensors(folder / "denoiser" / "model.safetensors")[0]


def copied(run_folder: Path, name: str) -> Path:
    out = run_folder.with_name(name)
    shutil.copytree(run_folder, out)
    return out


@pytest.fixture
def shards(tmp_path: Path, toy_clips) -> Path:
    """A corpus of seven synthetic shards and one of captured speech."""
    for number in range(7):
        clips = toy_clips(30, seed=number)
        save_clips(tmp_path / "shards" / f"tts_{number}.npz", [clips[0]])
    save_clips(tmp_path / "shards" / "face.npz", [clips[2]])
    return tmp_path / "shards"


def stream(folder: Path, **settings: Any) -> ShardStream:
    lips = np.zeros((30, 53), np.float32), np.zeros(30, np.float32)
    settings = {"held": 2, "hold": 5, "processes": 1, **settings}
    return ShardStream(
        folder, seed=3, mix=MixConfig(), pseudo=lambda clips, *_: {clip.name: lips for clip in clips}, synthetic=0,
        **settings,
    )  # fmt: skip


class TestStream:
    def test_holds_few_shards_and_comes_to_all(self, shards: Path) -> None:
        streamed = stream(shards)
        assert (streamed.clips, streamed.frames) == (8, 240)
        seen = set()
        for number in range(5 * 8):
            pools = streamed.at(number)
            names = {clip.name for pool in pools.pools for clip in pool}
            assert len(names) == 3 and "toy/face6" in names, "two synthetic shards and the one of captured speech"
            assert len(streamed._loaded) == 3
            seen |= names
        assert len(seen) == 8
        assert streamed.shards(0) == streamed.shards(4) != streamed.shards(5)

    def test_a_batch_has_its_shards_whoever_makes_it(self, shards: Path) -> None:
        straight, jumping = stream(shards), stream(shards)
        names = [[path.name for path in straight.shards(number)] for number in range(60)]
        assert [path.name for path in jumping.shards(47)] == names[47]
        assert len({tuple(found) for found in names}) > 5, "another order every epoch"

    def test_processes_own_different_shards(self, shards: Path) -> None:
        streamed = stream(shards, processes=3)
        owned = [{p.name for n in range(rank, 300, 3) for p in streamed.shards(n)} - {"face.npz"} for rank in range(3)]
        assert sum(len(own) for own in owned) == 7 and len(set.union(*owned)) == 7
        for rank in range(3):
            assert "face.npz" in {p.name for p in streamed.shards(rank)}, "too few to be shared out"

    def test_damaged_shards_are_named_left_out_and_counted(self, shards: Path) -> None:
        whole = (shards / "tts_1.npz").read_bytes()
        (shards / "tts_1.npz").write_bytes(whole[: len(whole) // 2])
        middle = bytearray((shards / "tts_2.npz").read_bytes())
        middle[len(middle) // 2] ^= 255
        (shards / "tts_2.npz").write_bytes(middle)
        with pytest.warns(UserWarning) as told:
            streamed = stream(shards)
        said = " ".join(str(warning.message) for warning in told if warning.category is UserWarning)
        assert said.count("left out") == 2 and "tts_1.npz is not" in said and "tts_2.npz is not" in said
        assert streamed.facts() == {"corpus_hours": 0.0, "clips": 6, "shards_left_out": {"damaged": 2}}
        (shards / "face.npz").unlink()  # lost while training goes on: the others do
        with pytest.warns(UserWarning, match=r"face\.npz"):
            assert len(streamed.at(0).pools) == 1

    def test_nothing_to_read(self, tmp_path: Path) -> None:
        (tmp_path / "x.npz").write_bytes(b"")
        with pytest.warns(UserWarning, match="left out"), pytest.raises(ValueError, match="1 files left out: 1 dama"):
            stream(tmp_path)


def interrupted(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], out: Path, calls: int) -> None:
    original, count = denoiser._step, iter(range(calls))

    def step(*arguments: Any) -> Any:
        if next(count, None) is None:
            raise KeyboardInterrupt
        return original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(denoiser, "_step", step)
        with pytest.raises(KeyboardInterrupt):
            denoiser.train(config, out)


@pytest.mark.parametrize("scale", [{}, {"stream": 1, "hold": 1, "accumulate": 2}], ids=["plain", "streamed"])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(
    run_folder: Path, toy_clips, toy_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, scale: dict[str, Any]
) -> None:
    for number in range(1, 4):
        save_clips(run_folder / "corpus" / f"more_{number}.npz", toy_clips(60, seed=number)[:1])
    parts, config = copied(run_folder, "parts"), {**toy_config, **scale}
    denoiser.train(config, run_folder)
    interrupted(monkeypatch, config, parts, 4 * config.get("accumulate", 1))
    assert not (parts / "denoiser" / "card.json").exists()
    torch.manual_seed(99)
    denoiser.train(config, parts, resume=True)
    whole, resumed = weights(run_folder), weights(parts)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.slow
def test_two_processes_are_one_that_accumulates_two_batches(run_folder: Path, toy_config: dict[str, Any]) -> None:
    pytest.importorskip("lightning_fabric")
    together = copied(run_folder, "together")
    denoiser.train({**toy_config, "steps": 2, "accumulate": 2}, run_folder)
    config = together / "config.json"
    config.write_text(json.dumps({**toy_config, "steps": 2}))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "emoface"]
    command += ["train", "denoiser", "--config", str(config), "--out", str(together)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    card = json.loads((together / "denoiser" / "card.json").read_text())
    assert (card["processes"], card["steps"]) == (2, 1)
    one, two = weights(run_folder), weights(together)
    before = torch.cat([t.flatten() for t in one.values()])
    torch.testing.assert_close(torch.cat([t.flatten() for t in two.values()]), before, rtol=1e-3, atol=2e-5)


def test_several_processes_have_no_common_clock(toy_config: dict[str, Any], run_folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(denoiser, "Hardware", lambda *_: type("Two", (), {"processes": 2}))
    with pytest.raises(ValueError, match="minutes belongs to one process"):
        denoiser.train({**toy_config, "minutes": 1}, run_folder)


def test_compiled_training_is_the_same_training(run_folder: Path, toy_config: dict[str, Any]) -> None:
    compiled = copied(run_folder, "compiled")
    config = {**toy_config, "steps": 1, "model": {**toy_config["model"], "blocks": 1}}
    denoiser.train(config, run_folder)
    denoiser.train({**config, "compile": "eager"}, compiled)
    one, two = weights(run_folder), weights(compiled)
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-3, atol=2e-5)


def test_bfloat16_products_train_float32_weights(run_folder: Path, toy_config: dict[str, Any]) -> None:
    rough = copied(run_folder, "rough")
    denoiser.train(toy_config, run_folder)
    denoiser.train({**toy_config, "precision": "bfloat16"}, rough)
    one, two = weights(run_folder), weights(rough)
    assert all(t.dtype == torch.float32 for t in two.values())
    assert any(not torch.equal(one[name], two[name]) for name in one)
    losses = [json.loads((f / "denoiser" / "card.json").read_text())["log"][0]["x0"] for f in (run_folder, rough)]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)


def test_a_step_without_finite_gradients_is_left_out(
    run_folder: Path, toy_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = denoiser._step

    def step(model: Any, *arguments: Any) -> Any:
        terms = original(model, *arguments)
        return {**terms, "x0": terms["x0"] * float("nan")} if 2 in arguments else terms  # batch 2

    monkeypatch.setattr(denoiser, "_step", step)
    with pytest.warns(UserWarning, match="step 2 is left out: its gradients are not finite"):
        denoiser.train(toy_config, run_folder)
    assert all(tensor.isfinite().all() for tensor in weights(run_folder).values())
    assert json.loads((run_folder / "denoiser" / "card.json").read_text())["steps_left_out"] == 1


def test_bad_settings(toy_config: dict[str, Any], run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = partial(pytest.raises, ValueError)
    for settings, said in (
        ({"device": "tpu"}, "device must be"), ({"precision": "half"}, "precision must be"),
        ({"compile": "hard"}, "compile must be"), ({"accumulate": 0}, "accumulate must be at least 1, got 0"),
    ):  # fmt: skip
        with refused(match=said):
            denoiser.train({**toy_config, **settings}, run_folder)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "lightning_fabric", None)
    with pytest.raises(ImportError, match=r"emoface\[scale\]"):
        Hardware("cpu")
