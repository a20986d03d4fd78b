"""In which language a text is written: most give it away by their commonest words, for the others a model is asked.

The model knows ninety languages, but takes 0.6 s and 80 MB to load, and a millisecond a text; nine texts in ten do
without.
"""

import re
import unicodedata

from flows.articles.measure import HAN, KANA

_SAMPLE = 2_000  # characters: the rest of an article tells nothing new
_LETTERS = 40  # a text with fewer could be in any of several languages
_HAN_LETTERS = 10
_SURE = 0.7
_CODE = re.compile(r"\s*([a-z]{2})(?![a-z])", re.I)
_RENAMED = {"iw": "he", "in": "id", "nb": "no", "nn": "no"}
_SAMPLE_WORDS = 80
_GLANCE = 800  # characters
_LEAST_WORDS = 25
_SHARE = 0.18  # of the words; running text has a quarter to a half of them, another language's text under a tenth
_AHEAD = 1.5  # times as many as the next language's: Portuguese is near to Spanish, Danish to Norwegian
_WORD = re.compile(r"[^\W\d_]+")
# The commonest words of running text (articles, pronouns, prepositions), which hardly stand in another language.
_COMMON = {
    "en": "the of and to in is that for it as was with be by on not he this are or his from at which but have an had",
    "de": "der die und den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat",
    "fr": "de la le et les des en un du une que est pour qui dans par plus pas au sur ne se ce il sont avec cette aux",
    "es": "de la que el en y los del se las por un para con no una su al lo como más pero sus le ya este fue son esta",
    "it": "di che il la un per non una del in sono le si con da della come anche alla gli dei nel più ha dal questo è",
    "pt": "de que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem seu sua ou",
    "nl": "de het een van en in is dat op te zijn met voor niet aan er om ook als dan maar bij uit wordt naar deze",
    "pl": "w i na z się nie do że to jest o jak po co za od dla tym są przez ale jego tylko czy oraz może przy który",
    "sv": "och i att det som en på är av för med till den har de inte om ett han men var jag från så kan när vid ska",
    "da": "og i at det er en til på for med de den der som af ikke et har var fra han blev ved kan om eller men efter",
    "no": "og i at det er en til på for med de den der som av ikke et har var fra han ble ved kan om eller men etter",
    "ru": "и в не на что с по как это для к но из от у за он так же его или при все мы они бы также есть только",
}
_CODES = {
    word: tuple(code for code, common in _COMMON.items() if word in common.split())
    for words in _COMMON.values()
    for word in words.split()
}


def language_at_a_glance(text: str) -> str:
    """The language (ISO 639-1) that the commonest words of the beginning give away, "" if they do not."""
    words = _WORD.findall(text[:_GLANCE].lower())[:_SAMPLE_WORDS]
    if len(words) < _LEAST_WORDS:
        return ""
    counts = dict.fromkeys(_COMMON, 0)
    for word in words:
        for code in _CODES.get(word, ()):
            counts[code] += 1
    next_most, most = sorted(counts.values())[-2:]
    if most < _SHARE * len(words) or most < _AHEAD * next_most:
        return ""
    return max(counts, key=counts.__getitem__)


def language_of(text: str, hint: str = "") -> str:
    """The language in two letters (ISO 639-1), "" when it cannot be told.

    `hint` is what the page or the feed says of itself ("en-GB"). It decides where the text is too short or its
    language unsure: many a page in Polish says "en", because its theme did.
    """
    sample = text[:_SAMPLE]
    if glance := language_at_a_glance(sample):
        return glance
    said = _said(hint)
    letters = sum(unicodedata.category(character)[0] in "LM" for character in sample)  # Thai vowels are marks
    if letters < _LETTERS and len(HAN.findall(sample)) + len(KANA.findall(sample)) < _HAN_LETTERS:
        return said
    try:
        found, sure = _likeliest(sample)
    except MemoryError:  # the model did not fit beside a large page, whose text is worth more than its language
        return said
    return found if sure >= _SURE else said


def _said(hint: str) -> str:
    found = _CODE.match(hint)
    code = found.group(1).lower() if found else ""
    return _RENAMED.get(code, code)


def _likeliest(sample: str) -> tuple[str, float]:
    """The likeliest language that has a code of two letters, and its share among those."""
    # numpy and the model are loaded where they are needed, which is seldom
    from flows.articles.language_model import identifier  # noqa: PLC0415

    ranked = [(label, share) for label, share in identifier().rank(sample) if len(label) == 2]
    label = _RENAMED.get(ranked[0][0], ranked[0][0])
    together = sum(part for name, part in ranked if _RENAMED.get(name, name) == label)
    return label, together / sum(part for _, part in ranked)
