"""English words that name or show a feeling, and words of prompts about something else."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache

FEELINGS: dict[str, str] = {
    "neutral": """neutral calm emotionless expressionless flat composed composure matter-of-fact normal
        indifferent indifference blank impassive unemotional ordinary detached factual stoic unmoved placid unruffled
        businesslike dispassionate steady objective unaffected serene relaxed monotone unexcited serious sober unfazed
        formal reserved impersonal robotic toneless deadpan restrained nonchalant even level plain wooden patient
        apathetic even-tempered level-headed unperturbed mild-mannered poker-faced neutrality detachment unflappable
        tired exhausted weary confident bored determined focused thoughtful mellow fearless disinterested uninterested
        monotonous professional casual peaceful unbothered undisturbed stillness""",
    "happy": """happy happiness joy joyful joyous cheer cheerful glad merry delight excite excitement smile grin
        laugh laughter giggle chuckle beaming upbeat proud pride playful jolly sunny lighthearted bubbly radiant glee
        gleeful optimistic optimism enthusiasm enthusiastic grateful gratitude love adore hopeful content contentment
        pleased pleasure amuse amusement satisfied satisfaction relieved relief friendly warm warmth ecstatic ecstasy
        elated elation thrill overjoyed euphoric euphoria jubilant exhilarated bliss blissful triumphant triumph
        chirpy buoyant mirth mirthful chipper exuberant jovial festive carefree vivacious perky peppy affection
        affectionate fulfilled blessed charmed thankful enchanted rapturous giddy exultant ebullient smitten eager
        hilarious celebrate rejoice hooray hurray yay yippee wonderful fantastic fun funny enjoy entertain zestful
        lucky tender comfortable cosy inspired victorious goofy fond high-spirited good-humoured sweet confident
        interested flirty flirtatious moved touched loving optimist bittersweet cheery smiley joke jokey contented
        rapt delirious encouraged impressed heartwarming reassured gratified overexcited tickled peaceful hearty sparkle
        cackle cheeky thankfulness hug""",
    "sad": """sad unhappy depressed depression sorrow sorrowful melancholic melancholy gloomy gloom tear tearful
        teary lonely loneliness mournful mourn hopeless sombre somber dejected downhearted homesick glum cry weep wept
        weepy hurt regret regretful rueful crestfallen forlorn woeful disappointed disappointment wistful downcast
        subdued pensive discouraged nostalgic disheartened mope miserable misery heartbroken heartbreak heartache
        grief grieve devastated devastation inconsolable despair desolate anguish sob shattered crushed morose
        despondent dismal doleful sullen bleak bereft bereaved remorse plaintive dispirited pitiful wretched lovelorn
        sorry ashamed guilty joyless lament sigh sniffle whimper wail longing bawl bitter desperate tremble hysterical
        lugubrious suicidal rejected grief-stricken heavy-hearted teary-eyed drained defeated wounded unloved agonised
        pained upset embarrassed tired exhausted weary bored thoughtful betrayed humiliated dismayed overwhelmed moved
        touched pleading pained pain suffer suffering agony bittersweet downbeat mopey mourning tragic tragedy
        lonesome pessimistic distraught abandoned disillusioned downtrodden frown dejection bummed gutted heartsick
        sulk""",
    "surprised": """surprise amaze amazement astonish astonishment startle dumbfounded shock awe awestruck wonder
        wonderstruck incredulous incredulity bewildered bewilderment nonplussed astounded puzzled perplexed intrigued
        curious curiosity confused flabbergasted stunned gobsmacked thunderstruck stupefied staggered agape disbelief
        disbelieving gasp baffled mystified dazed speechless unexpected unbelievable marvel wow whoa omg agog
        blindsided unawares scream wide-eyed open-mouthed jolted floored dazzled mesmerised mind-blown confounded
        puzzlement stupefaction interested dismayed overwhelmed flummoxed bamboozled stumped appalled gawk surprising
        impressed taken-aback blink-eyed eye-opening shell-shocked""",
    "fear": """afraid fear fearful scared scare scary frightened fright frighten anxious anxiety alarmed alarm
        intimidated spooked shaky threatened panic panicky tremble jittery fretful cower dread timid paranoid shaken
        insecure uneasy unease nervous worry tense apprehensive apprehension wary concerned hesitant edgy unsettled
        terrified terror terrifying horrified horror petrified hysterical hysteria aghast skittish nervy phobic phobia
        haunted distressed distress frantic quiver jumpy stressed daunted shy unnerved vulnerable defenceless
        hyperventilating paralysed trepidation quake shiver shudder whimper stammer cornered helpless flinch scream
        desperate shock gasp shriek goosebumps butterflies cowardly trapped suspicious trepidatious rattled unsafe
        flustered concern panic-stricken terror-stricken embarrassed overwhelmed dismayed pleading pained pain agony
        panick spooky creepy cautious uncertain unsure doubtful tremulous fidget fidgety agitated horror-struck
        terror-struck quaver distraught fret pale scaredy""",
    "disgusted": """disgust repulsed repulsion repulsive grossed gross nauseated nausea nauseous sickened
        sickening squeamish repelled queasy revolted revolting revulsion loathe loathing repugnance repugnant
        abhorrence abhor distaste aversion retch gag puke vomit yuck yucky ew eww ugh icky bilious grimace stench
        stink rotten mouldy filthy slimy slime foul vile maggot cockroach nasty shudder sick smell aghast averse
        finicky fastidious appalled horrid grossly disapproval barf putrid ewww phew""",
    "angry": """angry anger mad rage furious fury irate livid enraged outraged outrage aggressive aggression
        hostile hostility resentful resentment bitter bitterness hateful hate hatred cross indignant indignation
        vengeful wrath wrathful heated spiteful quarrelsome offended defiant threaten threatening exasperated scold
        annoyed annoyance irritated irritation grumpy frustrated frustration impatient impatience irked peeved miffed
        testy moody grouchy fume seethe boil explode infuriated incensed murderous belligerent vicious ferocious
        savage violent rabid cranky crabby surly sulky displeased vexed affronted reproachful accusatory choleric
        explosive irascible scathing stern jealous fierce abusive shout yell scowl glare snarl growl curse swear rant
        complain pissed scream rude ill-tempered bad-tempered short-tempered snappy embittered acrimonious riled
        provoked antagonistic malicious apoplectic pugnacious cantankerous displeasure upset insulted betrayed
        humiliated envious determined evil menacing sinister frown agitated growling hiss huffy steaming bossy strict
        fiery vindictive aggravated maddened temper tantrum cuss grumble sulk hot-headed bellow roar rail resent
        glower grouch spite sore-headed ticked""",
    "contempt": """contempt contemptuous scorn scornful disdain disdainful sneer condescending condescension
        arrogant arrogance smug mock mockery dismissive haughty derisive derision superior superiority snob snobbish
        patronising patronizing belittle sarcastic sarcasm cynical snide jeer supercilious conceited pompous scoff
        snooty cocky withering sardonic imperious unimpressed ironic irony aloof smirk skeptical sceptical despise
        derogatory disparaging pretentious disrespectful taunt flippant insolent ridicule pathetic laughable loser
        worthless inferior snort proud stuck-up self-important self-satisfied self-righteous high-handed overbearing
        egotistical catty elitist acerbic gloating skepticism scepticism disapproving envious evil sinister
        sassy disrespect humourless mirthless snotty judgmental judgemental demeaning snarky gloat deride sneery bossy
        know-it-all holier-than-thou lofty high-and-mighty sardonically disapproval unworthy dismiss""",
}
"""Words in their base form; a word that several emotions share stands with each."""

_PHRASES = {
    "taken aback": "surprised", "off guard": "surprised", "holds his breath": "fear", "holds her breath": "fear",
    "walking on air": "happy", "walks on air": "happy", "sees red": "angry", "seeing red": "angry", "how dare": "angry",
    "for a fight": "angry", "my stomach": "disgusted", "his stomach": "disgusted", "her stomach": "disgusted",
} | {
    f"{feels} {degree}down": "sad"
    for feels in ("feel", "feels", "feeling", "felt") for degree in ("", "a bit ", "a little ", "so ")
}  # fmt: skip
_THINGS = frozenset("cockroach filthy foul maggot mouldy nasty rotten slime slimy smell stench stink vile".split())
"""Words of things and their state, which a negation of what is done with them does not deny."""
_WHOLE = frozenset("evening".split())
"""Words whose ending is none: an evening is not even."""
_UNFELT = frozenset(
    """yawn cough sneeze sweat pant breath breathless hiccup snore chew hoarse sleepy asleep tired hungry thirsty
    drunk dizzy ill flu toothache headache runny heat pregnant beard hair tall pitched accent camera lens take shot
    lighting zoom frame enter exit turn nod tilt sit stand walk loud quiet slow fast pause beat pace volume microphone
    script blink render photo export file video animation animate setting intensity default version test energy hand
    watch""".split()
)
_SUFFIXES = (
    ("iness", ("y",)), ("ness", ("",)), ("ily", ("y",)), ("ally", ("",)), ("ly", ("", "le")), ("ies", ("y",)),
    ("ied", ("y",)), ("ier", ("y",)), ("iest", ("y",)), ("ing", ("", "e")), ("ed", ("", "e")), ("es", ("", "e")),
    ("s", ("",)), ("er", ("", "e")), ("est", ("", "e")), ("ful", ("",)), ("able", ("", "e")), ("less", ("",)),
    ("like", ("",)),
)  # fmt: skip
_SHORTEST_STEM = 3
_NEGATOR = (
    r"(?:not|never|no|without|hardly|neither|nor|nothing|nobody|cannot|[a-z]+n't|far from|anything but|opposite of"
    r"|rather than|instead of|free of|avoid|refuses?|stop|stops|lack|lacks|less)"
)
_NEGATED = re.compile(rf"\b{_NEGATOR}\b(?:\s+[a-z']+){{0,4}}\s*$")
_AFFIRMED = re.compile(
    r"\bnever (?:\w+ )?(?:so|this|such|more|\w+er)\b|\bno (?:words|doubt)\b|\bcould(?:n't| not) be \w*(?:more|er)\b"
    r"|\b(?:cannot|[a-z]+n't|not|never|hardly|barely) (?:contain|hide|conceal|control|hold|stop|help|suppress)\b"
    r"|\b(?:nobody|no one) (?:is as|can|could)\b"
)
"""Negations that strengthen: "never been happier", "can't contain his joy"."""
CLAUSE_END = re.compile(r"[.,;:!?]|(?<!anything )\bbut\b|\bnow\b")
_WORD = re.compile(r"[a-z][a-z'-]*")
_WITHOUT = re.compile(r"less(?:ly|ness)?$")
_COMPARED = re.compile(
    r"\b(?:(?P<first>more|rather)|less|not (?:so much|as|so))\s+(?P<one>(?:\w+\s+)?[\w'-]+)\s+(?:than|as)\s+"
    r"(?P<other>(?:\w+\s+)?[\w'-]+)",
    re.IGNORECASE,
)


def plain_text(text: str) -> str:
    """Lower case, single spaces, straight apostrophes."""
    return re.sub(r"\s+", " ", text.lower().replace("’", "'")).strip()


@dataclass(frozen=True)
class Feeling:
    """A word of a prompt that names or shows a feeling.

    Attributes:
        word: in its base form. emotions: those that it may mean. denied: whether it stands in a negation.
    """

    word: str
    emotions: frozenset[str]
    denied: bool


@cache
def _emotions_of() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for emotion, words in FEELINGS.items():
        for word in words.split():
            found.setdefault(word, set()).add(emotion)
    return {word: frozenset(emotions) for word, emotions in found.items()}


def stems(word: str) -> set[str]:
    """A word and what may be left of it without one or two endings: ``"smilingly"`` gives ``"smile"`` among others."""
    found = {word}
    if word in _WHOLE:
        return found
    for _ in range(2):
        for known in tuple(found):
            for suffix, endings in _SUFFIXES:
                stem = known.removesuffix(suffix)
                if stem == known:
                    continue
                found.update(stem + ending for ending in endings if len(stem + ending) >= _SHORTEST_STEM)
                if len(stem) > _SHORTEST_STEM and stem[-1] == stem[-2]:
                    found.add(stem[:-1])
    return found


def names_feeling(word: str) -> bool:
    """Whether a word, whatever its ending, is listed as naming or showing a feeling."""
    return not stems(word).isdisjoint(_emotions_of())


def likely_meant(word: str, likeness: float = 0.75) -> str:
    """The listed feeling whose spelling is at least so close to that of an unknown word; empty if none is."""
    if len(word) <= 3:
        return ""
    near = [
        (difflib.SequenceMatcher(None, listed, stem).ratio(), listed)
        for stem in {word, *(stem for stem in stems(word) if len(stem) > 3)}
        for listed in difflib.get_close_matches(stem, _emotions_of(), n=1, cutoff=likeness)
        if listed[0] == stem[0]
    ]
    return max(near)[1] if near else ""


def affirms(plain: str) -> bool:
    """Whether a negation of a prompt strengthens what it stands before: "never been happier", "can't hide his joy"."""
    return _AFFIRMED.search(plain) is not None


def find_feelings(plain: str) -> list[Feeling]:
    """The feelings that a prompt names.

    Args:
        plain: a prompt in lower case with single spaces and straight apostrophes.

    Returns:
        One entry a word, in order. A word is denied by a negation at most four words before it in its clause.
    """
    table = _emotions_of()
    strengthened = affirms(plain)
    found = [Feeling(phrase, frozenset([name]), False) for phrase, name in _PHRASES.items() if phrase in plain]
    for match in _WORD.finditer(plain):
        word = next((stem for stem in sorted(stems(match.group()), key=len, reverse=True) if stem in table), None)
        if word is None:
            continue
        clause = CLAUSE_END.split(plain[: match.start()])[-1]
        denied = not strengthened and word not in _THINGS and _NEGATED.search(clause) is not None
        if _WITHOUT.search(match.group()) and not _WITHOUT.search(word):
            denied = not denied  # "fearless" is without fear
        found.append(Feeling(word, table[word], denied))
    return found


def named_emotions(text: str) -> frozenset[str]:
    """The emotions that every feeling named and not denied in a prompt may mean; none where two disagree.

    Beside a denied feeling, neutral is not counted: "do not smile, stay serious" says little of what is felt.
    """
    feelings = find_feelings(plain_text(text))
    felt = [feeling.emotions for feeling in feelings if not feeling.denied]
    denied = {name for feeling in feelings if feeling.denied for name in feeling.emotions | {"neutral"}}
    return frozenset.intersection(*felt) - denied if felt else frozenset()


def without_comparisons(text: str) -> str:
    """A prompt in which only the stronger of two compared feelings is left: "less angry than sad" says sad."""

    def stronger(match: re.Match[str]) -> str:
        one, other = match["one"], match["other"]
        if all(names_feeling(phrase.split()[-1].lower()) for phrase in (one, other)):
            return one if match["first"] else other
        return match[0]

    return _COMPARED.sub(stronger, text)


def unnegated_clauses(plain: str) -> list[str]:
    """The clauses of a prompt that hold no negation."""
    return [clause for clause in CLAUSE_END.split(plain) if not re.search(rf"\b{_NEGATOR}\b", clause)]


def is_about_else(plain: str) -> bool:
    """Whether a prompt speaks of the body, the stage, the camera or files, which say little about a feeling."""
    return any(not stems(word).isdisjoint(_UNFELT) for word in re.findall(r"[a-z]+", plain))
