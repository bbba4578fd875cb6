"""What another program wrote into a file's metadata never breaks what is made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.export.caption import LONGEST_CAPTION, caption

ODD = {
    "nan": '{"emotion": NaN, "seed": Infinity}',
    "long numbers": f'{{"emotion": ["happy", {10**400}], "seed": {10**4000}}}',
    "surrogates": '{"emotion": "\\ud800 happy", "\\udfff": "\\ud83d"}',
    "markup": '{"emotion": "<b>$\\\\frac{</b> {{clip}} \\" @@@ \\\\ %s \\u0000 \\u2028 \\n"}',
    "a timeline of words": '{"emotion": [["soon", "happy"], ["later", "sad"]]}',
    "a timeline of nothing": '{"emotion": [[null, null], [{}, []]]}',
    "shares in words": '{"emotion": {"happy": "half", "sad": null}}',
    "a level in words": '{"emotion": ["happy", "much"]}',
    "nothing": '{"emotion": [], "style": {}, "steps": [], "intensity": null}',
    "deep": '{"emotion": ' + "[" * 60 + "1" + "]" * 60 + "}",
    "long": json.dumps({"emotion": "x" * 200_000, "style": "y" * 10_000}),
    "many": json.dumps({"emotion": [[i, "happy"] for i in range(20_000)]}),
}


@pytest.mark.parametrize("what", ODD)
def test_every_format_takes_it(what: str, tmp_path: Path, animate, small_rig) -> None:
    plain = animate(frames=8)
    with np.load(plain.save(tmp_path / "plain.npz")) as file:
        np.savez(tmp_path / "odd.npz", **{**file, "metadata": np.str_(ODD[what])})
    loaded = Animation.load(tmp_path / "odd.npz")
    assert np.array_equal(loaded.expression, plain.expression)
    json.dumps(loaded.metadata, allow_nan=False).encode()
    for suffix in (".npz", ".json", ".glb", ".usda", ".html", ".csv"):
        face = {"face": small_rig} if suffix in (".glb", ".usda", ".html") else {}
        loaded.save(tmp_path / f"out{suffix}", **face)
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert written["metadata"]["emotion"] == loaded.metadata["emotion"] and len(caption(loaded)) <= LONGEST_CAPTION
    assert Animation.load(tmp_path / "out.npz").metadata == loaded.metadata
    usd = pytest.importorskip("pxr.Usd")
    assert usd.Stage.Open(str(tmp_path / "out.usda")).GetDefaultPrim()
    if what == "markup":
        pytest.importorskip("matplotlib")
        loaded.plot(tmp_path / "out.png")


@pytest.mark.parametrize("text", ["[1]", "3", '"a"', "{", "[" * 100_000])
def test_metadata_that_are_no_object(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.npz"
    np.savez(path, expression=np.zeros((2, 50)), jaw_pose=np.zeros((2, 3)), metadata=np.str_(text))
    with pytest.raises(ValueError, match=r"path .*odd\.npz is not a FLAME coefficient file: .*(JSON|metadata must be)"):
        Animation.load(path)


def test_own_metadata_are_what_json_knows(animate) -> None:
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    for wrong in (float("nan"), float("inf"), deep, {1, 2}, b"x"):
        with pytest.raises(TypeError, match="metadata must hold what JSON knows"):
            animate(metadata={"a": wrong})
    assert animate(metadata={"a": "\udcff"}).metadata == {"a": "?"}


def test_names_of_recordings(tmp_path: Path, animate, small_rig) -> None:
    """A file name that is not UTF-8, or has marks that mean something to a format."""
    for name in ("b\udcff.wav", "$a_{$.wav", "a@@@b\n.wav", "<b>.wav"):
        recording = replace(open_audio((np.zeros(16000, np.float32), 16000)), name=name)
        animation = animate(frames=25, audio=recording)
        for suffix in (".npz", ".json", ".glb", ".usda", ".html"):
            face = {"face": small_rig} if suffix in (".glb", ".usda", ".html") else {}
            animation.save(tmp_path / f"out{suffix}", **face)
        usd = pytest.importorskip("pxr.Usd")
        assert usd.Stage.Open(str(tmp_path / "out.usda")).GetDefaultPrim(), name
        if "$" in name:
            pytest.importorskip("matplotlib")
            animation.plot(tmp_path / "out.png")
