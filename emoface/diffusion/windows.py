"""The window loop: long motion from windows of the trained length with carried context frames.

Windows follow each other every ``window - context - lookahead`` frames. Each starts with the last ``context`` frames
of the one before, given clean to the network, and ends with ``lookahead`` frames that only serve as future for the
others and are not kept. The first window begins in the silence before the recording, so that the face starts from
rest. A window depends on earlier ones and on audio up to its own end, never on later audio, so a
whole recording and a stream of chunks give the same motion.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import torch
from torch import Tensor

from emoface.kernels import OPS, denoise_loop

from .denoiser import ADAIN_EPS, Denoiser
from .guidance import Guidance, stack_conditions
from .noise import FIRST_BLOCK, NOISE_BLOCK, WHOLE_TAKE, FrameNoise, start_noise, turned_away, white
from .samplers import SAMPLERS, Sampler, needs_noise, sample
from .schedule import sampling_times

SHORTEST = 32
"""Windows are at least this long; a shorter recording is denoised with silence behind it."""
LEAD_IN = 8
"""Frames of silence that are denoised before the recording and not kept."""
TOGETHER = 64
"""Rows of a batch of windows on a GPU."""


@dataclass(frozen=True)
class Window:
    """Frames of one window, counted from the recording's start.

    Attributes:
        start, stop: frames denoised; start is negative in the silence before the recording.
        keep_from, keep_to: frames kept. index: number of the window.
        known_to: frames before it are known from earlier windows, those before ``keep_from`` if it is left out.
        give_from, give_to: frames that are given, the kept ones where they are left out.
    """

    start: int
    stop: int
    keep_from: int
    keep_to: int
    index: int
    known_to: int = field(default=None)  # type: ignore[assignment]  # becomes keep_from
    give_from: int = field(default=None)  # type: ignore[assignment]  # becomes keep_from
    give_to: int = field(default=None)  # type: ignore[assignment]  # becomes keep_to

    def __post_init__(self) -> None:
        for name, usual in (("known_to", self.keep_from), ("give_from", self.keep_from), ("give_to", self.keep_to)):
            if getattr(self, name) is None:
                object.__setattr__(self, name, usual)

    @property
    def frames(self) -> int:
        """T, how many are denoised."""
        return self.stop - self.start

    @property
    def given(self) -> slice:
        """The frames that are given, counted from the window's start."""
        return slice(self.give_from - self.start, self.give_to - self.start)


def plan_windows(frames: int, window: int, context: int, lookahead: int) -> Iterator[Window]:
    """Cut a recording into windows.

    Args:
        frames: motion frames of the recording, at least 1.
        window, context, lookahead: sizes in frames, see the module.

    Yields:
        Windows whose kept frames tile 0..frames.

    Raises:
        ValueError: a window that keeps no frame of its own.
    """
    if window - lookahead <= max(context, LEAD_IN):
        raise ValueError(
            f"window must exceed lookahead and context, or {LEAD_IN} frames of silence, together; got window {window}, "
            f"context {context}, lookahead {lookahead}"
        )
    done, index = 0, 0
    while done < frames:
        start = max(done - context, -LEAD_IN)
        keep_to = min(start + window - lookahead, frames)
        stop = max(min(keep_to + lookahead, frames), start + SHORTEST)
        yield Window(start, stop, done, keep_to, index)
        done, index = keep_to, index + 1


@dataclass(frozen=True)
class SlidingPlan:
    """Windows of one length that slide over a voice while it arrives.

    Each is denoised afresh, with the same noise in each frame as the windows before, so its frames follow theirs
    without being tied to them, and nothing drifts. The first windows begin in the silence before the voice.

    Attributes:
        window: frames denoised at once. hop: frames kept of each window.
        lookahead: frames behind them, which are given but not kept, as is the frame before.
    """

    window: int
    hop: int
    lookahead: int

    def at(self, done: int) -> Window:
        """The window that follows ``done`` kept frames."""
        keep_to = done + self.hop
        stop = keep_to + self.lookahead
        start = stop - self.window
        return Window(start, stop, done, keep_to, done // self.hop, start, done - 1, stop)


@dataclass(frozen=True)
class Track:
    """One emotion's trajectory through a window: it is denoised on its own and weighted into the motion.

    Attributes:
        key: identifies the trajectory from window to window.
        emotion: (Z,) embedding.
        weights: (T,) share of this trajectory in each frame of the window, or (T, motion) in each of its channels;
            shares of all tracks add up to 1.
    """

    key: Hashable
    emotion: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Painting:
    """Motion that a window keeps while the rest of it is sampled.

    Attributes:
        known: (B, T, motion) normalised motion. share: (T, motion) how far it is kept, 0..1.
        clean: (T,) bool, frames that are kept whole and given clean to the network, like those carried over.
        other: (T, motion) how far what is sampled is to be another performance than the known one, 0..1; None for not.
    """

    known: Tensor
    share: Tensor
    clean: Tensor
    other: Tensor | None = None


class WindowSampler:
    """Denoises windows one after the other and carries their context.

    All tracks and samples of a window share one noise and run as one batch. Where `denoise_loop` has a back end, a
    window's trajectory is one call; elsewhere it is a call of the denoiser per step.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        sampler: str,
        steps: int,
        guidance: Guidance,
        style: int,
        seed: int,
        num_samples: int,
        temperature: Tensor,
        products: torch.dtype = torch.float32,
        character: Tensor | None = None,
        threads: int = 1,
        swing: Tensor | None = None,
        first_sample: int = 0,
        sliding: bool = False,
    ) -> None:
        """Set up.

        Args:
            denoiser: the network. sampler: a name in ``SAMPLERS``. steps: network calls per window.
            guidance: classifier-free guidance. style: speaking style. seed: of the noise.
            num_samples: B, independent samples. temperature: (motion,) scale of the start noise per channel.
            products: float32, or bfloat16 or int8 for matrix products of such operands.
            character: (motion,) scale of the noise's mean over time, one draw per take; None for ``temperature``.
            threads: CPU threads of `denoise_loop`; the result does not depend on it.
            swing: (motion,) share of slow noise in the start noise, None for none.
            first_sample: number of the first sample, whose noise it has. sliding: noise belongs to frames, as a
                :class:`SlidingPlan` needs it, not to windows.
        """
        self.denoiser = denoiser
        self.settings = (sampler, steps, guidance)
        self.swing = swing
        self.guidance = guidance
        self.style = style
        self.seed = seed
        self.num_samples, self.first_sample = num_samples, first_sample
        self.temperature = temperature
        self.character = temperature if character is None else character
        self.products = products
        self.threads = threads
        self.weights: tuple[Tensor, Tensor] | None = None
        device = temperature.device
        table, times, noisy = _schedule(SAMPLERS[sampler], steps)
        self.noisy_steps = len(table) if noisy else 0
        self.table, times = table.to(device, non_blocking=True), times.to(device, non_blocking=True)
        if denoiser.config.guided:
            self.film = denoiser.prepare_schedule(times, guidance.emotion)
            self.guidance = Guidance(audio=guidance.audio)
        else:
            self.film = denoiser.prepare_schedule(times)
        self.context: dict[Hashable, Tensor] = {}
        self.by_frame = FrameNoise(self._noise_block, swing) if sliding else None
        self.take: Tensor | None = None  # (B, 1, motion)

    def noise(self, window: Window, liveliness: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """All noise of a window: a function of seed, sample and window only.

        Args:
            window: the window. liveliness: (T, motion) or None, as in :meth:`run`.

        Returns:
            Where sampling starts (B, T, motion), and what the sampler adds in its steps, (steps, B, T, motion) of the
            same scale; None where its table asks for none.
        """
        scale = self.temperature
        if liveliness is not None:
            scale = scale * liveliness.to(scale, non_blocking=True)
        if self.take is None:
            self.take = self._drawn(WHOLE_TAKE, 1)[0]
        if self.by_frame is None:
            drawn, later = self._drawn(window.index, window.frames, self.noisy_steps)
            start = start_noise(drawn, self.take, scale, self.character, self.swing)
        else:
            drawn, later = self.by_frame.read(window.start, window.stop)
            start = start_noise(drawn, self.take, scale, self.character)
        return start, later * scale if self.noisy_steps else None

    def keep_character(self, seed: int, sample: int) -> None:
        """Hold the pose that another take of this sampler's kind holds: its noise's mean over time.

        Args:
            seed, sample: of that take.
        """
        drawn, _ = white(seed, sample, WHOLE_TAKE, 1, self.denoiser.config.motion)
        self.take = drawn[None].to(self.temperature.device, non_blocking=True)

    def _noise_block(self, number: int) -> tuple[Tensor, Tensor]:
        return self._drawn(FIRST_BLOCK + number, NOISE_BLOCK, self.noisy_steps)

    def _drawn(self, index: int, frames: int, steps: int = 0) -> tuple[Tensor, Tensor]:
        """White noise of each sample and a window number: (B, frames, motion), and (steps, B, frames, motion)."""
        numbers = range(self.first_sample, self.first_sample + self.num_samples)
        motion = self.denoiser.config.motion
        drawn, later = zip(*(white(self.seed, number, index, frames, motion, steps) for number in numbers))
        first, others = torch.stack(drawn), torch.stack(later, 1)
        device = self.temperature.device
        return first.to(device, non_blocking=True), others.to(device, non_blocking=True)

    def run(
        self, window: Window, content: Tensor, tracks: list[Track], liveliness: Tensor | None = None,
        guidance: Tensor | None = None, painting: Painting | None = None,
    ) -> Tensor:  # fmt: skip
        """Denoise one window.

        Args:
            window: the window, the next of the plan.
            content: (T, F) content features of its frames.
            tracks: trajectories to denoise; the first is the one that new tracks take their context from.
            liveliness: (T, motion) further scale of the noise within the window: 0 leaves the take's character.
            guidance: (T, motion) guidance by the emotion in each frame and channel, in place of the sampler's.
            painting: motion that is kept, None for none.

        Returns:
            (B, given frames, motion) normalised motion.
        """
        samples = self.num_samples
        first, later = self.noise(window, liveliness)
        if painting is not None and painting.other is not None:
            first = turned_away(first, painting.known.to(first), painting.other, self.temperature, self.swing)
        start = first.repeat(len(tracks), 1, 1)  # (K B, T, motion), track-major
        noise = None if later is None else later.repeat(1, len(tracks), 1, 1)  # (steps, K B, T, motion)
        known, mask = self._carried(window, tracks, start)
        share = None
        if painting is not None:
            known, mask, share = _kept(painting, known, mask)
        guide = self.guidance if guidance is None else replace(self.guidance, parts=guidance)
        if self.whole(start):
            hears = [0] * len(tracks)
            motion = self.trajectory(
                start, content[None], hears, tracks, noise, known, mask, share, guide, self.threads
            )
        else:
            motion = self.stepwise(start, content, tracks, noise, known, mask, share, guide)
        motion = motion.unflatten(0, (len(tracks), samples))  # (K, B, T, motion)
        if self.by_frame is None:
            self._carry(window, tracks, motion)
        return self.combine(window, tracks, motion)

    @property
    def kind(self) -> Hashable:
        """What samplers have in common whose windows can be denoised as one batch."""
        return (id(self.denoiser), self.settings, self.style, self.products)

    def combine(self, window: Window, tracks: list[Track], motion: Tensor) -> Tensor:
        """The given frames (B, k, motion) of trajectories (K, B, T, motion), each by its share."""
        weights = torch.stack([_by_channel(track.weights) for track in tracks])  # (K, T, 1 or motion)
        shares = weights.to(motion, non_blocking=True)
        return (shares[:, None] * motion).sum(0)[:, window.given]

    def whole(self, start: Tensor) -> bool:
        """Whether a window whose noise is such is one call of `denoise_loop`."""
        return self.denoiser.fused and OPS["denoise_loop"].accelerates(start)

    def trajectory(
        self, start: Tensor, content: Tensor, hears: Sequence[int], tracks: list[Track], noise: Tensor | None,
        known: Tensor | None, mask: Tensor | None, share: Tensor | None, guide: Guidance, threads: int,
    ) -> Tensor:  # fmt: skip
        """All steps in one call on so many threads: motion (K B, T, motion).

        Args: as for :meth:`stepwise`, but for ``content`` (V, T, F), the voices, and ``hears``, which one each track
        hears.
        """
        denoiser, config, branches = self.denoiser, self.denoiser.config, guide.branches
        heard = content  # (U, T, F): the voices, and silence's learnt stand-in where a branch hears none
        if any(audio for audio, _ in branches):
            heard = torch.cat([heard, denoiser.null_content.expand_as(heard[:1])])
        own = torch.stack([track.emotion for track in tracks])  # (K, Z)
        emotions = torch.cat([denoiser.null_emotion.expand_as(own) if none else own for _, none in branches])
        style = torch.full((), self.style, device=start.device)
        speech, queries, adain = denoiser.prepare(heard, emotions, style)
        if self.weights is None:
            self.weights = denoiser.flat_weights(self.products)
        return denoise_loop(
            start, speech, queries, adain.unflatten(0, (len(branches), -1)), self.film, self.table,
            guide.weights(start), *self.weights, self._contents(guide, hears, len(content)), config.heads,
            config.feed_forward, config.attention_window, config.adain_residual, ADAIN_EPS, noise, known, mask,
            threads, share,
        )  # fmt: skip

    def _contents(self, guide: Guidance, hears: Sequence[int], voices: int) -> list[int]:
        """Which content each branch hears or, where tracks hear different voices, each track in each branch."""
        told = hears[:1] if voices == 1 else hears
        return [voices if audio else voice for audio, _ in guide.branches for voice in told]

    def stepwise(
        self, start: Tensor, content: Tensor, tracks: list[Track], noise: Tensor | None, known: Tensor, mask: Tensor,
        share: Tensor | None, guide: Guidance,
    ) -> Tensor:  # fmt: skip
        """Denoise one step after the other: motion (K B, T, motion).

        Args:
            start: (K B, T, motion). content: (T, F), or (K B, T, F). tracks: K of them.
            noise: (steps, K B, T, motion) or None. known, mask: (K B, T, motion), (K B, T).
            share: of the known motion, None where it is whole. guide: guidance.
        """
        emotion = torch.stack([track.emotion for track in tracks]).repeat_interleave(self.num_samples, 0)  # (K B, Z)
        contents, emotions = stack_conditions(
            guide,
            content.expand(*start.shape[:2], -1),
            emotion,
            self.denoiser.null_content,
            self.denoiser.null_emotion,
        )
        branches = len(guide.branches)
        style = torch.full((contents.shape[0],), self.style, device=start.device)
        flags = mask.repeat(branches, 1)

        def predict(x: Tensor, step: int) -> Tensor:
            stacked = x.repeat(branches, 1, 1)  # (N K B, T, motion)
            predicted = self.denoiser.denoise(stacked, self.film[step : step + 1], clip, flags)
            return predicted.unflatten(0, (branches, -1))

        with torch.autocast(start.device.type, torch.bfloat16, enabled=self.products == torch.bfloat16):
            clip = self.denoiser.prepare_clip(contents, emotions, style)
            table = self.table.to(start.device)
            weights = guide.weights(start)
            return sample(predict, start, table, weights, noise, known, mask, share=share).float()

    def _carried(self, window: Window, tracks: list[Track], start: Tensor) -> tuple[Tensor, Tensor]:
        """Known motion (K B, T, motion) and mask (K B, T) of the frames carried over."""
        known, mask = torch.zeros_like(start), start.new_zeros(start.shape[:2], dtype=torch.bool)
        carried = window.known_to - window.start
        if carried and self.context:
            fallback = next(iter(self.context.values()))
            frames = [self.context.get(track.key, fallback) for track in tracks]
            known[:, :carried] = torch.cat(frames)[:, -carried:]
            mask[:, :carried] = True
        return known, mask

    def _carry(self, window: Window, tracks: list[Track], motion: Tensor) -> None:
        """Keep each track's last frames for the next window."""
        end = window.keep_to - window.start
        begin = max(end - self.denoiser.config.context, 0)
        self.context = {track.key: motion[i, :, begin:end].clone() for i, track in enumerate(tracks)}


@lru_cache(maxsize=64)
def _schedule(sampler: Sampler, steps: int) -> tuple[Tensor, Tensor, bool]:
    """Coefficients (steps, 6) and times (steps,) of a sampler, and whether it adds noise."""
    with torch.inference_mode(False):
        table = sampler(steps)
        return table.float(), sampling_times(steps)[:-1].float(), needs_noise(table)


def _by_channel(weights: Tensor) -> Tensor:
    """Shares (T,) or (T, motion) as (T, 1) or (T, motion)."""
    return weights[:, None] if weights.dim() == 1 else weights


def _kept(painting: Painting, known: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Known motion and shares (K B, T, motion) and mask (K B, T) with what a painting keeps beside what is carried."""
    rows = len(known) // len(painting.known)
    painted = painting.known.to(known).repeat(rows, 1, 1)  # (K B, T, motion)
    known = torch.where(mask[..., None], known, painted)
    mask = mask | painting.clean.to(mask.device)
    return known, mask, painting.share.to(known).expand_as(known).contiguous()


@dataclass(frozen=True)
class Denoising:
    """What a sampler is to denoise; see :meth:`WindowSampler.run`."""

    sampler: WindowSampler
    window: Window
    content: Tensor
    tracks: list[Track]
    liveliness: Tensor


def side_by_side(asked: Sequence[Denoising]) -> list[Tensor]:
    """Denoise windows of several sliding samplers of one sample each in as few batches as can be.

    Returns:
        Motion (B, given frames, motion) of each: that of each alone on a CPU, and of each beside any others on a GPU.
    """
    found: dict[int, Tensor] = {}
    for group in _alike(asked):
        found.update(zip(group, _as_one([asked[number] for number in group])))
    return [found[number] for number in range(len(asked))]


def _alike(asked: Sequence[Denoising]) -> Iterator[list[int]]:
    """Numbers of windows that can be denoised together, at most ``TOGETHER`` tracks at once."""
    groups: dict[Hashable, list[int]] = {}
    for number, one in enumerate(asked):
        groups.setdefault((one.sampler.kind, one.window.frames), []).append(number)
    for group in groups.values():
        part: list[int] = []
        for number in group:
            if sum(len(asked[other].tracks) for other in [*part, number]) > TOGETHER and part:
                yield part
                part = []
            part.append(number)
        yield part


def _as_one(asked: Sequence[Denoising]) -> list[Tensor]:
    """Windows of sliding samplers of one kind as one batch."""
    noises = [one.sampler.noise(one.window, one.liveliness) for one in asked]
    lead, device = asked[0].sampler, noises[0][0].device
    if device.type == "cpu" and not lead.whole(noises[0][0]):  # PyTorch's products may depend on the rows beside
        return [one.sampler.run(one.window, one.content, one.tracks, one.liveliness) for one in asked]
    counts = [len(one.tracks) for one in asked]
    motion = (_in_one_call if device.type == "cpu" else _filled_up)(asked, noises, counts)
    parts = motion[: sum(counts)].split(counts)
    return [one.sampler.combine(one.window, one.tracks, part[:, None]) for one, part in zip(asked, parts)]


def _in_one_call(
    asked: Sequence[Denoising], noises: Sequence[tuple[Tensor, Tensor | None]], counts: Sequence[int]
) -> Tensor:
    """Motion (R, T, motion) of all tracks of all windows, by `denoise_loop`, whose rows do not depend on each other."""
    lead = asked[0].sampler
    hears = [number for number, count in enumerate(counts) for _ in range(count)]
    start = torch.cat([first for first, _ in noises])[hears]  # (R, T, motion)
    later = [noise for _, noise in noises if noise is not None]  # each (steps, 1, T, motion)
    tracks = [track for one in asked for track in one.tracks]
    content = torch.stack([one.content for one in asked])  # (V, T, F)
    noise = torch.cat(later, 1)[:, hears] if later else None
    # on one thread: streams are shared out among the threads
    return lead.trajectory(start, content, hears, tracks, noise, None, None, None, lead.guidance, 1)


def _filled_up(
    asked: Sequence[Denoising], noises: Sequence[tuple[Tensor, Tensor | None]], counts: Sequence[int]
) -> Tensor:
    """Motion (R, T, motion) of all tracks of all windows in a batch that is filled up to ``TOGETHER`` rows.

    Products of one size sum in one order, so what a row gives does not depend on what is in the others.
    """
    lead = asked[0].sampler
    rows = max(sum(counts), TOGETHER)

    def filled(parts: Iterable[Tensor], rows_at: int = 0) -> Tensor:
        """Parts, each as often as it has tracks, one after the other; zeros behind them."""
        whole = torch.cat([part.repeat_interleave(n, rows_at) for part, n in zip(parts, counts)], rows_at)
        beyond = [0, 0] * (whole.ndim - 1 - rows_at) + [0, rows - whole.shape[rows_at]]
        return torch.nn.functional.pad(whole, beyond)

    start = filled(first for first, _ in noises)  # (R, T, motion)
    content = filled(one.content[None] for one in asked)  # (R, T, F)
    tracks = [track for one in asked for track in one.tracks]
    tracks += [tracks[0]] * (rows - len(tracks))
    later = None if noises[0][1] is None else filled((noise for _, noise in noises if noise is not None), 1)
    known, mask = torch.zeros_like(start), torch.zeros_like(start[..., 0], dtype=torch.bool)
    return lead.stepwise(start, content, tracks, later, known, mask, None, lead.guidance)
