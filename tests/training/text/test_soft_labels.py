"""Prompts beyond the grammar and the probe that labels them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.binding.emotions import EMOTIONS
from emoface.training.text.grammar import Grammar, Prompt, plain
from emoface.training.text.soft_labels import agreement, fit_probe, label_softly, ordinary_words, recombine

WORDS = ["river", "table", "window", "copper", "gentle", "running"]


def _prompt(emotion: str) -> Prompt:
    return Prompt(emotion, {emotion: 1.0}, 2)


def test_ordinary_words_are_whole_and_long_enough():
    assert ordinary_words(["[PAD]", "the", "##ing", "river", "caf\u00e9s", "x1y2", "table"]) == ["river", "table"]


def test_recombined_texts_are_distinct_reproducible_and_never_excluded():
    first, second = (recombine(Grammar(np.random.default_rng(4)), WORDS, 60) for _ in range(2))
    assert first == second and len({plain(text) for text in first}) == 60
    again = recombine(Grammar(np.random.default_rng(4), first), WORDS, 60)
    assert not {plain(text) for text in first} & {plain(text) for text in again}


def test_the_probe_separates_what_a_plane_separates():
    torch.manual_seed(0)
    centres = 3 * torch.randn(8, 16)
    classes = torch.arange(8).repeat(20)
    vectors = centres[classes] + 0.3 * torch.randn(160, 16)
    matrix, offset = fit_probe(vectors, torch.eye(8)[classes], torch.ones(160))
    assert matrix.shape == (8, 16) and offset.shape == (8,)
    assert ((vectors @ matrix.T + offset).argmax(1) == classes).float().mean() > 0.98


def test_soft_labels_follow_near_prompts_and_doubt_the_rest():
    torch.manual_seed(1)
    centres = torch.nn.functional.normalize(torch.randn(9, 32), dim=1)
    taught = [_prompt(EMOTIONS[index % 8]) for index in range(160)]
    near, frames, halves = centres[torch.arange(160) % 8], centres[8].repeat(40, 1), centres[:8].repeat(5, 1)
    vectors = torch.cat([near, frames, halves]) + 0.02 * torch.randn(240, 32)
    soft = label_softly(taught, ["frame"] * 40 + ["half"] * 40, vectors, doubt=1.0)
    assert all(sum(row.shares.values()) == pytest.approx(1, abs=1e-5) and row.level == 0 for row in soft)
    assert max(max(row.shares.values()) for row in soft[:40]) < 0.3
    assert agreement([EMOTIONS[index % 8] for index in range(40)], soft[40:]) == 1.0
