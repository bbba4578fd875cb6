"""Folders with a file for every frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.export.sequence import write_sequence
from emoface.face.face import as_face
from emoface.face.open_head import open_head


def test_pictures_with_alpha_and_progress(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    image = pytest.importorskip("PIL.Image")
    heard: list[float] = []
    paths = write_sequence(
        animate(frames=3), tmp_path / "new" / "take", size=32, alpha=True, lights="flat", progress=heard.append
    )
    assert [path.name for path in paths] == ["00000.png", "00001.png", "00002.png"] and heard == [1.0]
    with image.open(paths[1]) as picture:
        assert picture.mode == "RGBA" and picture.size == (32, 32) and picture.getpixel((0, 0))[3] == 0


def test_meshes(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    take = animate(frames=2)
    vertices, faces = take.vertices(), as_face().surface[0]
    assert len(faces) < len(open_head().data.faces), "without a beard"
    (first, second), (packed, _) = (write_sequence(take, tmp_path, kind) for kind in ("obj", "ply"))
    lines = second.read_text().splitlines()
    places = np.array([line.split()[1:4] for line in lines if line.startswith("v ")], float)
    corners = np.array([line.split()[1:] for line in lines if line.startswith("f ")], int)
    assert np.abs(places - vertices[1]).max() < 1e-6 and np.array_equal(corners - 1, faces)
    assert first.read_text() != second.read_text() and len(lines) == len(places) + len(corners)
    head, body = packed.read_bytes().split(b"end_header\n", 1)
    assert f"element vertex {len(places)}".encode() in head and f"element face {len(corners)}".encode() in head
    rows = np.frombuffer(body, [("place", "<f4", 3), ("colour", "u1", 3)], len(places))
    assert np.array_equal(rows["place"], vertices[0])
    triangles = np.frombuffer(body[rows.nbytes :], [("count", "u1"), ("corners", "<i4", 3)])
    assert (triangles["count"] == 3).all() and np.array_equal(triangles["corners"], faces)


def test_refusals(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    with pytest.raises(ValueError, match="kind must be one of png, obj, ply"):
        write_sequence(animate(), tmp_path, "abc")
    with pytest.raises(TypeError, match="obj sequences take fps, got 'size'"):
        write_sequence(animate(), tmp_path, "obj", size=64)
    with pytest.raises(ValueError, match="lights must be one of"):
        write_sequence(animate(), tmp_path / "made", lights="moon")
    with pytest.raises(TypeError, match="progress must be callable, got int"):
        write_sequence(animate(), tmp_path / "made", progress=1)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(NotADirectoryError, match=r"folder .*file is no folder"):
        write_sequence(animate(), tmp_path / "file")
