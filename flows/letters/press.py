"""From an approved edition and a person to the bytes of her letter. Compiled once, then cheap per person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flows.editions.seal import Content
from flows.errors import SealError
from flows.letters.letter import Envelope, build
from flows.letters.render import Compiled, Personal, compile_edition, personalise, template_hash
from flows.letters.store import Owed
from flows.settings import Settings
from subscribers.links import Links


class Press(Protocol):
    """Writes letters of one edition."""

    def write(self, owed: Owed, now: datetime) -> bytes:
        """The whole message. Raises when this person's letter cannot be built."""
        ...


@dataclass(frozen=True)
class EditionPress:
    """The press of one approved edition: its compiled templates, and what signs the links."""

    content: Content
    compiled: Compiled
    links: Links
    message_id_domain: str

    def write(self, owed: Owed, now: datetime) -> bytes:
        """The whole message. Raises LetterError or TemplateError when it cannot be built."""
        person, newsletter = owed.person, self.content.newsletter
        unsubscribe = self.links.unsubscribe(person.subscriber_id, newsletter, person.link_generation)
        personal = Personal(
            name=person.name,
            topics=person.topics,
            preferences_link=self.links.preferences(person.subscriber_id, newsletter, person.link_generation),
            unsubscribe_link=unsubscribe,
            language=person.language,
            letter_format=person.letter_format,
        )
        envelope = Envelope(
            sender=self.content.sender,
            to_address=owed.address,
            subject=self.content.subject,
            delivery_id=owed.delivery_id,
            date=now,
            message_id_domain=self.message_id_domain,
            reply_to=self.content.reply_to,
            to_name=person.name,
            list_id=self.content.list_id,
            list_name=self.content.newsletter_name,
            unsubscribe_link=unsubscribe,
        )
        return build(envelope, personalise(self.compiled, personal))


def open_press(content: Content, settings: Settings) -> Press:
    """Compiles the edition. Raises TemplateError, or SealError when the templates are not those approved."""
    if content.template != template_hash():
        raise SealError(
            f"the templates have changed since edition {content.number} was approved; it is not sent. "
            "Look at the preview and approve it again."
        )
    return EditionPress(
        content=content,
        compiled=compile_edition(content, address=settings.address),
        links=Links(settings.key, settings.address),
        message_id_domain=settings.newsletter.list_id_domain,
    )
