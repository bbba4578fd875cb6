"""Training windows, the denoiser's training at toy size, resuming and packing."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from emoface.audio.lip_net import ARTIST, PERSON, RULE
from emoface.checkpoints import load_checkpoint
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE, UPPER
from emoface.pipeline import Pipeline
from emoface.training import denoiser, pack
from emoface.training.corpus import backgrounds
from emoface.training.corpus.clips import save_clips
from emoface.training.motion_windows import MixConfig, MotionWindows, Pools, PseudoLips, _livelier
from emoface.training.run import Ema, load_tensors, read_config
from emoface.training.sync import LipSync

FRAMES = 90


@pytest.fixture
def windows(toy_clips):
    """Makes windows of the toy corpus: ``windows(augmented=0.0)``."""

    def make(**settings):
        clips = toy_clips(FRAMES)
        lips, closure = np.full((FRAMES, MOTION_SIZE), 0.1, np.float32), np.zeros(FRAMES, np.float32)
        pseudo = {c.name: PseudoLips(lips, closure, ARTIST) for c in clips if c.source != "tts"}
        mix = MixConfig(**settings)
        return MotionWindows(Pools(clips, pseudo, mix), mix, 48, 8, 20, seed=3)

    return make


def test_batches_depend_on_seed_and_step_only(windows):
    one, other = windows()[5], windows()[5]
    assert torch.equal(one.mel, other.mel) and torch.equal(one.motion, other.motion)
    assert not torch.equal(one.motion[:, :40], windows()[6].motion[:, :40])


def test_batches_are_finite_and_of_one_length(windows):
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


def test_known_frames_may_show_another_emotion(windows):
    """The frames carried over keep their own emotion; those after them turn to the asked one."""
    settings = {"augmented": 0.0, "mixed": 0.0, "short": 0.0, "context": 1.0}
    turned, same = windows(**settings, turned=1.0)[2], windows(**settings, turned=0.0)[2]
    assert (turned.carried >= 1).all() and (turned.carried < 24).all()
    assert torch.isfinite(turned.motion).all() and not torch.equal(turned.motion, same.motion)
    assert (windows(context=0.0)[2].carried == 0).all()
    assert turned.turned.all() and not same.turned.any()


def test_windows_under_music_keep_their_lips_and_listeners_keep_theirs_still(windows, monkeypatch):
    monkeypatch.setattr(backgrounds, "music_mels", lambda: (np.full((150, 64), 3.0, np.float32),))
    settings = {"augmented": 0.0, "short": 0.0, "context": 0.0, "mixed": 0.0}
    clean, noisy = windows(**settings)[2], windows(**settings, background=1.0)[2]
    assert not torch.equal(clean.mel, noisy.mel)
    assert torch.equal(clean.motion[0], noisy.motion[0]) and torch.equal(clean.closure[0], noisy.closure[0])
    heard = windows(**settings, listening=1.0)[2]
    assert (heard.closure == 0).all() and heard.mel.max() < clean.mel.max()
    jaw, brow = MOTION_INDEX["jaw_pose_x"], list(UPPER)
    assert heard.motion[..., jaw].abs().mean() < 0.3 * clean.motion[..., jaw].abs().mean()
    assert heard.motion[..., brow].std(1).max() > 0.005


def test_what_a_tracked_face_does_not_show_is_no_target(toy_clips):
    clip = next(c for c in toy_clips(FRAMES) if c.source == "captured")
    lips = np.zeros((FRAMES, MOTION_SIZE), np.float16)
    lips[:10] = np.nan
    known = np.ones(MOTION_SIZE, bool)
    known[MOTION_INDEX["tongueOut"]] = False
    seen = replace(clip, lips=lips, known=known, style="person")
    read = PseudoLips(np.zeros((FRAMES, MOTION_SIZE), np.float32), np.zeros(FRAMES, np.float32), PERSON)
    mix = MixConfig(augmented=0.0, short=0.0, person=0.2)
    batch = MotionWindows(Pools([seen], {seen.name: read}, mix), mix, FRAMES, 2, 1, seed=0)[0]
    assert set(batch.style.tolist()) == {PERSON} and torch.isfinite(batch.motion).all()
    assert (batch.known[..., MOTION_INDEX["tongueOut"]] == 0).all()
    jaw = batch.known[..., MOTION_INDEX["jaw_pose_x"]]
    assert (jaw[:, :10] == 0).all() and (jaw[:, 10:] == 1).all()
    assert (batch.known[..., list(UPPER)] == 1).all()


def test_short_clips_are_followed_by_silence(toy_clips):
    clips = toy_clips(frames=20)[:1]
    mix = MixConfig(augmented=0.0)
    batch = MotionWindows(Pools(clips, {}, mix), mix, 48, 2, 4, seed=0)[0]
    tail = batch.mel[:, 2 * 30 :]
    assert (tail == tail[:, :1]).all() and tail.max() < -1.5


def test_lively_lips_close_where_quiet_ones_close():
    """A speaker's gain scales mouthClose with the jaw, and nothing above the mouth."""
    rows = np.stack([_livelier(0.2, np.random.default_rng(seed)) for seed in range(20)])
    jaw, close = MOTION_INDEX["jaw_pose_x"], MOTION_INDEX["mouthClose"]
    assert (rows[:, jaw] == rows[:, close]).all() and rows[:, jaw].std() > 0.1
    assert (rows[:, list(UPPER)] == 1).all() and (_livelier(0.0, np.random.default_rng(0)) == 1).all()


def test_no_clips():
    with pytest.raises(ValueError, match="run `emoface train corpus` first"):
        Pools([], {}, MixConfig())


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


def test_training_end_to_end_resumes_and_packs(run_folder, toy_config):
    folder = denoiser.train(toy_config, run_folder)
    tensors, config = load_tensors(folder / "model.safetensors")
    assert config["denoiser"]["channels"] == 16 and "denoiser.enter.weight" in tensors
    card = json.loads((folder / "card.json").read_text())
    assert card["config"]["steps"] == 6 and card["weights_sha256"]

    state = folder / "state.pt"
    assert state.exists()
    denoiser.train({**toy_config, "steps": 8}, run_folder, resume=True)
    resumed, _ = load_tensors(folder / "model.safetensors")
    assert not torch.equal(resumed["denoiser.enter.weight"], tensors["denoiser.enter.weight"])

    path = pack.train({"sampling": {"steps": 2}}, run_folder)
    checkpoint = load_checkpoint(path)
    pipeline = Pipeline(checkpoint)
    assert pipeline.sampling.steps == 2
    animation = pipeline.animate(np.zeros(16000, np.float32), sample_rate=16000, emotion="happy")
    assert len(animation) == 25


def test_begins_with_another_denoiser(tiny_checkpoint, tmp_path):
    """A denoiser with more channels takes what fits, and the flag of known frames stays the last input."""
    known = load_checkpoint(tiny_checkpoint)
    sizes = DenoiserConfig(**known.config["denoiser"])
    wider = Denoiser(replace(sizes, motion=sizes.motion + 3, styles=3))
    assert denoiser.begin(wider, str(tiny_checkpoint)) > 20
    held = known.part("denoiser")
    torch.testing.assert_close(wider.enter.weight[:, : sizes.motion], held["enter.weight"][:, :-1])
    torch.testing.assert_close(wider.enter.weight[:, -1], held["enter.weight"][:, -1])
    torch.testing.assert_close(wider.style_token.weight[:2], held["style_token.weight"])
    with pytest.raises(ValueError, match="holds no weights that fit"):
        denoiser.begin(Denoiser(replace(sizes, channels=8, emotion=4, content=4, blocks=1, motion=4, feed_forward=8,
                                        styles=1)), str(tiny_checkpoint))  # fmt: skip


def test_content_is_log_mels_where_asked(run_folder, toy_config) -> None:
    folder = denoiser.train({**toy_config, "steps": 1, "content": "mel"}, run_folder)
    assert load_tensors(folder / "model.safetensors")[1]["audio"]["kind"] == "mel"
    with pytest.raises(ValueError, match="content 'heard' needs a speech encoder"):
        denoiser.train({**toy_config, "content": "heard"}, run_folder)
    with pytest.raises(ValueError, match="content must be 'mel', 'heard' or empty, got 'hubert'"):
        denoiser.train({**toy_config, "content": "hubert"}, run_folder)


def test_missing_stage_is_named(tmp_path, toy_clips, toy_config):
    save_clips(tmp_path / "corpus" / "toy.npz", toy_clips())
    with pytest.raises(FileNotFoundError, match=r"lips/model.safetensors does not exist"):
        denoiser.train(toy_config, tmp_path)


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
