"""The corpus stage: synthesise speech, read real recordings, write shards of clips and a card."""

from __future__ import annotations

import json
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from emoface.face.layout import FPS
from emoface.training.run import file_sha256, progress, read_config, save_json, seed_everything, write_stage_card

from .adapters import ADAPTERS, OPTIONS
from .clips import Clip, hours, read_shard, save_clips
from .phones import BILABIAL, OPEN_VOWELS
from .shard import write_shard
from .skipped import Skipped
from .synth import espeak_missing, flite_missing

HELD_OUT = "held_out"
PART = re.compile(r"\.(part\d+\.npz|left_out\.json|npz)$")


@dataclass
class CorpusConfig:
    """What the corpus is made of.

    Attributes:
        seed: of all that is random.
        tts_hours: synthetic speech to make; 0 needs no synthesiser.
        tts_held_out_minutes: more of it, kept for evaluation.
        espeak_share: share of utterances by espeak-ng; the others are flite's.
        quiet_share: share of clips without speech (silence, hiss, hum).
        shard_minutes: speech in one shard; of synthetic speech, also the unit of resuming.
        datasets: real recordings: ``{"adapter": name, "folder": path, "name": data set name (optional)}`` and
            options of the adapter; relative folders are looked for in the assets folder and skipped with a
            warning where there is none.
        held_out: per data set, the speakers, sentences or recordings kept for evaluation, or patterns such as ``*a``.
    """

    seed: int = 0
    tts_hours: float = 3.0
    tts_held_out_minutes: float = 5.0
    espeak_share: float = 0.8
    quiet_share: float = 0.03
    shard_minutes: float = 20.0
    datasets: list[dict[str, str]] = field(default_factory=list)
    held_out: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tts_hours < 0 or self.tts_held_out_minutes < 0 or self.shard_minutes <= 0:
            raise ValueError("tts_hours and tts_held_out_minutes must be >= 0 and shard_minutes > 0")
        if not 0 <= self.espeak_share <= 1 or not 0 <= self.quiet_share < 1:
            raise ValueError("espeak_share and quiet_share must be in 0..1")
        for entry in self.datasets:
            if entry.get("adapter") not in ADAPTERS:
                raise ValueError(f"adapter must be one of {sorted(ADAPTERS)}, got {entry.get('adapter')!r}")
            if "folder" not in entry:
                raise ValueError(f"each of datasets needs a folder, got {entry}")
            unknown = _options(entry).keys() - set(OPTIONS.get(entry["adapter"], ()))
            if unknown:
                raise ValueError(f"adapter {entry['adapter']} has no options {sorted(unknown)}")


def train(
    config: CorpusConfig | dict[str, Any] | str | Path | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> Path:
    """Build the corpus: ``<out>/corpus/*.npz``, the held-out clips in ``<out>/corpus/held_out``, and
    ``card.json``.

    Args:
        config: a :class:`CorpusConfig`, a dict or JSON file of its fields, or None for the defaults.
        out: folder of all stages' results.
        assets: folder in which relative data set folders are looked for.
        resume: keep the shards that an interrupted run finished.

    Returns:
        The corpus folder.

    Raises:
        RuntimeError: a synthesiser is needed but not installed; the message names the package.
        FileNotFoundError: a data set's folder does not exist. ValueError: bad config, or nothing is left.
        Files of a data set that cannot be used are named in warnings, left out and counted in the card.
    """
    if not isinstance(config, CorpusConfig):
        config = read_config(CorpusConfig, config)
    datasets = _datasets(config, assets)
    if config.tts_hours or config.tts_held_out_minutes:
        for missing in (
            config.espeak_share > 0 and espeak_missing(),
            config.espeak_share < 1 and flite_missing(),
        ):
            if missing:
                raise RuntimeError(f"the corpus stage needs a synthesiser: {missing}")
    folder = Path(out) / "corpus"
    (folder / HELD_OUT).mkdir(parents=True, exist_ok=True)
    planned = _planned_shards(config, datasets)
    for path in (*folder.glob("*.npz"), *(folder / HELD_OUT).glob("*.npz"), *folder.glob("*.left_out.json")):
        plan = PART.sub(".npz", path.name)  # a data set's last shard stands for all its files
        if not resume or not {path.relative_to(folder).as_posix(), plan} & planned.keys():
            path.unlink()
    seed_everything(config.seed)
    names = list(planned)
    for i in progress(range(len(names)), "corpus", len(names)):
        path = folder / names[i]
        if not path.exists():
            planned[names[i]](path)
    if not any(folder.glob("*.npz")):
        raise ValueError("the corpus is empty: give tts_hours or datasets")
    _write_corpus_card(folder, config)
    return folder


def _options(entry: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in entry.items() if key not in ("adapter", "folder", "name")}


def _datasets(config: CorpusConfig, assets: str | Path | None) -> dict[str, Callable[[Skipped], Iterator[Clip]]]:
    """Data set name -> reader of its clips, of those that are there."""
    found: dict[str, Callable[[Skipped], Iterator[Clip]]] = {}
    for entry in config.datasets:
        name = entry.get("name", entry["adapter"])
        folder = Path(entry["folder"])
        if not folder.is_absolute():
            if assets is None:
                warnings.warn(f"no assets folder given: data set {name!r} ({folder}) is left out", stacklevel=3)
                continue
            folder = Path(assets) / folder
        if not folder.is_dir():
            raise FileNotFoundError(f"folder of data set {name!r} does not exist: {folder}")
        if name in found:
            raise ValueError(f"datasets must have different names, got {name!r} twice")
        found[name] = partial(ADAPTERS[entry["adapter"]], folder, name, **_options(entry))
    return found


def _planned_shards(
    config: CorpusConfig, datasets: dict[str, Callable[[Skipped], Iterator[Clip]]]
) -> dict[str, Callable[[Path], None]]:
    """Shard path within the corpus -> function that writes it, and all others of a data set before it."""
    plans: dict[str, Callable[[Path], None]] = {}
    for name, read in datasets.items():
        plans[f"{name}.npz"] = partial(_write_dataset, config, read, name)
    synthetic = partial(write_shard, seed=config.seed, espeak_share=config.espeak_share, quiet_share=config.quiet_share)
    seconds, shard = config.tts_hours * 3600, config.shard_minutes * 60
    for i in range(math.ceil(seconds / shard - 1e-9)):
        length = min(shard, seconds - i * shard)
        plans[f"tts_{i:03d}.npz"] = partial(synthetic, part=0, number=i, seconds=length)
    if config.tts_held_out_minutes:
        length = config.tts_held_out_minutes * 60
        plans[f"{HELD_OUT}/tts.npz"] = partial(synthetic, part=1, number=0, seconds=length)
    return plans


def _write_dataset(
    config: CorpusConfig, read: Callable[[Skipped], Iterator[Clip]], name: str, path: Path
) -> None:
    """Write ``name.part000.npz``, ..., and at last ``name.npz``, here and in the folder of held-out clips."""
    for old in (*path.parent.glob(f"{name}.part*.npz"), *(path.parent / HELD_OUT).glob(f"{name}.*npz")):
        old.unlink()
    skipped = Skipped()
    kept, limit = set(config.held_out.get(name, ())), config.shard_minutes / 60
    places = {False: path, True: path.parent / HELD_OUT / path.name}
    waiting: dict[bool, list[Clip]] = {False: [], True: []}
    written = Counter[bool]()
    for clip in read(skipped):
        told = (clip.speaker, clip.sentence, clip.name.split("/", 1)[1])
        held_out = any(fnmatchcase(value, pattern) for value in told for pattern in kept)
        waiting[held_out].append(clip)
        if hours(waiting[held_out]) >= limit:
            save_clips(places[held_out].with_name(f"{name}.part{written[held_out]:03d}.npz"), waiting[held_out])
            waiting[held_out], written[held_out] = [], written[held_out] + 1
    if skipped.counts:
        warnings.warn(f"data set {name!r}: {skipped}", stacklevel=2)
        save_json(path.with_name(f"{name}.left_out.json"), dict(skipped.counts))
    if kept:
        save_clips(places[True], waiting[True])
    save_clips(path, waiting[False])


def _write_corpus_card(folder: Path, config: CorpusConfig) -> None:
    parts = {part: _figures(path) for part, path in (("train", folder), (HELD_OUT, folder / HELD_OUT))}
    counts = sorted(folder.glob("*.left_out.json"))
    left_out = {path.name.split(".")[0]: json.loads(path.read_text(encoding="utf-8")) for path in counts}
    write_stage_card(folder, "corpus", config, parts={k: v for k, v in parts.items() if v}, left_out=left_out)


def _figures(folder: Path) -> dict[str, Any]:
    """What the card says of a folder of shards, read one by one; empty without shards."""
    paths = sorted(folder.glob("*.npz"))
    frames = {name: Counter[str]() for name in ("dataset", "source", "language")}
    emotions, visemes = Counter[str](), Counter[int]()
    voices: set[tuple[str, str]] = set()
    for path in paths:
        for clip in read_shard(path):
            for name, counts in frames.items():
                counts[str(getattr(clip, name))] += clip.frames
            emotions[str(clip.emotion)] += 1
            voices.add((clip.dataset, clip.speaker))
            if clip.visemes is not None:
                visemes.update(clip.visemes[:, 0].astype(int).tolist())
    if not paths:
        return {}

    def as_hours(count: int) -> float:
        return round(count / FPS / 3600, 4)

    return {
        "clips": emotions.total(),
        "hours": as_hours(frames["source"].total()),
        **{f"hours_by_{name}": {k: as_hours(v) for k, v in sorted(counts.items())} for name, counts in frames.items()},
        "clips_by_emotion": dict(emotions),
        "voices": len(voices),
        "bilabials": visemes[BILABIAL],
        "open_vowels": sum(visemes[viseme] for viseme in OPEN_VOWELS),
        "sha256": {path.name: file_sha256(path) for path in paths},
    }
