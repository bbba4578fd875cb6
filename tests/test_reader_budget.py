"""Readers of training and evaluation keep the one budget: claims are refused before memory is taken for them."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from emoface.binding.text.minilm import MiniLMEncoder
from emoface.checkpoints import load_checkpoint
from emoface.evaluation.judge import load_judge
from emoface.limits import use_budget
from emoface.training.corpus.adapters.flame import load_take
from emoface.training.corpus.adapters.takes import load_beat
from emoface.training.corpus.build import CorpusConfig
from emoface.training.corpus.clips import Clip, read_shard, save_clips
from emoface.training.run import load_tensors, read_config

HUGE = (10**6, 10**4)
BERT = {
    "vocab_size": 4, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8,
    "max_position_embeddings": 4,
}  # fmt: skip


def npy(shape: tuple[int, ...], body: bytes = b"") -> bytes:
    """An .npy file whose header claims a shape of float64."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return file.getvalue() + body


def deflated(path: Path, **arrays: np.ndarray) -> None:
    with open(path, "wb") as file:  # of a path, numpy would change the name
        np.savez_compressed(file, **arrays)
    assert path.stat().st_size < 2e5


def a_shard(path: Path) -> None:
    deflated(path, mel=np.zeros((2**16, 64), np.float32), clips=np.frombuffer(b"[]", np.uint8))


def a_judge(path: Path) -> None:
    names = ("mean", "scale", "inner", "inner_bias", "outer", "outer_bias", "centre")
    deflated(path, **{name: np.zeros((2**14, 64)) for name in names})


def long_json(path: Path) -> None:
    path.write_text(json.dumps({"names": ["x" * 200_000]}))


def a_safetensors(path: Path) -> None:
    save_file({"a": torch.zeros(2**20)}, path)


@pytest.mark.parametrize(
    "make, load, words",
    [
        (a_shard, read_shard, r"take.* is not a readable corpus shard: path .*take: 'mel' brings its content to 17 MB"),
        (a_judge, load_judge, r"path .*take: '\w+' brings its content to 8.4 MB"),
        (lambda path: path.write_bytes(npy((2**18,), bytes(2**21))), load_take, "path .*take: its array brings its"),
        (long_json, lambda path: read_config(CorpusConfig, path), "path .*take has 200 kB, at most 33 kB are read"),
        (long_json, load_beat, "take is not a BEAT facial file: path .*take has 200 kB, at most 33 kB are read"),
        (a_safetensors, load_tensors, "path .*take: the weights brings its content to 4.2 MB, the budget is 1 MB"),
        (a_safetensors, load_checkpoint, "path .*take: the checkpoint brings its content to 4.2 MB"),
    ],
    ids=["shard", "judge", "3DMEAD", "config", "BEAT", "weights", "checkpoint"],
)
def test_what_exceeds_the_budget_is_not_read(
    make: Callable[[Path], Any], load: Callable[[Path], Any], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "take"
    make(path)
    tracemalloc.start()
    try:
        with use_budget("1M"), pytest.raises(ValueError, match=words):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_a_shape_that_the_file_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "take.npy"
    path.write_bytes(npy(HUGE, bytes(8)))
    with pytest.raises(ValueError, match=r"path .*take\.npy is not an array .*: shape \(1000000, 10000\) of float64"):
        load_take(path)
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(ValueError, match=r"path .*take\.npy is not an array of numbers or text"):
        load_take(path)


def bert(folder: Path, **sizes: Any) -> Path:
    """A folder of a model whose config claims other sizes than its weights have."""
    (folder / "config.json").write_text(json.dumps({**BERT, **sizes}))
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n")
    save_file({"embeddings.word_embeddings.weight": torch.zeros(4, 8)}, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize(
    "sizes, words",
    [
        ({"vocab_size": 10**9}, r"config\.json: its sizes claims 32 GB, but the file can hold 9\d\d bytes"),
        ({"num_hidden_layers": 10**7}, r"config\.json: its sizes claims 15 GB, but the file can hold"),
        ({"num_attention_heads": 0}, r"config\.json: num_attention_heads must be at least 1, got 0"),
        ({"num_attention_heads": 3}, r"hidden_size 8 must be a multiple of num_attention_heads 3"),
        ({"hidden_size": 1e9}, r"config\.json: hidden_size must be an integer, got float"),
    ],
)
def test_sizes_of_a_model_are_held_against_its_weights(tmp_path: Path, sizes: dict[str, Any], words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        MiniLMEncoder.from_folder(bert(tmp_path, **sizes))


def test_other_files_of_a_model(tmp_path: Path) -> None:
    folder = bert(tmp_path)
    (folder / "model.safetensors").write_bytes(b"\x08" + bytes(7) + b"{'a': 1}")
    with pytest.raises(ValueError, match=r"config\.json: its sizes claims"):
        MiniLMEncoder.from_folder(folder)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 8) + b"{'a': 1}" + bytes(4000))
    with pytest.raises(ValueError, match=r"model\.safetensors is not a complete safetensors file"):
        MiniLMEncoder.from_folder(folder)
    (folder / "config.json").write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"path .*config\.json is not readable: JSON nested more than 64 deep"):
        MiniLMEncoder.from_folder(folder)
    (folder / "config.json").write_text("[]")
    with pytest.raises(ValueError, match=r"config\.json must hold a JSON object, got list"):
        MiniLMEncoder.from_folder(folder)


def test_damaged_weights_and_configs_are_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"\x08" + bytes(7) + b"{'a': 1}")
    with pytest.raises(ValueError, match=r"model\.safetensors does not hold weights of a stage"):
        load_tensors(path)
    (tmp_path / "config.json").write_text('{"seed": ')
    with pytest.raises(ValueError, match=r"path .*config\.json is not readable: not JSON"):
        read_config(CorpusConfig, tmp_path / "config.json")


def test_clips_of_a_shard_may_be_changed(tmp_path: Path) -> None:
    clip = Clip("one", "captured", "speaker", "en", None, mel=np.zeros((4, 64), np.float32), lips=None)
    save_clips(tmp_path / "shard.npz", [clip])
    read_shard(tmp_path / "shard.npz")[0].mel[:] = 1
