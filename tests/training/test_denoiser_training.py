"""Training windows, the denoiser's training at toy size, resuming and packing."""

import json

import numpy as np
import pytest
import torch

from emoface.audio.lips import LipNet
from emoface.binding.space import EmotionSpace
from emoface.checkpoints import load_checkpoint
from emoface.face.layout import MOTION_SIZE
from emoface.pipeline import Pipeline
from emoface.training import denoiser, pack
from emoface.training.corpus.clips import Clip, save_clips
from emoface.training.motion_windows import ARTIST, RULE, MixConfig, MotionWindows
from emoface.training.run import Ema, load_tensors, read_config, save_tensors
from emoface.training.sync import LipSync

FRAMES = 90
LIP_CONFIG = {"width": 16, "blocks": 2}
TOY = {
    "steps": 6, "batch": 4, "workers": 0, "sync_steps": 2, "save_every": 3, "warm_up": 2,
    "model": {"channels": 16, "heads": 2, "blocks": 2, "feed_forward": 32, "content": 16, "window": 48},
}  # fmt: skip


def toy_clips(frames=FRAMES):
    rng = np.random.default_rng(0)

    def mel():
        return rng.normal(-4, 2, (2 * frames, 64)).astype(np.float16)

    times = np.arange(0, frames / 25, 0.2, dtype=np.float32)
    visemes = np.stack([rng.integers(0, 15, len(times)), times, times + 0.2], 1).astype(np.float32)
    lips = rng.uniform(0, 0.2, (frames, MOTION_SIZE)).astype(np.float16)
    return [
        Clip("toy/tts", "tts", "voice", "en", None, mel(), visemes),
        Clip("toy/hand", "labelled", "actor", "de", "angry", mel(), visemes),
        Clip("toy/face", "captured", "actor", "zh", None, mel(), None, lips),
        Clip("toy/voice", "voice", "actor", "en", None, mel()),
    ]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    save_clips(out / "corpus" / "toy.npz", toy_clips())
    torch.manual_seed(0)
    save_tensors(out / "lips" / "model.safetensors", LipNet(**LIP_CONFIG).state_dict(), LIP_CONFIG)
    space = EmotionSpace(8)
    save_tensors(out / "binding" / "model.safetensors", space.state_dict(), space.config())
    return out


def windows(**settings):
    clips = toy_clips()
    closure = np.zeros(FRAMES, np.float32)
    pseudo = {c.name: (np.full((FRAMES, MOTION_SIZE), 0.1, np.float32), closure) for c in clips if c.source != "tts"}
    return MotionWindows(clips, pseudo, MixConfig(**settings), 48, 8, 20, seed=3)


def test_batches_depend_on_seed_and_step_only():
    one, other = windows()[5], windows()[5]
    assert torch.equal(one.mel, other.mel) and torch.equal(one.motion, other.motion)
    assert not torch.equal(one.motion[:, :40], windows()[6].motion[:, :40])


def test_batches_are_finite_and_of_one_length():
    lengths = set()
    for step in range(20):
        batch = windows()[step]
        rows, frames, width = batch.motion.shape
        lengths.add(frames)
        assert rows == 8 and width == MOTION_SIZE and batch.mel.shape == (8, 2 * frames, 64)
        assert batch.closure.shape == (8, frames) and 40 <= frames <= 48
        assert torch.isfinite(batch.mel).all() and torch.isfinite(batch.motion).all()
        assert set(batch.style.tolist()) <= {ARTIST, RULE}
        assert (batch.share >= 0.5).all() and (batch.level <= 3).all()
    assert len(lengths) > 1


def test_short_clips_are_followed_by_silence():
    clips = toy_clips(frames=20)[:1]
    batch = MotionWindows(clips, {}, MixConfig(augmented=0.0), 48, 2, 4, seed=0)[0]
    tail = batch.mel[:, 2 * 30 :]
    assert (tail == tail[:, :1]).all() and tail.max() < -1.5


def test_no_clips():
    with pytest.raises(ValueError, match="run `emoface train corpus` first"):
        MotionWindows([], {}, MixConfig(), 48, 2, 4, seed=0)


def test_sync_hears_shifted_lips():
    """After a short training, lips in time agree more with their speech than lips shifted by 10 frames."""
    torch.manual_seed(0)
    drive = torch.randn(16, 60, 1)
    mel = (drive.repeat_interleave(2, 1) * torch.ones(64)).contiguous()
    motion = drive * torch.ones(MOTION_SIZE)
    net = LipSync()
    optimizer = torch.optim.AdamW(net.parameters(), 3e-3)
    for _ in range(60):
        loss = net.contrast(mel, motion)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    weight = torch.ones(16)
    assert net.disagreement(mel, motion, weight) + 0.2 < net.disagreement(mel, motion.roll(10, 1), weight)


def test_training_end_to_end_resumes_and_packs(run_folder, tmp_path):
    folder = denoiser.train(TOY, run_folder)
    tensors, config = load_tensors(folder / "model.safetensors")
    assert config["denoiser"]["channels"] == 16 and "denoiser.enter.weight" in tensors
    card = json.loads((folder / "card.json").read_text())
    assert card["config"]["steps"] == 6 and card["weights_sha256"]

    state = folder / "state.pt"
    assert state.exists()
    longer = {**TOY, "steps": 8}
    denoiser.train(longer, run_folder, resume=True)
    resumed, _ = load_tensors(folder / "model.safetensors")
    assert not torch.equal(resumed["denoiser.enter.weight"], tensors["denoiser.enter.weight"])

    path = pack.train({"sampling": {"steps": 2}}, run_folder)
    checkpoint = load_checkpoint(path)
    pipeline = Pipeline(checkpoint)
    assert pipeline.sampling.steps == 2
    animation = pipeline.animate(np.zeros(16000, np.float32), sample_rate=16000, emotion="happy")
    assert len(animation) == 25


def test_resuming_gives_the_same_weights_as_not_stopping(run_folder, tmp_path):
    import shutil

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for out in (whole, parts):
        shutil.copytree(run_folder, out, ignore=shutil.ignore_patterns("denoiser"))
    constant = {**TOY, "learning_rate": 1e-3}
    denoiser.train(constant, whole)

    stopped = {**constant}
    original, count = denoiser._step, 0

    def interrupted(*args):
        nonlocal count
        count += 1
        if count > 4:
            raise KeyboardInterrupt
        return original(*args)

    denoiser._step = interrupted
    try:
        with pytest.raises(KeyboardInterrupt):
            denoiser.train(stopped, parts)
    finally:
        denoiser._step = original
    denoiser.train(stopped, parts, resume=True)
    one, _ = load_tensors(whole / "denoiser" / "model.safetensors")
    two, _ = load_tensors(parts / "denoiser" / "model.safetensors")
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_missing_stage_is_named(tmp_path):
    save_clips(tmp_path / "corpus" / "toy.npz", toy_clips())
    with pytest.raises(FileNotFoundError, match=r"lips/model.safetensors does not exist"):
        denoiser.train(TOY, tmp_path)


def test_config_errors():
    with pytest.raises(ValueError, match=r"unknown fields \['stepps'\]"):
        read_config(denoiser.DenoiserTraining, {"stepps": 3})
    with pytest.raises(ValueError, match="must be a JSON object"):
        read_config(denoiser.DenoiserTraining, [1])


def test_ema_follows_the_weights():
    layer = torch.nn.Linear(2, 2)
    ema = Ema(layer, 0.9)
    start = layer.weight.detach().clone()
    with torch.no_grad():
        layer.weight.add_(1.0)
    for _ in range(200):
        ema.update(layer)
    assert torch.allclose(ema.values[0], start + 1, atol=1e-3)
    assert ema.state()["updates"] == 200


def test_weights_that_do_not_fit_float16_are_refused():
    with pytest.raises(ValueError, match="weight big does not fit into float16"):
        pack.compact({"big": torch.full((2000,), 1e6)})
    assert pack.compact({"w": torch.ones(2000)})["w"].dtype == torch.float16
    assert pack.compact({"b": torch.ones(20)})["b"].dtype == torch.float32
