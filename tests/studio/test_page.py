"""The page of the studio in headless Chromium: tracks are drawn by the mouse, and files are those of the API."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface import Direction, Pipeline
from emoface.demo import demo_path

pytest.importorskip("websockets")
from chromium import Tab, browser

Image = pytest.importorskip("PIL.Image")
TOKEN = "a-secret-of-sixteen-letters"
CTRL = 2
SETTLED = "studio.shown && !studio.busy"


def ready(tab: Tab) -> None:
    """Wait for the page's script to have run."""
    tab.wait("document.documentElement?.dataset.state")
    tab.value("globalThis.part = (id) => document.getElementById(id); 0")


def place(tab: Tab, lane: str, seconds: float) -> tuple[float, float]:
    """The middle of a lane at a time, in pixels of the page."""
    box = f"document.querySelector('[data-lane={lane}] .strip').getBoundingClientRect()"
    return tuple(tab.value(f"(b => [b.left + {seconds} * studio.timeline.scale, b.top + 16])({box})"))


def draw(tab: Tab, lane: str, start: float, end: float) -> None:
    tab.drag(place(tab, lane, start), place(tab, lane, end))


def status(tab: Tab) -> str:
    tab.wait(SETTLED)
    return tab.value("part('status').textContent")


def saved(tab: Tab, folder: Path, suffix: str) -> bytes:
    """What a click in the menu of exports leaves in the folder of downloads."""
    tab.value(f"studio.export('{suffix}')")
    path, end = folder / f"speech.{suffix}", time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, tab.value("document.body.innerText")
        time.sleep(0.05)
    return path.read_bytes()


def test_direct_redo_and_export(tmp_path: Path, run_studio: Callable[..., Any], pipeline: Pipeline) -> None:
    downloads = tmp_path / "downloads"
    with (
        run_studio(voice=demo_path(), token=TOKEN) as running,
        browser(f"http://127.0.0.1:{running.port}/#token={TOKEN}", tmp_path, (1000, 620)) as tab,
    ):
        ready(tab)
        found = tab.value("[document.documentElement.dataset.state, part('notice').textContent]")
        assert found == ["ready", ""], found
        tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        tab.wait(SETTLED)
        tab.value("studio.heads.draw = () => {}")  # without a graphics card each picture takes half a second
        draw(tab, "emotion", 0.8, 2.0)
        draw(tab, "region", 1.0, 1.8)
        draw(tab, "cue", 2.2, 2.6)
        draw(tab, "cue", 2.4, 3.0)  # moves what is there, by 0.6 s
        tab.wait(SETTLED)
        tracks = tab.value("studio.piece.tracks")
        assert [track["track"] for track in tracks] == ["emotion", "region", "cue"]
        for track, times in zip(tracks, ((0.8, 2.0), (1.0, 1.8), (2.8, 0.4))):
            keys = ("time", "duration") if track["track"] == "cue" else ("start", "end")
            assert [track[key] for key in keys] == pytest.approx(times, abs=0.02)
        expected = pipeline.animate(demo_path(), direction=Direction(tracks))
        for suffix in ("npz", "glb"):
            path = expected.save(tmp_path / f"speech.{suffix}")
            assert saved(tab, downloads, suffix) == path.read_bytes(), suffix

        draw(tab, "emotion", 1.99, 2.6)  # by its right edge
        assert tab.value("studio.piece.tracks[0].end") == pytest.approx(2.6, abs=0.02)
        tab.press("z", modifiers=CTRL)
        assert tab.value("studio.piece.tracks") == tracks
        tab.press("Delete")
        assert tab.value("studio.piece.tracks") == tracks[1:]
        tab.press("z", modifiers=CTRL)
        tab.press("z", modifiers=CTRL | 8)
        assert tab.value("studio.piece.tracks") == tracks[1:]

        tab.value("studio.piece.tracks[0].fade_in = -1; studio.settle()")
        assert "$.tracks[0].fade_in must be in 0..86400, got -1" in status(tab)
        wrong = "[...document.querySelectorAll('.block.wrong')].map(({ dataset }) => dataset.track)"
        assert tab.value(wrong) == ["0"]
        tab.value("studio.export('csv')")
        assert "Nothing is written before this is mended" in status(tab)
        tab.press("z", modifiers=CTRL)
        tab.wait(SETTLED)
        assert tab.value(wrong) == []

        tab.value("studio.choose(-1)")
        tab.value("studio.tryFour()")
        assert tab.value("part('seeds').children.length") == 4
        tab.value("part('seeds').children[2].click()")
        tab.wait(SETTLED)
        assert tab.value("[studio.piece.take.seed, part('seeds').hidden]") == [2, True]
        motion = running.studio.desk.take(tab.value("studio.shown.id")).motion
        again = pipeline.animate(demo_path(), direction=Direction(tracks[1:]), seed=2)
        assert np.array_equal(motion, again.motion)
        tab.value("delete studio.heads.draw; studio.draw()")
        picture = tab.picture(tmp_path / "page.png")
        assert len(np.unique(np.asarray(Image.open(picture)).reshape(-1, 3), axis=0)) > 200
        assert tab.value("studio.heads.scene.gl.getError()") == 0


def test_a_voice_and_a_direction_are_opened(tmp_path: Path, run_studio: Callable[..., Any]) -> None:
    scene = tmp_path / "scene.srt"
    scene.write_text("1\n00:00:00,400 --> 00:00:01,900\n[happy 3] (nod) Fine.\n")
    with (
        run_studio() as running,
        browser(f"http://127.0.0.1:{running.port}/", tmp_path, (600, 500)) as tab,
    ):
        ready(tab)
        document = tab.call("DOM.getDocument")["root"]["nodeId"]
        for name, path in (("directionFile", scene), ("voiceFile", demo_path())):
            node = tab.call("DOM.querySelector", nodeId=document, selector=f"#{name}")["nodeId"]
            tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(path)])
            tab.wait("studio.piece.tracks.length === 2")
        tab.wait(SETTLED)
        assert tab.value("[studio.voice.name, studio.timeline.wave.peaks.length]") == ["speech.wav", 485]
        middle = tab.value("(b => [b.left + b.width / 2, b.top + b.height / 2])(part('play').getBoundingClientRect())")
        tab.drag(middle, middle)
        tab.wait("studio.clock.now > 0.1")
        tab.press(" ")
        assert tab.value("studio.clock.playing") is False
        tab.call("DOM.setFileInputFiles", nodeId=node, files=[str(scene.rename(tmp_path / "scene.wav"))])
        tab.wait("part('status').className === 'fault'")
        assert "scene.wav" in tab.value("part('status').textContent") and tab.value("studio.voice.name") == "speech.wav"
