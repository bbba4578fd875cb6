"""Rows of an evaluation, and the files they are written to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from emoface.metrics.figure import Figure

HONESTY = (
    "Emotion figures measure obedience to our own expression rules: the prototypes and target strengths come from "
    "the rules that made the training data, so 100 % means that the rules are obeyed, not that people recognise the "
    "emotion. Only the jaw and mouth curves of the FACEGOOD recording are measured motion. Recording 2_05 is of the "
    "speaker of the training curves and was looked at while choosing settings, and the sentences of the Berlin "
    "database were heard in training from other speakers."
)


HEADS = ("figure", "value", "unit", "bar", "met", "mask", "data", "note")
BEFORE = "before"
"""Head of the other checkpoint's figures, after those of this one."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        name: what was measured. value: the figure, None if it was not measured.
        low, high: the bar, met within them; None where there is no bar on that side.
        note: what else must be known, or why it was not measured.
        unit: of the value, "1" for shares, ratios and correlations. definition: the formula, or what was done.
        mask: the vertices or shapes it was taken on. split: the recordings or prompts, and how many.
        part: of the evaluation that it belongs to.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""
    unit: str = ""
    definition: str = ""
    mask: str = ""
    split: str = ""
    part: str = ""

    @classmethod
    def of(
        cls, figure: Figure, low: float | None = None, high: float | None = None, note: str = "", where: str = ""
    ) -> Row:
        """A row of a :class:`Figure`; ``where`` goes before its name."""
        name = f"{where}: {figure.name}" if where else figure.name
        known = (figure.unit, figure.definition, figure.mask, figure.split)
        return cls(name, figure.value, low, high, note, *known)

    @property
    def met(self) -> bool | None:
        """Whether the bar is met; None without a bar or a value."""
        if self.value is None or (self.low is None and self.high is None):
            return None
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    @property
    def bar(self) -> str:
        """The bar in words."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        return f"at most {self.high:g}" if self.high is not None else ""

    def as_dict(self) -> dict[str, Any]:
        """All of it, JSON-able; a value that is not finite becomes text."""
        value = self.value if self.value is None or math.isfinite(self.value) else str(self.value)
        return {**asdict(self), "value": value, "met": self.met}


def told(rows: Iterable[Row], unit: str, definition: str, mask: str, split: str) -> list[Row]:
    """Rows of one kind with what they share filled in, where a row does not say it itself."""
    shared: dict[str, Any] = {"unit": unit, "definition": definition, "mask": mask, "split": split}
    return [replace(row, **{k: v for k, v in shared.items() if not getattr(row, k)}) for row in rows]


def definitions(report: dict[str, Any]) -> dict[str, list[str]]:
    """Each definition of a report, with the names of the figures that follow it."""
    found: dict[str, list[str]] = {}
    for row in report["rows"]:
        names = found.setdefault(row["definition"], [])
        if row["name"] not in names:
            names.append(row["name"])
    return {definition: names for definition, names in found.items() if definition}


def shown(row: dict[str, Any]) -> tuple[str, str, str]:
    """A row's value, bar and verdict as text."""
    words = {True: "yes", False: "no", None: ""}
    return worded(row["value"]), Row(row["name"], None, row["low"], row["high"]).bar, words[row["met"]]


def beside(report: dict[str, Any], before: dict[str, Any]) -> None:
    """Put another checkpoint's figures into the rows of a report, by name and mask."""
    values = {(row["name"], row["mask"]): row["value"] for row in before["rows"]}
    report["against"] = before["checkpoint"]
    for row in report["rows"]:
        row[BEFORE] = values.get((row["name"], row["mask"]))


def by_part(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Rows of each part of a report."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in report["rows"]:
        parts.setdefault(row["part"], []).append(row)
    return parts


def missed(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows whose bar is not met."""
    return [row for row in report["rows"] if row["met"] is False]


def verdict(rows: Iterable[dict[str, Any]]) -> str:
    """How many bars are met, in words; empty where there are none."""
    judged = [row["met"] for row in rows if row["met"] is not None]
    return f"{sum(judged)} of {len(judged)} bars met" if judged else ""


def markdown(report: dict[str, Any]) -> str:
    """A report as tables: bars that are not met, all figures by part, and the definitions."""
    lines = [f"# {title(report)}", "", subtitle(report), "", f"**{verdict(report['rows'])}.** {HONESTY}", ""]
    if missed(report):
        lines += ["## Bars not met", "", *_table(missed(report))]
    for part, rows in by_part(report).items():
        lines += [f"## {part.capitalize()}", "", *_table(rows)]
    lines += ["## Definitions", ""]
    lines += [f"- {'; '.join(names)}: `{definition}`" for definition, names in definitions(report).items()]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    heads = [*HEADS[:2], *([BEFORE] if BEFORE in rows[0] else []), *HEADS[2:]]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        value, bar, met = shown(row)
        cells = [row["name"], value, *([worded(row[BEFORE])] if BEFORE in row else [])]
        cells += [row["unit"], bar, met.replace("no", "**no**")]
        cells += [row["mask"], row["split"], row["note"]]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def worded(value: float | str | None) -> str:
    """A value as text."""
    return "not measured" if value is None else value if isinstance(value, str) else f"{value:.4g}"


def title(report: dict[str, Any]) -> str:
    """What was evaluated."""
    beside = f", {BEFORE} it {report['against'][:12]}" if "against" in report else ""
    return f"Evaluation of checkpoint {report['checkpoint'][:12]}{beside}"


def subtitle(report: dict[str, Any]) -> str:
    """When, where and how long."""
    machine = report["machine"]
    quick = ", quick" if report["quick"] else ""
    return f"{report['date']}, {machine['cpu']}, torch {machine['torch']}, {report['seconds']:.0f} s{quick}"


def not_measured(names: Iterable[str], why: str) -> list[Row]:
    """Rows for figures whose material is missing."""
    return [Row(name, None, note=why) for name in names]
