"""Reading the official FLAME files that users bring: pickles without executing anything in them, and npz.

A pickle is a program. Here every name in it becomes an inert record of what was asked for, and only then the few
records that make arrays (numpy, scipy.sparse, chumpy) are turned into arrays; any other name stops the reading.
"""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from emoface.host import own_settings
from emoface.limits import Account, UnreadableFile
from emoface.reading import BROKEN_ARCHIVE, Arrays, read_bytes

from .flame import JOINTS, PARENTS, FlameData
from .pickle_scan import check_pickle

WHERE = (
    "FLAME models are licensed to each person and not part of emoface: register at https://flame.is.tue.mpg.de and "
    "download 'FLAME 2023 Open' (CC-BY-4.0), or FLAME 2020 or 2023 (research only); read the licence of the edition"
)
EDITIONS = {
    "flame2023_open": "FLAME 2023 Open",
    "flame2023": "FLAME 2023",
    "flame2020": "FLAME 2020",
    "generic_model": "FLAME 2020",
}
"""The edition by the start of the official file name; coefficients do not transfer between editions."""

_NUMPY = {
    (f"numpy.{core}.{module}", name): name
    for core in ("core", "_core")
    for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
}
_KNOWN = {
    **_NUMPY,
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
    **{(module, "_reconstructor"): "_reconstructor" for module in ("copyreg", "copy_reg")},
    **{(module, name): name for module in ("builtins", "__builtin__") for name in ("object", "set")},
}
_DEEPEST = 8  # arrays inside chumpy expressions
_LISTED = 4  # lists inside lists
_LARGEST = 10**7  # elements of a sparse matrix, whose size a small file only claims
_KEYS_SHOWN = 30
_BROKEN = (*BROKEN_ARCHIVE, pickle.UnpicklingError, AttributeError)


class _Refused(Exception):
    """A name that no FLAME file needs."""


class _Record:
    """What a pickle asked for: a name (of the class), its arguments, and a state. Creating one does nothing else."""

    kind = ""
    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any) -> _Record:
        record = object.__new__(cls)
        record.args, record.state = args, None
        return record

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Reader(pickle.Unpickler):
    """Unpickles into plain containers and records; the records' classes are new for every file."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding="latin1")
        self.classes: dict[tuple[str, str], type] = {}

    def find_class(self, module: str, name: str) -> type:
        kind = _KNOWN.get((module, name))
        if module.split(".")[0] == "chumpy":
            kind = "chumpy"
        elif module.startswith("scipy.sparse.") and name in ("csc_matrix", "csr_matrix", "csc_array", "csr_array"):
            kind = name[:3]
        if kind is None:
            raise _Refused(f"{module}.{name}")
        key = (module, name)
        if key not in self.classes:
            self.classes[key] = type(f"{module}.{name}", (_Record,), {"kind": kind})
        return self.classes[key]

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("a persistent identifier")


def _unpickled(data: bytes, path: Path) -> Any:
    try:
        check_pickle(data)
        return _Reader(io.BytesIO(data)).load()
    except _Refused as error:
        raise ValueError(
            f"{path} is refused: it asks for {error}; only arrays of numpy, scipy.sparse and chumpy are read"
        ) from None
    except _BROKEN as error:
        raise ValueError(f"{path} is not a complete pickle: {error}") from error


def _bytes(value: Any) -> bytes:
    if isinstance(value, _Record) and value.kind == "encode":  # how Python 3 writes bytes for Python 2
        value = value.args[0]
    return value.encode("latin1") if isinstance(value, str) else bytes(memoryview(value))


def _dtype(record: Any) -> np.dtype:
    """A plain number type from its record: ('f8', ...) with state (version, byte order, ...)."""
    if not isinstance(record, _Record) or record.kind != "dtype":
        raise ValueError("an array without a number type")
    order = record.state[1] if record.state else "="
    code = record.args[0]
    if code not in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
        raise ValueError(f"an array of {code!r} instead of numbers")
    return np.dtype(code).newbyteorder(order if order in "<>=" else "=")


def _filled(shape: Any, dtype: np.dtype, data: Any, fortran: bool) -> np.ndarray:
    flat = np.frombuffer(_bytes(data), dtype)
    return flat.reshape(tuple(int(size) for size in shape), order="F" if fortran else "C")


class _Decoder:
    """Turns records into arrays; each record once, and all of them within the budget of the file."""

    def __init__(self, path: Path) -> None:
        self.account = Account(path)
        self.known: dict[int, np.ndarray] = {}  # by the identity of the record, which the file's dictionary keeps alive

    def array(self, value: Any, depth: int = 0) -> np.ndarray:
        """The array that a record, or a plain number or list, stands for."""
        if depth > _DEEPEST:
            raise ValueError("arrays nested too deeply")
        if isinstance(value, np.ndarray):  # of an .npz file, which has its own account
            return value
        if not isinstance(value, _Record):
            self._count(value, 0)
            return np.asarray(value, np.float64)
        if id(value) not in self.known:
            self.known[id(value)] = self._made(value, depth)
        return self.known[id(value)]

    def _made(self, value: _Record, depth: int) -> np.ndarray:
        kind, state = value.kind, value.state
        if kind == "_reconstruct":
            _, shape, dtype, fortran, data = state
            return _filled(shape, _dtype(dtype), data, bool(fortran))
        if kind == "_frombuffer":
            data, dtype, shape, order = value.args
            return _filled(shape, _dtype(dtype), data, order == "F")
        if kind == "scalar":
            return _filled((), _dtype(value.args[0]), value.args[1], False)
        if kind == "_reconstructor":  # the way of protocol 0 and 1 to make an object of a class
            kind = value.args[0].kind
        if kind in ("csc", "csr"):
            return self._dense(state, kind == "csc", depth + 1)
        if kind == "chumpy" and isinstance(state, dict):
            if "x" in state:
                return self.array(state["x"], depth + 1)
            if {"a", "idxs", "preferred_shape"} <= set(state):  # a selection from another array
                source, chosen = self.array(state["a"], depth + 1), self.array(state["idxs"], depth + 1)
                self.account.claim("a selection", 8 * chosen.size)
                return source.ravel()[chosen.astype(np.int64)].reshape(self._sizes(state["preferred_shape"], depth))
        raise ValueError(f"a {type(value).__name__} that holds no array")

    def _sizes(self, value: Any, depth: int) -> tuple[int, ...]:
        return tuple(int(size) for size in np.atleast_1d(self.array(value, depth + 1)))

    def _count(self, value: Any, depth: int) -> None:
        """Claim the numbers of nested lists, one by one, as a list may hold another many times."""
        if depth > _LISTED:
            raise ValueError(f"lists nested more than {_LISTED} deep")
        self.account.claim("a list", 8)
        if isinstance(value, (list, tuple)):
            for one in value:
                self._count(one, depth + 1)

    def _dense(self, parts: Mapping[str, Any], by_column: bool, depth: int) -> np.ndarray:
        """A compressed sparse matrix as a full one; repeated entries add up."""
        rows, columns = (int(size) for size in parts.get("_shape", parts.get("shape")))  # type: ignore[union-attr]
        data, indices, starts = (np.asarray(self.array(parts[name], depth)) for name in ("data", "indices", "indptr"))
        lines, across = (columns, rows) if by_column else (rows, columns)
        if rows < 0 or columns < 0 or rows * columns > _LARGEST:
            raise ValueError(f"a sparse matrix of {rows} x {columns}, at most {_LARGEST} elements")
        self.account.claim("a sparse matrix", 8 * rows * columns)
        starts = starts.astype(np.int64)
        counts = starts[1:] - starts[:-1]
        if len(counts) != lines or (counts < 0).any() or counts.sum() != len(data) or len(indices) != len(data):
            raise ValueError("a sparse matrix whose parts do not fit together")
        if len(indices) and not 0 <= indices.min() <= indices.max() < across:
            raise ValueError("a sparse matrix with indices outside its shape")
        out = np.zeros((lines, across))
        np.add.at(out, (np.repeat(np.arange(lines), counts), indices), data)
        return out.T if by_column else out


class _Arrays:
    """The named arrays of a file, each checked as it is taken."""

    def __init__(self, path: Path, values: Mapping[str, Any]) -> None:
        self.path, self.values, self.decoder = path, values, _Decoder(path)

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def take(self, key: str, letters: str, shape: tuple[int | None, ...]) -> np.ndarray:
        """The finite numbers under a key as float64; None in ``shape`` takes any size."""
        if key not in self.values:
            names = sorted(str(name)[:40] for name in self.values)
            found = ", ".join(names[:_KEYS_SHOWN]) + (", ..." if len(names) > _KEYS_SHOWN else "")
            raise ValueError(f"{self.path} has no {key!r}; it holds {found or 'nothing'}")
        try:
            array = self.decoder.array(self.values[key])
            if array.dtype.kind not in "biuf":
                raise ValueError(f"an array of {array.dtype}")
            self.decoder.account.claim(f"{key!r}", 8 * array.size)
        except UnreadableFile:
            raise
        except _BROKEN as error:
            raise ValueError(f"{self.path}: {key!r} is not an array of numbers: {error}") from error
        fits = array.ndim == len(shape) and all(want in (None, size) for want, size in zip(shape, array.shape))
        if not fits:
            raise ValueError(f"{self.path}: {key!r} must be {letters} = {_shown(shape)}, got {array.shape}")
        with np.errstate(over="ignore"):
            finite = np.isfinite(array.astype(np.float32)).all()
        if not finite:
            raise ValueError(f"{self.path}: {key!r} has values that are not finite")
        return array.astype(np.float64, copy=False)


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join('any' if size is None else str(size) for size in shape)}{',' if len(shape) == 1 else ''})"


@contextmanager
def _open(path: str | os.PathLike[str], missing: str) -> Iterator[_Arrays]:
    """The dictionary of arrays in a .pkl, .npz or .npy file."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no {missing} at {path}. {WHERE}")
    if path.suffix == ".npz":
        with Arrays(path) as arrays:
            yield _Arrays(path, arrays)
        return
    data = read_bytes(path)
    if path.suffix == ".npy":  # a dictionary saved by numpy: a pickle behind a header
        data = data[_npy_header(data, path) :]
    values = _unpickled(data, path)
    if isinstance(values, _Record) and path.suffix == ".npy" and values.kind == "_reconstruct":
        held = values.state[4] if isinstance(values.state, tuple) and len(values.state) == 5 else None
        values = held[0] if isinstance(held, list) and len(held) == 1 else None
    if not isinstance(values, dict):
        raise ValueError(f"{path} holds no dictionary of arrays")
    yield _Arrays(path, values)


def _npy_header(data: bytes, path: Path) -> int:
    """Bytes of the header of an .npy file."""
    file = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        read(file)
    except BROKEN_ARCHIVE as error:
        raise ValueError(f"{path} is not a complete npy file: {error}") from error
    return file.tell()


@own_settings()
def load_flame(
    path: str | os.PathLike[str],
    landmarks: str | os.PathLike[str] | None = None,
    version: str | None = None,
    identity_size: int = 300,
) -> FlameData:
    """Read an official FLAME model: 2020, 2023 or 2023 Open, as .pkl or as .npz with the same keys.

    A pickle is read without running anything in it and without chumpy or scipy: arrays of numpy, scipy.sparse (csc,
    csr) and chumpy become plain arrays, any other name in the file is refused.

    Args:
        path: ``generic_model.pkl``, ``flame2023.pkl``, ``flame2023_Open.pkl`` or an ``.npz`` with ``v_template``
            (V, 3), ``f`` (F, 3), ``shapedirs`` (V, 3, N + K), ``posedirs`` (V, 3, 36), ``J_regressor`` (5, V),
            ``weights`` (V, 5) and, if there, ``kintree_table`` (2, 5).
        landmarks: optional embedding of the 68 landmarks on the same triangles, .pkl, .npz or .npy. Accepted keys:
            ``full_lmk_faces_idx`` and ``full_lmk_bary_coords``; or ``lmk_face_idx`` and ``lmk_b_coords`` with 68
            rows; or the static 51 (``static_lmk_faces_idx``, ``static_lmk_bary_coords``) with the contour that
            depends on the view (``dynamic_lmk_faces_idx`` (views, 17), ``dynamic_lmk_bary_coords``), of which the
            first, frontal view is taken.
        version: the edition; None: told by the file name (``EDITIONS``), else the file name itself.
        identity_size: how many of the ``shapedirs`` are identity; the rest are expression.

    Returns:
        The model's arrays, float32, metres.

    Raises:
        FileNotFoundError: no such file; the message says where FLAME comes from. ValueError: a pickle that asks for
        anything but arrays, a damaged file, or a key that is missing or has a wrong shape.

    Source: the published model files of Li et al. 2017, https://flame.is.tue.mpg.de.
    """
    with _open(path, "FLAME model") as model:
        arrays = _model(model, identity_size)
    if landmarks is not None:
        with _open(landmarks, "landmark embedding") as embedding:
            triangles, corners = _embedding(embedding, len(arrays["faces"]))
        arrays |= {"landmark_faces": triangles, "landmark_weights": corners}
    return FlameData(version=version or _edition(Path(path)), **arrays)


def _model(model: _Arrays, identity_size: int) -> dict[str, np.ndarray]:
    """The checked arrays of a model file by the names of FlameData."""
    template = model.take("v_template", "(V, 3)", (None, 3))
    vertices = len(template)
    faces = model.take("f", "(F, 3)", (None, 3)).astype(np.int64)
    if len(faces) and not 0 <= faces.min() <= faces.max() < vertices:
        raise ValueError(f"{model.path}: 'f' must name vertices 0..{vertices - 1}, got {faces.min()}..{faces.max()}")
    shapes = model.take("shapedirs", "(V, 3, N + K)", (vertices, 3, None))
    if not 0 <= identity_size <= shapes.shape[2]:
        raise ValueError(f"identity_size must be 0..{shapes.shape[2]}, the width of 'shapedirs', got {identity_size}")
    poses = model.take("posedirs", "(V, 3, 36)", (vertices, 3, 36))
    regressor = model.take("J_regressor", "(5, V)", (len(JOINTS), vertices))
    weights = model.take("weights", "(V, 5)", (vertices, len(JOINTS)))
    if np.abs(weights.sum(1) - 1).max(initial=0) > 1e-3:
        raise ValueError(f"{model.path}: rows of 'weights' must add up to 1")
    if "kintree_table" in model:
        parents = model.take("kintree_table", "(2, 5)", (2, len(JOINTS)))[0, 1:]
        if tuple(parents.astype(np.int64)) != PARENTS[1:]:
            raise ValueError(f"{model.path}: 'kintree_table' must have the parents {PARENTS[1:]}, got {tuple(parents)}")
    directions = np.ascontiguousarray(np.moveaxis(shapes, 2, 0), np.float32)  # (N + K, V, 3)
    return {
        "template": template.astype(np.float32),
        "faces": faces.astype(np.int32),
        "identity_basis": directions[:identity_size],
        "expression_basis": directions[identity_size:],
        "pose_basis": np.ascontiguousarray(np.moveaxis(poses, 2, 0), np.float32),
        "joint_regressor": regressor.astype(np.float32),
        "skin_weights": weights.astype(np.float32),
    }


def _edition(path: Path) -> str:
    name = path.stem.lower()
    return next((edition for start, edition in EDITIONS.items() if name.startswith(start)), path.stem)


def _embedding(file: _Arrays, triangles: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (68,) and barycentric weights (68, 3) of an embedding file."""
    if "full_lmk_faces_idx" in file:
        at = file.take("full_lmk_faces_idx", "(1, 68)", (1, 68))[0]
        corners = file.take("full_lmk_bary_coords", "(1, 68, 3)", (1, 68, 3))[0]
    elif "dynamic_lmk_faces_idx" in file:
        contour = file.take("dynamic_lmk_faces_idx", "(views, 17)", (None, 17))[0]
        contour_corners = file.take("dynamic_lmk_bary_coords", "(views, 17, 3)", (None, 17, 3))[0]
        inner = file.take("static_lmk_faces_idx", "(51,)", (51,))
        at = np.concatenate([contour, inner])
        inner_corners = file.take("static_lmk_bary_coords", "(51, 3)", (51, 3))
        corners = np.concatenate([contour_corners, inner_corners])
    else:
        at = file.take("lmk_face_idx", "(68,)", (68,))
        corners = file.take("lmk_b_coords", "(68, 3)", (68, 3))
    if not 0 <= at.min() <= at.max() < triangles:
        raise ValueError(f"{file.path}: landmarks must lie on triangles 0..{triangles - 1}, got up to {int(at.max())}")
    return at.astype(np.int32), corners.astype(np.float32)
