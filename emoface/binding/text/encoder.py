"""The prompt encoder: a small transformer on a table of static word-piece vectors, with emotion and level heads."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.binding.emotions import DEFAULT_LEVEL, EMOTIONS, LEVELS
from emoface.binding.text.doubts import CARRIED, variants, why_unclear
from emoface.binding.text.feelings import likely_meant, named_emotions, names_feeling, stems
from emoface.binding.text.lexicon import read_evidence
from emoface.binding.text.other_languages import OtherLanguage, read_other_language
from emoface.binding.text.plainly import plainly, without_units
from emoface.binding.text.tokenizer import WordPiece, split_words

LONGEST_PROMPT = 2000


@dataclass(frozen=True)
class TextReading:
    """What a prompt says about the speaker's emotion.

    Attributes:
        probabilities: emotion name -> share in 0..1, all eight, summing to 1; all neutral when the prompt was unclear.
        level: strength, 1 (slight) to 3 (strong).
        confidence: probability of the most likely emotion before any fall-back to neutral, 0..1.
        note: empty, or what the caller should be told (why the prompt was read as neutral).
        from_word: whether a listed word of another language than English told the emotion, without the network.
    """

    probabilities: dict[str, float]
    level: float
    confidence: float
    note: str = ""
    from_word: bool = False

    @property
    def emotion(self) -> str:
        """The most probable emotion."""
        return max(self.probabilities, key=lambda name: self.probabilities[name])


class Block(nn.Module):
    """Pre-norm transformer block whose attention adds a learnt bias per head and clipped token distance.

    ``softmax(q k^T / sqrt(D) + bias[h, clip(j - i, -R, R)]) v`` (relative bias as in T5, Raffel et al. 2020, section
    2.1, without its logarithmic buckets), so that a prompt may be longer than those of training.

    Args:
        width: C. heads: H, divides C. feedforward: inner width. reach: R, the distance beyond which the bias is
            constant. dropout: on both residual branches.
    """

    def __init__(self, width: int, heads: int, feedforward: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.reach = heads, reach
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.distance_bias = nn.Parameter(torch.zeros(heads, 2 * reach + 1))
        self.feedforward_norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, feedforward)
        self.contract = nn.Linear(feedforward, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """One block.

        Args:
            x: (B, L, C) float. mask: (B, L) bool, true at real tokens.

        Returns:
            (B, L, C).
        """
        batch, length, width = x.shape
        place = torch.arange(length, device=x.device)
        distance = (place[None, :] - place[:, None]).clamp(-self.reach, self.reach) + self.reach  # (L, L)
        bias = self.distance_bias[:, distance][None]  # (1, H, L, L)
        bias = bias.masked_fill(~mask[:, None, None, :], float("-inf"))  # (B, H, L, L)
        qkv = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, H, L, D)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x + self.dropout(self.out(attended.transpose(1, 2).reshape(batch, length, width)))
        hidden = F.gelu(self.expand(self.feedforward_norm(x)))
        return x + self.dropout(self.contract(hidden))


class TextEncoder(nn.Module):
    """Prompt -> sequence of token features, emotion logits and level logits.

    ``f = LN(Blocks(W table[ids]))``; ``logits = A p + a`` with p the maximum or the mean of f over the tokens, so
    features carry emotion and level linearly for whatever adapter is put on them. The table (model2vec recipe: each
    piece alone through a sentence encoder, PCA) is frozen: int8 rows, one float16 scale per row.

    Args:
        vocab_size: pieces in the vocabulary. vocab_bytes: length of the vocabulary as joined UTF-8.
        table_width: width of the static vectors. width: C of the features. layers, heads, feedforward, reach: see
            :class:`Block`. dropout: training only. max_tokens: longer prompts are cut to this many pieces.
        threshold: smallest confidence at which :meth:`predict` trusts the prompt; 0 trusts every prompt.
    """

    vocab: Tensor
    table: Tensor
    scale: Tensor

    def __init__(
        self,
        vocab_size: int,
        vocab_bytes: int,
        table_width: int = 128,
        width: int = 128,
        layers: int = 2,
        heads: int = 4,
        feedforward: int = 256,
        reach: int = 12,
        dropout: float = 0.1,
        max_tokens: int = 256,
        threshold: float = 0.3,
    ) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width must be a multiple of heads ({heads}), got {width}")
        self._config = {
            "vocab_size": vocab_size, "vocab_bytes": vocab_bytes, "table_width": table_width, "width": width,
            "layers": layers, "heads": heads, "feedforward": feedforward, "reach": reach, "dropout": dropout,
            "max_tokens": max_tokens, "threshold": threshold,
        }  # fmt: skip
        self.width, self.max_tokens, self.threshold = width, max_tokens, threshold
        self.register_buffer("vocab", torch.zeros(vocab_bytes, dtype=torch.uint8))
        self.register_buffer("table", torch.zeros(vocab_size, table_width, dtype=torch.int8))
        self.register_buffer("scale", torch.zeros(vocab_size, dtype=torch.float16))
        self.enter = nn.Linear(table_width, width)
        self.blocks = nn.ModuleList(Block(width, heads, feedforward, reach, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.emotion_head = nn.Linear(width, len(EMOTIONS))
        self.level_head = nn.Linear(width, len(LEVELS))
        self._tokenizer: WordPiece | None = None
        self.register_load_state_dict_post_hook(lambda module, _: module._forget_tokenizer())

    @classmethod
    def from_state(cls, config: dict[str, Any], tensors: dict[str, Tensor]) -> TextEncoder:
        """Rebuild an encoder from :meth:`config` and its state dict, in evaluation mode.

        Raises:
            ValueError: a tensor is missing, unexpected or of another shape than ``config`` says.
        """
        encoder = cls(**config)
        try:
            encoder.load_state_dict(tensors)
        except RuntimeError as error:
            raise ValueError(f"tensors must fit the text encoder's config, got: {error}") from None
        return encoder.eval()

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, JSON-ready."""
        return dict(self._config)

    def _forget_tokenizer(self) -> None:
        self._tokenizer = None

    @property
    def tokenizer(self) -> WordPiece:
        """The tokeniser of the vocabulary that is stored with the weights."""
        if self._tokenizer is None:
            self._tokenizer = WordPiece.from_bytes(self.vocab)
        return self._tokenizer

    def tokenize(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Prompts -> ids int64 (B, L) and mask bool (B, L) on the encoder's device."""
        ids, mask = self.tokenizer.batch(texts, self.max_tokens)
        return ids.to(self.table.device), mask.to(self.table.device)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token features.

        Args:
            ids: int64 (B, L) from :meth:`tokenize`. mask: bool (B, L), true at real tokens.

        Returns:
            Features (B, L, C); rows where ``mask`` is false mean nothing and must not be pooled.
        """
        return self.transform(self.embed(ids), mask)

    def embed(self, ids: Tensor) -> Tensor:
        """Static vectors of pieces: int64 (B, L) -> (B, L, table width)."""
        scale = self.scale[ids].to(self.enter.weight.dtype)
        return self.table[ids].to(scale.dtype) * scale[..., None]

    def transform(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Static vectors (B, L, table width) and mask (B, L) -> token features (B, L, C)."""
        x = self.enter(vectors)  # (B, L, C)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x)

    def pool(self, features: Tensor, mask: Tensor) -> Tensor:
        """Maximum over real tokens: (B, L, C) and (B, L) -> (B, C)."""
        return features.masked_fill(~mask[..., None], float("-inf")).amax(dim=1)

    def average(self, features: Tensor, mask: Tensor) -> Tensor:
        """Mean over real tokens: (B, L, C) and (B, L) -> (B, C)."""
        weight = mask[..., None].to(features.dtype)
        return (features * weight).sum(1) / weight.sum(1)

    def logits(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (B, C), by maximum or mean -> emotion logits (B, 8), level logits (B, 3)."""
        return self.emotion_head(pooled), self.level_head(pooled)

    def read(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Emotion logits (B, 8) and level logits (B, 3), each the mean of the heads on max and mean pooling."""
        features = self(ids, mask)
        return self.logits(0.5 * (self.pool(features, mask) + self.average(features, mask)))

    @torch.no_grad()
    def _shares(self, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Of prompts: shares of the emotions (B, 8), levels 1..3 (B,), and the lexicon's bonuses (B, 8)."""
        emotion, level = self.read(*self.tokenize(texts))
        evidence = [read_evidence(text) for text in texts]
        bonus = torch.tensor([[found.emotions.get(name, 0.0) for name in EMOTIONS] for found in evidence])  # (B, 8)
        weights = torch.softmax(level.float().cpu() + torch.tensor([found.levels for found in evidence]), 1)  # (B, 3)
        strength = weights @ torch.tensor([float(value) for value in LEVELS])  # (B,)
        return torch.softmax(emotion.float().cpu() + bonus, 1), strength, bonus

    def predict(self, text: str) -> TextReading:
        """Emotion and level of one prompt: the network's logits plus the lexicon's evidence.

        Args:
            text: an English prompt. Of other languages single words for emotions are read.

        Returns:
            A :class:`TextReading`; where the prompt is not understood (below ``threshold``, another language, a denied
            or a missing emotion, see ``doubts``) all weight is on neutral and ``note`` says why.
        """
        meant = plainly(text, self.is_english)
        shares, strength, bonus = (rows[0] for rows in self._shares([meant]))
        place = int(shares.argmax())
        emotion, confidence = EMOTIONS[place], float(shares[place])
        if self.threshold > 0:
            other = read_other_language(without_units(text), self.is_english)
            if other and other.emotion:
                return TextReading(_only(other.emotion), DEFAULT_LEVEL, confidence, from_word=True)
            if other and not other.name:  # misspelt words
                other = read_other_language(meant, self.is_english)
            if other:
                return self._unclear(text, _why_not_english(other), float(strength), confidence)
        named = named_emotions(meant) if self.threshold > 0 else frozenset()
        sure = confidence >= self.threshold
        by_words = sure and emotion not in named and float(bonus[place]) < CARRIED
        if named and (by_words or (not sure and " " not in meant.strip())):  # a listed word alone says enough
            place = max((EMOTIONS.index(name) for name in named), key=lambda index: float(shares[index]))
            return TextReading(_only(EMOTIONS[place]), float(strength), float(shares[place]))
        reason = "" if sure else "names no emotion clearly"
        if self.threshold > 0 and not reason:

            def steadiness() -> float:
                return float(self._shares(variants(meant))[0][:, place].mean())

            reason = why_unclear(meant, emotion, float(bonus[place]), steadiness)
        shown = int(bonus.argmax())
        if reason and float(bonus[shown]) >= CARRIED:
            return TextReading(_only(EMOTIONS[shown]), float(strength), float(shares[shown]))
        if reason:
            ranked = sorted(zip(shares.tolist(), EMOTIONS, strict=True), reverse=True)[:2]
            guesses = " or ".join(f"{name} ({share:.0%})" for share, name in ranked)
            unknown = [word for word in split_words(text) if word.isalpha() and not self.is_english(word)]
            reason += f" (best guesses: {guesses}){_spelling_hint(unknown)}"
            return self._unclear(text, reason, float(strength), confidence)
        return TextReading(dict(zip(EMOTIONS, shares.tolist(), strict=True)), float(strength), confidence)

    def is_english(self, word: str) -> bool:
        """Whether a word, lower case without accents, is in the vocabulary as a whole, its ending aside."""
        return names_feeling(word) or not stems(word).isdisjoint(self.tokenizer.ids)

    @staticmethod
    def _unclear(text: str, reason: str, level: float, confidence: float) -> TextReading:
        shown = text if len(text) <= 60 else text[:57] + "..."
        note = (
            f"the prompt {shown!r} {reason}; using neutral. Name one of {', '.join(EMOTIONS)} in the prompt, or pass "
            "it as a label"
        )
        return TextReading(_only("neutral"), level, confidence, note)


def _only(emotion: str) -> dict[str, float]:
    return {name: float(name == emotion) for name in EMOTIONS}


def _why_not_english(other: OtherLanguage) -> str:
    """The reason to abstain from a prompt in another language, or of unknown words."""
    if other.name:
        return f"is in {other.name}, of which only some words for emotions are understood"
    if not other.unknown:
        return "is not in English"
    return f"holds words that are not known ({', '.join(map(repr, other.unknown[:3]))}){_spelling_hint(other.unknown)}"


def _spelling_hint(unknown: Iterable[str]) -> str:
    meant = next((word for word in map(likely_meant, unknown) if word), "")
    return f"; was {meant!r} meant?" if meant else ""


def check_prompt(text: object) -> str:
    """Validate a prompt.

    Raises:
        TypeError: not a string. ValueError: empty or blank, or longer than 2,000 characters.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string describing the speaker, got {type(text).__name__}")
    if len(text) > LONGEST_PROMPT:
        raise ValueError(f"text must have at most {LONGEST_PROMPT} characters, got {len(text)}")
    if not text.strip():
        raise ValueError(
            f"text must describe the speaker's emotion, got {'an empty string' if not text else repr(text)}"
        )
    return text


def read_prompt(encoder: TextEncoder, text: str) -> TextReading:
    """Validate a prompt, read it, and warn where it had to be taken as neutral.

    Args:
        encoder: a :class:`TextEncoder`. text: an English prompt of at most 2,000 characters.

    Returns:
        The encoder's reading.

    Raises:
        TypeError, ValueError: see :func:`check_prompt`.
    """
    reading = encoder.predict(check_prompt(text))
    if reading.note:
        warnings.warn(reading.note, UserWarning, stacklevel=2)
    return reading
