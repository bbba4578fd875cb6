"""Checkpoint files: round trip, and every way in which a file can be wrong."""

import json
import os
import pickle
import struct

import pytest
import torch
from safetensors.torch import save_file

from emoface.checkpoints import Checkpoint, content_digest, load_checkpoint, save_checkpoint
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
