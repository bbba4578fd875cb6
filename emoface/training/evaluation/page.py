"""The report as files: JSON, Markdown, and one HTML page with confusion matrices and pictures."""

from __future__ import annotations

import base64
import json
from html import escape
from pathlib import Path
from typing import Any

from emoface.export.atomic import atomic_path

from .report import HEADS, HONESTY, definitions, markdown, shown, subtitle, title

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1250px; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; font-size: 13px }
td, th { padding: .25rem .55rem; text-align: left; vertical-align: top }
tr { border-bottom: 1px solid #e4e4e4 } th { border-bottom: 2px solid #888 }
td:first-child { min-width: 15rem } td.split { min-width: 13rem }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.mask, td.split, td.note { color: #555; font-size: 12px }
td.yes { color: #1a7a3c } td.no { color: #b3261e; font-weight: 600 }
table.confusion td, table.confusion th { text-align: center; min-width: 3.2rem; border: 1px solid #fff }
img { max-width: 100%; margin: .6rem 0 } abbr { text-decoration: underline dotted #999 }
"""


def write_report(report: dict[str, Any], folder: Path) -> None:
    """Write ``evaluation.json``, ``.md`` and ``.html``, each completely or not at all."""
    texts = {"json": json.dumps(report, indent=2) + "\n", "md": markdown(report), "html": html(report, folder)}
    for suffix, text in texts.items():
        with atomic_path(folder / f"evaluation.{suffix}") as path:
            path.write_text(text, encoding="utf-8")


def html(report: dict[str, Any], folder: Path) -> str:
    """The report as a page that needs no other file; its pictures are read from ``folder``."""
    told = definitions(report)
    lines = ["<tr>" + "".join(f"<th>{head}</th>" for head in HEADS) + "</tr>"]
    for row in report["rows"]:
        value, bar, met = shown(row)
        name = escape(row["name"])
        name = f'<abbr title="{escape(row["definition"])}">{name}</abbr>' if row["definition"] else name
        lines.append(
            f'<tr><td>{name}</td><td class="number">{escape(value)}</td><td>{escape(row["unit"])}</td>'
            f'<td>{escape(bar)}</td><td class="{met}">{met}</td>'
            + "".join(f'<td class="{key}">{escape(row[key])}</td>' for key in ("mask", "split", "note"))
            + "</tr>"
        )
    head = f'<meta charset="utf-8"><title>{escape(title(report))}</title><style>{STYLE}</style>'
    parts = [
        f"<h1>{escape(title(report))}</h1><p>{escape(subtitle(report))}</p><p>{escape(HONESTY)}</p>",
        f"<table>{''.join(lines)}</table>",
        *(matrix(name, **found) for name, found in report["confusions"].items()),
        "<h2>Definitions</h2>",
        *(f"<p><code>{escape(text)}</code><br>{escape('; '.join(names))}</p>" for text, names in told.items()),
        *(picture(folder / name) for name in report["pictures"]),
    ]
    return f'<!doctype html>\n<html lang="en">{head}{"".join(parts)}</html>\n'


def matrix(name: str, classes: list[str], counts: list[list[int]]) -> str:
    """A confusion matrix, rows asked, columns named, coloured by share of the row."""
    lines = ["<tr><th></th>" + "".join(f"<th>{escape(c)}</th>" for c in classes) + "</tr>"]
    for place, (asked, row) in enumerate(zip(classes, counts)):
        cells = ""
        for column, count in enumerate(row):
            share = count / max(sum(row), 1)
            hue = "46, 125, 90" if column == place else "179, 38, 30"
            ink = "#fff" if share > 0.6 else "#222"
            cells += f'<td style="background: rgba({hue}, {share:.2f}); color: {ink}">{count or ""}</td>'
        lines.append(f"<tr><th>{escape(asked)}</th>{cells}</tr>")
    return f'<h2>{escape(name)}</h2><p>Rows asked, columns named.</p><table class="confusion">{"".join(lines)}</table>'


def picture(path: Path) -> str:
    """A PNG inside the page."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    words = path.stem.replace("_", " ")
    return f'<h2>{escape(words)}</h2><img alt="{escape(words)}" src="data:image/png;base64,{data}">'
