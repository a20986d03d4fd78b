"""Yes and no: words that turn a sentence round, and pairs that say the opposite of each other (pure)."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from flows.stories.terms import Sort, Term
from flows.stories.words import fold

_CUE_WORDS = (
    "not no never without none nobody nothing nowhere neither nor hardly barely scarcely rarely seldom cannot"
    " não nunca jamais sem nicht kein keine keinen keinem keiner nie niemals ohne aucun aucune"
)
CUES = frozenset(fold(word) for word in _CUE_WORDS.split())
# These deny without a word of denial: beside one of them a missing or an added cue may be another way to say it.
_DENIAL_WORDS = (
    "fail fails failed failing refuse refused lack lacks lacked lacking absent absence unable deny denied denies"
    " stop stopped prevent prevented avoid avoided instead unlike except few little less free nor"
)
_DENIALS = frozenset(fold(word) for word in _DENIAL_WORDS.split())
_PAIRS = """
rise fall|rises falls|rose fell|risen fallen|rising falling|rose dropped|rose declined|increase decrease
increased decreased|reduce increase|reduced increased|reduces increases|reducing increasing
increases decreases|increasing decreasing|increased declined|increased dropped|increase decline
increase drop|grow shrink|grew shrank|grows shrinks|growing shrinking|growth decline|gain loss|gains losses|gained lost
up down|upward downward|more less|more fewer|most least|higher lower|high low|highest lowest|larger smaller
large small|largest smallest|big small|bigger smaller|biggest smallest|longer shorter|long short|longest shortest
faster slower|fast slow|fastest slowest|better worse|best worst|good bad|strong weak|stronger weaker|early late
earlier later|earliest latest|before after|above below|over under|inside outside|within beyond|win lose|won lost
wins loses|winning losing|winner loser|open closed|open close|opened closed|opens closes|opening closing|start end
started ended|starts ends|begin end|began ended|begins ends|first last|allow ban|allowed banned|allows bans
allow forbid|allowed forbidden|permit prohibit|accept reject|accepted rejected|accepts rejects|approve reject
approved rejected|support oppose|supported opposed|supports opposes|supporting opposing|agree disagree
agreed disagreed|success failure|succeed fail|succeeded failed|successful unsuccessful|pass fail|passed failed
buy sell|bought sold|buys sells|buying selling|hire fire|hired fired|join leave|joined left|arrive depart
add remove|added removed|adds removes|adding removing|include exclude|included excluded|includes excludes
including excluding|with without|same different|similar different|safe dangerous|safe unsafe|easy hard|easy difficult
easier harder|simple complex|cheap expensive|cheaper costlier|rich poor|new old|newer older|young old|younger older
true false|right wrong|correct incorrect|correct wrong|public private|positive negative|guilty innocent
convicted acquitted|alive dead|survived died|north south|northern southern|east west|eastern western|left right
male female|man woman|men women|always never|often rarely|many few|all none|everyone nobody|everything nothing
enable disable|enabled disabled|enables disables|raise lower|raised lowered|raises lowers|raise cut|raised cut
expand contract|expanded contracted|improve worsen|improved worsened|improves worsens|strengthen weaken|confirm deny
confirmed denied|confirms denies|love hate|attack defend|attacked defended|import export|imports exports|legal illegal
possible impossible|likely unlikely|able unable|known unknown|hot cold|warm cool|maximum minimum|majority minority
advantage disadvantage|optimistic pessimistic|friend enemy|ally enemy|push pull|present absent|full empty|wide narrow
heavy light|thick thin|deep shallow|ancient modern|visible invisible|online offline|supervised unsupervised
"""
OPPOSITES: dict[str, frozenset[str]] = {}
for _pair in _PAIRS.replace("\n", "|").strip("|").split("|"):
    _one, _other = (fold(word) for word in _pair.split())
    OPPOSITES[_one] = OPPOSITES.get(_one, frozenset()) | {_other}
    OPPOSITES[_other] = OPPOSITES.get(_other, frozenset()) | {_one}
OPPOSITES["#1"] = frozenset({"last"})  # "first" is read as a number
_PREFIXES = ("un", "in", "im", "dis", "non", "ir", "il")
_SPAN = 5  # terms: farther from what both texts say, a cue belongs to something else
_MARGIN = 3


class Turned(NamedTuple):
    """A place where one text denies and the other does not: terms of the blurb, and of the article (from, to).

    `closeness` (0 to 1) says how like the two sentences are; `is_added` whether the blurb has the cue.
    """

    begin: int
    end: int
    their_begin: int
    their_end: int
    is_added: bool
    closeness: float


def is_cue(sentence: Sequence[Term], place: int) -> bool:
    """Whether a term denies; "No. 5" and "no doubt" do not."""
    if sentence[place].key not in CUES or sentence[place].sort is not Sort.WORD:
        return False
    if sentence[place].key != "no" or place + 1 >= len(sentence):
        return True
    return sentence[place + 1].sort is not Sort.NUMBER and sentence[place + 1].key != "doubt"


def are_opposites(one: str, other: str) -> bool:
    """Whether two folded words say the opposite of each other."""
    if other in OPPOSITES.get(one, ()):
        return True
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return len(shorter) >= 4 and any(longer == prefix + shorter for prefix in _PREFIXES)


def matches(ours: Sequence[Term], theirs: Sequence[Term]) -> list[tuple[int, int]]:
    """Which terms of two sentences stand for each other, in order; begin and end are matched too."""
    matcher = SequenceMatcher(None, [t.key for t in ours], [t.key for t in theirs], autojunk=False)
    pairs = [(a + step, b + step) for a, b, size in matcher.get_matching_blocks() for step in range(size)]
    return [(-1, -1), *pairs, (len(ours), len(theirs))]


def turned(
    ours: Sequence[Term], theirs: Sequence[Term], pairs: Sequence[tuple[int, int]], share: float
) -> list[Turned]:
    """Cues that one sentence has and the other has not, between words that both have."""
    found: list[Turned] = []
    for (a, b), (next_a, next_b) in pairwise(pairs):
        our_cues = [p for p in range(a + 1, next_a) if is_cue(ours, p)]
        their_cues = [p for p in range(b + 1, next_b) if is_cue(theirs, p)]
        if len(our_cues) % 2 == len(their_cues) % 2 or (our_cues and their_cues):
            continue
        if our_cues:
            cue = our_cues[0]
            if _denies(theirs, b + 1 - _MARGIN, next_b + _MARGIN, _near_pairs(pairs, a, next_a)):
                continue
            found.append(Turned(cue, cue + 1, max(b, 0), min(next_b + 1, len(theirs)), True, share))
        else:
            cue = their_cues[0]
            if min(cue - b, next_b - cue) > _SPAN or next_a - a > 2 * _SPAN:
                continue
            if _denies(ours, a + 1 - _MARGIN, next_a + _MARGIN, _near_pairs([(y, x) for x, y in pairs], b, next_b)):
                continue
            found.append(Turned(max(a, 0), min(next_a + 1, len(ours)), cue, cue + 1, False, share))
    return found


def _near_pairs(pairs: Sequence[tuple[int, int]], begin: int, end: int) -> frozenset[int]:
    """Terms of the other sentence that already answer a term of this one."""
    return frozenset(other for one, other in pairs if one < begin or one > end or begin <= one <= end)


def _denies(sentence: Sequence[Term], begin: int, end: int, answered: frozenset[int]) -> bool:
    """Whether, from `begin` to `end`, a word denies that does not already answer another."""
    return any(
        place not in answered and (is_cue(sentence, place) or sentence[place].key in _DENIALS)
        for place in range(max(begin, 0), min(end, len(sentence)))
    )


def opposed(ours: Sequence[Term], theirs: Sequence[Term], pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Words of ours that stand where theirs has the opposite, as (our place, their place)."""
    found: list[tuple[int, int]] = []
    our_keys, their_keys = {t.key for t in ours}, {t.key for t in theirs}
    for (a, b), (next_a, next_b) in pairwise(pairs):
        for place in range(a + 1, next_a):
            key = ours[place].key
            if next_a - a == 2 and next_b - b == 2 and are_opposites(key, theirs[b + 1].key):  # one word for one word
                found.append((place, b + 1))
                continue
            if key in their_keys:
                continue
            for other in range(max(b - _MARGIN, 0), min(next_b + 1 + _MARGIN, len(theirs))):
                if theirs[other].key not in our_keys and are_opposites(key, theirs[other].key):
                    found.append((place, other))
                    break
    return found
