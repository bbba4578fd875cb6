"""WordPiece tokenisation in plain Python, by the rules of an uncased BERT; the vocabulary travels with the weights."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

PAD, UNKNOWN = "[PAD]", "[UNK]"
LONGEST_WORD = 100
_PIECE = re.compile(r"(##)?[\x21-\x7e‘’“”–—…£€°ßæðøłđ]+")
_PLACEHOLDER = re.compile(r"\[(unused\d+|PAD|UNK|CLS|SEP|MASK)\]")
_CJK = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
        (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # fmt: skip


def _is_punctuation(character: str) -> bool:
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character).startswith("P")


def split_words(text: str) -> list[str]:
    """Lower-case, strip accents, and split at white space and around punctuation (BERT's basic tokeniser).

    Args:
        text: any string.

    Returns:
        Words and single punctuation marks, in order; ``"Café, now!"`` gives ``["cafe", ",", "now", "!"]``.
    """
    words: list[str] = []
    current = ""
    for character in unicodedata.normalize("NFD", text).lower():
        category = unicodedata.category(character)
        if category == "Mn" or character == "\ufffd":
            continue
        if character in "\t\n\r" or category == "Zs":
            alone = ""
        elif category.startswith("C"):
            continue
        elif _is_punctuation(character) or any(low <= ord(character) <= high for low, high in _CJK):
            alone = character
        else:
            current += character
            continue
        if current:
            words.append(current)
        if alone:
            words.append(alone)
        current = ""
    if current:
        words.append(current)
    return words


def prune_pieces(pieces: Iterable[str]) -> list[str]:
    """``[PAD]``, ``[UNK]`` and the pieces of Latin letters, digits and common punctuation, in their order.

    English text tokenises the same with the pruned vocabulary: a dropped piece cannot match inside it.
    """
    pieces = list(pieces)
    kept = [piece for piece in pieces if _PIECE.fullmatch(piece) and not _PLACEHOLDER.fullmatch(piece)]
    return [PAD, UNKNOWN, *kept]


class WordPiece:
    """Greedy longest-match-first sub-word tokeniser (Schuster & Nakajima 2012, as in BERT).

    Args:
        pieces: the vocabulary; a piece's place is its id. It starts with ``[PAD]`` and holds ``[UNK]``; pieces
            that continue a word start with ``##``.

    Raises:
        ValueError: the vocabulary lacks one of these or repeats a piece.
    """

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = list(pieces)
        self.ids = {piece: index for index, piece in enumerate(self.pieces)}
        if self.ids.get(PAD) != 0 or UNKNOWN not in self.ids:
            raise ValueError(f"pieces must start with {PAD!r} and hold {UNKNOWN!r}, got {self.pieces[:2]} first")
        if len(self.ids) != len(self.pieces):
            raise ValueError(f"pieces must be distinct, got {len(self.pieces) - len(self.ids)} repeats")
        self.unknown = self.ids[UNKNOWN]

    @classmethod
    def from_bytes(cls, data: Tensor) -> WordPiece:
        """The tokeniser whose vocabulary is a uint8 tensor (N,) of newline-joined UTF-8 pieces."""
        return cls(data.cpu().numpy().tobytes().decode("utf-8").split("\n"))

    def to_bytes(self) -> Tensor:
        """The vocabulary as a uint8 tensor (N,), for :meth:`from_bytes`."""
        return torch.frombuffer(bytearray("\n".join(self.pieces).encode("utf-8")), dtype=torch.uint8).clone()

    def word(self, word: str) -> list[int]:
        """Ids of one word from :func:`split_words`; ``[UNK]`` alone if any part of it has no piece."""
        if len(word) > LONGEST_WORD:
            return [self.unknown]
        found: list[int] = []
        start = 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                index = self.ids.get(prefix + word[start:end])
                if index is not None:
                    break
            else:
                return [self.unknown]
            found.append(index)
            start = end
        return found

    def encode(self, text: str) -> list[int]:
        """Ids of all pieces of a text, without start or end marks; ``[UNK]`` for a text without any."""
        return [index for word in split_words(text) for index in self.word(word)] or [self.unknown]

    def batch(self, texts: Sequence[str], longest: int) -> tuple[Tensor, Tensor]:
        """Encode and pad several texts.

        Args:
            texts: B strings.
            longest: texts of more pieces are cut to this many.

        Returns:
            ids int64 (B, L) padded with 0, mask bool (B, L), true at pieces.
        """
        return pad_ids([self.encode(text)[:longest] for text in texts])


def pad_ids(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Pad lists of ids to ids int64 (B, L), filled with 0, and mask bool (B, L), true at given ids."""
    width = max((len(row) for row in rows), default=1)
    ids = torch.tensor([[*row] + [0] * (width - len(row)) for row in rows], dtype=torch.long).reshape(-1, width)
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.long).reshape(-1, 1)
    return ids, torch.arange(width) < lengths
