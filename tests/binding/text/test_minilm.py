"""The full sentence encoder, on randomly initialised tiny weights."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from emoface.binding.text.minilm import _NAMES, MiniLMEncoder

PIECES = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "sad", "man", "a", "##s", ","]
CONFIG = {
    "vocab_size": len(PIECES), "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 24, "max_position_embeddings": 12, "type_vocab_size": 2, "hidden_act": "gelu",
    "layer_norm_eps": 1e-12, "model_type": "bert",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A local model folder with random weights under the names of a Hugging Face BERT."""
    shapes = {"embeddings.word_embeddings.weight": (len(PIECES), 16), "embeddings.position_embeddings.weight": (12, 16)}
    shapes |= {"embeddings.token_type_embeddings.weight": (2, 16)}
    shapes |= {f"embeddings.LayerNorm.{part}": (16,) for part in ("weight", "bias")}
    for layer in range(2):
        for name in _NAMES.values():
            inner = {"intermediate.dense": (24, 16), "output.dense": (16, 24)}.get(name, (16, 16))
            shapes[f"encoder.layer.{layer}.{name}.weight"] = (16,) if name.endswith("LayerNorm") else inner
            shapes[f"encoder.layer.{layer}.{name}.bias"] = inner[:1]
    torch.manual_seed(0)
    save_file({name: 0.3 * torch.randn(shape) for name, shape in shapes.items()}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    (tmp_path / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    return tmp_path


def test_features_have_the_interface_of_the_small_encoder(folder):
    encoder = MiniLMEncoder.from_folder(folder)
    ids, mask = encoder.tokenize(["a sad man", "mans"])
    assert ids.tolist() == [[3, 7, 5, 6, 4], [3, 6, 8, 4, 0]]
    features = encoder(ids, mask)
    assert features.shape == (2, 5, encoder.width)
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert torch.allclose(encoder.sentence(ids, mask).norm(dim=-1), torch.ones(2), atol=1e-5)


def test_padding_does_not_change_a_text(folder):
    encoder = MiniLMEncoder.from_folder(folder)
    alone = encoder.sentence(*encoder.tokenize(["mans"]))
    together = encoder.sentence(*encoder.tokenize(["mans", "a sad man, a sad man"]))
    assert torch.allclose(alone[0], together[0], atol=1e-5)


def test_long_texts_are_cut_to_the_positions(folder):
    assert MiniLMEncoder.from_folder(folder).tokenize(["a " * 40])[0].shape == (1, 12)


def test_what_is_missing_is_named(folder):
    (folder / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"vocab\.txt is not in"):
        MiniLMEncoder.from_folder(folder)
    with pytest.raises(ValueError, match="hidden_size"):
        MiniLMEncoder({"vocab_size": 3}, PIECES)
    with pytest.raises(ValueError, match="relu"):
        MiniLMEncoder({**CONFIG, "hidden_act": "relu"}, PIECES)


def test_misfitting_weights_are_refused(folder):
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.output.dense.bias"]
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(ValueError, match=r"encoder\.layer\.1\.output\.dense"):
        MiniLMEncoder.from_folder(folder)


@pytest.mark.slow
def test_agrees_with_transformers(folder, tmp_path):
    if importlib.util.find_spec("transformers") is None:
        pytest.skip("transformers is not installed")
    script = tmp_path / "compare.py"  # a process of its own: transformers probes for a top-level module named kernels
    script.write_text(
        "import sys, torch\n"
        "from transformers import BertModel\n"
        "from emoface.binding.text.minilm import MiniLMEncoder\n"
        "ours = MiniLMEncoder.from_folder(sys.argv[1])\n"
        "theirs = BertModel.from_pretrained(sys.argv[1], add_pooling_layer=False).eval()\n"
        "ids, mask = ours.tokenize(['a sad man, a man', 'sad'])\n"
        "expected = theirs(input_ids=ids, attention_mask=mask.long()).last_hidden_state\n"
        "print(float((expected - ours(ids, mask))[mask].abs().max()))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) < 1e-4
