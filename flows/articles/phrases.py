"""What feeds say around an article, as expressions: "Read More", "The post … appeared first on …", "Share on …".

Each function looks at the text of one block, stripped. They are strict on purpose: what is cut away by mistake
nobody sees, and what stays by mistake an editor takes out.
"""

import re

SHORT = 400  # characters: longer blocks are article, whatever they say
_POINTERS = " \n\t→»›>.…⟶➔[]()"
_ARROWS = rf"[\s{re.escape(_POINTERS)}]*"
_MORE = (
    r"(?:click here to )?(?:(?:read|see|learn|view|show) more"
    r"|(?:read|view) (?:the )?(?:full|whole|entire|complete|original|rest of (?:the|this))"
    r"(?: (?:article|post|story|text|blog post|entry))?"
    r"|read (?:it|this)? ?on (?:the )?\w+|(?:continue|keep) reading|read on|weiterlesen|mehr lesen|lire la suite"
    r"|leer más|continua a leggere|czytaj (?:więcej|dalej)|more)"
)
_READ_MORE = re.compile(rf"{_ARROWS}(?:{_MORE}){_ARROWS}", re.I)
_READ_MORE_OF = re.compile(r"(?:continue reading|read more|read the rest of)\b.{0,300}", re.I | re.S)
_READ_MORE_TAIL = re.compile(
    r"(?<=[.!?…”\"’)\]:])\s*(?:Read [Mm]ore|Continue [Rr]eading|Keep [Rr]eading|Weiterlesen)" + _ARROWS + r"\Z"
)
_CONTINUE_TAIL = re.compile(r"(?<=[….\]])\s*(?:Continue [Rr]eading|Read [Mm]ore)\b.{0,200}\Z", re.S)
_LAST_WORDS = ("ore", "eading", "eiterlesen")
_CONTINUES = re.compile(
    r"\W*(?:(?:continue|keep) reading|read (?:on|the rest)|weiterlesen|lire la suite|leer más|continua a leggere"
    r"|czytaj dalej)\b",
    re.I,
)
_READ = re.compile(r"\W*(?:click here to )?(?:read\b|view (?:the )?(?:full|original)|mehr lesen|czytaj|more\b)", re.I)
_POST_APPEARED = re.compile(
    r"(?:^|(?<=[\s.!?…]))(?:The post|The article|Der Beitrag)\s.{1,300}?\s"
    r"(?:(?:first )?appeared (?:first )?on|was originally published (?:on|in)|erschien zuerst auf)"
    r"\s.{1,150}\Z",
    re.I | re.S,
)
_ORIGINALLY = re.compile(
    r"(?:this (?:article|post|story|piece|blog post) (?:was |has been )?(?:originally|first)"
    r" (?:appeared|published|posted) (?:on|in|at)"
    r"|originally (?:appeared|published|posted) (?:on|at)|cross-?posted (?:from|on|at))\b.{1,150}",
    re.I | re.S,
)
_ORIGINALLY_OF = re.compile(
    r".{1,200} (?:was )?(?:originally|first) (?:appeared|published) (?:on|in|at)\b.{1,150}", re.I | re.S
)
_SOURCE = re.compile(r"(?:source|via|quelle)\s*:\s*\S.{0,100}", re.I | re.S)
_ABOUT = re.compile(r"about the (?:guest )?(?:author|writer|contributor)(?:s|\(s\)|’s|'s)?\s*:?", re.I)
_ELLIPSIS = re.compile(r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|\[&hellip;\])\s*\Z")
_UNFINISHED = re.compile(r"(?:…|\.\.\.)[\])»›→>\s]*\Z")
_SHARE_WORDS = (
    r"share(?: (?:this|on|via|to|it|article|post|story|with friends))*|tweet|print|e-?mail|facebook|twitter"
    r"|linkedin|whatsapp|reddit|mastodon|bluesky|threads|telegram|pinterest|pin it|pocket|tumblr"
    r"|hacker news|flipboard|xing|copy link|x"
    r"|like this|like|loading|follow us|instagram|youtube"
)
_SHARE = re.compile(rf"(?:(?:{_SHARE_WORDS})[\s:|,/·•.…&+-]*)+", re.I)
_FURNITURE = re.compile(
    r"advertisement|(?:story |article )?continues? (?:below|after)(?: (?:this |the )?advertisement)?|skip advertisement"
    r"|skip to (?:main )?content|(?:estimated )?reading time:? (?:about )?\d{1,3} min(?:ute)?s?\.?"
    r"|\d{1,3}[ -]min(?:ute)?s? read(?:ing time)?",
    re.I,
)
_COOKIES = re.compile(
    r"(?:this (?:web)?site|our (?:web)?site|we) uses? cookies\b.{0,200}"
    r"\b(?:accept|agree|consent|privacy|cookie policy|preferences|your experience)\b.{0,150}",
    re.I | re.S,
)
_SIGN_UP = re.compile(
    r"(?:.{0,80}[?!.,:]\s+)?(?:please )?(?:(?:subscribe|sign up) (?:for|to|here|now|today|below)|join|get|receive)"
    r" .{0,200}\b(?:newsletters?|mailing list|(?:in|to) your inbox|e-?mail (?:updates|alerts))\b.{0,150}"
    r"|sign up (?:for|to get|to receive) .{0,60}\b(?:news|updates|alerts)\b.{0,150}",
    re.I | re.S,
)
_FOLLOW = re.compile(
    r"(?:for .{1,60}, )?(?:please )?follow .{1,60} on"
    r" (?:twitter|(?-i:X)|linkedin|facebook|instagram|mastodon|bluesky|youtube)\b.{0,250}",
    re.I | re.S,
)
_LABELS = re.compile(
    r"(?:tags|tagged|tagged with|filed under|posted in|categories|category)\s*:\s*\S.{0,150}"
    r"|(?:leave|post|add) a (?:comment|reply)\.?|(?:no|view|\d{1,4}) comments?|comments? \(\d{1,4}\)|permalink"
    r"|(?:discuss|comment) (?:this )?(?:post |article )?on (?:hacker news|reddit|lobsters|twitter|mastodon|github)\.?",
    re.I | re.S,
)
_RIGHTS = re.compile(
    r"(?:©|copyright (?:©|\(c\)|\d{4})|\(c\) \d{4}).{0,150}|.{0,100}all rights reserved\.?", re.I | re.S
)
_RELATED = re.compile(
    r"(?:related|recommended|recent|latest|popular|similar) (?:posts?|articles?|stories|reads|content|news)"
    r"|more (?:posts|articles|stories)(?: (?:from|on|by|like) .{1,60})?|more from .{1,60}|recommended for you"
    r"|you (?:may|might) also (?:like|enjoy|be interested in)|read next|up next",
    re.I,
)


def is_furniture(text: str) -> bool:
    """What is no part of an article wherever it stands: buttons, "Read More", consent to cookies."""
    if len(text) > SHORT:
        return False
    if _READ_MORE.fullmatch(text):
        return text.lower() != "more"
    if len(text) < 160 and (_FURNITURE.fullmatch(text) or (_SHARE.fullmatch(text) and _is_share(text))):
        return True
    return bool(_COOKIES.fullmatch(text))


def _is_share(text: str) -> bool:
    """One word of the list may be a heading of the article; "Share …" or several words are buttons."""
    return text.lower().startswith("share") or len(re.findall(r"\w+", text)) >= 3


def is_note(text: str) -> bool:
    """Where an article is from, or how to get to it, as the last words."""
    return len(text) <= SHORT and any(
        phrase.fullmatch(text) for phrase in (_POST_APPEARED, _SOURCE, _READ_MORE, _ORIGINALLY)
    )


def is_read_more_of(text: str) -> bool:
    """A way to an article, if it names that or is a link; else it may be a sentence like any other."""
    return len(text) <= SHORT and bool(_READ_MORE_OF.fullmatch(text))


def is_note_of(text: str) -> bool:
    """Where an article is from, if it names that or the feed; else it may be a sentence like any other."""
    return len(text) <= SHORT and bool(_ORIGINALLY_OF.fullmatch(text))


def is_footer(text: str) -> bool:
    """What a site prints under all its articles: sign up, follow us, tags, comments, rights."""
    return len(text) <= SHORT and any(phrase.fullmatch(text) for phrase in (_SIGN_UP, _FOLLOW, _LABELS, _RIGHTS))


def is_about_the_author(text: str) -> bool:
    """A heading before a word about who wrote it."""
    return len(text) < 60 and bool(_ABOUT.fullmatch(text))


def heads_related(text: str) -> bool:
    """A heading before links to other articles."""
    return len(text) < 80 and bool(_RELATED.fullmatch(text.rstrip(" :.…")))


def glued_note(text: str) -> int:
    """How many characters "The post … appeared first on …" takes at the end of a block."""
    end = text[-SHORT - 100 :]
    lower = end.lower()
    if not any(word in lower for word in ("appeared", "published", "erschien")):
        return 0
    found = _POST_APPEARED.search(end)
    return len(found.group()) if found else 0


def glued_read_more(text: str) -> int:
    """How many characters "Read More" takes at the end of a sentence."""
    # nearly every block is asked, and nearly none has it: to search each would cost ten times as much
    if not text[-40:].rstrip(_POINTERS).endswith(_LAST_WORDS):
        return 0
    found = _READ_MORE_TAIL.search(text[-80:])
    return len(found.group()) if found else 0


def glued_continue(text: str) -> int:
    """How many characters "Continue reading" and a title take after an ellipsis, as the last words."""
    end = text[-300:]
    place = max(end.rfind("…"), end.rfind("..."))
    found = _CONTINUE_TAIL.search(end, place + 1) if place >= 0 else None
    return len(found.group()) if found else 0


def is_unfinished(text: str) -> bool:
    """It ends with an ellipsis."""
    return bool(_UNFINISHED.search(text[-20:]))


def says_it_continues(text: str) -> bool:
    """ "Continue reading": what came before is a beginning."""
    return bool(_CONTINUES.match(text))


def may_say_it_continues(text: str) -> bool:
    """ "Read more": some feeds write that under whole articles as well."""
    return bool(_READ.match(text))


def trim_teaser(text: str) -> str:
    """A teaser without its "Read More" and "[…]"; the cut-off is shown with "…"."""
    for glued in (glued_note, glued_read_more, glued_continue):
        text = text[: len(text) - glued(text)].rstrip()
    lines = [line for line in text.split("\n") if not line.strip() or not _READ_MORE.fullmatch(line.strip())]
    text = "\n".join(lines).strip()
    return _ELLIPSIS.sub("…", text) if text.endswith("]") else text
