"""Checkpoint files: round trip, and every way in which a file can be wrong."""

import json
import os
import pickle
import struct

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import emoface
from emoface import checkpoints
from emoface.checkpoints import Checkpoint, content_digest, load_checkpoint, save_checkpoint, save_difference
from emoface.demo import demo_path
from emoface.face.layout import FACE_NAMES, FACE_SIZE
from emoface.limits import use_budget
from emoface.pipeline import Pipeline

TENSORS = {"a.weight": torch.randn(3, 4).half(), "a.table": torch.tensor([1, -2], dtype=torch.int8)}


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "one.safetensors"
    save_checkpoint(path, TENSORS, {"part": {"size": 3}})
    return path


def test_round_trip(saved):
    checkpoint = load_checkpoint(saved)
    assert checkpoint.config["part"] == {"size": 3}
    part = checkpoint.part("a")
    assert part["weight"].dtype == torch.float32 and torch.equal(part["weight"].half(), TENSORS["a.weight"])
    assert part["table"].dtype == torch.int8
    assert os.listdir(saved.parent) == [saved.name]


def test_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"checkpoint .*nothing.safetensors cannot be read: no such file"):
        load_checkpoint(tmp_path / "nothing.safetensors")
    with pytest.raises(TypeError, match=r"must be a path .* got int"):
        load_checkpoint(3)


@pytest.mark.parametrize("content", [b"", b"not safetensors at all", pickle.dumps({"a": 1})])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a complete safetensors file"):
        load_checkpoint(path)


def test_truncated(saved):
    saved.write_bytes(saved.read_bytes()[:-7])
    with pytest.raises(ValueError, match="not a complete safetensors file"):
        load_checkpoint(saved)


def test_tampered_weights(saved):
    content = bytearray(saved.read_bytes())
    content[-1] ^= 1
    saved.write_bytes(bytes(content))
    with pytest.raises(ValueError, match="was changed: SHA-256"):
        load_checkpoint(saved)


def test_tampered_config(saved):
    saved.write_bytes(saved.read_bytes().replace(b'\\"size\\": 3', b'\\"size\\": 4'))
    with pytest.raises(ValueError, match="was changed: SHA-256"):
        load_checkpoint(saved)


def test_foreign_safetensors(tmp_path):
    path = tmp_path / "foreign.safetensors"
    save_file({"x": torch.zeros(2)}, path)
    with pytest.raises(ValueError, match="not an emoface checkpoint"):
        load_checkpoint(path)
    save_file({"x": torch.zeros(2)}, path, {"emoface_config": json.dumps({"format": "x"}), "content_sha256": ""})
    with pytest.raises(ValueError, match="must have format 'emoface-1', got 'x'"):
        load_checkpoint(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.bfloat16, torch.float64])
def test_weights_that_are_not_finite(tmp_path, value, dtype):
    weights = torch.zeros(5, dtype=dtype)
    weights[3] = value
    save_checkpoint(tmp_path / "a.safetensors", {"a.ok": torch.ones(2), "a.bad": weights}, {})
    with pytest.raises(ValueError, match=r"checkpoint .*a\.safetensors holds weights that are not finite in 'a.bad'"):
        load_checkpoint(tmp_path / "a.safetensors")


def with_config(path, text):
    save_file({"x": torch.zeros(2)}, path, {"emoface_config": text, "content_sha256": ""})
    return path


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "{", "\x00", "[]", "3", '"a"'])
def test_configs_that_are_no_json_objects(tmp_path, text):
    with pytest.raises(ValueError, match=r"checkpoint .*a\.safetensors (has a damaged config|must have format)"):
        load_checkpoint(with_config(tmp_path / "a.safetensors", text))


def test_sizes_are_checked_before_reading(tmp_path, saved):
    big = tmp_path / "big.safetensors"
    save_checkpoint(big, {"a.b": torch.zeros(2**19)}, {})
    with use_budget("1M"), pytest.raises(ValueError, match=r"big\.safetensors: the checkpoint brings its"):
        load_checkpoint(big)
    header = b"{" + b" " * (5 << 20) + b"}"
    big.write_bytes(struct.pack("<Q", len(header)) + header)
    with pytest.raises(ValueError, match="has a header of 5242882 bytes, at most 4194304 are read"):
        load_checkpoint(big)
    big.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    with pytest.raises(ValueError, match="not a complete safetensors file"):
        load_checkpoint(big)


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(IsADirectoryError, match="cannot be read: it is a folder"):
        load_checkpoint(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        load_checkpoint(tmp_path / "pipe")


@pytest.mark.parametrize(
    "part, change, words",
    [
        ("denoiser", {"blocks": 4000}, "asks for more weights than the checkpoint holds"),
        ("denoiser", {"channels": 2**16, "heads": 1}, "asks for more weights than the checkpoint holds"),
        ("denoiser", {"feed_forward": 2**16}, "asks for more weights than the checkpoint holds"),
        ("denoiser", {"blocks": 10**9}, "its config has the number"),
        ("denoiser", {"blocks": 0}, "blocks must be in 1..65536, got 0"),
        ("denoiser", {"heads": 0}, "heads must be in 1..65536, got 0"),
        ("denoiser", {"heads": 5}, "channels must be divisible by heads"),
        ("denoiser", {"heads": True}, "heads must be an integer, got bool"),
        ("denoiser", {"window": 0}, "window must be in 1..65536, got 0"),
        ("denoiser", {"window": 12}, "window must exceed lookahead and context"),
        ("denoiser", {"context": -1}, "context must be in 0..65536"),
        ("denoiser", {"window": 100.0}, "window must be an integer, got float"),
        ("denoiser", {"adain_residual": float("nan")}, "adain_residual must be at least 0 and finite"),
        ("lips", {"blocks": 10**6}, "its config has the number"),
        ("lips", {"blocks": 60_000}, "asks for more weights than the checkpoint holds"),
        ("lips", {"blocks": 2**64}, "its config has the number 18446744073709551616, no size"),
        ("lips", {"width": 10**7}, "its config has the number"),
        ("audio", {"channels": 10**6}, "its config has the number"),
        ("emotion", {"width": 10**9}, "its config has the number"),
    ],
)
def test_configs_that_do_not_fit_are_refused_before_anything_is_made(tiny_checkpoint, part, change, words):
    known = load_checkpoint(tiny_checkpoint)
    config = json.loads(json.dumps(known.config))
    config[part].update(change)
    with pytest.raises(ValueError, match=rf"config does not fit this version of emoface: .*{words}"):
        Pipeline(Checkpoint(config, known.tensors, content_digest(known.tensors, config)))


def test_a_checkpoint_of_the_first_layout_holds_the_head_still(tiny_checkpoint):
    known = load_checkpoint(tiny_checkpoint)
    config, tensors = json.loads(json.dumps(known.config)), dict(known.tensors)
    config["layout"]["names"] = list(FACE_NAMES)
    for name in ("motion.mean", "motion.deviation", "denoiser.leave.weight", "denoiser.leave.bias"):
        tensors[name] = tensors[name][:FACE_SIZE].clone()
    enter = tensors["denoiser.enter.weight"]  # the last column is the flag of known frames
    tensors["denoiser.enter.weight"] = torch.cat([enter[:, :FACE_SIZE], enter[:, -1:]], 1)
    with pytest.raises(ValueError, match="config does not fit this version of emoface"):
        Pipeline(Checkpoint(config, tensors, content_digest(tensors, config)))
    config["denoiser"]["motion"] = FACE_SIZE
    pipeline = Pipeline(Checkpoint(config, tensors, content_digest(tensors, config)))
    made = pipeline.animate(demo_path(), emotion="happy")
    assert made.motion.shape == (len(made), 56) and not made.neck_pose.any() and made.expression.any()
    whole = Pipeline(known).animate(demo_path(), emotion="happy")
    assert whole.neck_pose.any(), "a checkpoint of the second layout turns it"


class TestDifference:
    """A checkpoint that is stored as what differs from the default one."""

    @pytest.fixture
    def base(self, tmp_path, monkeypatch):
        path = tmp_path / "default.safetensors"
        torch.manual_seed(0)
        tensors = {"a.weight": torch.randn(40, 30), "a.bias": torch.randn(40), "b.table": torch.tensor([1, -2])}
        save_checkpoint(path, tensors, {"a": {"size": 3}, "b": {"size": 4}})
        monkeypatch.setattr(checkpoints, "DEFAULT", path)
        return tensors

    def test_round_trip(self, base, tmp_path):
        own = {**base, "a.weight": base["a.weight"] + 0.01 * torch.randn(40, 30), "a.bias": base["a.bias"] + 1}
        own["c.new"] = torch.randn(50, 30).half()
        own["a.weight"][3] = base["a.weight"][3]  # a row that does not differ
        path = tmp_path / "own.safetensors"
        save_difference(path, own, {"a": {"size": 3}, "b": {"size": 5}, "c": {}})
        found = load_checkpoint(path)
        assert {name: found.config[name] for name in "abc"} == {"a": {"size": 3}, "b": {"size": 5}, "c": {}}
        assert found.tensors.keys() == own.keys() and found.path == path
        change = (own["a.weight"] - base["a.weight"]).abs().amax(1, keepdim=True)
        assert ((found.tensors["a.weight"] - own["a.weight"]).abs() <= change / 254 + 1e-7).all()
        for name in ("a.bias", "b.table", "c.new"):
            assert torch.equal(found.tensors[name], own[name].float() if name == "c.new" else own[name])
        with safe_open(path, "pt") as file:
            assert set(file.keys()) == {"a.weight", "scale.a.weight", "a.bias", "c.new"}  # what is the same is left out
        again = pickle.loads(pickle.dumps(found))
        assert again.sha256 == found.sha256 and torch.equal(again.tensors["a.weight"], found.tensors["a.weight"])

    def test_what_it_stands_on(self, base, tmp_path):
        path = tmp_path / "own.safetensors"
        save_difference(path, {**base, "a.bias": base["a.bias"] + 1}, {})
        save_checkpoint(checkpoints.DEFAULT, {**base, "a.bias": base["a.bias"] + 2}, {})
        with pytest.raises(ValueError, match="stands on another default checkpoint than this package's: on SHA-256"):
            load_checkpoint(path)
        with pytest.raises(ValueError, match=r"needs all weights of its base: a.weight \(40, 30\), got none"):
            save_difference(path, {"a.bias": base["a.bias"]}, {})

    def test_the_default_stands_alone(self, base, tmp_path):
        save_checkpoint(checkpoints.DEFAULT, {}, {"base": load_checkpoint().sha256, "parts": {}})
        with pytest.raises(ValueError, match="must stand alone, got what differs from a default checkpoint"):
            load_checkpoint()

    @pytest.mark.parametrize("change", [torch.int8, torch.float32, "shape", "name", "scale"])
    def test_damage(self, base, tmp_path, change):
        path, digest = tmp_path / "own.safetensors", load_checkpoint().sha256
        name = "a.other" if change == "name" else "a.weight"
        rows = 41 if change == "shape" else 40
        stored = {name: torch.ones(rows, 30, dtype=change if isinstance(change, torch.dtype) else torch.int8)}
        stored[f"scale.{name}"] = torch.ones(rows, 1 if change != "scale" else 30)
        save_checkpoint(path, stored, {"base": digest, "parts": {}})
        if change == torch.int8:
            assert torch.equal(load_checkpoint(path).tensors[name], base[name] + 1)
            return
        with pytest.raises(ValueError, match=r"is damaged: the difference of .* must fit the base"):
            load_checkpoint(path)

    def test_parts(self, base, tmp_path):
        path = tmp_path / "own.safetensors"
        save_checkpoint(path, {}, {"base": load_checkpoint().sha256, "parts": [1]})
        with pytest.raises(ValueError, match="must hold the parts of its config that differ"):
            load_checkpoint(path)


def test_fast_is_the_bundled_student():
    default, fast = load_checkpoint(), load_checkpoint("fast")
    assert fast.path.name == "fast.safetensors" and fast.path.stat().st_size < 5e6
    assert fast.config["sampling"]["steps"] == 1 and fast.config["denoiser"]["guided"]
    for name in ("speech.", "lips.", "emotion."):
        for key in (key for key in default.tensors if key.startswith(name)):
            assert torch.equal(default.tensors[key], fast.tensors[key])
    take = emoface.animate(demo_path(), emotion="happy", checkpoint="fast", guidance=2.0)
    assert take.metadata["checkpoint"] == fast.sha256
