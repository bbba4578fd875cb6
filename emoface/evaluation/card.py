"""`emoface card`: the model card of a checkpoint, written from the record of its training and from an evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template
from typing import Any

from emoface.checkpoints import DEFAULT, find_checkpoint, load_checkpoint
from emoface.files import write_text

from .report import HONESTY, compared, shown

CARD = "MODEL_CARD.md"
TEMPLATE = Path(__file__).with_name("card_template.md")
RULES = "emotion, upper face"
SOURCES: dict[str, tuple[str, str, str]] = {
    "facegood": ("MIT", "jaw and mouth curves (9 min); the voice", RULES),
    "grid_s1": ("CC BY 4.0", "one man's lips and head, from video by a landmark net; the voice", RULES),
    "natural": ("Apache-2.0, CC0", "nothing", f"the voices, by neural synthesisers; lips read by the lip net, {RULES}"),
    "emodb": ("CC BY 4.0 as passed on, no file of its own", "the voices; phones by hand", f"lips, {RULES}"),
    "ljspeech": ("public domain", "the voice; phones by forced alignment", f"lips, {RULES}"),
    "a2f": ("Apache-2.0", "the voices", f"lips read by the lip net, {RULES}"),
    "tts": ("output of espeak-ng (GPL-3) and flite (BSD-like)", "nothing", f"the voices, lips, {RULES}"),
    "quiet": ("ours", "nothing", "hiss, hum and silence with a face at rest"),
}
"""Data set -> licence, what is captured in it, what is made by rule on it."""


def model_card(record: dict[str, Any], evaluation: dict[str, Any] | None) -> str:
    """The page.

    Args:
        record: of the training, as ``emoface train pack`` writes it. evaluation: as :func:`evaluate` gives it, or None.

    Returns:
        Markdown.

    Raises:
        ValueError: the evaluation is another checkpoint's, quick, or of some parts alone; or the record is a student's.
    """
    stages = record["stages"]
    if "corpus" not in stages:
        raise ValueError(
            f"{record['checkpoint']} is a student, whose record tells of its distillation alone: its training corpus "
            "stands in the card of the checkpoint that it was taught by"
        )
    if evaluation is not None and evaluation["checkpoint"] != record["content_sha256"]:
        raise ValueError(
            f"evaluation is of checkpoint {evaluation['checkpoint'][:12]}, the card of {record['content_sha256'][:12]}"
        )
    if evaluation is not None and evaluation["quick"]:
        raise ValueError("evaluation must be a whole one, got a quick one")
    if evaluation is not None and evaluation.get("only"):
        raise ValueError(f"evaluation must be a whole one, got {', '.join(evaluation['only'])} alone")
    corpus = stages["corpus"]["parts"]["train"]
    kept = stages["corpus"]["config"].get("held_out", {})
    parameters = {part: stages[part]["parameters"] for part in ("lips", "denoiser") if part in stages}
    binding = stages.get("binding", {}).get("parameters", {})
    parameters |= {f"emotion by {part}": count for part, count in binding.items()}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        name=record["checkpoint"],
        record=Path(record["checkpoint"]).with_suffix(".json").name,
        sha256=record["content_sha256"],
        megabytes=f"{record['bytes'] / 1e6:.1f}",
        date=record["date"],
        parameters=", ".join(f"{part} {count / 1e6:.2f} M" for part, count in parameters.items()),
        training=", ".join(
            f"{name} " + ", then ".join(
                f"{run['steps']} steps in {run['minutes']:g} min" for run in (stage, stage.get("again")) if run
            )
            for name, stage in stages.items() if "steps" in stage
        ),
        hours=f"{corpus['hours']:.2f}",
        voices=corpus["voices"],
        clips=corpus["clips"],
        datasets="\n".join(_source(name, hours) for name, hours in corpus["hours_by_dataset"].items()),
        languages=", ".join(f"{name} {hours:.2f}" for name, hours in corpus["hours_by_language"].items() if name),
        held_out="; ".join(f"{name} {', '.join(what)}" for name, what in kept.items()) or "nothing",
        figures=_figures(evaluation),
        commands="\n".join(f"    {command}" for command in record["commands"]),
    )  # fmt: skip


def _source(name: str, hours: float) -> str:
    licence, captured, made = SOURCES.get(name, ("not known to this page", "see its adapter", "see its adapter"))
    return f"| {name} | {hours:.2f} | {licence} | {captured} | {made} |"


def _figures(evaluation: dict[str, Any] | None) -> str:
    if evaluation is None:
        return "Not measured for this checkpoint yet: `emoface eval`, then `emoface card --evaluation`."
    rows = [row for row in evaluation["rows"] if row["met"] is not None]
    met = sum(row["met"] for row in rows)
    machine = "{cpu}, torch {torch}".format(**evaluation["machine"])
    lines = [
        f"Measured on {evaluation['date']} ({machine}): {met} of {len(rows)} bars met. A bar is the value that "
        "we ask a figure to reach. The whole table, with definitions, is in `benchmarks/results` of the repository.",
        "", HONESTY,
    ]  # fmt: skip
    for section in dict.fromkeys(row.get("section", "") for row in rows):
        lines += ["", f"### {section}"] if section else []
        lines += ["", "| figure | value | bar | met |", "|---|---|---|---|"]
        for row in rows:
            if row.get("section", "") == section:
                value, bar, told = shown(row)
                unit = row.get("unit", "")
                value += "" if unit in ("", "1") else f" {unit}"
                beside = compared(row)
                name = row["name"].replace("|", "\\|") + (f" ({beside})" if beside else "")
                lines.append(f"| {name} | {value} | {bar} | {told.replace('no', '**no**')} |")
    return "\n".join(lines)


def write_card(
    checkpoint: str | Path | None = None, evaluation: str | Path | None = None, out: str | Path | None = None
) -> Path:
    """Write the model card of a checkpoint.

    Args:
        checkpoint: path, with its record beside it, or a name of the package's; None for the default one.
        evaluation: ``evaluation.json`` of a whole ``emoface eval`` of this checkpoint.
        out: the file; ``MODEL_CARD.md`` beside the checkpoint if None.

    Returns:
        The file.

    Raises:
        FileNotFoundError: no checkpoint, record or evaluation.
        ValueError: record or evaluation are of another checkpoint, or no JSON.
    """
    path = DEFAULT if checkpoint is None else find_checkpoint(checkpoint)
    record = _json(path.with_suffix(".json"), "content_sha256")
    if load_checkpoint(path).sha256 != record["content_sha256"]:
        raise ValueError(f"{path.with_suffix('.json')} is the record of another checkpoint than {path}")
    measured = None if evaluation is None else _json(Path(evaluation), "rows")
    page = model_card(record, measured)
    target = path.with_name(CARD) if out is None else Path(out)
    write_text(target, page)
    return target


def _json(path: Path, key: str) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if not isinstance(found, dict) or key not in found:
        raise ValueError(f"{path} must hold {key!r}")
    return found
