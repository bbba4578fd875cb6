"""A person's adapter: small changes of what a checkpoint makes, learnt from clips of the person.

``motion`` has a ``gain``, 1 without, and an ``offset``, 0 without, for each channel of what the denoiser gives, and a
``mixture`` of channels, 0 without, see :func:`emoface.face.person_motion.as_person`; `emoface adapt` changes them
alone. Networks may change too:

``W' = W + strength (out in + add)`` where ``out`` (n, r) and ``in`` (r, m) are the low-rank change of a matrix (Hu et
al. 2021, arXiv 2106.09685) and ``add`` is the change of a small weight, such as a bias, in full. Changes are added to
the weights once, so that a face with an adapter costs what one without costs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from emoface import checks
from emoface.audio.lip_net import STYLES
from emoface.checkpoints import content_digest
from emoface.files import atomic_path
from emoface.reading import check_safetensors, parse_json

FORMAT = "emoface-adapter-1"
MOST_BYTES = 200_000
"""No adapter is larger."""
PARTS = ("denoiser", "lips", "motion")
"""The networks of a checkpoint that may change, and the motion that they give."""


@dataclass(frozen=True, eq=False)
class Adapter:
    """What was learnt of a person.

    Attributes:
        base: SHA-256 of the checkpoint that it belongs to. style: of the lips that it starts from.
        tensors: ``<part>.<weight>.out`` (n, r) with ``.in`` (r, m), or ``<part>.<weight>.add``.
        facts: JSON-able: what it was trained on, and how close it came.
        sha256: digest of all this. name: of the file that it was read from.
    """

    base: str
    style: str
    tensors: Mapping[str, Tensor] = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    sha256: str = ""
    name: str = ""

    @cached_property
    def changes(self) -> dict[str, dict[str, Tensor]]:
        """Part -> weight -> its change at strength 1, matrices as (n, m)."""
        found: dict[str, dict[str, Tensor]] = {}
        for full, tensor in self.tensors.items():
            name, _, kind = full.rpartition(".")
            part, _, weight = name.partition(".")
            if kind == "add":
                found.setdefault(part, {})[weight] = tensor.float()
            elif kind == "out":
                found.setdefault(part, {})[weight] = tensor.float() @ self.tensors[f"{name}.in"].float()
        return found


def save_adapter(path: str | os.PathLike[str], adapter: Adapter) -> Adapter:
    """Write an adapter, completely or not at all; weights are stored as float16.

    Args:
        path: destination, ``.safetensors``. adapter: what to write.

    Returns:
        The adapter as it will be read.

    Raises:
        ValueError: another suffix, weights that do not fit into float16, or more than 200 kB.
    """
    place = checks.path("adapter", path, "path of a .safetensors file")
    if place.suffix.lower() != ".safetensors":
        raise ValueError(f"adapter must end in .safetensors, got {place}")
    tensors = {name: tensor.detach().cpu().half().contiguous().clone() for name, tensor in adapter.tensors.items()}
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise ValueError(f"adapter weight {name} does not fit into float16")
    config = {"format": FORMAT, "base": adapter.base, "style": adapter.style, "facts": dict(adapter.facts)}
    config = json.loads(json.dumps(config, allow_nan=False))
    sha256 = content_digest(tensors, config)
    content = save(tensors, metadata={"emoface_adapter": json.dumps(config), "content_sha256": sha256})
    if len(content) > MOST_BYTES:
        raise ValueError(f"adapter must be at most {MOST_BYTES} bytes, got {len(content)}")
    with atomic_path(place) as temporary:
        temporary.write_bytes(content)
    return Adapter(adapter.base, adapter.style, tensors, config["facts"], sha256, place.name)


def load_adapter(path: str | os.PathLike[str]) -> Adapter:
    """Read and verify an adapter.

    Args:
        path: of the file.

    Returns:
        The adapter.

    Raises:
        TypeError: no path. FileNotFoundError: no such file. OSError: it cannot be read.
        ValueError: not safetensors, larger than 200 kB, not an adapter, changed since it was written, or weights that
            are not finite or do not belong together.
    """
    file = checks.path("adapter", path, "path of a .safetensors file")
    if not file.exists():
        raise FileNotFoundError(f"adapter {file} cannot be read: no such file")
    if file.stat().st_size > MOST_BYTES:
        raise ValueError(f"adapter {file} must be at most {MOST_BYTES} bytes, got {file.stat().st_size}")
    check_safetensors(file, "adapter")
    try:
        with safe_open(file, "pt") as handle:
            metadata = handle.metadata() or {}
            tensors = {name: handle.get_tensor(name) for name in handle.keys()}
        config = parse_json(metadata.get("emoface_adapter", "null"))
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"adapter {file} is not a complete safetensors file: {error}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ValueError(f"adapter {file} is no adapter of a person: `emoface adapt` makes them")
    if content_digest(tensors, config) != metadata.get("content_sha256"):
        raise ValueError(f"adapter {file} was changed: its SHA-256 is not the one that it carries")
    base, style, facts = config.get("base"), config.get("style"), config.get("facts")
    if not isinstance(base, str) or style not in STYLES or not isinstance(facts, dict):
        raise ValueError(f"adapter {file} does not say which checkpoint and which style of lips it belongs to")
    _check_tensors(file, tensors)
    return Adapter(base, str(style), tensors, facts, metadata["content_sha256"], file.name)


def _check_tensors(file: Path, tensors: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are not finite, belong to no network, or lack their counterpart."""
    for full, tensor in tensors.items():
        name, _, kind = full.rpartition(".")
        if not tensor.is_floating_point() or not tensor.isfinite().all():
            raise ValueError(f"adapter {file} holds weights that are not finite numbers in {full!r}")
        if name.partition(".")[0] not in PARTS or kind not in ("in", "out", "add"):
            raise ValueError(f"adapter {file} changes {full!r}, which is no weight of {' or '.join(PARTS)}")
        if kind != "add":
            other = tensors.get(f"{name}.{'in' if kind == 'out' else 'out'}")
            inner = () if other is None else (tensor.shape[-1], other.shape[0])[:: 1 if kind == "out" else -1]
            if tensor.ndim != 2 or other is None or other.ndim != 2 or (kind == "out" and inner[0] != inner[1]):
                raise ValueError(f"adapter {file} holds {full!r} without a counterpart that fits")
