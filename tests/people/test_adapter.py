"""Adapters of persons: what a file holds, what is refused, and what strength and mixtures do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import emoface
from emoface.options import AnimateOptions
from emoface.people import Adapter, Manner, load_adapter, save_adapter
from emoface.people.weights import with_changes

RATE = 16000
NAMES = ("artist", "person", "rule")


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint, dtype="float32")


def adapter_of(pipeline: emoface.Pipeline, seed: int = 0, rank: int = 2) -> Adapter:
    """Small random changes of both networks."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> torch.Tensor:
        return 0.1 * torch.randn(shape, generator=generator)

    stem, wide = pipeline.hearing.lips.stem.weight, pipeline.denoiser.blocks[0].widen.weight
    tensors = {
        "lips.stem.weight.out": draw(len(stem), rank), "lips.stem.weight.in": draw(rank, stem[0].numel()),
        "denoiser.blocks.0.widen.weight.out": draw(len(wide), rank),
        "denoiser.blocks.0.widen.weight.in": draw(rank, wide.shape[1]),
        "denoiser.leave.bias.add": draw(len(pipeline.denoiser.leave.bias)),
    }  # fmt: skip
    return Adapter(pipeline.checkpoint.sha256, "artist", tensors, {"clips": 3}, f"seed {seed}", f"{seed}.safetensors")


@pytest.fixture
def file(pipeline: emoface.Pipeline, tmp_path: Path) -> Path:
    save_adapter(tmp_path / "me.safetensors", adapter_of(pipeline))
    return tmp_path / "me.safetensors"


def motion(pipeline: emoface.Pipeline, **options: object) -> np.ndarray:
    samples = 0.1 * np.random.default_rng(1).standard_normal(2 * RATE).astype(np.float32)
    return pipeline.animate(samples, sample_rate=RATE, blink=False, gaze=False, **options).motion


def test_what_is_written_is_read(pipeline: emoface.Pipeline, file: Path) -> None:
    wrote, read = adapter_of(pipeline), load_adapter(file)
    assert (read.base, read.style, read.facts, read.name) == (wrote.base, "artist", {"clips": 3}, "me.safetensors")
    change = read.changes["denoiser"]["blocks.0.widen.weight"]
    made = wrote.tensors["denoiser.blocks.0.widen.weight.out"] @ wrote.tensors["denoiser.blocks.0.widen.weight.in"]
    torch.testing.assert_close(change, made, atol=1e-3, rtol=1e-2)
    assert file.stat().st_size <= 200_000


def _respelt(file: Path, config: Callable[[dict[str, object]], None], **tensors: torch.Tensor) -> None:
    """Write the file anew with another config and other tensors, its digest as it was or fitting."""
    from emoface.checkpoints import content_digest

    with safe_open(file, "pt") as handle:
        held = {name: handle.get_tensor(name) for name in handle.keys()} | tensors
        told = json.loads(handle.metadata()["emoface_adapter"])
    config(told)
    save_file(held, file, {"emoface_adapter": json.dumps(told), "content_sha256": content_digest(held, told)})


def test_what_is_refused(pipeline: emoface.Pipeline, file: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_adapter(tmp_path / "none.safetensors")
    with pytest.raises(TypeError, match="adapter must be a path"):
        load_adapter(3)  # type: ignore[arg-type]
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    for spoilt, said in (
        (bytes(content), "was changed"), (content[: len(content) // 2], "not a complete safetensors"),
        (b"text", "safetensors"), (tiny_checkpoint.read_bytes(), "no adapter of a person|at most 200000 bytes"),
    ):  # fmt: skip
        (tmp_path / "bad.safetensors").write_bytes(spoilt)
        with pytest.raises(ValueError, match=said):
            load_adapter(tmp_path / "bad.safetensors")

    spoil = tmp_path / "spoil.safetensors"
    for config, tensors, said in (
        (lambda told: told.update(style="nobody"), {}, "does not say which checkpoint"),
        (lambda told: told.update(format="other"), {}, "no adapter of a person"),
        (lambda told: None, {"denoiser.leave.bias.add": torch.full((56,), torch.nan)}, "not finite"),
        (lambda told: None, {"speech.first.add": torch.zeros(3)}, "no weight of denoiser or lips"),
        (lambda told: None, {"lips.stem.weight.in": torch.zeros(3, 5)}, "without a counterpart that fits"),
    ):
        save_adapter(spoil, adapter_of(pipeline))
        _respelt(spoil, config, **tensors)
        with pytest.raises(ValueError, match=said):
            load_adapter(spoil)
    huge = replace(adapter_of(pipeline), tensors={"denoiser.leave.bias.add": torch.zeros(200_000)})
    with pytest.raises(ValueError, match="at most 200000 bytes"):
        save_adapter(tmp_path / "huge.safetensors", huge)
    assert not (tmp_path / "huge.safetensors").exists()
    with pytest.raises(ValueError, match="must end in"):
        save_adapter(tmp_path / "me.npz", adapter_of(pipeline))


def test_another_checkpoint(pipeline: emoface.Pipeline, file: Path) -> None:
    other = replace(adapter_of(pipeline), base="0" * 64)
    with pytest.raises(ValueError, match="belongs to another checkpoint"):
        motion(pipeline, style=other)
    shaped = replace(adapter_of(pipeline), tensors={"denoiser.leave.bias.add": torch.ones(5)}, sha256="shaped")
    with pytest.raises(ValueError, match="does not fit the checkpoint"):
        motion(pipeline, style=shaped)


def test_strength_and_mixtures(pipeline: emoface.Pipeline, file: Path) -> None:
    plain, full = motion(pipeline), motion(pipeline, style=file)
    assert np.abs(full - plain).max() > 1e-3
    np.testing.assert_array_equal(motion(pipeline, style=str(file)), full)
    np.testing.assert_array_equal(motion(pipeline, style=(file, 0.0)), plain)
    np.testing.assert_array_equal(motion(pipeline, style=[(file, 0.5), (file, 0.5)]), full)
    np.testing.assert_array_equal(motion(pipeline, style={str(file): 1.0, "artist": 1.0}), full)
    double = motion(pipeline, style=(file, 2))
    assert np.abs(double - plain).mean() > 1.2 * np.abs(full - plain).mean()
    assert not np.array_equal(motion(pipeline, style=[(file, 1.0), ("rule", 1.0)]), full)
    np.testing.assert_array_equal(motion(pipeline), plain, "networks without an adapter stay as they are")


def test_takes_and_streams(pipeline: emoface.Pipeline, file: Path) -> None:
    take = pipeline.animate(np.full(RATE, 0.1, np.float32), sample_rate=RATE, style=[(file, 0.5), ("rule", 1.0)])
    assert str(take.metadata["style"]).startswith("from rule + me.safetensors ")
    live = {"style": file, "latency": "live"}
    stream = pipeline.stream(style=file, sample_rate=RATE, blink=False, gaze=False)
    samples = 0.1 * np.random.default_rng(1).standard_normal(2 * RATE).astype(np.float32)
    frames = [stream.feed(samples).motion, stream.flush().motion]
    np.testing.assert_array_equal(np.concatenate(frames), motion(pipeline, **live))


@pytest.mark.parametrize(
    ("style", "kind", "said"),
    [
        ([], ValueError, "at least one style"),
        ([("artist", 1.0), ("rule", 1.0)], ValueError, "one style of lips at most"),
        (("artist", 0.5), ValueError, "of strength 1"),
        (("artist", 3), ValueError, "strength of style must be"),
        (("artist", "much"), TypeError, "strength of style"),
        ("nobody", ValueError, "artist, person, rule, a speaker's motion or voice, or an adapter"),
        ("none.safetensors", FileNotFoundError, "no such file"),
        (Path("me.npz"), ValueError, "must be an adapter"),
        (["artist"], TypeError, "a list of pairs of one and its strength"),
    ],
)
def test_what_is_no_style(style: object, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        Manner.of(style, NAMES)


def test_json_names_no_files(file: Path) -> None:
    with pytest.raises(ValueError, match="in JSON"):
        AnimateOptions.from_json({"style": str(file)})
    with pytest.raises(TypeError, match="has no JSON"):
        AnimateOptions(style=file).to_json()


def test_changed_networks_share_what_stays() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 2)).requires_grad_(False)
    other = with_changes(network, {"0.bias": torch.ones(2)})
    torch.testing.assert_close(other[0].bias, network[0].bias + 1)
    assert other[1].weight is network[1].weight and with_changes(network, {}) is network
    with pytest.raises(ValueError, match="no such weight"):
        with_changes(network, {"2.bias": torch.ones(2)})
