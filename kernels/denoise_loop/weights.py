"""The weights of a denoiser: what they are, and their order in the two flat tensors that denoise_loop takes.

The order is that of the fields below: a network's from first to last, a block's likewise, and so on. Every matrix goes
to the one tensor and everything else to the other. The C++ code reads the same order
(`weights_in_order` in csrc/denoise_loop/denoise_loop_cpu.cpp) and counts it for itself.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

NORM_EPS = 1e-5
"""Added to the variance in every layer norm of the network."""

T = TypeVar("T")
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Norm(Generic[T]):
    """A layer norm: gain and bias (C,)."""

    gain: T
    bias: T


@dataclass(frozen=True)
class Linear(Generic[T]):
    """A linear map: weight (outputs, inputs) and bias (outputs,)."""

    weight: T
    bias: T


@dataclass(frozen=True)
class Attention(Generic[T]):
    """Norm, packed projections, output map, and slopes (H,) of the distance bias."""

    norm: Norm[T]
    project: Linear[T]
    out: Linear[T]
    slopes: T


@dataclass(frozen=True)
class Block(Generic[T]):
    """Self-attention (queries, keys and values), content attention (keys and values), and the feed-forward."""

    attention: Attention[T]
    content: Attention[T]
    norm: Norm[T]
    widen: Linear[T]
    narrow: Linear[T]


@dataclass(frozen=True)
class Network(Generic[T]):
    """The whole denoiser, or one value for each of its weights."""

    enter: Linear[T]
    blocks: list[Block[T]]
    norm: Norm[T]
    leave: Linear[T]

    def each(self, matrix: Callable[[T], Any], vector: Callable[[T], Any]) -> Network[Any]:
        """What two functions make of every matrix and of everything else, called in the order of the flat tensors."""

        def norm(part: Norm[T]) -> Norm[Any]:
            return Norm(vector(part.gain), vector(part.bias))

        def linear(part: Linear[T]) -> Linear[Any]:
            return Linear(matrix(part.weight), vector(part.bias))

        def attention(part: Attention[T]) -> Attention[Any]:
            return Attention(norm(part.norm), linear(part.project), linear(part.out), vector(part.slopes))

        def block(part: Block[T]) -> Block[Any]:
            near, far = attention(part.attention), attention(part.content)
            return Block(near, far, norm(part.norm), linear(part.widen), linear(part.narrow))

        enter = linear(self.enter)
        blocks = [block(part) for part in self.blocks]
        return Network(enter, blocks, norm(self.norm), linear(self.leave))

    def in_order(self) -> tuple[list[T], list[T]]:
        """All matrices, and all others, in their order."""
        matrices: list[T] = []
        vectors: list[T] = []
        self.each(matrices.append, vectors.append)
        return matrices, vectors


def shapes(motion: int, channels: int, heads: int, blocks: int, feed_forward: int) -> Network[Shape]:
    """The shape of every weight of a network of these sizes."""

    def norm() -> Norm[Shape]:
        return Norm((channels,), (channels,))

    def linear(outputs: int, inputs: int) -> Linear[Shape]:
        return Linear((outputs, inputs), (outputs,))

    def attention(packed: int) -> Attention[Shape]:
        return Attention(norm(), linear(packed * channels, channels), linear(channels, channels), (heads,))

    def block() -> Block[Shape]:
        widen, narrow = linear(feed_forward, channels), linear(channels, feed_forward)
        return Block(attention(3), attention(2), norm(), widen, narrow)

    enter, leave = linear(channels, motion + 1), linear(motion, channels)
    return Network(enter, [block() for _ in range(blocks)], norm(), leave)


def counts(motion: int, channels: int, heads: int, blocks: int, feed_forward: int) -> tuple[int, int, int]:
    """Elements of all matrices, of all others, and outputs of all matrices: the scales beside int8 ones."""
    count = _count if torch.compiler.is_compiling() else _counted  # a cache is not what can be traced
    return count(motion, channels, heads, blocks, feed_forward)


def _count(*sizes: int) -> tuple[int, int, int]:
    matrices, vectors = shapes(*sizes).in_order()
    return sum(map(math.prod, matrices)), sum(map(math.prod, vectors)), sum(outputs for outputs, _ in matrices)


_counted = functools.cache(_count)


def read(
    matrices: Tensor, vectors: Tensor, motion: int, channels: int, heads: int, blocks: int, feed_forward: int
) -> Network[Tensor]:
    """Views of the flat tensors as a network; scales behind the vectors are left out."""
    return shapes(motion, channels, heads, blocks, feed_forward).each(_pieces(matrices), _pieces(vectors))


def scaled(
    matrices: Tensor, vectors: Tensor, motion: int, channels: int, heads: int, blocks: int, feed_forward: int
) -> Tensor:
    """What int8 matrices stand for: each output's weights times its scale, from the end of the vectors."""
    all_shapes, _ = shapes(motion, channels, heads, blocks, feed_forward).in_order()
    inputs = torch.tensor([width for outputs, width in all_shapes for _ in range(outputs)], device=vectors.device)
    return matrices * vectors[-len(inputs) :].repeat_interleave(inputs)


def _pieces(flat: Tensor) -> Callable[[Shape], Tensor]:
    """Hands out a flat tensor piece by piece, in the shapes asked for."""
    place = 0

    def piece(shape: Shape) -> Tensor:
        nonlocal place
        begin, place = place, place + math.prod(shape)
        return flat[begin:place].view(shape)

    return piece
