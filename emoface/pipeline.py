"""The pipeline: a recording and an emotion in, animation out."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, overload
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
import torch
from torch import Tensor, nn

from . import checks
from .animation import Animation
from .audio.convolution import multiply_in
from .audio.delivery import relative_loudness
from .audio.encoder import ContentConfig, ContentEncoder
from .audio.features import MEL_PER_FRAME
from .audio.hearing import Hearing
from .audio.lip_net import STYLES, LipNet
from .audio.load import Recording, open_audio, open_other
from .audio.nonverbal import SOUNDS, NonverbalListener, SoundGate, told_apart
from .audio.normalize import HEARD_PRESENCE
from .audio.speech_encoder import SpeechEncoder
from .audio.stream import MelStream
from .audio.voice import Voice, hear_voice
from .binding.space import EmotionSpace
from .checkpoints import Checkpoint, Unfilled, check_sizes, load_checkpoint
from .device import find_device, one_thread
from .diffusion.denoiser import Denoiser, DenoiserConfig
from .diffusion.finish import Sampling, finish
from .diffusion.windows import plan_windows
from .direct.direction import Direction
from .direct.edits import apply_region, use_painter
from .direct.perform import check_live, directed, meet_poses, near_poses
from .direct.tracks import PoseTrack, RegionTrack
from .emotion import HeardEmotion, Keyframe, ResolvedEmotion, check_density, resolve
from .emotion_forms import HEARD
from .emotion_forms import from_json as emotion_from_json
from .emotion_forms import to_json as emotion_to_json
from .face.controls import Controls
from .face.layout import FACE_NAMES, FPS, MOTION_NAMES, MOTION_SIZE
from .face.life import add_life
from .face.listening import listening
from .face.nonverbal import NonverbalFace
from .face.person_motion import PersonMotion
from .face_motion import FaceMotion
from .host import own_settings
from .kernels import fast_products
from .live import Stream
from .live.latency import PROFILES
from .options import AnimateOptions, LoadOptions, options_of
from .people import Manner
from .people.basis import BasisConfig, StyleBasis
from .people.weights import with_changes
from .performer import Networks, Performer, Request, perform_in_turn
from .repaint import LIFE, Anew, repaint
from .score import Score

if TYPE_CHECKING:
    import os

    from .types import AudioInput


_LOADED: WeakValueDictionary[str, Pipeline] = WeakValueDictionary()
"""The pipelines that are there, by digest of their checkpoint; edits of takes find theirs here."""
KEPT_MANNERS = 4
"""Manners whose networks a pipeline keeps."""
_SOUNDS: WeakKeyDictionary[Recording, np.ndarray] = WeakKeyDictionary()
"""Sounds that are no words (T, 5) in recordings that were performed; edits of their takes need not listen again."""
AT_ONCE = 8
"""Windows of a recording that are heard at once."""
LIVE_BLOCK = 16000
"""Samples of a recording that are fed to a stream at once."""


@dataclass(frozen=True)
class Performance:
    """A whole recording at 25 fps, before blinks, gaze and controls.

    Attributes:
        motions: (B, T, 56). loudness: (T,) relative loudness of the voice. blinks: (T,) per minute.
        heard: whether a voice stands out anywhere. sounds: (T, 5) bool, which sound that is no word there is.
    """

    motions: np.ndarray
    loudness: np.ndarray
    blinks: np.ndarray
    heard: bool
    sounds: np.ndarray


class Pipeline:
    """All parts of a checkpoint, each usable alone.

    Attributes:
        hearing: speech encoder and lip net. audio: content encoder on what is heard. emotion: emotion space.
        denoiser: the diffusion network. styles: names of the styles of lips that they know.
        mean, deviation: (K,) statistics of the network's motion, of K = 56 channels, or 53 if it was trained on the
            first layout and turns no head. sampling: default settings. checkpoint: what was loaded.
    """

    @own_settings()
    def __init__(
        self,
        checkpoint: Checkpoint,
        device: str | torch.device = "cpu",
        dtype: str = "auto",
        threads: int = 1,
        network: type[Denoiser] = Denoiser,
    ) -> None:
        """Build from a checkpoint; use :func:`emoface.load`.

        Args:
            checkpoint: a verified checkpoint. device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"auto"``.
            dtype: of the denoiser's matrix products: ``"float32"``, ``"bfloat16"``, ``"int8"`` (CPU only; 8-bit
                products where the CPU has VNNI, 8-bit weights elsewhere) or ``"auto"``: bfloat16 on a CPU that
                multiplies it faster than float32 (the motion then differs by about 0.002, the lips by less than
                0.05 mm), float32 elsewhere. With bfloat16 the voice is heard in such products too.
            threads: CPU threads of the denoiser, 1 to 64. Motion does not depend on it. Two on idle cores need a little
                more than half of its time on one; on busy cores they wait for each other.
            network: class of the denoiser.

        Raises:
            TypeError, ValueError: unknown or missing device, unknown dtype, threads that are no number from 1 to 64, or
                a checkpoint whose config does not fit.
        """
        options = LoadOptions.among({"device": device, "dtype": dtype, "threads": threads})
        self._settings = (options.device, options.dtype, options.threads, network)
        self.device, self.threads = find_device(options.device), options.threads
        automatic = fast_products() if self.device.type == "cpu" else torch.float32
        self.products = automatic if options.dtype == "auto" else getattr(torch, options.dtype)
        self.checkpoint = checkpoint
        config = checkpoint.config
        try:
            check_sizes(config, checkpoint.tensors)
            names = tuple(config["layout"]["names"])
            if names not in (MOTION_NAMES, FACE_NAMES) or config["layout"]["fps"] != FPS:
                raise ValueError(f"its motion layout ({len(names)} channels) is not the open head's at {FPS} fps")
            self.sampling = Sampling(**config["sampling"])
            heard = ContentConfig(**config["audio"])
            if heard.kind == "hubert":
                raise ValueError("it was trained on HuBERT's features, which animate does not compute")
            if heard.kind == "heard" and "speech" not in config:
                raise ValueError("it reads a speech encoder, and holds none")
            with Unfilled(checkpoint.tensors):
                self.audio = _loaded(ContentEncoder(heard), checkpoint.part("audio"))
                lips = _loaded(LipNet(**config["lips"]), checkpoint.part("lips"))
                encoder = None
                if "speech" in config:
                    encoder = _loaded(SpeechEncoder(**config["speech"]), checkpoint.part("speech"))
                self.hearing = Hearing(encoder, lips)
                self.denoiser = _loaded(network(DenoiserConfig(**config["denoiser"])), checkpoint.part("denoiser"))
                self.emotion = EmotionSpace.from_config(config["emotion"], checkpoint.part("emotion"))
                self.basis: StyleBasis | None = None
                if "basis" in config:
                    self.basis = _loaded(StyleBasis(BasisConfig(**config["basis"])), checkpoint.part("basis"))
            self.emotion.label_points()
            known = min(self.denoiser.config.styles, lips.style.num_embeddings)
            self.styles = tuple(name for name, number in STYLES.items() if number < known)
            sizes = self.denoiser.config
            next(plan_windows(1, sizes.window, sizes.context, sizes.lookahead))
            motion = checkpoint.part("motion")
            if {tuple(values.shape) for values in motion.values()} != {(len(names),)}:
                raise ValueError(f"motion's statistics must have shape ({len(names)},)")
            if sizes.motion != len(names):
                raise ValueError(f"its denoiser has {sizes.motion} channels of motion, its layout {len(names)}")
            self.mean, self.deviation = motion["mean"].to(self.device), motion["deviation"].to(self.device)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError, IndexError, OverflowError) as error:
            where = f"checkpoint {checkpoint.path}: config" if checkpoint.path else "checkpoint config"
            raise ValueError(f"{where} does not fit this version of emoface: {error!s:.500}") from error
        self._changed: dict[tuple[tuple[str, float], ...], tuple[Hearing, Denoiser, PersonMotion | None]] = {}
        _LOADED[checkpoint.sha256] = self
        for part in (self.audio, self.hearing, self.denoiser, self.basis):
            if part is not None:
                part.to(self.device).eval().requires_grad_(False)
        if self.device.type == "cpu":
            for part in (self.audio, self.hearing):
                multiply_in(part, self.products)
        self.emotion.eval().requires_grad_(False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled for another process as the checkpoint, by its path and digest where it has one, and the settings."""
        return Pipeline, (self.checkpoint, *self._settings)

    @overload
    def animate(
        self, audio: AudioInput, *, num_samples: Literal[1] = 1, sample_rate: float | None = None,
        other: AudioInput | None = None, progress: Callable[[float], None] | None = None, **changes: Any,
    ) -> Animation: ...  # fmt: skip

    @overload
    def animate(
        self, audio: AudioInput, options: AnimateOptions | None = None, *, sample_rate: float | None = None,
        other: AudioInput | None = None, progress: Callable[[float], None] | None = None, **changes: Any,
    ) -> Animation | list[Animation]: ...  # fmt: skip

    @own_settings()
    @one_thread()
    def animate(
        self, audio: AudioInput, options: AnimateOptions | None = None, *, sample_rate: float | None = None,
        other: AudioInput | None = None, progress: Callable[[float], None] | None = None, **changes: Any,
    ) -> Animation | list[Animation]:  # fmt: skip
        """Animate a recording.

        Args:
            audio: as in :func:`emoface.animate`. options: how; the defaults if None.
            sample_rate: Hz of an array. other: the voice of somebody to talk with, no longer than ``audio``.
            progress: called with the finished share after every window.
            **changes: options by name, such as ``emotion="happy"``, which take the place of those in ``options``.

        Returns:
            ``round(duration * fps)`` frames; a list of takes if ``num_samples`` is above 1.

        Raises:
            TypeError, ValueError: an argument of the wrong kind or out of its range; nothing was computed.
            FileNotFoundError: no such recording.
        """
        request = self._request((options or AnimateOptions()).changed(**changes))
        checks.callback("progress", progress)
        recording = open_audio(audio, sample_rate)
        fps = request.options.fps
        if request.direction is not None:
            request.direction.check(recording.duration)
        if recording.frames(fps) == 0:
            raise ValueError(
                f"audio must be longer than half a frame, got {recording.num_samples} samples "
                f"({1000 * recording.duration:.3f} ms) at {fps:g} fps"
            )
        partner = None if other is None else open_other(other, sample_rate, recording)
        if request.options.latency != "file":
            if partner is not None:
                raise ValueError(f"latency must be 'file' with other, got {request.options.latency!r}")
            numbers = range(request.options.num_samples)
            takes = [self._live_take(number, recording, request, progress) for number in numbers]
            return takes[0] if len(takes) == 1 else takes
        with torch.inference_mode():
            performance = self._perform(recording, request, progress)
            motions = self._in_manner(performance, recording, request)  # (B, T, 56)
            motions = self._towards_poses(motions, recording, request)
        if not performance.heard:
            told = f"audio {recording.name!r} counts as silence, as no voice stands out in it; the mouth rests"
            warnings.warn(told, UserWarning, stacklevel=3)
        voice = None if partner is None else hear_voice(partner, len(performance.loudness))
        takes = [
            self._take(number, motion, performance, recording, request, voice, partner)
            for number, motion in enumerate(motions)
        ]
        for track in () if request.direction is None else request.direction.of(RegionTrack):
            takes = [apply_region(take, track, _take_of) for take in takes]
        return takes[0] if len(takes) == 1 else takes

    @own_settings()
    def stream(self, options: AnimateOptions | None = None, *, sample_rate: float = 16000, **changes: Any) -> Stream:
        """Make a stream: a face that answers while the voice still arrives.

        Args:
            options: how, as for :meth:`animate`; the defaults if None. ``latency`` is ``"live"`` if it is not given.
            sample_rate: Hz of the voice.
            **changes: options by name, such as ``emotion="happy"``, which take the place of those in ``options``.

        Returns:
            The stream.

        Raises:
            TypeError, ValueError: an argument of the wrong kind or out of its range, ``latency="file"``, a rate below
                25 fps, a speaker's style, which is read off whole takes, or more than one take.
        """
        asked = options or AnimateOptions()
        if asked.latency == "file":
            changes.setdefault("latency", "live")
        request = self._request(asked.changed(**changes))
        if request.options.latency == "file":
            raise ValueError('latency must be "live" or "instant" in a stream, as "file" hears whole recordings')
        if request.options.num_samples != 1:
            raise ValueError(f"num_samples must be 1 in a stream, got {request.options.num_samples}")
        if request.direction is not None:
            request.direction.check(math.inf)
        return Stream(self._networks(request.manner), request, sample_rate)

    def _live_take(
        self, number: int, recording: Recording, request: Request, progress: Callable[[float], None] | None
    ) -> Animation:
        """One take of a recording that is heard as a stream is."""
        stream = Stream(self._networks(request.manner), request, recording.sample_rate, number)
        frames, heard = [], 0
        for block in recording.source():
            for start in range(0, len(block), LIVE_BLOCK):
                part = block[start : start + LIVE_BLOCK]
                frames.append(stream.feed(part).motion)
                heard += len(part)
                if progress is not None:
                    progress((number + heard / recording.num_samples) / request.options.num_samples)
        frames.append(stream.flush().motion)
        metadata = {**self._metadata(number, request, recording), "latency": request.options.latency}
        return Animation.from_motion(np.concatenate(frames), request.options.fps, audio=recording, metadata=metadata)

    def _metadata(
        self, number: int, request: Request, recording: Recording, other: Recording | None = None
    ) -> dict[str, Any]:
        """What a take says of itself."""
        options = request.options
        return {
            "emotion": request.emotion.told, "intensity": options.intensity, "guidance": options.guidance,
            "steps": request.steps, "seed": options.seed, "sample": number,
            "style": request.manner.told or request.lips,
            "checkpoint": self.checkpoint.sha256, "recording": recording.name, **_beside(options),
            **({} if other is None else {"other": other.name}), **_shown(request.emotion, options.emotion),
        }  # fmt: skip

    def _request(self, options: AnimateOptions) -> Request:
        """The checked options with what they leave to the checkpoint."""
        usual = self.sampling.steps
        if options.latency != "file":
            usual = min(usual, PROFILES[options.latency].steps)
        steps = usual if options.steps is None else options.steps
        emotion = resolve(options.emotion, self.emotion)
        check_density(emotion.keyframes or (), self.denoiser.config.window / FPS)
        manner = Manner() if options.style is None else Manner.of(options.style, tuple(STYLES))
        manner.check_base(self.checkpoint.sha256)
        lips = manner.start or self.sampling.style
        if lips not in self.styles:
            known = ", ".join(self.styles)
            raise ValueError(f"style must be one that the checkpoint was trained on ({known}), got {lips!r}")
        request = Request(options, emotion, steps, lips)
        if request.direction is not None:
            window = self.denoiser.config.window / FPS
            score = Score(request.direction, self.emotion, options.intensity, options.guidance, self.device, window)
            if "guidance" in score.curves and self.denoiser.config.guided:
                raise ValueError("direction cannot steer guidance over time: the checkpoint has guidance built in")
            if options.latency != "file":
                check_live(request.direction)
            request = replace(request, score=score)
        if options.latency != "file" and manner.speakers:
            raise ValueError(f"latency must be 'file' with a speaker's style, got {options.latency!r}")
        if options.latency != "file" and options.controls is not None:
            smoothed = [name for name in ("upper_smoothing", "lower_smoothing") if getattr(options.controls, name)]
            if smoothed:  # a Gaussian that ends at the last frame delays and hardly smooths
                raise ValueError(f"{smoothed[0]} of controls must be 0 with latency {options.latency!r}, as it reads "
                                 f"frames to come; got {getattr(options.controls, smoothed[0]):g}")  # fmt: skip
        if options.latency != "file" and options.fps < FPS:
            raise ValueError(f"fps must be at least {FPS} with latency {options.latency!r}, got {options.fps:g}")
        return request

    def _take(
        self, number: int, motion: np.ndarray, performance: Performance, recording: Recording, request: Request,
        other: Voice | None = None, partner: Recording | None = None,
    ) -> Animation:  # fmt: skip
        """One take: motion (T, 56) with blinks and gaze, adjusted, at the asked frame rate.

        ``other`` is what was heard of the voice of a ``partner``.
        """
        options, seed = request.options, request.options.seed * 1000 + number
        laid = NonverbalFace(FPS, seed, options.nonverbal)
        motion = laid.apply(motion, performance.sounds, performance.loudness)
        heard = None if other is None else listening(performance.loudness, other.loudness, other.sounds, FPS, seed)
        if heard is not None:
            motion = heard.apply(motion)
        if options.head != 1:  # before the eyes make up for the turns
            motion = Controls(head_strength=options.head).apply(motion, FPS)
        moving = options.head > 0 and self.denoiser.config.motion > len(FACE_NAMES)
        lively = add_life(
            motion, FPS, seed=seed, emotion_rate=performance.blinks,
            loudness=performance.loudness, blink=options.blink, gaze=options.gaze,
            head="breath" if moving else "still", attention=None if heard is None else heard.attention,
        )  # fmt: skip
        metadata = self._metadata(number, request, recording, partner)
        take = Animation.from_motion(lively, FPS, audio=recording, metadata=metadata)
        if options.controls is not None:
            take = take.adjust(options.controls)
        take = take if options.fps == FPS else take.resample(options.fps)
        return take if request.direction is None else _directed(take, request.direction)

    def _towards_poses(self, motions: np.ndarray, recording: Recording, request: Request) -> np.ndarray:
        """Motion (B, T, 56) that goes to the poses of a direction and comes from them as a face does."""
        poses = [] if request.direction is None else request.direction.of(PoseTrack)
        if not poses:
            return motions
        known, free, closing = near_poses(motions, FPS, poses)
        return repaint(self._networks(request.manner), recording, request, known, free, closing=closing).motion

    @own_settings()
    @one_thread()
    def paint(
        self, take: FaceMotion, recording: Recording, motion: np.ndarray, free: np.ndarray, changes: Mapping[str, Any],
        anew: bool = False, other: Any = None,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Perform parts of a take anew, as :class:`emoface.direct.edits.Painter` says.

        Args:
            take: what is edited, whose metadata tell how it was made. recording: its voice.
            motion: (N, 56) of it at 25 fps. free: (N, 56) how far each value is sampled anew, 0..1.
            changes: options that differ from the take's. anew: it is to be another performance of the same face.
            other: the voice of somebody to talk with, as in :meth:`animate`.

        Returns:
            The new take (T, 56) at its own rate, and what blinks, controls and a direction make of the one before, to
            whose motion they were applied already.

        Raises:
            TypeError, ValueError: a bad option.

        Warns:
            UserWarning: something that the take was made with is not known, and so not there in what is new.
        """
        made = options_of_take(take)
        options = made.changed(**{**changes, "num_samples": 1, "fps": take.fps})
        sample = int(take.metadata.get("sample", 0))
        number = 0 if "seed" in changes else sample
        request = self._request(replace(options, latency="file"))
        partner = None if other is None else open_other(other, None, recording)
        for missing in _unknown(take, changes, partner is not None, request.manner):
            warnings.warn(f"the take was made with {missing}; what is performed anew is not", UserWarning, stacklevel=6)
        kept, motion = motion, np.array(motion)
        motion[:, LIFE] *= 1 - free[:, LIFE]
        with torch.inference_mode():
            whose = Anew(made.seed, sample, number) if anew else None
            known = _SOUNDS.get(recording)
            heard = None if known is None or len(known) != len(motion) else known
            networks = self._networks(request.manner)
            painted = repaint(networks, recording, request, motion[None], free, whose, heard=heard)
            _SOUNDS[recording] = painted.sounds
            voice = None if partner is None else hear_voice(partner, len(painted.blinks))
        done = Performance(painted.motion, painted.loudness, painted.blinks, True, painted.sounds)
        new = self._take(number, painted.motion[0], done, recording, request, voice).motion
        if take.fps == FPS and options.head == 1 and options.controls is options.direction is voice is None:
            return new, kept + (new - painted.motion[0])  # life and sounds add the same to both
        return new, self._take(number, kept, done, recording, request, voice).motion

    def _perform(
        self, recording: Recording, request: Request, progress: Callable[[float], None] | None
    ) -> Performance:
        """Denoise the recording window by window, and finish the whole."""
        frames = max(recording.frames(FPS), 1)
        shape = (request.options.num_samples, frames, MOTION_SIZE)
        motion, closure = torch.empty(shape, device=self.device), torch.empty(frames, device=self.device)
        presence, level, blinks = torch.empty(3, frames)
        listener, certainty = NonverbalListener(), torch.empty(frames, len(SOUNDS))
        config, stream = self.denoiser.config, MelStream(recording.heard(10 * 16000))
        performer = Performer(self._networks(request.manner), request)
        heard_emotion = HeardEmotion(self.emotion) if request.emotion.keyframes is None else None
        keyframes: Sequence[Keyframe] = request.emotion.keyframes or ()
        plan = plan_windows(frames, config.window, config.context, config.lookahead)
        while windows := list(islice(plan, AT_ONCE)):
            prepared, sounded = [], []
            for window in windows:
                normalized, raw = stream.read(window.start, window.stop, frames)  # (2 T, 64)
                if heard_emotion is not None:
                    keyframes = [Keyframe.of(0.0, heard_emotion.update(raw), self.emotion)]
                new = slice(MEL_PER_FRAME * (window.keep_from - window.start), None)
                rows = listener.rows(normalized[new], window.keep_to - window.keep_from)
                asked = (window, normalized, raw, stream.normalizer, keyframes, request.options.intensity)
                prepared.append(performer.prepare(*asked, rows=rows))
                sounded.append(raw[new])
                stream.finish(max(window.keep_to - config.context, 0))
            for window, raw, piece in zip(windows, sounded, perform_in_turn(prepared)):
                assert piece.sounds is not None
                kept = slice(window.keep_from, window.keep_to)
                certainty[kept] = told_apart(piece.sounds, raw)
                # Small tensors kept from window to window would scatter what others free between them.
                motion[:, kept], closure[kept] = piece.motion, piece.closure
                presence[kept], level[kept], blinks[kept] = piece.presence, piece.loudness, piece.blinks
                if progress is not None:
                    progress(window.keep_to / frames)
        heard = float(presence.max()) >= HEARD_PRESENCE
        presence = presence.to(self.device, non_blocking=True)
        motion = finish(motion, closure, presence, self.sampling).cpu()  # the only wait for a GPU
        if not motion.isfinite().all():
            raise ValueError(f"checkpoint {self.checkpoint.path or ''} gives motion that is not finite: it is broken")
        sounds = _SOUNDS[recording] = SoundGate().decide(certainty.numpy())
        return Performance(motion.numpy(), relative_loudness(level).numpy(), blinks.numpy(), heard, sounds)

    def _in_manner(self, performance: Performance, recording: Recording, request: Request) -> np.ndarray:
        """Motion (B, T, 56) in the asked speaker's style, which is read against the same takes in neutral."""
        speakers, motions, loud = request.manner.speakers, performance.motions, performance.loudness
        if not speakers:
            return motions
        bases = motions
        if any(speaker.modality == "motion" for speaker, _ in speakers):
            neutral = self._request(request.options.changed(emotion="neutral", intensity=1.0))
            bases = self._perform(recording, neutral, None).motions
        moved = []
        for base, motion in zip(bases, motions):
            for speaker, strength in speakers:
                motion = speaker.read(base, loud).scaled(strength).apply(motion)
            moved.append(motion)
        return np.stack(moved)

    def _networks(self, manner: Manner) -> Networks:
        """The parts that perform a window in a manner; those of the last few manners are kept."""
        hearing, denoiser = self.hearing, self.denoiser
        person: PersonMotion | None = None
        if manner.adapters or (manner.speakers and self.basis is not None):
            kept = self._changed.get(manner.key)
            if kept is None:
                parts = {"denoiser": denoiser, "lips": hearing.lips}
                weights = {part: dict(network.named_parameters()) for part, network in parts.items()}
                weights["motion"] = {
                    "gain": torch.ones(MOTION_SIZE), "offset": torch.zeros(MOTION_SIZE),
                    "mixture": torch.zeros(MOTION_SIZE, MOTION_SIZE),
                }  # fmt: skip
                changes = manner.changes(weights, self.basis)
                lips = with_changes(hearing.lips, changes["lips"])
                if self.device.type == "cpu" and lips is not hearing.lips:
                    multiply_in(lips, self.products)
                if laid := changes["motion"]:
                    gain, offset, mixture = (
                        (plain + laid.get(name, 0.0)).to(self.device) for name, plain in weights["motion"].items()
                    )
                    person = gain, offset, mixture
                changed = with_changes(denoiser, changes["denoiser"])
                kept = (Hearing(hearing.encoder, lips).eval(), changed, person)
                self._changed = dict([*self._changed.items(), (manner.key, kept)][-KEPT_MANNERS:])
            hearing, denoiser, person = kept
        return Networks(
            hearing, self.audio, self.emotion, denoiser, self.sampling, self.mean, self.deviation, self.products,
            self.threads, person,
        )  # fmt: skip


@own_settings()
def load(
    checkpoint: str | os.PathLike[str] | None = None, device: str = "cpu", dtype: str = "auto", threads: int = 1
) -> Pipeline:
    """Load a checkpoint into a :class:`Pipeline`.

    Args:
        checkpoint: path of a ``.safetensors`` checkpoint, None for the default in the package.
        device, dtype, threads: where and how its networks run, see :class:`emoface.LoadOptions`.

    Returns:
        The pipeline.

    Raises:
        FileNotFoundError: no such file. TypeError, ValueError: not an intact emoface checkpoint, a device that is not
            there, an unknown dtype, or threads that are no number from 1 to 64.
    """
    options = LoadOptions.among(locals())
    return Pipeline(load_checkpoint(options.checkpoint), options.device, options.dtype, options.threads)


def _loaded(module: nn.Module, tensors: dict[str, Tensor]) -> Any:
    """The module with these tensors as its own, not with copies of them."""
    wanted = module.state_dict()
    try:
        module.load_state_dict(
            {name: value.to(wanted[name].dtype) if name in wanted else value for name, value in tensors.items()},
            assign=True,
        )
    except RuntimeError as error:  # one line per tensor: the first says enough
        raise ValueError(" ".join(str(error).split("\n")[:2])) from None
    return module


SHOWN = "shown"
"""Where metadata hold the embeddings of emotions by example, which have no other JSON."""


def _shown(resolved: ResolvedEmotion, emotion: Any) -> dict[str, Any]:
    """What metadata say beside ``emotion`` where some of it was given by example: [[seconds, JSON or (Z,)], ...]."""
    entries = emotion if isinstance(emotion, list) else [(0.0, emotion)]
    found = []
    for (time, one), keyframe in zip(entries, resolved.keyframes or ()):
        try:
            found.append([time, emotion_to_json(one)])
        except TypeError:
            found.append([time, {"embedding": keyframe.emotion.tolist()}])
    exampled = any(isinstance(one, dict) and "embedding" in one for _, one in found)
    return {SHOWN: found} if exampled else {}


def _shown_again(entries: Any) -> Any:
    """The emotion that :func:`_shown` told of."""
    again = []
    for time, one in entries:
        embedded = isinstance(one, dict) and "embedding" in one
        again.append((time, torch.tensor(one["embedding"]) if embedded else emotion_from_json(one)))
    return again if len(again) > 1 else again[0][1]


BESIDE = ("variety", "blink", "gaze", "head", "nonverbal", "controls", "direction")
"""Options that metadata hold, under ``options``, where they are not at their defaults."""


def _beside(options: AnimateOptions) -> dict[str, Any]:
    """What metadata say beside the options that they always name; nothing for defaults."""
    plain, given = AnimateOptions(), {}
    for name in BESIDE:
        value = getattr(options, name)
        if value != getattr(plain, name):
            try:
                given[name] = options_of(AnimateOptions)[name].kind.to_json(value)
            except TypeError:  # an emotion by example, which has no JSON
                given[name] = None
    return {"options": given} if given else {}


def _unknown(take: FaceMotion, changes: Mapping[str, Any], partner: bool, manner: Manner) -> list[str]:
    """What a take was made with that cannot be repeated from its metadata, in words."""
    told, found = take.metadata, []
    style = str(told.get("style", ""))
    if style.startswith("from ") and "style" not in changes:
        found.append(f"a manner {style}: give it as style")
    elif manner.speakers:
        found.append("a speaker's manner, which is laid over whole takes")
    if told.get("other") is not None and not partner:
        found.append(f"another voice, {told['other']!r}, to listen to: give it as other")
    if "direction" in told.get("options", {}) and told["options"]["direction"] is None and "direction" not in changes:
        found.append("a direction that holds an emotion or a take by example: give it as direction")
    return found


def options_of_take(take: FaceMotion) -> AnimateOptions:
    """The options that a take says it was made with; the defaults where it says nothing.

    Raises:
        ValueError: metadata that hold no options.
    """
    told = take.metadata
    named = ("emotion", "intensity", "guidance", "steps", "seed", "style")
    plain = {name: told[name] for name in named if name in told}
    emotion = plain.get("emotion")
    shown = told.get(SHOWN)
    if shown is not None or emotion == HEARD:
        plain.pop("emotion", None)
    if str(plain.get("style", "")).startswith("from "):
        del plain["style"]
    own = told.get("options", {})
    plain.update({name: own[name] for name in BESIDE if own.get(name) is not None and name != "direction"})
    try:
        options = AnimateOptions.from_json(plain)
        if shown is not None:
            options = options.changed(emotion=_shown_again(shown))
        return options.changed(direction=own["direction"]) if own.get("direction") else options
    except (TypeError, ValueError) as error:
        raise ValueError(f"the take's metadata do not say how it was made: {error}") from error


def _directed(take: Animation, direction: Direction) -> Animation:
    """The take with the tracks of a direction that are laid over finished motion."""
    motion = directed(take.motion, take.fps, direction)
    poses = direction.of(PoseTrack)
    if poses:
        motion = meet_poses(motion, take.fps, poses)
    return Animation.from_motion(motion, take.fps, audio=take.audio, metadata=take.metadata)


def _take_of(source: Any) -> FaceMotion:
    """What a region is taken from."""
    return source if isinstance(source, FaceMotion) else Animation.load(source)


def _painter(metadata: Mapping[str, Any]) -> Pipeline:
    """The pipeline that made a take, or the bundled one for a take that does not say."""
    wanted = str(metadata.get("checkpoint", ""))
    if wanted in _LOADED:
        return _LOADED[wanted]
    pipeline = load()
    _KEPT[:] = [pipeline]
    if wanted and wanted != pipeline.checkpoint.sha256:
        raise ValueError(
            f"the take was made by another checkpoint ({wanted:.12}...): load that with emoface.load(path) first"
        )
    return pipeline


_KEPT: list[Pipeline] = []
use_painter(_painter)
