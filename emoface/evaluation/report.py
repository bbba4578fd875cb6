"""Rows of an evaluation, and the files they are written to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from emoface.metrics.figure import Figure

HONESTY = (
    "Emotion figures measure obedience to our own expression rules: the prototypes and target strengths come from "
    "the rules that made the training data, so 100 % means that the rules are obeyed, not that people recognise the "
    "emotion. Measured motion are the jaw and mouth curves of the FACEGOOD recording, the landmarks of the GRID "
    "recordings, and the takes of phones. Looked at while choosing settings: FACEGOOD 2_05, of the speaker of the "
    "training curves; grid_others; the Berlin speakers 13 and 14, whose sentences were heard in training from others."
)


HEADS = ("figure", "value", "unit", "bar", "met", "floors, people", "mask", "data", "note")
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
        part: of the evaluation that it belongs to. section: of the report that the part stands in.
        floors: what simple methods reach on the same split, by name.
        people: 5 % and 95 % quantiles of the same figure on captured people; the bar is then to be within.
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
    section: str = ""
    floors: dict[str, float] = field(default_factory=dict)
    people: tuple[float, float] | None = None

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
        people = None if self.people is None else list(self.people)
        return {**asdict(self), "value": value, "people": people, "met": self.met}


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


def by_section(report: dict[str, Any]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Rows of each part of each section of a report."""
    sections: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in report["rows"]:
        sections.setdefault(row.get("section", ""), {}).setdefault(row["part"], []).append(row)
    return sections


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
    for section, parts in by_section(report).items():
        lines += [f"## {section}", ""] if section else []
        for part, rows in parts.items():
            lines += [f"### {part[:1].upper()}{part[1:]}", "", *_table(rows)]
    lines += ["## Definitions", ""]
    lines += [f"- {'; '.join(names)}: `{definition}`" for definition, names in definitions(report).items()]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    heads = [*HEADS[:2], *([BEFORE] if BEFORE in rows[0] else []), *HEADS[2:]]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        value, bar, met = shown(row)
        cells = [row["name"], value, *([worded(row[BEFORE])] if BEFORE in row else [])]
        cells += [row["unit"], bar, met.replace("no", "**no**"), compared(row)]
        cells += [row["mask"], row["split"], row["note"]]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def compared(row: dict[str, Any]) -> str:
    """What stands beside a value: floors on the same split, and the 5 to 95 % range of captured people."""
    words = [f"{name} {worded(value)}" for name, value in row.get("floors", {}).items()]
    if row.get("people"):
        words.append("people {} to {}".format(*map(worded, row["people"])))
    return ", ".join(words)


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
