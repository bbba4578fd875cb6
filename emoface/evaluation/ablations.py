"""What each idea of the model is worth, at small scale: `emoface train ablations`.

The same small network is trained several times on the same windows, each time without one of the ideas, and measured
as the quality curve measures. All of it is done with several seeds: what two trainings that differ in nothing else
differ by is chance.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoface.binding.modalities.label import Label
from emoface.binding.space import EmotionSpace
from emoface.checkpoints import Checkpoint
from emoface.diffusion.denoiser import Block, Denoiser, DenoiserConfig
from emoface.diffusion.finish import Sampling
from emoface.files import write_text
from emoface.kernels import content_attention
from emoface.metrics.speed import machine
from emoface.pipeline import Pipeline

from ..training import denoiser
from ..training.run import load_tensors, read_config, save_json
from .curve import FIGURES, GUIDED, Bench

COLUMNS = ("jaw", "lower", "closure", "emotional", "named", "strength", "guided", "upper", "mouth", "jitter")


@dataclass
class Ablations:
    """Config of the stage.

    Attributes:
        training: fields of ``DenoiserTraining`` that all trainings share. only: names of those to run, empty for all.
        seeds: trainings of each, with seeds from 0.
        sampling: fields of ``Sampling`` that differ from its defaults. The shipped config leaves out what is done to
            takes, mouths at rest and small lip gestures after the denoiser, so that the denoiser alone is seen.
    """

    training: dict[str, Any] = field(default_factory=dict)
    seeds: int = 2
    sampling: dict[str, Any] = field(default_factory=dict)
    only: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.only) - set(CASES))
        if unknown:
            raise ValueError(f"only must name some of {', '.join(CASES)}, got {unknown}")
        if self.seeds < 1:
            raise ValueError(f"seeds must be at least 1, got {self.seeds}")


class MotionQueries(Block):
    """Queries from motion, keys and values from speech: the usual direction of cross-attention."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__(config)
        self.ask = nn.Linear(config.channels, config.channels)
        self.ask_norm = nn.LayerNorm(config.channels)

    def listen(self, x: Tensor, query: Tensor) -> Tensor:
        """Attention (B, T, C): motion asks, speech answers."""
        asked, answers = self.ask(self.ask_norm(x)), self.content.projected(query)
        return content_attention(asked, answers, self.config.heads, self.content.slopes)


class Unnormalized(Block):
    """The emotion's scale and shift without the normalisation over time."""

    def express(self, hidden: Tensor, x: Tensor, adain: tuple[Tensor, Tensor], film: Tensor) -> Tensor:
        """Second half of the feed-forward, scale and shift of the emotion, FiLM of the time: (B, T, C)."""
        scale, shift = (half[:, None] for half in adain)
        y = x + self.narrow(hidden)
        return (y + (1 + scale) * y + shift) * (1 + film[:, 0, None]) + film[:, 1, None]


class MotionQueriesDenoiser(Denoiser):
    """A denoiser of :class:`MotionQueries`."""

    block, fused = MotionQueries, False


class UnnormalizedDenoiser(Denoiser):
    """A denoiser of :class:`Unnormalized`."""

    block, fused = Unnormalized, False


@dataclass(frozen=True)
class Case:
    """One training: what differs from the full model.

    Attributes:
        changes: fields of ``DenoiserTraining``. network: class of the denoiser.
        one_hot: labels are orthogonal codes instead of points of the bound space.
        obeys: guidance has a meaning for it: it knows what speech without an emotion looks like.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    network: type[Denoiser] = Denoiser
    one_hot: bool = False
    obeys: bool = True


CASES = {
    "full": Case(),
    "without binding (one-hot label)": Case({"from_motion": 0.0, "from_text": 0.0, "consistency": 0.0}, one_hot=True),
    "without content-aware direction": Case(network=MotionQueriesDenoiser),
    "without AdaIN": Case(network=UnnormalizedDenoiser),
    "without sync loss": Case({"sync": 0.0}),
    "without guidance": Case({"drop_emotion": 0.0, "drop_all": 0.0}, obeys=False),
}
STRONGER = f"full, sampled at guidance {GUIDED:g}"


def one_hot(space: EmotionSpace) -> EmotionSpace:
    """The space with each label's points replaced by orthogonal unit vectors; changes it in place."""
    label = space.modalities["label"]
    assert isinstance(label, Label)
    with torch.no_grad():
        label.adapter.weight.copy_(torch.eye(*label.adapter.weight.shape))  # (Z, number of points)
    return space


def train(config: Any, out: str | Path, assets: str | Path | None = None, resume: bool = False) -> Path:
    """Train and measure every case, and write ``<out>/ablations/ablations.{json,md}``.

    Args:
        config: JSON file, dict or None for the defaults of ``Ablations``.
        out: run folder with ``corpus/``, ``lips/`` and ``binding/``. assets: folder of recordings to measure on.
        resume: keep trainings that are finished.

    Returns:
        The folder written.
    """
    settings = read_config(Ablations, config)
    out = Path(out)
    folder = out / "ablations"
    bench = Bench(None if assets is None else Path(assets), quick=False)
    lips, lip_config = load_tensors(out / "lips" / "model.safetensors")
    sampling = dataclasses.asdict(Sampling(**settings.sampling))
    rows: dict[str, list[dict[str, Any]]] = {}
    began = time.time()
    for seed in range(settings.seeds):
        for name in settings.only or CASES:
            case = CASES[name]
            tensors, space_config = load_tensors(out / "binding" / "model.safetensors")
            space = EmotionSpace.from_config(space_config, tensors)
            if case.one_hot:
                one_hot(space)
            place = folder / f"{name.split(' (')[0].replace(' ', '-')}-{seed}"
            if not (resume and (place / "card.json").exists()):
                changed = {**settings.training, **case.changes, "seed": seed}
                denoiser.train(changed, out, network=case.network, folder=place, space=space)
            weights, parts = load_tensors(place / "model.safetensors")
            weights |= {f"lips.{key}": tensor for key, tensor in lips.items()}
            weights |= {f"emotion.{key}": tensor for key, tensor in space.state_dict().items()}
            whole = {**parts, "lips": lip_config, "emotion": space_config, "sampling": sampling}
            pipeline = Pipeline(Checkpoint(whole, weights, name), network=case.network)
            rows.setdefault(name, []).append(bench.figures(pipeline, obeys=case.obeys))
            if name == "full":
                rows.setdefault(STRONGER, []).append(bench.figures(pipeline, GUIDED))
            steps = settings.training.get("steps", denoiser.DenoiserTraining.steps)
            report = {
                "rows": rows, "training": settings.training, "sampling": settings.sampling, "steps": steps,
                "machine": machine(),
                "minutes": round((time.time() - began) / 60, 1), "date": time.strftime("%Y-%m-%d"),
                "parameters": sum(t.numel() for key, t in weights.items() if key.startswith("denoiser.")),
            }  # fmt: skip
            save_json(folder / "ablations.json", report)
            write_text(folder / "ablations.md", ablation_table(report))
    return folder


def ablation_table(report: dict[str, Any]) -> str:
    """The report as Markdown: means over the seeds, and what seeds alone change."""
    model = report["training"].get("model", {})
    sizes = ", ".join(f"{name} {value}" for name, value in model.items())
    sampling = ", ".join(f"{name} {value}" for name, value in report["sampling"].items())
    seeds = max(len(trained) for trained in report["rows"].values())
    heads = ["model", *(FIGURES[name].heading for name in COLUMNS)]
    lines = [
        "# Ablations at small scale", "",
        f"Each row: {report['steps']} steps of {report['training'].get('batch', 16)} windows, "
        f"{'one seed' if seeds == 1 else f'mean of {seeds} seeds'}, {sizes}; {report['date']}, "
        f"{report['machine']['cpu']}, one thread; `emoface train ablations`. Sampled at guidance 1 unless a row says "
        f"otherwise{', with ' if sampling else ''}{sampling}. Far below the default checkpoint's training: what "
        "differs by less than twice the spread between seeds is chance.", "",
        f"| {' | '.join(heads)} |", "|---" * len(heads) + "|",
    ]  # fmt: skip
    values = {name: [_measured(trained, column) for column in COLUMNS] for name, trained in report["rows"].items()}
    for name, columns in values.items():
        trained = len(report["rows"][name])
        name += "" if trained == seeds else f" *(seeds: {trained} of {seeds})*"
        lines.append(f"| {' | '.join([name, *('' if not v else f'{np.mean(v):.3f}' for v in columns)])} |")
    if seeds > 1:
        apart = [[max(v) - min(v) for v in column if len(v) > 1] for column in zip(*values.values(), strict=True)]
        cells = ("" if not differences else f"{np.mean(differences):.3f}" for differences in apart)
        lines.append(f"| {' | '.join(['*between seeds, mean over the rows*', *cells])} |")
    lines += ["", *(f"- {FIGURES[name].heading}: {FIGURES[name].definition}" for name in COLUMNS)]
    return "\n".join(lines) + "\n"


def _measured(trained: list[dict[str, Any]], column: str) -> list[float]:
    """The values of a figure over the seeds, without those that were not measured."""
    return [figures[column] for figures in trained if figures[column] is not None]
