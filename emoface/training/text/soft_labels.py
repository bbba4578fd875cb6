"""Prompts beyond the grammar, of ordinary words or halves of prompts, labelled by a probe on teacher vectors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from emoface.binding.emotions import EMOTIONS
from emoface.training.text.grammar import Grammar, Prompt, plain

COMMONEST = 14_000
_FRAMES = (
    "{0}", "{0}", "{0} {1}", "a {0} {1}", "{s} is {0}", "{s} {0}", "{s} feels {0} and {1}", "{s} with {0}",
    "{0} {1} {2}", "{s} talks about {0} and {1}", "{s} {0} the {1}", "like a {0}", "{0}!", "{0}, {1}, {2}",
    "{s} speaks of the {0} in the {1}", "full of {0}", "the {0} of the {1}", "{s}, {0}",
)  # fmt: skip


def ordinary_words(pieces: list[str]) -> list[str]:
    """Whole words of at least four letters among the first of a vocabulary that is sorted by frequency."""
    return [piece for piece in pieces[:COMMONEST] if len(piece) > 3 and piece.isascii() and piece.isalpha()]


def recombine(grammar: Grammar, words: list[str], count: int) -> list[str]:
    """Texts whose meaning no rule knows: ``count // 2`` frames filled with words, then halves of two prompts.

    Args:
        grammar: draws the prompts that are cut in halves; its ``excluded`` holds here as well.
        words: ordinary words. count: how many texts.

    Returns:
        Distinct texts, those of words first.
    """
    rng, found = grammar.rng, dict[str, str]()
    while len(found) < count:
        if len(found) < count // 2:
            chosen = [words[int(index)] for index in rng.integers(len(words), size=3)]
            frame = _FRAMES[int(rng.integers(len(_FRAMES)))]
            text = frame.format(*chosen, s=("she", "he", "a man", "a woman")[int(rng.integers(4))])
        else:
            first, second = (grammar.draw().text.split() for _ in range(2))
            text = " ".join([*first[: (len(first) + 1) // 2], *second[len(second) // 2 :]])
        if plain(text) not in grammar.excluded:
            found.setdefault(plain(text), text)
    return list(found.values())


def fit_probe(vectors: Tensor, shares: Tensor, weights: Tensor, decay: float = 1e-5) -> tuple[Tensor, Tensor]:
    """Multinomial logistic regression ``softmax(W v + b)`` by L-BFGS.

    Args:
        vectors: (N, C). shares: targets (N, 8), rows summing to 1. weights: (N,) of the rows. decay: of ``|W|^2``.

    Returns:
        W (8, C), b (8,).
    """
    matrix = torch.zeros(shares.shape[1], vectors.shape[1], requires_grad=True)
    offset = torch.zeros(shares.shape[1], requires_grad=True)
    optimizer = torch.optim.LBFGS([matrix, offset], max_iter=100, line_search_fn="strong_wolfe")
    weights = weights / weights.sum()

    def closure() -> Tensor:
        optimizer.zero_grad()
        losses = -(shares * torch.log_softmax(vectors @ matrix.T + offset, 1)).sum(1)
        loss = (weights * losses).sum() + decay * matrix.square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)  # type: ignore[arg-type]
    return matrix.detach(), offset.detach()


def label_softly(taught: list[Prompt], texts: list[str], vectors: Tensor, doubt: float = 0.3) -> list[Prompt]:
    """Prompts for recombined texts, labelled by a probe fitted on the taught prompts.

    The word frames also enter the fit, with equal shares and the weight ``doubt``: most ordinary words carry no
    emotion, and only those stay out of the doubt that lie close to many labelled prompts.

    Args:
        taught: M labelled prompts. texts: from :func:`recombine`. vectors: teacher vectors (M + len(texts), C).
        doubt: weight of a word frame in the fit.

    Returns:
        A prompt per text, without a level.
    """
    frames = len(texts) // 2
    known = torch.tensor([[prompt.shares.get(name, 0.0) for name in EMOTIONS] for prompt in taught])
    shares = torch.cat([known, torch.full((frames, len(EMOTIONS)), 1 / len(EMOTIONS))])
    weights = torch.cat([torch.ones(len(taught)), torch.full((frames,), doubt)])
    matrix, offset = fit_probe(vectors[: len(shares)], shares, weights)
    soft = torch.softmax(vectors[len(taught) :] @ matrix.T + offset, 1).tolist()
    return [Prompt(text, dict(zip(EMOTIONS, row, strict=True)), 0) for text, row in zip(texts, soft, strict=True)]


def agreement(readings: list[str], prompts: list[Prompt]) -> float:
    """Share of prompts whose most probable emotion was read."""
    right = [
        name == max(row.shares, key=lambda key: row.shares[key]) for name, row in zip(readings, prompts, strict=True)
    ]
    return float(np.mean(right))
