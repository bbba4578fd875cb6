"""`emoface eval`: all figures of a checkpoint."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from emoface.binding.emotions import EMOTIONS
from emoface.files import make_folder
from emoface.metrics.speed import machine, threads
from emoface.pipeline import load

from .page import write_report
from .parts import PARTS, Evaluation, Part
from .report import Row, beside


def evaluate(
    checkpoint: str | Path | None = None,
    assets: str | Path | None = None,
    out: str | Path | None = None,
    quick: bool = False,
    progress: Callable[[str], None] | None = None,
    against: str | Path | None = None,
    only: Collection[str] | None = None,
    captures: str | Path | None = None,
    folds: str | Path | None = None,
) -> dict[str, Any]:
    """Measure every figure by which a checkpoint is judged.

    What is captured of people comes first, with floors that are fitted in the same run. Figures about emotion measure
    obedience to our own expression rules, not recognition by people.

    Args:
        checkpoint: path, None for the default one.
        assets: folder with ``grid_s1/``, ``grid_others/``, ``facegood/``, ``emodb/``, ``livelink/``, or some of them;
            None takes the environment's EMOFACE_ASSETS. Figures whose recordings are missing are listed as not
            measured; the bundled clip is always there.
        out: folder for ``evaluation.json``, ``.md``, ``.html`` and pictures; None writes nothing.
        quick: fewer clips, seeds and emotions.
        progress: called with the name of each part before it begins.
        against: another checkpoint, measured first; its figures stand beside this one's.
        only: keys of the parts to measure, see ``PARTS``; None for all.
        captures: folder with motion fitted to landmark tracks, ``grid_s1.npz`` and so on; None goes without.
        folds: folder with checkpoints trained without a recording or a speaker, ``2_01.safetensors`` to
            ``2_05.safetensors``, ``grid_s1.safetensors`` and so on; None goes without.

    Returns:
        ``rows`` (dicts of name, value, low, high, met, note, unit, definition, mask, split, part, section, floors,
        people), ``confusions`` (name -> classes and counts), ``machine``, ``checkpoint`` (SHA-256), ``pictures``
        (file -> caption), ``date``, ``seconds``, ``parts`` (key -> seconds), ``quick``, ``only``; with ``against`` its
        SHA-256, and each row's ``before``.

    Raises:
        FileNotFoundError, ValueError: the checkpoint or a folder cannot be read, or a part is not known.
    """
    chosen = [part for part in PARTS if only is None or part.key in only]
    unknown = sorted(set(only or ()) - {part.key for part in PARTS})
    if unknown or not chosen:
        raise ValueError(f"only must name parts of {', '.join(part.key for part in PARTS)}, got {unknown or 'none'}")
    fits, trained = _folder("captures", captures), _folder("folds", folds)

    def measured(path: Path | None, out: str | Path | None, before: dict[str, Any] | None) -> dict[str, Any]:
        found = Evaluation(load(path), path, assets, quick, fits, trained)
        report = _measured(found, chosen, None if out is None else Path(out), progress, before)
        report["only"] = None if only is None else [part.key for part in chosen]
        return report

    with threads(1):  # what else runs here then costs least, and figures do not depend on the number of cores
        before = None if against is None else measured(Path(against), None, None)
        return measured(None if checkpoint is None else Path(checkpoint), out, before)


def _folder(name: str, folder: str | Path | None) -> Path | None:
    if folder is not None and not Path(folder).is_dir():
        raise FileNotFoundError(f"{name} {folder} is not a folder")
    return None if folder is None else Path(folder)


def _measured(
    evaluation: Evaluation,
    chosen: list[Part],
    out: Path | None,
    progress: Callable[[str], None] | None,
    before: dict[str, Any] | None,
) -> dict[str, Any]:
    began = time.perf_counter()
    if out is not None:
        make_folder(out)  # what cannot be kept is not measured
    rows: list[Row] = []
    seconds: dict[str, float] = {}
    for part in chosen:
        if progress is not None:
            progress(part.title)
        start = time.perf_counter()
        rows += [replace(row, part=part.title, section=part.section) for row in part.rows(evaluation)]
        seconds[part.key] = round(time.perf_counter() - start, 2)
    report: dict[str, Any] = {
        "checkpoint": evaluation.pipeline.checkpoint.sha256, "date": time.strftime("%Y-%m-%d"),
        "quick": evaluation.quick, "machine": machine(), "rows": [row.as_dict() for row in rows], "pictures": {},
        "parts": seconds,
        "confusions": {
            n: {"classes": list(EMOTIONS), "counts": c.tolist()} for n, c in evaluation.confusions.items()
        },
    }  # fmt: skip
    if before is not None:
        beside(report, before)
    if out is not None:
        for part in chosen:
            if part.draw is not None and all(importlib.util.find_spec(name) for name in part.needs):
                report["pictures"] |= part.draw(evaluation, out)
        report["seconds"] = time.perf_counter() - began
        write_report(report, out)
    report["seconds"] = time.perf_counter() - began
    return report
