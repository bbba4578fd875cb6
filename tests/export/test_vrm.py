"""VRM animations: what the files say, and what three-vrm shows of them."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rigs import load_rig
from emoface.face.rigs.gltf import Gltf
from emoface.face.rigs.vrm_animation import COMMON, EXTENSION, EYE_TURN

from .vrm_avatars import vrm_avatar

VOWELS = ["A", "I", "U", "E", "O", "Joy", "Close"]
SIMPLE = dict(zip(("aa", "ih", "ou", "ee", "oh", "happy", "blink"), VOWELS))
FACE_TRACKING = ["jawOpen", "mouthSmileLeft", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookOutLeft", "A"]
MODULES = "EMOFACE_NODE_MODULES"
"""Folder in which npm installed three, @pixiv/three-vrm, @pixiv/three-vrm-animation and gltf-validator."""


def speaking(frames: int = 30, **weights: float) -> Animation:
    """Shapes that grow from 0 to these weights."""
    curves = np.zeros((frames, 52), np.float32)
    for name, weight in weights.items():
        curves[:, ARKIT_INDEX[name]] = np.linspace(0, weight, frames)
    return Animation.from_arkit(curves)


def save(gltf: Gltf, path: Path) -> Path:
    path.write_bytes(gltf.to_bytes())
    return path


def channels(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray | None, Gltf]:
    """Weights of each expression over time, the gaze's rotations, and the document."""
    gltf = Gltf.from_bytes(path.read_bytes())
    declared = gltf.document["extensions"][EXTENSION]
    assert declared["specVersion"] == "1.0" and EXTENSION in gltf.document["extensionsUsed"]
    animation = gltf.document["animations"][-1]
    moved = {
        (channel["target"]["node"], channel["target"]["path"]): gltf.array(
            animation["samplers"][channel["sampler"]]["output"]
        )
        for channel in animation["channels"]
    }
    curves = {}
    for kind, expressions in declared.get("expressions", {}).items():
        for name, expression in expressions.items():
            assert (kind == "preset") == (name in ("happy", "angry", "sad", "relaxed", "surprised", "aa", "ih", "ou",
                                                   "ee", "oh", "blink", "blinkLeft", "blinkRight"))  # fmt: skip
            places = moved[expression["node"], "translation"]
            assert not places[:, 1:].any() and places.min() >= 0 and places.max() <= 1
            curves[name] = places[:, 0]
    turns = moved[declared["lookAt"]["node"], "rotation"] if "lookAt" in declared else None
    return curves, turns, gltf


def test_animations_for_any_avatar(tmp_path: Path) -> None:
    motion = speaking(jawOpen=0.5, eyeBlinkLeft=1, eyeBlinkRight=1, mouthSmileLeft=1, mouthSmileRight=1)
    curves, turns, gltf = channels(motion.save(tmp_path / "take.vrma"))
    assert set(curves) == set(COMMON)
    np.testing.assert_allclose(
        [curves[name][-1] for name in ("aa", "blink", "relaxed", "sad")], [0.7, 1, 0.9, 0], atol=1e-6
    )
    assert turns is not None and np.allclose(turns, [0, 0, 0, 1])
    assert not gltf.items("meshes") and gltf.items("animations")[-1]["extras"]["frames"] == 30
    times = gltf.array(gltf.items("animations")[-1]["samplers"][0]["input"])
    np.testing.assert_allclose(times, (np.arange(30) + 0.5) / 25, atol=1e-6)
    curves, turns, _ = channels(motion.save(tmp_path / "take.vrma", expressions="arkit"))
    assert tuple(curves) == ARKIT_NAMES and turns is None
    np.testing.assert_allclose(curves["jawOpen"], motion.arkit()[:, ARKIT_INDEX["jawOpen"]], atol=1e-6)


@pytest.mark.parametrize("version", [0, 1])
def test_animations_of_an_avatar_move_what_it_has(tmp_path: Path, version: int) -> None:
    avatar = save(vrm_avatar(version, FACE_TRACKING, {"JawOpen": "jawOpen", "aa": "A"}), tmp_path / "a.vrm")
    curves, turns, _ = channels(speaking(jawOpen=0.5, mouthSmileLeft=1).save(tmp_path / "take.vrma", face=avatar))
    assert list(curves) == ["JawOpen"] and turns is not None
    assert curves["JawOpen"][-1] == pytest.approx(0.5)
    avatar = save(vrm_avatar(version, FACE_TRACKING, {"aa": "A"}), tmp_path / "a.vrm")  # jawOpen is no expression
    curves, _, _ = channels(speaking(jawOpen=0.5, mouthSmileLeft=1).save(tmp_path / "take.vrma", face=avatar))
    assert list(curves) == ["aa"] and curves["aa"][-1] == pytest.approx(0.7)


@pytest.mark.parametrize("version", [0, 1])
def test_an_avatars_file_gets_expressions_for_shapes_without(tmp_path: Path, version: int) -> None:
    before = vrm_avatar(version, FACE_TRACKING, {"JawOpen": "jawOpen", "aa": "A"})
    avatar = save(before, tmp_path / "a.vrm")
    motion = speaking(jawOpen=0.5, mouthSmileLeft=1, eyeLookOutLeft=1)
    curves, turns, gltf = channels(motion.save(tmp_path / "out.vrm", face=avatar))
    assert set(curves) == {"JawOpen", "mouthSmileLeft", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookOutLeft"}
    assert turns is None  # the eyes have shapes of their own
    again = load_rig(tmp_path / "out.vrm")
    assert set(again.shape_names) == set(load_rig(avatar).shape_names) and all(again.expressions)
    once = (tmp_path / "out.vrm").read_bytes()
    assert motion.save(tmp_path / "out.vrm", face=avatar).read_bytes() == once
    twice = Gltf.from_bytes(motion.save(tmp_path / "two.vrm", face=tmp_path / "out.vrm").read_bytes())
    assert len(twice.items("nodes")) == len(gltf.items("nodes")) and len(twice.items("animations")) == 2
    key = "VRM" if version == 0 else "VRMC_vrm"
    for part, value in before.document["extensions"][key].items():
        if part not in ("blendShapeMaster", "expressions"):
            assert gltf.document["extensions"][key][part] == value
    assert before.document == Gltf.from_bytes(avatar.read_bytes()).document  # and the avatar is as it was


def test_what_is_no_avatar_is_refused(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    plain = save(vrm_avatar(1, FACE_TRACKING, {}), tmp_path / "a.glb")
    gltf = Gltf.from_bytes(plain.read_bytes())
    del gltf.document["extensions"]
    save(gltf, plain)
    bare = save(vrm_avatar(1, FACE_TRACKING, {}), tmp_path / "bare.vrm")
    for name, options, message in (
        ("a.vrm", {}, r"a \.vrm needs face=, a VRM avatar"),
        ("a.vrm", {"face": plain}, r"a \.vrm needs a VRM avatar, 'a' is none; write it as \.glb"),
        ("a.vrma", {"face": plain}, r"a \.vrma needs a VRM avatar"),
        ("a.vrma", {"face": bare}, "has no expressions that follow speech; write it as .vrm"),
        ("a.vrma", {"expressions": "all"}, "expressions must be one of preset, arkit, got 'all'"),
    ):
        with pytest.raises(ValueError, match=message):
            animate(frames=2).save(tmp_path / name, **options)
        assert not (tmp_path / name).exists()
    odd = load_rig(bare, {"jawOpen": {"jawOpen": 2}})
    with pytest.raises(ValueError, match=r"jawOpen moves a target by a weight outside 0\.\.1"):
        animate(frames=2).save(tmp_path / "a.vrm", face=odd)


def node_modules() -> Path:
    folder = Path(os.environ.get(MODULES, "none"))
    if not (folder / "@pixiv" / "three-vrm-animation").is_dir():
        pytest.skip(f"no three-vrm ({MODULES})")
    return folder.resolve()


def play(tmp_path: Path, times: list[float], **files: Path) -> dict[str, Any]:
    """What three-vrm shows at some times, in headless Chromium."""
    modules = node_modules()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on PATH")
    imports = {
        "three": "three/build/three.module.js", "three/addons/": "three/examples/jsm/",
        "@pixiv/three-vrm": "@pixiv/three-vrm/lib/three-vrm.module.js",
        "@pixiv/three-vrm-animation": "@pixiv/three-vrm-animation/lib/three-vrm-animation.module.js",
    }  # fmt: skip
    mapped = {name: f"{modules.as_uri()}/{place}" for name, place in imports.items()}
    coded = {name: base64.b64encode(path.read_bytes()).decode() for name, path in files.items()}
    script = (Path(__file__).parent / "vrm_player.js").read_text()
    script = script.replace("run(FILES, TIMES)", f"run({json.dumps(coded)}, {json.dumps(times)})")
    page = tmp_path / "player.html"
    page.write_text(
        f'<!doctype html><script type="importmap">{json.dumps({"imports": mapped})}</script>'
        f'<body><script type="module">{script}</script></body>'
    )
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
        f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=20000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search("FOUND(.*)END", done.stdout)
    assert found, (done.stdout[-500:], done.stderr[-2000:])
    seen = json.loads(found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
    assert "error" not in seen, seen
    return seen


def summed(influences: dict[str, list[float]]) -> float:
    return sum(sum(values) for values in influences.values())


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("primitives", [1, 2])
def test_three_vrm_shows_an_avatars_own_file(tmp_path: Path, version: int, primitives: int) -> None:
    gltf = vrm_avatar(version, FACE_TRACKING, {"JawOpen": "jawOpen", "aa": "A"}, primitives)
    avatar = save(gltf, tmp_path / "a.vrm")
    motion = speaking(jawOpen=0.8, mouthSmileLeft=1, eyeBlinkRight=0.5)
    seen = play(tmp_path, [0.02, 0.62, 1.18], avatar=motion.save(tmp_path / "out.vrm", face=avatar))
    assert seen["meta"] == str(version)
    assert summed(seen["plain"][-1]["before"]) > 2 * primitives  # weights of a glTF animation
    assert summed(seen["plain"][-1]["after"]) == pytest.approx(0)  # are taken back by the player
    for moment, frame in zip(seen["vrm"], (0, 15, 29)):
        for name, column in zip(("jawOpen", "mouthSmileLeft", "eyeBlinkRight", "eyeBlinkLeft"), (17, 23, 7, 0)):
            expected = float(motion.arkit()[frame, column])
            assert moment["after"][name] == pytest.approx([expected] * primitives, abs=1e-4), name
    assert seen["vrm"][-1]["after"]["A"] == pytest.approx([0] * primitives)


@pytest.mark.parametrize("version", [0, 1])
def test_three_vrm_plays_an_animation_on_an_avatar(tmp_path: Path, version: int) -> None:
    avatar = save(vrm_avatar(version, VOWELS, SIMPLE), tmp_path / "a.vrm")
    motion = speaking(
        jawOpen=0.5, eyeBlinkLeft=1, eyeBlinkRight=1, eyeLookOutLeft=1, eyeLookInRight=1,
        eyeLookUpLeft=0.5, eyeLookUpRight=0.5,
    )  # fmt: skip
    seen = play(tmp_path, [1.18], avatar=avatar, motion=motion.save(tmp_path / "take.vrma"))
    (last,) = seen["vrm"]
    assert [last["after"][name][0] for name in ("A", "I", "Close", "Joy")] == pytest.approx([0.7, 0, 1, 0], abs=1e-4)
    assert (last["yaw"], last["pitch"]) == pytest.approx((EYE_TURN, -EYE_TURN / 2), abs=0.1)  # to its left, and up
    front = -1 if version == 0 else 1  # VRM 0 faces -z, so that its +z goes down as it looks up
    for x, y, z in last["eyes"]:
        assert x > 0 and front * y > 0 and z > 0.9
    known = [name for name in seen["tracks"] if name.startswith("VRMExpression_")]
    assert sorted(known) == sorted(f"VRMExpression_{name}.weight" for name in SIMPLE)


def test_khronos_validator(tmp_path: Path) -> None:
    modules = node_modules()
    if not (modules / "gltf-validator").is_dir() or not shutil.which("node"):
        pytest.skip(f"no gltf-validator ({MODULES}) or no node")
    motion, paths = speaking(jawOpen=0.5), []
    for version in (0, 1):
        avatar = save(vrm_avatar(version, FACE_TRACKING, {"JawOpen": "jawOpen"}), tmp_path / f"a{version}.vrm")
        paths.append(motion.save(tmp_path / f"out{version}.vrm", face=avatar))
    paths += [motion.save(tmp_path / "take.vrma"), motion.save(tmp_path / "arkit.vrma", expressions="arkit")]
    paths += [motion.save(tmp_path / "head.glb"), motion.save(tmp_path / "whole.glb", whole_frames=True)]
    script = (
        "const v = require('gltf-validator'), fs = require('fs');"
        "(async () => { for (const f of process.argv.slice(1)) { const r = await v.validateBytes("
        "new Uint8Array(fs.readFileSync(f))); console.log(JSON.stringify(r.issues)); } })()"
    )
    done = subprocess.run(
        ["node", "-e", script, *map(str, paths)], capture_output=True, text=True, timeout=120,
        env={**os.environ, "NODE_PATH": str(modules)},
    )  # fmt: skip
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == len(paths), done.stderr
    for path, report in zip(paths, reports):
        faults = [one for one in report["messages"] if one["severity"] < 2]
        faults = [one for one in faults if one["code"] != "INVALID_EXTENSION_NAME_FORMAT"]  # VRM 0 is called VRM
        assert not faults, (path.name, faults[:5])
