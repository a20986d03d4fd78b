"""An invented edition, realistic enough to judge the look of a letter by it. No name in it is real."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.editions.seal import Content, ContentSection, Item
from flows.letters.letter import Envelope
from flows.letters.notes import build_note
from flows.letters.render import Personal, template_hash
from flows.settings import Settings

_STORIES: dict[str, list[tuple[str, str, str, str, int]]] = {
    "Research": [
        (
            "Smaller models learn to say “I don’t know” — and get better at everything else",
            "A group at Orchid Lab trained a 7-billion-parameter model to abstain instead of guessing. On six "
            "question sets its wrong answers fell by 41 per cent, while the share of right ones rose. The recipe "
            "needs no new data: the model grades its own drafts, and the grades become part of the training.",
            "Orchid Lab",
            "Maren Okafor",
            9,
        ),
        (
            "What 4,000 repeated runs say about benchmark noise",
            "Two of three published gains on common reasoning benchmarks are smaller than the difference between "
            "two random seeds. The authors propose reporting intervals, and give away the scripts.",
            "Saltmarsh Review",
            "J. Lindqvist and A. Rao",
            6,
        ),
        (
            "A dataset of 1.2 million handwritten field notes, with consent forms",
            "Botanists’ notebooks from nine archives, transcribed twice and checked by volunteers. Licences are "
            "recorded page by page.",
            "Fenwick Archive",
            "",
            4,
        ),
    ],
    "Engineering": [
        (
            "How we cut inference cost by half without touching the model",
            "Lanternfish rewrote its batching: requests are sorted by the length they will probably reach, not by "
            "arrival. Median latency fell from 840 to 390 milliseconds on the same eight cards.",
            "Lanternfish Engineering",
            "Tove Brandt",
            12,
        ),
        (
            "Notes on moving 300 training jobs to preemptible machines",
            "Checkpoints every four minutes, a queue that expects to lose its workers, and one rule: no job may "
            "know where it runs.",
            "Dry Run",
            "Ifeoma Castellan",
            7,
        ),
        (
            "Millrace 3.0 streams datasets larger than the disk",
            "The open-source loader reads from object storage with a bounded cache, and shuffles across shards.",
            "Millrace",
            "",
            3,
        ),
    ],
    "Industry": [
        (
            "Korvane opens its first chip to outside compilers",
            "The documents, 900 pages of them, describe the instruction set and the memory layout. Three compiler "
            "teams already have a matrix product within eight per cent of the vendor’s own.",
            "Korvane",
            "",
            5,
        ),
        (
            "Cloud prices for large cards fell again in October",
            "An index of eleven providers shows a drop of six per cent in a month and 38 per cent in a year. "
            "Reserved capacity hardly moved.",
            "Cumulane Index",
            "Piet Vermeulen",
            4,
        ),
        (
            "Publishers and model makers agree on a format for licences",
            "One small file beside a page says what may be read, trained on and quoted, and what it costs.",
            "Quillon",
            "Sana Whitlock",
            5,
        ),
    ],
    "Safety": [
        (
            "An audit that any reader can repeat at home",
            "Marlstone published the prompts, the answers and the grading sheet of its hiring-assistant audit. The "
            "headline finding — different follow-up questions for the same CV under different names — was "
            "reproduced by two other groups within a week.",
            "Marlstone Institute",
            "Dr. Nils Abara",
            11,
        ),
        (
            "The incident register passes its thousandth entry",
            "Most entries are dull, which is the point: wrong units, stale indexes, a forgotten test switch.",
            "Open Incident Register",
            "",
            3,
        ),
    ],
    "Applied": [
        (
            "Night nurses helped design this ward assistant. It shows.",
            "After a year in four hospitals, the tool that drafts hand-over notes is switched on in nine of ten "
            "shifts. Nobody had to be told to use it.",
            "Ward Notes",
            "Lucía Ferrante",
            8,
        ),
        (
            "Forecasting floods from a river’s sound",
            "Cheap microphones under bridges, a model the size of a photograph, and forty minutes more warning.",
            "Hydro Letters",
            "",
            5,
        ),
        (
            "A school district publishes what went wrong with its tutor bot",
            "Eleven pages, no blame, and a list of questions to ask before buying one.",
            "District 12",
            "",
            6,
        ),
    ],
}


def sample_content(**changes: object) -> Content:
    """Fourteen stories in five sections; `changes` replace fields."""
    sections, number = [], 0
    for name, stories in _STORIES.items():
        items = []
        for headline, blurb, source, author, minutes in stories:
            number += 1
            link = f"https://blog{number}.example/2026/11/story-{number}?id={number}&view=full"
            items.append(Item(number, headline, blurb, link, source, author, minutes))
        sections.append(ContentSection(name, tuple(items)))
    content = Content(
        newsletter="gradient-post",
        newsletter_name="The Gradient Post",
        tagline="The week in AI and machine learning, read for you",
        sender="The Gradient Post <post@newsletter.example>",
        reply_to="editors@newsletter.example",
        postal_address="The Gradient Post, 1 Example Street, 10115 Berlin, Germany",
        list_id="gradient-post.newsletter.example",
        language="en",
        accent="#b3261e",
        edition_id=1,
        number=47,
        slot="2026-11-23",
        subject="Models that admit they don’t know — and thirteen more stories",
        preheader="Also: half the inference cost, an audit you can repeat at home, and rivers that warn by sound.",
        introduction="The most useful sentence a machine can learn may be the shortest one. This week’s lead is "
        "about a model that was taught to say it, and about what else improved when it did.\n\n"
        "Elsewhere: a chip opens up, a benchmark comes down to earth, and a ward full of night nurses shows how "
        "software should be made.",
        closing="That was the week. If a story here changed your mind about something, press reply and tell us: "
        "all of it is read.\n\nUntil Monday – the editors",
        sections=tuple(sections),
        audience="all",
        template=template_hash(),
        send_at="",
    )
    return replace(content, **changes)  # type: ignore[arg-type]


def sample_person(**changes: object) -> Personal:
    """A reader who wants everything; `changes` replace fields."""
    person = Personal(
        name="Ada Moreno",
        topics=None,
        preferences_link="https://newsletter.example/p/eyJzIjo0MiwibiI6ImdyYWRpZW50LXBvc3QifQ.c2lnbmF0dXJl",
        unsubscribe_link="https://newsletter.example/u/eyJzIjo0MiwibiI6ImdyYWRpZW50LXBvc3QifQ.c2lnbmF0dXJl",
        language="en",
        letter_format="full",
    )
    return replace(person, **changes)  # type: ignore[arg-type]


def sample_envelope(**changes: object) -> Envelope:
    """The envelope of that edition to that reader; `changes` replace fields."""
    content, person = sample_content(), sample_person()
    envelope = Envelope(
        sender=content.sender,
        reply_to=content.reply_to,
        to_address="ada@example.org",
        to_name=person.name,
        subject=content.subject,
        delivery_id="d00001",
        date=datetime(2026, 11, 23, 6, 0, tzinfo=UTC),
        message_id_domain="newsletter.example",
        list_id=content.list_id,
        list_name=content.newsletter_name,
        unsubscribe_link=person.unsubscribe_link,
    )
    return replace(envelope, **changes)  # type: ignore[arg-type]


NOTES: dict[str, dict[str, Any]] = {
    "confirm": {"link": "https://newsletter.example/c/eyJzIjo0Mn0.c2lnbmF0dXJl", "days": "7"},
    "link": {"link": "https://newsletter.example/p/eyJzIjo0Mn0.c2lnbmF0dXJl", "language": "de"},
    "draft-ready": {
        "number": "48",
        "due": "Friday, 27 November, 16:00",
        "link": "https://newsletter.example/desk",
        "stories": [
            {
                "headline": "Smaller models learn to say “I don’t know”",
                "section": "Research",
                "source": "Orchid Lab",
                "reason": "four sources tell it, and “evaluation” is one of your topics",
            },
            {
                "headline": "How we cut inference cost by half",
                "section": "Engineering",
                "source": "Lanternfish Engineering",
                "reason": "published yesterday by a source you often choose",
            },
            {"headline": "An audit that any reader can repeat at home", "reason": "long, original, two days old"},
        ],
    },
    "notice": {
        "kind": "source silent",
        "text": "Quillon has not answered for nine days: no answer in 30 s.\nIts last article is of 12 November.",
        "link": "https://newsletter.example/desk/sources/8",
    },
}


def sample_notes() -> dict[str, bytes]:
    """Every note, built."""
    settings = Settings(data=Path("/nonexistent"))
    now = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
    return {
        name: build_note(name, values, to="reader@example.org", settings=settings, now=now)
        for name, values in NOTES.items()
    }
