"""A figure of merit that says what it is: its definition, unit, mask and data, wherever it is printed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec

P = ParamSpec("P")


@dataclass(frozen=True)
class Figure:
    """A measured value with all that is needed to compare it with another one.

    Attributes:
        name: of the metric. value: what was measured. unit: of the value, "1" for shares, ratios and correlations.
        definition: the formula. mask: the vertices or channels it was taken on. split: the data and their number.
    """

    name: str
    value: float
    unit: str
    definition: str
    mask: str
    split: str

    def __str__(self) -> str:
        return f"{self.name} = {self.value:.4g} {self.unit} on {self.mask}, {self.split}: {self.definition}"


class Metric(Generic[P]):
    """A function of arrays to one number that knows its name, unit and formula; called like the function itself."""

    def __init__(self, function: Callable[P, float], name: str, unit: str, definition: str) -> None:
        functools.update_wrapper(self, function)
        self.function, self.name, self.unit, self.definition = function, name, unit, definition

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> float:
        """The value of the wrapped function."""
        return self.function(*args, **kwargs)

    def figure(self, value: float, mask: str, split: str) -> Figure:
        """A value of this metric, or a mean of several, with where it was measured.

        Raises:
            ValueError: mask or split is not told.
        """
        if not mask or not split:
            raise ValueError(f"mask and split must say where {self.name} was measured, got {mask!r} and {split!r}")
        return Figure(self.name, float(value), self.unit, self.definition, mask, split)


def metric(name: str, unit: str, definition: str) -> Callable[[Callable[P, float]], Metric[P]]:
    """Decorator that makes a function a :class:`Metric`."""

    def decorate(function: Callable[P, float]) -> Metric[P]:
        return Metric(function, name, unit, definition)

    return decorate
