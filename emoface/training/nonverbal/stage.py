"""The non-verbal stage: trains the small net that finds laughter, breaths, sighs, coughs and humming."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoface.audio.features import MEL_PER_FRAME
from emoface.audio.nonverbal import AHEAD, BACK, SOUNDS, NonverbalNet
from emoface.face.layout import FPS
from emoface.files import atomic_path
from emoface.training.corpus.clips import Clip, read_shard, shard_paths
from emoface.training.lip_net import one_cycle
from emoface.training.run import Ema, progress, read_config, seed_everything, write_stage_card

from .scenes import FRAMES, Heard, SceneMaker

CROP = 6 * FPS
"""Frames of a scene that a step looks at."""
OFFSETS = np.arange(-1.0, 2.6, 0.25)
"""What may be added to the logit of a sound."""


@dataclass
class NonverbalConfig:
    """Settings of the stage.

    Attributes:
        seed: of everything. minutes: of speech of each data set of the corpus at most. sounds: made of each kind.
        scenes, tested: made to learn from, and to be judged by, which hold other sounds.
        shares: of each sound, ``""`` for held vowels, and of ``speech``, ``noise`` and ``music`` among the parts.
        steps, batch, learning_rate, weight_decay, warm_up, ema: training. width: channels of the net.
        threads: CPU threads.
    """

    seed: int = 0
    minutes: float = 45.0
    sounds: int = 500
    scenes: int = 2000
    tested: int = 200
    shares: dict[str, float] = field(default_factory=lambda: {
        "speech": 0.42, "laugh": 0.13, "breath": 0.09, "sigh": 0.07, "cough": 0.07, "hum": 0.07, "": 0.05,
        "noise": 0.05, "music": 0.05})  # fmt: skip
    steps: int = 1900
    batch: int = 16
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    warm_up: float = 0.05
    ema: float = 0.995
    width: int = 44
    threads: int = 1

    def __post_init__(self) -> None:
        known = {*SOUNDS, "", "speech", "noise", "music"}
        if set(self.shares) - known or not self.shares or min(self.shares.values()) < 0:
            raise ValueError(f"shares must be of {sorted(known)}, none negative, got {self.shares}")
        if min(self.sounds, self.scenes, self.tested, self.steps, self.batch) < 1:
            raise ValueError("sounds, scenes, tested, steps and batch must be at least 1")


def train(
    config: NonverbalConfig | dict[str, Any] | str | Path | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> Path:
    """Train the net; writes ``<out>/nonverbal/nonverbal.npz`` and ``card.json``.

    Args:
        config: a :class:`NonverbalConfig`, a dict or JSON file of its fields, or None for the defaults.
        out: run folder, whose ``corpus`` holds the speech that is none of the sounds.
        assets: not needed. resume: not needed, as a run takes minutes.

    Returns:
        The folder written.

    Raises:
        FileNotFoundError: no corpus. ValueError: bad config.
    """
    if not isinstance(config, NonverbalConfig):
        config = read_config(NonverbalConfig, config)
    seed_everything(config.seed)
    torch.set_num_threads(config.threads)
    clips = some_clips(Path(out) / "corpus", config.minutes)
    taught = SceneMaker(clips, config.seed, config.sounds, config.shares).scenes(range(config.scenes))
    net = NonverbalNet(config.width).train()
    optimizer = torch.optim.AdamW(
        net.parameters(), config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay
    )
    ema, losses = Ema(net, config.ema), []
    for step in progress(range(config.steps), "nonverbal", config.steps):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * one_cycle(step / config.steps, config.warm_up)
        loss = scene_loss(net, taught, np.random.default_rng((config.seed, 3, step)), config.batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        ema.update(net)
        losses.append(float(loss.detach()))
    ema.copy_to(net)
    offsets = balance(
        net.eval(),
        SceneMaker(clips, config.seed + 2, max(config.sounds // 8, 1), config.shares).scenes(range(config.tested)),
    )
    folder = Path(out) / "nonverbal"
    folder.mkdir(parents=True, exist_ok=True)
    save_net(folder / "nonverbal.npz", net)
    tested = SceneMaker(clips, config.seed + 1, max(config.sounds // 8, 1), config.shares).scenes(range(config.tested))
    write_stage_card(
        folder, "nonverbal", config, steps=config.steps, parameters=sum(p.numel() for p in net.parameters()),
        loss=round(float(np.mean(losses[-200:])), 4), figures=scene_figures(net, tested), offsets=offsets,
    )  # fmt: skip
    return folder


def some_clips(folder: Path, minutes: float) -> list[Clip]:
    """Clips of a corpus, of each data set so many minutes at most."""
    found: list[Clip] = []
    left: dict[str, float] = {}
    for path in shard_paths(folder):
        for clip in read_shard(path):
            if left.setdefault(clip.dataset, 60 * minutes) > 0:
                left[clip.dataset] -= clip.frames / FPS
                found.append(clip)
    return found


def scene_loss(net: NonverbalNet, heard: Heard, rng: np.random.Generator, batch: int) -> Tensor:
    """Cross-entropy over crops of scenes, that begin anywhere, as windows of a recording do."""
    picks = torch.from_numpy(rng.integers(0, len(heard), batch))
    first = int(rng.integers(0, FRAMES - CROP + 1))
    frames = slice(first, first + CROP - BACK - AHEAD)
    judged = slice(frames.start + BACK, frames.stop + BACK)
    mel = heard.mel[picks, MEL_PER_FRAME * first : MEL_PER_FRAME * (first + CROP)].float()
    logits = net(mel + 0.05 * torch.randn(mel.shape))  # (B, T, 6)
    losses = nn.functional.cross_entropy(logits.flatten(0, 1), heard.classes[picks, judged].flatten(), reduction="none")
    weights = heard.weights[picks, judged].flatten()
    return (losses * weights).sum() / weights.sum()


@torch.no_grad()
def balance(net: NonverbalNet, heard: Heard) -> dict[str, float]:
    """Add to the logit of each sound what makes the mean F1 largest, as a net that weighs frames alike says "none".

    Args:
        net: whose head is changed. heard: scenes that it neither learnt from nor is judged by.

    Returns:
        What was added, by sound.
    """
    logits = net(heard.mel.float())  # (N, T - BACK - AHEAD, 6)
    judged = slice(BACK, FRAMES - AHEAD)
    sure = heard.weights[:, judged] == 1
    logits, classes = logits[sure], heard.classes[:, judged][sure]  # (n, 6), (n,)
    numbers = torch.arange(1, 1 + len(SOUNDS))

    def score(offsets: Tensor) -> float:
        told = (logits + offsets).argmax(-1)
        there, found = classes[:, None] == numbers, told[:, None] == numbers  # (n, 5)
        both = (there & found).sum(0).float()
        return float((2 * both / (there.sum(0) + found.sum(0)).clamp(min=1)).mean())

    offsets = torch.zeros(1 + len(SOUNDS))
    for sound in [*numbers.tolist()] * 2:
        tried = [offsets.index_fill(0, torch.tensor(sound), float(offset)) for offset in OFFSETS]
        offsets = max([offsets, *tried], key=score)
    assert net.head.bias is not None
    net.head.bias += offsets
    return {sound: float(offset) for sound, offset in zip(SOUNDS, offsets[1:])}


@torch.no_grad()
def scene_figures(net: NonverbalNet, heard: Heard) -> dict[str, dict[str, float]]:
    """Recall and precision of each sound over the frames of scenes that weigh fully."""
    likeliest = net(heard.mel.float()).argmax(-1)  # (N, T - BACK - AHEAD)
    judged = slice(BACK, FRAMES - AHEAD)
    classes, sure = heard.classes[:, judged], heard.weights[:, judged] == 1
    figures = {}
    for number, sound in enumerate(SOUNDS, 1):
        there, told = sure & (classes == number), sure & (likeliest == number)
        both = float((there & told).sum())
        recall, precision = both / max(float(there.sum()), 1), both / max(float(told.sum()), 1)
        figures[sound] = {"recall": round(recall, 4), "precision": round(precision, 4)}
    return figures


def save_net(path: Path, net: NonverbalNet) -> None:
    """Write the weights in half precision, as the package holds them."""
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        arrays = {name: tensor.detach().half().numpy() for name, tensor in net.state_dict().items()}
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
