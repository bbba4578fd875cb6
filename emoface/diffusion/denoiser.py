"""The emotion-aware denoiser: eight blocks that predict the clean motion from a noisy one.

One block, after the figure of arXiv 2506.10007 (the paper's equations are not public; sizes and order are ours)::

    x = x + SelfAttention(LN(x));                     x = x + FiLM_t(x)
    x = x + ContentAttention(q = speech, k = v = LN(x)); x = x + FiLM_t(x)
    x = x + FeedForward(LN(x))
    x = r x + AdaIN(x; style(z));                     x = FiLM_t(x)

r = 1 by default: with AdaIN alone (r = 0, as the figure draws it) every block forgets the mean of each channel over
the window, so a silent window and a speaking one look alike. Speech is also added once to the input.

Everything that does not depend on the noisy motion is prepared once: per clip (audio queries, AdaIN of the emotion)
and per schedule (FiLM tables).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from emoface import checks
from emoface.face.layout import MOTION_SIZE
from emoface.kernels import (
    content_attention,
    ff_adain_film,
    ff_gelu,
    ln_qkv,
    oproj_residual_film,
    prepare_clip,
    prepare_schedule,
    self_attention,
)
from emoface.kernels.denoise_loop.weights import NORM_EPS, Linear, Network, Norm
from emoface.kernels.denoise_loop.weights import Attention as AttentionWeights
from emoface.kernels.denoise_loop.weights import Block as BlockWeights

ADAIN_EPS = 1e-2
TIME_FEATURES = 64
STRENGTH_POWERS = 3
MOST = 1 << 16
"""No size of a denoiser is larger."""
_AT_LEAST_ONE = ("motion", "emotion", "content", "channels", "heads", "blocks", "feed_forward", "styles", "window")
_AT_LEAST_NONE = ("context", "lookahead", "attention_window")


@dataclass(frozen=True)
class DenoiserConfig:
    """Sizes of a denoiser.

    Attributes:
        motion: width of the motion vector. emotion: Z, width of the emotion embedding.
        content: width of the content features. channels: C. heads: H. blocks, feed_forward: as named.
        styles: number of speaking styles (0 captured artist, 1 rule-made).
        window: motion frames denoised at once; context: frames carried over from the window before;
        lookahead: frames at the end of a window that are denoised but not kept.
        attention_window: local window of the content attention in frames, 0 for none.
        adain_residual: r in the block's formula.
        guided: the strength of guidance is an input, so that one call does what takes two otherwise.
    """

    motion: int = MOTION_SIZE
    emotion: int = 64
    content: int = 128
    channels: int = 128
    heads: int = 4
    blocks: int = 8
    feed_forward: int = 512
    styles: int = 2
    window: int = 100
    context: int = 16
    lookahead: int = 4
    attention_window: int = 0
    adain_residual: float = 1.0
    guided: bool = False

    def __post_init__(self) -> None:
        for name in _AT_LEAST_ONE + _AT_LEAST_NONE:
            checks.whole(name, getattr(self, name), int(name in _AT_LEAST_ONE), MOST)
        if self.channels % self.heads:
            raise ValueError(f"channels must be divisible by heads, got {self.channels} and {self.heads}")
        checks.number("adain_residual", self.adain_residual, 0)


@dataclass(frozen=True)
class ClipConditions:
    """What a clip contributes, once: see :meth:`Denoiser.prepare_clip`.

    Attributes:
        speech: (B, T, C) added to the input. queries: per block (B, T, C) prepared audio queries.
        adain: per block ((B, C), (B, C)) AdaIN scale and shift.
    """

    speech: Tensor
    queries: tuple[Tensor, ...]
    adain: tuple[tuple[Tensor, Tensor], ...]


class Attention(nn.Module):
    """Weights of one attention: layer norm, packed projections, output projection, distance slopes."""

    slopes: Tensor

    def __init__(self, channels: int, packed: int, slopes: list[float]) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, NORM_EPS)
        self.project = nn.Linear(channels, packed)
        self.out = nn.Linear(channels, channels)
        self.register_buffer("slopes", torch.tensor(slopes), persistent=False)

    def projected(self, x: Tensor) -> Tensor:
        """LN(x) through the packed projection."""
        norm, project = self.norm, self.project
        return ln_qkv(x, norm.weight, norm.bias, project.weight, project.bias, norm.eps)


class Block(nn.Module):
    """One emotion-aware block."""

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        channels, heads = config.channels, config.heads
        self.config = config
        # Half of the self-attention heads see the whole window evenly; the others and all content heads look near.
        near = [0.5 * 2.0**-i for i in range(heads)]
        self.attention = Attention(channels, 3 * channels, [s if i % 2 else 0.0 for i, s in enumerate(near)])
        self.content = Attention(channels, 2 * channels, near)
        self.query = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels, NORM_EPS)
        self.widen = nn.Linear(channels, config.feed_forward)
        self.narrow = nn.Linear(config.feed_forward, channels)
        self.style = nn.Linear(channels, 2 * channels)  # AdaIN scale and shift; checkpoints know it by this name
        self.film = nn.Linear(channels, 6 * channels)
        for linear in (self.style, self.film):
            nn.init.zeros_(linear.weight)
            nn.init.zeros_(linear.bias)
        with torch.no_grad():
            # The residual FiLMs and the AdaIN branch start as "nothing added": scale -1 makes them zero.
            self.film.bias.view(3, 2, channels)[:2, 0] = -1.0
            if config.adain_residual:
                self.style.bias[:channels] = -1.0

    def forward(self, x: Tensor, query: Tensor, adain: tuple[Tensor, Tensor], film: Tensor) -> Tensor:
        """Run the block.

        Args:
            x: (B, T, C) residual stream. query: (B, T, C) prepared audio queries.
            adain: (B, C) AdaIN scale and shift. film: (B, 3, 2, C) FiLM scales and shifts of this time.

        Returns:
            (B, T, C).
        """
        heads = self.config.heads
        attended = self_attention(self.attention.projected(x), heads, self.attention.slopes)  # (B, T, C)
        out = self.attention.out
        x = oproj_residual_film(attended, out.weight, out.bias, x, film[:, 0, 0], film[:, 0, 1])
        out = self.content.out
        x = oproj_residual_film(self.listen(x, query), out.weight, out.bias, x, film[:, 1, 0], film[:, 1, 1])
        norm, widen = self.norm, self.widen
        hidden = ff_gelu(x, norm.weight, norm.bias, widen.weight, widen.bias, norm.eps)  # (B, T, F)
        return self.express(hidden, x, adain, film[:, 2])

    def listen(self, x: Tensor, query: Tensor) -> Tensor:
        """Content-aware attention (B, T, C): speech asks, motion answers."""
        keys_values = self.content.projected(x)  # (B, T, 2 C)
        window = self.config.attention_window
        return content_attention(query, keys_values, self.config.heads, self.content.slopes, window)

    def express(self, hidden: Tensor, x: Tensor, adain: tuple[Tensor, Tensor], film: Tensor) -> Tensor:
        """Second half of the feed-forward, AdaIN by the emotion, FiLM (B, 2, C) of the time: (B, T, C)."""
        narrow, residual = self.narrow, self.config.adain_residual
        return ff_adain_film(
            hidden, narrow.weight, narrow.bias, x, *adain, film[:, 0], film[:, 1], ADAIN_EPS, residual
        )


def _linears(maps: nn.Sequential) -> tuple[nn.Linear, nn.Linear]:
    """The two linear maps around an activation."""
    first, _, second = maps
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear)
    return first, second


def _waves(frames: int, half: int, device: torch.device) -> Tensor:
    """Sines and cosines (T, 2 half) of positions."""
    rates = torch.exp(torch.arange(half, device=device) * (-math.log(1e3) / half))
    angles = torch.arange(frames, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], -1)


@lru_cache(maxsize=64)
def _kept_waves(frames: int, half: int, device: torch.device) -> Tensor:
    with torch.inference_mode(False):
        return _waves(frames, half, device)


def _parameters(network: nn.Module) -> Iterator[Tensor]:
    """All parameters, in a twentieth of the time that a module takes to list them by name."""
    parts = [network]
    while parts:
        part = parts.pop()
        yield from (value for value in part._parameters.values() if value is not None)
        parts.extend(inner for inner in part._modules.values() if inner is not None)


def _state(parameters: Iterable[Tensor]) -> tuple[tuple[int, int], ...]:
    """What changes when one of the parameters does."""
    return tuple((p.data_ptr(), 0 if p.is_inference() else p._version) for p in parameters)


class Denoiser(nn.Module):
    """Predicts the clean motion x0 from a noisy one, speech and an emotion embedding.

    Attributes:
        block: class of the blocks. fused: whether `denoise_loop` computes this network.
    """

    block: type[Block] = Block
    fused = True

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.channels
        self.enter = nn.Linear(config.motion + 1, channels)  # + 1: flag of frames that are known
        self.speech = nn.Linear(config.content, channels)
        self.style_token = nn.Embedding(config.styles, channels)
        self.position_scale = nn.Parameter(torch.full((channels,), 0.1))
        self.mapping = nn.Sequential(
            nn.Linear(config.emotion, channels), nn.GELU(), nn.Linear(channels, channels)
        )
        self.time = nn.Sequential(nn.Linear(TIME_FEATURES, channels), nn.SiLU(), nn.Linear(channels, channels))
        if config.guided:
            self.strength = nn.Linear(STRENGTH_POWERS, channels, bias=False)
            nn.init.zeros_(self.strength.weight)
        self.blocks = nn.ModuleList(self.block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(channels, NORM_EPS)
        self.leave = nn.Linear(channels, config.motion)
        self._flat: tuple[Any, Tensor, Tensor] | None = None  # of flat_weights()
        self._stacks: dict[str, tuple[Any, Tensor, Tensor]] = {}
        self.null_content = nn.Parameter(torch.zeros(config.content))
        self.null_emotion = nn.Parameter(torch.zeros(config.emotion))

    def each_block(self) -> Iterator[Block]:
        """The blocks from first to last."""
        for block in self.blocks:
            assert isinstance(block, Block)
            yield block

    def positions(self, frames: int) -> Tensor:
        """Sinusoidal positions (T, C), scaled per channel by learnt factors."""
        waves = _waves if torch.compiler.is_compiling() else _kept_waves
        return waves(frames, self.config.channels // 2, self.position_scale.device) * self.position_scale

    def prepare_clip(self, content: Tensor, emotion: Tensor, style: Tensor) -> ClipConditions:
        """Precompute what does not change while a window is denoised.

        Args:
            content: (B, T, content) content features of the speech; ``null_content`` where dropped.
            emotion: (B, Z) emotion embeddings; ``null_emotion`` where dropped.
            style: (B,) int64 speaking style.

        Returns:
            The window's conditions.
        """
        speech, queries, adain = self.prepare(content, emotion, style)
        halves = [block.unbind(1) for block in adain.unbind(1)]
        return ClipConditions(speech, queries.unbind(1), tuple((scale, shift) for scale, shift in halves))

    def prepare(self, content: Tensor, emotion: Tensor, style: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The same as three tensors, for U speeches and E emotions.

        Args:
            content: (U, T, content) content features. emotion: (E, Z) emotion embeddings.
            style: int64 speaking style: () of all, or (U,) where U = E.

        Returns:
            (U, T, C) added to the input, (U, blocks, T, C) audio queries, (E, blocks, 2, C) AdaIN scales and shifts.
        """
        token = self.style_token(style)  # (C,) or (U, C)
        first, second = _linears(self.mapping)
        return prepare_clip(
            content, self.positions(content.shape[1]), token.expand(content.shape[0], -1), emotion,
            token.expand(emotion.shape[0], -1), self.speech.weight, self.speech.bias, *self._stacked("query"),
            first.weight, first.bias, second.weight, second.bias, *self._stacked("style"),
        )  # fmt: skip

    def prepare_schedule(self, times: Tensor, guidance: float = 1.0) -> Tensor:
        """FiLM tables of a schedule.

        Args:
            times: (N,) diffusion times in 0..1.
            guidance: strength of the emotion's guidance, read by a guided network only.

        Returns:
            (N, blocks, 3, 2, C): scale and shift of the three FiLMs of each block.
        """
        first, second = _linears(self.time)
        bias = second.bias
        if self.config.guided:
            bias = bias + self.strength(guidance_powers(guidance).to(bias, non_blocking=True))
        return prepare_schedule(times, first.weight, first.bias, second.weight, bias, *self._stacked("film"))

    def _stacked(self, name: str) -> tuple[Tensor, Tensor]:
        """Weights and biases of one linear map of all blocks, the same tensors until one of them changes."""
        linears = [getattr(block, name) for block in self.each_block()]
        weights, biases = [linear.weight for linear in linears], [linear.bias for linear in linears]
        if torch.compiler.is_compiling() or (torch.is_grad_enabled() and weights[0].requires_grad):
            return torch.stack(weights), torch.stack(biases)
        state = _state((*weights, *biases))
        kept = self._stacks.get(name)
        if kept is None or kept[0] != state:
            with torch.inference_mode(False), torch.no_grad():
                kept = self._stacks[name] = (state, torch.stack(weights), torch.stack(biases))
        return kept[1:]

    def denoise(self, x: Tensor, film: Tensor, clip: ClipConditions, known: Tensor | None = None) -> Tensor:
        """Predict x0.

        Args:
            x: (B, T, motion) noisy motion, known frames written clean.
            film: (B, blocks, 3, 2, C) or (1, ...) FiLM rows of the present time.
            clip: conditions of the window.
            known: (B, T) bool, which frames are known, or None.

        Returns:
            (B, T, motion).
        """
        flag = x.new_zeros(*x.shape[:2], 1) if known is None else known[..., None].to(x.dtype)
        hidden = self.enter(torch.cat([x, flag], -1)) + clip.speech  # (B, T, C)
        film = film.expand(x.shape[0], *film.shape[1:])
        for i, block in enumerate(self.each_block()):
            hidden = block(hidden, clip.queries[i], clip.adain[i], film[:, i])
        return self.leave(self.norm(hidden))

    def forward(
        self, x: Tensor, times: Tensor, content: Tensor, emotion: Tensor, style: Tensor, known: Tensor | None = None
    ) -> Tensor:
        """Predict x0 in one call, for training; see the methods above for the shapes, times is (B,)."""
        return self.denoise(x, self.prepare_schedule(times), self.prepare_clip(content, emotion, style), known)

    def _network(self) -> Network[Tensor]:
        """The weights of what `denoise_loop` computes, by their places in it."""

        def norm(part: nn.LayerNorm) -> Norm[Tensor]:
            return Norm(part.weight, part.bias)

        def linear(part: nn.Linear) -> Linear[Tensor]:
            return Linear(part.weight, part.bias)

        def attention(part: Attention) -> AttentionWeights[Tensor]:
            return AttentionWeights(norm(part.norm), linear(part.project), linear(part.out), part.slopes)

        def block(part: Block) -> BlockWeights[Tensor]:
            near, far = attention(part.attention), attention(part.content)
            return BlockWeights(near, far, norm(part.norm), linear(part.widen), linear(part.narrow))

        blocks = [block(part) for part in self.each_block()]
        return Network(linear(self.enter), blocks, norm(self.norm), linear(self.leave))

    def flat_weights(self, products: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
        """What `denoise_loop` takes as its matrices, in the dtype of its products, and vectors, in float32.

        int8 matrices are rounded output by output, the largest weight of each to 127.

        The same tensors come back until a parameter changes, so that they are packed once.
        """
        state = (products, *_state(_parameters(self)))
        if self._flat is None or self._flat[0] != state:
            weights, vectors = self._network().in_order()
            with torch.inference_mode(False), torch.no_grad():
                if products == torch.int8:
                    scales = [weight.abs().amax(1).clamp_min(1e-12) / 127 for weight in weights]
                    weights = [(weight / scale[:, None]).round() for weight, scale in zip(weights, scales)]
                    vectors += scales
                matrices = torch.cat([weight.flatten().to(products) for weight in weights])
                self._flat = (state, matrices, torch.cat([vector.flatten().float() for vector in vectors]))
        return self._flat[1:]

    def describe(self) -> dict[str, Any]:
        """The config as a JSON-able dict."""
        return asdict(self.config)


def guidance_powers(guidance: float) -> Tensor:
    """What a guided network is told: ``((g - 1) / 3)^k``, k = 1..3; zero at g = 1, where guidance does nothing."""
    return ((guidance - 1) / 3) ** torch.arange(1.0, STRENGTH_POWERS + 1)
