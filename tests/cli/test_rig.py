"""``emoface rig``, and ``--names`` of the commands that take a face."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emoface.cli import main
from emoface.face.rigs import load_rig
from emoface.face.rigs.gltf import INDEX_DATA, VERTEX_DATA, Gltf


@pytest.fixture
def avatar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A triangle named Face with four shapes, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    points = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], np.float32)
    gltf, names = Gltf(), ["Mund_auf", "eyeBlink_L", "mouthSmile", "Mouth_Pucker_Up_L"]
    base = gltf.add_array(points, VERTEX_DATA, bounds=True)
    primitive = {
        "attributes": {"POSITION": base},
        "indices": gltf.add_array(np.array([0, 1, 2], np.uint16), INDEX_DATA),
        "targets": [{"POSITION": base}] * len(names),
    }
    gltf.append("meshes", {"name": "Face", "primitives": [primitive], "extras": {"targetNames": names}})
    gltf.append("nodes", {"mesh": 0})
    Path("avatar.glb").write_bytes(gltf.to_bytes())
    return "avatar.glb"


def test_what_was_recognised_is_printed(avatar: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rig", avatar]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "avatar: 4 of ARKit's 52 shapes move it"
    assert [line.split() for line in lines[1:4]] == [
        ["eyeBlinkLeft", "ARKit", "Face/eyeBlink_L"],
        ["mouthPucker", "Character", "Creator", "Face/Mouth_Pucker_Up_L"],
        ["mouthSmile", "ARKit", *"Face/mouthSmile <- 0.5 mouthSmileLeft + 0.5 mouthSmileRight".split()],
    ]
    assert lines[4].startswith("missing: eyeLookDownLeft, ") and lines[5] == "unused: Mund_auf"


def test_names_of_the_report_can_be_edited_and_given_back(
    avatar: str, calls: list[dict], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rig", avatar, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["unused"] == ["Mund_auf"] and report["vrm"] is None
    names = report["names"] | {"jawOpen": {"Mund_auf": 0.5}, "mouthSmile": None}
    Path("map.json").write_text(json.dumps(names))
    assert main(["rig", avatar, "--names", "map.json"]) == 0
    assert "  jawOpen       names  Face/Mund_auf x 0.5\n" in capsys.readouterr().out
    load_rig(avatar, "map.json")


def test_other_rigs_have_names_of_their_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from emoface.face.rigs import open_head_rig

    monkeypatch.setattr("emoface.face.rigs.load_rig", lambda face, names: open_head_rig())
    assert main(["rig", "head.npz"]) == 0
    assert capsys.readouterr().out.startswith("open head: 52 of ARKit's 52 shapes move it\n  eyeBlinkLeft\n")


def test_faces_take_names(
    avatar: str, take: Path, error_of: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("map.json").write_text('{"jawOpen": "Mund_auf"}')
    assert main(["render", str(take), "--face", avatar, "--names", "map.json", "--size", "16", "-o", "a.png"]) == 0
    assert "jawOpen" not in capsys.readouterr().err
    assert "--names goes with --face FILE" in error_of("render", str(take), "--names", "map.json", "-o", "a.png")
    Path("map.json").write_text('{"jawOpen": "Maul"}')
    assert "'Maul', which is no morph target" in error_of("rig", avatar, "--names", "map.json")
