"""Readers of real recordings: each turns a folder in somebody's layout into clips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ..clips import Clip
from .a2f import read_a2f
from .emodb import read_emodb
from .facegood import read_facegood
from .flame import read_flame
from .labelled import read_labelled
from .ljspeech import read_ljspeech
from .takes import read_takes
from .tracks import read_tracks

ADAPTERS: dict[str, Callable[..., Iterator[Clip]]] = {
    "a2f": read_a2f,
    "emodb": read_emodb,
    "facegood": read_facegood,
    "flame": read_flame,
    "labelled": read_labelled,
    "ljspeech": read_ljspeech,
    "mead": partial(read_flame, labelled=True),
    "takes": read_takes,
    "tracks": read_tracks,
}
"""Adapter name -> reader(folder, data set name, skipped, **options) -> clips."""
OPTIONS = {"flame": ("model", "landmarks"), "mead": ("model", "landmarks"), "tracks": ("motion", "language")}
"""Options of an adapter in the corpus config."""
