"""What ``style`` may be: a way to articulate, a speaker to move like, a person's adapter, or several of them mixed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from emoface import checks
from emoface.speaker import SpeakerReference

from .adapter import Adapter, load_adapter
from .basis import StyleBasis
from .weights import Change

STRONGEST = 2.0
SUFFIX = ".safetensors"


@dataclass(frozen=True, eq=False)
class Manner:
    """A way to move, put together of others.

    Attributes:
        lips: named style of the lips, None for the adapters' or the checkpoint's.
        adapters: adapters of persons, each with its strength 0..2. speakers: speakers with their strengths.
    """

    lips: str | None = None
    adapters: tuple[tuple[Adapter, float], ...] = ()
    speakers: tuple[tuple[SpeakerReference, float], ...] = ()

    @classmethod
    def of(cls, style: Any, names: Sequence[str] = (), argument: str = "style") -> Manner:
        """Check a style.

        Args:
            style: one of ``names``, the path of an adapter, an :class:`Adapter`, what
                :class:`~emoface.speaker.SpeakerReference` takes, a pair of one of these and its strength 0..2, a list
                of such pairs, or a dict of names and paths with their strengths.
            names: of the styles of lips. argument: its name, for errors.

        Raises:
            TypeError, ValueError, OSError: something else, a strength out of range, two styles of lips, or an adapter
                that cannot be read.
        """
        if isinstance(style, Manner):
            return style
        if isinstance(style, Mapping):
            return cls._mixed(list(style.items()), names, argument)
        if isinstance(style, tuple) and len(style) == 2 and not isinstance(style[1], tuple):
            return cls._mixed([style], names, argument)
        if isinstance(style, (list, tuple)):
            return cls._mixed(style, names, argument)
        if isinstance(style, Adapter):
            return cls(adapters=((style, 1.0),))
        if isinstance(style, str) and not style.lower().endswith(SUFFIX):
            if style not in names:
                known = ", ".join(names)
                told = f"{argument} must be {known}, a speaker's motion or voice, or an adapter ({SUFFIX})"
                raise ValueError(f"{told}, got {style!r:.60}")
            return cls(style)
        if isinstance(style, (str, os.PathLike)):
            if Path(style).suffix.lower() != SUFFIX:
                raise ValueError(f"{argument} must be an adapter ({SUFFIX}) if it is a path, got {style}")
            return cls(adapters=((load_adapter(style), 1.0),))
        return cls(speakers=((SpeakerReference.of(style), 1.0),))

    @classmethod
    def _mixed(cls, parts: Sequence[Any], names: Sequence[str], argument: str) -> Manner:
        """Several styles, each with its strength."""
        if not parts:
            raise ValueError(f"{argument} must name at least one style, got an empty list")
        lips: str | None = None
        adapters: list[tuple[Adapter, float]] = []
        speakers: list[tuple[SpeakerReference, float]] = []
        for part in parts:
            if not isinstance(part, tuple) or len(part) != 2:
                known = ", ".join(map(repr, names))
                told = f"{argument} must be {known}, a speaker, an adapter, or a list of pairs of one and its strength"
                raise TypeError(f"{told}, got an entry {part!r:.60}")
            strength = checks.number(f"strength of {argument}", part[1], 0, STRONGEST)
            one = cls.of(part[0], names, argument)
            if one.lips is not None and (lips is not None or strength != 1):
                raise ValueError(f"{argument} must hold one style of lips at most, of strength 1, got {part!r:.60}")
            lips = one.lips or lips
            adapters += [(adapter, strength * own) for adapter, own in one.adapters]
            speakers += [(speaker, strength * own) for speaker, own in one.speakers]
        return cls(lips, tuple(adapters), tuple(speakers))

    @property
    def start(self) -> str | None:
        """The style of the lips that it starts from, None for the checkpoint's."""
        return self.lips or (self.adapters[0][0].style if self.adapters else None)

    @property
    def told(self) -> str:
        """In words, for metadata; empty if nothing is asked for."""
        persons = [f"{one.name or 'an adapter'} {one.sha256:.12} x {strength:g}" for one, strength in self.adapters]
        others = [f"{one.modality}" + ("" if share == 1 else f" x {share:g}") for one, share in self.speakers]
        if not persons and not others:
            return self.lips or ""
        return "from " + " + ".join([*([self.lips] if self.lips else []), *persons, *others])

    @property
    def key(self) -> tuple[tuple[str, float], ...]:
        """What tells networks that it changes apart."""
        return (
            *((adapter.sha256, strength) for adapter, strength in self.adapters),
            *((speaker.key, strength) for speaker, strength in self.speakers if speaker.key),
        )

    def changes(
        self, weights: Mapping[str, Mapping[str, Tensor]], basis: StyleBasis | None = None
    ) -> dict[str, Change]:
        """The sum of what adapters and, by a basis, speakers change.

        Args:
            weights: part -> its weights by name. basis: of the checkpoint, None if it has none.

        Returns:
            Part -> weight -> change.

        Raises:
            ValueError: an adapter changes what the checkpoint does not have.
        """
        found: dict[str, Change] = {part: {} for part in weights}
        for adapter, strength in self.adapters:
            for part, changes in adapter.changes.items():
                for name, change in changes.items():
                    own = weights[part].get(name)
                    if own is None or change.numel() != own.numel():
                        told = f"adapter {adapter.name} changes {part}.{name}"
                        raise ValueError(f"{told}, which does not fit the checkpoint")
                    _add(found[part], name, strength * change.reshape(own.shape))
        for speaker, strength in self.speakers:
            if basis is not None and speaker.statistics is not None:
                read = basis.changes(torch.from_numpy(speaker.statistics), weights["denoiser"], weights["lips"])
                for part, changes in read.items():
                    for name, change in changes.items():
                        _add(found[part], name, strength * change)
        return {part: {n: change for n, change in own.items() if torch.any(change)} for part, own in found.items()}

    def check_base(self, sha256: str) -> None:
        """Refuse adapters of another checkpoint.

        Raises:
            ValueError: an adapter that belongs to another checkpoint than that of this digest.
        """
        for adapter, _ in self.adapters:
            if adapter.base != sha256:
                raise ValueError(
                    f"adapter {adapter.name} belongs to another checkpoint ({adapter.base:.12}... instead of "
                    f"{sha256:.12}...): load that one, or train it anew with `emoface adapt`"
                )


def _add(changes: Change, name: str, change: Tensor) -> None:
    changes[name] = changes[name] + change if name in changes else change
