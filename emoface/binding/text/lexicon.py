"""Hand-written evidence beside the prompt network: idioms, facial actions and degree words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from emoface.binding.emotions import EMOTIONS, SYNONYMS
from emoface.binding.text.feelings import CLAUSE_END, names_feeling, plain_text

# Idioms as word slots, each with its level after the colon: "|" separates alternatives of one slot, "_" joins words
# inside an alternative, a slot ending in "?" may be missing (never the first) and "~" stands for a possessive. The
# training grammar draws its idioms from this table as well.
_IDIOM_TEXT = {
    "neutral": """deadpan:2; stone|stony faced:2; cool as a cucumber:2; matter of fact:2
        without batting an eyelid|eye:2; strictly|all business|professional:2; on an even keel:2
        neither here nor there:2; business as usual:2; blank face:2""",
    "happy": """over the moon:3; on cloud nine:3; in seventh heaven:3; on top of the world:3
        jump|jumps|jumping for joy:3; tickled pink:2; happy as a clam|lark|sandboy:3
        thrilled to bits|pieces:3; having the time of ~ life:3; in high|good|great spirits:2
        full of beans:2; all smiles:2; like a kid|child in a candy|toy store|shop:3
        proud as a peacock|punch:2; laugh|laughs|laughing ~ head off:3
        burst|bursts|bursting with joy|pride:3; pleased as punch:2; sunny side of life:2
        having a ball|blast:3; in stitches:3; made ~ day:2; whale of a time:3
        a spring in ~ step:2; light hearted:1""",
    "sad": """down in the dumps:2; down in the mouth:2; feeling|feels|feel blue:2; heavy hearted:2
        with a heavy heart:2; cry|cries|crying|cried ~ eyes|heart out:3; broken hearted:3
        ~ heart is|was broken|breaking:3; in the depths of despair:3
        on the verge|brink of tears:3; fighting back|away the? tears:2
        at the end of ~ rope|tether:3; long face:1; under a dark|black cloud:2
        in floods of tears:3; burst|bursts|bursting into tears:3; have|has|having|got the blues:2
        low spirits:1; ~ spirits are low:1; sick at heart:2; lost all hope:3
        lost the will to_live:3; choked up:2; sob|sobs|sobbing uncontrollably:3
        nothing left to live for:3""",
    "surprised": """out of the blue:2; a bolt from the blue:3; knock|knocks|knocked ~ socks off:3
        blown away:3; lost for words:2; well i never:2; what on earth:2
        did not|never expect|expected that|this|it:2
        could have knocked me down|over with a feather:3; eyes popped|popping out:3
        does a double take|double-take:2; who would have thought:2; you could have fooled me:1
        no way:2; you are|you're kidding|joking:2; mind blown|blowing:3; holy cow|moly|smokes:3
        struck dumb:3; thunderstruck:3; hold on what:2; like a deer|rabbit in the headlights:2
        cannot|can't believe ~ eyes|ears:3""",
    "fear": """~ blood runs|ran cold:3; scared|frightened out of ~ wits|mind:3; on pins and needles:1
        ~ hair stood|stands on end:3; in cold sweat:3; in a cold sweat:3; cold feet:1
        jump|jumps|jumping out of ~ skin:3; a bundle of nerves:2; on the edge of ~ seat:2
        ~ heart is in ~ mouth|boots:2; afraid of ~ own shadow:2
        gives|gave|giving me|him|her the creeps:2; make|makes|making ~ skin crawl:2
        run|runs|running for ~ life:3; quaking|shaking in ~ boots:2; frozen with|in fear|terror:3
        ~ knees are knocking:2; sick with worry:2; chills|shiver down ~ spine:2; on edge:1
        losing ~ nerve:2; bricking it:3; paralysed|paralyzed with|by fear|dread:3""",
    "disgusted": """grossed out:2; makes|making|made me|him|her|them sick|gag|puke|vomit|retch:3
        leaves|left a bad taste:1; lost ~ appetite:2; want|wants|wanted to throw up:3
        about to vomit|puke|gag|retch:3; yuck:2; yucky:2; eww:2; ugh gross:2
        that is|that's gross|nasty|vile|foul:2; hold|holds|holding ~ nose:2
        cannot|can't stomach:2; fed|feeding the maggots:3; gag|gags|gagging:3
        bleurgh|blech|bleh:2; sick to ~ stomach:3; reeks|reeking of:2
        with utter|visible distaste|revulsion:2""",
    "angry": """hit|hits|hitting the roof|ceiling:3; blow|blows|blowing a fuse|gasket:3
        blow|blows|blew|blowing ~ top|stack:3; lose|loses|lost|losing ~ temper|cool|rag:3
        fly|flies|flew into a rage:3; mad as a hornet:3; hot under the collar:2
        at ~ wits|wit's end:2; ~ blood is|was boiling:3; makes ~ blood boil:3
        foaming at the mouth:3; up in arms:2; fit to be tied:3; up the wall:2
        steam coming out of ~ ears:3; gets|getting|got on ~ nerves:1; fed up with:2
        the last straw:2; go|goes|going|went ballistic|berserk|ape|postal:3
        raise|raises|raising hell:3; like a bear with a sore head:2
        bite|bites|biting ~ head off:3; out for blood:3; beside himself|herself with rage|anger:3
        short fuse:2; hopping|spitting mad:3; through gritted|clenched teeth:2
        get|gets|got out of my sight:3; sick and tired of:2""",
    "contempt": """look|looks|looking down on:2; turn|turns|turning up ~ nose at:2; holier than thou:2
        on ~ high horse:2; too good for:2; beneath me|him|her|them|contempt:2; not worth ~ spit:3
        couldn't care less what they think:2; what a loser|fool|clown|joke:2; yeah right:1
        oh please:1; as if you could:2; cold shoulder:1; talk|talks|talking down to:2
        thumb|thumbs|thumbing ~ nose:2; snooty|stuck up|uppity:2; beneath ~ dignity:2
        pathetic little:3; laughing stock:2
        treats|treating them|him|her like garbage|trash|servants:3
        not even worth ~ attention|time|breath:2; with a sneer|scoff:2
        give|gives me|him|her a break:1""",
}
IDIOMS: dict[str, tuple[tuple[str, int], ...]] = {
    name: tuple((entry.strip()[:-2], int(entry.strip()[-1])) for entry in re.split(r"[;\n]", text))
    for name, text in _IDIOM_TEXT.items()
}

LOW_DEGREES = (
    "slightly", "a little", "a bit", "a little bit", "a tad", "a touch", "a hint of", "a trace of", "a shade", "mildly",
    "somewhat", "faintly", "vaguely", "subtly", "weakly", "lightly", "gently", "just a touch of", "a flicker of",
    "a tiny bit", "kind of", "sort of", "a note of", "a suggestion of", "in a small way",
)  # fmt: skip
MEDIUM_DEGREES = ("fairly", "rather", "quite", "moderately", "reasonably", "pretty")
HIGH_DEGREES = (
    "very", "extremely", "absolutely", "totally", "incredibly", "intensely", "utterly", "deeply", "completely",
    "really", "overwhelmingly", "terribly", "hugely", "immensely", "furiously", "wildly",
    "so much", "so very", "beyond words",
    "out of control", "like never before", "more than ever", "profoundly", "exceedingly", "thoroughly", "insanely",
    "unbelievably", "violently", "hysterically", "desperately", "overcome with", "overcome by", "consumed by",
    "full of",
    "filled with", "could not be more", "couldn't be more", "to the core", "with all", "at the top of", "madly",
)  # fmt: skip

# Words that tell a strength only where they stand right before a word for a feeling: "weak smile", "deep sorrow".
_LOW_BEFORE = (
    "slight|faint|weak|mild|subtle|gentle|light|tiny|small|fleeting|barely|ever so slightly|vague|thinly veiled"
)
_HIGH_BEFORE = (
    "strong|intense|extreme|overwhelming|great|deep|pure|sheer|blind|utter|burning|uncontrollable|massive|enormous|huge"
    "|severe|wild|unbridled|abject|mortal|boundless|raw|bitterly|super|ultra|mega|seriously|dead|so so|really really"
)
_STRONG_WORDS = (
    "furious|livid|enraged|outraged|infuriated|incensed|apoplectic|irate|murderous|ecstatic|elated|overjoyed|euphoric"
    "|jubilant|exultant|thrilled|devastated|heartbroken|inconsolable|anguished|despairing|grief-stricken|terrified|petrified"
    "|horrified|panic-stricken|gobsmacked|flabbergasted|astounded|dumbfounded|thunderstruck|stupefied|revolted|repulsed"
    "|furiously|ecstatically|hysterically|happiest|saddest|angriest|than ever|as can be|as hell|to the bone"
    r"|never (?:been |felt |looked |sounded )?(?:happier|prouder|sadder|angrier|madder|lower|worse|more \w+)"
)
"""Words that tell a strong feeling by themselves."""
_PARTS = {
    "brow": "brow brows eyebrow eyebrows forehead browed", "eye": "eye eyes gaze stare eyed",
    "lid": "lid lids eyelid eyelids", "nose": "nose nostril nostrils",
    "cheek": "cheek cheeks", "corner": "corner corners", "lip": "lip lips lipped",
    "mouth": "mouth mouthed", "jaw": "jaw", "teeth": "teeth tooth", "chin": "chin", "face": "face features",
}  # fmt: skip
_ACTIONS = {
    "up": "up raised raise raises lifted lift lifts upturned upward upwards high hoisted arched rising",
    "down": "down lowered lower lowers drooping droop droops downturned downward downwards sagging sunk downcast",
    "together": "together furrowed knit knitted furrow knotted drawn creased contracted frowning",
    "wide": "wide widened widen bulging popping enlarged", "narrow": "narrow narrowed squinting squint slits narrowing",
    "half": "half hooded heavy", "roll": "roll rolls rolled rolling", "wet": "wet watery teary moist glassy tearful",
    "wrinkle": "wrinkle wrinkled wrinkling wrinkles scrunched scrunch crinkled screwed",
    "flare": "flare flared flaring flares", "press": "pressed press tight tightened thin pursed thinned tense",
    "stretch": "stretched stretch stretching sideways", "curl": "curled curl curling curls",
    "tremble": "trembling tremble quivering quiver quivers trembles shaking wobbling",
    "open": "open opened agape ajar gaping opens", "drop": "dropped drop drops falls hanging dropping",
    "clench": "clenched clench gritted grinding bared clenching",
    "one": "one single lopsided asymmetric crooked uneven",
    "still": "still relaxed rest motionless frozen unmoving slack",
    "inner": "inner", "upper": "upper", "smile": "smiling",
}  # fmt: skip
_CORNER_OF = re.compile(r"\bcorners? of (?:the|his|her|their) (?:mouth|lips?)\b|\b(?:lip|mouth)[ -]corners?\b")
_INNER_OF = re.compile(
    r"\binner (?:corners?|ends?|parts?|portions?|halves) of (?:the |his |her |their )?(?:eye)?brows?\b"
)
_PART_OF = {word: part for part, words in _PARTS.items() for word in words.split()}
_ACTION_OF = {word: action for action, words in _ACTIONS.items() for word in words.split()}

# Log-odds per facial action, after the EMFACS pairing of action units and emotions (Friesen & Ekman 1983): brow raise
# AU1+2, brow lowering AU4, lid raise AU5, cheek raise AU6, nose wrinkle AU9, upper lip AU10, corners up AU12, dimple
# AU14, corners down AU15, chin AU17, lip stretch AU20, lip press AU23/24, jaw drop AU26.
FACIAL_ACTIONS: dict[tuple[str, str], dict[str, float]] = {
    ("brow", "up"): {"surprised": 1.0, "fear": 0.5}, ("brow", "down"): {"angry": 1.2, "sad": 0.3},
    ("brow", "together"): {"angry": 0.8, "fear": 0.3, "sad": 0.3}, ("brow", "inner"): {"sad": 1.2, "fear": 0.3},
    ("eye", "wide"): {"surprised": 0.7, "fear": 0.8}, ("lid", "wide"): {"surprised": 0.5, "fear": 0.8},
    ("lid", "up"): {"surprised": 0.5, "fear": 0.6},
    ("eye", "narrow"): {"angry": 0.7, "contempt": 0.5, "disgusted": 0.2},
    ("eye", "half"): {"contempt": 0.6, "neutral": 0.3}, ("lid", "half"): {"contempt": 0.6, "neutral": 0.3},
    ("eye", "roll"): {"contempt": 1.6}, ("eye", "wet"): {"sad": 1.4}, ("eye", "down"): {"sad": 0.7},
    ("eye", "smile"): {"happy": 1.2}, ("nose", "wrinkle"): {"disgusted": 2.2}, ("nose", "flare"): {"angry": 1.2},
    ("cheek", "up"): {"happy": 1.2}, ("corner", "up"): {"happy": 1.6}, ("corner", "down"): {"sad": 1.8},
    ("corner", "drop"): {"sad": 1.5}, ("corner", "one"): {"contempt": 2.0}, ("corner", "press"): {"contempt": 1.0},
    ("lip", "upper"): {"disgusted": 0.6}, ("lip", "up"): {"disgusted": 0.8}, ("lip", "press"): {"angry": 1.2},
    ("lip", "stretch"): {"fear": 1.4}, ("lip", "curl"): {"disgusted": 0.7, "contempt": 0.6},
    ("lip", "tremble"): {"sad": 0.8, "fear": 0.8}, ("mouth", "open"): {"surprised": 1.3, "fear": 0.2},
    ("mouth", "drop"): {"surprised": 1.0}, ("jaw", "drop"): {"surprised": 1.6}, ("mouth", "down"): {"sad": 1.4},
    ("mouth", "up"): {"happy": 1.2}, ("mouth", "stretch"): {"fear": 1.0}, ("mouth", "one"): {"contempt": 1.4},
    ("jaw", "clench"): {"angry": 1.4}, ("teeth", "clench"): {"angry": 1.4}, ("chin", "tremble"): {"sad": 1.6},
    ("chin", "up"): {"contempt": 1.0}, ("face", "still"): {"neutral": 1.6}, ("mouth", "press"): {"angry": 1.0},
}  # fmt: skip

_CRYING = r"\b(?:tears?|teary|cry|cries|cried|crying|weep\w*|wept)\b"
_HAPPY_TEARS = re.compile(
    rf"\blaugh\w*\b(?:(?!\bbut\b)[^.,;:!?])*{_CRYING}"
    rf"|{_CRYING}\s+(?:of|with|from)\s+(?:\w+\s+)?(?:laugh\w*|joy|happiness|delight|gladness)\b"
)
"""Tears that are shed with laughter or for joy."""

IDIOM_WEIGHT, LARGEST_BONUS, DEGREE_WEIGHT = 3.0, 4.0, 2.5
UNLEARNT_WEIGHT = 8.0
"""Log-odds of a degree that the network has not learnt."""
_POSSESSIVE = "my|your|his|her|their|our|its|the"
_NEGATOR = r"(?:not|never|no|without|hardly|neither|nor|nothing|nobody|cannot|far from|anything but|[a-z]+n't)"
_NEGATED = re.compile(rf"\b{_NEGATOR}\b(?:\s+[a-z']+){{0,3}}\s*$")


@dataclass(frozen=True)
class Evidence:
    """Logit bonuses that the lexicon found in a prompt.

    Attributes:
        emotions: emotion -> bonus. levels: bonus of levels 1, 2, 3. found: the entries that matched, for inspection.
    """

    emotions: dict[str, float] = field(default_factory=dict)
    levels: tuple[float, float, float] = (0.0, 0.0, 0.0)
    found: tuple[str, ...] = ()


def idiom_slots(template: str) -> list[list[str]]:
    """The alternatives of each slot of an idiom template; an empty alternative means that the slot may be missing."""
    slots = []
    for slot in template.split():
        choices = (_POSSESSIVE if slot == "~" else slot.rstrip("?")).replace("_", " ").split("|")
        slots.append(choices + [""] if slot.endswith("?") else choices)
    return slots


def _idiom_pattern(template: str) -> re.Pattern[str]:
    pattern = ""
    for choices in idiom_slots(template):
        words = rf"(?:{'|'.join(re.escape(choice) for choice in choices if choice)})"
        gap = r"[\s,-]+" if pattern else ""
        pattern += gap + words if "" not in choices else rf"(?:{gap}{words})?"
    return re.compile(r"(?<![a-z'])" + pattern + r"(?![a-z])")


@cache  # compiled when a sentence first needs them: they take a tenth of the start of a process
def _idiom_patterns() -> list[tuple[re.Pattern[str], str, int, str]]:
    rows = [(name, template, level) for name, idioms in IDIOMS.items() for template, level in idioms]
    return [(_idiom_pattern(template), name, level, template) for name, template, level in rows]


_LABELS = re.compile(r"\b(?:" + "|".join(sorted({*EMOTIONS, *SYNONYMS} - {"none", "normal"})) + r")\b")


def _degree_pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, words), key=len, reverse=True)) + r")\b")


_DEGREE_PATTERNS = tuple(_degree_pattern(words) for words in (LOW_DEGREES, MEDIUM_DEGREES, HIGH_DEGREES))

_BEFORE_PATTERNS = {
    index: re.compile(rf"\b(?:{words}) (?P<feeling>[a-z][a-z'-]*)")
    for index, words in ((0, _LOW_BEFORE), (2, _HIGH_BEFORE))
}
_STRONG_PATTERN = re.compile(rf"\b(?:{_STRONG_WORDS})\b")


def is_negated(plain: str, start: int) -> bool:
    """Whether a negation stands at most three words before a place of a plain prompt, in the same clause."""
    clause = CLAUSE_END.split(plain[:start])[-1]
    return _NEGATED.search(clause) is not None


def facial_actions(text: str) -> list[tuple[str, str]]:
    """Pairs (facial part, action) that a prompt describes.

    An action word belongs to the part that follows it within two words ("raised eyebrows"), else to the part named
    last in the prompt ("brows raised and pulled together").

    Args:
        text: a prompt; ``"wrinkled nose, lip corners down"`` gives ``[("nose", "wrinkle"), ("corner", "down")]``.
    """
    joined = _CORNER_OF.sub("corner", _INNER_OF.sub("inner brows", plain_text(text)))
    words = re.findall(r"[a-z']+|[.;:!?,]", joined)
    pairs: list[tuple[str, str]] = []
    current = ""
    for place, word in enumerate(words):
        current = "" if word in ".;:!?" else _PART_OF.get(word, current)
        if word in _ACTION_OF:
            following = words[place + 1 : place + 3]
            if following and following[0] in (",", "and", ".", ";", ":", "!", "?"):
                following = []
            target = next((_PART_OF[w] for w in following if w in _PART_OF), current)
            pair = (target, _ACTION_OF[word])
            if pair in FACIAL_ACTIONS and pair not in pairs:
                pairs.append(pair)
    if ("corner", "one") in pairs:
        pairs = [pair for pair in pairs if pair != ("corner", "up")]
    if ("brow", "inner") in pairs and "outer" not in words:
        pairs = [pair for pair in pairs if pair != ("brow", "up")]
    return pairs


def read_evidence(text: str) -> Evidence:
    """What the lexicon finds in a prompt.

    Idioms and facial actions add to emotion logits, degree words to level logits. An idiom or degree word inside the
    scope of a negation adds nothing: negations are the network's work.

    Args:
        text: an English prompt.

    Returns:
        The bonuses, at most 4 per emotion.
    """
    plain = plain_text(text)
    emotions: dict[str, float] = {}
    levels = [0.0, 0.0, 0.0]
    found: list[str] = []
    for pattern, name, level, template in _idiom_patterns():
        match = pattern.search(plain)
        if match and not is_negated(plain, match.start()):
            emotions[name] = emotions.get(name, 0.0) + IDIOM_WEIGHT
            levels[level - 1] += 1.0
            found.append(template)
    share = 0.5 if _LABELS.search(plain) else 1.0
    joyful = _HAPPY_TEARS.search(plain)
    if joyful and is_negated(plain, joyful.start()):
        joyful = None
    if joyful:
        emotions["happy"] = emotions.get("happy", 0.0) + IDIOM_WEIGHT
        levels[2] += 1.0
        found.append(joyful.group())
    for pair in facial_actions(plain):
        if joyful and pair == ("eye", "wet"):
            continue
        found.append(" ".join(pair))
        for name, odds in FACIAL_ACTIONS[pair].items():
            emotions[name] = emotions.get(name, 0.0) + share * odds
    for index, pattern in enumerate(_DEGREE_PATTERNS):
        match = pattern.search(plain)
        if match and not is_negated(plain, match.start()):
            levels[index] += DEGREE_WEIGHT
            found.append(match.group())
    for match in _STRONG_PATTERN.finditer(plain) if not any(levels) else ():
        if not is_negated(plain, match.start()):
            levels[2] += UNLEARNT_WEIGHT
            found.append(match.group())
    for index, pattern in _BEFORE_PATTERNS.items():
        for match in pattern.finditer(plain):
            if names_feeling(match["feeling"]) and not is_negated(plain, match.start()):
                levels[index] += UNLEARNT_WEIGHT
                found.append(match.group())
    capped = {name: min(bonus, LARGEST_BONUS) for name, bonus in emotions.items()}
    return Evidence(capped, (levels[0], levels[1], levels[2]), tuple(found))
