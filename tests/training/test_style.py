"""The style stage and the style basis at toy size."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

import emoface
from emoface.checkpoints import load_checkpoint
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE
from emoface.people.basis import BasisConfig, StyleBasis
from emoface.people.weights import with_changes
from emoface.training import style
from emoface.training.run import load_tensors

RATE = 16000
STATISTICS = style._STATISTICS


def voice(seconds: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.uniform(0, 1, round(5 * seconds)), RATE // 5)
    return (0.1 * loud * rng.standard_normal(len(loud))).astype(np.float32)


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person with motion and some voices."""
    folder = tmp_path_factory.mktemp("assets")
    for name in ("me", "voices"):
        (folder / name).mkdir()
    for number in range(3):
        rng = np.random.default_rng(number)
        soundfile.write(folder / "me" / f"{number}.wav", voice(2.0, number), RATE)
        soundfile.write(folder / "voices" / f"{number}.wav", voice(2.0, 10 + number), RATE)
        motion = np.zeros((50, MOTION_SIZE), np.float32)
        motion[:, [MOTION_INDEX["jaw_pose_x"], MOTION_INDEX["browInnerUp"]]] = rng.uniform(0, 0.2, (50, 2))
        emoface.Animation.from_motion(motion).save(folder / "me" / f"{number}.npz")
    return folder


def settings(tiny_checkpoint: Path, **changes: object) -> dict[str, object]:
    return {
        "base": str(tiny_checkpoint), "persons": {"me": 3}, "voices": {"voices": 2}, "leave_out": "", "steps": 4,
        "batch": 2, "save_every": 2, "hidden": 8, **changes,
    }  # fmt: skip


@pytest.fixture(scope="module")
def trained(tiny_checkpoint: Path, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return style.train(settings(tiny_checkpoint), tmp_path_factory.mktemp("run"), assets)


def test_the_stage(trained: Path, tiny_checkpoint: Path, assets: Path) -> None:
    folder = trained
    card = json.loads((folder / "card.json").read_text())
    assert card["clips"] == {"me": 3, "voices": 2} and card["own_takes"] == 2
    base, with_basis = load_checkpoint(tiny_checkpoint), load_checkpoint(folder / "style.safetensors")
    assert all(torch.equal(with_basis.tensors[name], tensor) for name, tensor in base.tensors.items()), "frozen"
    styled, plain = emoface.load(folder / "style.safetensors"), emoface.load(tiny_checkpoint)
    samples = voice(2.0, 5)
    options = {"sample_rate": RATE, "blink": False, "gaze": False}
    np.testing.assert_array_equal(styled.animate(samples, **options).motion, plain.animate(samples, **options).motion)
    reference = emoface.from_motion(assets / "me" / "0.npz")
    ours = styled.animate(samples, style=reference, **options).motion
    assert np.isfinite(ours).all()
    np.testing.assert_array_equal(
        styled.animate(samples, style=(reference, 0.0), **options).motion, plain.animate(samples, **options).motion
    )


def test_resuming_gives_the_same_bits(
    trained: Path, tiny_checkpoint: Path, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, part = trained, tmp_path / "part"

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(style.Lesson, "loss", _until(2, style.Lesson.loss, stopped))
        with pytest.raises(KeyboardInterrupt):
            style.train(settings(tiny_checkpoint), part, assets)
    ours, _ = load_tensors(whole / "model.safetensors")
    again = style.train(settings(tiny_checkpoint), part, assets, resume=True)
    theirs, _ = load_tensors(again / "model.safetensors")
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def _until(steps: int, plain: Callable[..., Any], stopped: Callable[..., Any]) -> Callable[..., Any]:
    """A function that does something else from a step on."""
    return lambda lesson, step: plain(lesson, step) if step < steps else stopped()


def test_bad_settings(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="assets must name"):
        style.train(settings(tiny_checkpoint), tmp_path)
    with pytest.raises(ValueError, match="must hold clips in some of me, voices"):
        style.train(settings(tiny_checkpoint), tmp_path, tmp_path)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        style.train(settings(tiny_checkpoint, steps=0), tmp_path, tmp_path)
    with pytest.raises(ValueError, match="statistics must be"):
        BasisConfig(0, 1, 1, 1, 1)


def test_a_basis_begins_as_nothing() -> None:
    torch.manual_seed(0)
    basis = StyleBasis(BasisConfig(STATISTICS, 16, 2, 56, 34))
    weights = {"leave.weight": torch.ones(56, 16), "leave.bias": torch.ones(56)}
    lips = {"head.weight": torch.ones(35, 16, 1), "head.bias": torch.ones(35)}
    statistics = torch.full((STATISTICS,), torch.nan)
    changes = basis.changes(statistics, weights, lips)
    assert not any(change.any() for part in changes.values() for change in part.values())
    with torch.no_grad():
        basis.inside.weight.fill_(0.1)
        basis.around.weight.fill_(0.1)
    changes = basis.changes(statistics, weights, lips)
    assert changes["lips"]["head.bias"][:-1].all() and changes["lips"]["head.bias"][-1] == 0, "closures stay"
    assert changes["denoiser"]["blocks.1.style.bias"].shape == (32,)


def test_weights_with_changes_do_what_was_trained(tiny_checkpoint: Path) -> None:
    pipeline = emoface.load(tiny_checkpoint, dtype="float32")
    net, lips = pipeline.denoiser, pipeline.hearing.lips
    torch.manual_seed(0)
    basis = StyleBasis(BasisConfig(STATISTICS, 16, 2, MOTION_SIZE, lips.head.out_channels - 1))
    for linear in (basis.inside, basis.around):
        torch.nn.init.normal_(linear.weight, std=0.3)
    basis.requires_grad_(False)
    statistics = torch.randn(STATISTICS)
    changes = basis.changes(statistics, dict(net.named_parameters()), dict(lips.named_parameters()))
    noisy, times = torch.randn(1, 40, MOTION_SIZE), torch.tensor([0.6])
    content, emotion, number = torch.randn(1, 40, 16), torch.randn(1, 8), torch.tensor([1])
    trained = style.denoise_in(net, basis(statistics[None]), noisy, times, content, emotion, number)
    merged = with_changes(net, changes["denoiser"])(noisy, times, content, emotion, number)
    torch.testing.assert_close(merged, trained, atol=1e-4, rtol=1e-4)
    assert (merged - net(noisy, times, content, emotion, number)).abs().max() > 1e-2


def test_manners_are_shared_and_within_range() -> None:
    manners = style.draw_manners(6, np.random.default_rng(0), 0.2)
    motion = torch.rand(6, 10, MOTION_SIZE) * 0.3
    moved = manners.apply(motion)
    assert moved[..., :50].min() >= 0 and moved[..., :50].max() <= 1
    blink = MOTION_INDEX["eyeBlinkLeft"]
    torch.testing.assert_close(moved[..., blink], motion[..., blink])
