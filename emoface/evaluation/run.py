"""`emoface eval`: all figures of a checkpoint."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from emoface.binding.emotions import EMOTIONS
from emoface.metrics.speed import machine, threads
from emoface.pipeline import load

from .binding import bound_row, judge_rows, retrieval_rows, voice_rows
from .expression import Expression
from .life import life_rows
from .lips import berlin_rows, bundled_rows, captured_rows
from .material import Captured, Performer, Spoken, assets_folder, berlin, bundled, captured
from .page import write_report
from .pictures import draw_curves, draw_measured, draw_sheets, draw_spectra, draw_strengths
from .prompts import prompt_rows
from .report import Row, beside, not_measured
from .speed import speed_rows
from .timing import beat_row, live_link_take, offset_row, spectrum_rows
from .vertices import measured_rows, rule_rows, sample_rows

QUICK_EMOTIONS = ["neutral", "happy", "surprised"]


def evaluate(
    checkpoint: str | Path | None = None,
    assets: str | Path | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    progress: Callable[[str], None] | None = None,
    against: str | Path | None = None,
) -> dict[str, Any]:
    """Measure every figure by which a checkpoint is judged.

    Emotion figures measure obedience to our own expression rules, not recognition by people.

    Args:
        checkpoint: path, None for the default one.
        assets: folder with ``facegood/`` and ``emodb/``; None takes the environment's EMOFACE_ASSETS. Figures whose
            recordings are missing are listed as not measured; the bundled clip is always there.
        out: folder for ``evaluation.json``, ``.md``, ``.html`` and pictures; None writes nothing.
        quick: fewer clips, seeds and emotions: under a minute instead of under five on one core.
        progress: called with the name of each part before it begins.
        against: another checkpoint, measured first; its figures stand beside this one's.

    Returns:
        ``rows`` (dicts of name, value, low, high, met, note, unit, definition, mask, split, part), ``confusions``
        (name -> classes and counts), ``machine``, ``checkpoint`` (SHA-256), ``pictures`` (file -> caption),
        ``date``, ``seconds``, ``quick``; with ``against`` its SHA-256, and each row's ``before``.

    Raises:
        FileNotFoundError, ValueError: the checkpoint or the assets folder cannot be read.
    """
    with threads(1):  # what else runs here then costs least, and figures do not depend on the number of cores
        before = None if against is None else _evaluate(Path(against), assets, None, quick, progress, None)
        return _evaluate(None if checkpoint is None else Path(checkpoint), assets, out, quick, progress, before)


def _evaluate(
    path: Path | None,
    assets: str | Path | None,
    out: str | Path | None,
    quick: bool,
    progress: Callable[[str], None] | None,
    before: dict[str, Any] | None,
) -> dict[str, Any]:
    began = time.perf_counter()
    folder = assets_folder(assets)
    pipeline = load(path)
    performer = Performer(pipeline)
    rows: list[Row] = []

    def part(name: str, make: Callable[[], list[Row]]) -> None:
        if progress is not None:
            progress(name)
        rows.extend(replace(row, part=name) for row in make())

    clip = bundled()
    measured, labelled = _recordings(folder, quick)
    voice = measured.samples if measured is not None else clip.samples
    if measured is not None:
        take = measured
        part("lips against measured curves", lambda: captured_rows(performer, take, 1 if quick else 3))
        part("vertices against measured curves", lambda: measured_rows(performer, take))
        phone = live_link_take(folder) if folder is not None else None
        part("timing", lambda: [offset_row(performer, take), beat_row(performer, take),
                                *spectrum_rows(performer, take, phone)])  # fmt: skip
    else:
        why = _why(folder, "facegood")
        part("lips against measured curves", lambda: not_measured(["2_05: correlation with measured curves"], why))
    part("lips on the bundled clip", lambda: bundled_rows(performer, clip))
    if labelled:
        emotions = QUICK_EMOTIONS if quick else list(EMOTIONS)
        part("lip closure", lambda: berlin_rows(performer, labelled, emotions, "artist"))
        if not quick:
            part("lip closure, style rule", lambda: berlin_rows(performer, labelled, QUICK_EMOTIONS, "rule"))
    else:
        part("lip closure", lambda: not_measured(["Berlin speakers 13, 14: closure"], _why(folder, "emodb")))
    fresh = [clip, *labelled[:: max(len(labelled) // 8, 1)]][: 3 if quick else 9]
    expression = Expression(performer, fresh, 4 if quick else 8)
    part("emotions", lambda: expression.naming_rows() + expression.strength_rows() + expression.anatomy_rows())
    confusions = {"nearest prototype of the rules": expression.counts}

    def judged() -> list[Row]:
        found, confusions["judge outside training"] = judge_rows(performer, fresh)
        return found

    part("judge", judged)
    part("bound space", lambda: [bound_row(performer, fresh), *voice_rows(pipeline.emotion, labelled),
                                 *retrieval_rows(pipeline.emotion, fresh, labelled)])  # fmt: skip
    part("vertices against the rules", lambda: rule_rows(performer, fresh[: 2 if quick else 4]))
    part("samples", lambda: sample_rows(performer, fresh[0], 4 if quick else 10))
    part("levels, guidance, intensity", lambda: expression.growth_rows(1 if quick else 3))
    part("jitter", lambda: expression.jitter_rows(measured))
    part("diversity", lambda: expression.diversity_rows(4 if quick else 6, 1 if quick else 2))
    part("life", lambda: life_rows(pipeline, voice, 2 if quick else 4))
    part("text", lambda: prompt_rows(pipeline))
    part("speed", lambda: speed_rows(pipeline, voice, path, quick))

    report: dict[str, Any] = {
        "checkpoint": pipeline.checkpoint.sha256, "date": time.strftime("%Y-%m-%d"), "quick": quick,
        "machine": machine(), "rows": [row.as_dict() for row in rows], "pictures": {},
        "confusions": {n: {"classes": list(EMOTIONS), "counts": c.tolist()} for n, c in confusions.items()},
    }  # fmt: skip
    if before is not None:
        beside(report, before)
    if out is not None:
        target = Path(out)
        target.mkdir(parents=True, exist_ok=True)
        pictures: dict[str, str] = {}
        if importlib.util.find_spec("PIL") is not None:
            pictures |= draw_sheets(performer, clip, target)
        if importlib.util.find_spec("matplotlib") is not None:
            pictures |= draw_curves(performer, clip, target) | draw_strengths(expression.strengths(), target)
            if measured is not None:
                pictures |= draw_measured(performer, measured, target) | draw_spectra(performer, measured, target)
        report["pictures"] = pictures
        report["seconds"] = time.perf_counter() - began
        write_report(report, target)
    report["seconds"] = time.perf_counter() - began
    return report


def _recordings(folder: Path | None, quick: bool) -> tuple[Captured | None, list[Spoken]]:
    """The measured recording and the labelled ones, as far as they are there."""
    if folder is None:
        return None, []
    measured = captured(folder, 20.0 if quick else None) if (folder / "facegood").is_dir() else None
    labelled = berlin(folder)
    return measured, labelled[:: max(len(labelled) // 10, 1)] if quick else labelled


def _why(folder: Path | None, name: str) -> str:
    return "no assets folder was named" if folder is None else f"there is no {name}/ in {folder.name}"
