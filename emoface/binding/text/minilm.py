"""Full sentence encoder as a text modality: a small BERT forward over a local all-MiniLM-L6-v2 folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from emoface import checks
from emoface.binding.text.tokenizer import WordPiece, pad_ids
from emoface.limits import Account, budget
from emoface.reading import check_safetensors, read_json, read_text

_SIZES = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size",
    "max_position_embeddings",
)  # fmt: skip


def _check_sizes(path: Path, config: Any, stored: int) -> None:
    """Refuse sizes that a file of ``stored`` bytes cannot fill, before weights of these sizes are made."""
    if not isinstance(config, dict):
        raise ValueError(f"{path} must hold a JSON object, got {type(config).__name__}")
    sizes = {name: checks.whole(f"{path}: {name}", config[name], 1) for name in _SIZES if name in config}
    if len(sizes) < len(_SIZES):
        return  # the encoder names what is missing
    vocabulary, width, layers, heads, inner, places = sizes.values()
    kinds = checks.whole(f"{path}: type_vocab_size", config.get("type_vocab_size", 2), 1)
    if width % heads:
        raise ValueError(f"{path}: hidden_size {width} must be a multiple of num_attention_heads {heads}")
    weights = width * (vocabulary + places + kinds + layers * (4 * width + 2 * inner))
    Account(path).claim("its sizes", 4 * weights, held=4 * stored)  # float32, of a byte or more each


class _Layer(nn.Module):
    """Post-norm BERT layer (Devlin et al. 2019)."""

    def __init__(self, width: int, heads: int, inner: int, epsilon: float) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.attention_norm = nn.LayerNorm(width, epsilon)
        self.expand, self.contract = nn.Linear(width, inner), nn.Linear(inner, width)
        self.output_norm = nn.LayerNorm(width, epsilon)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x (B, L, C), mask bool (B, 1, 1, L) -> (B, L, C)."""
        batch, length, width = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, self.heads, width // self.heads).transpose(1, 2)  # (B, H, L, D)

        attended = F.scaled_dot_product_attention(
            split(self.query(x)), split(self.key(x)), split(self.value(x)), attn_mask=mask
        )
        x = self.attention_norm(x + self.output(attended.transpose(1, 2).reshape(batch, length, width)))
        return self.output_norm(x + self.contract(F.gelu(self.expand(x))))


_NAMES = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
    "output": "attention.output.dense", "attention_norm": "attention.output.LayerNorm",
    "expand": "intermediate.dense", "contract": "output.dense", "output_norm": "output.LayerNorm",
}  # fmt: skip


class MiniLMEncoder(nn.Module):
    """The frozen sentence encoder with the feature interface of ``TextEncoder``: ``tokenize`` and ``forward``.

    Args:
        config: the BERT sizes of a Hugging Face ``config.json``.
        pieces: vocabulary, in the order of the ids.

    Raises:
        ValueError: a size is missing, or the model is not a GELU BERT.
    """

    def __init__(self, config: dict[str, Any], pieces: Sequence[str]) -> None:
        super().__init__()
        missing = [name for name in _SIZES if name not in config]
        if missing or config.get("hidden_act", "gelu") != "gelu":
            raise ValueError(
                f"config must be a BERT's with {', '.join(_SIZES)} and hidden_act gelu, got missing {missing} and "
                f"hidden_act {config.get('hidden_act', 'gelu')!r}"
            )
        width = config["hidden_size"]
        epsilon = config.get("layer_norm_eps", 1e-12)
        self.width: int = width
        self.max_tokens: int = config["max_position_embeddings"]
        self.tokenizer = WordPiece(pieces)
        self.words = nn.Embedding(config["vocab_size"], width)
        self.places = nn.Embedding(self.max_tokens, width)
        self.kinds = nn.Embedding(config.get("type_vocab_size", 2), width)
        self.embedding_norm = nn.LayerNorm(width, epsilon)
        heads, inner = config["num_attention_heads"], config["intermediate_size"]
        self.layers = nn.ModuleList(_Layer(width, heads, inner, epsilon) for _ in range(config["num_hidden_layers"]))

    @classmethod
    def from_folder(cls, folder: str | Path) -> MiniLMEncoder:
        """Load ``config.json``, ``vocab.txt`` and ``model.safetensors`` of a local model folder, frozen.

        Raises:
            FileNotFoundError: a file is missing. ValueError: a file is damaged or larger than the budget, the config
                claims more weights than the file can hold, or weights do not fit the config.
        """
        folder = Path(folder)
        for name in ("config.json", "vocab.txt", "model.safetensors"):
            if not (folder / name).is_file():
                raise FileNotFoundError(
                    f"folder must hold config.json, vocab.txt and model.safetensors; {name} is not in {folder}"
                )
        config = read_json(folder / "config.json")
        stored = check_safetensors(folder / "model.safetensors", "model")
        _check_sizes(folder / "config.json", config, stored)
        pieces = read_text(folder / "vocab.txt", budget().json).rstrip("\n").split("\n")  # as many objects as of JSON
        encoder = cls(config, pieces)
        try:
            weights = load_file(folder / "model.safetensors")
        except SafetensorError as error:
            raise ValueError(f"{folder / 'model.safetensors'} is not a complete safetensors file: {error}") from error
        encoder._load(weights)
        return encoder.requires_grad_(False).eval()

    def _load(self, weights: dict[str, Tensor]) -> None:
        weights = {name.removeprefix("bert."): value for name, value in weights.items()}
        pairs: list[tuple[nn.Module, str]] = [
            (self.words, "embeddings.word_embeddings"), (self.places, "embeddings.position_embeddings"),
            (self.kinds, "embeddings.token_type_embeddings"), (self.embedding_norm, "embeddings.LayerNorm"),
        ]  # fmt: skip
        for index, layer in enumerate(self.layers):
            pairs += [(getattr(layer, ours), f"encoder.layer.{index}.{theirs}") for ours, theirs in _NAMES.items()]
        for module, prefix in pairs:
            try:
                module.load_state_dict({key: weights[f"{prefix}.{key}"].float() for key in module.state_dict()})
            except (KeyError, RuntimeError) as error:
                raise ValueError(
                    f"model.safetensors must be a BERT of the config's sizes, got {prefix}: {error}"
                ) from None

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Texts -> ids int64 (B, L) with ``[CLS]`` and ``[SEP]``, mask bool (B, L)."""
        first, last = self.tokenizer.ids["[CLS]"], self.tokenizer.ids["[SEP]"]
        rows = [[first, *self.tokenizer.encode(text)[: self.max_tokens - 2], last] for text in texts]
        ids, mask = pad_ids(rows)
        device = self.words.weight.device
        return ids.to(device), mask.to(device)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token features: ids int64 (B, L), mask bool (B, L) -> (B, L, C)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.embedding_norm(self.words(ids) + self.places(places) + self.kinds.weight[0])  # (B, L, C)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        return x

    def sentence(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Unit-norm sentence vectors, the mean of the token features: (B, C) (Reimers & Gurevych 2019)."""
        weight = mask[..., None].to(self.words.weight.dtype)
        return F.normalize((self(ids, mask) * weight).sum(1) / weight.sum(1), dim=-1)
