"""ICT-FaceKit: a folder in the published layout made here, and the real model where the assets are."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rig import check_rig
from emoface.face.rigs.ict import ict_rig
from emoface.limits import use_budget

VERTICES = 26719


def write_obj(path, vertices, polygons):
    lines = ["# made by a test", *(f"v {x:.4f} {y:.4f} {z:.4f}" for x, y, z in vertices)]
    lines += ["f " + " ".join(f"{corner + 1}/{corner + 1}" for corner in polygon) for polygon in polygons]
    path.write_text("\n".join(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of the published size: one quad and one triangle, four shapes that each move one vertex."""
    folder = tmp_path_factory.mktemp("FaceXModel")
    neutral = np.zeros((VERTICES, 3))
    neutral[:4, :2] = [[0, 0], [1, 0], [1, 1], [0, 1]]
    polygons = [(0, 1, 2, 3), *((n, n + 1, n + 2) for n in (14062, 17039, 21451, 23021, 26000))]
    write_obj(folder / "generic_neutral_mesh.obj", neutral, polygons)
    for vertex, name in enumerate(("browInnerUp_L", "browInnerUp_R", "jawOpen", "PupilDilate_L", "identity000")):
        moved = neutral.copy()
        moved[vertex, 2] += 2
        write_obj(folder / f"{name}.obj", moved, [])
    return folder


def test_folder_of_objs(folder):
    rig = ict_rig(folder)
    assert rig.shape_names == ("jawOpen", "browInnerUp", "PupilDilate_L")
    assert len(rig.missing) == 50
    np.testing.assert_allclose(rig.template[:4, 0], [0, 0.01, 0.01, 0], atol=1e-7)  # metres
    expected = [[0, 0, 0.02, 0], [0.02, 0.02, 0, 0], [0, 0, 0, 0.02]]
    np.testing.assert_allclose(rig.deltas[:, :4, 2], expected, atol=1e-7)
    assert rig.faces[:3].tolist() == [[0, 1, 2], [0, 2, 3], [14062, 14063, 14064]]
    assert [part.faces for part in rig.parts] == [(0, 2), (2, 3), (3, 4), (4, 5), (5, 6)]
    assert len(rig.template) == 24591  # without the lash cards
    check_rig(rig)


def test_what_is_not_ict_is_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="ICT-VGL/ICT-FaceKit"):
        ict_rig(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match="generic_neutral_mesh"):
        ict_rig(tmp_path)
    write_obj(tmp_path / "generic_neutral_mesh.obj", np.zeros((3, 3)), [(0, 1, 2)])
    with pytest.raises(ValueError, match="ARKit"):
        ict_rig(tmp_path)
    write_obj(tmp_path / "jawOpen.obj", np.zeros((3, 3)), [])
    with pytest.raises(ValueError, match="26719"):
        ict_rig(tmp_path)
    (tmp_path / "jawOpen.obj").write_text("v 0 0 zero")
    with pytest.raises(ValueError, match=r"jawOpen\.obj is no OBJ"):
        ict_rig(tmp_path)
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(ValueError, match=r"bad\.npz"):
        ict_rig(tmp_path / "bad.npz")


def test_real_model(assets):
    rig = ict_rig(assets / "ict_facekit" / "ict_expr.npz")
    assert rig.missing == ("tongueOut",)
    assert set(rig.shape_names) - set(ARKIT_NAMES) == {
        "PupilDilate_L",
        "PupilDilate_R",
        "cheekRaiser_L",
        "cheekRaiser_R",
    }
    for part in rig.parts:
        if part.name in ("eye_left", "eye_right"):  # the pupil goes where the look's name says, the ball keeps its size
            eye = rig.template[slice(*part.vertices)]
            pupil = eye[:, 2].argmax()
            side = 1 if part.name == "eye_left" else -1
            for way, direction in (("Up", (0, 1)), ("Down", (0, -1)), ("In", (-side, 0)), ("Out", (side, 0))):
                name = f"eyeLook{way}{'Left' if side == 1 else 'Right'}"
                moved = rig.deltas[rig.shape_names.index(name), slice(*part.vertices)]
                assert moved[pupil, :2] @ direction > 0.004
                before, after = (np.ptp(points, 0).max() for points in (eye, eye + moved))
                assert after == pytest.approx(before, rel=0.1)
    opened = rig.deltas[rig.shape_names.index("jawOpen")]
    assert 0.015 < -opened[:, 1].min() < 0.06  # the chin sinks by centimetres


def test_files_that_claim_more_than_ict_has(tmp_path):
    path = tmp_path / "rig.npz"
    good = {
        "neutral": np.zeros((26719, 3), np.int8), "tri": np.zeros((1, 3), np.int8),
        "expr": np.zeros((600, 26719, 3), np.int8), "expr_names": np.array(["jawOpen"] * 600),
    }  # fmt: skip
    np.savez_compressed(path, **good)
    assert path.stat().st_size < 100_000
    with use_budget("100M"), pytest.raises(ValueError, match=r"rig\.npz: its shapes in float64 brings"):
        ict_rig(path)
    np.savez(path, **{**good, "expr": np.zeros(3), "expr_names": np.array(["a"] * 2000)})
    with pytest.raises(ValueError, match=r"rig\.npz must hold up to 1000 texts in expr_names, got shape \(2000,\)"):
        ict_rig(path)
    np.savez(path, neutral=np.zeros((3, 3)))
    with pytest.raises(ValueError, match=r"rig\.npz is no \.npz of .*: it lacks tri, expr, expr_names"):
        ict_rig(path)


@pytest.mark.parametrize(
    "text, words",
    [
        ("v 0 0\n", "not enough values to unpack"),
        ("f 1 2 99999999999999999999\n", "too large"),
        ("v 0 0 0\n" * 26720, "it has more than 26719 vertices"),
        ("f " + "1 " * 200_000 + "\n", "it has more than 26719 vertices or 106876 triangles"),
    ],
)
def test_objs_that_claim_more_than_ict_has(tmp_path, text, words):
    (tmp_path / "generic_neutral_mesh.obj").write_text(text)
    with pytest.raises(ValueError, match=rf"generic_neutral_mesh\.obj is no OBJ of ICT-FaceKit's .*{words}"):
        ict_rig(tmp_path)


def test_a_huge_obj_is_not_read(tmp_path):
    with open(tmp_path / "generic_neutral_mesh.obj", "wb") as file:
        file.truncate(65 << 20)
    with pytest.raises(ValueError, match=r"generic_neutral_mesh\.obj has 68 MB, at most 67 MB are read"):
        ict_rig(tmp_path)
