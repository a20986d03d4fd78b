"""What a newsletter is: its name and looks, its sections and topics, when it goes out, how it is drafted."""

from datetime import datetime
from email.utils import parseaddr
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, ConfigDict, Field, field_validator


class Section(BaseModel):
    """A part of an edition."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="heading of the section, and the reader's topic")
    most: int = Field(default=5, ge=1, le=50, description="stories the draft puts here at most (count)")
    words: tuple[str, ...] = Field(default=(), description="words that draw a story into this section")


_SECTIONS = (
    Section(
        name="Research",
        words=("paper", "benchmark", "dataset", "training", "method", "theory", "evaluation", "model"),
    ),
    Section(
        name="Engineering",
        words=(
            "inference",
            "latency",
            "kernel",
            "library",
            "python",
            "deploy",
            "pipeline",
            "release",
            "open source",
        ),
    ),
    Section(name="Industry", words=("company", "chip", "cloud", "customers", "product", "market", "partnership")),
    Section(name="Safety", words=("safety", "risk", "regulation", "audit", "standard", "privacy", "incident")),
    Section(name="Applied", words=("health", "climate", "education", "hospital", "agriculture", "field study")),
)


class NewsletterSettings(BaseModel):
    """What the newsletter is, and when it goes out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: str = Field(
        default="gradient-post",
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        description="short name in links and in the List-Id; never change it once letters went out",
    )
    name: str = Field(default="The Gradient Post", min_length=1, max_length=100, description="name on the masthead")
    tagline: str = Field(
        default="The week in AI and machine learning, read for you",
        max_length=200,
        description="line below the name",
    )
    sender: str = Field(default="The Gradient Post <post@newsletter.example>", description="From: of every letter")
    reply_to: str = Field(default="", description="Reply-To: of every letter; empty: the sender")
    postal_address: str = Field(
        default="The Gradient Post, 1 Example Street, 10115 Berlin, Germany",
        min_length=10,
        description="printed in the foot of every letter, as the law asks",
    )
    list_id_domain: str = Field(default="newsletter.example", description="domain of the List-Id header")
    timezone: str = Field(default="Europe/Berlin", description="IANA name; every schedule below is in this zone")
    language: str = Field(default="en", max_length=12, description="language of the letters' frame")
    accent: str = Field(default="#b3261e", pattern=r"^#[0-9a-fA-F]{6}$", description="the one accent colour")
    sections: tuple[Section, ...] = Field(
        default=_SECTIONS, min_length=1, max_length=12, description="parts of an edition, in order"
    )
    topics: tuple[str, ...] = Field(
        default=("language model", "open weights", "evaluation", "inference", "agents", "interpretability"),
        description="words the newsletter cares about: they raise a story's score",
    )
    collect_cron: str = Field(default="5 * * * *", description="when feeds are fetched")
    draft_cron: str = Field(default="0 9 * * THU", description="when an edition is drafted")
    approval_cron: str = Field(default="0 16 * * FRI", description="when its approval is due")
    letters_cron: str = Field(default="0 7 * * MON", description="when its letters go out")
    learn_cron: str = Field(default="30 3 * * TUE", description="when the ranking is retrained")
    tidy_cron: str = Field(default="10 3 * * *", description="when expired things are cleared")
    send_when_approved: bool = Field(
        default=False, description="letters go out at the approval instead of at letters_cron"
    )
    expiry_hours: float = Field(default=24.0, gt=0, le=336, description="later than this, an edition waits (hours)")
    window_days: float = Field(default=10.0, gt=0, le=3650, description="how old a story may be in a draft (days)")
    stories_min: int = Field(default=3, ge=1, le=50, description="fewer new stories: no edition this week (count)")
    stories_most: int = Field(default=15, ge=1, le=100, description="stories the draft chooses at most (count)")
    queue_most: int = Field(
        default=300, ge=10, le=5000, description="candidates that an edition's queue holds at most (count)"
    )
    exploration_share: float = Field(
        default=0.1,
        ge=0,
        le=0.5,
        description="for so many of the stories chosen, as many of little-known sources are tried (share)",
    )
    flag_words: tuple[str, ...] = Field(
        default=(), description="words that send a story to a publisher of the team before it may be chosen"
    )
    blurb_words: int = Field(default=45, ge=15, le=120, description="house length of a blurb (words)")
    label_drafted: bool = Field(default=True, description="the letter says which blurbs a language model has drafted")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"“{value}” is not a time zone; give an IANA name such as Europe/Berlin or America/New_York"
            ) from error
        return value

    @field_validator("collect_cron", "draft_cron", "approval_cron", "letters_cron", "learn_cron", "tidy_cron")
    @classmethod
    def _readable_cron(cls, value: str) -> str:
        try:
            next(CronSim(value, datetime.fromisoformat("2026-01-01T00:00:00+00:00")))
        except (CronSimError, StopIteration) as error:
            raise ValueError(
                f"“{value}” is not a cron schedule; it takes five fields: minute hour day month weekday"
            ) from error
        return value

    @field_validator("sender")
    @classmethod
    def _has_address(cls, value: str) -> str:
        if "@" not in parseaddr(value)[1]:
            raise ValueError(f"“{value}” has no e-mail address; write it as Name <name@domain>")
        return value
