"""Tells prompts in other languages than English, by their words, and reads the commonest emotion words of some.

A word counts as foreign when a language's table lists it, and as unknown when neither a table nor the English
vocabulary has it. No function word below is an English word as well: "die", "was" or "son" tell nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

FUNCTION_WORDS: dict[str, str] = {
    "German": """der das dem des ein eine einen einem einer eines und oder aber nicht kein keine keinen ist sind wird
        wurde werden sein seine seinem seinen seiner ihr ihre ihren ihrem ich du sie es wir euch mich mir dich dir ihn
        ihm uns mit von vom zu zum zur auf aus bei beim nach uber unter vor durch gegen ohne sehr ganz viel mehr wie
        wenn weil dass als auch noch schon nur immer mein meine dein sich hatte haben habe kann muss soll darf frau
        mann stimme gesicht spricht sagt redet bitte ja nein etwas wirklich ziemlich bisschen richtig""",
    "Dutch": """het een ik jij hij zij ze wij jullie zijn haar hun mijn jouw niet geen maar voor naar bij uit onder
        tegen zonder erg zeer veel meer ook nog wel als omdat dat deze dit wordt werd worden heeft hebben kan moet
        vrouw gezicht spreekt praat zegt alsjeblieft beetje""",
    "Swedish": """och att det som inte jag hon vi ni dem ett en med fran utan mycket ganska sig sitt sina hennes mitt
        ditt manniska kvinna rost ansikte talar pratar sager""",
    "Danish": """og det som ikke jeg hun vi de dem et en af med til uden meget ganske lidt sig hendes mit dit kvinde
        mand stemme ansigt taler siger""",
    "Norwegian": """og det som ikke jeg hun et en med til uten veldig ganske litt seg hennes mitt kvinne mann stemme
        ansikt snakker sier""",
    "Finnish": """minun sinun hanen ja ei ole olen se tama joka kuin kanssa ilman hyvin todella vahan mutta koska
        nainen mies lapsi aani kasvot puhuu sanoo""",
    "French": """le la les un une des du de et ou mais ne pas est sont etait etre il elle ils elles je tu nous vous ce
        cette ces mon ses leur leurs avec sans sous sur dans chez en au aux qui que quoi tres bien peu trop aussi
        comme quand parce homme femme enfant voix visage parle dit avoir avait ont fait faire jamais rien toujours qu
        plait va""",
    "Spanish": """el la las un una unos unas de del al pero es esta estan estaba ser estar yo tu ella ellos nosotros
        usted su sus con por para en sobre entre que quien como cuando porque muy mucho mucha mas menos tambien poco
        le lo les se nos hombre mujer nino voz cara habla dice nunca nada siempre tiene""",
    "Portuguese": """uma de da dos das na nos nas ou mas nao sao esta estao foi ser estar eu tu ele ela eles elas voce
        seu sua meu minha sem por para sobre que quem como quando porque muito muita mais pouco tambem homem mulher
        menina menino voz rosto fala diz nunca nada sempre tem pela pelo""",
    "Italian": """il lo la gli un uno una di del della dei delle da dal dalla nel nella sul sono essere io tu lui lei
        noi voi loro suo sua mio con senza su tra che chi quando perche molto molta piu poco anche uomo donna ragazzo
        ragazza voce viso parla dice mai niente sempre si ci""",
    "Romanian": """este sunt si sau dar nu un din cu fara pentru pe la ca foarte mai mult el ea eu noi ei lui barbat
        femeie vorbeste spune""",
    "Catalan": """el la els les un una de del pero es esta amb que molt molta mes dona veu parla diu seva seu""",
    "Polish": """na od po za nie jest byl byla byc ja ty ona ono oni wy sie jego jej ich moj moja ktory ktora jak
        kiedy lub albo bardzo troche tez juz tylko przez przy dla bez pani kobieta mezczyzna dziecko glos mowi""",
    "Czech": """je jsou byl byla neni na od po za ona ono oni vy se si jeho jeji jejich muj moje ktery ktera jak kdyz
        protoze nebo velmi trochu uz bez zena muz dite hlas mluvi rika""",
    "Croatian": """je su bila nije ona oni vi se njegov njen moj koji koja kao kad jer ili jako vrlo malo vec samo bez
        za zena muskarac dijete glas govori kaze""",
    "Hungarian": """az egy es vagy de nem volt lesz en ti nagyon kicsit mert hogy csak nelkul ferfi gyerek beszel
        mond""",
    "Turkish": """bir veya ama degil cok biraz gibi icin ile da de bu su sen siz onlar onun benim senin var yok kadin
        cocuk ses yuz konusuyor diyor daha""",
    "Indonesian": """yang atau tetapi tidak bukan ini itu dia saya aku kamu kami mereka dengan tanpa untuk dari di ke
        pada sangat sekali sedang akan sudah seperti karena pria wanita anak suara wajah berbicara bicara""",
    "Vietnamese": """ay anh toi va hoac nhung khong la dang da se qua kia voi mot nguoi giong noi ong phu nu vui
        buon""",
    "Tagalog": """ang ng mga ay siya ako ikaw kami sila pero dahil napaka lalaki babae boses""",
    "Swahili": """na wa kwa ni si yeye mimi wewe sisi wao sana lakini sababu mwanamume mwanamke sauti anasema""",
    "Hindi": """hai hain tha thi ka ki ke ko se mein aur lekin nahi nahin woh vah yeh yah tum aap bahut bohot thoda
        jaise kyonki mera meri uska uski ladka ladki aadmi aurat awaaz bol""",
    "Japanese": """wa ga wo ni desu masu da shite shita iru imasu kara totemo sugoku kanojo kare watashi boku anata
        koe kao de hanasu hanashite otoko onna hito""",
    "Russian": """ty ona ono oni vy ne na bez dlya ot po za ochen nemnogo kak chto kogda potomu ili yeye ikh moy moya
        muzhchina zhenshchina golos govorit""",
}  # fmt: skip

# Emotion -> its commonest words, in each form or with * for any ending; the row of negations makes a reading unsafe.
EMOTION_WORDS: dict[str, dict[str, str]] = {
    "German": {
        "negation": "nicht kein* ohne nie niemals weder kaum nichts",
        "neutral": "ruhig* gelassen* sachlich* gleichgültig* emotionslos* ausdruckslos* neutral*",
        "happy": """fröhlich* froh frohe frohen glücklich* freut freue freuen freude freudig* lächelt lächelnd* lacht
            lachend* begeistert* strahlt strahlend* heiter* jubelt""",
        "sad": """traurig* trauer trauert weint weinend* weinen betrübt* niedergeschlagen* deprimiert*
            verzweifelt* unglücklich*""",
        "surprised": "überrascht* erstaunt* verblüfft* staunt staunend* verwundert*",
        "fear": """angst ängstlich* verängstigt* fürchtet furchtsam* panik panisch* erschrocken* besorgt*
            nervös*""",
        "disgusted": "ekel ekelt angeekelt* angewidert* widerlich*",
        "angry": """wütend* wut sauer stinksauer zornig* zorn verärgert* ärgerlich* gereizt* aufgebracht*
            empört*""",
        "contempt": "verachtung verächtlich* spöttisch* höhnisch* herablassend* überheblich* abschätzig*",
    },
    "Dutch": {
        "negation": "niet geen zonder nooit noch",
        "neutral": "kalm* rustig* neutraal neutrale",
        "happy": "blij blije gelukkig* vrolijk* lacht lachend* glimlach* opgewekt* enthousiast*",
        "sad": "verdriet verdrietig* droevig* treurig* huilt huilend* bedroefd*",
        "surprised": "verrast* verbaasd* verwonderd*",
        "fear": "bang bange angst angstig* doodsbang* paniek geschrokken nerveus* bezorgd*",
        "disgusted": "walgt walgend* walging afkeer",
        "angry": "boos boze kwaad kwade woedend* woede razend*",
        "contempt": "minachtend* minachting verachtend* spottend* hooghartig*",
    },
    "Swedish": {
        "negation": "inte utan aldrig ingen inget",
        "neutral": "lugn lugnt lugna neutral*",
        "happy": "glad glada jätteglad* lycklig* ler skrattar skrattande",
        "sad": "ledsen ledsna sorgsen gråter gråtande",
        "surprised": "förvånad* överraskad*",
        "fear": "rädd rädda skräckslagen orolig*",
        "disgusted": "äcklad*",
        "angry": "arg arga ilsken rasande förbannad*",
        "contempt": "föraktfull* förakt",
    },
    "French": {
        "negation": "ne n pas sans jamais ni aucun aucune",
        "neutral": "calme* neutre* serein* impassible*",
        "happy": """heureux heureuse* joie joyeux joyeuse* content contente* contents ravi ravie* rit riant* sourire
            sourit souriant* enthousiaste*""",
        "sad": """triste* tristesse pleure pleurer pleurant larmes chagrin malheureux malheureuse* déprimé*
            désespéré*""",
        "surprised": "surpris* étonné* stupéfait*",
        "fear": "peur effrayé* terrifié* apeuré* angoissé* inquiet inquiète* anxieux anxieuse*",
        "disgusted": "dégoût dégoûté* écœuré*",
        "angry": "colère furieux furieuse* fâché* énervé* enragé*",
        "contempt": "mépris méprisant* dédain dédaigneux dédaigneuse* moqueur moqueuse*",
    },
    "Spanish": {
        "negation": "no sin nunca jamás ni nada tampoco",
        "neutral": "tranquilo tranquila calmado calmada neutral sereno serena",
        "happy": """feliz felices alegre* alegría contento* contenta* sonríe sonriendo sonriente* ríe riendo
            ilusionado* ilusionada*""",
        "sad": "triste* tristeza llora llorando lágrimas deprimido* deprimida* desesperado* desesperada*",
        "surprised": "sorprendido* sorprendida* sorpresa asombrado* asombrada* asombro",
        "fear": """miedo asustado* asustada* aterrado* aterrada* temor pánico nervioso* nerviosa* preocupado*
            preocupada*""",
        "disgusted": "asco asqueado* asqueada*",
        "angry": """enojado* enojada* enfadado* enfadada* furioso* furiosa* furia ira rabia indignado*
            indignada*""",
        "contempt": "desprecio despectivo* despectiva* desdén burlón burlona",
    },
    "Portuguese": {
        "negation": "não sem nunca jamais nem nada",
        "neutral": "calmo calma calmamente tranquilo tranquila neutro neutra",
        "happy": "feliz felizes alegre* alegria contente* sorri sorrindo sorriso rindo animado animada",
        "sad": "triste* tristeza chora chorando lágrimas deprimido* deprimida* desesperado* desesperada*",
        "surprised": "surpreso* surpresa* surpreendido* espantado* espantada*",
        "fear": """medo assustado* assustada* apavorado* apavorada* pânico nervoso* nervosa* preocupado*
            preocupada*""",
        "disgusted": "nojo",
        "angry": "zangado* zangada* furioso* furiosa* raiva irritado* irritada*",
        "contempt": "desprezo desdém",
    },
    "Italian": {
        "negation": "non senza mai né niente nessun*",
        "neutral": "calmo calma tranquillo tranquilla neutro neutra",
        "happy": """felice felici felicità contento contenta allegro allegra allegria gioia gioioso gioiosa sorride
            ridendo ride""",
        "sad": """triste tristi tristezza piange piangendo pianto lacrime depresso depressa disperato
            disperata""",
        "surprised": "sorpreso sorpresa stupito stupita stupore meravigliato meravigliata",
        "fear": """paura impaurito impaurita spaventato spaventata terrorizzato terrorizzata terrore ansioso ansiosa
            nervoso nervosa preoccupato preoccupata""",
        "disgusted": "disgusto disgustato disgustata schifo schifato schifata",
        "angry": "arrabbiato arrabbiata furioso furiosa rabbia infuriato infuriata ira",
        "contempt": "disprezzo sprezzante* sdegnoso sdegnosa",
    },
    "Polish": {
        "negation": "nie bez nigdy ani",
        "neutral": "spokojny spokojna spokojnie neutralny neutralna obojętny obojętna",
        "happy": "szczęśliw* wesoł* radosn* radość radością zadowolon* cieszy cieszę śmieje uśmiech*",
        "sad": "smutny smutna smutno smutek smutkiem płacze płacząc* załaman* przygnębion*",
        "surprised": "zaskoczon* zdziwion* zdumion*",
        "fear": "boi boję przestraszon* przerażon* strach strachu strachem",
        "disgusted": "obrzydzen* zniesmaczon* wstręt*",
        "angry": "wściekł* rozgniewan* gniew gniewem złość złością wkurzon*",
        "contempt": "pogard*",
    },
    "Turkish": {
        "negation": "değil hiç yok asla olmadan",
        "neutral": "sakin sakince nötr",
        "happy": "mutlu mutlulukla sevinç* neşeli gülüyor gülen gülümsüyor gülümseyen",
        "sad": "üzgün hüzünlü mutsuz ağlıyor ağlayan",
        "surprised": "şaşkın şaşırmış",
        "fear": "korkmuş korkuyor korkudan korkuyla endişeli panik",
        "disgusted": "iğrenmiş iğreniyor tiksinmiş tiksiniyor",
        "angry": "kızgın sinirli öfkeli öfkeyle",
        "contempt": "küçümseyen küçümsüyor alaycı",
    },
    "Indonesian": {
        "negation": "tidak bukan tanpa jangan",
        "neutral": "tenang netral",
        "happy": "senang bahagia gembira tersenyum tertawa",
        "sad": "sedih menangis",
        "surprised": "terkejut kaget",
        "fear": "takut ketakutan cemas",
        "disgusted": "jijik",
        "angry": "marah",
        "contempt": "menghina meremehkan",
    },
    "Hindi": {
        "negation": "nahi nahin bina mat",
        "happy": "khush khushi",
        "sad": "dukhi udaas",
        "surprised": "hairaan hairan",
        "fear": "dara dari darr ghabraya",
        "angry": "gussa gusse naraaz",
    },
    "Russian": {
        "negation": "не без ни никогда нет",
        "neutral": "спокойн* нейтральн* равнодушн*",
        "happy": """радостн* радость радостью рад рада рады радуется счастлив* весел* смеется улыбается улыбаясь
            довол*""",
        "sad": "грустн* грусть грустью печальн* печаль печалью плачет плача плачущ* слезах тоскливо тоскует",
        "surprised": "удивл* изумл*",
        "fear": "боится испуг* страх страха страхом напуган* страшно",
        "disgusted": "отвращен* брезглив*",
        "angry": """злой злая злится злость злостью гнев гневом гневно разгневан* ярость ярости яростью сердит*
            взбешен*""",
        "contempt": "презрен* презрительн* высокомерн* насмешлив*",
    },
}  # fmt: skip

# The same for scripts without spaces between words, where a word is looked for inside the text.
EMOTION_SIGNS: dict[str, dict[str, str]] = {
    "Chinese": {
        "negation": "不 没 沒 无 無 别 別",
        "neutral": "平静 平靜 冷静 冷靜",
        "happy": "开心 開心 高兴 高興 快乐 快樂 喜悦 喜悅 兴奋 興奮 微笑 大笑",
        "sad": "悲伤 悲傷 伤心 傷心 难过 難過 沮丧 沮喪 哭",
        "surprised": "惊讶 驚訝 吃惊 吃驚 惊奇",
        "fear": "害怕 恐惧 恐懼 惊恐 驚恐",
        "disgusted": "恶心 噁心 厌恶 厭惡",
        "angry": "生气 生氣 愤怒 憤怒 恼火 发火 暴怒",
        "contempt": "轻蔑 輕蔑 鄙视 鄙視 蔑视 不屑",
    },
    "Japanese": {
        "negation": "ない なく ません ずに 無",
        "neutral": "落ち着 冷静 無表情 無感情",
        "happy": "嬉し うれし 楽し 幸せ 喜び 喜んで 笑顔 笑って",
        "sad": "悲し かなし 泣い 泣き 寂し 涙",
        "surprised": "驚 びっくり",
        "fear": "怖 恐怖 怯え 恐れ",
        "disgusted": "嫌悪 気持ち悪",
        "angry": "怒",
        "contempt": "軽蔑 見下 嘲",
    },
    "Korean": {
        "negation": "안 않 없 못",
        "neutral": "차분 침착 무표정",
        "happy": "행복 기쁜 기쁨 기쁘 기뻐 즐거 웃는 웃으 신난",
        "sad": "슬픈 슬픔 슬프 슬퍼 우는 울고 눈물",
        "surprised": "놀란 놀라 놀람",
        "fear": "무서 두려 겁먹 공포",
        "disgusted": "역겨 혐오",
        "angry": "화난 화가 화나 분노",
        "contempt": "경멸 비웃",
    },
    "Hindi in Devanagari": {
        "negation": "नहीं बिना मत",
        "happy": "खुश ख़ुश प्रसन्न",
        "sad": "दुखी दुःखी उदास नाखुश",
        "surprised": "हैरान आश्चर्य",
        "fear": "डरा डरी डर",
        "angry": "गुस्स ग़ुस्स क्रोध नाराज",
    },
}  # fmt: skip


FOREIGN_SHARE = 0.4
"""Share of foreign and unknown words from which a prompt with a foreign word is not English."""
UNKNOWN_SHARE = 0.5
"""Share of unknown words from which a prompt without any foreign word is not understood."""
OTHER_SCRIPT_SHARE = 0.2
"""Share of letters that are not Latin from which a prompt is not English."""
_PLAIN_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"})
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class OtherLanguage:
    """A prompt that is not English.

    Attributes:
        name: the language, where its words tell it; several joined by " or "; empty where none is listed.
        emotion: the one emotion that the prompt names by a listed word without any negation; empty otherwise.
        unknown: words that neither a table nor the English vocabulary has.
    """

    name: str
    emotion: str
    unknown: tuple[str, ...]


def fold(text: str) -> str:
    """Lower case without accents and with full-width letters as plain ones; ``"Früh, ŁÓDŹ"`` gives ``"fruh, lodz"``."""
    decomposed = unicodedata.normalize("NFKD", text.lower()).translate(_PLAIN_LETTERS)
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")


@cache
def _function_words() -> dict[str, frozenset[str]]:
    return {name: frozenset(words.split()) for name, words in FUNCTION_WORDS.items()}


@cache
def _listed() -> tuple[dict[str, list[tuple[str, str]]], list[tuple[str, str, str]]]:
    """Words without accents -> (language, emotion or "negation"), and the same as (beginning, language, row)."""
    whole: dict[str, list[tuple[str, str]]] = {}
    beginnings = []
    for name, rows in EMOTION_WORDS.items():
        for row, words in rows.items():
            for word in fold(words).split():
                if word.endswith("*"):
                    beginnings.append((word[:-1], name, row))
                else:
                    whole.setdefault(word, []).append((name, row))
    return whole, beginnings


def _told_by(word: str) -> list[tuple[str, str]]:
    """(language, emotion or "negation") pairs that a word without accents may tell."""
    whole, beginnings = _listed()
    return whole.get(word, []) + [(name, row) for start, name, row in beginnings if word.startswith(start)]


def _read_words(words: list[str], is_english: Callable[[str], bool]) -> OtherLanguage | None:
    """What a prompt in Latin or Cyrillic letters is, from its words without accents; None for English."""
    foreign: dict[str, int] = {}  # language -> words of it
    told: dict[str, set[str]] = {}  # language -> emotions
    listed, unknown = 0, []
    for word in words:
        telling = {name for name, table in _function_words().items() if word in table}
        for name, row in _told_by(word):
            told.setdefault(name, set()).add(row)
            if not is_english(word):
                telling.add(name)
        if telling:
            listed += 1
        elif not is_english(word):
            unknown.append(word)
        for name in telling:
            foreign[name] = foreign.get(name, 0) + 1
    share = (listed + len(unknown)) / len(words)
    if not (listed and share >= FOREIGN_SHARE) and len(unknown) < UNKNOWN_SHARE * len(words):
        return None
    most = max(foreign.values(), default=0)
    likely = [name for name, count in foreign.items() if count == most]
    emotions = set().union(*(told.get(name, set()) for name in likely))
    emotion = emotions.pop() if len(emotions) == 1 and "negation" not in emotions else ""
    return OtherLanguage(" or ".join(likely) if len(likely) <= 3 else "", emotion, tuple(unknown))


def _read_signs(text: str) -> OtherLanguage:
    """What a prompt in a script without Latin or Cyrillic letters is: emotions told by the longest signs first."""
    told: dict[str, set[str]] = {}
    for name, rows in EMOTION_SIGNS.items():
        listed = {row: unicodedata.normalize("NFKC", signs).split() for row, signs in rows.items()}
        signs = [(sign, row) for row in listed if row != "negation" for sign in listed[row]]
        rest = text
        for sign, row in sorted(signs, key=lambda pair: -len(pair[0])):
            if sign in rest:
                told.setdefault(name, set()).add(row)
                rest = rest.replace(sign, " ")
        if name in told and any(sign in rest for sign in listed["negation"]):
            told[name].add("negation")
    emotions = set().union(*told.values())
    emotion = emotions.pop() if len(emotions) == 1 else ""
    return OtherLanguage(" or ".join(told), emotion, ())


def read_other_language(text: str, is_english: Callable[[str], bool]) -> OtherLanguage | None:
    """Tell whether a prompt is written in another language than English.

    Args:
        text: a prompt. is_english: whether a word, lower case without accents, is known to be English.

    Returns:
        What is known about it, or None for an English prompt and for one without a word.
    """
    letters = [character for character in unicodedata.normalize("NFKC", text) if character.isalpha()]
    if not letters:
        return None
    scripts = [unicodedata.name(letter, "").split(" ")[0] for letter in letters]
    others = [script for script in scripts if script not in ("LATIN", "FEMININE", "MASCULINE", "MICRO")]
    if len(others) < OTHER_SCRIPT_SHARE * len(letters):
        return _read_words(_WORD.findall(fold(text)), is_english)
    if others.count("CYRILLIC") * 2 > len(others):
        return _read_words(_WORD.findall(fold(text)), lambda _: False)
    return _read_signs(unicodedata.normalize("NFKC", text))


def names_emotion(text: str) -> bool:
    """Whether a word of another language than English is listed as naming one emotion."""
    other = read_other_language(text, lambda _: False)
    return other is not None and bool(other.emotion)
