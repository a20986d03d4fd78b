"""Text for people: no markup, no characters that steer the page instead of standing on it."""

import html
import re
import unicodedata

TITLE_CHARS = 500
_SPACES = re.compile(r"\s+")
# Controls (C0, C1), bidirectional marks, and what takes no room: zero-width space, word joiner, BOM…
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e001f]"
)
_LINE_BREAKS = re.compile("[\u2028\u2029\x85]")
_JOINER = re.compile("\u200d")
_TAG_RUN = re.compile("[\U000e0020-\U000e007f]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8}){0,4}")
_FLAG = "\U0001f3f4"
_GONE = re.compile(r"<(script|style)\b[^>]{0,1000}>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.I | re.S)
_TAGS = re.compile(
    r"</?(?:a|abbr|acronym|article|b|base|big|blockquote|body|br|button|center|cite|code|dd|del|div|dl|dt|em|embed"
    r"|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|label|li|link|mark|math|meta|nav"
    r"|noscript|object|ol|option|p|pre|q|s|samp|script|section|select|small|span|strike|strong|style|sub|sup|svg"
    r"|table|tbody|td|textarea|tfoot|th|thead|title|tr|tt|u|ul|var|video|audio|source|image|animate|set|use)"
    r"(?=[\s/>])[^<>]{0,2000}>",
    re.I,
)
# Where the feed says that this is markup, every tag is one, also those that nobody should use any more.
_ANY_TAG = re.compile(r"</?[a-z][a-z0-9]{0,30}(?=[\s/>])[^<>]{0,2000}>|<!doctype\b[^<>]{0,2000}>", re.I)


def visible(text: str) -> str:
    """`text` without invisible and steering characters; joiners stay where they join something."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNSEEN.sub("", _LINE_BREAKS.sub("\n", text))
    if "\u200d" in text:
        text = _JOINER.sub(lambda found: "\u200d" if _joins(text, found.start()) else "", text)
    if _TAG_RUN.search(text):
        text = _TAG_RUN.sub(lambda run: run.group() if text[: run.start()].endswith(_FLAG) else "", text)
    return text


def _joins(text: str, place: int) -> bool:
    before = text[place - 1 : place]
    after = text[place + 1 : place + 2]
    return bool(before and after) and _joinable(before) and _joinable(after)


def _joinable(character: str) -> bool:
    """Emoji and their variation marks; letters of scripts that join (beyond Latin, Greek, Cyrillic)."""
    return ord(character) >= 0x590 and unicodedata.category(character) not in {"Zs", "Cc", "Cf"}


def one_line(text: str) -> str:
    """`text` on one line, without steering characters."""
    return _SPACES.sub(" ", visible(text)).strip()


def strip_tags(text: str) -> str:
    """`text` without HTML; angle brackets that are no HTML (`Vec<T>`, `a < b`) stay."""
    for _ in range(3):  # what is left of <scr<b>ipt> is a tag again
        bare = _TAGS.sub("", _GONE.sub("", text))
        if bare == text:
            break
        text = bare
    return text


def to_title(text: str, *, markup: bool, limit: int = TITLE_CHARS) -> str:
    """A title or a name as one line of plain text, at most `limit` characters, cut with "…".

    `markup`: the feed says, or it seems, that this is HTML; then entities are resolved as well.
    """
    # what is unseen goes first: `<scr\u200bipt>` is no tag before that, and one after it
    text = strip_tags(visible(text[: 20 * limit]))
    if markup:
        text = strip_tags(visible(html.unescape(_ANY_TAG.sub("", text))))
    return shorten(one_line(text), limit)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, with "…" for what is gone; joined emoji are not cut in two."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    while cut and (cut[-1] == "\u200d" or text[len(cut)] in "\u200d\ufe0f" or unicodedata.combining(text[len(cut)])):
        cut = cut[:-1]
    return cut.rstrip() + "…"


def language_tag(words: str) -> str:
    """`words` as a language tag, lower case (`pt-br`), "" if they are none."""
    tag = words.strip().lower().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else ""
