"""Every loader of files that a user brings: valid files, how they are made invalid, and what reads them."""

from __future__ import annotations

import io
import json
import pickle
import pickletools
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from tests.fuzz.mutate import change_bytes, change_json, change_npz, change_table, json_text

Change = Callable[[bytes, Random], bytes]


@dataclass(frozen=True)
class Loader:
    """A loader to be fuzzed.

    Attributes:
        suffix: of its files. seeds: makes valid files. load: reads a path; it may go on to use what it read.
        changes: ways of changing a seed beside those of :func:`change_bytes`. tokens: for these.
        memory: MiB of address space that a load may take beyond what the process has.
        share: how many inputs it gets, beside 1 of the others.
    """

    suffix: str
    seeds: Callable[[], list[bytes]]
    load: Callable[[Path], Any]
    changes: tuple[Change, ...] = ()
    tokens: tuple[bytes, ...] = ()
    memory: int = 192
    share: float = 1.0
    _kept: dict[str, list[bytes]] = field(default_factory=dict)

    def all_seeds(self) -> list[bytes]:
        """The valid files, made once."""
        if not self._kept:
            self._kept["seeds"] = self.seeds()
        return self._kept["seeds"]

    def input(self, draw: Random) -> bytes:
        """One invalid file, or now and then a valid one."""
        seeds = self.all_seeds()
        data = draw.choice(seeds)
        for _ in range(draw.choice((1, 1, 1, 2))):
            if self.changes and draw.random() < 0.6:
                try:
                    data = draw.choice(self.changes)(data, draw)
                    continue
                except Exception:  # a second change of what the first has made unreadable
                    pass
            data = change_bytes(data, draw, self.tokens, seeds)
        return data


def _saved(write: Callable[[Path], Any], suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"seed{suffix}"
        write(path)
        return path.read_bytes()


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


# ---- FLAME


@cache
def _flame() -> dict[str, Any]:
    draw = np.random.default_rng(0)
    weights = draw.random((9, 5))
    return {
        "v_template": draw.normal(size=(9, 3)), "f": draw.integers(0, 9, (7, 3)), "J_regressor": np.full((5, 9), 1 / 9),
        "shapedirs": draw.normal(size=(9, 3, 6)), "posedirs": draw.normal(size=(9, 3, 36)),
        "weights": weights / weights.sum(1, keepdims=True), "bs_type": "lrotmin",
        "kintree_table": np.array([[-1, 0, 1, 1, 1], [0, 1, 2, 3, 4]]),
    }  # fmt: skip


def _landmarks() -> dict[str, Any]:
    return {"lmk_face_idx": np.arange(68) % 7, "lmk_b_coords": np.full((68, 3), 1 / 3)}


def _pickles() -> list[bytes]:
    plain = {**_flame(), "J_regressor": [[1 / 9] * 9] * 5, "more": ({"a": (1, 2.5, None)}, {1, 2}, b"bytes")}
    seeds = [pickle.dumps(_flame(), protocol) for protocol in (0, 2, 4)]
    return [*seeds, pickle.dumps(plain, 2), pickletools.optimize(pickle.dumps(_flame(), 3)), *_named_pickles()]


def _named_pickles() -> list[bytes]:
    """Arrays within records of other modules, as official files have them."""
    array = pickle.dumps(np.arange(27.0).reshape(9, 3), 2)[2:-1]
    record = b"cchumpy.ch\nCh\n)\x81}X\x01\x00\x00\x00x" + array + b"sb"
    chosen = b"cchumpy.reordering\nSelect\n)\x81}(X\x01\x00\x00\x00a" + record + b"X\x04\x00\x00\x00idxs" + array
    chosen += b"X\x0f\x00\x00\x00preferred_shape(K\x09K\x03tub"
    start = b"\x80\x02}X\x0a\x00\x00\x00v_template"
    return [start + record + b"s.", start + chosen + b"s."]


_PICKLE_TOKENS = (
    *(bytes([ord(opcode.code)]) for opcode in pickletools.opcodes), b"r\xff\xff\xff\x7f", b"X\xff\xff\xff\x7f",
    b"\x95" + b"\xff" * 8, b"h\x00", b"(h\x00h\x00t", b"q\x01", b"cos\nsystem\n", b"cnumpy\nndarray\n",
    b"cchumpy\nCh\n)R", b")\x85",
)  # fmt: skip


def _load_flame(path: Path) -> None:
    from emoface.face.flame_files import load_flame

    load_flame(path, identity_size=4)


@cache
def _flame_path() -> Path:
    path = Path(tempfile.mkdtemp(prefix="emoface-fuzz-")) / "model.npz"
    np.savez(path, **_flame())
    return path


def _load_landmarks(path: Path) -> None:
    from emoface.face.flame_files import load_flame

    load_flame(_flame_path(), path, identity_size=4)


def _landmark_files() -> list[bytes]:
    file = io.BytesIO()
    np.save(file, _landmarks(), allow_pickle=True)  # type: ignore[arg-type]
    return [file.getvalue()]


# ---- motion


@cache
def _motion() -> Any:
    from emoface.animation import Animation
    from emoface.face.layout import arkit_to_motion

    weights = np.random.default_rng(0).random((12, 52)).astype(np.float32)
    metadata = {"emotion": [[0.0, "neutral"], [1.5, ["happy", 2.0]]], "seed": 3}
    return Animation.from_motion(arkit_to_motion(weights), 25, metadata=metadata)


def _motion_files() -> list[bytes]:
    """Our own layout, and those of DiffPoseTalk, EMOTE and EMAGE."""
    curves, jaw = np.random.default_rng(0).random((9, 50)).astype(np.float32), np.zeros((9, 3))
    return [
        _saved(lambda path: _motion().save(path), ".npz"),
        _npz(exp=curves, pose=np.zeros((9, 6)), shape=np.zeros((9, 100))),
        _npz(expression=curves, jaw_pose=jaw, fps=25.0, flame_version="FLAME 2020", metadata='{"seed": 1}'),
        _npz(poses=np.zeros((9, 165)), expressions=np.ones((9, 100)), mocap_frame_rate=30),
    ]


def _use_motion(path: Path, **options: Any) -> None:
    from emoface.animation import Animation
    from emoface.export.caption import caption

    motion = Animation.load(path, **options)
    caption(motion)
    json.dumps(motion.metadata, allow_nan=False).encode()


def _tables() -> list[bytes]:
    return [_saved(lambda path: _motion().save(path, fps=30), ".csv")]


# ---- settings


def _controls() -> list[bytes]:
    from emoface.face.controls import Controls, Shape

    knobs = Controls(upper_strength=1.2, eyelid_offset=-0.1, mirror=True, shapes={"jawOpen": Shape(gain=0.5)})
    return [knobs.to_json().encode(), b'{"symmetry": 0.5, "shapes": {"tongueUp": {"low": 0.1, "high": 0.9}}}']


def _load_controls(path: Path) -> None:
    from emoface.face.controls import Controls

    Controls.load(path)


def _names() -> list[bytes]:
    table = {"jawOpen": "Mund_auf", "cheekPuff": None, "mouthClose": ["a", "b"], "tongueOut": {"x": 0.5, "y": -1.0}}
    return [json.dumps(table).encode()]


def _load_names(path: Path) -> None:
    from emoface.face.rigs.names import read_names

    read_names(path)


def _in_json(data: bytes, draw: Random) -> bytes:
    return json_text(change_json(json.loads(data), draw))


# ---- heads


def _ict_files() -> list[bytes]:
    neutral = np.zeros((26719, 3), np.float16)
    neutral[:, 0] = np.arange(26719) % 7
    faces = np.array([0, 14062, 17039, 21451, 23021])[:, None] + np.arange(3)  # one in each piece
    shapes = np.zeros((2, 26719, 3), np.int8)
    return [_npz(neutral=neutral, tri=faces, expr=shapes, expr_names=["jawOpen", "cheekPuff_L"])]


def _load_rig(path: Path) -> None:
    from emoface.face.rigs import load_rig

    load_rig(path)


def _objs() -> list[bytes]:
    vertices = b"".join(b"v %d.5 0.25 -1e-3\n" % i for i in range(40))
    return [b"# head\n" + vertices + b"vn 0 0 1\nf 1/1 2/2/2 3//3 4\nf 4 5 6\n"]


def _load_objs(path: Path) -> None:
    from emoface.face.rigs import load_rig

    folder = path.parent / "FaceXModel"
    folder.mkdir(exist_ok=True)
    for name in ("generic_neutral_mesh.obj", "jawOpen.obj"):
        (folder / name).write_bytes(path.read_bytes())
    load_rig(folder)


def _avatars() -> list[bytes]:
    from emoface.face.rigs.gltf import INDEX_DATA, VERTEX_DATA, Gltf

    gltf = Gltf()
    points = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1]], np.float32)
    names = ["jawOpen", "mouthSmileLeft", "eyeBlinkLeft"]
    moved = [np.roll(points, place + 1, 0) / 10 for place in range(3)]
    primitive = {
        "attributes": {"POSITION": gltf.add_array(points, VERTEX_DATA, bounds=True)},
        "indices": gltf.add_array(np.array([0, 1, 2, 1, 2, 3], np.uint16), INDEX_DATA),
        "targets": [
            {"POSITION": gltf.add_array(moved[0], VERTEX_DATA, bounds=True)},
            {"POSITION": gltf.add_sparse(moved[1], bounds=True)}, {"POSITION": gltf.add_sparse(moved[2], bounds=True)},
        ],
        "material": gltf.append("materials", {"pbrMetallicRoughness": {"baseColorFactor": [1, 0.5, 0.2, 1]}}),
    }  # fmt: skip
    mesh = gltf.append("meshes", {"name": "Face", "primitives": [primitive], "extras": {"targetNames": names}})
    gltf.append("nodes", {"name": "Root", "children": [1], "translation": [0, 1, 0], "rotation": [0, 0, 0, 1]})
    gltf.append("nodes", {"name": "Head", "mesh": mesh, "scale": [1, 1, 1]})
    gltf.append("scenes", {"nodes": [0]})
    plain = gltf.to_bytes()
    preset = {"morphTargetBinds": [{"node": 1, "index": 0, "weight": 1.0}]}
    gltf.document["extensionsUsed"] = ["VRMC_vrm"]
    gltf.document["extensions"] = {"VRMC_vrm": {"specVersion": "1.0", "expressions": {"preset": {"aa": preset}}}}
    return [plain, gltf.to_bytes()]


def _in_glb(data: bytes, draw: Random) -> bytes:
    """A GLB whose JSON was changed, with lengths that are right again."""
    size = struct.unpack_from("<I", data, 12)[0]
    text = json_text(change_json(json.loads(data[20 : 20 + size]), draw))
    text += b" " * (-len(text) % 4)
    rest = text + data[20 + size :]
    return struct.pack("<4sIII4s", b"glTF", 2, 20 + len(rest), len(text), b"JSON") + rest


# ---- training and evaluation


def _shards() -> list[bytes]:
    from emoface.training.corpus.clips import Clip, save_clips

    clips = [
        Clip(
            name, "captured", "speaker", "en", "happy", mel=np.zeros((2 * frames, 64), np.float32),
            lips=np.zeros((frames, 56), np.float32),
        )
        for name, frames in (("one", 4), ("two", 6))
    ]  # fmt: skip
    return [_saved(lambda path: save_clips(path, clips), ".npz")]


def _load_shard(path: Path) -> None:
    from emoface.training.corpus.clips import read_shard

    read_shard(path)


def _mead_takes() -> list[bytes]:
    rows = np.random.default_rng(3).normal(0, 0.1, (5, 403)).astype(np.float32)
    return [_saved(lambda path, take=take: np.save(path, take), ".npy") for take in (rows, rows[None].astype(float))]


def _load_take(path: Path) -> None:
    from emoface.training.corpus.adapters.flame import load_take

    load_take(path)


def _judges() -> list[bytes]:
    from emoface.evaluation.judge import FILE

    return [FILE.read_bytes()]


def _load_judge(path: Path) -> None:
    from emoface.evaluation.judge import load_judge

    load_judge(path)


# ---- checkpoints


@cache
def _checkpoint() -> tuple[dict[str, Any], dict[str, Any]]:
    from emoface.checkpoints import load_checkpoint
    from tests.conftest import make_tiny_checkpoint

    content = load_checkpoint(make_tiny_checkpoint(Path(tempfile.mkdtemp(prefix="emoface-fuzz-")) / "tiny.safetensors"))
    return content.config, content.tensors


def _packed(config: Any, tensors: dict[str, Any], format_too: bool = True) -> bytes:
    from safetensors.torch import save

    from emoface.checkpoints import FORMAT, content_digest

    if isinstance(config, dict) and format_too:
        config = {**config, "format": FORMAT}
    text = json_text(config).decode()
    digest = content_digest(tensors, json.loads(text)) if len(text) < 1 << 20 else ""
    return save(tensors, metadata={"emoface_config": text, "content_sha256": digest})


def _checkpoints() -> list[bytes]:
    return [_packed(*_checkpoint())]


def _in_config(_: bytes, draw: Random) -> bytes:
    """A checkpoint whose config was changed, with a digest that is right again."""
    config, tensors = _checkpoint()
    config = json.loads(json.dumps(config))
    part = draw.choice(sorted(config))
    if isinstance(config[part], (dict, list)):
        config[part] = change_json(config[part], draw)
    else:
        config = change_json(config, draw)
    return _packed(config, tensors)


def _in_tensors(_: bytes, draw: Random) -> bytes:
    """A checkpoint whose tensors were changed, with a digest that is right again."""
    import torch

    config, tensors = _checkpoint()
    tensors = dict(tensors)
    for _ in range(draw.choice((1, 2))):
        name = draw.choice(sorted(tensors))
        value = tensors.pop(name)
        kind = draw.randrange(7)
        if kind == 0:
            tensors[name] = torch.full_like(value, draw.choice((0, 1, 100)))
        elif kind == 1:
            tensors[name] = value[:1].contiguous() if value.dim() else value
        elif kind == 2:
            tensors[name] = value.to(draw.choice((torch.int64, torch.float64, torch.bool, torch.int8, torch.bfloat16)))
        elif kind == 3:
            tensors[name] = torch.zeros(draw.choice(((), (0,), (1,), (3, 0, 2), (2, 2, 2, 2))))
        elif kind == 4 and value.is_floating_point():
            tensors[name] = value * draw.choice((1e30, 1e-30, float("nan"), float("inf"), -1.0))
        elif kind == 5:
            tensors[draw.choice(("", "x", name + ".x", name.upper()))] = value
    return _packed(config, tensors)


@cache
def _voice() -> tuple[np.ndarray, int]:
    return np.random.default_rng(0).normal(0, 0.1, 4800).astype(np.float32), 16000


def _load_checkpoint(path: Path) -> None:
    import emoface

    pipeline = emoface.load(path)
    pipeline.animate(_voice(), emotion="happy")


# ---- sound


def _sounds() -> list[bytes]:
    import soundfile

    voice, rate = _voice()
    found = []
    kinds = (("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("AIFF", "PCM_24"))
    for container, subtype in kinds:
        file = io.BytesIO()
        soundfile.write(file, np.stack([voice, voice], 1), rate, subtype, format=container)
        found.append(file.getvalue())
    return found


def _load_sound(path: Path) -> None:
    from emoface.audio.load import open_audio

    for _ in open_audio(path).blocks(16000):
        pass


_JSON_TOKENS = (b"[", b"{", b'"', b"}", b"]", b",", b":", b"null", b"NaN", b"1e999", b'{"a":', b"\\ud800", b"\xff")

LOADERS = {
    "flame .pkl": Loader(".pkl", _pickles, _load_flame, (), _PICKLE_TOKENS, share=2.0),
    "flame .npz": Loader(".npz", lambda: [_npz(**_flame())], _load_flame, (change_npz,)),
    "landmarks .npy": Loader(".npy", _landmark_files, _load_landmarks, (), _PICKLE_TOKENS),
    "motion .npz": Loader(".npz", _motion_files, _use_motion, (change_npz,), share=2.0),
    "live link .csv": Loader(".csv", _tables, _use_motion, (change_table,), (b",", b"\n", b'"', b"\0"), share=2.0),
    "live link .csv, fps": Loader(".csv", _tables, lambda path: _use_motion(path, fps=60), (change_table,)),
    "controls .json": Loader(".json", _controls, _load_controls, (_in_json,), _JSON_TOKENS, share=2.0),
    "names .json": Loader(".json", _names, _load_names, (_in_json,), _JSON_TOKENS),
    "ict .npz": Loader(".npz", _ict_files, _load_rig, (change_npz,), share=0.2),
    "ict .obj": Loader(".obj", _objs, _load_objs, (), (b"v ", b"f ", b"/", b"\n", b" ")),
    "avatar .glb": Loader(".glb", _avatars, _load_rig, (_in_glb,), _JSON_TOKENS, memory=1024, share=2.0),
    "avatar .vrm": Loader(".vrm", _avatars, _load_rig, (_in_glb,), memory=1024),
    "checkpoint": Loader(".safetensors", _checkpoints, _load_checkpoint, (_in_config, _in_tensors), share=0.5),
    "corpus shard": Loader(".npz", _shards, _load_shard, (change_npz,), share=0.5),
    "3DMEAD .npy": Loader(".npy", _mead_takes, _load_take, (), _PICKLE_TOKENS, share=0.5),
    "judge": Loader(".npz", _judges, _load_judge, (change_npz,), share=0.5),
    "sound": Loader(".wav", _sounds, _load_sound, (), (b"RIFF", b"data", b"fmt ", b"fLaC", b"OggS"), memory=512),
}
"""Name -> loader."""
