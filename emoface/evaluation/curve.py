"""Quality against speed: `emoface eval --curve` measures samplers and students at 1 to 50 network calls a window."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.binding.intensity import MOVING
from emoface.diffusion.samplers import SAMPLERS
from emoface.files import atomic_path, make_folder, write_text
from emoface.metrics.emotion import nearest_prototype, strength
from emoface.metrics.speed import machine, medians, threads
from emoface.pipeline import Pipeline, load

from .expression import Expression
from .lips import berlin_closure, curve_correlations
from .material import Captured, Performer, Spoken, assets_folder, berlin, bundled, captured

SAMPLER_STEPS = (1, 2, 4, 10, 50)
STUDENT_STEPS = (1, 2, 4)
SEEDS = 12
EMOTIONAL = "surprised"
GUIDED = 2.0
LEAST_SPAN = 0.2  # of a picture's axis, so that small differences look small
BEYOND = "0.93"  # grey of what does not meet a bar
LINES: dict[str, dict[str, Any]] = {  # of the picture; others are drawn as matplotlib draws a line
    "ddim": {"color": "#4477aa", "marker": "o", "markersize": 4},
    "dpm++2m": {"color": "#ee9933", "marker": "s", "markersize": 4, "linestyle": "--"},
    "student": {"color": "#228844", "marker": "D", "markersize": 5, "linewidth": 2},
}


@dataclass(frozen=True)
class Criterion:
    """A figure that the ways of sampling are compared by: its heading, what it is, and the bar for the knee."""

    heading: str
    definition: str
    low: float | None = None
    high: float | None = None

    def met(self, value: float | None) -> bool:
        """Whether a value meets the bar; one that was not measured does."""
        return value is None or ((self.low is None or value >= self.low) and (self.high is None or value <= self.high))


FIGURES = {
    "jaw": Criterion("jaw r", "Pearson's r of jawOpen with the curve of FACEGOOD 2_05, neutral, 2 seeds", low=0.78),
    "lower": Criterion("lower lip r", "the same of mouthLowerDownLeft"),
    "closure": Criterion(
        "closed / open", "smallest lip gap in p, b, m over largest in open vowels, neutral", high=0.13
    ),
    "emotional": Criterion("same, surprised", "the same at surprised, level 3", high=0.16),
    "named": Criterion("named", "emotions at level 3 whose nearest prototype is the asked one", low=0.97),
    "strength": Criterion("strength", "mean strength at level 3 over the rules', seven emotions", low=0.9, high=1.1),
    "farthest": Criterion("strength, farthest", "the same of the emotion farthest from the rules", low=0.9, high=1.1),
    "guided": Criterion("guided", f"strength at level 2 and guidance {GUIDED:g} over that at guidance 1"),
    "upper": Criterion(
        "diversity, upper", f"spread of the mean pose over {SEEDS} seeds over that of the rules", low=0.8
    ),
    "mouth": Criterion("diversity, mouth", "the same of the mouth shapes", low=0.8),
    "jitter": Criterion("mouth jitter", "mean absolute second difference over the rules', style rule", high=1.3),
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A way of sampling and what it gives.

    Attributes:
        sampler: its name. steps: steps of a window's trajectory. calls, guided_calls: network calls of a window with
            guidance 1 and with another. seconds, guided_seconds: median time of ``animate`` for the bundled clip.
        figures: value by name in ``FIGURES``, None where recordings are missing.
    """

    sampler: str
    steps: int
    calls: int
    guided_calls: int
    seconds: float
    guided_seconds: float
    figures: dict[str, float | None]

    @property
    def met(self) -> int:
        """How many bars are met."""
        return sum(FIGURES[name].met(value) for name, value in self.figures.items())


def knee(points: list[Point]) -> Point:
    """The point of fewest network calls among those that meet most bars; of these, the first."""
    most = max(point.met for point in points)
    return min((point for point in points if point.met == most), key=lambda point: point.calls)


class Bench:
    """Measures one way of sampling after the other on the same recordings."""

    def __init__(self, assets: Path | None, quick: bool) -> None:
        """Read the recordings; ``assets`` as in :func:`evaluate`, ``quick`` for fewer of them."""
        self.clip = bundled()
        measured = assets is not None and (assets / "facegood").is_dir()
        self.captured: Captured | None = captured(assets, 60.0) if assets is not None and measured else None
        labelled = [] if assets is None or quick else berlin(assets)
        self.labelled: list[Spoken] = labelled[:: max(len(labelled) // 12, 1)]
        self.fresh = [self.clip, *self.labelled[:2]]
        self.prototypes = Expression(Performer(load()), self.fresh, 8).prototypes

    def figures(self, pipeline: Pipeline, guidance: float = 1.0, obeys: bool = True) -> dict[str, float | None]:
        """All figures of a pipeline as it samples now, at a guidance; ``obeys`` is false for networks made without."""
        performer = Performer(pipeline, guidance=guidance)
        found: dict[str, float | None] = dict.fromkeys(FIGURES)
        if self.captured is not None:
            take = self.captured
            curves = [curve_correlations(performer.motion(take.samples, "neutral", seed=s), take) for s in range(2)]
            found["jaw"] = float(np.mean([curve["jawOpen"] for curve in curves]))
            found["lower"] = float(np.mean([curve["mouthLowerDownLeft"] for curve in curves]))
        if self.labelled:
            for name, emotion in (("closure", "neutral"), ("emotional", EMOTIONAL)):
                found[name] = berlin_closure(performer, self.labelled, emotion, "artist")[0].ratio
        expression = Expression(performer, self.fresh, 8)
        moved = {emotion: [expression.moved(clip, emotion, 3) for clip in self.fresh] for emotion in MOVING}
        named = [nearest_prototype(m, self.prototypes)[0] == emotion for emotion in MOVING for m in moved[emotion]]
        found["named"] = float(np.mean(named))
        strengths = self.strengths({emotion: np.mean(takes, 0) for emotion, takes in moved.items()}, 3)
        found["strength"] = float(np.mean(strengths))
        found["farthest"] = max(strengths, key=lambda value: abs(value - 1))
        if obeys:
            plain, guided = (
                self.strengths({emotion: expression.mean_moved(emotion, 2, guidance=g) for emotion in MOVING}, 2)
                for g in (1.0, GUIDED)
            )
            found["guided"] = float(np.mean(guided) / np.mean(plain))
        found["upper"], found["mouth"] = (row.value for row in expression.diversity_rows(SEEDS, len(self.fresh)))
        found["jitter"] = expression.jitter_rows(None)[1].value
        return found

    def strengths(self, moved: dict[str, np.ndarray], level: int) -> list[float]:
        """Strength of each emotion's displacement (52,), over the rules'."""
        return [strength(m, self.prototypes[emotion, level]) for emotion, m in moved.items()]

    def seconds(self, pipelines: dict[str, Pipeline]) -> dict[tuple[str, float], float]:
        """Median seconds of ``animate`` for the bundled clip, by name and guidance, interleaved."""
        work = {
            (name, guidance): partial(
                pipeline.animate, self.clip.samples, sample_rate=SAMPLE_RATE, emotion="happy", guidance=guidance
            )
            for name, pipeline in pipelines.items()
            for guidance in (1.0, GUIDED)
        }
        return medians(work, 5, budget=60.0)


def quality_curve(
    checkpoint: str | Path | None = None,
    student: str | Path | None = None,
    assets: str | Path | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Measure quality and speed over samplers and numbers of steps.

    Args:
        checkpoint: the teacher, None for the default checkpoint. student: a distilled checkpoint, or None.
        assets: as in :func:`evaluate`. out: folder for ``steps.json``, ``steps.md`` and ``steps.png``, or None.
        quick: fewer recordings, and no 50 steps. progress: called with the name of each point.

    Returns:
        ``points`` (dicts of :class:`Point`), ``knee`` (name of one), ``knee_alone`` (that of the checkpoint without
        the student), ``definitions``, ``machine``, ``checkpoint``, ``student`` (SHA-256 or None), ``date``.

    Raises:
        FileNotFoundError, ValueError: a checkpoint or the assets folder cannot be read. OSError: ``out`` cannot be
            written to.
    """
    with threads(1):
        bench = Bench(assets_folder(assets), quick)
        if out is not None:
            make_folder(out)  # what cannot be kept is not measured
        pipelines: dict[str, Pipeline] = {}
        teacher = None if checkpoint is None else Path(checkpoint)
        for sampler in SAMPLERS:
            for steps in SAMPLER_STEPS[:-1] if quick else SAMPLER_STEPS:
                pipelines[f"{sampler}, {steps}"] = _with(load(teacher), sampler, steps)
        if student is not None:
            for steps in STUDENT_STEPS:
                pipelines[f"student, {steps}"] = _with(load(Path(student)), "ddim", steps)
        took = bench.seconds(pipelines)
        points = []
        for name, pipeline in pipelines.items():
            if progress is not None:
                progress(name)
            sampler, steps = name.split(", ")[0], pipeline.sampling.steps
            twice = 1 if pipeline.denoiser.config.guided else 2
            points.append(
                Point(sampler, steps, steps, twice * steps, took[name, 1.0], took[name, GUIDED],
                      bench.figures(pipeline))
            )  # fmt: skip
        chosen, alone = knee(points), knee([point for point in points if point.sampler in SAMPLERS])
        report = {
            "points": [asdict(point) for point in points],
            "knee": f"{chosen.sampler}, {chosen.steps}",
            "knee_alone": f"{alone.sampler}, {alone.steps}",
            "definitions": {figure.heading: figure.definition for figure in FIGURES.values()},
            "machine": machine(),
            "checkpoint": load(teacher).checkpoint.sha256,
            "student": None if student is None else load(Path(student)).checkpoint.sha256,
            "date": time.strftime("%Y-%m-%d"),
        }
    if out is not None:
        folder = Path(out)
        for name, text in (("steps.json", json.dumps(report, indent=1) + "\n"), ("steps.md", curve_markdown(report))):
            write_text(folder / name, text)
        draw_curve(points, folder / "steps.png")
    return report


def _with(pipeline: Pipeline, sampler: str, steps: int) -> Pipeline:
    pipeline.sampling = replace(pipeline.sampling, sampler=sampler, steps=steps)
    return pipeline


def curve_markdown(report: dict[str, Any]) -> str:
    """The curve as a table."""
    heads = [f"{f.heading} ({_bar(f)})" if _bar(f) else f.heading for f in FIGURES.values()]
    heads = ["sampler", "steps", "calls, guided", "ms", "ms, guided", *heads]
    lines = [
        "# Quality against speed", "",
        f"Checkpoint {report['checkpoint'][:12]}, student {(report['student'] or 'none')[:12]}, {report['date']}, "
        f"{report['machine']['cpu']}, one thread, load {report['machine']['load']}; `emoface eval --curve`. "
        f"The knee, fewest calls among those that meet most bars: **{report['knee']}**; without a student "
        f"**{report['knee_alone']}**. Times are of `animate` for the bundled clip, audio included. Emotion figures "
        "measure obedience to our own rules.", "",
        "![each figure over the network calls of a window; grey is beyond the bar](steps.png)", "",
        f"| {' | '.join(heads)} |", "|---" * len(heads) + "|",
    ]  # fmt: skip
    for point in report["points"]:
        values = [point["figures"][name] for name in FIGURES]
        cells = [point["sampler"], str(point["steps"]), f"{point['calls']}, {point['guided_calls']}"]
        cells += [f"{1000 * point[key]:.0f}" for key in ("seconds", "guided_seconds")]
        cells += ["" if value is None else f"{value:.3f}" for value in values]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *(f"- {heading}: {text}" for heading, text in report["definitions"].items())]
    return "\n".join(lines) + "\n"


def _bar(figure: Criterion) -> str:
    low, high = ("" if value is None else f"{value:g}" for value in (figure.low, figure.high))
    return f"{low} to {high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else ""


def draw_curve(points: list[Point], path: Path) -> None:
    """Draw each figure over the network calls of a window, a line for each sampler; grey is beyond the bar."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(12, 8), layout="constrained")
    FigureCanvasAgg(picture)
    *axes, clock = picture.subplots(3, 4).flat
    for axis, (name, figure) in zip(axes, FIGURES.items(), strict=True):
        for sampler in dict.fromkeys(point.sampler for point in points):
            line = [point for point in points if point.sampler == sampler and point.figures[name] is not None]
            axis.plot([p.calls for p in line], [p.figures[name] for p in line], label=sampler, **LINES.get(sampler, {}))
        low, high = axis.get_ylim()
        middle, half = (low + high) / 2, max(high - low, LEAST_SPAN) / 2
        bars = [bar for bar in (figure.low, figure.high) if bar is not None]
        low, high = min([middle - half, *(b - 0.03 for b in bars)]), max([middle + half, *(b + 0.03 for b in bars)])
        low = max(low, -0.01)  # no figure is negative
        axis.axhspan(low, low if figure.low is None else figure.low, color=BEYOND, linewidth=0)
        axis.axhspan(high if figure.high is None else figure.high, high, color=BEYOND, linewidth=0)
        axis.set_ylim(low, high)
        axis.set_title(figure.heading, fontsize=11)
    for sampler in dict.fromkeys(point.sampler for point in points):
        line = [point for point in points if point.sampler == sampler]
        clock.plot([p.calls for p in line], [1000 * p.seconds for p in line], **LINES.get(sampler, {}))
    clock.set_ylim(bottom=0)
    clock.set_title("ms for the bundled clip", fontsize=11)
    for axis in (*axes, clock):
        axis.set_xscale("log")
        axis.set_xticks(SAMPLER_STEPS, [str(step) for step in SAMPLER_STEPS], minor=False)
        axis.set_xticks([], minor=True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="0.92")
        axis.set_axisbelow(True)
    lines, names = axes[0].get_legend_handles_labels()
    picture.legend(lines, names, loc="outside upper center", ncols=len(lines), frameon=False)
    picture.supxlabel("network calls a window", fontsize=11)
    with atomic_path(path) as target:
        picture.savefig(target, dpi=100, format="png")
