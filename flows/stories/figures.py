"""Numbers and dates of a blurb that the article has not, or has in another place or with another unit (pure)."""

from collections.abc import Iterator, Sequence

from flows.stories.claims import MARGIN, Claim, ClaimKind, Reader, elsewhere, said_in, there_in
from flows.stories.evidence import Evidence, Place, some
from flows.stories.terms import Sort, Term

_SOFT_MARGIN = 0.3  # for words that are often something else: "one", "first", "half"
_SOFT_FIT = 0.55  # so like must another place be, before a soft number that the article lacks is doubted
_TIMES = frozenset({Sort.YEAR, Sort.MONTH, Sort.WEEKDAY})
_VALUES = _TIMES | {Sort.NUMBER, Sort.PART}


def values(reader: Reader) -> Iterator[Claim]:
    """Numbers and dates."""
    source = reader.source
    for place in range(reader.sentence.begin, reader.sentence.end):
        term = reader.terms[place]
        if term.sort not in _VALUES:
            continue
        kind = ClaimKind.DATE if term.sort in _TIMES or _is_day(reader.terms, place) else ClaimKind.NUMBER
        around = reader.around(place, place + 1)
        rivals = [(p, p + 1) for p in _rivals(source, term, reader.near)]
        rival, rival_at = around.best(rivals)
        same = some(source, source.places.get(term.key, ()), reader.near)
        same = [p for p in same if _may_stand_for(source.terms[p], term)]
        begin = _glued_from(reader, place)
        if not same:
            if term.sort is Sort.PART and rival < _SOFT_FIT:
                continue
            yield reader.claim(kind, (begin, place + 1), 0.97, _missing(reader, kind, begin, place, rival_at))
            continue
        support, _ = around.best([(p, p + 1) for p in same])
        unlike = _unit_differs(reader, place, same)
        margin = _SOFT_MARGIN if term.sort is Sort.PART else MARGIN
        if rival_at and rival > support + margin:
            why = elsewhere(reader, (place, place + 1), rival_at)
            yield reader.claim(kind, (begin, place + 1), 0.55 + 0.4 * (rival - support), why)
        elif unlike:
            yield reader.claim(kind, (begin, place + 1), 0.6, unlike)


def _may_stand_for(theirs: Term, ours: Term) -> bool:
    return theirs.sort in _VALUES or ours.sort in {Sort.MONTH, Sort.WEEKDAY}


def _rivals(source: Evidence, term: Term, near: dict[int, float]) -> Iterator[int]:
    """Other values of the same sort in the sentences most like the one in hand."""
    for number in near:
        sentence = source.sentences[number]
        for place in range(sentence.begin, sentence.end):
            other = source.terms[place]
            if other.sort in _VALUES and other.key != term.key and _same_sort(other.sort, term.sort):
                yield place


def _same_sort(one: Sort, other: Sort) -> bool:
    countable = {Sort.NUMBER, Sort.PART}
    return one is other or (one in countable and other in countable)


def _is_day(found: Sequence[Term], place: int) -> bool:
    around = [*found[max(0, place - 1) : place], *found[place + 1 : place + 2]]
    return any(term.sort is Sort.MONTH for term in around)


def _glued_from(reader: Reader, place: int) -> int:
    """Where the name begins that a number ends: "GPT-5" is shown whole."""
    if place == reader.sentence.begin:
        return place
    before, term = reader.terms[place - 1], reader.terms[place]
    gap = reader.text[before.end : term.start]
    return place - 1 if before.sort is Sort.WORD and before.capital and gap in {"", "-"} else place


def _unit_differs(reader: Reader, place: int, same: Sequence[int]) -> str:
    """A sentence when the number stands in the article, but never with this unit, or never after this name."""
    source, found = reader.source, reader.terms
    following = found[place + 1] if place + 1 < len(found) else None
    if following and following.sort is Sort.UNIT:
        theirs = [source.terms[p + 1] for p in same if p + 1 < len(source.terms)]
        if theirs and following.key not in {term.key for term in theirs}:
            others = [p for p in same if source.terms[p + 1].sort is Sort.UNIT]
            if others or following.key == "percent":
                said = there_in(source, ((others or list(same))[0], (others or list(same))[0] + (2 if others else 1)))
                return f"The article has this number, but with another unit: “{said}”."
    begin = _glued_from(reader, place)
    if begin < place and found[begin].key in source.places:
        glued = [p + 1 for p in source.places[found[begin].key][:200] if source.terms[p + 1].sort is Sort.NUMBER]
        if glued and found[place].key not in {source.terms[p].key for p in glued}:
            nearest = there_in(source, (glued[0] - 1, glued[0] + 1))
            return f"The article has no “{said_in(reader, begin, place + 1)}”; nearest: “{nearest}”."
    return ""


def _missing(reader: Reader, kind: ClaimKind, begin: int, place: int, rival: Place | None) -> str:
    what = "date" if kind is ClaimKind.DATE else "number"
    nearest = f"; nearest: “{there_in(reader.source, rival)}”" if rival else ""
    return f"The article has no {what} “{said_in(reader, begin, place + 1)}”{nearest}."
