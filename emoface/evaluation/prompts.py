"""Prompts of the shipped test lists that are given the right emotion."""

from __future__ import annotations

import warnings

from emoface.pipeline import Pipeline
from emoface.training.data import read_prompts

from .report import Row, told


def prompt_rows(pipeline: Pipeline) -> list[Row]:
    """Prompts of the shipped test lists that are given the right emotion."""
    names = {"held_out": ("held-out prompts named right", 55 / 60), "negations": ("negations named right", 0.8),
             "hard": ("hard prompts named right", None), "unseen": ("unseen prompts named right", 55 / 60),
             "unseen_hard": ("unseen hard prompts named right", 30 / 36),
             "unseen_negations": ("unseen negations named right", 0.8)}  # fmt: skip
    lists = read_prompts()
    rows: list[Row] = []
    for name, (title, bar) in names.items():
        prompts, right = lists[name], 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for prompt in prompts:
                z = pipeline.emotion.encode(text=prompt["text"])
                right += pipeline.emotion.nearest_label(z)[0] == prompt["emotion"]
        split = f"{name}.json, {len(prompts)} prompts"
        rows.append(Row(title, right / len(prompts), low=bar, note=f"{right} of {len(prompts)}", split=split))
    return told(rows, "1", "prompts whose nearest label of z has the listed emotion / prompts", "bound space z", "none")
