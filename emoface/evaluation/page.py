"""The report as files: JSON, Markdown, and one HTML page with pictures and confusion matrices."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from emoface.files import write_text

from .report import (
    BEFORE,
    HONESTY,
    by_section,
    compared,
    definitions,
    markdown,
    missed,
    shown,
    subtitle,
    title,
    verdict,
    worded,
)

STYLE = Path(__file__).with_name("page.css")
UNITS = {"1": "", "m2": "m²", "1/min": "/ min", "weight/frame2": "weight/frame²"}


def write_report(report: dict[str, Any], folder: Path) -> None:
    """Write ``evaluation.json``, ``.md`` and ``.html``, each completely or not at all."""
    texts = {"json": json.dumps(report, indent=2) + "\n", "md": markdown(report), "html": html(report, folder)}
    for suffix, text in texts.items():
        write_text(folder / f"evaluation.{suffix}", text)


def html(report: dict[str, Any], folder: Path) -> str:
    """The report as a page that needs no other file; its pictures are read from ``folder``."""
    name, short, told = escape(title(report)), missed(report), definitions(report)
    met = [row for row in report["rows"] if row["met"]]
    parts = [
        f"<header><h1>{name}</h1><p>{escape(subtitle(report))}</p></header>",
        f'<p class="verdict">{verdict(report["rows"]) or "no bars"}</p><p class="honesty">{escape(HONESTY)}</p>',
        f"<h2>Not met</h2>{table(short)}" if short else "",
        f"<details><summary>Met <small>{len(met)}</small></summary>{table(met)}</details>" if met else "",
        "<h2>Pictures</h2>" if report["pictures"] else "",
        *(picture(folder / file, caption) for file, caption in report["pictures"].items()),
        "<h2>Confusions</h2><p>Rows asked, columns named.</p><div class=matrices>",
        *(matrix(name, **found) for name, found in report["confusions"].items()),
        "</div>",
        *(f"<h2>{escape(name)}</h2>{''.join(section(part, rows) for part, rows in found.items())}"
          for name, found in by_section(report).items()),
        "<details><summary>Definitions</summary><dl>",
        *(f"<dt><code>{escape(what)}</code><dd>{escape('; '.join(names))}" for what, names in told.items()),
        "</dl></details>",
    ]
    head = f'<meta charset="utf-8"><title>{name}</title><style>{STYLE.read_text(encoding="utf-8")}</style>'
    return f'<!doctype html>\n<html lang="en">{head}<main>{"".join(parts)}</main></html>\n'


def section(part: str, rows: list[dict[str, Any]]) -> str:
    """The figures of one part, folded up."""
    count = f"{len(rows)} figure{'s' * (len(rows) > 1)}"
    told = ", ".join(filter(None, [count, verdict(rows)]))
    name = escape(part[:1].upper() + part[1:])
    return f"<details><summary>{name} <small>{told}</small></summary>{table(rows)}</details>"


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Figures with their bars; what they were taken on stands small below their names."""
    lines = []
    for row in rows:
        value, bar, met = shown(row)
        other = f'<td class="number before" title="{BEFORE}">{worded(row[BEFORE])}</td>' if BEFORE in row else ""
        about = " · ".join(filter(None, (compared(row), row["mask"], row["split"], row["note"])))
        lines.append(
            f'<tr class="{met}"><td title="{escape(row["definition"])}">{escape(row["name"])}'
            f"<small>{escape(about)}</small></td>"
            f'<td class="number">{escape(value)} <i>{escape(UNITS.get(row["unit"], row["unit"]))}</i></td>{other}'
            f"<td>{gauge(row)}</td><td>{escape(bar)}</td></tr>"
        )
    return f"<table>{''.join(lines)}</table>"


def gauge(row: dict[str, Any]) -> str:
    """A strip from 0 on, filled up to the value, with the accepted stretch marked; empty without a bar."""
    low, high, value = row["low"], row["high"], row["value"]
    if row["met"] is None or not isinstance(value, (int, float)) or value < 0:
        return ""
    end = 1.2 * max(value, low or 0, high or 0) or 1.0
    if not math.isfinite(end):
        return ""
    left, right, filled = (100 * x / end for x in (low or 0, end if high is None else high, value))
    return (
        f'<div class="gauge"><s style="left:{left:.1f}%;width:{right - left:.1f}%"></s>'
        f'<b style="width:{filled:.1f}%"></b></div>'
    )


def matrix(name: str, classes: list[str], counts: list[list[int]]) -> str:
    """A confusion matrix, rows asked, columns named, coloured by share of the row."""
    lines = ["<tr><th></th>" + "".join(f"<th>{escape(c)}</th>" for c in classes) + "</tr>"]
    for place, (asked, row) in enumerate(zip(classes, counts)):
        cells = ""
        for column, count in enumerate(row):
            share = count / max(sum(row), 1)
            hue = "47, 111, 159" if column == place else "179, 38, 30"
            ink = "#fff" if share > 0.6 else "#222"
            cells += f'<td style="background: rgba({hue}, {share:.2f}); color: {ink}">{count or ""}</td>'
        lines.append(f"<tr><th>{escape(asked)}</th>{cells}</tr>")
    return f'<figure><table class="confusion">{"".join(lines)}</table><figcaption>{escape(name)}</figcaption></figure>'


def picture(path: Path, caption: str) -> str:
    """A PNG inside the page."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    text = escape(caption)
    return f'<figure><img alt="{text}" src="data:image/png;base64,{data}"><figcaption>{text}</figcaption></figure>'
