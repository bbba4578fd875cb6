"""The lip net, its gate, its training on a small labelled folder, and its figures."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import emoface
from emoface.audio.lip_net import (
    ARTIST,
    CLOSURE_HIGH,
    CLOSURE_LOW,
    GATED_PRESS,
    MOUTH_SCALE,
    RULE,
    LipNet,
    add_gestures,
    apply_closure,
    closure_weight,
    mouth_motion,
)
from emoface.audio.normalize import SILENT_MEL
from emoface.face.layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE, MOUTH, lip_gap
from emoface.training.corpus.build import train as build_corpus
from emoface.training.corpus.clips import Clip, load_clips
from emoface.training.corpus.phones import VISEME_ID
from emoface.training.corpus.visemes import rule_lips
from emoface.training.lip_net import (
    LipBatch,
    LipsConfig,
    LipWindows,
    closure_figures,
    held_out_figures,
    lip_errors,
    lip_loss,
    mel_with_noise,
    mouth_weights,
    noise_mel,
    one_cycle,
    pseudo_lips,
    read_lips,
    train,
)
from emoface.training.run import load_tensors

DEMO = Path(emoface.__file__).parent / "demo"
SMALL = {"width": 16, "blocks": 2}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder whose corpus is the bundled clip, held out as well, with made-up measured lips beside it."""
    out = tmp_path_factory.mktemp("run")
    recordings = out / "recordings"
    recordings.mkdir()
    sheet = json.loads((DEMO / "demo.json").read_text())
    for name in ("one", "two"):
        shutil.copy(DEMO / "speech.wav", recordings / f"{name}.wav")
        (recordings / f"{name}.json").write_text(json.dumps({**sheet, "stops": "release"}))
    config = {
        "tts_hours": 0, "tts_held_out_minutes": 0, "held_out": {"mine": ["two"]},
        "datasets": [{"adapter": "labelled", "folder": str(recordings), "name": "mine"}],
    }  # fmt: skip
    build_corpus(config, out)
    return out


@pytest.fixture(scope="module")
def spoken(run_folder: Path) -> Clip:
    return load_clips(run_folder / "corpus")[0]


def captured_copy(clip: Clip) -> Clip:
    lips = rule_lips(clip.visemes, clip.frames)[0].astype(np.float16)
    known = np.ones(MOTION_SIZE, bool)
    known[MOTION_INDEX["tongueUp"]] = False
    return Clip("artist/1", "captured", "a", "en", None, clip.mel, lips=lips, known=known)


class TestNet:
    def test_shapes_and_size(self) -> None:
        net = LipNet().eval()
        assert 0.6e6 < sum(p.numel() for p in net.parameters()) < 0.8e6
        for batch, frames in ((1, 1), (3, 7), (2, 40)):
            curves, logit = net(torch.randn(batch, 2 * frames, 64), torch.zeros(batch, dtype=torch.int64))
            assert curves.shape == (batch, frames, len(MOUTH)) and logit.shape == (batch, frames)
        with pytest.raises(ValueError, match="mel must have shape"):
            net(torch.randn(1, 5, 64), torch.tensor([0]))
        with pytest.raises(ValueError, match="kernel must be odd"):
            LipNet(kernel=4)

    def test_a_frame_depends_on_its_neighbourhood_only(self) -> None:
        torch.manual_seed(0)
        net = LipNet(**SMALL).eval()
        mel = torch.randn(1, 160, 64)
        whole = net(mel, torch.tensor([0]))[0]
        low, high = 20, 60
        part = net(mel[:, 2 * (low - net.reach) : 2 * (high + net.reach)], torch.tensor([0]))[0]
        torch.testing.assert_close(part[:, net.reach : -net.reach], whole[:, low:high])

    def test_styles_differ(self) -> None:
        net = LipNet(**SMALL).eval()
        mel = torch.randn(2, 20, 64)[:1].expand(2, -1, -1)
        curves = net(mel, torch.tensor([ARTIST, RULE]))[0]
        assert not torch.allclose(curves[0], curves[1])


class TestGate:
    def test_closes_lips_under_emotion(self) -> None:
        rng = np.random.default_rng(0)
        motion = torch.from_numpy(rng.uniform(0, 1, (4, 30, MOTION_SIZE)).astype(np.float32))
        motion[..., MOTION_INDEX["jaw_pose_x"] :] = torch.rand(4, 30, 3) * JAW_OPEN_RADIANS
        motion[..., MOTION_INDEX["mouthClose"]] = 0
        before = motion.clone()
        gap = lip_gap(motion)
        last = gap
        for strength in (0.25, 0.5, 0.75, 1.0):
            closed = lip_gap(apply_closure(motion, torch.ones(4, 30), strength))
            assert (closed <= last + 1e-4).all()
            last = closed
        assert gap.mean() > 20 and last.max() < 1e-3
        torch.testing.assert_close(motion, before)
        torch.testing.assert_close(apply_closure(motion, torch.zeros(4, 30)), motion)
        torch.testing.assert_close(apply_closure(motion, torch.ones(4, 30), 0.0), motion)

    def test_touches_only_the_lips(self) -> None:
        motion = torch.full((1, 5, MOTION_SIZE), 0.2)
        weight = torch.tensor([[0, 0.5, 1, 0.5, 0]])
        closed = apply_closure(motion, weight)
        changed = {i for i in range(MOTION_SIZE) if not torch.equal(closed[..., i], motion[..., i])}
        sneers = {MOTION_INDEX["noseSneerLeft"], MOTION_INDEX["noseSneerRight"]}  # which lift the upper lip
        assert changed <= set(MOUTH) | sneers and MOTION_INDEX["mouthSmileLeft"] not in changed
        assert closed[0, 2, MOTION_INDEX["mouthPressLeft"]] == pytest.approx(GATED_PRESS)
        torch.testing.assert_close(closed[:, [0, 4]], motion[:, [0, 4]])

    def test_gradient_and_errors(self) -> None:
        motion = torch.full((1, 5, MOTION_SIZE), 0.1, requires_grad=True)
        apply_closure(motion, torch.full((1, 5), 0.5)).sum().backward()
        assert torch.isfinite(motion.grad).all()
        with pytest.raises(ValueError, match="strength must be in 0"):
            apply_closure(motion, torch.zeros(1, 5), 1.5)
        with pytest.raises(ValueError, match="weight must have shape"):
            apply_closure(motion, torch.zeros(5))

    def test_weight(self) -> None:
        probability = torch.tensor([0.0, CLOSURE_LOW, (CLOSURE_LOW + CLOSURE_HIGH) / 2, CLOSURE_HIGH, 1.0])
        torch.testing.assert_close(closure_weight(torch.logit(probability)), torch.tensor([0, 0, 0.5, 1, 1]))

    def test_mouth_motion(self) -> None:
        motion = mouth_motion(torch.full((2, 3, len(MOUTH)), 9.0))
        assert motion[..., MOTION_INDEX["jaw_pose_x"]].max() == pytest.approx(JAW_OPEN_RADIANS)
        others = [i for i in range(MOTION_SIZE) if i not in MOUTH]
        assert motion.max() == 1 and not motion[..., others].any()


class TestGestures:
    def test_what_is_heard_is_the_least_of_small_shapes(self) -> None:
        motion = torch.full((2, 4, MOTION_SIZE), 0.2)
        funnel, lower, roll = (MOTION_INDEX[n] for n in ("mouthFunnel", "mouthLowerDownRight", "mouthRollUpper"))
        motion[..., lower] = 0.6  # bared by emotion
        before = motion.clone()
        curves = torch.zeros(4, len(MOUTH))
        curves[:, [MOUTH.index(funnel), MOUTH.index(lower)]] = torch.tensor([0.0, 0.1, 0.3, 0.5])[:, None]
        curves[:, MOUTH.index(roll)] = -1.0
        moved = add_gestures(motion, curves)
        assert moved[1, :, funnel].tolist() == pytest.approx([0.2, 0.2, 0.3, 0.5])
        assert torch.equal(moved[..., lower], before[..., lower]) and torch.equal(moved[..., roll], before[..., roll])
        assert torch.equal(motion, before) and torch.equal(add_gestures(motion, curves, 0.0), before)
        assert add_gestures(motion, curves, 0.5)[0, :, funnel].tolist() == pytest.approx([0.2, 0.2, 0.2, 0.25])

    def test_jaw_corners_and_all_beyond_the_mouth_stay(self) -> None:
        motion = torch.zeros(1, 3, MOTION_SIZE)
        moved = add_gestures(motion, torch.ones(3, len(MOUTH)))
        changed = {MOTION_NAMES[i] for i in range(MOTION_SIZE) if moved[..., i].any()}
        assert {"mouthFunnel", "mouthPucker", "mouthUpperUpLeft", "mouthRollLower"} <= changed and len(changed) == 8
        still = ("jaw", "mouthSmile", "mouthFrown", "mouthClose", "mouthPress")
        assert not any(name.startswith(still) for name in changed)

    def test_errors(self) -> None:
        with pytest.raises(ValueError, match="strength must be at least 0, got -1"):
            add_gestures(torch.zeros(1, 3, MOTION_SIZE), torch.zeros(3, len(MOUTH)), -1.0)
        with pytest.raises(ValueError, match=r"curves must have shape \(3, "):
            add_gestures(torch.zeros(1, 3, MOTION_SIZE), torch.zeros(4, len(MOUTH)))


class TestWindows:
    def test_batches(self, spoken: Clip) -> None:
        config = LipsConfig(batch=6, frames=150, crossed=0.5)
        clips = [spoken, captured_copy(spoken), Clip("v/1", "voice", "v", "", None, spoken.mel)]
        windows = LipWindows(clips, config)
        assert len(windows.clips) == 2
        seen = set()
        for step in range(8):
            batch = windows.batch(step)
            assert batch.mel.shape == (6, 300, 64) and batch.lips.shape == batch.known.shape == (6, 150, len(MOUTH))
            assert all(torch.isfinite(part.float()).all() for part in batch)
            torch.testing.assert_close(windows.batch(step).mel, batch.mel)
            tongue = MOUTH.index(MOTION_INDEX["tongueUp"])
            for b in range(6):
                phones, known = bool(batch.phones[b].any()), bool(batch.known[b].any())
                seen.add((int(batch.style[b]), phones, known))
                if not phones:
                    assert not batch.known[b, :, tongue].any()
                assert not batch.known[b, spoken.frames :].any()  # padding teaches nothing
        assert seen == {(ARTIST, False, True), (ARTIST, True, False), (RULE, True, True)}

    def test_shares(self, spoken: Clip) -> None:
        clips = [spoken, captured_copy(spoken)]
        shares = LipWindows(clips, LipsConfig(shares={"captured": 3.0, "mine": 1.0})).probability
        np.testing.assert_allclose(shares, [0.25, 0.75])
        with pytest.raises(ValueError, match="no captured, labelled or synthetic"):
            LipWindows([Clip("v/1", "voice", "v", "", None, spoken.mel)], LipsConfig())

    def test_loss(self, spoken: Clip) -> None:
        config = LipsConfig(batch=4, crossed=0.0, stretched=0.0)
        batch = LipWindows([spoken], config).batch(0)
        scale, weights = torch.tensor(MOUTH_SCALE), mouth_weights(config.channels)
        confident = torch.where(batch.closure > 0.5, 20.0, -20.0)
        sharp = LipBatch(*batch[:4], (batch.closure > 0.5).float(), batch.phones)
        plain = LipsConfig(closing=0.0, opening=0.0)
        assert lip_loss(batch.lips * scale, confident, sharp, weights, plain) < 1e-3
        wrong = batch.lips * scale + 0.1 * scale
        assert lip_loss(wrong, confident, sharp, weights, plain) > 1
        open_lips = torch.zeros(4, 100, len(MOUTH))
        open_lips[..., MOUTH.index(MOTION_INDEX["jaw_pose_x"])] = 0.1  # 10.9 mm
        crossed = sharp._replace(style=torch.full((4,), ARTIST), known=torch.zeros_like(batch.known))
        closing, opening = LipsConfig(closing=1.0, opening=0.0), LipsConfig(closing=0.0, opening=1.0)
        assert lip_loss(open_lips, confident, crossed, weights, closing) == pytest.approx(1.09, rel=1e-3)
        assert lip_loss(0 * open_lips, confident, crossed, weights, closing) < 1e-3
        assert lip_loss(open_lips, confident, crossed, weights, opening) < 0.02
        assert lip_loss(0 * open_lips, confident, crossed, weights, opening) > 0.1
        assert lip_loss(batch.lips * scale, confident, crossed, weights, opening) < 1e-3
        with pytest.raises(ValueError, match="channels must be"):
            mouth_weights({"browDown": 2.0})

    def test_schedule(self) -> None:
        rates = [one_cycle(i / 100, 0.1) for i in range(100)]
        assert max(rates) == pytest.approx(1, abs=0.01) and rates[0] < 0.05 and rates[-1] < 0.01


class TestFigures:
    def test_closures(self, spoken: Clip) -> None:
        motion = rule_lips(spoken.visemes, spoken.frames)[0]
        good = closure_figures([spoken], [motion])
        assert good["auc"] == 1.0 and good["ratio"] < 0.1 and good["hit30"] == 1.0 and good["bilabials"] >= 4
        still = closure_figures([spoken], [np.full_like(motion, 0.1)])
        assert still["auc"] == 0.5 and still["ratio"] == pytest.approx(1)
        silent = Clip("a/b", "tts", "", "", None, spoken.mel, np.array([[VISEME_ID["sil"], 0, 1]], np.float32))
        assert closure_figures([silent], [motion]) == {"bilabials": 0, "open_vowels": 0}

    def test_agreement(self, spoken: Clip) -> None:
        clip = captured_copy(spoken)
        same = lip_errors(clip, clip.lips.astype(np.float32))
        assert same["jaw_r"] == 1.0 and same["mae"] == 0
        assert lip_errors(clip, np.zeros((clip.frames, MOTION_SIZE), np.float32))["jaw_r"] == 0

    def test_noise_level(self, spoken: Clip) -> None:
        noisy = mel_with_noise(spoken.mel, 10.0)
        clean = np.exp(spoken.mel.astype(np.float32)).sum(1).mean()
        assert np.exp(noisy).sum(1).mean() / clean == pytest.approx(1.1, abs=0.02)
        assert noise_mel(11, 0).shape == (11, 64) and not math.isnan(noise_mel(4, 0).sum())


class TestStage:
    def test_learns_and_resumes(self, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        config = LipsConfig(steps=80, batch=4, frames=60, model=SMALL, save_every=30, learning_rate=8e-3)
        folder = train(config, run_folder)
        tensors, model = load_tensors(folder / "model.safetensors")
        net = LipNet(**model)
        net.load_state_dict(tensors)
        net.eval()
        card = json.loads((folder / "card.json").read_text())
        assert card["figures"]["closure_labelled"]["rule"]["auc"] > 0.8
        assert card["log"][-1]["loss"] < card["log"][0]["loss"]
        assert set(card["figures"]["silence"]) == {"artist", "rule"} and len(card["weights_sha256"]) == 64

        # Stop after the second state, go on from it: the same weights.
        class Stopped(Exception):
            pass

        def stop_at(values, *_):
            for value in values:
                if value == 65:
                    raise Stopped
                yield value

        monkeypatch.setattr("emoface.training.lip_net.progress", stop_at)
        with pytest.raises(Stopped):
            train(config, run_folder)
        monkeypatch.undo()
        train(config, run_folder, resume=True)
        again, _ = load_tensors(folder / "model.safetensors")
        assert not (folder / "state.pt").exists()
        for name, tensor in tensors.items():
            torch.testing.assert_close(again[name], tensor, rtol=1e-3, atol=1e-4)

    def test_helpers(self, spoken: Clip) -> None:
        torch.manual_seed(0)
        net = LipNet(**SMALL).eval()
        motion, weight = read_lips(net, spoken.mel, RULE)
        assert motion.shape == (spoken.frames, MOTION_SIZE) and weight.shape == (spoken.frames,)
        lips, closure = pseudo_lips(net, spoken)
        assert lips.dtype == closure.dtype == np.float32
        assert lip_gap(lips)[closure > 0.9].max() < 1.0
        np.testing.assert_array_equal(closure, rule_lips(spoken.visemes, spoken.frames)[1])
        voice = Clip("v/1", "voice", "v", "", None, spoken.mel)
        assert pseudo_lips(net, voice)[0].shape == lips.shape
        silent = np.full((20, 64), SILENT_MEL, np.float32)
        assert np.isfinite(read_lips(net, silent, ARTIST)[0]).all()
        assert "silence" in held_out_figures(net, [])

    def test_shipped_config(self) -> None:
        path = Path(emoface.__file__).parent / "training" / "configs" / "lips.json"
        config = LipsConfig(**json.loads(path.read_text()))
        mouth_weights(config.channels)
        assert sum(p.numel() for p in LipNet(**config.model).parameters()) < 1e6

    def test_no_corpus(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="emoface train corpus"):
            train({"steps": 1}, tmp_path)
