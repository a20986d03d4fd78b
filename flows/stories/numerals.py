"""Numbers as they are said: digits, groups, scales and spelled-out words as one value (pure)."""

import re
from collections.abc import Sequence

# Digits first, for the point that ends a sentence is no part of a number.
DIGITS = r"\d+(?:[.,\u00a0\u202f\u2009]\d+)*"
_GROUPED = re.compile(r"\d{1,3}(?:[,\u00a0\u202f\u2009]\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"\d+,\d+")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {word: value for value, word in enumerate(_UNITS.split())}
SMALL |= {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
SCALES = {
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12,
    "mio": 10**6, "mrd": 10**9, "millionen": 10**6, "milliarden": 10**9,
    "千": 10**3, "万": 10**4, "萬": 10**4, "億": 10**8, "亿": 10**8,
}  # fmt: skip
GLUED_ONLY = frozenset({"k", "m", "b"})  # "5 m" are metres, "5m" and "$5m" are millions
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_PART_WORDS = "half quarter twice double doubled doubling triple tripled tripling thrice dozen"
PARTS = frozenset(_PART_WORDS.split())
MOST_DIGITS = 40  # a longer run of digits is no quantity: it is compared as it stands


def value_of(digits: str, scale: int = 1) -> str:
    """The number as one string: "1,000", "1000" and (with a scale) "1" thousand are all "1000".

    Versions ("1.2.3") and runs of more than 40 digits stay as they stand.
    """
    plain = digits
    if _GROUPED.fullmatch(digits):
        plain = re.sub(r"[,\u00a0\u202f\u2009]", "", digits)
    elif _DECIMAL_COMMA.fullmatch(digits):
        plain = digits.replace(",", ".")
    whole, point, fraction = plain.partition(".")
    if len(plain) > MOST_DIGITS or not whole.isdecimal() or (point and not fraction.isdecimal()):
        return plain
    moved = int(whole + fraction) * scale
    shift = 10 ** len(fraction)
    rest = str(moved % shift).rjust(len(fraction), "0").rstrip("0") if fraction else ""
    return f"{moved // shift}.{rest}" if rest else str(moved // shift)


def spelled(words: Sequence[str]) -> tuple[int, int]:
    """The number that begins at the first of these words (lower case), and how many of them it takes; (0, 0) if none.

    "twenty five" is (25, 2), "three hundred million" (300000000, 3), "a hundred" (100, 2).
    """
    total = current = taken = 0
    for place, word in enumerate(words):
        if word in SMALL and (
            current == 0 or (current % 100 >= 20 and current % 10 == 0 and SMALL[word] < 10) or current % 100 == 0
        ):
            current += SMALL[word]
        elif word in SCALES and word not in GLUED_ONLY and len(word) > 2 and (current or _is_one(words, place)):
            if SCALES[word] == 100:
                current = max(current, 1) * 100
            else:
                total, current = total + max(current, 1) * SCALES[word], 0
        elif word in {"a", "an"} and place == 0 and len(words) > 1 and words[1] in SCALES and len(words[1]) > 2:
            continue
        else:
            break
        taken = place + 1
        if word == "zero":
            break
    return total + current, taken


def _is_one(words: Sequence[str], place: int) -> bool:
    return place == 1 and words[0] in {"a", "an"}
