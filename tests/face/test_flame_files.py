"""FLAME files in the official layout, written here: read as they are, checked by key, and never executed."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import types
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from emoface.face.flame import FlameModel
from emoface.face.flame_files import load_flame

V, N, K = 19, 5, 4
SHAPES = {"v_template": (V, 3), "shapedirs": (V, 3, N + K), "posedirs": (V, 3, 36), "weights": (V, 5)}


def official(seed: int = 3) -> dict:
    """The dictionary of arrays that an official file holds, with small random numbers."""
    draw = np.random.default_rng(seed)
    model = {key: draw.normal(0, 0.01, shape) for key, shape in SHAPES.items()}
    model["v_template"] *= 10
    model["weights"] = draw.random((V, 5))
    model["weights"] /= model["weights"].sum(1, keepdims=True)
    model["f"] = draw.integers(0, V, (30, 3)).astype(np.uint32)
    regressor = draw.random((5, V)) * (draw.random((5, V)) < 0.4)
    regressor[:, 0] += 0.1
    model["J_regressor"] = regressor / regressor.sum(1, keepdims=True)
    model["kintree_table"] = np.array([[2**32 - 1, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.int64)
    model["bs_style"], model["bs_type"] = "lbs", "lrotmin"
    return model


class Python2Pickler(pickle._Pickler):
    """Writes strings and bytes as Python 2 wrote its one string type."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_text(self, value):
        data = value if isinstance(value, bytes) else value.encode("latin1")
        self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = dispatch[str] = save_text


class Ch:
    """A class as chumpy had it: the array among other things in the object's dictionary."""

    def __init__(self, x):
        self.x, self._dirty_vars, self._itr = x, {"x"}, None


class Select:
    def __init__(self, a, idxs, preferred_shape):
        self.a, self.idxs, self.preferred_shape = a, idxs, preferred_shape


class csc_matrix:
    def __init__(self, dense):
        by_column = dense.T
        rows, columns = np.nonzero(by_column)
        self._shape, self.format, self.maxprint = dense.shape, "csc", 50
        self.data, self.indices = by_column[rows, columns], columns.astype(np.int32)
        self.indptr = np.searchsorted(rows, np.arange(dense.shape[1] + 1)).astype(np.int32)


@pytest.fixture
def old_modules(monkeypatch):
    """Modules of the names that the official files mention, so that they can be written."""
    places = {"chumpy.ch": Ch, "chumpy.reordering": Select, "scipy.sparse.csc": csc_matrix}
    for name, kind in places.items():
        for part in (name.split(".")[0], name):
            if part not in sys.modules or part == name:
                monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
        monkeypatch.setattr(kind, "__module__", name)
        monkeypatch.setattr(sys.modules[name], kind.__name__, kind, raising=False)


def python2_bytes(model: dict, protocol: int = 2) -> bytes:
    file = io.BytesIO()
    Python2Pickler(file, protocol).dump(model)
    return file.getvalue().replace(b"numpy._core", b"numpy.core")


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def rotation(axis_angle):
    x, y, z = axis_angle
    cross, term, total = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), np.eye(3), np.eye(3)
    for order in range(1, 30):
        term = term @ cross / order
        total = total + term
    return total


def derived(model: dict, identity, expression, pose):
    """Vertices (V, 3) straight from the official arrays, in float64; pose (5, 3)."""
    shaped = model["v_template"] + model["shapedirs"] @ np.concatenate([identity, expression])
    joints = model["J_regressor"] @ shaped
    turns = np.stack([rotation(row) for row in pose])
    shaped = shaped + model["posedirs"] @ (turns[1:] - np.eye(3)).ravel()
    world = []
    for joint, parent in enumerate((None, 0, 1, 1, 1)):
        turn = np.eye(4)
        turn[:3, :3], turn[:3, 3] = turns[joint], joints[joint] - turns[joint] @ joints[joint]
        world.append(turn if parent is None else world[parent] @ turn)
    blended = np.tensordot(model["weights"], np.stack(world), 1)  # (V, 4, 4)
    return np.einsum("vab,vb->va", blended, np.c_[shaped, np.ones(V)])[:, :3]


def check_same(data, model):
    draw = np.random.default_rng(0)
    identity, expression, pose = draw.normal(size=N), draw.normal(size=K), draw.normal(0, 0.4, (5, 3))
    head = FlameModel(data, torch.float64)
    rows = [torch.tensor(value)[None] for value in (expression, pose[2], identity, pose[0], pose[1], pose[3:].ravel())]
    np.testing.assert_allclose(head(*rows)[0].numpy(), derived(model, identity, expression, pose), atol=5e-8)
    assert np.array_equal(data.faces, model["f"])


def test_python2_pickle_with_chumpy_and_sparse_arrays(old_modules, tmp_path):
    model = official()
    chosen = np.random.default_rng(1).permutation(V * 3 * (N + K))
    source = np.empty(V * 3 * (N + K))
    source[chosen] = model["shapedirs"].ravel()
    stored = {
        **model,
        "v_template": Ch(model["v_template"]),
        "shapedirs": Select(Ch(source), chosen, (V, 3, N + K)),
        "posedirs": np.asfortranarray(model["posedirs"]),
        "weights": model["weights"].astype(">f8"),
        "J_regressor": csc_matrix(model["J_regressor"]),
    }
    path = write(tmp_path / "generic_model.pkl", python2_bytes(stored))
    assert b"chumpy" in path.read_bytes() and b"scipy.sparse.csc" in path.read_bytes()
    data = load_flame(path, identity_size=N)
    check_same(data, model)
    assert data.version == "FLAME 2020" and len(data.identity_basis) == N and len(data.expression_basis) == K
    assert {array.dtype for array in (data.template, data.pose_basis, data.skin_weights)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_python3_pickles_of_every_protocol(old_modules, protocol, tmp_path):
    model = official()
    stored = {**model, "v_template": Ch(model["v_template"]), "J_regressor": csc_matrix(model["J_regressor"])}
    path = write(tmp_path / "flame2023_Open.pkl", pickle.dumps(stored, protocol))
    data = load_flame(path, identity_size=N)
    check_same(data, model)
    assert data.version == "FLAME 2023 Open"


@pytest.mark.parametrize("kind", ["csc_matrix", "csr_matrix"])
def test_matrices_of_the_installed_scipy(kind, tmp_path):
    sparse = pytest.importorskip("scipy.sparse")
    model = official()
    stored = {**model, "J_regressor": getattr(sparse, kind)(model["J_regressor"])}
    path = write(tmp_path / "flame2023.pkl", pickle.dumps(stored, 2))
    check_same(load_flame(path, identity_size=N), model)


def test_npz_and_a_version_of_ones_own(tmp_path):
    model = official()
    np.savez(tmp_path / "mine.npz", **model)
    check_same(load_flame(tmp_path / "mine.npz", identity_size=N), model)
    assert load_flame(tmp_path / "mine.npz", identity_size=N).version == "mine"
    assert load_flame(tmp_path / "mine.npz", version="FLAME 2019", identity_size=N).version == "FLAME 2019"


def embeddings():
    draw = np.random.default_rng(2)
    at, corners = draw.integers(0, 30, 68), draw.random((68, 3)).astype(np.float32)
    views = draw.integers(0, 30, (4, 17)), draw.random((4, 17, 3)).astype(np.float32)
    views[0][0], views[1][0] = at[:17], corners[:17]
    static = {"static_lmk_faces_idx": at[17:], "static_lmk_bary_coords": corners[17:]}
    moving = {"dynamic_lmk_faces_idx": views[0], "dynamic_lmk_bary_coords": views[1]}
    full = {"full_lmk_faces_idx": at[None], "full_lmk_bary_coords": corners[None]}
    return at, corners, [full, {**static, **moving}, {"lmk_face_idx": at, "lmk_b_coords": corners}]


@pytest.mark.parametrize("form", [0, 1, 2])
@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".npy"])
def test_landmark_embeddings(form, suffix, tmp_path):
    at, corners, forms = embeddings()
    np.savez(tmp_path / "model.npz", **official())
    path = tmp_path / f"landmarks{suffix}"
    if suffix == ".pkl":
        path.write_bytes(python2_bytes(forms[form]))
    elif suffix == ".npz":
        np.savez(path, **forms[form])
    else:
        np.save(path, forms[form], allow_pickle=True)
    data = load_flame(tmp_path / "model.npz", path, identity_size=N)
    assert np.array_equal(data.landmark_faces, at) and np.array_equal(data.landmark_weights, corners)


def test_landmarks_without_a_contour_are_refused(tmp_path):
    at, corners, _ = embeddings()
    np.savez(tmp_path / "model.npz", **official())
    np.savez(tmp_path / "static.npz", lmk_face_idx=at[17:], lmk_b_coords=corners[17:])
    with pytest.raises(ValueError, match=r"static.npz: 'lmk_face_idx' must be \(68,\) = \(68,\), got \(51,\)"):
        load_flame(tmp_path / "model.npz", tmp_path / "static.npz", identity_size=N)
    np.savez(tmp_path / "other.npz", lmk_face_idx=at + 90, lmk_b_coords=corners)
    with pytest.raises(ValueError, match=r"must lie on triangles 0..29"):
        load_flame(tmp_path / "model.npz", tmp_path / "other.npz", identity_size=N)


def test_a_missing_file_says_where_flame_comes_from(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load_flame(tmp_path / "generic_model.pkl")
    for words in ("flame.is.tue.mpg.de", "register", "CC-BY-4.0", "research only", "generic_model.pkl"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    "change, text",
    [
        ({"posedirs": None}, "has no 'posedirs'; it holds J_regressor, bs_style"),
        ({"posedirs": np.zeros((V, 3, 27))}, f"'posedirs' must be (V, 3, 36) = ({V}, 3, 36), got ({V}, 3, 27)"),
        ({"weights": np.zeros((V, 5))}, "rows of 'weights' must add up to 1"),
        ({"J_regressor": np.zeros((5, V + 1))}, f"'J_regressor' must be (5, V) = (5, {V}), got (5, {V + 1})"),
        ({"v_template": np.full((V, 3), np.nan)}, "'v_template' has values that are not finite"),
        ({"f": np.array([[0, 1, V]])}, f"'f' must name vertices 0..{V - 1}, got 0..{V}"),
        ({"kintree_table": np.zeros((2, 5))}, "'kintree_table' must have the parents (0, 1, 1, 1)"),
        ({"shapedirs": "text"}, "'shapedirs' is not an array of numbers"),
        ({"shapedirs": np.zeros((V, 3, 2))}, "identity_size must be 0..2"),
        ({"shapedirs": np.array([{}], object)}, "'shapedirs' is not an array of numbers"),
    ],
)
def test_wrong_contents_are_named(change, text, tmp_path):
    model = {key: value for key, value in {**official(), **change}.items() if value is not None}
    path = write(tmp_path / "flame2023.pkl", python2_bytes(model))
    with pytest.raises(ValueError) as caught:
        load_flame(path, identity_size=N)
    assert text in str(caught.value)


@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".npy"])
def test_every_truncation_is_a_clear_error(suffix, tmp_path):
    file = io.BytesIO()
    if suffix == ".pkl":
        file.write(python2_bytes(official()))
    elif suffix == ".npz":
        np.savez_compressed(file, **official())
    else:
        np.save(file, official(), allow_pickle=True)
    whole = file.getvalue()
    for part in range(0, 40):
        path = write(tmp_path / f"cut{suffix}", whole[: len(whole) * part // 40])
        with pytest.raises(ValueError, match="cut"):
            load_flame(path, identity_size=N)


def test_noise_is_a_clear_error(tmp_path):
    draw, whole = np.random.default_rng(0), python2_bytes(official())
    for _ in range(150):
        damaged = bytearray(whole)
        for place in draw.integers(0, len(whole), 20):
            damaged[place] = draw.integers(256)
        path = write(tmp_path / "noise.pkl", bytes(damaged))
        try:
            load_flame(path, identity_size=N)  # harmless where only numbers were hit
        except ValueError as error:
            assert "noise.pkl" in str(error) or "identity_size" in str(error)


class Run:
    """Pickles as a call of `function(*args)`."""

    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


def call_by_name(module: str, name: str, *args: str) -> bytes:
    """The opcodes of module.name(*args), for functions that are not there to be pickled; protocol 4 takes dots."""
    text = b"".join(pickle.SHORT_BINUNICODE + bytes([len(a.encode())]) + a.encode() for a in (module, name))
    values = b"".join(pickle.BINUNICODE + struct.pack("<I", len(a.encode())) + a.encode() for a in args)
    return b"\x80\x04" + text + pickle.STACK_GLOBAL + b"(" + values + b"tR."


def hostile(marker: Path):
    """Pickles that would make the file `marker` when something in them ran."""
    touch, code = f"touch {marker}", f"open({str(marker)!r}, 'w').close()"
    yield "system", pickle.dumps(Run(os.system, touch))
    yield "eval", pickle.dumps(Run(eval, code))
    yield "exec in protocol 0", pickle.dumps(Run(exec, code), 0)
    yield "open", pickle.dumps(Run(open, str(marker), "w"))
    yield "chain", pickle.dumps({**official(), "f": Run(getattr, Run(__import__, "os"), "system")})
    yield "inside an array", pickle.dumps({**official(), "f": np.array([Run(os.system, touch)], object)})
    yield "inside a state", pickle.dumps({"v_template": [Run(os.system, touch)] * 2})
    yield "runstring", call_by_name("numpy.testing._private.utils", "runstring", code, "{}")
    yield "dotted", call_by_name("numpy", "ndarray.__class__.__base__", "x")
    yield "dotted chumpy", call_by_name("chumpy.ch", "os.system", touch)
    yield "chumpy's own import", call_by_name("chumpy", "utils.os.system", touch)
    yield "dotted scipy", call_by_name("scipy.sparse.csc", "np.os.system", touch)
    yield "numpy loader", call_by_name("numpy", "load", str(marker))
    yield "numpy to file", call_by_name("numpy.core.multiarray", "fromfile", str(marker))
    yield "attrgetter", call_by_name("operator", "attrgetter", "system")
    yield "codecs", call_by_name("_codecs", "lookup", "rot13")
    yield "persistent", b"\x80\x02X\x01\x00\x00\x00ab\x85Q."
    yield "extension", b"\x80\x02\x82\x01)R."
    yield "old instance", f"(S'{touch}'\nios\nsystem\n.".encode()
    yield "build on a class", b"\x80\x02cnumpy\nndarray\nN}X\x03\x00\x00\x00abccos\nsystem\ns\x86b."


@pytest.mark.parametrize("number", range(20))
def test_hostile_pickles_execute_nothing(number, tmp_path):
    marker = tmp_path / "ran"
    cases = list(hostile(marker))
    assert len(cases) == 20
    what, data = cases[number]
    for name in ("generic_model.pkl", "landmarks.npy"):
        header = b"" if name.endswith("pkl") else np_header()
        path = write(tmp_path / name, header + data)
        with pytest.raises(ValueError, match=name):
            load_flame(path)
    assert not marker.exists(), what


@pytest.mark.parametrize("number", range(4))
def test_the_same_pickles_run_where_nothing_is_restricted(number, tmp_path):
    marker = tmp_path / "ran"
    pickle.loads(list(hostile(marker))[number][1])
    assert marker.exists()


def np_header() -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
    return file.getvalue()


def test_a_refusal_names_what_was_asked_for(tmp_path):
    path = write(tmp_path / "generic_model.pkl", pickle.dumps({"f": Run(os.system, "true")}))
    with pytest.raises(ValueError, match=r"generic_model.pkl is refused: it asks for posix.system; only arrays of"):
        load_flame(path)


def test_an_npz_with_a_pickle_inside_is_refused(tmp_path):
    marker = tmp_path / "ran"
    np.savez(tmp_path / "model.npz", **{**official(), "v_template": np.array([Run(os.system, f"touch {marker}")])})
    with pytest.raises(ValueError, match="'v_template' is not an array of numbers"):
        load_flame(tmp_path / "model.npz")
    assert not marker.exists()


def test_sizes_that_do_not_fit_are_refused(old_modules, tmp_path):
    matrix = csc_matrix(official()["J_regressor"])
    matrix.indices = matrix.indices + 7
    path = write(tmp_path / "flame2023.pkl", pickle.dumps({**official(), "J_regressor": matrix}))
    with pytest.raises(ValueError, match=r"'J_regressor' is not .* indices outside its shape"):
        load_flame(path, identity_size=N)
    whole = pickle.dumps({"v_template": np.zeros((2, 3))}, 2)
    claimed = whole.replace(pickle.BININT1 + b"\x02" + pickle.BININT1 + b"\x03", b"J\x00\x00\x00\x7fK\x03")
    assert claimed != whole
    with pytest.raises(ValueError, match="'v_template' is not an array of numbers: cannot reshape"):
        load_flame(write(tmp_path / "flame2023.pkl", claimed))


def test_a_sparse_matrix_that_only_claims_its_size_is_refused(old_modules, tmp_path):
    matrix = csc_matrix(np.zeros((1, 1)))
    matrix._shape = (10**6, 10**5)
    matrix.indptr = np.zeros(10**5 + 1, np.int32)
    path = write(tmp_path / "flame2023.pkl", pickle.dumps({**official(), "J_regressor": matrix}))
    with pytest.raises(ValueError, match="'J_regressor' is not an array of numbers: a sparse matrix of 1000000 x"):
        load_flame(path, identity_size=N)
