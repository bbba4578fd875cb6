"""Generated prompts with labels: scenes, moods, facial actions, idioms, degrees, negations, contrasts and mixtures."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from emoface.binding.emotions import EMOTIONS
from emoface.binding.text.lexicon import HIGH_DEGREES, IDIOMS, LOW_DEGREES, MEDIUM_DEGREES, idiom_slots
from emoface.training.text import phrases
from emoface.training.text.phrases import Phrases

_FELT = EMOTIONS[1:]
SPARED = 20


@dataclass(frozen=True)
class Prompt:
    """One generated prompt.

    Attributes:
        text: the prompt. shares: emotion -> weight, summing to 1; all eight equal where the text says nothing.
        level: 1 slight, 2 medium, 3 strong; 0 where the level means nothing (neutral, or no emotion told).
    """

    text: str
    shares: dict[str, float]
    level: int


@dataclass(frozen=True)
class _Said:
    """A phrase with the emotion it carries and its level."""

    words: str
    emotion: str
    level: int


@cache
def _part_of(rows: Phrases, part: str) -> Phrases:
    """Those of some phrases that belong to a part; all of them where none does."""
    if part == "all":
        return rows
    chosen = tuple(row for row in rows if (zlib.crc32(row[0].encode()) % SPARED == 0) == (part == "spared"))
    return chosen or rows


class Grammar:
    """Draws labelled prompts.

    Args:
        rng: the source of every choice.
        excluded: texts that must never be produced (held-out prompts), compared without case and punctuation.
        phrases: which emotion phrases to draw: ``"all"``, ``"kept"`` (those of training) or ``"spared"`` (one in
            twenty, chosen by a hash of its words, for checking generalisation to unseen phrases).
    """

    def __init__(self, rng: np.random.Generator, excluded: Iterable[str] = (), phrases: str = "all") -> None:
        self.rng = rng
        self._part = phrases
        self.excluded = {plain(text) for text in excluded}
        rules: list[tuple[float, Callable[[], Prompt]]] = [
            (3, self._word), (10, self._mood), (5, self._noun), (3, self._adverb), (11, self._face),
            (9, self._event), (9, self._doing), (12, self._quote), (8, self._idiom), (20, self._negation),
            (20, self._act), (8, self._role), (14, self._replaced), (7, self._strong_negation), (6, self._change),
            (4, self._mixture), (6, self._two_cues), (4, self._plain_talk), (3, self._nothing),
            (3, self._masked),
        ]  # fmt: skip
        weights = np.array([weight for weight, _ in rules], dtype=float)
        self._rules = [rule for _, rule in rules]
        self._edges = np.cumsum(weights / weights.sum())

    def draw(self) -> Prompt:
        """One prompt that is not among the excluded ones."""
        while True:
            rule = min(int(np.searchsorted(self._edges, self.rng.random())), len(self._rules) - 1)
            prompt = self._rules[rule]()
            text = self._noise(re.sub(r"\s+(?=,)", "", re.sub(r"\s+", " ", prompt.text)).strip())
            if text and plain(text) not in self.excluded:
                return Prompt(text, prompt.shares, prompt.level)

    def distinct(self, count: int) -> list[Prompt]:
        """``count`` prompts with distinct texts.

        Raises:
            ValueError: the grammar repeats itself too often to give that many.
        """
        found: dict[str, Prompt] = {}
        for _ in range(20 * count + 100):
            prompt = self.draw()
            found.setdefault(plain(prompt.text), prompt)
            if len(found) == count:
                return list(found.values())
        raise ValueError(f"count must be at most what the grammar can tell apart, got {count}, found {len(found)}")

    # Choices

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _one(self, options: str | tuple[str, ...] | list[str]) -> str:
        """One of several strings, or one part of a string that semicolons divide, with its slots filled."""
        rows = options.split(";") if isinstance(options, str) else options
        return self._fill(rows[int(self.rng.integers(len(rows)))])

    def _fill(self, words: str) -> str:
        def choose(match: re.Match[str]) -> str:
            options = phrases.SLOTS[match.group(1)]
            return options[int(self.rng.integers(len(options)))]

        return re.sub(r"\{(\w+)\}", choose, words)

    def _emotion(self, among: tuple[str, ...] = EMOTIONS) -> str:
        return among[int(self.rng.integers(len(among)))]

    def _other(self, *than: str) -> str:
        return self._emotion(tuple(name for name in EMOTIONS if name not in than))

    def _said(self, table: dict[str, Phrases], emotion: str) -> _Said:
        rows = _part_of(table[emotion], self._part)
        words, level = rows[int(self.rng.integers(len(rows)))]
        return _Said(self._fill(words), emotion, level)

    def _adjective(self, emotion: str) -> _Said:
        return self._said(phrases.ADJECTIVES, emotion)

    def _subject(self) -> str:
        return self._one(phrases.SUBJECTS)

    def _is(self) -> str:
        return self._one(
            "is;feels;sounds;looks;seems;appears;is feeling;speaks and is;talks as if {x} were;must be;gets;becomes"
            ";acts;comes across as;is being;speaks like someone who is;is visibly;is clearly;was;is;is".replace(
                "{x}", self._one(("she", "he", "they"))
            )
        )

    # Building blocks

    @staticmethod
    def _prompt(text: str, emotion: str, level: int) -> Prompt:
        return Prompt(text, {emotion: 1.0}, 0 if emotion == "neutral" else level)

    def _graded(self, said: _Said) -> _Said:
        """Put a degree word before an adjective or adverb and set the level from it."""
        if said.emotion == "neutral":
            degree = self._one(("completely", "totally", "perfectly", "rather", "quite", "very", "fairly", "entirely"))
            return _Said(f"{degree} {said.words}", said.emotion, 2)
        index = int(self.rng.integers(5))
        if index < 2:
            common = ["slightly", "a bit", "a little", "somewhat", "mildly"]
            low = [w for w in LOW_DEGREES if not w.endswith(" of") and w not in ("a touch of", "in a small way")]
            return _Said(
                f"{self._one([*low, *common, *common, 'only a little', 'just slightly'])} {said.words}", said.emotion, 1
            )
        if index == 2:
            return _Said(f"{self._one(MEDIUM_DEGREES)} {said.words}", said.emotion, 2)
        after = ("beyond words", "out of control", "like never before", "more than ever", "to the core")
        if self._chance(0.15):
            return _Said(f"{said.words} {self._one(after)}", said.emotion, 3)
        barred = ("with", "by", "of", "at the top of", "with all", "so much", *after)
        high = [w for w in HIGH_DEGREES if not w.endswith(barred)]
        common = ["very", "extremely", "really", "so", "absolutely", "totally", "utterly", "completely", "incredibly"]
        return _Said(f"{self._one([*high, *common, *common, 'super', 'very very'])} {said.words}", said.emotion, 3)

    def _graded_noun(self, said: _Said) -> _Said:
        if said.emotion == "neutral" or said.words.startswith("a "):
            return said
        kind = self.rng.random()
        low = (
            "a hint of",
            "a touch of",
            "a trace of",
            "some slight",
            "mild",
            "a little",
            "a flicker of",
            "a bit of",
            "faint",
        )
        high = (
            "intense",
            "overwhelming",
            "extreme",
            "great",
            "pure",
            "so much",
            "deep",
            "immense",
            "boundless",
            "raw",
            "full of",
            "consumed by",
            "overcome with",
            "filled with",
            "violent",
            "uncontrollable",
        )
        if kind < 0.3:
            return _Said(f"{self._one(low)} {said.words}", said.emotion, 1)
        if kind < 0.6:
            return _Said(f"{self._one(high)} {said.words}", said.emotion, 3)
        return said

    def _graded_scene(self, said: _Said) -> _Said:
        """Sometimes name the feeling and its degree beside a scene."""
        if said.emotion == "neutral" or self._chance(0.8):
            return said
        mood = self._graded(self._adjective(said.emotion))
        return _Said(
            f"{mood.words}, {said.words}" if self._chance(0.5) else f"{said.words}, {mood.words}",
            said.emotion,
            mood.level,
        )

    def _idiom_words(self, emotion: str) -> _Said:
        rows = IDIOMS[emotion]
        template, level = rows[int(self.rng.integers(len(rows)))]
        words = " ".join(self._one(choices) for choices in idiom_slots(template))
        return _Said(words, emotion, level)

    # Rules

    def _word(self) -> Prompt:
        emotion = self._emotion()
        table = (phrases.ADJECTIVES, phrases.NOUNS, phrases.ADVERBS)[int(self.rng.integers(3))]
        said = self._said(table, emotion)
        tail = self._one(("", "", "", "voice", "tone", "expression", "face", "person", "mood", "performance"))
        return self._prompt(f"{said.words} {tail if table is phrases.ADJECTIVES else ''}", emotion, said.level)

    def _mood(self) -> Prompt:
        emotion = self._emotion()
        said = self._adjective(emotion)
        if self._chance(0.6):
            said = self._graded(said)
        if self._chance(0.15):
            second = self._adjective(emotion)
            said = _Said(f"{said.words} and {second.words}", emotion, max(said.level, second.level))
        about = self._one(
            "about it;about the {thing};because of the {person};today;right now;at the moment;with the {person}"
            ";when the {person} speaks;about the {family};this morning;while talking;as usual"
        )
        forms = (
            f"{self._subject()} {self._is()} {said.words}",
            f"{self._subject()} {self._is()} {said.words} {about}",
            f"I am {said.words}",
            f"I feel {said.words} {about}",
            f"make {self._one(('him', 'her', 'it', 'them'))} {said.words}",
            f"speak like a {said.words} person",
            f"{said.words}",
            f"{said.words} {about}",
            f"{self._subject()}, {said.words}",
            f"a {said.words} {self._one(('voice', 'tone', 'face', 'man', 'woman', 'speaker', 'child', 'look'))}",
            f"talking in a {said.words} {self._one(('voice', 'tone', 'way', 'manner'))}",
            f"be {said.words}",
            f"he sounds like he is {said.words} {about}",
            f"please look {said.words}",
            f"emotion: {said.words}",
        )
        return self._prompt(self._one(forms), emotion, said.level)

    def _noun(self) -> Prompt:
        emotion = self._emotion()
        said = self._graded_noun(self._said(phrases.NOUNS, emotion))
        lead = self._one(
            (
                "with",
                "showing",
                "expressing",
                "in a tone of",
                "voice of",
                "speaking with",
                f"{self._subject()} shows",
                f"{self._subject()} speaks with",
                f"{self._subject()} is struck by",
                "a face that shows",
                "there is",
                "her voice carries",
                "you can hear",
                "his face betrays",
                "trembling voice, with",
                "a moment of",
            )
        )
        if emotion != "fear":
            lead = lead.replace("trembling voice, with", "with")
        return self._prompt(f"{lead} {said.words}", emotion, said.level)

    def _adverb(self) -> Prompt:
        emotion = self._emotion()
        said = self._said(phrases.ADVERBS, emotion)
        if " " not in said.words and self._chance(0.4):
            said = self._graded(said)
        verb = self._one(
            ("speaks", "talks", "says it", "answers", "whispers", "explains", "tells the story", "replies", "reads")
        )
        form = self._one(
            (
                f"{self._subject()} {verb} {said.words}",
                f"say it {said.words}",
                f"{said.words} spoken",
                f"{verb} {said.words}",
            )
        )
        return self._prompt(form, emotion, said.level)

    def _face(self) -> Prompt:
        emotion = self._emotion()
        said = self._said(phrases.FACES, emotion)
        level = said.level
        text = said.words
        if self._chance(0.35):
            second = self._said(phrases.FACES, emotion)
            text = self._one((f"{text}, {second.words}", f"{text} and {second.words}", f"{text} with {second.words}"))
            level = max(level, second.level) if 3 in (level, second.level) else min(level, second.level)
        text = self._one(
            (
                text,
                text,
                f"speaking with {text}",
                f"{self._subject()} with {text}",
                f"a face with {text}",
                f"show {text}",
                f"{self._subject()} speaks with {text}",
                f"{self._subject()} has {text}",
                f"talks with {text}",
            )
        )
        if self._chance(0.25):
            mood = self._adjective(emotion)
            mood = self._graded(mood) if self._chance(0.4) else mood
            text = self._one(
                (
                    f"{self._subject()} {self._is()} {mood.words} and speaks with {said.words}",
                    f"{mood.words}, {said.words}",
                    f"{mood.words} with {said.words}",
                    f"{said.words}, {mood.words}",
                )
            )
            level = mood.level
        return self._prompt(text, emotion, level)

    def _event(self) -> Prompt:
        emotion = self._emotion()
        said = self._said(phrases.EVENTS, emotion)
        text = self._one(
            (
                f"{self._subject()} who {said.words}",
                f"like someone who {said.words}",
                f"as if {self._one(('she', 'he'))} {said.words}",
                f"{self._subject()} {said.words}",
                f"{self._subject()} just {said.words}",
                f"speaks as if {self._one(('she', 'he'))} just {said.words}",
                f"somebody who {said.words}",
                f"{self._subject()} talks like a man who {said.words}",
                f"{self._subject()} {said.words} and talks about it",
                f"{said.words}",
                f"the moment after {self._one(('she', 'he'))} {said.words}",
                f"sounds like a {self._one('woman;man;child;fan')} that {said.words}",
            )
        )
        graded = self._graded_scene(_Said(text, emotion, said.level))
        return self._prompt(graded.words, emotion, graded.level)

    def _act(self) -> Prompt:
        """Any act of an emotion on any of its objects."""
        emotion = self._emotion()
        act, about = self._said(phrases.ACTS, emotion), self._said(phrases.OBJECTS, emotion)
        she = self._one(("she", "he"))
        deed = f"{act.words} {about.words}"
        text = self._one(
            (
                f"{self._subject()} {deed}",
                f"{self._subject()} {deed}",
                f"{self._subject()} who {deed}",
                f"as if {she} {deed}",
                f"when {she} {deed}",
                deed,
                f"like a {self._fill('{person}')} who {deed}",
                f"{self._subject()}, who {deed}",
                f"{self._subject()} speaks as if {she} {deed}",
                f"{she} {deed}, and you can hear it",
                f"someone {deed}",
            )
        )
        if self._chance(0.15):  # the object alone
            text = self._one(
                (
                    f"{self._subject()} thinks of {about.words}",
                    f"{self._subject()} in front of {about.words}",
                    about.words,
                    f"{self._subject()} after {about.words}",
                    f"{self._subject()} and {about.words}",
                    f"because of {about.words}",
                )
            )
        graded = self._graded_scene(_Said(text, emotion, act.level))
        return self._prompt(graded.words, emotion, graded.level)

    def _role(self) -> Prompt:
        """Somebody whose situation tells the feeling."""
        emotion = self._emotion()
        said = self._said(phrases.ROLES, emotion)
        text = self._one(
            (
                said.words,
                f"talks like {said.words}",
                f"the voice of {said.words}",
                f"{self._subject()}, like {said.words}",
                f"sound like {said.words}",
                f"{said.words} speaks to the {self._fill('{person}')}",
                f"as {said.words}",
                f"{self._subject()} plays {said.words}",
                f"{said.words}, {self._said(phrases.FACES, emotion).words}",
            )
        )
        graded = self._graded_scene(_Said(text, emotion, said.level))
        return self._prompt(graded.words, emotion, graded.level)

    def _doing(self) -> Prompt:
        emotion = self._emotion()
        said = self._said(phrases.DOINGS, emotion)
        text = self._one(
            (
                f"{self._subject()} {said.words}",
                f"{self._subject()} is {said.words}",
                said.words,
                f"like {said.words}",
                f"as if {said.words}",
                f"someone {said.words}",
                f"{self._subject()} speaks while {said.words}",
                f"the voice of a person {said.words}",
                f"{self._subject()} who is {said.words}",
                f"speak as though {said.words}",
            )
        )
        graded = self._graded_scene(_Said(text, emotion, said.level))
        return self._prompt(graded.words, emotion, graded.level)

    def _quote(self) -> Prompt:
        emotion = self._emotion()
        said = self._said(phrases.QUOTES, emotion)
        mark = self._one(("", "!", ".", "!!", "...")) if emotion != "neutral" else self._one(("", "."))
        text = self._one(
            (
                f"{said.words}{mark}",
                f"{said.words}{mark}",
                f'"{said.words}{mark}"',
                f"{self._subject()} says: {said.words}{mark}",
                f"like saying '{said.words}{mark}'",
                f"{self._subject()} tells the {self._fill('{person}')} that {said.words}",
            )
        )
        return self._prompt(text, emotion, said.level)

    def _idiom(self) -> Prompt:
        emotion = self._emotion()
        said = self._idiom_words(emotion)
        text = self._one(
            (
                f"{self._subject()} is {said.words}",
                said.words,
                f"{self._subject()} {said.words}",
                f"{self._subject()}, {said.words}",
                f"speaks as if {said.words}",
                f"{said.words} because of the {self._fill('{person}')}",
                f"like someone {said.words}",
                f"{said.words} about the {self._fill('{thing}')}",
                f"sounds {said.words}",
            )
        )
        return self._prompt(text, emotion, said.level)

    def _opposite(self, emotion: str) -> tuple[str, int]:
        """What is left when an emotion is denied: nothing felt, except that the unhappy are sad."""
        return ("sad", 2) if emotion == "happy" and self._chance(0.75) else ("neutral", 2)

    def _negation(self) -> Prompt:
        emotion = self._emotion(_FELT)
        kind = self.rng.random()
        she = self._one(("she", "he", "it", "the speaker", "I", "my {family}", "that {person}", "they"))
        if kind < 0.55:
            adjective = self._adjective(emotion)
            word = adjective.words
            level = self._one(
                (
                    "",
                    "",
                    "",
                    "very ",
                    "really ",
                    "at all ",
                    "especially ",
                    "in the least ",
                    "particularly ",
                    "even a bit ",
                )
            )
            form = self._one(
                (
                    f"not {level}{word}",
                    f"not {word} at all",
                    f"not the least bit {word}",
                    f"{she} is not {level}{word}",
                    f"{she} isn't {level}{word}",
                    f"never {word}",
                    f"far from {word}",
                    f"hardly {word}",
                    f"no longer {word}",
                    f"without being {word}",
                    f"{she} does not look {word}",
                    f"{she} doesn't seem {word}",
                    f"not {word} anymore",
                    f"{she} was never {word}",
                    f"{she} isn't {word} any more",
                    f"don't be {word}",
                    f"{she} has stopped being {word}",
                    f"{she} is anything but {word}",
                    f"nothing {word} about {self._one(('her', 'him', 'it'))}",
                    f"{she} is not one bit {word}",
                    f"{she} doesn't feel {word}, just normal",
                    f"not {word}, simply talking",
                    f"not {word}, only tired",
                    f"{she} does not sound {word} to me",
                    f"nobody here is {word}",
                    f"{she} wasn't {word} in the slightest",
                )
            )
            emotion, strength = self._opposite(emotion)
            if "normal" in form or "simply" in form or "only tired" in form or "stopped" in form:
                emotion = "neutral"
            return self._prompt(form + self._tail(), emotion, strength)
        if kind < 0.75:
            noun = self._said(phrases.NOUNS, emotion).words.removeprefix("a ")
            form = self._one(
                (
                    f"without any {noun}",
                    f"no {noun}",
                    f"not a trace of {noun}",
                    f"no sign of {noun}",
                    f"{she} shows no {noun}",
                    f"free of {noun}",
                    f"there is no {noun} in {self._one(('her', 'his'))} voice",
                    f"lacking all {noun}",
                    f"not a hint of {noun} on the face",
                    f"without {noun}",
                    f"without the slightest {noun}",
                    f"the {noun} is gone",
                )
            )
            emotion, strength = self._opposite(emotion)
            lead = self._one(("", "", f"{self._subject()} speaks ", f"{self._subject()} ", "an answer "))
            if form.startswith(("without", "free of", "lacking")):
                form = lead + form
            return self._prompt(form + self._tail(), emotion, strength)
        second = self._other("neutral", emotion)
        first_word, second_word = self._adjective(emotion).words, self._adjective(second).words
        if kind < 0.9:
            nouns = [self._said(phrases.NOUNS, name).words.removeprefix("a ") for name in (emotion, second)]
            form = self._one(
                (
                    f"neither {first_word} nor {second_word}",
                    f"{she} is neither {first_word} nor {second_word}",
                    f"not {first_word} and not {second_word}",
                    f"not {first_word}, not {second_word}, just plain",
                    f"{she} isn't {first_word} or {second_word}",
                    f"without {nouns[0]} or {nouns[1]}",
                    f"{she} feels neither {nouns[0]} nor {nouns[1]}",
                )
            )
        else:
            form = self._one(
                (
                    "no emotion at all",
                    "without any emotion",
                    f"{she} shows no feelings",
                    f"{she} feels nothing",
                    f"{she} does not show what {self._one(('she', 'he'))} feels",
                    "not a single feeling on the face",
                    "no expression",
                    f"no emotion whatsoever in the voice of the {self._fill('{person}')}",
                    f"{she} hides every emotion",
                    f"{she} has no particular feeling about it",
                    f"{she} keeps all feelings inside",
                    "emotion switched off",
                    f"nothing in {self._one(('her', 'his'))} face moves",
                    f"nothing can upset the {self._fill('{person}')}",
                )
            )
        return self._prompt(form + self._tail(), "neutral", 2)

    def _tail(self) -> str:
        """Sometimes, words after a negation that carry no feeling."""
        if self._chance(0.7):
            return ""
        neutral = self._said(phrases.DOINGS, "neutral").words
        she = self._one(("she", "he"))
        tails = (
            "when {x} speaks;, {x} just talks;while {n};, {n};about the {thing};, {x} says;, {x} speaks of the {family}"
            ";, as far as I can tell;today;during the interview;as {x} tells the story;, nothing special"
        )
        return " " + self._one(tails.replace("{x}", she).replace("{n}", neutral))

    def _replaced(self) -> Prompt:
        """One emotion is denied and another one named."""
        denied = self._emotion()
        emotion = self._other(denied)
        old, new = self._adjective(denied).words, self._adjective(emotion)
        if self._chance(0.3):
            new = self._graded(new)
        scene = self._said(phrases.DOINGS if self._chance(0.5) else phrases.FACES, emotion)
        she = self._one(("she", "he", "the {person}", "my {family}"))
        form, level = new.words, new.level
        kind = self.rng.random()
        if kind < 0.2:
            nouns = [self._said(phrases.NOUNS, name).words.removeprefix("a ") for name in (denied, emotion)]
            level = 2
            form = self._one(
                (
                    f"it is not {nouns[0]} but {nouns[1]}",
                    f"it is {nouns[1]}, not {nouns[0]}, that fills {self._one(('her', 'him'))}",
                    f"no {nouns[0]}, only {nouns[1]}",
                    f"{she} shows {nouns[1]} instead of {nouns[0]}",
                    f"there is no {nouns[0]} in the voice, there is {nouns[1]}",
                    f"{nouns[1]} rather than {nouns[0]}",
                    f"without {nouns[0]}, {new.words}",
                    f"it's not {nouns[0]}, it's {nouns[1]}",
                    f"that is not {nouns[0]}, that is {nouns[1]} in {self._one(('her', 'his'))} eyes",
                    f"no trace of {nouns[0]}, pure {nouns[1]}",
                    f"{she} feels {nouns[1]} and no {nouns[0]}",
                )
            )
        elif kind < 0.65:
            form = self._one(
                (
                    f"not {old} but {form}",
                    f"{old} no more, now {form}",
                    f"no longer {old}, {she} is {form}",
                    f"{she} isn't {old}, {she} is {form}",
                    f"anything but {old}, {she} is {form}",
                    f"far from {old}, rather {form}",
                    f"{form}, not {old}",
                    f"{she} is {form} instead of {old}",
                    f"{she} does not sound {old}, {she} sounds {form}",
                    f"nothing {old} here, {she} is {form}",
                    f"not {old} anymore, but {form} again",
                    f"{form} rather than {old}",
                    f"{she} should be {old} but is {form}",
                    f"{she} was never {old}, always {form}",
                    f"less {old} than {form}",
                    f"not one bit {old}, {form}",
                    f"{she} is no longer {old} and {form} once more",
                )
            )
        else:
            level = scene.level
            linked = "with" if scene.words in dict(phrases.FACES[emotion]) else "is"
            form = self._one(
                (
                    f"not {old}, {she} {linked} {scene.words}",
                    f"anything but {old}, {scene.words}",
                    f"no longer {old}, now {scene.words}",
                    f"far from {old}, {scene.words}",
                    f"{she} isn't {old} at all, {scene.words}",
                    f"no {self._said(phrases.NOUNS, denied).words.removeprefix('a ')} any more, {scene.words}",
                    f"there's nothing {old} about this, {she} {linked} {scene.words}",
                    f"{she} doesn't seem {old}, {she} {linked} {scene.words}",
                    f"{she} {linked} {scene.words}, not {old} in any way",
                    f"not {old} any more, {she} {linked} {scene.words} again",
                    f"{she} is anything but {old}, {she} {linked} {scene.words}",
                    f"not {old} at all, {she} {linked} {scene.words}",
                )
            )
        return self._prompt(form, emotion, level)

    def _strong_negation(self) -> Prompt:
        """Negative words that make a feeling stronger, and opposites denied."""
        emotion = self._emotion(_FELT)
        word, noun = self._adjective(emotion).words, self._said(phrases.NOUNS, emotion).words.removeprefix("a ")
        she, his = (("she", "her"), ("he", "his"))[int(self.rng.integers(2))]
        if self._chance(0.2):
            calm = self._adjective("neutral").words
            mood = self._graded(self._adjective(emotion))
            form = self._one(
                (
                    f"{she} cannot stay {calm}, {she} is {mood.words}",
                    f"not {calm} at all, {mood.words}",
                    f"impossible to stay {calm}, {mood.words}",
                )
            )
            return self._prompt(form, emotion, mood.level)
        form = self._one(
            (
                f"{she} has never been so {word}",
                f"can't stop being {word}",
                f"could not be more {word}",
                f"{she} cannot hide how {word} {she} is",
                f"never been this {word} before",
                f"never felt so {word}",
                f"{she} never felt this {word} in {his} life",
                f"{she} has not been this {word} for years",
                f"nobody is as {word} as {she}",
                f"{she} can't contain {his} {noun}",
                f"no words for such {noun}",
                f"nothing but {noun}",
                f"not just {word} but completely {word}",
                f"{she} is not merely {word}, it is pure {noun}",
                f"unable to hide {his} {noun}",
                f"no one can calm {his} {noun}",
                f"{his} {noun} has no limits",
                f"{she} does not hide {his} {noun}",
                f"{she} can hardly control {his} {noun}",
                f"no doubt {she} is {word} beyond measure",
                f"{she} could barely speak with {noun}",
            )
        )
        return self._prompt(form, emotion, 3)

    def _change(self) -> Prompt:
        """A past mood and a present one: the present counts."""
        before = self._emotion()
        emotion = self._other(before)
        old, new = self._adjective(before).words, self._adjective(emotion)
        she = self._one(("she", "he", "the {person}", "they"))
        form = self._one(
            (
                f"used to be {old}, now {new.words}",
                f"was {old} and is now {new.words}",
                f"first {old}, then {new.words}",
                f"{she} was {old} before but is {new.words} now",
                f"from {old} to {new.words}",
                f"{she} was {old} yesterday but today {she} is {new.words}",
                f"an hour ago {she} was {old}, now {she} is {new.words}",
                f"{old} at first, {new.words} in the end",
                f"{old} until now, suddenly {new.words}",
                f"{she} turns {new.words} after having been {old}",
                f"{she} is {new.words} now, although {she} was {old} before",
                f"once {old}, today {new.words}",
                f"{she} had been {old}, but by now {she} is {new.words}",
                f"turning from {old} to {new.words}",
                f"{new.words} after being {old} all day",
                f"{she} stops being {old} and becomes {new.words}",
            )
        )
        return self._prompt(form, emotion, new.level)

    def _mixture(self) -> Prompt:
        """Two emotions at once, equal or with one in the lead."""
        first = self._emotion(_FELT)
        second = self._other("neutral", first)
        a, b = self._adjective(first), self._adjective(second)
        noun = self._said(phrases.NOUNS, second).words
        if self._chance(0.5):
            form = self._one(
                (
                    f"{a.words} and {b.words}",
                    f"{a.words} and {b.words} at the same time",
                    f"both {a.words} and {b.words}",
                    f"{self._subject()} is half {a.words}, half {b.words}",
                    f"torn between being {a.words} and {b.words}",
                    f"a mix of {a.words} and {b.words}",
                    f"{a.words} yet {b.words}",
                )
            )
            return Prompt(form, {first: 0.5, second: 0.5}, max(a.level, b.level))
        form = self._one(
            (
                f"{a.words} with a hint of {noun}",
                f"mostly {a.words}, a little {b.words}",
                f"{a.words} and slightly {b.words}",
                f"{a.words} with a touch of {noun}",
                f"mainly {a.words} but also a bit {b.words}",
            )
        )
        return Prompt(form, {first: 0.75, second: 0.25}, a.level)

    def _two_cues(self) -> Prompt:
        """Two scenes, moods or faces of one emotion in one prompt, sometimes as two sentences."""
        emotion = self._emotion()
        tables = (phrases.EVENTS, phrases.DOINGS, phrases.FACES, phrases.ADJECTIVES, phrases.QUOTES, phrases.ADVERBS)
        first, second = (self._said(tables[int(self.rng.integers(len(tables)))], emotion) for _ in range(2))
        glue = self._one((", ", " and ", ". ", " - ", "; ", ", and ", " while ", " because it is "))
        order = f"{first.words}{glue}{second.words}"
        subject = self._one(("", f"{self._subject()} ", f"{self._subject()}, "))
        return self._prompt(subject + order, emotion, max(first.level, second.level, key=lambda level: abs(level - 2)))

    def _plain_talk(self) -> Prompt:
        """Something told without any feeling in it."""
        kind = self.rng.random()
        subject = self._subject()
        if kind < 0.5:
            return Prompt(f"{subject} {self._one(phrases.NEUTRAL_TALK)}", self._mostly("neutral", 0.7), 0)
        return self._prompt(
            self._one(
                (
                    f"{subject} talks normally",
                    f"just {self._one('talking;reading;speaking;explaining;listing facts')}",
                    "speaks in an ordinary way",
                    "everyday conversation",
                    "regular speech",
                    f"{subject} {self._one('gives facts;informs;explains;reports;recites')}",
                    f"{subject} speaks in {self._one('an even;a plain;a level;a steady;a neutral;a monotonous')} voice",
                    "default face",
                    "no particular mood",
                    "a robot speaking",
                    "a machine reading text",
                    "like a text to speech system",
                    f"the {self._fill('{person}')} speaks to the point",
                    "strictly factual",
                )
            ),
            "neutral",
            2,
        )

    def _nothing(self) -> Prompt:
        """Words that name no speaker and no feeling: every emotion equally likely."""
        kind = self.rng.random()
        if kind < 0.7:
            words = phrases.ODD_WORDS
            text = " ".join(words[int(i)] for i in self.rng.integers(len(words), size=int(self.rng.integers(1, 7))))
        else:
            letters = "abcdefghijklmnopqrstuvwxyz0123456789?!#+  "
            text = "".join(letters[int(i)] for i in self.rng.integers(len(letters), size=int(self.rng.integers(2, 20))))
        return Prompt(text, self._mostly("neutral", 1 / len(EMOTIONS)), 0)

    def _masked(self) -> Prompt:
        """A feeling that is played over another one: the one inside counts more."""
        shown, felt = (
            self._emotion(("happy", "neutral")),
            self._emotion(("sad", "fear", "angry", "disgusted", "contempt")),
        )
        mask, inner = self._adjective(shown).words, self._adjective(felt)
        she = self._one(("she", "he"))
        form = self._one(
            (
                f"{she} pretends to be {mask} but is {inner.words}",
                f"looks {mask} but is {inner.words} inside",
                f"under a {mask} surface {she} is {inner.words}",
                f"{she} plays {mask}, yet deep down {she} is {inner.words}",
                f"hiding how {inner.words} {she} is",
                f"a {mask} mask, {inner.words} underneath",
                f"trying to seem {mask} while being {inner.words}",
            )
        )
        return Prompt(form, {felt: 0.75, shown: 0.25}, min(inner.level, 2))

    @staticmethod
    def _mostly(emotion: str, share: float) -> dict[str, float]:
        rest = (1 - share) / (len(EMOTIONS) - 1)
        return {name: share if name == emotion else rest for name in EMOTIONS}

    # Surface noise

    def _noise(self, text: str) -> str:
        if self._chance(0.15):
            context = self._one(phrases.CONTEXTS)
            text = f"{text} {context}" if self._chance(0.7) else f"{context}, {text}"
        text = self._fill(text)
        if self._chance(0.03) and len(text) > 12:
            at = int(self.rng.integers(1, len(text) - 2))
            swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
            text = swapped if self._chance(0.5) else text[:at] + text[at + 1 :]
        if self._chance(0.1):
            text += self._one((".", "!", " voice", " tone", ", please", " in the video", " for the camera"))
        return text


def plain(text: str) -> str:
    """Lower-case words of a text without punctuation, for comparing prompts."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def prompts(count: int, rng: np.random.Generator) -> list[tuple[str, str, int]]:
    """Distinct prompts of one clear emotion each, for stages that pair prompts with labelled motion.

    Args:
        count: how many. rng: the source of every choice.

    Returns:
        Triples (prompt, emotion, level 1..3); neutral prompts, whose level means nothing, get a random one.
    """
    grammar = Grammar(rng)
    found: list[tuple[str, str, int]] = []
    while len(found) < count:
        for prompt in grammar.distinct(count):
            emotion, share = max(prompt.shares.items(), key=lambda item: item[1])
            if share == 1:
                found.append((prompt.text, emotion, prompt.level or int(rng.integers(1, 4))))
    return found[:count]
