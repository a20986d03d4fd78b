"""What an edition says now, as the frozen document that an approver signs."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from sqlmodel import Session, col, select

from flows.articles.measure import reading_minutes
from flows.editions.seal import Content, ContentSection, Item
from flows.errors import WorkflowError
from flows.models import Article, Decision, Edition, EditionItem, Newsletter, Source, WrittenBy
from flows.settings import NewsletterSettings, Settings

Chosen = tuple[EditionItem, Article, Source]


def content_of(session: Session, edition_id: int, settings: Settings, *, template_hash: str) -> Content:
    """What would be sealed now: the chosen items in their order, and all that decides who gets it and when.

    Raises WorkflowError when there is no such edition.
    """
    edition = session.get(Edition, edition_id)
    if edition is None:
        raise WorkflowError(f"There is no edition with the id {edition_id}; `masthead editions list` names them.")
    newsletter = session.get_one(Newsletter, edition.newsletter_id)
    own = settings.newsletter
    return Content(
        newsletter=newsletter.slug,
        newsletter_name=own.name,
        tagline=own.tagline,
        sender=own.sender,
        reply_to=own.reply_to,
        postal_address=own.postal_address,
        list_id=f"{newsletter.slug}.{own.list_id_domain}",
        language=own.language,
        accent=own.accent,
        edition_id=edition_id,
        number=edition.number,
        slot=edition.slot.isoformat(),
        subject=edition.subject,
        preheader=edition.preheader,
        introduction=edition.introduction,
        closing=edition.closing,
        sections=_sections(chosen_items(session, edition_id), own),
        audience=audience_rule(newsletter.slug),
        template=template_hash,
        send_at=edition.send_at.isoformat() if edition.send_at else "",
    )


def audience_rule(slug: str) -> str:
    """Who gets an edition, in words; part of what is signed."""
    return (
        f"everyone confirmed on the list {slug} when the edition is approved, "
        "except who has paused, left, bounced or complained; each with the sections they chose"
    )


def chosen_items(session: Session, edition_id: int) -> Sequence[Chosen]:
    """The chosen stories of an edition with their article and its source, by place within their section."""
    statement = (
        select(EditionItem, Article, Source)
        .join(Article, col(Article.id) == col(EditionItem.article_id))
        .join(Source, col(Source.id) == col(Article.source_id))
        .where(col(EditionItem.edition_id) == edition_id, col(EditionItem.decision) == Decision.CHOSEN)
        .order_by(col(EditionItem.position), col(EditionItem.rank), col(EditionItem.id))
    )
    return [(item, article, source) for item, article, source in session.exec(statement)]


def section_names(used: Iterable[str], newsletter: NewsletterSettings) -> list[str]:
    """The newsletter's sections in order, then those that only this edition's items still name."""
    known = [section.name for section in newsletter.sections]
    return known + sorted({name for name in used if name and name not in known})


def source_name(source: Source) -> str:
    """How a letter credits a source: its title, or its host where the feed has none."""
    return source.title.strip() or (urlsplit(source.site_url or source.url).hostname or source.url)


def _sections(chosen: Sequence[Chosen], newsletter: NewsletterSettings) -> tuple[ContentSection, ...]:
    first = newsletter.sections[0].name
    names = section_names((item.section for item, _, _ in chosen), newsletter)
    placed = {name: [c for c in chosen if (c[0].section or first) == name] for name in names}
    label = newsletter.label_drafted
    return tuple(
        ContentSection(name, tuple(_item(*each, label=label) for each in items))
        for name, items in placed.items()
        if items
    )


def _item(item: EditionItem, article: Article, source: Source, *, label: bool) -> Item:
    return Item(
        item_id=item.id or 0,
        headline=item.headline,
        blurb=item.blurb,
        link=article.link,
        source=source_name(source),
        author=article.author,
        minutes=reading_minutes(article.words),
        drafted=label and item.blurb_by is WrittenBy.MODEL,
    )
