"""Distillation at toy size: the student starts as its teacher, learns its ends, and packs as a checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from emoface.audio.encoder import ContentConfig, ContentEncoder
from emoface.audio.hearing import Hearing
from emoface.audio.lip_net import LipNet
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.diffusion.samplers import SAMPLERS, ddim_table
from emoface.pipeline import load
from emoface.training import denoiser, distill, pack
from emoface.training.distill import Distillation, DistillTraining
from emoface.training.motion_windows import WindowBatch
from emoface.training.run import load_tensors, read_config

SMALL = DenoiserConfig(emotion=8, content=16, channels=16, heads=2, blocks=2, feed_forward=32, window=40)
TOY_STUDENT = {"steps": 4, "batch": 2, "workers": 0, "save_every": 2, "window": 48, "teacher_steps": 2,
               "learning_rate": 0.02, "warm_up": 1, "guided": 1.0}  # fmt: skip


@pytest.fixture
def pair():
    torch.manual_seed(0)
    teacher = Denoiser(SMALL)
    with torch.no_grad():
        for parameter in teacher.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    settings = DistillTraining(teacher_steps=4, student_steps=[4], guided=0.0)
    hearing = Hearing(None, LipNet(width=16, blocks=1)).eval()
    return Distillation(settings, teacher.requires_grad_(False), hearing, ContentEncoder(ContentConfig(channels=16)))


def drawn(pair, number=0, **changes):
    rng, rows, frames = np.random.default_rng(number), 3, 40
    mel, motion = torch.randn(rows, 2 * frames, 64), torch.randn(rows, frames, SMALL.motion)
    numbers = torch.zeros(rows, dtype=torch.int64)
    batch = WindowBatch(mel, motion, torch.ones_like(motion), torch.zeros(rows, frames), numbers, numbers + 5,
                        torch.zeros(rows, 2, dtype=torch.int64), torch.ones(rows), torch.ones(rows),
                        torch.zeros(rows, dtype=torch.bool))  # fmt: skip
    return replace(pair.draw(batch, motion, torch.randn(rows, SMALL.emotion), rng), **changes)


def test_an_untrained_student_is_its_teacher(pair):
    """At guidance 1 and the teacher's number of steps, the last step lands where the teacher does."""
    last = drawn(pair, guidance=1.0, count=4, place=3)
    assert sum(pair.terms(last, torch.zeros(3, 40)).values()) < 1e-9
    guided = drawn(pair, guidance=3.0, count=4, place=3)
    assert sum(pair.terms(guided, torch.zeros(3, 40)).values()) > 1e-3


def test_one_step_learns_the_ends_of_guided_trajectories(pair):
    torch.manual_seed(0)
    optimizer = torch.optim.Adam(pair.student.parameters(), 3e-3)
    found = []
    for number in range(60):
        now = drawn(pair, number % 3, guidance=2.0, count=1, place=0)
        loss = sum(pair.terms(now, torch.zeros(3, 40)).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(float(loss.detach()))
    assert np.mean(found[-3:]) < 0.6 * np.mean(found[:3]), (found[:3], found[-3:])


def test_stage_resumes_and_packs(run_folder, toy_config):
    denoiser.train(toy_config, run_folder)
    folder = distill.train(TOY_STUDENT, run_folder)
    whole, config = load_tensors(folder / "model.safetensors")
    assert config["denoiser"]["guided"] and "denoiser.strength.weight" in whole
    distill.train({**TOY_STUDENT, "steps": 6}, run_folder, resume=True)
    longer, _ = load_tensors(folder / "model.safetensors")
    assert not torch.equal(whole["denoiser.enter.weight"], longer["denoiser.enter.weight"])

    path = pack.train({"name": "student.safetensors", "network": "distill", "sampling": {"steps": 1}}, run_folder)
    pipeline = load(path)
    assert pipeline.sampling.steps == 1 and pipeline.denoiser.config.guided
    voice = np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    takes = [pipeline.animate(voice, sample_rate=16000, emotion="happy", guidance=g) for g in (1.0, 3.0)]
    assert len(takes[0]) == 12 and not np.array_equal(takes[0].motion, takes[1].motion)


def test_config_errors(monkeypatch):
    monkeypatch.setitem(SAMPLERS, "ancestral", lambda steps: ddim_table(steps, eta=1.0))
    with pytest.raises(ValueError, match="teacher_sampler must add no noise on its way, got 'ancestral'"):
        read_config(DistillTraining, {"teacher_sampler": "ancestral"})
    with pytest.raises(ValueError, match="teacher_sampler must be one of ddim"):
        read_config(DistillTraining, {"teacher_sampler": "euler"})
    with pytest.raises(ValueError, match="student_steps must hold"):
        read_config(DistillTraining, {"student_steps": []})
    with pytest.raises(ValueError, match="network must be one of"):
        read_config(pack.PackConfig, {"network": "lips"})
