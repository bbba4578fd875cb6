"""Rows of an evaluation, and the files they are written to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emoface.export.atomic import atomic_path

HONESTY = (
    "Emotion figures measure obedience to our own expression rules: the prototypes and target strengths come from "
    "the rules that made the training data, so 100 % means that the rules are obeyed, not that people recognise the "
    "emotion. Only the jaw and mouth curves of the FACEGOOD recording are measured motion. Recording 2_05 is of the "
    "speaker of the training curves, and the sentences of the Berlin database were heard in training from other "
    "speakers."
)


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        name: what was measured. value: the figure, None if it was not measured.
        low, high: the bar, met within them; None where there is no bar on that side.
        note: unit, material, or why it was not measured.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""

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


def markdown(report: dict[str, Any]) -> str:
    """A report as a table: figure, value, bar, met, note."""
    machine = report["machine"]
    lines = [
        f"# Evaluation of checkpoint {report['checkpoint'][:12]}", "",
        f"{report['date']}, {machine['cpu']}, torch {machine['torch']}, {report['seconds']:.0f} s"
        + (", quick" if report["quick"] else ""), "",
        HONESTY, "",
        "| figure | value | bar | met | note |", "|---|---|---|---|---|",
    ]  # fmt: skip
    words = {True: "yes", False: "**no**", None: ""}
    for row in report["rows"]:
        value = row["value"]
        shown = "not measured" if value is None else value if isinstance(value, str) else f"{value:.4g}"
        bar = Row(row["name"], None, row["low"], row["high"]).bar
        lines.append(f"| {row['name']} | {shown} | {bar} | {words[row['met']]} | {row['note']} |")
    return "\n".join(lines) + "\n"


def write_report(report: dict[str, Any], folder: Path) -> None:
    """Write ``evaluation.json`` and ``evaluation.md``, each completely or not at all."""
    for name, text in (("json", json.dumps(report, indent=2) + "\n"), ("md", markdown(report))):
        with atomic_path(folder / f"evaluation.{name}") as path:
            path.write_text(text, encoding="utf-8")


def not_measured(names: Iterable[str], why: str) -> list[Row]:
    """Rows for figures whose material is missing."""
    return [Row(name, None, note=why) for name in names]
