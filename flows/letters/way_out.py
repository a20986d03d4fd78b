"""Which transport the settings name."""

from flows.letters.outbox import Outbox
from flows.letters.transport import Transport
from flows.settings import Settings


def open_transport(settings: Settings) -> Transport:
    """The transport that the settings name."""
    if settings.transport == "outbox":
        return Outbox(settings.outbox)
    from flows.letters.ses import SesTransport  # noqa: PLC0415 - boto3 is slow to import

    return SesTransport(settings)
