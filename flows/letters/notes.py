"""Notes: single letters that belong to no edition. Each is a template, what it must be given, and its subject.

confirm      link, days?, language?           to a reader: nothing in it comes from the form that was filled in
link         link, language?                  to a reader: the way to the preferences
draft-ready  number, stories, link, due?      to the editors; a story has headline, source?, section?, reason?
notice       kind, text, link?                to the editors

A link is an absolute address, or a path on our own pages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from flows.errors import TemplateError
from flows.letters.frame import (
    Words,
    all_words,
    filled,
    language_for,
    line_of,
    palette,
    paragraphs,
    render,
    web_link,
)
from flows.letters.letter import Body, Envelope, build
from flows.letters.mjml import compile_mjml
from flows.settings import NewsletterSettings, Settings

Values = Mapping[str, Any]


@dataclass(frozen=True)
class _Sheet:
    """What one note says: its subject, and all that its templates are given beyond the frame."""

    subject: str
    context: Mapping[str, Any]


def build_note(
    template: str, values: Values, *, to: str, settings: Settings, now: datetime, delivery_id: str = ""
) -> bytes:
    """The whole message. Without `delivery_id` the same note at the same time gets the same Message-ID.

    Raises TemplateError for a name or values that are not those above, LetterError for an address that is none.
    """
    newsletter = settings.newsletter
    values = {**values, **_absolute(values, settings.address)}
    language = _language(template, values, newsletter)
    try:
        sheet = _SHEETS[template](values, newsletter, all_words()[language])
    except KeyError as error:
        known = ", ".join(_SHEETS)
        raise TemplateError(
            f"the note “{template}” lacks the value {error}."
            if template in _SHEETS
            else f"no note is called “{template}”; there are {known}."
        ) from error
    context = {**_frame(newsletter, language), "subject": sheet.subject, **sheet.context}
    body = Body(html=compile_mjml(render(f"{template}.mjml.j2", context)), text=render(f"{template}.txt.j2", context))
    return build(_envelope(sheet, to, newsletter, now, delivery_id or _delivery(template, values, to, now)), body)


def _absolute(values: Values, address: str) -> dict[str, str]:
    """The desk's own links are paths; a letter needs the whole address."""
    link = str(values.get("link", ""))
    return {"link": f"{address}{link}"} if link.startswith("/") else {}


def _language(template: str, values: Values, newsletter: NewsletterSettings) -> str:
    if template in _TO_READERS:
        return language_for(str(values.get("language", "")), newsletter.language)
    return "en"  # the desk speaks English


def _frame(newsletter: NewsletterSettings, language: str) -> dict[str, Any]:
    return {
        "language": language,
        "colours": palette(newsletter.accent),
        "newsletter": line_of(newsletter.name),
        "postal_address": line_of(newsletter.postal_address),
    }


def _envelope(sheet: _Sheet, to: str, newsletter: NewsletterSettings, now: datetime, delivery_id: str) -> Envelope:
    return Envelope(
        sender=newsletter.sender,
        reply_to=newsletter.reply_to,
        to_address=to,
        subject=sheet.subject,
        delivery_id=delivery_id,
        date=now,
        message_id_domain=newsletter.list_id_domain,
        automatic=True,
    )


def _delivery(template: str, values: Values, to: str, now: datetime) -> str:
    said = repr((template, sorted(values.items(), key=lambda pair: pair[0]), to, now.isoformat()))
    return f"note-{sha256(said.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _confirm(values: Values, newsletter: NewsletterSettings, words: Words) -> _Sheet:
    days = str(values.get("days", ""))
    sheet = _to_reader(words["confirm"], values, newsletter)
    told = filled(words["confirm"], "days", days=days) if days.isdigit() else ""
    return _Sheet(sheet.subject, {**sheet.context, "days": told})


def _link(values: Values, newsletter: NewsletterSettings, words: Words) -> _Sheet:
    sheet = _to_reader(words["link"], values, newsletter)
    return _Sheet(sheet.subject, {**sheet.context, "days": ""})


def _to_reader(words: Words, values: Values, newsletter: NewsletterSettings) -> _Sheet:
    name = line_of(newsletter.name)
    keys = ("preheader", "title", "text", "button", "otherwise", "link_help")
    said = {key: filled(words, key, newsletter=name) for key in keys}
    return _Sheet(filled(words, "subject", newsletter=name), {**said, "link": _must_link(values)})


def _must_link(values: Values) -> str:
    link = web_link(str(values["link"]))
    if not link:
        raise TemplateError(f"{str(values['link'])[:80]!r} is not a link that can stand in a letter.")
    return link


def _draft_ready(values: Values, newsletter: NewsletterSettings, _words: Words) -> _Sheet:
    number, due = line_of(str(values["number"])), line_of(str(values.get("due", "")))
    stories = [_chosen(story) for story in values["stories"]]
    count = f"{len(stories)} {'story' if len(stories) == 1 else 'stories'}"
    title = f"No. {number} is on your desk"
    context = {
        "title": title,
        "preheader": f"{count}, each with its reason." + (f" Due {due}." if due else ""),
        "due": due,
        "stories": stories,
        "link": _must_link(values),
        "button": "Open the desk",
    }
    return _Sheet(f"{line_of(newsletter.name)}: No. {number} is on your desk, {count}", context)


def _chosen(story: Mapping[str, Any]) -> dict[str, str]:
    credit = [line_of(str(story.get(key, ""))) for key in ("section", "source")]
    return {
        "headline": line_of(str(story["headline"])) or "—",
        "credit": " · ".join(part for part in credit if part),
        "reason": line_of(str(story.get("reason", ""))),
    }


def _notice(values: Values, newsletter: NewsletterSettings, _words: Words) -> _Sheet:
    kind, said = line_of(str(values["kind"])), _told(values["text"])
    title = kind[:1].upper() + kind[1:]
    context = {
        "title": title,
        "preheader": said[0] if said else title,
        "paragraphs": said,
        "link": web_link(str(values.get("link", ""))),
        "button": "Look at it on the desk",
    }
    return _Sheet(f"{line_of(newsletter.name)}: {kind}", context)


def _told(text: object) -> Sequence[str]:
    """Each line of a notice is a paragraph: they are lists as often as prose."""
    return [found for line in str(text).splitlines() for found in paragraphs(line)]


_SHEETS: Mapping[str, Callable[[Values, NewsletterSettings, Words], _Sheet]] = {
    "confirm": _confirm,
    "link": _link,
    "draft-ready": _draft_ready,
    "notice": _notice,
}
_TO_READERS = ("confirm", "link")
