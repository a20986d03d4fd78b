"""What a blurb says and the article does not: numbers, dates, names, quotations, yes and no (pure).

Nothing here shows that a blurb is true. It finds the places that a person should compare with the article: a value or
name that the article has not, or has in another place than this; words in quotation marks that it does not say; a
sentence that denies what it affirms. Every sentence is compared with those of the article that share most with it.
"""

from collections.abc import Iterator, Sequence

from flows.stories.claims import Claim, ClaimKind, Reader, Source
from flows.stories.evidence import Evidence, Sentence, gather, nearest_sentences, sentences_of
from flows.stories.figures import values
from flows.stories.misnamed import names
from flows.stories.names_said import acronyms_of, case_tells
from flows.stories.polarity import is_cue, matches, opposed, turned
from flows.stories.quotations import LONG, is_quoted, is_said, marked_in, parts_of, quotations
from flows.stories.terms import Term, terms

__all__ = ["Claim", "ClaimKind", "Source", "index", "unsupported"]

_SAME_SENTENCE = 0.45  # of a sentence's content must be the article's, before yes and no are compared


def index(*texts: str) -> Source:
    """An article's title, text and summary as a source; the time grows with their length alone."""
    evidence = gather(*texts)
    return Source(evidence, acronyms_of(evidence), marked_in(evidence), case_tells(evidence))


def unsupported(text: str, source: str | Source) -> tuple[Claim, ...]:
    """Claims of `text` that `source` does not hold, most doubtful first.

    `source` is the article: `index(title, text, summary)`, made once for several texts, or one string. Never raises.
    """
    article = source if isinstance(source, Source) else index(source)
    found = terms(text)
    claims = list(_misquoted(text, found, article))
    for sentence in sentences_of(text, found):
        if _is_verbatim(article.evidence, found, sentence):
            continue
        near = dict(nearest_sentences(article.evidence, found[sentence.begin : sentence.end]))
        reader = Reader(text, found, article, sentence, near)
        claims += [*values(reader), *names(reader), *_denials(reader)]
    unique = {(claim.kind, claim.start, claim.end): claim for claim in claims}
    return tuple(sorted(unique.values(), key=lambda claim: (-claim.doubt, claim.start, claim.end, claim.kind)))


def _is_verbatim(source: Evidence, found: Sequence[Term], sentence: Sentence) -> bool:
    """Whether the article has the sentence as it is, not only without the "no" before or after it."""
    own = [term.key for term in found[sentence.begin : sentence.end]]
    return any(
        not any(
            source.sentence_of[beside] == source.sentence_of[inside] and is_cue(source.terms, beside)
            for beside, inside in ((at - 1, at), (at + len(own), at + len(own) - 1))
            if 0 <= beside < len(source.terms)
        )
        for at in source.find(own)
    )


def _misquoted(text: str, found: Sequence[Term], article: Source) -> Iterator[Claim]:
    source = article.evidence
    for quotation in quotations(text):
        parts = parts_of(text, quotation, found)
        words = sum(len(part) for part in parts)
        said = text[quotation.start : quotation.end]
        if not all(is_said(source, part) for part in parts):
            doubt = 0.95 if words >= LONG else 0.7
            why = "The article does not say this in these words."
            yield Claim(ClaimKind.QUOTATION, said, quotation.start, quotation.end, doubt, why)
        elif words >= LONG and not all(is_quoted(source, part, article.quoted) for part in parts if len(part) >= LONG):
            why = "The article has these words, but not as a quotation."
            yield Claim(ClaimKind.QUOTATION, said, quotation.start, quotation.end, 0.5, why)


def _denials(reader: Reader) -> Iterator[Claim]:
    """Yes and no, compared with the one sentence of the article that is most like this one."""
    source = reader.source
    own = reader.terms[reader.sentence.begin : reader.sentence.end]
    number, share = next(iter(reader.near.items()), (-1, 0.0))
    if number < 0:
        return
    sentence = source.sentences[number]
    theirs = source.terms[sentence.begin : sentence.end]
    pairs = matches(own, theirs)
    share = max(share, (len(pairs) - 2) / len(own))
    if share < _SAME_SENTENCE:
        return
    offset = reader.sentence.begin
    for turn in turned(own, theirs, pairs, share):
        if turn.is_added and _is_denied_near(reader, offset + turn.begin):
            continue
        said = source.said(
            sentence.begin + turn.their_begin, sentence.begin + max(turn.their_end, turn.their_begin + 1)
        )
        why = (
            f"The article does not deny this; it says “{said}”."
            if turn.is_added
            else f"The article denies this: it says “{said}”, and here nothing does."
        )
        yield reader.claim(
            ClaimKind.NEGATION, (offset + turn.begin, offset + turn.end), 0.4 + 0.5 * turn.closeness, why
        )
    for place, other in opposed(own, theirs, pairs):
        why = f"The article says the opposite: “{source.said(sentence.begin + other, sentence.begin + other + 1)}”."
        yield reader.claim(ClaimKind.ANTONYM, (offset + place, offset + place + 1), 0.4 + 0.5 * share, why)


def _is_denied_near(reader: Reader, place: int) -> bool:
    """Whether another of the nearest sentences denies in the same words: a blurb may join two sentences."""
    beside = reader.terms[max(place - 1, reader.sentence.begin) : min(place + 2, reader.sentence.end)]
    found = reader.source.find([term.key for term in beside]) if len(beside) > 2 else []
    return any(reader.source.sentence_of[at] in reader.near for at in found)
