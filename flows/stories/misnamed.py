"""Names of a blurb that the article has not, or has in another place (pure)."""

from collections.abc import Iterator, Sequence

from flows.stories.claims import MARGIN, Claim, ClaimKind, Reader, elsewhere, said_in, there_in
from flows.stories.evidence import Evidence, Place, some
from flows.stories.names_said import Name, has_inner_capital, is_common, is_ordinary, knows, names_in, source_names

_SOFT_NAME = 0.55  # so like must a place be, before a common-looking word is held for a changed name
_SURE = 0.69  # so doubtful must a word be that the article has without a capital too


def names(reader: Reader) -> Iterator[Claim]:
    """The doubtful names of the sentence in hand."""
    source = reader.source
    theirs = source_names(source, list(reader.near))
    for name in names_in(reader.text, reader.terms, reader.sentence):
        if not reader.article.names_apply and name.end - name.begin == 1 and not _is_telling(reader, name):
            continue
        unknown = [
            p
            for p in range(name.begin, name.end)
            if not knows(source, reader.terms[p].key, reader.article.acronyms) and not _abbreviates(reader, name)
        ]
        if unknown:
            yield from _unknown_name(reader, name, unknown, theirs)
        elif (claim := _misplaced_name(reader, name, theirs)) is not None:
            yield claim


def _is_telling(reader: Reader, name: Name) -> bool:
    return has_inner_capital(reader.text, reader.terms[name.begin])


def _abbreviates(reader: Reader, name: Name) -> bool:
    """Whether the article has the first letters of a name of several words."""
    letters = "".join(term.key[0] for term in reader.terms[name.begin : name.end])
    return len(letters) > 1 and letters in reader.source.places


def _unknown_name(reader: Reader, name: Name, unknown: Sequence[int], theirs: Sequence[Name]) -> Iterator[Claim]:
    begin = name.begin
    keys = {reader.terms[p].key for p in range(begin, name.end)}
    rival, rival_at = reader.around(begin, name.end).best(
        [(n.begin, n.end) for n in theirs if keys.isdisjoint(_keys(reader.source, n))]
    )
    doubt = 0.95
    if name.is_soft and list(unknown) == [begin]:
        word = reader.text[reader.terms[begin].start : reader.terms[begin].end].casefold()
        doubt = 0.6
        if is_common(word) and (rival < _SOFT_NAME or name.end - begin > 1):
            return
    nearest = f"; nearest: “{there_in(reader.source, rival_at)}”" if rival_at and rival >= 0.3 else ""
    why = f"The article has no name “{said_in(reader, begin, name.end)}”{nearest}."
    yield reader.claim(ClaimKind.NAME, (begin, name.end), doubt, why)


def _keys(source: Evidence, name: Name) -> set[str]:
    return {term.key for term in source.terms[name.begin : name.end]}


def _misplaced_name(reader: Reader, name: Name, theirs: Sequence[Name]) -> Claim | None:
    """A claim when another name of the article fits this place better: first the whole run, then each word of it."""
    keys = {reader.terms[p].key for p in range(name.begin, name.end)}
    places = reader.source.places.get(reader.terms[name.begin].key)
    is_doubtful = bool(name.is_soft and name.end - name.begin == 1 and places and is_ordinary(reader.source, places[0]))
    rivals = [n for n in theirs if keys.isdisjoint(_keys(reader.source, n))]
    whole = _better(reader, (name.begin, name.end), keys, [(n.begin, n.end) for n in rivals])
    if is_doubtful and whole and whole.doubt < _SURE:
        return None
    if whole or name.end - name.begin == 1:
        return whole
    for place in range(name.begin, name.end):
        key = reader.terms[place].key
        others = [
            (p, p + 1)
            for n in theirs
            for p in range(n.begin, n.end)
            if reader.source.terms[p].key not in keys and key not in _keys(reader.source, n)
        ]
        if claim := _better(reader, (place, place + 1), {key}, others):
            return claim
    return None


def _better(reader: Reader, place: Place, keys: set[str], rivals: Sequence[Place]) -> Claim | None:
    source = reader.source
    around = reader.around(*place)
    rival, rival_at = around.best(rivals)
    if rival_at is None:
        return None
    same = [p for key in sorted(keys) for p in some(source, source.places.get(key, ()), reader.near)]
    support, _ = around.best([_run_around(source, p, keys) for p in same])
    if rival <= support + MARGIN or (not same and rival < _SOFT_NAME):
        return None
    why = elsewhere(reader, place, rival_at)
    return reader.claim(ClaimKind.NAME, place, 0.55 + 0.4 * (rival - support), why)


def _run_around(source: Evidence, place: int, keys: set[str]) -> Place:
    """The terms around one of the article's that are of the same name."""
    begin, end = place, place + 1
    while begin > 0 and source.terms[begin - 1].key in keys:
        begin -= 1
    while end < len(source.terms) and source.terms[end].key in keys:
        end += 1
    return begin, end
