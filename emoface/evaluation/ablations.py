"""What each idea of the model and of its training is worth, at small scale: `emoface train ablations`.

The same small network is trained several times on the same corpus, each time without one of the ideas, and measured
as the quality curve measures, and on people. All of it is done with several seeds: what two trainings that differ in
nothing else differ by is chance.
"""

from __future__ import annotations

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
from emoface.metrics.following import mean_correlation
from emoface.metrics.speed import machine
from emoface.pipeline import Pipeline

from ..training import denoiser
from ..training.pack import assemble
from ..training.run import load_tensors, read_config, save_json
from .curve import FIGURES, GUIDED, Bench, Criterion
from .latency import DRIFTING, strength_kept
from .material import Performer
from .noise import mixed, music
from .strangers import LOOKED_AT, Followed, ours_on
from .tracks import TRACKS, Tracked, read_tracks

COLUMNS = ("jaw", "lower", "closure", "emotional", "named", "strength", "guided", "upper", "mouth", "jitter")
DECIBELS = 0.0  # of music under strangers' voices
PEOPLE = {
    "stranger_jaw": Criterion(
        "strangers: jaw r",
        f"mean r with the tracked jaw of the people of {' and '.join(LOOKED_AT)}, in no training set but looked at "
        "while choosing settings, neutral, one seed, each at the lag that fits best",
    ),
    "stranger_gap": Criterion("gap r", "the same of the lips' opening"),
    "stranger_width": Criterion("width r", "the same of the distance between the mouth's corners"),
    "music": Criterion("lost to music", f"what the strangers' jaw loses of its r under music at {DECIBELS:g} dB"),
    "live": Criterion(
        "kept live", f"strength of {DRIFTING} at level 3 with latency `instant` over that of the whole recording"
    ),
}
"""Figures that the quality curve has not: people, and streams."""
TABLES = {"Speech, rules and chance": {name: FIGURES[name] for name in COLUMNS}, "People and streams": PEOPLE}
"""Heading -> the figures of a table."""


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
        sampling: fields of ``Sampling`` that differ, as the style of a speaker that it never saw would.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    network: type[Denoiser] = Denoiser
    one_hot: bool = False
    obeys: bool = True
    sampling: dict[str, Any] = field(default_factory=dict)


CASES = {
    "full": Case(),
    "without binding (one-hot label)": Case({"from_motion": 0.0, "from_text": 0.0, "consistency": 0.0}, one_hot=True),
    "without content-aware direction": Case(network=MotionQueriesDenoiser),
    "without AdaIN": Case(network=UnnormalizedDenoiser),
    "without sync loss": Case({"sync": 0.0}),
    "without guidance": Case({"drop_emotion": 0.0, "drop_all": 0.0}, obeys=False),
    "log-mels in place of all that is heard": Case({"content": "mel"}),
    "without the filmed speaker (told as the artist)": Case(
        {"pseudo_person": 0.0, "mix": {"person": 0.0}}, sampling={"style": "artist"}
    ),
    "without the artist's curves": Case({"pseudo_person": 1.0, "mix": {"captured": 0.0}}),
    "without music and talk": Case({"mix": {"background": 0.0, "listening": 0.0}}),
    "windows of one length, little context": Case({"mix": {"short": 0.0, "longest_context": 0.2, "turned": 0.0}}),
}
STRONGER = f"full, sampled at guidance {GUIDED:g}"


def merged(shared: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Settings of one training: those that all share with what differs; the mixtures are merged as well."""
    mix = {**shared.get("mix", {}), **changes.get("mix", {})}
    return {**shared, **changes, **({"mix": mix} if mix else {})}


class People:
    """Measures a pipeline on captured strangers, and in a stream."""

    def __init__(self, assets: Path | None, clip: np.ndarray) -> None:
        """Set up.

        Args:
            assets: folder with tracks of strangers, or None. clip: samples (N,) of which strengths are taken.
        """
        found = [] if assets is None else [assets / name for name in LOOKED_AT if (assets / name / TRACKS).is_file()]
        self.clips: list[Tracked] = [clip for folder in found for clip in read_tracks(folder).clips]
        self.clip = clip

    def figures(self, pipeline: Pipeline) -> dict[str, float | None]:
        """The figures of ``PEOPLE``, None where recordings are missing."""
        performer = Performer(pipeline)
        found: dict[str, float | None] = dict.fromkeys(PEOPLE)
        found["live"] = strength_kept(performer, self.clip, DRIFTING, "instant")
        if self.clips:
            clean = self._following(ours_on(performer, self.clips, [clip.samples for clip in self.clips]))
            sounds = [music(len(clip.samples), seed) for seed, clip in enumerate(self.clips)]
            under = [mixed(clip.samples, sound, DECIBELS) for clip, sound in zip(self.clips, sounds)]
            noisy = self._following(ours_on(performer, self.clips, under))
            found |= dict(zip(("stranger_jaw", "stranger_gap", "stranger_width"), clean, strict=True))
            found["music"] = clean[0] - noisy[0]
        return found

    @staticmethod
    def _following(followed: Followed) -> list[float]:
        return [mean_correlation(followed.pairs(channel)) for channel in range(3)]


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
    people = People(None if assets is None else Path(assets), bench.clip.samples)
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
                changed = {**merged(settings.training, case.changes), "seed": seed}
                denoiser.train(changed, out, network=case.network, folder=place, space=space)
            trained, parts = load_tensors(place / "model.safetensors")
            parts["emotion"] = space_config
            sampling = Sampling(**(settings.sampling | case.sampling))
            weights, whole = assemble(out, trained, parts, space.state_dict(), sampling)
            pipeline = Pipeline(Checkpoint(whole, weights, name), network=case.network)
            rows.setdefault(name, []).append(bench.figures(pipeline, obeys=case.obeys) | people.figures(pipeline))
            if name == "full":
                rows.setdefault(STRONGER, []).append(dict.fromkeys(PEOPLE) | bench.figures(pipeline, GUIDED))
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
    lines = [
        "# Ablations at small scale", "",
        f"Each row: {report['steps']} steps of {report['training'].get('batch', 16)} windows, "
        f"{'one seed' if seeds == 1 else f'mean of {seeds} seeds'}, {sizes}; {report['date']}, "
        f"{report['machine']['cpu']}, one thread; `emoface train ablations`. Sampled at guidance 1 unless a row says "
        f"otherwise{', with ' if sampling else ''}{sampling}. Far below the default checkpoint's training: what "
        "differs by less than twice the spread between seeds is chance.",
    ]  # fmt: skip
    for title, criteria in TABLES.items():
        lines += ["", f"## {title}", "", *_table(report["rows"], criteria, seeds)]
        lines += ["", *(f"- {one.heading}: {one.definition}" for one in criteria.values())]
    return "\n".join(lines) + "\n"


def _table(rows: dict[str, list[dict[str, Any]]], criteria: dict[str, Criterion], seeds: int) -> list[str]:
    """Lines of a table of means over the seeds, and what seeds alone change."""
    lines = [
        f"| {' | '.join(['model', *(one.heading for one in criteria.values())])} |",
        "|---" * (1 + len(criteria)) + "|",
    ]
    values = {name: [_measured(trained, figure) for figure in criteria] for name, trained in rows.items()}
    values = {name: columns for name, columns in values.items() if any(columns)}
    for name, columns in values.items():
        trained = len(rows[name])
        name += "" if trained == seeds else f" *(seeds: {trained} of {seeds})*"
        lines.append(f"| {' | '.join([name, *('' if not v else f'{np.mean(v):.3f}' for v in columns)])} |")
    if seeds > 1:
        apart = [[max(v) - min(v) for v in column if len(v) > 1] for column in zip(*values.values(), strict=True)]
        cells = ("" if not differences else f"{np.mean(differences):.3f}" for differences in apart)
        lines.append(f"| {' | '.join(['*between seeds, mean over the rows*', *cells])} |")
    return lines


def _measured(trained: list[dict[str, Any]], column: str) -> list[float]:
    """The values of a figure over the seeds, without those that were not measured."""
    return [figures[column] for figures in trained if figures[column] is not None]
