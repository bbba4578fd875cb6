"""Checkpoints: one safetensors file with the weights of every part, their configs and a digest of the content."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.overrides import TorchFunctionMode

from emoface import checks
from emoface.files import atomic_path
from emoface.reading import check_safetensors, parse_json

from .difference import difference, parts_of, restored

FORMAT = "emoface-1"
DEFAULT = Path(__file__).with_name("default.safetensors")
NAMED = {"default": DEFAULT, "fast": DEFAULT.with_name("fast.safetensors")}
"""Checkpoints of the package by name: the default one, and its student of one network call a window."""


def find_checkpoint(checkpoint: Any) -> Path:
    """The file of a checkpoint that is given by its name in ``NAMED`` or by its path.

    Raises:
        TypeError: it is neither.
    """
    names = " or ".join(map(repr, NAMED))
    path = checks.path("checkpoint", checkpoint, f"path to a .safetensors file, or {names}")
    return NAMED.get(str(path), path)


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file.

    Attributes:
        config: configs by part: ``audio``, ``denoiser``, ``lips``, ``emotion``, ``layout``, ``sampling``.
        tensors: float32 weights (other dtypes as stored), named ``<part>.<parameter>``.
        sha256: digest of names, dtypes, shapes, values and config.
        path: the file that it was read from, if any; pickled for another process, a checkpoint is its path and digest.
    """

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    sha256: str
    path: Path | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        if self.path is None:
            return Checkpoint, (self.config, self.tensors, self.sha256)
        return _same, (None if self.path == DEFAULT else self.path.absolute(), self.sha256)

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors of one part, with ``prefix.`` removed from their names."""
        return {k[len(prefix) + 1 :]: v for k, v in self.tensors.items() if k.startswith(prefix + ".")}


MOST = 1 << 16
"""Whole numbers in a config may be up to this, or up to the numbers in the checkpoint's largest tensor."""


class Unfilled(TorchFunctionMode):
    """Inside, modules are made without drawing random first weights, since a checkpoint replaces them.

    A config that asks for more tensors or numbers than the checkpoint holds is refused before they are made.
    """

    FACTORIES = (torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn)
    SPARE_TENSORS, SPARE_NUMBERS = 64, 1 << 20  # buffers that no checkpoint holds

    def __init__(self, held: Mapping[str, Tensor]) -> None:
        """Set up.

        Args:
            held: the tensors of the checkpoint.
        """
        super().__init__()
        self.tensors = len(held) + self.SPARE_TENSORS
        self.numbers = sum(tensor.numel() for tensor in held.values()) + self.SPARE_NUMBERS

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function in (Tensor.uniform_, Tensor.normal_) or getattr(function, "__module__", "") == "torch.nn.init":
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        if function in self.FACTORIES:
            sizes = kwargs["size"] if "size" in kwargs else args[0] if args and not isinstance(args[0], int) else args
            self.tensors -= 1
            self.numbers -= math.prod(max(int(size), 0) for size in sizes)
            if self.tensors < 0 or self.numbers < 0:
                raise ValueError("its config asks for more weights than the checkpoint holds")
        return function(*args, **kwargs)


def check_sizes(config: Any, held: Mapping[str, Tensor]) -> None:
    """Refuse a config with a number beyond every size of the checkpoint, before anything counts up to it.

    Args:
        config: the config, or a part of it. held: the tensors of the checkpoint.

    Raises:
        ValueError: a whole number larger than ``MOST`` and than the numbers in the largest tensor.
    """
    most = max([MOST, *(tensor.numel() for tensor in held.values())])
    waiting = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, (dict, list)):
            waiting.extend(one.values() if isinstance(one, dict) else one)
        elif isinstance(one, int) and abs(one) > most:
            raise ValueError(f"its config has the number {one!s:.30}, no size of the checkpoint is above {most}")


def content_digest(tensors: Mapping[str, Tensor], config: Mapping[str, Any]) -> str:
    """SHA-256 over the config of a checkpoint or an adapter and its tensors in the order of their names."""
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def save_checkpoint(path: str | Path, tensors: dict[str, Tensor], config: dict[str, Any]) -> str:
    """Write a checkpoint atomically.

    Args:
        path: destination, ``.safetensors``.
        tensors: weights as they shall be stored (float16, int8, ...), named ``<part>.<parameter>``.
        config: JSON-able configs by part.

    Returns:
        The content's SHA-256.
    """
    stored = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    config = {**json.loads(json.dumps(config)), "format": FORMAT}
    sha256 = content_digest(stored, config)
    content = save(stored, metadata={"emoface_config": json.dumps(config), "content_sha256": sha256})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)  # save_file would make a file that its owner alone can read
    return sha256


def save_difference(path: str | Path, tensors: dict[str, Tensor], config: dict[str, Any]) -> str:
    """Write what differs from the default checkpoint, atomically; :func:`load_checkpoint` reads it like any other.

    Args:
        path, tensors, config: as for :func:`save_checkpoint`.

    Returns:
        The content's SHA-256.

    Raises:
        ValueError: weights of the default checkpoint are missing or have another shape.
    """
    base = load_checkpoint()
    parts = parts_of(config, base.config)
    return save_checkpoint(path, difference(_widened(tensors), base.tensors), {"base": base.sha256, "parts": parts})


def load_checkpoint(path: str | Path | None = None) -> Checkpoint:
    """Read and verify a checkpoint; float16 weights come back as float32.

    Args:
        path: the file or a name of ``NAMED``, or None for the default checkpoint in the package.

    Returns:
        The verified content.

    Raises:
        TypeError: ``path`` is not a path. FileNotFoundError: no such file.
        OSError: it cannot be read. ValueError: not safetensors, truncated, larger than the budget
            (:mod:`emoface.limits`), not an emoface checkpoint, its digest does not match, or weights are not finite.
    """
    file = DEFAULT if path is None else find_checkpoint(path)
    if not file.exists():
        hint = "the package was installed without its default checkpoint" if path is None else "no such file"
        raise FileNotFoundError(f"checkpoint {file} cannot be read: {hint}")
    check_safetensors(file, "checkpoint")
    try:
        with safe_open(file, "pt") as handle:
            metadata = handle.metadata() or {}
            stored = {name: handle.get_tensor(name) for name in handle.keys()}
    except (SafetensorError, OSError, ValueError) as error:
        raise ValueError(f"checkpoint {file} is not a complete safetensors file: {error}") from error
    if "emoface_config" not in metadata or "content_sha256" not in metadata:
        raise ValueError(f"checkpoint {file} is not an emoface checkpoint: it carries no emoface_config")
    try:
        config = parse_json(metadata["emoface_config"])
    except ValueError as error:
        raise ValueError(f"checkpoint {file} has a damaged config: {error}") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        found = config.get("format") if isinstance(config, dict) else type(config).__name__
        raise ValueError(f"checkpoint {file} must have format {FORMAT!r}, got {found!r}")
    found = content_digest(stored, config)
    if found != metadata["content_sha256"]:
        raise ValueError(f"checkpoint {file} was changed: SHA-256 {found} instead of {metadata['content_sha256']}")
    for name, tensor in stored.items():
        if tensor.is_floating_point() and tensor.numel() and not torch.stack(tensor.aminmax()).isfinite().all():
            raise ValueError(f"checkpoint {file} holds weights that are not finite in {name!r}")
    tensors = _widened(stored)
    if "base" not in config:
        return Checkpoint(config, tensors, found, file)
    if file == DEFAULT:
        raise ValueError(f"checkpoint {file} must stand alone, got what differs from a default checkpoint")
    base, parts = load_checkpoint(), config.get("parts")
    if config["base"] != base.sha256:
        raise ValueError(
            f"checkpoint {file} stands on another default checkpoint than this package's: on SHA-256 "
            f"{config['base']!s:.64}, not {base.sha256}"
        )
    if not isinstance(parts, dict):
        raise ValueError(f"checkpoint {file} must hold the parts of its config that differ, got {parts!s:.50}")
    try:
        return Checkpoint({**base.config, **parts}, restored(tensors, base.tensors), found, file)
    except ValueError as error:
        raise ValueError(f"checkpoint {file} is damaged: {error}") from error


def _widened(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors with float16 as float32."""
    return {name: tensor.float() if tensor.dtype == torch.float16 else tensor for name, tensor in stored.items()}


def _same(path: Path | None, sha256: str) -> Checkpoint:
    """The checkpoint of a path, if it is still the one of that digest."""
    checkpoint = load_checkpoint(path)
    if checkpoint.sha256 != sha256:
        raise ValueError(f"checkpoint {checkpoint.path} is not the one that was pickled: its SHA-256 is not {sha256}")
    return checkpoint
