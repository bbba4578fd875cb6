"""A corpus that is larger than memory: its shards are read from disk as training goes on."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emoface.face.layout import FPS

from .corpus.clips import Clip, read_shard, require_layout, shard_paths
from .corpus.skipped import Skipped
from .motion_windows import MixConfig, Pools, PseudoLips

Labels = dict[str, PseudoLips]


class ShardStream:
    """A few shards of each source in memory, moving on by one shard at a time: what batches are shuffled from.

    All follows from a batch's number, so any worker can make any batch and a resumed run needs no position but its
    step. Batch n is of process n mod P and of its round n div P. In round r a process holds ``held`` shards of each
    source, from number r div ``hold`` of its own endless sequence on, a new permutation every epoch. Processes own
    different shards, but for sources with fewer shards than processes, which all of them read.

    Attributes:
        frames, clips: of the corpus that can be read. skipped: shards that cannot.
    """

    def __init__(
        self,
        folder: Path,
        held: int,
        hold: int,
        processes: int,
        seed: int,
        mix: MixConfig,
        pseudo: Callable[[Sequence[Clip], int, np.random.Generator], Labels],
        synthetic: int,
    ) -> None:
        """Read every shard once, to know what there is and whether it is whole.

        Args:
            folder: of the shards. held: shards of each source in memory. hold: rounds from one shard to the next.
            processes: P. seed: of the order. mix: the mixture.
            pseudo: gives pseudo lips by name for (clips, how many synthetic ones of them, generator).
            synthetic: synthetic clips of the corpus that get such lips.

        Raises:
            ValueError: no shard can be read, or motion of another layout than the open head's.
        """
        if held < 1 or hold < 1:
            raise ValueError(f"held and hold must be at least 1, got {held} and {hold}")
        self.held, self.hold, self.processes, self.seed = held, hold, processes, seed
        self.mix, self.pseudo = mix, pseudo
        self.skipped = Skipped()
        self.frames = self.clips = 0
        sources: dict[str, list[Path]] = {}
        for path, shard in self.skipped.readable(shard_paths(folder), lambda path: (path, read_shard(path))):
            require_layout(shard, "open_head", "the denoiser")
            if shard:
                seconds = Counter[str]()
                for clip in shard:
                    seconds[clip.source] += clip.frames
                sources.setdefault(seconds.most_common(1)[0][0], []).append(path)
                self.frames, self.clips = self.frames + seconds.total(), self.clips + len(shard)
        if not sources:
            raise ValueError(f"{folder} must hold shards with clips, {self.skipped}")
        self.synthetic = -(-synthetic // len(sources.get("tts", [folder])))
        order = np.random.default_rng(seed)
        self.sources = [[paths[i] for i in order.permutation(len(paths))] for paths in sources.values()]
        self._loaded: dict[Path, tuple[list[Clip], Labels]] = {}
        self._pools: Pools | None = None

    def facts(self) -> dict[str, Any]:
        """What the card says of the corpus."""
        return {
            "corpus_hours": round(self.frames / FPS / 3600, 2),
            "clips": self.clips,
            "shards_left_out": dict(self.skipped.counts),
        }

    def shards(self, number: int) -> list[Path]:
        """The shards that batch ``number`` is drawn from."""
        turn, rank = divmod(number, self.processes)
        found: list[Path] = []
        for i, paths in enumerate(self.sources):
            own = paths[rank :: self.processes] if len(paths) >= self.processes else paths
            if len(own) <= self.held:
                found += own
                continue
            for place in range(turn // self.hold, turn // self.hold + self.held):
                epoch, index = divmod(place, len(own))
                found.append(own[np.random.default_rng((self.seed, i, rank, epoch)).permutation(len(own))[index]])
        return list(dict.fromkeys(found))  # across the end of an epoch a shard may come twice

    def at(self, number: int) -> Pools:
        """What batch ``number`` is made of."""
        wanted = self.shards(number)
        if self._pools is None or self._loaded.keys() != set(wanted):
            self._loaded = {path: self._loaded[path] for path in self._loaded if path in wanted}
            for path in wanted:
                if path not in self._loaded:
                    self._loaded[path] = self._load(path)
            parts = [self._loaded[path] for path in wanted]
            pseudo = {name: lips for _, labels in parts for name, lips in labels.items()}
            self._pools = Pools([clip for clips, _ in parts for clip in clips], pseudo, self.mix)
        return self._pools

    def _load(self, path: Path) -> tuple[list[Clip], Labels]:
        """Clips of a shard with pseudo lips; none if it was damaged since the start."""
        for clips in self.skipped.readable([path], read_shard):
            rng = np.random.default_rng((self.seed, zlib.crc32(path.name.encode())))
            return clips, self.pseudo(clips, self.synthetic, rng)
        return [], {}
