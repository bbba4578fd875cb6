"""What a modality of the emotion space is, and the registry through which one class adds another."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

if TYPE_CHECKING:
    from emoface.binding.space import EmotionSpace

MODALITIES: dict[str, type[Modality]] = {}
"""Registered modality classes by name."""

Example = tuple[Any, Mapping[str, float]]
"""A value as a user gives it, and how strongly it tells each emotion, 0..1; neutral is whatever tells none."""

ModalityClass = TypeVar("ModalityClass", bound="type[Modality]")


def pool_over_time(features: Tensor, mask: Tensor | None = None) -> Tensor:
    """Maximum over the positions that ``mask`` keeps.

    Args:
        features: (B, L, F). mask: (B, L) bool, true at real positions, at least one per row; None keeps all.

    Returns:
        (B, F).
    """
    if mask is not None:
        features = features.masked_fill(~mask[..., None], float("-inf"))
    return features.amax(dim=1)


class Modality(nn.Module):
    """One way of telling an emotion: ``z = normalize(max_l adapter(encoder(x))_l)`` (Liu et al. 2025, figure
    2).

    A subclass sets ``adapter`` (from the encoder's features to the width of the space), and implements
    :meth:`prepare`, :meth:`features` and :meth:`config`. Decorating it with :func:`register_modality` is all
    that ``EmotionSpace`` needs to offer it as a keyword of ``encode``.

    Args:
        width: Z, the width of the emotion space.
    """

    name: ClassVar[str] = ""

    def __init__(self, width: int) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"width must be at least 1, got {width}")
        self.width = width
        self.adapter: nn.Module = nn.Identity()

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        tensor: Tensor | None = next(itertools.chain(self.parameters(), self.buffers()), None)
        return tensor.device if tensor is not None else torch.device("cpu")

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate what a user gave and turn it into a batch of one, the arguments of :meth:`features`."""
        raise NotImplementedError(f"{type(self).__name__} must implement prepare")

    def features(self, *inputs: Any, **named: Any) -> tuple[Tensor, Tensor | None]:
        """Encode a batch: features (B, L, F) and the mask (B, L) of real positions, or None where all are."""
        raise NotImplementedError(f"{type(self).__name__} must implement features")

    def config(self) -> dict[str, Any]:
        """The constructor's arguments besides ``width``, JSON-ready."""
        return {}

    def examples(self, count: int, rng: np.random.Generator) -> list[Example]:
        """Values to learn from and to be asked about in the evaluation, drawn at random.

        Training binds the adapter to the motions that express what they tell. None, as here, is for modalities whose
        lessons are made from a corpus (``emoface.training.binding.lessons``).

        Args:
            count: how many. rng: what to draw them with.
        """
        return []

    def forward(self, *inputs: Tensor) -> Tensor:
        """Embed a batch; (B, Z) of unit length."""
        features, mask = self.features(*inputs)
        return F.normalize(pool_over_time(self.adapter(features), mask), dim=-1)  # (B, Z)

    def embed(self, value: Any, space: EmotionSpace) -> Tensor:
        """Embed one value as a user gives it, (Z,); ``space`` is there to fall back on another modality."""
        return self(*self.prepare(value))[0]


def register_modality(name: str) -> Callable[[ModalityClass], ModalityClass]:
    """Class decorator that adds a :class:`Modality` to the registry under ``name``.

    Args:
        name: keyword of ``EmotionSpace.encode``, a Python identifier.

    Raises:
        TypeError: the class is no :class:`Modality`.
        ValueError: the name is not an identifier, or is taken by another class.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(f"modality name must be a Python identifier, got {name!r}")

    def decorate(modality: ModalityClass) -> ModalityClass:
        if not inspect.isclass(modality) or not issubclass(modality, Modality):
            raise TypeError(f"a registered modality must be a subclass of Modality, got {modality!r}")
        if name in MODALITIES and MODALITIES[name] is not modality:
            raise ValueError(f"modality name {name!r} is taken by {MODALITIES[name].__name__}")
        modality.name = name
        MODALITIES[name] = modality
        return modality

    return decorate


def modality_class(name: str) -> type[Modality]:
    """The registered class of that name.

    Raises:
        ValueError: none; the message lists the registered names.
    """
    if name not in MODALITIES:
        raise ValueError(f"modality {name!r} is not known; registered are {', '.join(sorted(MODALITIES))}")
    return MODALITIES[name]


def as_tensor(value: Any, name: str) -> Tensor:
    """Turn an array, tensor or nested list of numbers into a finite float32 tensor.

    Args:
        value: what the user gave. name: the argument's name, for the error.

    Raises:
        TypeError: not numbers. ValueError: NaN or infinite values.
    """
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be an array or tensor of numbers, got {type(value).__name__}") from error
    if tensor.dtype == torch.bool or tensor.is_complex():
        raise TypeError(f"{name} must hold real numbers, got {tensor.dtype}")
    tensor = tensor.detach().float()
    bad = int((~torch.isfinite(tensor)).sum())
    if bad:
        raise ValueError(f"{name} must be finite, got {bad} NaN or infinite values")
    return tensor
