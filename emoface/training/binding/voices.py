"""Real voices with emotion labels, and the training of the network that hears their emotion.

Few actors ever spoke with a known emotion, and what tells two strangers apart (pitch of the voice, size of the
throat, manner, microphone) moves the functionals further than any emotion does. So each labelled voice is
*transplanted*: what an emotion changes against the speaker's own neutral is added to the neutral of another speaker of
the corpus, of whom no emotion need be known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.hearing import CALM
from emoface.binding.intensity import intensity_of
from emoface.binding.voice.functional_net import FunctionalNet
from emoface.binding.voice.functionals import speech_frames
from emoface.training import run
from emoface.training.corpus.augment import augment_mel
from emoface.training.corpus.clips import Clip

from .adapters import Batch
from .config import BindingConfig

AROUSAL = {
    "neutral": CALM, "happy": 0.75, "sad": 0.08, "surprised": 0.75, "fear": 0.8, "disgusted": 0.5, "angry":
    0.95, "contempt": 0.4,
}  # fmt: skip
"""Arousal taught for a voice of each emotion, 0..1."""

VOICED_STRENGTH = 0.8  # strength of expression that an acted emotional voice is bound to
RARE = 100  # pieces of an emotion below which it is drawn less often than the others, in proportion
_LONGEST, _SHORTEST = 200, 60  # mel frames of a piece
_PIECES = 8  # of an unlabelled speaker
_STRENGTHS = (0.6, 1.2)  # by which an emotion is transplanted
_AS_SPOKEN = 0.3  # share of voices that are heard as they are
_NOISE = 0.25  # deviations of noise on every functional
_SYNTHETIC = 0.25  # weight of all synthetic speakers together against the real ones
_UNLABELLED = 2.0  # weight of a speaker of unlabelled speech against one of labelled voices
_DATASET = 12.0  # that the speakers of one unlabelled data set weigh together at most
_MAIN = ("neutral", "happy", "sad", "angry")


@dataclass
class Voices:
    """Functionals of labelled voices, and of the neutral speech of everyone.

    Attributes:
        values: (n, 49) of labelled pieces. emotion: (n,) index into ``EMOTIONS``. speaker: (n,) index into the rows of
            ``neutral``. plain: (n,) bool, pieces as recorded. neutral: (K, 49) mean neutral speech of each speaker.
        weight: (K,) how often each speaker is transplanted to. labelled: how many voices were given.
    """

    values: np.ndarray
    emotion: np.ndarray
    speaker: np.ndarray
    plain: np.ndarray
    neutral: np.ndarray
    weight: np.ndarray
    labelled: int

    @classmethod
    def of(
        cls,
        net: FunctionalNet,
        labelled: Sequence[Clip],
        clips: Sequence[Clip],
        config: BindingConfig,
        rng: np.random.Generator,
    ) -> Voices:
        """Measure voices.

        Args:
            net: whose pitch network is trained. labelled: voices with emotions. clips: the corpus, of which those
                without an emotion count as neutral speech. config: settings. rng: of copies and choices.
        """
        names = sorted({(clip.dataset, clip.speaker) for clip in labelled})
        rows: list[tuple[np.ndarray, int, int, bool]] = []
        for index in run.progress(range(len(labelled)), "labelled voices", len(labelled)):
            clip = labelled[index]
            place, emotion = names.index((clip.dataset, clip.speaker)), EMOTIONS.index(str(clip.emotion))
            for number in range(config.variants):
                mel = clip.mel.astype(np.float32) if number == 0 else _cut(augment_mel(clip.mel, rng), rng)
                rows += [(row, emotion, place, number == 0) for row in _measure(net, mel)]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        values, emotions, speaker, plain = columns
        neutral, weight = [], []
        for place in range(len(names)):
            own = (speaker == place) & plain
            calm = own & (emotions == EMOTIONS.index("neutral"))
            neutral.append(values[calm if calm.any() else own].mean(0))
            weight.append(1.0)
        for spoken, share in _others(clips, set(names), config, rng):
            pieces = [row for clip in spoken for row in _measure(net, _cut(clip.mel.astype(np.float32), rng))]
            if pieces:
                neutral.append(np.mean(pieces, axis=0))
                weight.append(share)
        return cls(values, emotions, speaker, plain, np.stack(neutral), np.array(weight), len(labelled))

    def transplant(
        self, count: int, rng: np.random.Generator, rows: np.ndarray | None = None, targets: np.ndarray | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Emotions of labelled voices in the voices of others.

        ``x = neutral of a target + s (voice - neutral of its speaker)``, s uniform in 0.6..1.2.

        Args:
            count: how many. rng: of everything. rows, targets: (n,), (K,) bool, the voices and speakers to draw from.

        Returns:
            values (count, 49), emotion (count,) indices, arousal (count,) to be taught.
        """
        rows = np.ones(len(self.emotion), bool) if rows is None else rows
        weight = self.weight if targets is None else self.weight * targets
        numbers = np.bincount(self.emotion[rows & self.plain], minlength=len(EMOTIONS))
        share = np.minimum(numbers / RARE, 1.0)
        share[[EMOTIONS.index(name) for name in _MAIN]] = numbers[[EMOTIONS.index(name) for name in _MAIN]] > 0
        drawn = rng.choice(len(EMOTIONS), count, p=share / share.sum())
        at = np.zeros(count, int)
        for emotion in np.unique(drawn):
            at[drawn == emotion] = rng.choice(
                np.flatnonzero(rows & (self.emotion == emotion)), (drawn == emotion).sum()
            )
        to = rng.choice(len(weight), count, p=weight / weight.sum())
        strength = np.where(drawn == 0, 1.0, rng.uniform(*_STRENGTHS, count))
        change = self.values[at] - self.neutral[self.speaker[at]]
        values = self.neutral[to] + strength[:, None] * change
        as_spoken = rng.random(count) < _AS_SPOKEN
        values[as_spoken], strength[as_spoken] = self.values[at[as_spoken]], 1.0
        values += _NOISE * self.values.std(0) * rng.standard_normal(values.shape)
        taught = np.array([AROUSAL[name] for name in EMOTIONS])[drawn]
        arousal = np.clip(CALM + strength * (taught - CALM), 0.02, 0.98)
        return torch.from_numpy(values).float(), torch.from_numpy(drawn), torch.from_numpy(arousal).float()

    def batches(self, config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
        """Batches for :func:`bind`."""
        strengths = np.stack([VOICED_STRENGTH * intensity_of(name, LEVELS[-1]) for name in EMOTIONS])
        while True:
            values, emotion, _ = self.transplant(config.audio_batch, rng)
            yield (values, torch.ones(len(values))), torch.from_numpy(strengths)[emotion]


def _measure(net: FunctionalNet, mel: np.ndarray) -> list[np.ndarray]:
    """Functionals of each piece of at most 4 s that has speech."""
    pieces = torch.from_numpy(mel).tensor_split(-(-len(mel) // _LONGEST))
    spoken = [piece for piece in pieces if len(piece) >= _SHORTEST // 2 and speech_frames(piece).any()]
    return [net.inputs(piece)[0][0].numpy() for piece in spoken]


def _cut(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random stretch of 1.2 to 4 s."""
    width = int(rng.integers(_SHORTEST, _LONGEST + 1))
    begin = int(rng.integers(0, max(len(mel) - width, 0) + 1))
    return mel[begin : begin + width]


def _others(
    clips: Sequence[Clip], known: set[tuple[str, str]], config: BindingConfig, rng: np.random.Generator
) -> Iterator[tuple[list[Clip], float]]:
    """Some clips of each speaker of unlabelled speech, and the speaker's weight; synthetic ones a quarter in all."""
    spoken: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        name = (clip.source if clip.source == "tts" else clip.dataset, clip.speaker)
        if clip.emotion is None and name not in known and clip.frames >= 25:
            spoken.setdefault(name, []).append(clip)
    made = [name for name in sorted(spoken) if name[0] == "tts"]
    made = [made[i] for i in rng.permutation(len(made))[: config.synthetic]]
    sizes = Counter(dataset for dataset, _ in spoken if dataset != "tts")
    weights = {name: min(_UNLABELLED, _DATASET / sizes[name[0]]) for name in sorted(spoken) if name[0] != "tts"}
    total = len(known) + sum(weights.values())
    weights |= {name: _SYNTHETIC / (1 - _SYNTHETIC) * total / len(made) for name in made}
    for name, weight in weights.items():
        yield [spoken[name][i] for i in rng.permutation(len(spoken[name]))[:_PIECES]], weight


def fit(net: FunctionalNet, taught: tuple[Tensor, Tensor, Tensor], config: BindingConfig) -> float:
    """Train the layers over the functionals on values, emotions and arousals; returns the loss of the last step.

    ``L = CE(emotion) + 2 BCE(arousal) + d |W|^2``, on all voices at once.
    """
    values, emotion, arousal = taught
    net.mean.copy_(values.mean(0))
    net.deviation.copy_(values.std(0).clamp(min=1e-3))
    layers = [net.enter, net.arousal_head, net.emotion_head]
    parameters = [p for layer in layers for p in layer.requires_grad_().parameters()]
    optimizer = torch.optim.Adam(parameters, config.audio_rate)
    loss = torch.zeros(())
    for _ in range(config.audio_steps):
        logit, logits = net.heads(values, values[:, 0])
        loss = F.cross_entropy(logits, emotion) + 2 * F.binary_cross_entropy_with_logits(logit, arousal)
        loss = loss + config.audio_decay * sum(layer.weight.square().sum() for layer in layers)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.requires_grad_(False)
    return float(loss.detach())


def fresh(net: FunctionalNet) -> FunctionalNet:
    """An untrained network like this one."""
    return FunctionalNet(net.emotion_head.out_features, net.width, net.pitch.channels)


def train_voices(
    net: FunctionalNet, voices: Voices, config: BindingConfig, rng: np.random.Generator
) -> dict[str, float]:
    """Train the network over functionals, its temperature by leaving speakers out.

    Each labelled speaker in turn is left out with a third of all others; the network trained on the rest hears the
    speaker's emotions transplanted to that third. The temperature that makes those answers likeliest is kept, at
    least 1: too few speakers are left out to be surer than the network was trained to be.

    Returns:
        Loss, temperature, and of the speakers left out the mean recall of neutral, happy, sad, angry: as they speak,
        and transplanted.
    """
    logits, emotions, plain_right = [], [], []
    speakers = np.unique(voices.speaker)
    third = rng.integers(0, 3, len(voices.weight))
    third[speakers] = 3  # of the labelled ones, the one left out alone
    main = [EMOTIONS.index(name) for name in _MAIN]
    for number, place in enumerate(run.progress(speakers, "speakers left out", len(speakers))):
        rows, away = voices.speaker != place, third == number % 3
        away[place] = True
        if not rows.any() or not (away & (voices.weight > 0)).any():
            continue
        part = fresh(net)
        fit(part, voices.transplant(config.transplants, rng, rows, ~away), config)
        values, emotion, _ = voices.transplant(max(config.transplants // 10, 1), rng, ~rows & voices.plain, away)
        logits.append(part.heads(values, values[:, 0])[1])
        emotions.append(emotion)
        plain = ~rows & voices.plain & np.isin(voices.emotion, main)
        if plain.any():
            heard = part.heads(torch.from_numpy(voices.values[plain]).float(), torch.zeros(int(plain.sum())))[1]
            plain_right.append((heard[:, main].argmax(1).numpy(), voices.emotion[plain]))
    loss = fit(net, voices.transplant(config.transplants, rng), config)
    facts = {"loss": loss}
    if logits:
        answers, wanted = torch.cat(logits), torch.cat(emotions)
        grid = torch.linspace(1, 4, 31)
        net.temperature.fill_(min(grid.tolist(), key=lambda t: float(F.cross_entropy(answers / t, wanted))))
        known = torch.isin(wanted, torch.tensor(main))
        facts["temperature"] = float(net.temperature)
        facts["left_out_transplanted"] = _recall(answers[known][:, main].argmax(1).numpy(), wanted[known].numpy(), main)
    if plain_right:
        heard_, told = (np.concatenate(column) for column in zip(*plain_right, strict=True))
        facts["left_out_as_spoken"] = _recall(heard_, told, main)
    return facts


def _recall(heard: np.ndarray, told: np.ndarray, main: list[int]) -> float:
    """Mean recall over those of ``main`` that occur; ``heard`` counts places in it."""
    return float(
        np.mean([(heard[told == emotion] == i).mean() for i, emotion in enumerate(main) if (told == emotion).any()])
    )


def split_voices(clips: Sequence[Clip], validation: int) -> tuple[list[Clip], list[Clip]]:
    """Voices with an emotion label: (training, validation), the last speakers by name held back."""
    voices = [clip for clip in clips if clip.emotion is not None and clip.source in ("labelled", "voice")]
    speakers = sorted({(clip.dataset, clip.speaker) for clip in voices})
    kept = set(speakers[len(speakers) - validation :]) if len(speakers) > validation else set()
    inside = [clip for clip in voices if (clip.dataset, clip.speaker) not in kept]
    return inside, [clip for clip in voices if (clip.dataset, clip.speaker) in kept]
