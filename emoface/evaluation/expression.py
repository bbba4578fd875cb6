"""Emotion figures: named right, as strong as the rules, growing with level and guidance, linear in intensity."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.intensity import MOVING
from emoface.face.layout import motion_to_arkit
from emoface.metrics.classification import accuracy, confusion
from emoface.metrics.diversity import pose_diversity
from emoface.metrics.emotion import (
    anatomically_right,
    anatomy,
    displacement,
    linearity_error,
    nearest_prototype,
    rising,
    strength,
)
from emoface.metrics.jitter import REGIONS, jitter, region_jitter

from .material import Captured, Performer, Spoken
from .report import Row, told

INTENSITIES = (0.5, 1.0, 2.0)
GUIDANCES = (0.5, 1.0, 1.5, 2.0, 3.0)
OTHER_SEED = 1000

EmotionLevel = tuple[str, int]


class Expression:
    """Figures on the emotion of the motion that a pipeline makes for some recordings."""

    def __init__(self, performer: Performer, clips: list[Spoken], draws: int) -> None:
        """Set up.

        Args:
            performer: animates. clips: recordings with phones. draws: rule targets drawn per clip, emotion and level.
        """
        self.performer, self.clips, self.draws = performer, clips, draws

    def moved(self, clip: Spoken, emotion: str, level: int, **options: float) -> np.ndarray:
        """Displacement (52,) of ARKit weights from the neutral output of the same clip and seed.

        Each clip has a seed of its own, so that no figure rests on one take's character.
        """
        seed = [other.name for other in self.clips].index(clip.name)
        still = self.performer.motion(clip.samples, "neutral", seed=seed)
        motion = self.performer.motion(clip.samples, (emotion, level), **{"seed": seed, **options})
        return displacement(motion_to_arkit(motion), motion_to_arkit(still))

    def mean_moved(self, emotion: str, level: int, **options: float) -> np.ndarray:
        """Mean displacement (52,) over the clips."""
        return np.mean([self.moved(clip, emotion, level, **options) for clip in self.clips], 0)

    @cached_property
    def prototypes(self) -> dict[EmotionLevel, np.ndarray]:
        """Mean displacement (52,) of the rules' targets, by emotion and level; neutral is at rest."""
        found: dict[EmotionLevel, np.ndarray] = {("neutral", 0): np.zeros(52)}
        for emotion in MOVING:
            for level in LEVELS:
                found[emotion, level] = self._rule_mean(emotion, level) - self._rule_mean("neutral", 0)
        return found

    def _rule_mean(self, emotion: str, level: int) -> np.ndarray:
        takes = [clip.rule(emotion, level, seed).mean(0) for clip in self.clips for seed in range(self.draws)]
        return motion_to_arkit(np.mean(takes, 0))

    def naming_rows(self) -> list[Row]:
        """Nearest prototype, with its confusion in ``counts``.

        A neutral take is displaced by its other seed, or it would be at rest by definition.
        """
        asked: list[str] = []
        found: list[str] = []
        levels: list[bool] = []
        for clip in self.clips:
            for emotion in EMOTIONS:
                for level in LEVELS:
                    other = {"seed": OTHER_SEED + level} if emotion == "neutral" else {}
                    named = nearest_prototype(self.moved(clip, emotion, level, **other), self.prototypes)
                    asked.append(emotion)
                    found.append(named[0])
                    if emotion != "neutral":
                        levels.append(named == (emotion, level))
        self.counts = confusion(asked, found, EMOTIONS)
        note = f"{len(asked)} takes of {len(self.clips)} clips; obedience to our own rules"
        rows = [
            Row("emotion named right by the nearest prototype", accuracy(self.counts), low=0.97, note=note),
            Row("emotion and level named right", float(np.mean(levels)), note="of 7 emotions x 3 levels"),
        ]
        return self._told(rows, "takes whose nearest prototype of the rules, by mean displacement, is the asked one")

    def _told(self, rows: list[Row], definition: str, unit: str = "1", mask: str = "52 ARKit shapes") -> list[Row]:
        split = f"{len(self.clips)} clips, {self.clips[0].name} to {self.clips[-1].name}"
        return told(rows, unit, definition, mask, split)

    def strengths(self) -> dict[str, list[float]]:
        """Per emotion, the strength at levels 1, 2, 3 as shares of the rules' mean at the same level."""
        return {
            emotion: [strength(self.mean_moved(emotion, level), self.prototypes[emotion, level]) for level in LEVELS]
            for emotion in MOVING
        }

    def strength_rows(self) -> list[Row]:
        """Strength against the rules' mean."""
        rows = [
            Row(
                f"strength of {emotion} against its rule", values[-1], low=0.9, high=1.1,
                note=f"level 3; levels 1, 2: {values[0]:.2f}, {values[1]:.2f}",
            )
            for emotion, values in self.strengths().items()
        ]  # fmt: skip
        return self._told(rows, "<d, p> / <p, p>, d our mean displacement from neutral, p the rules'")

    def anatomy_rows(self) -> list[Row]:
        """Whether the expected shapes move the expected way."""
        right, notes = [], []
        for emotion in MOVING:
            moved = self.mean_moved(emotion, 3)
            right.append(anatomically_right(moved, emotion))
            least = min(anatomy(moved, emotion).items(), key=lambda entry: entry[1])
            notes.append(f"{emotion} {least[0]} {least[1]:.2f}")
        note = "least movement of each: " + ", ".join(notes)
        share = float(np.mean(right))
        rows = [Row("emotions whose shapes move the anatomically expected way", share, low=1.0, note=note)]
        return self._told(rows, "emotions all of whose EMFACS shapes move the expected way by more than 0.02 / 7")

    def growth_rows(self, clips: int) -> list[Row]:
        """Growth with level, guidance and intensity, measured along the rules' direction of each emotion."""
        some = Expression(self.performer, self.clips[:clips], self.draws)

        def along(emotion: str, moved: np.ndarray) -> float:
            return strength(moved, self.prototypes[emotion, 3])

        by_level = {e: [along(e, self.mean_moved(e, level)) for level in LEVELS] for e in MOVING}
        by_guidance = {e: [along(e, some.mean_moved(e, 2, guidance=g)) for g in GUIDANCES] for e in MOVING}
        by_intensity = {e: [along(e, some.mean_moved(e, 2, intensity=i)) for i in INTENSITIES] for e in MOVING}
        errors = {e: linearity_error(INTENSITIES, values) for e, values in by_intensity.items()}
        worst = max(errors, key=lambda e: errors[e])
        ratios = ", ".join(f"{value / by_intensity[worst][1]:.2f}" for value in by_intensity[worst])

        def grown(name: str, curves: dict[str, list[float]], note: str, low: float | None = 1.0) -> Row:
            means = ", ".join(f"{mean:.2f}" for mean in np.mean(list(curves.values()), 0))
            share = float(np.mean([rising(values) for values in curves.values()]))
            falling = ", ".join(e for e, values in curves.items() if not rising(values))
            note += f"mean strengths {means}" + (f"; not {falling}" if falling else "")
            return Row(name, share, low=low, note=note)

        ends = {emotion: [values[0], values[-1]] for emotion, values in by_guidance.items()}
        definition = "strength along the rule's direction: emotions in which it grows / 7, or max_i |s(i)/(i s(1)) - 1|"
        rows = [
            grown("emotions stronger at guidance 3 than at 0.5", ends, "level 2, "),
            grown("emotions that grow with each step of guidance 0.5, 1, 1.5, 2, 3", by_guidance, "level 2, ", None),
            Row(
                "intensity 0.5, 1, 2: departure from linear, worst", errors[worst], high=0.10,
                note=f"{worst}, level 2: {ratios}",
            ),
        ]  # fmt: skip
        levels = [grown("emotions that grow with level 1, 2, 3", by_level, "")]
        return [*self._told(levels, definition), *some._told(rows, definition)]

    def jitter_rows(self, clip: Captured | None) -> list[Row]:
        """Jitter against the rules' targets, and of the mouth against the measured curves."""
        ours: list[dict[str, float]] = []
        theirs: list[dict[str, float]] = []
        for spoken in self.clips:
            for emotion in EMOTIONS:
                motion = self.performer.motion(spoken.samples, (emotion, 3), style="rule")
                ours.append(region_jitter(motion_to_arkit(motion)))
                theirs.append(region_jitter(motion_to_arkit(spoken.rule(emotion, 3, 0))))
        upper, mouth = (
            float(np.mean([take[region] for take in ours]) / np.mean([take[region] for take in theirs]))
            for region in ("upper", "mouth")
        )
        rows = [
            Row("upper-face jitter against the rules' targets", upper, high=1.1, note="style rule, level 3"),
            Row("mouth jitter against the rules' targets", mouth, high=1.3, note="style rule, level 3"),
        ]
        if clip is not None:
            weights = motion_to_arkit(self.performer.motion(clip.samples, "neutral", seed=0))
            ratio = jitter(weights[:, clip.shapes]) / jitter(clip.weights[:, clip.shapes])
            row = Row("mouth jitter against the measured curves of 2_05", ratio, high=1.3, note="style artist",
                      mask=f"{len(clip.shapes)} measured shapes", split="FACEGOOD 2_05, neutral")  # fmt: skip
            rows.append(row)
        definition = "mean |x[t+1] - 2 x[t] + x[t-1]| of ours over that of the target"
        return self._told(rows, definition, mask="the region's shapes")

    def diversity_rows(self, seeds: int, clips: int) -> list[Row]:
        """Spread of the mean pose over seeds against that of as many draws of the rules, emotions at level 3."""
        ratios: dict[str, list[float]] = {region: [] for region in REGIONS}
        some = Expression(self.performer, self.clips[:clips], self.draws)
        for clip in some.clips:
            for emotion in MOVING:
                takes = [self.performer.motion(clip.samples, (emotion, 3), seed=seed) for seed in range(seeds)]
                rules = [clip.rule(emotion, 3, seed) for seed in range(4 * seeds)]
                for region, shapes in REGIONS.items():
                    ours, theirs = (motion_to_arkit(np.stack(set_))[..., list(shapes)] for set_ in (takes, rules))
                    # in sets of equal size: the spread of few takes is too small on average
                    sets = np.split(theirs, 4)
                    ratios[region].append(pose_diversity(ours) / float(np.mean([pose_diversity(s) for s in sets])))
        note = f"{seeds} seeds, level 3"
        rows = [
            Row(f"seed diversity against the rules', {region}", float(np.mean(values)), 0.8, note=note)
            for region, values in ratios.items()
        ]
        definition = "mean_c std_n mean_t x[n,t,c] over seeds n of ours over that of as many draws of the rules"
        return some._told(rows, definition, mask="the region's shapes")
