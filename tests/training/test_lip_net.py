"""The lip net's training on a small labelled folder, and its figures."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

import emoface
from emoface.audio.hearing import Hearing, heard_width
from emoface.audio.lip_net import (
    ARTIST,
    MOUTH_SCALE,
    PERSON,
    RULE,
    LipNet,
)
from emoface.audio.normalize import SILENT_MEL
from emoface.audio.speech_encoder import SpeechEncoder
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE, MOUTH, lip_gap
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
    load_hearing,
    mel_with_noise,
    mouth_weights,
    noise_mel,
    one_cycle,
    pseudo_lips,
    read_lips,
    seen_closures,
    train,
)
from emoface.training.run import load_tensors, save_tensors

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

    def test_form_is_learnt_from_measured_faces_alone(self, spoken: Clip) -> None:
        config = LipsConfig(batch=4, crossed=0.0, stretched=0.0, closing=0.0, opening=0.0)
        batch = LipWindows([spoken], config).batch(0)
        measured = batch._replace(style=torch.full((4,), PERSON), known=torch.ones_like(batch.known))
        weights = mouth_weights(config.channels)
        curves = batch.lips * torch.tensor(MOUTH_SCALE)
        curves[..., MOUTH.index(MOTION_INDEX["mouthStretchLeft"])] += 0.5  # 4 mm wider

        def added(batch: LipBatch) -> float:
            with_form, without = (
                lip_loss(curves, batch.closure, batch, weights, dataclasses.replace(config, form=form))
                for form in (2.0, 0.0)
            )
            return float(with_form - without)

        assert added(measured) == pytest.approx(2 * 0.405, rel=1e-3)
        assert added(batch) == 0  # a rule's mouth
        known = measured.known.clone()
        known[..., MOUTH.index(MOTION_INDEX["mouthFunnel"])] = 0
        assert added(measured._replace(known=known)) == 0  # a face of which too little is known

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
        same = lip_errors([clip], [clip.lips.astype(np.float32)])
        assert same["jaw_r"] == 1.0 and same["mae"] == 0
        assert lip_errors([clip], [np.zeros((clip.frames, MOTION_SIZE), np.float32)])["jaw_r"] == 0

    def test_noise_level(self, spoken: Clip) -> None:
        noisy = mel_with_noise(spoken.mel, 10.0)
        clean = np.exp(spoken.mel.astype(np.float32)).sum(1).mean()
        assert np.exp(noisy).sum(1).mean() / clean == pytest.approx(1.1, abs=0.02)
        assert noise_mel(11, 0).shape == (11, 64) and not math.isnan(noise_mel(4, 0).sum())


class TestStage:
    def test_begins_from_another_run(self, run_folder: Path, tmp_path: Path) -> None:
        first = train(LipsConfig(steps=20, batch=2, frames=40, model=SMALL), run_folder)
        shutil.copytree(run_folder, tmp_path / "first")
        taught, _ = load_tensors(first / "model.safetensors")
        config = LipsConfig(steps=1, batch=2, frames=40, model=SMALL, begin_from=str(tmp_path / "first"), ema=0.0)
        found, _ = load_tensors(train(config, run_folder) / "model.safetensors")
        moved = max(float((found[name] - taught[name]).abs().max()) for name in taught)
        assert 0 < moved < 1e-3  # one step with a rate of 8e-5
        kept, _ = load_tensors(train(dataclasses.replace(config, kept=0.25), run_folder) / "model.safetensors")
        for name, weights in taught.items():
            torch.testing.assert_close(kept[name], 0.75 * found[name] + 0.25 * weights)
        other = dataclasses.replace(config, model={**SMALL, "width": 8})
        with pytest.raises(ValueError, match="begin_from must be a run whose lip net has the shape"):
            train(other, run_folder)

    def test_keeps_a_share_of_what_there_is(self) -> None:
        with pytest.raises(ValueError, match="kept needs begin_from"):
            LipsConfig(kept=0.5)
        with pytest.raises(ValueError, match="kept must be at least 0 and below 1, got 1"):
            LipsConfig(kept=1.0, begin_from="run")

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
        net = Hearing(None, LipNet(**SMALL)).eval()
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

    def test_reads_a_speech_encoder(self, run_folder: Path, tmp_path: Path) -> None:
        """Features of the encoder under the run folder reach the lip net, and a net without them refuses them."""
        torch.manual_seed(0)
        sizes = {"width": 8, "blocks": 1, "deep_width": 8, "deep_blocks": 1}
        encoder = SpeechEncoder(**sizes)
        run_folder = Path(shutil.copytree(run_folder, tmp_path / "run"))
        save_tensors(run_folder / "speech" / "model.safetensors", encoder.state_dict(), sizes)
        train(LipsConfig(steps=2, batch=2, frames=40, model=SMALL), run_folder)
        hearing = load_hearing(run_folder)
        mel = torch.randn(1, 40, 64)
        heard = hearing(mel, torch.tensor([ARTIST]))
        assert hearing.lips.speech == 8 and heard.speech.shape == (1, 40, 8)
        assert heard.content("heard").shape == (1, 20, heard_width(8)) and heard.content("mel") is mel
        with pytest.raises(ValueError, match="speech must have 8 features"):
            hearing.lips(mel, torch.tensor([ARTIST]))
        with pytest.raises(ValueError, match="content must be of kind"):
            heard.content("hubert")

    def test_tracked_lips_tell_their_closures(self, spoken: Clip) -> None:
        motion = np.zeros((3, MOTION_SIZE), np.float32)
        motion[:, MOTION_INDEX["jaw_pose_x"]] = 0, 0.8 / 109, 0.2
        np.testing.assert_allclose(seen_closures(motion), [1, 0.5, 0], atol=1e-3)

    def test_shipped_config(self) -> None:
        path = Path(emoface.__file__).parent / "training" / "configs" / "lips.json"
        config = LipsConfig(**json.loads(path.read_text()))
        mouth_weights(config.channels)
        assert sum(p.numel() for p in LipNet(**config.model).parameters()) < 1e6

    def test_no_corpus(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="emoface train corpus"):
            train({"steps": 1}, tmp_path)
