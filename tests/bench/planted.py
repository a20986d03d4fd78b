"""Errors planted in true sentences, as an independent tester would plant them, and true sentences said otherwise.

A planter takes a sentence and chance and gives a changed sentence with the place of the change, or None where the
sentence has nothing of the kind. It reads text with expressions of its own, not with those of the check.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
SPELLED = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "twenty",
    "thirty",
    "forty",
    "fifty",
]
_NUMBER = re.compile(r"(?<![\w.,/:-])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\w])|(?<![\w.,/:-])\d+(?:\.\d+)?(?![\w:/])")
_YEAR = re.compile(r"(?<![\w$£€.,-])(?:19|20)\d\d(?![\w%])")
_NAME = re.compile(r"(?<=[a-z,;] )(?:[A-Z][\w’'-]*[a-z]|[A-Z]{2,5})(?: (?:[A-Z][\w’'-]*[a-z]|[A-Z]{2,5}))*(?![\w’'])")
_NO_NAME = frozenset([*MONTHS, *DAYS, "I", "I'm", "I’m", "Mr", "Mrs", "Ms", "Dr", "The", "A", "An", "It", "He", "She"])
_QUOTED = re.compile(r"[“\"]([^“”\"]{15,300})[”\"]")
# Words an editor might mistake for each other: written for this bench, and not the check's own list.
SWAPS = [
    "increase/decrease",
    "increased/decreased",
    "rise/fall",
    "rose/fell",
    "higher/lower",
    "more/less",
    "better/worse",
    "before/after",
    "above/below",
    "larger/smaller",
    "faster/slower",
    "won/lost",
    "open/closed",
    "opened/closed",
    "first/last",
    "best/worst",
    "early/late",
    "inside/outside",
    "support/oppose",
    "supported/opposed",
    "accepted/rejected",
    "approved/rejected",
    "improve/worsen",
    "improved/worsened",
    "reduce/increase",
    "reduces/increases",
    "reduced/increased",
    "strong/weak",
    "easy/difficult",
    "positive/negative",
    "public/private",
    "success/failure",
    "possible/impossible",
    "likely/unlikely",
    "long/short",
    "high/low",
    "new/old",
    "large/small",
    "start/end",
    "started/ended",
    "up/down",
    "gain/loss",
    "buy/sell",
    "bought/sold",
    "north/south",
    "left/right",
    "allow/forbid",
    "allowed/banned",
    "include/exclude",
    "begin/end",
]


@dataclass(frozen=True)
class Article:
    """An article with what a planter may take from it."""

    name: str
    title: str
    text: str
    summary: str
    sentences: tuple[str, ...]
    numbers: tuple[str, ...] = field(default=())
    years: tuple[str, ...] = field(default=())
    names: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Planted:
    """A changed text; the change is `text[start:end]`, empty where something was taken out."""

    text: str
    start: int
    end: int


Planter = Callable[[str, Article, Sequence[Article], Random], Planted | None]


def article(name: str, title: str, text: str, summary: str, sentences: Sequence[str]) -> Article:
    """An article, read once for its numbers, years and names."""
    return Article(
        name, title, text, summary, tuple(sentences),
        tuple(dict.fromkeys(m[0] for m in _NUMBER.finditer(text) if not _YEAR.fullmatch(m[0]))),
        tuple(dict.fromkeys(_YEAR.findall(text))),
        tuple(dict.fromkeys(m[0] for m in _NAME.finditer(text) if _is_name(m[0]))),
    )  # fmt: skip


def _is_name(words: str) -> bool:
    return not _NO_NAME & set(words.split()) and len(words) > 2


def _put(text: str, start: int, end: int, new: str) -> Planted:
    return Planted(text[:start] + new + text[end:], start, start + len(new))


def _plain(number: str) -> str:
    return number.replace(",", "")


def _find(pattern: re.Pattern[str], sentence: str, chance: Random) -> re.Match[str] | None:
    found = list(pattern.finditer(sentence))
    return chance.choice(found) if found else None


def _numbers(sentence: str, chance: Random, after: str = "", before: str = "") -> re.Match[str] | None:
    """A number that is no year and no day of a month; `after`, `before`: what must stand beside it."""
    months = "|".join(month[:3] for month in MONTHS)
    found = [
        m
        for m in _NUMBER.finditer(sentence)
        if not _YEAR.fullmatch(m[0])
        and not re.search(rf"\b(?:{months})[a-z]*\.? $", sentence[: m.start()])
        and not re.match(rf" (?:{months})[a-z]*\b", sentence[m.end() :])
        and re.match(after, sentence[m.end() :])
        and re.search(before + "$", sentence[: m.start()])
    ]
    return chance.choice(found) if found else None


def _foreign_number(old: str, known: set[str], chance: Random) -> str:
    """A number of the same shape that the article has not."""
    while True:
        new = "".join(chance.choice("123456789") if c.isdigit() else c for c in old)
        if _plain(new) not in known:
            return new
        old += "7" if "." not in old else ""


def number_foreign(
    s: str, a: Article, others: Sequence[Article], r: Random, *, after: str = "", before: str = ""
) -> Planted | None:
    if (m := _numbers(s, r, after, before)) is None:
        return None
    return _put(s, *m.span(), _foreign_number(m[0], {_plain(n) for n in re.findall(r"\d[\d.,]*\d|\d", a.text)}, r))


def number_moved(
    s: str, a: Article, others: Sequence[Article], r: Random, *, after: str = "", before: str = ""
) -> Planted | None:
    m = _numbers(s, r, after, before)
    other = [n for n in a.numbers if m and _plain(n) != _plain(m[0])]
    return _put(s, *m.span(), r.choice(other)) if m and other else None


def percent_foreign(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    return number_foreign(s, a, others, r, after=r"\s?(?:%|percent|per cent)")


def percent_moved(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    return number_moved(s, a, others, r, after=r"\s?(?:%|percent|per cent)")


def money_foreign(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    return number_foreign(s, a, others, r, before=r"[$£€]")


def money_currency(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"[$£€](?=\d[\d.,]*)"), s, r)
    if m is None:
        return None
    n = re.match(r"[\d.,]*\d", s[m.end() :])
    changed = _put(s, *m.span(), r.choice([c for c in "$£€" if c != m[0]]))
    return Planted(changed.text, changed.start, changed.end + (n.end() if n else 0))


def scale(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"(?<=\d )(?:million|billion|trillion|thousand)\b"), s, r)
    return (
        _put(s, *m.span(), r.choice([w for w in ("million", "billion", "trillion", "thousand") if w != m[0]]))
        if m
        else None
    )


def spelled(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b(?:" + "|".join(SPELLED) + r")\b"), s, r)
    return _put(s, *m.span(), r.choice([w for w in SPELLED if w != m[0]])) if m else None


def version(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b[A-Z][A-Za-z]{1,12}[- ]?v?(\d{1,3}(?:\.\d{1,2})?)(?![\w%.,]\d|\w)"), s, r)
    if m is None or m[0].split()[0] in _NO_NAME or any(m[0].startswith(month[:3]) for month in MONTHS):
        return None
    return _put(s, *m.span(1), str(int(float(m[1])) + r.choice([1, 2, 3])))


def name_foreign(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    found = [m for m in _NAME.finditer(s) if _is_name(m[0])]
    pool = [n for o in r.sample(list(others), min(5, len(others))) for n in o.names]
    known = f"{a.title} {a.text} {a.summary}".casefold()
    for new in r.sample(pool, len(pool)) if found else ():
        if not any(word.casefold() in known for word in new.split()):
            return _put(s, *r.choice(found).span(), new)
    return None


def name_moved(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    found = [m for m in _NAME.finditer(s) if _is_name(m[0])]
    m = r.choice(found) if found else None
    pool = [n for n in a.names if m and not _alike(n, m[0])]
    return _put(s, *m.span(), r.choice(pool)) if m and pool else None


def name_opening(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    """A name that begins the sentence, for another of the article."""
    m = next((re.match(re.escape(n) + r"\b", s) for n in a.names if s.startswith(n + " ")), None)
    pool = [n for n in a.names if m and not _alike(n, m[0])]
    return _put(s, *m.span(), r.choice(pool)) if m and pool else None


def surname(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    """The last word of a name of two, for the last word of another."""
    found = [m for m in _NAME.finditer(s) if _is_name(m[0]) and len(m[0].split()) == 2]
    m = r.choice(found) if found else None
    pool = [n.split()[1] for n in a.names if m and len(n.split()) == 2 and not _alike(n, m[0])]
    return _put(s, m.start() + m[0].index(" ") + 1, m.end(), r.choice(pool)) if m and pool else None


def _alike(one: str, other: str) -> bool:
    return any(x[:4].lower() == y[:4].lower() for x in one.split() for y in other.split())


def year_foreign(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(_YEAR, s, r)
    pool = [str(y) for y in range(1990, 2027) if str(y) not in a.text]
    return _put(s, *m.span(), r.choice(pool)) if m else None


def year_moved(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(_YEAR, s, r)
    pool = [y for y in a.years if m and y != m[0]]
    return _put(s, *m.span(), r.choice(pool)) if m and pool else None


def month(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b(?:" + "|".join(x for x in MONTHS if x not in {"May", "March"}) + r")\b"), s, r)
    return _put(s, *m.span(), r.choice([x for x in MONTHS if x != m[0]])) if m else None


def weekday(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b(?:" + "|".join(DAYS) + r")\b"), s, r)
    return _put(s, *m.span(), r.choice([x for x in DAYS if x != m[0]])) if m else None


def day(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"(?:\b(?:" + "|".join(x[:3] for x in MONTHS) + r")[a-z]*\.? )(\d{1,2})(?=\b)"), s, r)
    return _put(s, *m.span(1), r.choice([str(x) for x in range(1, 29) if str(x) != m[1]])) if m else None


def quote_altered(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    """One word within a quotation becomes another word of the article."""
    m = _find(_QUOTED, s, r)
    words = list(re.finditer(r"\b[a-z]{4,}\b", m[1])) if m else []
    pool = re.findall(r"\b[a-z]{4,}\b", a.text)
    if not m or not words or not pool:
        return None
    w = r.choice(words)
    new = r.choice([x for x in pool if x.rstrip("s") != w[0].rstrip("s")] or ["changed"])
    start = m.start(1)
    changed = _put(s, start + w.start(), start + w.end(), new)
    return Planted(changed.text, m.start(), m.end() + len(new) - len(w[0]))


def quote_dropped(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    """One word within a quotation goes."""
    m = _find(_QUOTED, s, r)
    words = list(re.finditer(r"(?<= )[a-z]{3,} ", m[1])) if m else []
    if not m or not words:
        return None
    w = r.choice(words)
    at = m.start(1) + w.start()
    return Planted(s[:at] + s[at + len(w[0]) :], m.start(), m.end() - len(w[0]))


def quote_invented(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    made = r.choice(
        ["“This changes everything we know,”", "“We could not be happier with it,”", "“It was a terrible mistake,”",
         "“Nobody expected this result,”", "“I will never do that again,”"]
    )  # fmt: skip
    new = f" {made} they said."
    return Planted(s + new, len(s) + 1, len(s) + 1 + len(made))


_BE = r"\b(?:is|are|was|were|has been|have been|will|would|should|could|can|did|does|do)\b"


def not_added(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b(?:is|are|was|were|will|would|should|could)\b(?! not|n['’]t| no\b)"), s, r)
    return _put(s, m.end(), m.end(), " not") if m else None


def contraction_added(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(
        re.compile(r"\b(?:is|are|was|were|would|should|could|did|does|has|have|had)\b(?! not| no\b|n['’]t)"), s, r
    )
    return _put(s, m.end(), m.end(), "n’t") if m else None


def can_cannot(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\bcan\b(?! not|['’]t)"), s, r)
    return _put(s, *m.span(), r.choice(["cannot", "can’t", "can not"])) if m else None


def never_added(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b(?:has|have|had|is|are|was|were|will)\b(?! never)"), s, r)
    return _put(s, m.end(), m.end(), " never") if m else None


def not_removed(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r" not\b(?! only| just)"), s, r)
    return _put(s, *m.span(), "") if m else None


def contraction_removed(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    m = _find(re.compile(r"\b(ca|wo|[a-z]{2,5})n['’]t\b"), s, r)
    whole = {"ca": "can", "wo": "will"}
    return _put(s, *m.span(), whole.get(m[1], m[1])) if m else None


def no_removed(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    """ "no" becomes "a" or goes, "never" goes, "without" becomes "with"."""
    m = _find(re.compile(r"\b(?:no|never|without) (?!doubt|longer\b)"), s, r)
    return (
        _put(s, *m.span(), "with " if m[0] == "without " else r.choice(["a ", ""]) if m[0] == "no " else "")
        if m
        else None
    )


def opposite(s: str, a: Article, others: Sequence[Article], r: Random) -> Planted | None:
    pairs = dict(p.split("/") for p in SWAPS) | {p.split("/")[1]: p.split("/")[0] for p in SWAPS}
    m = _find(re.compile(r"\b(?:" + "|".join(pairs) + r")\b"), s, r)
    return _put(s, *m.span(), pairs[m[0]]) if m else None


PLANTERS: dict[str, dict[str, Planter]] = {
    "number": {
        "foreign": number_foreign, "of the article": number_moved, "percentage, foreign": percent_foreign,
        "percentage, of the article": percent_moved, "money": money_foreign, "currency": money_currency,
        "million for billion": scale, "spelled out": spelled, "version": version,
    },
    "name": {
        "foreign": name_foreign, "of the article": name_moved, "opening the sentence": name_opening,
        "surname alone": surname,
    },
    "date": {
        "year, foreign": year_foreign, "year, of the article": year_moved, "month": month, "weekday": weekday,
        "day": day,
    },
    "quotation": {"a word altered": quote_altered, "a word dropped": quote_dropped, "invented": quote_invented},
    "negation": {
        "not added": not_added, "n’t added": contraction_added, "can to cannot": can_cannot, "never added": never_added,
        "not removed": not_removed, "n’t removed": contraction_removed, "no, never, without removed": no_removed,
    },
    "antonym": {"opposite word": opposite},
}  # fmt: skip


def typography(s: str, r: Random) -> str:
    """The same sentence in another house's typography."""
    s = (
        s.translate(str.maketrans("“”‘’", "\"\"''"))
        if r.random() < 0.5
        else re.sub(r'"([^"]*)"', r"“\1”", s.replace("'", "’"))
    )
    s = re.sub(r"(?<=\d)\s?%", lambda _: r.choice(["%", " %", " percent", " per cent"]), s)
    s = re.sub(r"(?<=\d) (?:percent|per cent)\b", lambda _: r.choice(["%", " percent", " per cent"]), s)
    s = re.sub(r"(?<![\d.])(\d{1,3}),(\d{3})(?![\d,])", lambda m: r.choice([m[0], m[1] + m[2]]), s)
    s = re.sub(r"(?<![\d.,])(\d{1,2}),000(?![\d,])", lambda m: r.choice([m[0], m[1] + "k"]), s)
    s = re.sub(
        r"\b(?:three|four|five|six|seven|eight|nine)\b",
        lambda m: str(2 + SPELLED.index(m[0])) if r.random() < 0.5 else m[0],
        s,
    )
    s = re.sub(
        r"\$(\d+(?:\.\d+)?) (million|billion)\b",
        lambda m: r.choice([m[0], f"${m[1]}{m[2][0]}{'n' if m[2][0] == 'b' else ''}", f"{m[1]} {m[2]} dollars"]),
        s,
    )
    s = re.sub(
        rf"\b({'|'.join(month for month in MONTHS if month != 'May')}) (\d{{1,2}})\b(?!th|st|nd|rd)",
        lambda m: _day(m, r),
        s,
    )
    s = re.sub(
        r"\b(is|are|was|were|did|does|do|would|should|could|has|have|had) not\b",
        lambda m: r.choice([m[0], m[1] + "n’t"]),
        s,
    )
    return s.replace("—", r.choice(["—", " – ", "--"]))


def _day(m: re.Match[str], r: Random) -> str:
    month, number = m[1], m[2]
    ways = [f"{month[:3]} {number}", f"{number} {month}", f"{month} {number}{_ending(int(number))}"]
    return r.choice(ways)


def _ending(number: int) -> str:
    return "th" if 10 < number < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


_SYNONYMS = [
    "said/stated",
    "shows/demonstrates",
    "showed/demonstrated",
    "use/employ",
    "uses/employs",
    "large/big",
    "important/significant",
    "help/assist",
    "helps/assists",
    "build/construct",
    "built/constructed",
    "make/create",
    "made/created",
    "big/large",
    "begin/start",
    "began/started",
    "find/discover",
    "found/discovered",
    "many/numerous",
    "people/persons",
    "method/approach",
    "results/outcomes",
    "result/outcome",
    "company/firm",
    "children/kids",
    "purchase/buy",
    "home/house",
    "told/informed",
    "also/additionally",
    "need/require",
    "needs/requires",
    "get/obtain",
    "quickly/rapidly",
    "improve/enhance",
    "improves/enhances",
    "improved/enhanced",
    "enable/let",
    "provide/offer",
    "provides/offers",
    "however/still",
    "because/since",
    "while/whereas",
    "about/roughly",
    "show/demonstrate",
    "different/various",
    "problem/issue",
    "problems/issues",
    "wants/wishes",
    "try/attempt",
    "trying/attempting",
    "according/per",
]


def paraphrase(s: str, following: str, r: Random) -> str:
    """The sentence reordered, shortened, with synonyms, merged with the one after it, or with its voice shifted."""
    pairs = dict(p.split("/") for p in _SYNONYMS)
    said = s
    if m := re.fullmatch(
        r"((?:In|On|At|After|Before|When|While|Since|For|With|By) [^,“\"]{4,60}), ([^“\"]{25,}[^.])\.", said
    ):
        said = f"{m[2][0].upper()}{m[2][1:]} {m[1][0].lower()}{m[1][1:]}."
    elif m := re.fullmatch(
        r"([A-Z][\w ]{2,40}?) (announced|released|introduced|developed|created|built|published) ([^,]{10,90})\.", said
    ):
        said = f"{m[3][0].upper()}{m[3][1:]} was {m[2]} by {m[1]}."
    elif m := re.fullmatch(r"([^“\"]{25,}), ([A-Z]?[\w ]{3,40}) (?:said|says)\.", said):
        said = f"According to {m[2]}, {m[1][0].lower() if not m[1].split()[0].isupper() else m[1][0]}{m[1][1:]}."
    elif r.random() < 0.4 and 6 < len(following.split()) < 25 and following[:1].isupper():
        said = f"{said.rstrip('.')}, and {following}"
    said = re.sub(r" \([^()]{3,60}\)", "", said)
    said = re.sub(r", which [^,]{5,60},", "", said)
    words = re.compile(r"\b(?:" + "|".join(pairs) + r")\b")
    parts = re.split(r"([“\"][^“”\"]*[”\"]?)", said)  # what is quoted stays as it was said
    return "".join(
        part if part[:1] in {"“", '"'} else words.sub(lambda m: pairs[m[0]] if r.random() < 0.8 else m[0], part)
        for part in parts
    )
