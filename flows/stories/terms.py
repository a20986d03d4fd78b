"""A text as the check of blurbs reads it: words, numbers and dates in one form, each with its place (pure).

Typography makes no difference: “5%”, "5 percent" and "five per cent" are the same two terms, as are "Jan 5th" and
"January 5", "isn't" and "is not", "10k" and "10,000". Digits and letters are always apart ("GPT-4" is two terms).
"""

import re
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from flows.stories.numerals import DIGITS, GLUED_ONLY, ORDINALS, PARTS, SCALES, SMALL, spelled, value_of
from flows.stories.words import STOP_WORDS, fold

# One character for one, so that places in the folded text are places in the text.
_FOLDED = {ord(mark): "'" for mark in "’‘‛ʼ′`´＇"} | {ord(mark): '"' for mark in "“”„‟″＂"}
_FOLDED |= {ord(mark): "-" for mark in "‐‑‒–—−－"} | {ord(mark): " " for mark in "\u3000"}
_FOLDED |= {0xFF10 + n: str(n) for n in range(10)} | {0x0660 + n: str(n) for n in range(10)}
_FOLDED |= {0x06F0 + n: str(n) for n in range(10)} | {0x0966 + n: str(n) for n in range(10)} | {0xFF05: "%"}

_CURRENCIES = {"$": "usd", "€": "eur", "£": "gbp", "¥": "yen", "₹": "inr", "元": "yen", "円": "yen"}
_MONEY_WORDS = {
    "dollar": "usd", "dollars": "usd", "usd": "usd", "euro": "eur", "euros": "eur", "eur": "eur", "pounds": "gbp",
    "gbp": "gbp", "yen": "yen", "rupees": "inr",
}  # fmt: skip
_MONTH_NAMES = """
january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct
november nov|december dec
"""
_WEEKDAY_NAMES = "monday mon|tuesday tue tues|wednesday wed|thursday thu thur thurs|friday fri|saturday sat|sunday sun"


def _numbered(names: str) -> dict[str, int]:
    groups = names.strip().replace("\n", "|").split("|")
    return {name: number for number, group in enumerate(groups, start=1) for name in group.split()}


_MONTHS, _WEEKDAYS = _numbered(_MONTH_NAMES), _numbered(_WEEKDAY_NAMES)
_ALSO_WORDS = frozenset({"may", "march", "mar", "sun", "sat", "mon", "wed"})  # dates only beside a day, a year or "in"
_MONTH_OPENERS = "in of since by last next this until till from early late mid during on before after"
_BEFORE_A_MONTH = frozenset(_MONTH_OPENERS.split())

_CJK = "\u0e00-\u0e7f\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TERM = re.compile(
    rf"(?P<digits>{DIGITS})|(?P<one>[{_CJK}])|(?P<word>[^\W\d_{_CJK}]+(?:['.][^\W\d_{_CJK}]+)*+)|(?P<mark>[%$€£¥₹])"
)
_SOFT = PARTS | ORDINALS.keys()
_LONGEST_SPELLED = 8  # words; "nine hundred and ninety" is read as two
_ORDINAL_END = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)


class Sort(StrEnum):
    """What a term is. PART is a soft number ("half", "first", "one"): it is doubted only beside another."""

    WORD = "word"
    NUMBER = "number"
    PART = "part"
    YEAR = "year"
    MONTH = "month"
    WEEKDAY = "weekday"
    UNIT = "unit"


class Term(NamedTuple):
    """One term: `key` is its one form, `text[start:end]` what stands there. `stop`: every text has it."""

    key: str
    start: int
    end: int
    sort: Sort = Sort.WORD
    stop: bool = False
    capital: bool = False


def unified(text: str) -> str:
    """The same text, of the same length, with plain quotes, dashes and digits."""
    return text.translate(_FOLDED)


def terms(text: str) -> list[Term]:
    """The terms of a text in their order."""
    plain = unified(text)
    return _dated(_counted(_scanned(plain), plain), plain)


def _scanned(plain: str) -> list[Term]:
    found: list[Term] = []
    for match in _TERM.finditer(plain):
        start, end = match.span()
        if match.lastgroup == "word":
            _add_word(found, match[0], start, end)
        elif match.lastgroup == "digits":
            if start and plain[start - 1] == "-" and (start == 1 or plain[start - 2] in " \n\t($€£"):
                found.append(Term("-" + match[0], start - 1, end, Sort.NUMBER))
            else:
                found.append(Term(match[0], start, end, Sort.NUMBER))
        elif match.lastgroup == "mark":
            key = "percent" if match[0] == "%" else _CURRENCIES[match[0]]
            found.append(Term(key, start, end, Sort.UNIT))
        else:
            found.append(Term(match[0], start, end))
    return found


def _add_word(found: list[Term], word: str, start: int, end: int) -> None:
    lower = word.casefold()
    capital = word[0].isupper()
    if lower.endswith("n't") or lower == "cannot":
        stem = {"can't": "can", "cannot": "can", "won't": "will", "shan't": "shall"}.get(lower, lower[:-3])
        found += [Term(fold(stem), start, end, Sort.WORD, True, capital), Term("not", start, end, Sort.WORD, True)]
        return
    if lower in {"percent", "pct", "prozent", "percentage"}:
        found.append(Term("percent", start, end, Sort.UNIT))
    elif lower == "cent" and found and found[-1].key == "per":
        found[-1] = Term("percent", found[-1].start, end, Sort.UNIT)
    elif lower in _MONEY_WORDS:
        found.append(Term(_MONEY_WORDS[lower], start, end, Sort.UNIT))
    else:
        key = fold(lower.replace(".", "")) if "." in lower else fold(lower)
        found.append(Term(key, start, end, Sort.WORD, lower in STOP_WORDS or len(lower) == 1, capital))


def _counted(found: list[Term], plain: str) -> list[Term]:
    """Numbers with their scales and spelled-out numbers become one term each; currencies stand behind them."""
    counted: list[Term] = []
    place = 0
    while place < len(found):
        term = found[place]
        place += 1
        if term.sort is Sort.NUMBER:
            number, place = _with_scale(found, place, term, plain)
            counted.append(number)
            if (
                len(counted) > 1
                and counted[-2].sort is Sort.UNIT
                and counted[-2].key in _CURRENCIES.values()
                and (number.start - counted[-2].end <= 1)
            ):
                counted[-2:] = [number._replace(start=counted[-2].start), counted[-2]._replace(end=number.end)]
        elif term.sort is Sort.WORD and (term.key in SMALL or term.key in {"a", "an"}):
            value, taken = spelled(_joined(found, place - 1, plain))
            if taken:
                sort = Sort.PART if value == 1 else Sort.NUMBER
                counted.append(Term(f"#{value}", term.start, found[place + taken - 2].end, sort))
                place += taken - 1
            else:
                counted.append(term)
        elif term.sort is Sort.WORD and _lower(plain, term) in _SOFT:
            key = f"#{ORDINALS[term.key]}" if term.key in ORDINALS else term.key
            counted.append(term._replace(key=key, sort=Sort.PART, stop=False))
        else:
            counted.append(term)
    return counted


def _joined(found: list[Term], place: int, plain: str) -> list[str]:
    """The word at `place` and those after it, lower case, as far as spaces or hyphens join them."""
    words = [_lower(plain, found[place])]
    for before, term in pairwise(found[place : place + _LONGEST_SPELLED]):
        if plain[before.end : term.start] not in {" ", "-"}:
            break
        words.append(_lower(plain, term))
    return words


def _lower(plain: str, term: Term) -> str:
    return plain[term.start : term.end].casefold()


def _with_scale(found: list[Term], place: int, number: Term, plain: str) -> tuple[Term, int]:
    """The number as "#" and its value, with the scale or ordinal ending that follows taken in."""
    sign, digits = ("-", number.key[1:]) if number.key.startswith("-") else ("", number.key)
    scale, end, is_scaled = 1, number.end, False
    if place < len(found):
        following = found[place]
        word, gap = _lower(plain, following), plain[number.end : following.start]
        if word in SCALES and (gap == "" or (gap in {" ", "-", "\u00a0", "\u202f"} and word not in GLUED_ONLY)):
            scale, end, place, is_scaled = SCALES[word], following.end, place + 1, True
        elif gap == "" and _ORDINAL_END.fullmatch(word):
            end, place = following.end, place + 1
    is_year = not is_scaled and not sign and len(digits) == 4 and digits.isdecimal() and digits[:2] in {"19", "20"}
    key = f"#{sign}{value_of(digits, scale)}"
    return Term(key, number.start, end, Sort.YEAR if is_year else Sort.NUMBER), place


def _dated(counted: list[Term], plain: str) -> list[Term]:
    """Months and weekdays become terms of their own sort; words that merely look like them stay words."""
    for place, term in enumerate(counted):
        if term.sort is not Sort.WORD or not term.capital:
            continue
        word = _lower(plain, term)
        if word in _WEEKDAYS and word not in _ALSO_WORDS:
            counted[place] = Term(f"weekday{_WEEKDAYS[word]}", term.start, term.end, Sort.WEEKDAY)
        elif word in _MONTHS and (word not in _ALSO_WORDS or _is_month(counted, place)):
            counted[place] = Term(f"month{_MONTHS[word]}", term.start, term.end, Sort.MONTH)
    return counted


def _is_month(counted: list[Term], place: int) -> bool:
    around = counted[max(0, place - 1) : place] + counted[place + 1 : place + 2]
    dated = any(term.sort in {Sort.NUMBER, Sort.YEAR} for term in around)
    return dated or (place > 0 and counted[place - 1].key in _BEFORE_A_MONTH)
