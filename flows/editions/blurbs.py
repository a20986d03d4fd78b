"""The blurbs of a draft by a language model, where the settings name one: for what is chosen, within the budget."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from flows.editions.claims import claims_of
from flows.editions.drafting import NewItem
from flows.models import WrittenBy
from flows.settings import Settings
from flows.stories.budget import Prices
from flows.stories.drafter import Drafter, open_drafter

_NOTE_CHARACTERS = 400


def write_blurbs(items: Sequence[NewItem], settings: Settings, progress: Callable[[str], None]) -> tuple[NewItem, ...]:
    """The same items; those chosen beforehand with a blurb of the model, every claim of it checked.

    Without a model in the settings nothing changes. A model that fails costs no edition: the article's own
    sentences stay, and the item says why.
    """
    chosen = sum(item.position > 0 for item in items)
    drafter = open_drafter(
        model=settings.blurb_model,
        region=settings.bedrock_region,
        endpoint=settings.bedrock_endpoint,
        budget_usd=settings.blurb_budget_usd,
        prices=Prices(settings.blurb_price_in, settings.blurb_price_out),
        house_words=settings.newsletter.blurb_words,
    )
    if drafter is None or not chosen:
        return tuple(items)
    progress(f"{settings.blurb_model} drafts up to {chosen} blurbs, for {settings.blurb_budget_usd:.2f} USD at most.")
    written = tuple(_written(item, drafter) if item.position else item for item in items)
    told = drafter.tally()
    progress(f"{told.by_model} blurbs drafted by the model, {told.by_extract} taken from the articles.")
    if why := drafter.closing():
        progress(why)
    return written


def _written(item: NewItem, drafter: Drafter) -> NewItem:
    title, text, summary = item.source
    drafted = drafter.draft(title, text, summary=summary)
    if drafted.by != "model":
        return replace(item, blurb_note=drafted.note[:_NOTE_CHARACTERS])
    claims = claims_of(item.headline, drafted.text, "\n\n".join(item.source))
    return replace(
        item,
        blurb=drafted.text,
        blurb_by=WrittenBy.MODEL,
        blurb_note=drafted.model[:_NOTE_CHARACTERS],
        claims=tuple(claims),
    )
