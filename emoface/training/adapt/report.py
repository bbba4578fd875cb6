"""The page that tells how much nearer to a person an adapter is: `me.html`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

import numpy as np

from emoface.face.layout import FPS
from emoface.files import write_text

from .clips import Person
from .figures import FIGURES
from .stage import Adapted

STYLE = Path(__file__).with_name("report.css")
SHOWN_SECONDS = 8.0
WIDTH, HEIGHT = 920, 220
COLOURS = {"measured": "#222", "checkpoint": "#c2762b", "adapted": "#2f6f9f"}
COLUMNS = ("checkpoint", "adapted", "mean of the training clips", "another clip's voice")


def write_page(path: Path, found: Adapted, person: Person, name: str, kept: bool) -> None:
    """Write the report, completely or not at all.

    Args:
        path: destination, ``.html``. found: what the training gave. person: the clips. name: of the adapter's file.
        kept: whether the adapter was written.
    """
    write_text(path, page(found, person, name, kept))


def page(found: Adapted, person: Person, name: str, kept: bool) -> str:
    """The report as one page that needs no other file."""
    comparison, facts = found.comparison, found.adapter.facts
    nearer = 100 * comparison.gain
    verdict = f"{nearer:.0f} % nearer" if nearer > 0 else f"not nearer ({nearer:+.0f} %)"
    about = (
        f"Lips of {comparison.clips} clips, {comparison.seconds:.0f} s, that were held out of the training and of its "
        f"stopping, against those of the checkpoint alone. Learnt from {facts['clips']} clips, {facts['seconds']:.0f} "
        f"s, in {found.seconds:.0f} s. All takes are in neutral, with the default seed."
    )
    refused = "" if kept else "<p class=no>Nothing was written: the clips do not support an adapter.</p>"
    if comparison.clips < 3:
        about += " Few clips are held out: the figures are of little weight."
    left = "".join(f"<li>{escape(clip)}: {escape(why)}" for clip, why in list(person.left_out.items())[:20])
    parts = [
        f"<header><h1>{escape(name)}</h1><p>Base checkpoint <code>{found.adapter.base[:16]}</code></p></header>",
        f"<p class=verdict>{verdict}</p>{refused}<p class=about>{about}</p>",
        f"<h2>Held-out clips</h2>{figures_table(comparison.figures)}",
        "<h2>The jaw of one held-out clip</h2>",
        curves(comparison.shown),
        "<h2>Mean error of each mouth curve</h2>",
        channels_table(comparison.channels),
        f"<h2>Left out</h2><ul>{left}</ul>" if left else "",
        "<h2>What the figures are</h2><dl>",
        *(f"<dt>{escape(figure)}<dd>{escape(told)}" for figure, (told, _) in FIGURES.items()),
        "<dt>mean of the training clips<dd>a face that holds the mean of the training clips"
        "<dt>another clip's voice<dd>the checkpoint's take of another held-out clip</dl>",
    ]
    head = f'<meta charset="utf-8"><title>{escape(name)}</title><style>{STYLE.read_text(encoding="utf-8")}</style>'
    return f'<!doctype html>\n<html lang="en">{head}<main>{"".join(parts)}</main></html>\n'


def figures_table(figures: Mapping[str, Mapping[str, float | None]]) -> str:
    """Figures a row, methods a column; the nearer of checkpoint and adapter is marked."""
    head = "".join(f"<th>{escape(name)}" for name in COLUMNS)
    lines = [f"<tr><th>{head}"]
    for figure in FIGURES:
        values = [figures[name][figure] for name in COLUMNS]
        best = nearer(figure, values[0], values[1])
        cells = ""
        for place, value in enumerate(values):
            kind = " class=best" if best == place else " class=floor" if place > 1 else ""
            cells += f"<td{kind}>{'–' if value is None else f'{value:.3f}'}"
        lines.append(f"<tr><td>{escape(figure)}{cells}")
    return f"<table>{''.join(lines)}</table>"


def nearer(figure: str, before: float | None, after: float | None) -> int | None:
    """0 if the checkpoint is nearer by a figure, 1 if the adapter is, None for neither."""
    if before is None or after is None or abs(before - after) < 5e-4:
        return None
    if figure == "jaw range":
        return int(abs(np.log(max(after, 1e-6))) < abs(np.log(max(before, 1e-6))))
    return int((after > before) == FIGURES[figure][1])


def channels_table(channels: Mapping[str, tuple[float, float]]) -> str:
    """Mouth curves with their errors, the largest first, as bars."""
    rows = sorted(channels.items(), key=lambda row: -row[1][0])[:14]
    most = max([before for _, (before, _) in rows] + [after for _, (_, after) in rows] + [1e-6])
    lines = ["<tr><th><th>checkpoint<th>adapted<th>"]
    for name, (before, after) in rows:
        bars = "".join(
            f'<s style="width:{100 * value / most:.1f}%;background:{COLOURS[method]}"></s>'
            for method, value in (("checkpoint", before), ("adapted", after))
        )
        lines.append(f"<tr><td>{escape(name)}<td>{before:.3f}<td>{after:.3f}<td class=bars>{bars}")
    return f"<table>{''.join(lines)}</table>"


def curves(shown: Mapping[str, np.ndarray]) -> str:
    """Jaw curves of one clip as a picture."""
    frames = min(min(map(len, shown.values())), round(SHOWN_SECONDS * FPS))
    top = max(float(np.nanmax(curve[:frames])) for curve in shown.values() if np.isfinite(curve[:frames]).any())
    lines = []
    for name in ("measured", "checkpoint", "adapted"):
        points, pen = [], "M"
        for frame, value in enumerate(shown[name][:frames]):
            if not np.isfinite(value):
                pen = "M"
                continue
            x, y = WIDTH * frame / max(frames - 1, 1), HEIGHT - 10 - (HEIGHT - 20) * value / max(top, 1e-6)
            points.append(f"{pen}{x:.1f} {y:.1f}")
            pen = "L"
        width = 2.4 if name == "measured" else 1.8
        lines.append(f'<path d="{"".join(points)}" fill="none" stroke="{COLOURS[name]}" stroke-width="{width}"/>')
    keys = "".join(f'<span style="color:{COLOURS[name]}">{name}</span>' for name in COLOURS)
    picture = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="jaw curves">{"".join(lines)}</svg>'
    return f"<figure>{picture}<figcaption>{keys} jawOpen, {frames / FPS:.1f} s</figcaption></figure>"
