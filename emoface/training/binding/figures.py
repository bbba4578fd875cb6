"""What the card of the stage reports: retrieval, order of levels, held-out prompts and voices."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.intensity import MOVING
from emoface.binding.modalities.audio import Audio
from emoface.binding.modalities.motion import Motion
from emoface.binding.modalities.valence_arousal import CIRCUMPLEX
from emoface.binding.space import EmotionSpace
from emoface.training.corpus.clips import Clip
from emoface.training.data import read_prompts
from emoface.training.text.grammar import Grammar, Prompt

from .anchor import embed_windows
from .config import BindingConfig
from .windows import WindowMaker, class_windows

CALM_LEVEL = 0.5
"""Level below which a face counts as calm."""


def _auc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    if not len(positive) or not len(negative):
        return None
    p, n = np.asarray(positive)[:, None], np.asarray(negative)[None]
    return float((p > n).mean() + 0.5 * (p == n).mean())


def voice_figures(space: EmotionSpace, clips: Sequence[Clip]) -> dict[str, Any]:
    """Arousal AUC (angry, happy, fear against sad, neutral), mean arousal, faces made, recall of four classes."""
    audio: Audio = space.modalities["audio"]  # type: ignore[assignment]
    known = [clip for clip in clips if clip.emotion is not None and clip.source in ("labelled", "voice")]
    known = [clip for clip in known if len(clip.mel) >= 10]
    if not known:
        return {"clips": 0}
    mels = [torch.from_numpy(clip.mel.astype(np.float32)) for clip in known]
    arousal: dict[str, list[float]] = {name: [] for name in EMOTIONS}
    right: dict[str, list[bool]] = {name: [] for name in ("neutral", "happy", "sad", "angry")}
    bound: dict[str, list[bool]] = {name: [] for name in right}
    faces: dict[str, Counter[str]] = {name: Counter() for name in EMOTIONS}
    for clip, mel in zip(known, mels, strict=True):
        emotion = str(clip.emotion)
        heard = audio.listen(mel)
        arousal[emotion].append(heard.arousal)
        shown, level = heard.shown()
        faces[emotion][shown if level >= CALM_LEVEL else "calm"] += 1
        if emotion in right:
            right[emotion].append(max(right, key=lambda name: heard.shares[name]) == emotion)
            bound[emotion].append(space.nearest_label(space.encode(audio=mel))[0] == emotion)
    high = [*arousal["angry"], *arousal["happy"], *arousal["fear"]]
    return {
        "clips": len(known),
        "speakers": sorted({clip.speaker for clip in known}),
        "arousal_auc": _auc(high, [*arousal["sad"], *arousal["neutral"]]),
        "arousal_mean": {name: round(float(np.mean(a)), 3) for name, a in arousal.items() if a},
        "faces_without_asked_emotion": {name: dict(shown) for name, shown in faces.items() if shown},
        "ua_4_classes_head": _recall(right),
        "ua_4_classes_of_z_among_8": _recall(bound),
    }


def prompt_figures(space: EmotionSpace, held_out: str | None) -> dict[str, str]:
    """Emotions that the nearest label of z gets right on each set of held-out prompts, fall-backs included."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, rows in read_prompts(held_out).items():
            right = [space.nearest_label(space.encode(text=row["text"]))[0] == row["emotion"] for row in rows]
            found[name] = f"{sum(right)} of {len(right)}"
    return found


def _recall(right: dict[str, list[bool]]) -> float | None:
    shares = [float(np.mean(hits)) for hits in right.values() if hits]
    return float(np.mean(shares)) if shares else None


def _retrieval(a: Tensor, b: Tensor, classes_a: Tensor, classes_b: Tensor) -> dict[str, float]:
    """R@1 of rows ``a`` among ``b``: same (emotion, level), and same emotion."""
    found = classes_b[(a @ b.T).argmax(1)]
    emotion = (found + len(LEVELS) - 1) // len(LEVELS) == (classes_a + len(LEVELS) - 1) // len(LEVELS)
    return {"class": float((found == classes_a).float().mean()), "emotion": float(emotion.float().mean())}


@torch.no_grad()
def figures(space: EmotionSpace, maker: WindowMaker, config: BindingConfig, rng: np.random.Generator) -> dict[str, Any]:
    """Retrieval, nearest-label accuracy, agreement of windows and order of levels on fresh motion."""
    motion: Motion = space.modalities["motion"]  # type: ignore[assignment]
    windows = class_windows(maker, config.check, rng)
    classes, z = windows.classes(), embed_windows(motion, windows.motion)
    points = space.label_points()
    labels = torch.cat([points[:1, 0], points[1:].flatten(0, 1)])  # (22, Z)
    place = torch.arange(len(labels))
    quarter = embed_windows(motion, windows.motion[:, config.frames // 3 :][:, : max(config.frames // 4, 1)])
    half = embed_windows(motion, windows.motion[:, config.frames // 3 :][:, : max(config.frames // 2, 1)])
    along = points[1:] @ points[0, 0]  # (7, 3) cosine with neutral
    result: dict[str, Any] = {
        "motion_to_label": _retrieval(z, labels, classes, place),
        "label_to_motion": _retrieval(labels, z, place, classes),
        "quarter_window_to_label": _retrieval(quarter, labels, classes, place),
        "half_window_to_label": _retrieval(half, labels, classes, place),
        "cosine_quarter_to_whole": float((quarter * z).sum(1).mean()),
        "cosine_half_to_whole": float((half * z).sum(1).mean()),
        "cosine_label_to_its_motion": float((labels[classes] * z).sum(1).mean()),
        "cosine_neutral_to_levels": [round(float(v), 3) for v in along.mean(0)],
        "levels_ordered": bool((along[:, 0] > along[:, 1]).all() and (along[:, 1] > along[:, 2]).all()),
    }
    if "text" in space.modalities:
        text: Any = space.modalities["text"]
        grammar = Grammar(rng)
        prompts: list[Prompt] = []
        while len(prompts) < 60 * config.check:
            prompt = grammar.draw()
            if max(prompt.shares.values()) > 0.9:
                prompts.append(prompt)
        told = [max(prompt.shares, key=lambda name: prompt.shares[name]) for prompt in prompts]
        wanted = torch.tensor(
            [0 if n == "neutral" else MOVING.index(n) * 3 + (p.level or 2) for n, p in zip(told, prompts, strict=True)]
        )
        spoken = torch.cat(
            [text(*text.encoder.tokenize([p.text for p in prompts[i : i + 64]])) for i in range(0, len(prompts), 64)]
        )
        result["held_out_prompts"] = prompt_figures(space, config.held_out)
        result["text_to_label"] = _retrieval(spoken, labels, wanted, place)
        result["text_to_motion"] = _retrieval(spoken, z, wanted, classes)
        result["motion_to_text"] = _retrieval(z, spoken, classes, wanted)
    if "valence_arousal" in space.modalities:
        axis = {}
        for arousal in (-0.3, 0.0, 0.3, 0.6, 0.9):
            name, level, cosine = space.nearest_label(space.encode(valence_arousal=(0.0, arousal)))
            axis[f"{arousal:g}"] = f"{name} {level:g} ({cosine:.2f})"
        result["arousal_axis"] = axis
        corners = {name: space.nearest_label(space.encode(valence_arousal=CIRCUMPLEX[name])) for name in MOVING}
        result["circumplex_names_right"] = float(np.mean([corners[name][0] == name for name in MOVING]))
    return result
