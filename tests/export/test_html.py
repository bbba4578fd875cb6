"""The web page: what is in it, and what a browser makes of it."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export.caption import emotion_text
from emoface.export.html import player_part
from emoface.export.rig_curves import rig_curves
from emoface.face.normals import smooth_normals
from emoface.face.open_head import open_head
from emoface.face.rig import Neck, Rig
from emoface.render.iris import GATHERED, SPARED, find_irises
from emoface.render.lights import DEFAULT_LIGHTS, LIGHTS

Make = Callable[..., Animation]


class Page(HTMLParser):
    """Elements of a page with their attributes, and the text of those that have an id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = dict(attrs).get("id") or tag

    def handle_data(self, data: str) -> None:
        self.texts[self.inside] = self.texts.get(self.inside, "") + data


def page_of(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def unpack(page: Page) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of the clip, by their description in clip.js, written anew."""
    data = zlib.decompress(base64.b64decode(page.texts["clip"]))
    start = 4 + struct.unpack_from("<I", data)[0]
    header = json.loads(data[4:start])
    arrays = {}
    for name, entry in header["arrays"].items():
        dtype = np.dtype(entry["type"])
        shape = entry["columns"], dtype.itemsize, entry["rows"]
        planes = np.frombuffer(data, np.uint8, int(np.prod(shape)), start).reshape(shape)
        change = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(dtype)[..., 0]
        arrays[name] = np.cumsum(change, 1, dtype=dtype).T
        start += planes.size
    assert start == len(data)
    return header, arrays


def test_clip_holds_the_rig_and_the_motion(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    animation = animate(frames=30)
    header, arrays = unpack(page_of(animation.save(tmp_path / "take.html", face=small_rig)))
    step = header["step"]
    assert step < 2e-5 and header["fps"] == 60 and header["frameRate"] == 25
    np.testing.assert_allclose(arrays["template"] * step, small_rig.template, atol=0.51 * step)
    assert np.array_equal(arrays["faces"], small_rig.faces)
    assert np.array_equal(arrays["weld"][:, 0], np.arange(len(small_rig.template)))
    np.testing.assert_allclose(arrays["surface"][:, :3] / 255, small_rig.colours, atol=0.002)
    assert set(arrays["surface"][:63, 3]) == {round(0.55 * 255)}
    deltas = np.zeros(small_rig.deltas.shape)
    start = 0
    for number, shape in enumerate(header["shapes"]):
        rows = slice(start, start + shape["moved"])
        deltas[number, arrays["indices"][rows, 0]] = arrays["offsets"][rows] * step
        start += shape["moved"]
    assert tuple(shape["name"] for shape in header["shapes"]) == small_rig.shape_names
    np.testing.assert_allclose(deltas, small_rig.deltas, atol=0.51 * step)
    weights = rig_curves(animation.resample(60), small_rig)[1]
    assert header["duration"] == 1.2 and len(weights) == 72
    np.testing.assert_allclose(arrays["curves"] / 4095, weights, atol=0.51 / 4095)


@pytest.mark.parametrize(("kind", "container"), [("flac", "FLAC"), ("wav", "WAV"), ("mp3", "MP3")])
def test_sound_is_inside(tmp_path: Path, animate: Make, small_rig: Rig, kind: str, container: str) -> None:
    soundfile = pytest.importorskip("soundfile")
    audio = open_audio(demo_path())
    page = page_of(animate(frames=121, audio=audio).save(tmp_path / "take.html", face=small_rig, sound=kind))
    with soundfile.SoundFile(io.BytesIO(base64.b64decode(page.texts["sound"]))) as file:
        assert (file.format, file.samplerate, file.channels) == (container, 16000, 1)
        samples = file.read()
    if kind == "mp3":
        assert abs(len(samples) / 16000 - audio.duration) < 0.1
    else:
        np.testing.assert_allclose(samples, audio.waveform().numpy(), atol=2**-15)


def test_unusual_rates_become_usual(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    soundfile = pytest.importorskip("soundfile")
    tone = np.sin(np.arange(19200) / 192000 * 2 * np.pi * 440).astype(np.float32)
    animation = animate(frames=3, audio=open_audio(tone, 192000))
    page = page_of(animation.save(tmp_path / "take.html", face=small_rig))
    info = soundfile.info(io.BytesIO(base64.b64decode(page.texts["sound"])))
    assert info.samplerate == 48000 and abs(info.duration - 0.1) < 1e-3


def test_page_needs_nothing_else(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    path = animate(frames=2, audio=open_audio(demo_path())).save(tmp_path / "take.html", face=small_rig)
    page, text = page_of(path), path.read_text(encoding="utf-8")
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none';")
    assert not [a for _, a in page.elements if {"src", "href", "srcset", "action"} & set(a)]
    assert not re.search(r"https?://|@import|url\(|import\s*\(|fetch\(|\{\{", text)


def test_page_can_be_used_without_seeing_it(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    page = page_of(animate(frames=2).save(tmp_path / "take.html", face=small_rig))
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.elements:
        if tag in ("button", "input", "summary") or attributes.get("role") == "img":
            assert attributes.get("aria-label"), (tag, attributes)
        if tag == "svg":
            assert attributes.get("aria-hidden") == "true"
    assert ("html", {"lang": "en"}) in page.elements


def test_a_recording_without_a_name_leaves_the_heading_to_the_face(
    tmp_path: Path, animate: Make, small_rig: Rig
) -> None:
    voice = open_audio(np.zeros(8000, np.float32), sample_rate=16000)
    page = page_of(animate(frames=2, audio=voice).save(tmp_path / "take.html", face=small_rig))
    assert page.texts["h1"].strip() == "small"


def test_names_cannot_become_markup(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    evil = '</script><img onerror="x">&amp;{{clip}}'
    animation = animate(frames=2, metadata={"emotion": evil, "style": evil})
    page = page_of(animation.save(tmp_path / "take.html", face=small_rig, title=evil))
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert page.texts["h1"].startswith(evil) and page.texts["title"].startswith(f"{evil} – {evil}")


def test_emotions_in_words() -> None:
    for emotion, words in (
        (None, ""),
        ("happy", "happy"),
        (["sad", 2], "sad, level 2"),
        ({"happy": 0.7, "surprised": 0.3}, "happy 70%, surprised 30%"),
        ([[0, "neutral"], [1.5, ["happy", 3]]], "neutral from 0 s, then happy, level 3 from 1.5 s"),
    ):
        assert emotion_text(emotion) == words


def test_emotions_that_change_on_the_way(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    changing = animate(frames=50, metadata={"emotion": [[0, "neutral"], [1, ["happy", 3]]]})
    header, _ = unpack(page_of(changing.save(tmp_path / "take.html", face=small_rig)))
    assert header["emotions"] == [[0, "neutral"], [1, "happy, level 3"]]
    header, _ = unpack(page_of(animate(metadata={"emotion": ["sad", 2]}).save(tmp_path / "b.html", face=small_rig)))
    assert header["emotions"] == []


def test_bad_options(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    animation = animate(frames=2)
    for options, error, message in (
        ({"sound": "ogg"}, ValueError, "sound must be one of flac, wav, mp3, got 'ogg'"),
        ({"fps": 0}, ValueError, "fps must be positive and finite, at most 1000, got 0"),
        ({"title": 3}, TypeError, "title must be text, got int"),
    ):
        with pytest.raises(error, match=message):
            animation.save(tmp_path / "take.html", face=small_rig, **options)
    assert not list(tmp_path.iterdir())


def test_same_animation_same_bytes_and_a_fair_size(tmp_path: Path, animate: Make) -> None:
    animation = animate(frames=121, audio=open_audio(demo_path()))
    first, second = (animation.save(tmp_path / name) for name in ("1.html", "2.html"))
    assert first.read_bytes() == second.read_bytes() and first.stat().st_size < 1_000_000


PROBE = """<script type="module">
for (let waited = 0; !document.documentElement.dataset.state && waited < 400; waited++) {
  await new Promise((done) => setTimeout(done, 10));
}
const found = { state: document.documentElement.dataset.state, notice: part("notice").textContent };
try {
  const { clip, clock, scene } = globalThis.player, { player } = globalThis;
  found.positions = TIMES.map((time) => { clip.pose(time); return Array.from(clip.positions); });
  found.normals = Array.from(clip.normals);
  const voice = await new OfflineAudioContext(1, 1, 16000).decodeAudioData(clock.sound.buffer.slice(0));
  found.sound = [voice.duration, Array.from(voice.getChannelData(0).subarray(8000, 8100))];
  found.pictures = TIMES.map((time) => {
    scene.draw(time);
    const { gl, canvas } = scene, pixels = new Uint8Array(4 * canvas.width * canvas.height);
    gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    let covered = 0, sum = 0;
    for (let i = 0; i < pixels.length; i += 4) { covered += pixels[i + 3] > 128; sum += pixels[i] * (i % 8191); }
    return [covered / (canvas.width * canvas.height), sum, gl.getError()];
  });
  await player.rate(-1);
  player.drawCurves();
  player.draw();
  found.rate = [clock.rate, part("rate").textContent, part("curves").hidden];
  found.emotions = TIMES.map((time) => clip.emotionAt(time));
  found.time = document.getElementById("time").textContent;
} catch (error) { found.error = String(error); }
document.body.textContent = "FOUND" + JSON.stringify(found) + "END";
function part(id) { return document.getElementById(id); }
</script></body>"""


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on PATH")


def look(page: Path, times: list[float], fragment: str = "") -> dict[str, Any]:
    """What the page's own objects say in headless Chromium at some times."""
    probed = page.with_name("probed.html")
    text = page.read_text(encoding="utf-8").replace("</body>", PROBE.replace("TIMES", json.dumps(times)))
    probed.write_text(text, encoding="utf-8")
    command = [
        browser(), "--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
        f"--user-data-dir={page.parent / 'profile'}", "--window-size=300,300", "--virtual-time-budget=9000",
        "--dump-dom", probed.as_uri() + fragment,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search("FOUND(.*)END", done.stdout)
    assert found, (done.stdout[-500:], done.stderr[-2000:])
    return json.loads(found[1])


def test_in_a_browser(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    audio = open_audio(demo_path())
    metadata = {"emotion": [[0, "neutral"], [1.5, ["happy", 3]]]}
    animation = animate(frames=121, audio=audio, metadata=metadata)
    neck_pose = 0.2 * np.sin(np.arange(121)[:, None] / [9, 14, 23])
    animation = replace(animation, neck_pose=neck_pose)
    neck = Neck(np.array([0.0, -0.12, 0.03]), np.linspace(0, 1, len(small_rig.template), dtype=np.float32))
    small_rig = replace(small_rig, neck=neck)
    path = animation.save(tmp_path / "take.html", face=small_rig, fps=25)
    frames = [0, 40, 120]
    found = look(path, [(frame + 0.5) / 25 for frame in frames], "#t=1.5&yaw=20")
    assert (found["state"], found["notice"], found.get("error")) == ("ready", "", None), found
    expected = small_rig.vertices(rig_curves(animation, small_rig)[1][frames], animation.neck_pose[frames])
    np.testing.assert_allclose(np.reshape(found["positions"], expected.shape), expected, atol=5e-5)
    normals = np.reshape(found["normals"], (-1, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    assert (normals * smooth_normals(expected[-1], small_rig.faces)).sum(1).min() > 0.99
    seconds, samples = found["sound"]
    assert abs(seconds - audio.duration) < 1e-3
    np.testing.assert_allclose(samples, audio.waveform()[8000:8100], atol=2e-4)
    covered, sums, errors = zip(*found["pictures"])
    assert min(covered) > 0.05 and len(set(sums)) == 3 and not any(errors)
    assert found["rate"] == [0.75, "0.75×", False]
    assert found["time"] == "1.5 / 4.9 s"
    assert found["emotions"] == ["neutral", "happy, level 3", "happy, level 3"]


def test_the_caustic_in_the_irises_is_the_renderers(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    header, arrays = unpack(page_of(animate(frames=2).save(tmp_path / "take.html")))
    head = open_head()
    irises = find_irises(head.data.template, head.parts)
    assert header["eyes"] == [[iris.pole, iris.back] for iris in irises] and len(irises) == 2
    share, which = arrays["caustic"].T
    for number, iris in enumerate(irises):
        np.testing.assert_allclose(share[iris.rows] / 255, iris.share, atol=0.5 / 255)
        assert set(which[iris.rows]) == {255 * number}
    assert not np.delete(share, np.concatenate([iris.rows for iris in irises])).any()
    scene = player_part("scene.js")  # the same numbers, and the same lamp
    assert f"({GATHERED} * max(-beside, 0.0) - {SPARED} * max(beside, 0.0))" in scene
    lamp = ", ".join(f"{part:.2f}" for part in LIGHTS[DEFAULT_LIGHTS].lamps[0].direction)
    assert f"const KEY = [{lamp}];" in scene
    header, arrays = unpack(page_of(animate(frames=2).save(tmp_path / "small.html", face=small_rig)))
    assert header["eyes"] == [] and not arrays["caustic"].any()


def test_wrinkles_and_a_chart_of_the_skin_and_hair_that_casts_no_shadow(tmp_path: Path, animate: Make) -> None:
    header, arrays = unpack(page_of(animate(frames=2).save(tmp_path / "take.html")))
    wrinkles = open_head().wrinkles
    assert header["maps"]["count"] == len(wrinkles.names) and arrays["folds"].shape[1] == 2 * len(wrinkles.names)
    stored = arrays["heights"].astype(int).reshape(wrinkles.stored.shape) - 128
    assert np.array_equal(stored, wrinkles.stored) and arrays["folds"].max() > 0
    parts = {part.name: part for part in open_head().parts}
    assert header["casting"] == parts["brows"].faces[0] < parts["hair"].faces[0]
    chart, skin = arrays["chart"], slice(*parts["skin"].vertices)
    assert (chart[slice(*parts["hair"].vertices), 2] > 60000).sum() > 300
    assert (chart[skin, 2] > 60000).sum() > 1000 and not chart[slice(*parts["eye_left"].vertices), 2].any()
    right, left = (arrays["template"][skin, 0] * side > 200 for side in (-1, 1))
    assert chart[skin][left, 0].min() >= 32700 and chart[skin][right, 0].max() <= 32840
