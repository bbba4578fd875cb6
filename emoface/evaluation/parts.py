"""The parts of an evaluation in the order of the report: strangers first, our own rules after people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.binding.emotions import EMOTIONS
from emoface.pipeline import Pipeline

from .adaptation import adaptation_rows
from .binding import bound_row, judge_rows, retrieval_rows
from .expression import Expression
from .folds import Recordings, recording_rows, speaker_rows
from .heads import lip_rows
from .latency import latency_rows
from .life import life_rows
from .lips import berlin_rows, bundled_rows, captured_rows
from .liveliness import liveliness_rows
from .manner import drawn_rows, known_rows, manner_rows
from .material import CAPTURED, Captured, Performer, Spoken, assets_folder, berlin, bundled, captured, people
from .noise import noise_rows
from .nonverbal import nonverbal_rows
from .pictures import draw_curves, draw_measured, draw_sheets, draw_spectra, draw_strangers, draw_strengths, draw_strips
from .prompts import prompt_rows
from .report import Row, not_measured
from .seeds import seed_rows
from .singing import singing_rows
from .speed import speed_rows
from .strangers import Strangers
from .timing import beat_row, live_link_take, offset_row, spectrum_rows
from .vertices import measured_rows, rule_rows, sample_rows
from .voices import abstention_rows, heard_rows

SEED_SECONDS = 10
QUICK_EMOTIONS = ["neutral", "happy", "surprised"]
STRANGERS, PEOPLE = "Strangers", "People"
OBEDIENCE, COST = "Obedience to our own rules", "Cost"


class Evaluation:
    """What the parts of an evaluation share: a network, the recordings that are there, and what was made of them."""

    def __init__(
        self, pipeline: Pipeline, path: Path | None, assets: str | Path | None, quick: bool, captures: Path | None,
        folds: Path | None,
    ) -> None:  # fmt: skip
        """Set up; ``path`` is that of the checkpoint, the rest as in :func:`evaluate`."""
        self.pipeline, self.path, self.quick, self.captures, self.folds = pipeline, path, quick, captures, folds
        self.folder = assets_folder(assets)
        self.performer = Performer(pipeline)
        self.confusions: dict[str, np.ndarray] = {}

    @cached_property
    def clip(self) -> Spoken:
        """The bundled clip."""
        return bundled()

    @cached_property
    def measured(self) -> Captured | None:
        """The recording with captured curves that was held out."""
        if self.folder is None or not (self.folder / "facegood").is_dir():
            return None
        return captured(self.folder, 20.0 if self.quick else None)

    @cached_property
    def labelled(self) -> list[Spoken]:
        """Recordings with labels of phones and emotions."""
        found = berlin(self.folder) if self.folder is not None else []
        return found[:: max(len(found) // 10, 1)] if self.quick else found

    @cached_property
    def voice(self) -> np.ndarray:
        """Some speech."""
        return self.clip.samples if self.measured is None else self.measured.samples

    @cached_property
    def fresh(self) -> list[Spoken]:
        """Recordings with phones for figures of expression."""
        return [self.clip, *self.labelled[:: max(len(self.labelled) // 8, 1)]][: 3 if self.quick else 9]

    @cached_property
    def expression(self) -> Expression:
        """Figures of expression."""
        return Expression(self.performer, self.fresh, 4 if self.quick else 8)

    @cached_property
    def strangers(self) -> Strangers:
        """Figures of tracked people."""
        return Strangers(self.performer, self.folder, self.captures, self.quick)

    @cached_property
    def recordings(self) -> Recordings | None:
        """All recordings with captured curves."""
        if self.folder is None or not (self.folder / "facegood").is_dir():
            return None
        return Recordings(self.folder, self.quick)

    def why(self, name: str) -> str:
        """Why recordings are not there."""
        return "no assets folder was named" if self.folder is None else f"there is no {name}/ in {self.folder.name}"


@dataclass(frozen=True)
class Part:
    """A part of the report.

    Attributes:
        key: by which it is asked for. title, section: of the report. rows: makes its figures.
        draw: makes its pictures in a folder, or None; not called without the packages that it ``needs``.
    """

    key: str
    title: str
    section: str
    rows: Callable[[Evaluation], list[Row]]
    draw: Callable[[Evaluation, Path], dict[str, str]] | None = None
    needs: tuple[str, ...] = ("matplotlib",)


def _lips(e: Evaluation) -> list[Row]:
    if e.measured is None:
        return not_measured(["2_05: correlation with measured curves"], e.why("facegood"))
    return captured_rows(e.performer, e.measured, 1 if e.quick else 3) + measured_rows(e.performer, e.measured)


def _timing(e: Evaluation) -> list[Row]:
    if e.measured is None or e.folder is None:
        return not_measured(["2_05: offset, beats, spectrum"], e.why("facegood"))
    spectra = spectrum_rows(e.performer, e.measured, live_link_take(e.folder))
    return [offset_row(e.performer, e.measured), beat_row(e.performer, e.measured), *spectra]


def _closure(e: Evaluation) -> list[Row]:
    rows = bundled_rows(e.performer, e.clip)
    if not e.labelled:
        return rows + not_measured(["Berlin speakers 13, 14: closure"], e.why("emodb"))
    rows += berlin_rows(e.performer, e.labelled, QUICK_EMOTIONS if e.quick else list(EMOTIONS), "artist")
    return rows if e.quick else rows + berlin_rows(e.performer, e.labelled, QUICK_EMOTIONS, "rule")


def _heads(e: Evaluation) -> list[Row]:
    if not e.labelled:
        return not_measured(["other heads: lips that meet on p, b, m"], e.why("emodb"))
    return lip_rows(e.performer, e.labelled, e.folder, QUICK_EMOTIONS if e.quick else list(EMOTIONS))


def _emotions(e: Evaluation) -> list[Row]:
    rows = e.expression.naming_rows() + e.expression.strength_rows() + e.expression.anatomy_rows()
    e.confusions["nearest prototype of the rules"] = e.expression.counts
    return rows


def _judge(e: Evaluation) -> list[Row]:
    rows, e.confusions["judge outside training"] = judge_rows(e.performer, e.fresh)
    return rows


def _bound(e: Evaluation) -> list[Row]:
    return [bound_row(e.performer, e.fresh), *retrieval_rows(e.pipeline.emotion, e.fresh, e.labelled)]


def _heard(e: Evaluation) -> list[Row]:
    if not e.labelled:
        return not_measured(["emotion heard in the voice: four classes", "None, angry voice"], e.why("emodb"))
    return heard_rows(e.pipeline.emotion, e.labelled) + abstention_rows(e.performer, e.expression, e.labelled)


def _folds(e: Evaluation) -> list[Row]:
    if e.recordings is None:
        return not_measured(["recordings left out: jawOpen r"], e.why("facegood"))
    return recording_rows(e.performer, e.recordings, e.folds)


def _noise(e: Evaluation) -> list[Row]:
    clips = {} if e.recordings is None else e.recordings.clips
    tracked = [clip for tracks in e.strangers.splits.values() for clip in tracks.clips]
    voices = people(e.folder, tracked) if e.folder is not None else {}
    return noise_rows(e.performer, clips.get(CAPTURED), e.strangers, voices, e.quick)


def _liveliness(e: Evaluation) -> list[Row]:
    take = None if e.folder is None else live_link_take(e.folder)
    return liveliness_rows(e.pipeline, e.voice, take, e.captures, e.quick)


def _seeds(e: Evaluation) -> list[Row]:
    return seed_rows(e.performer, e.voice[: SEED_SECONDS * SAMPLE_RATE], 4 if e.quick else 8, e.quick)


def _style(e: Evaluation) -> list[Row]:
    rows = manner_rows(e.pipeline, e.folder)
    if e.quick:
        return rows
    return rows + known_rows(e.pipeline, e.folder) + drawn_rows(e.pipeline, [voice.samples for voice in e.labelled])


def _nonverbal(e: Evaluation) -> list[Row]:
    speech = {}
    if e.measured is not None:
        speech["2_05"] = [e.measured.samples]
    for name, tracks in e.strangers.splits.items():
        speech[name] = [clip.samples for clip in tracks.clips]
    if e.labelled:
        speech["Berlin speakers 13, 14"] = [voice.samples for voice in e.labelled]
    return nonverbal_rows(speech, None if e.folder is None else e.folder / "nonverbal", e.quick)


def _draw_measured(e: Evaluation, folder: Path) -> dict[str, str]:
    if e.measured is None:
        return {}
    return draw_measured(e.performer, e.measured, folder) | draw_spectra(e.performer, e.measured, folder)


def _draw_curves(e: Evaluation, folder: Path) -> dict[str, str]:
    return draw_curves(e.performer, e.clip, folder) | draw_strengths(e.expression.strengths(), folder)


PARTS: tuple[Part, ...] = (
    Part("strangers", "lips of captured strangers", STRANGERS, lambda e: e.strangers.rows(),
         lambda e, folder: draw_strangers(e.strangers, folder) | draw_strips(e.strangers, folder),
         ("matplotlib", "PIL")),
    Part("folds", "lips of recordings left out", STRANGERS, _folds),
    Part("speakers", "lips of speakers left out", STRANGERS,
         lambda e: speaker_rows(e.performer, e.recordings, e.strangers, e.folds)),
    Part("noise", "music, babble, noise", PEOPLE, _noise),
    Part("nonverbal", "laughter, breath, sighs, coughs, humming", PEOPLE, _nonverbal),
    Part("singing", "singing", PEOPLE, lambda e: singing_rows(e.performer, e.quick)),
    Part("liveliness", "upper face, eyes and head in time", PEOPLE, _liveliness),
    Part("seeds", "what seeds change", PEOPLE, _seeds),
    Part("lips", "lips and mesh against the measured curves of 2_05", PEOPLE, _lips, _draw_measured),
    Part("timing", "timing", PEOPLE, _timing),
    Part("adapt", "a person's adapter", PEOPLE, lambda e: adaptation_rows(e.pipeline, e.folder, e.quick)),
    Part("style", "a person's style", PEOPLE, _style),
    Part("closure", "lip closure", PEOPLE, _closure),
    Part("heads", "lips of other heads", PEOPLE, _heads),
    Part("voice", "emotion heard in the voice", PEOPLE, _heard),
    Part("life", "blinks and calm", PEOPLE, lambda e: life_rows(e.pipeline, e.voice, 2 if e.quick else 4)),
    Part("sheets", "emotions", OBEDIENCE, _emotions, lambda e, folder: draw_sheets(e.performer, e.clip, folder),
         ("PIL",)),
    Part("judge", "judge", OBEDIENCE, _judge, _draw_curves),
    Part("bound", "bound space", OBEDIENCE, _bound),
    Part("rules", "vertices against the rules", OBEDIENCE,
         lambda e: rule_rows(e.performer, e.fresh[: 2 if e.quick else 4])),
    Part("samples", "samples", OBEDIENCE, lambda e: sample_rows(e.performer, e.fresh[0], 4 if e.quick else 10)),
    Part("growth", "levels, guidance, intensity", OBEDIENCE, lambda e: e.expression.growth_rows(1 if e.quick else 3)),
    Part("jitter", "jitter", OBEDIENCE, lambda e: e.expression.jitter_rows(e.measured)),
    Part("diversity", "diversity", OBEDIENCE,
         lambda e: e.expression.diversity_rows(4 if e.quick else 6, 1 if e.quick else 2)),
    Part("text", "text", OBEDIENCE, lambda e: prompt_rows(e.pipeline)),
    Part("latency", "low latency", COST,
         lambda e: latency_rows(e.performer, e.measured, e.labelled, e.clip, e.quick)),
    Part("speed", "speed", COST, lambda e: speed_rows(e.pipeline, e.voice, e.path, e.quick)),
)  # fmt: skip
"""Every part, in the order of the report."""
