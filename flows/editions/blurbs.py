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


class BlurbWriter:
    """One budget for one edition, however often its draft has to be begun again."""

    def __init__(self, settings: Settings, progress: Callable[[str], None]) -> None:
        self._settings, self._progress = settings, progress
        self._drafter: Drafter | None = None
        self._opened = False

    def write(self, items: Sequence[NewItem]) -> tuple[NewItem, ...]:
        """The same items; those chosen beforehand with a blurb of the model, every claim of it checked.

        Without a model in the settings nothing changes. A model that fails costs no edition: the article's own
        sentences stay, and the item says why.
        """
        chosen = sum(item.position > 0 for item in items)
        if not chosen or (drafter := self._open(chosen)) is None:
            return tuple(items)
        return tuple(_written(item, drafter) if item.position else item for item in items)

    def close(self) -> None:
        """Say what was drafted, and why the rest was not."""
        if self._drafter is None:
            return
        told = self._drafter.tally()
        self._progress(f"{told.by_model} blurbs drafted by the model, {told.by_extract} taken from the articles.")
        if why := self._drafter.closing():
            self._progress(why)

    def _open(self, chosen: int) -> Drafter | None:
        if not self._opened:
            self._opened, settings = True, self._settings
            self._drafter = open_drafter(
                model=settings.blurb_model,
                region=settings.bedrock_region,
                endpoint=settings.bedrock_endpoint,
                budget_usd=settings.blurb_budget_usd,
                prices=Prices(settings.blurb_price_in, settings.blurb_price_out),
                house_words=settings.newsletter.blurb_words,
            )
            if self._drafter is not None:
                most = f"{settings.blurb_budget_usd:.2f} USD at most"
                self._progress(f"{settings.blurb_model} drafts up to {chosen} blurbs, for {most}.")
        return self._drafter


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
