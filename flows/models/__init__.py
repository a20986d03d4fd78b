"""Every editorial table, in the order of the pipeline. People live in `subscribers/models.py`."""

from flows.models.articles import Article, Source, SourceStatus, TextFrom
from flows.models.editions import Channel, Decision, Edition, EditionItem, EditionStatus, ItemClicks, Tier, WrittenBy
from flows.models.events import EventKind, MailEvent
from flows.models.letters import Letter, LetterStatus, SendLease
from flows.models.newsletters import Newsletter
from flows.models.stories import Ranker, RankerStatus, Regrouping, SafetyExample, Story, StoryArticle, StoryEdit, Wish
from flows.models.team import LogEntry, Notice, SignInAttempt, SignInLink, SignInSession, User, UserRole

__all__ = [
    "Article",
    "Channel",
    "Decision",
    "Edition",
    "EditionItem",
    "EditionStatus",
    "EventKind",
    "ItemClicks",
    "Letter",
    "LetterStatus",
    "LogEntry",
    "MailEvent",
    "Newsletter",
    "Notice",
    "Ranker",
    "RankerStatus",
    "Regrouping",
    "SafetyExample",
    "SendLease",
    "SignInAttempt",
    "SignInLink",
    "SignInSession",
    "Source",
    "SourceStatus",
    "Story",
    "StoryArticle",
    "StoryEdit",
    "TextFrom",
    "Tier",
    "User",
    "UserRole",
    "Wish",
    "WrittenBy",
]
