"""Every error of the application, as one tree.

MastheadError
├── SettingsError           a setting that is wrong; names it, its unit and its range
├── DataFolderError         a data folder that cannot be used (newer version, not writable, in use)
├── FetchError              one source could not be fetched; carries a stable code (see articles/fetch.py)
├── ReadError               what was fetched is no feed, or no page, that we can read; carries a stable code
├── WorkflowError           a move that an edition's status does not allow
│   ├── StaleEditError      somebody else changed the item first
│   ├── SealError           the approval does not match what would be sent
│   └── LeaseError          another worker is sending the edition; says which
├── TemplateError           a template that does not compile or render; names line and reason
├── LetterError             one person's letter cannot be built (a header that would lie, no text)
├── TransportError          a letter could not be handed over
│   ├── Refused             this person's letter will never be accepted: mark the person
│   ├── TryAgain            nothing was accepted; this letter may be tried again later
│   ├── PauseRun            quota or account: stop claiming for now, everything stays queued
│   ├── StopRun             credentials, identity or configuration: a person must act
│   └── Uncertain           no one can tell whether it was accepted: the letter is unknown
├── EventError              what came back about a letter cannot be read; says why
├── QueueError              the queue of events cannot be reached or used; says why and what to do
└── SignInError             wrong name or password, too many tries, an ended session
"""


class MastheadError(Exception):
    """Root of the tree; its text is a sentence: what happened, to which thing, what to do."""


class SettingsError(MastheadError):
    """A setting that is wrong."""


class DataFolderError(MastheadError):
    """A data folder that cannot be used as it is."""


class FetchError(MastheadError):
    """One source could not be fetched.

    `code` is stable and machine-readable (`timeout`, `blocked_address`, `body_too_large`, ...);
    `retry_after_s` is what the server asked for, in seconds, if it did.
    """

    def __init__(self, url: str, code: str, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.code = code
        self.reason = reason
        self.retry_after_s = retry_after_s


class ReadError(MastheadError):
    """What was fetched is no feed, or no page, that we can read; `code` is stable (`not_a_feed`, `no_text`, ...)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WorkflowError(MastheadError):
    """A move that is not allowed from where the edition stands."""


class StaleEditError(WorkflowError):
    """Somebody else changed the thing first; `theirs` is how it reads now."""

    def __init__(self, what: str, theirs: dict[str, object]) -> None:
        super().__init__(f"{what} was changed by someone else while you edited it; nothing was overwritten.")
        self.theirs = theirs


class SealError(WorkflowError):
    """The approval does not match what would be sent."""


class LeaseError(WorkflowError):
    """Another worker is sending the edition, or has taken it over."""


class TemplateError(MastheadError):
    """A template that does not compile or render."""


class LetterError(MastheadError):
    """One person's letter cannot be built; the others go on."""


class TransportError(MastheadError):
    """A letter could not be handed over; the subclass says what follows for the ledger."""


class Refused(TransportError):  # noqa: N818 - the classes of the error table are named by what follows
    """This person's letter will never be accepted: mark the person, go on."""


class TryAgain(TransportError):  # noqa: N818
    """Nothing was accepted; the letter goes back to the queue."""


class PauseRun(TransportError):  # noqa: N818
    """Quota or account: stop claiming for now; everything stays queued."""


class StopRun(TransportError):  # noqa: N818
    """Credentials, identity or configuration: a person must act."""


class Uncertain(TransportError):  # noqa: N818
    """No one can tell whether it was accepted: the letter is unknown."""


class EventError(MastheadError):
    """What came back about a letter cannot be read; its text says why, never what it held."""


class QueueError(MastheadError):
    """The queue of events cannot be reached or used."""


class SignInError(MastheadError):
    """Wrong name or password, too many tries, or an ended session."""
