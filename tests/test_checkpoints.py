"""Checkpoint files: round trip, and every way in which a file can be wrong."""

import json
import pickle

import pytest
import torch
from safetensors.torch import save_file

from emoface.checkpoints import load_checkpoint, save_checkpoint

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
    assert not list(saved.parent.glob("*.tmp"))


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
