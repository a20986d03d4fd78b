"""Stories put together and taken apart by hand: remembered, taken back, and never undone by clustering."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from flows.database import reading, transaction
from flows.errors import WorkflowError
from flows.models import Newsletter, Regrouping, Story, StoryArticle
from flows.stories.cluster import cluster
from flows.stories.features import Record
from flows.stories.pieces import Group, Piece
from flows.stories.regrouping import edits_of, merge, read_apart, split, undo
from flows.stories.store import read_pieces, write_groups
from tests.conftest import NOW
from tests.stories.shelf import add_article, add_source, add_week

ADA = "ada@newsletter.example"
SINCE = NOW - timedelta(days=30)
VANDA = (
    "The Vanda model is out with open weights and a context of 128 thousand tokens. "
    "It was trained on text in 62 languages and runs on one card. "
)


class Undone(Exception):  # noqa: N818 - ends a trial, and is never seen
    """Takes a trial's rows back."""


@contextmanager
def trial(engine: Engine) -> Iterator[Session]:
    """A session of which nothing stays: one example of many on the same database."""
    try:
        with transaction(engine) as session:
            yield session
            raise Undone
    except Undone:
        pass


def shelved(session: Session, newsletter: Newsletter, sizes: Sequence[int]) -> list[int]:
    """Stories with so many articles each, by id."""
    sources = [add_source(session, name, NOW) for name in ("millrace", "fenwick", "orchid")]
    articles = iter(add_week(session, sources, NOW, count=sum(sizes)))
    groups = [Group(None, tuple(next(articles) for _ in range(size))) for size in sizes]
    assert write_groups(session, newsletter.id or 0, groups, {}, now=NOW) == len(sizes)
    return sorted(story or 0 for story in session.exec(select(Story.id)).all())


def members(session: Session, newsletter: Newsletter) -> dict[int, list[int]]:
    """The articles of each story."""
    found: dict[int, list[int]] = {}
    query = select(StoryArticle).where(StoryArticle.newsletter_id == newsletter.id)
    for row in session.exec(query.order_by(col(StoryArticle.article_id))):
        found.setdefault(row.story_id, []).append(row.article_id)
    return found


def standing(session: Session, newsletter: Newsletter) -> dict[int, object]:
    """Each story that holds something: its articles, the one it leads with, its topic, and where it went."""
    held = members(session, newsletter)
    return {
        story.id or 0: (held[story.id or 0], story.lead_article_id, story.topic, story.merged_into)
        for story in session.exec(select(Story)).all()
        if story.id in held
    }


def do_merge(session: Session, story: int, other: int) -> int:
    return merge(session, story, other, {}, by=ADA, now=NOW).id or 0


def do_split(session: Session, story: int, articles: Sequence[int]) -> int:
    return split(session, story, articles, {}, by=ADA, now=NOW).id or 0


def do_undo(session: Session, edit: int) -> None:
    undo(session, edit, {}, by=ADA, now=NOW)


def clustered(session: Session, newsletter: Newsletter) -> int:
    """Clustering as `curate` does it; how many stories are new."""
    newsletter_id = newsletter.id or 0
    pieces = read_pieces(session, newsletter_id, since=SINCE, known_since=SINCE)
    groups = cluster(pieces, read_apart(session, newsletter_id))
    return write_groups(session, newsletter_id, groups, {}, now=NOW)


def vandas(session: Session, newsletter: Newsletter, count: int = 4) -> tuple[int, list[int]]:
    """One story of articles that say the same, and these."""
    sources = [add_source(session, f"source-{number}", NOW) for number in range(count)]
    articles = [
        add_article(session, source, f"Vanda is out {place}", VANDA * (place + 2), NOW - timedelta(hours=place), NOW)
        for place, source in enumerate(sources)
    ]
    assert clustered(session, newsletter) == 1
    (story,) = members(session, newsletter)
    return story, articles


def another_vanda(session: Session) -> int:
    source = add_source(session, "latecomer", NOW)
    return add_article(session, source, "Vanda is out", VANDA * 3, NOW, NOW)


def test_stories_put_together_hold_all_articles_and_one_remains(session: Session, newsletter: Newsletter) -> None:
    one, other = shelved(session, newsletter, [2, 3])
    before = members(session, newsletter)
    edit = merge(session, one, other, {}, by=ADA, now=NOW)
    assert members(session, newsletter) == {one: sorted(before[one] + before[other])}
    assert session.get_one(Story, other).merged_into == one
    assert (edit.kind, edit.by, edit.article_ids) == (Regrouping.MERGED, ADA, before[other])
    assert [each.id for each in edits_of(session, other)] == [edit.id]


def test_a_story_taken_apart_leads_with_one_of_its_own(session: Session, newsletter: Newsletter) -> None:
    (story,) = shelved(session, newsletter, [4])
    articles = members(session, newsletter)[story]
    lead = session.get_one(Story, story).lead_article_id
    edit = split(session, story, [lead], {}, by=ADA, now=NOW)
    assert members(session, newsletter) == {story: [a for a in articles if a != lead], edit.other_id: [lead]}
    assert session.get_one(Story, edit.other_id).lead_article_id == lead
    assert session.get_one(Story, story).lead_article_id != lead


def test_the_lead_of_stories_put_together_is_chosen_by_the_sources_record(
    session: Session, newsletter: Newsletter
) -> None:
    one, other = shelved(session, newsletter, [1, 1])
    better = session.get_one(Story, other).lead_article_id
    records = {2: Record(30, 30), 1: Record(0, 30)}
    merge(session, one, other, records, by=ADA, now=NOW)
    assert session.get_one(Story, one).lead_article_id == better


@pytest.mark.parametrize("kind", ["merge", "split"])
def test_twice_taken_back_is_once(kind: str, session: Session, newsletter: Newsletter) -> None:
    one, other = shelved(session, newsletter, [3, 2])
    before = standing(session, newsletter)
    articles = members(session, newsletter)
    edit = do_merge(session, one, other) if kind == "merge" else do_split(session, one, articles[one][:1])
    for hours in (1, 2):
        done = undo(session, edit, {}, by=ADA, now=NOW + timedelta(hours=hours))
        assert (done.undone_at, done.undone_by) == (NOW + timedelta(hours=1), ADA)
    assert standing(session, newsletter) == before
    assert edits_of(session, one) == []


def test_a_story_that_is_part_of_another_is_put_together_with_none(session: Session, newsletter: Newsletter) -> None:
    one, other, third = shelved(session, newsletter, [1, 1, 1])
    do_merge(session, one, other)
    for pair in ((third, other), (other, third), (one, other)):
        with pytest.raises(WorkflowError, match="part of another"):
            do_merge(session, *pair)


def test_a_story_is_not_put_together_with_itself_or_with_none(session: Session, newsletter: Newsletter) -> None:
    (one,) = shelved(session, newsletter, [1])
    with pytest.raises(WorkflowError, match="with itself"):
        do_merge(session, one, one)
    with pytest.raises(WorkflowError, match="no such story"):
        do_merge(session, one, 999_999_999)


def test_stories_of_two_newsletters_stay_two(session: Session, newsletter: Newsletter) -> None:
    (one,) = shelved(session, newsletter, [2])
    second = Newsletter(slug="second", name="The Second", created_at=NOW)
    session.add(second)
    session.flush()
    lead = session.get_one(Story, one).lead_article_id
    write_groups(session, second.id or 0, [Group(None, (lead,))], {}, now=NOW)
    there = session.exec(select(Story.id).where(Story.newsletter_id == second.id)).one() or 0
    with pytest.raises(WorkflowError, match="different newsletters"):
        do_merge(session, one, there)
    assert members(session, second) == {there: [lead]}


@pytest.mark.parametrize("which", [[], [0, 1, 2], [99]], ids=["none", "all", "those of another"])
def test_neither_none_nor_all_are_taken_out(which: list[int], session: Session, newsletter: Newsletter) -> None:
    (story,) = shelved(session, newsletter, [3])
    articles = members(session, newsletter)[story]
    with pytest.raises(WorkflowError, match="not none and not all"):
        do_split(session, story, [articles[place] if place < 3 else 10_000 for place in which])
    assert members(session, newsletter) == {story: articles}


def test_there_is_nothing_to_take_back_of_an_edit_that_never_was(session: Session) -> None:
    with pytest.raises(WorkflowError, match="nothing of the kind"):
        do_undo(session, 999_999_999)


def test_what_was_moved_again_since_is_taken_back_last(session: Session, newsletter: Newsletter) -> None:
    one, other, third = shelved(session, newsletter, [1, 2, 1])
    first = do_merge(session, one, other)
    second = do_merge(session, third, one)
    with pytest.raises(WorkflowError, match="moved again"):
        do_undo(session, first)
    do_undo(session, second)
    do_undo(session, first)
    assert [len(articles) for articles in members(session, newsletter).values()] == [1, 2, 1]


def test_a_story_whose_own_articles_left_it_is_not_emptied(session: Session, newsletter: Newsletter) -> None:
    one, other = shelved(session, newsletter, [1, 2])
    own = members(session, newsletter)[one]
    merged = do_merge(session, one, other)
    do_split(session, one, own)
    with pytest.raises(WorkflowError, match="moved again"):
        do_undo(session, merged)


def test_nothing_is_put_back_into_a_story_that_is_part_of_another(session: Session, newsletter: Newsletter) -> None:
    one, other = shelved(session, newsletter, [3, 1])
    taken = do_split(session, one, members(session, newsletter)[one][:1])
    do_merge(session, other, one)
    with pytest.raises(WorkflowError, match="moved again"):
        do_undo(session, taken)
    merged = {story.id for story in session.exec(select(Story).where(col(Story.merged_into).is_not(None)))}
    assert not merged & set(members(session, newsletter))


def test_a_merge_survives_clustering_and_newcomers_join_it(session: Session, newsletter: Newsletter) -> None:
    one, articles = vandas(session, newsletter)
    source = add_source(session, "botany", NOW)
    add_article(session, source, "An orchid named after a model", "Gardeners in Kew showed a blue orchid.", NOW, NOW)
    assert clustered(session, newsletter) == 1
    (other,) = set(members(session, newsletter)) - {one}
    do_merge(session, other, one)
    together = members(session, newsletter)
    assert clustered(session, newsletter) == 0
    assert members(session, newsletter) == together
    late = another_vanda(session)
    assert clustered(session, newsletter) == 0
    assert members(session, newsletter) == {other: sorted([*together[other], late])}
    assert set(articles) < set(together[other])


def test_what_was_taken_apart_never_comes_together_by_itself(session: Session, newsletter: Newsletter) -> None:
    story, articles = vandas(session, newsletter)
    do_split(session, story, articles[:2])
    apart = members(session, newsletter)
    assert len(apart) == 2
    late = another_vanda(session)
    assert clustered(session, newsletter) == 0
    found = members(session, newsletter)
    assert set(found) == set(apart)
    assert all(set(apart[one]) <= set(found[one]) for one in apart)
    assert sum(late in held for held in found.values()) == 1
    pairs = {frozenset(pair) for pair in read_apart(session, newsletter.id or 0)}
    assert {frozenset((a, b)) for a in articles[:2] for b in articles[2:]} <= pairs


def test_articles_that_were_taken_apart_stay_so_even_without_their_stories(
    session: Session, newsletter: Newsletter
) -> None:
    story, articles = vandas(session, newsletter)
    do_split(session, story, articles[:1])
    pieces = [
        Piece(one, place, "Vanda is out", VANDA * 3) for place, one in enumerate([*articles, articles[-1] + 1000])
    ]
    for group in cluster(pieces, read_apart(session, newsletter.id or 0)):
        assert not (articles[0] in group.article_ids and set(articles[1:]) & set(group.article_ids))


@pytest.mark.parametrize("way", ["taken back", "put together", "put together the other way round"])
def test_what_is_together_again_is_kept_apart_no_more(way: str, session: Session, newsletter: Newsletter) -> None:
    story, articles = vandas(session, newsletter)
    edit = split(session, story, articles[:2], {}, by=ADA, now=NOW)
    assert read_apart(session, newsletter.id or 0)
    if way == "taken back":
        do_undo(session, edit.id or 0)
    elif way == "put together":
        do_merge(session, story, edit.other_id)
    else:
        do_merge(session, edit.other_id, story)
    assert read_apart(session, newsletter.id or 0) == []
    assert [sorted(held) for held in members(session, newsletter).values()] == [articles]


def test_what_joined_a_part_comes_back_with_it_and_what_joined_the_whole_stays(
    session: Session, newsletter: Newsletter
) -> None:
    story, articles = vandas(session, newsletter)
    edit = split(session, story, articles[:2], {}, by=ADA, now=NOW)
    late = another_vanda(session)
    session.add(StoryArticle(newsletter_id=newsletter.id or 0, article_id=late, story_id=edit.other_id))
    session.flush()
    do_undo(session, edit.id or 0)
    assert members(session, newsletter) == {story: [*articles, late]}
    assert session.get_one(Story, edit.other_id).merged_into == story


steps = st.lists(st.tuples(st.sampled_from(["merge", "split"]), st.randoms(use_true_random=False)), max_size=8)
shelves = st.lists(st.integers(1, 3), min_size=2, max_size=4)


@given(sizes=shelves, todo=steps)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_done_by_hand_taken_back_in_reverse_is_as_it_was(
    engine: Engine, newsletter: Newsletter, sizes: list[int], todo: list[tuple[str, object]]
) -> None:
    with trial(engine) as session:
        shelved(session, newsletter, sizes)
        before = standing(session, newsletter)
        every = sorted(article for held in members(session, newsletter).values() for article in held)
        edits = []
        for kind, chance in todo:
            now = members(session, newsletter)
            if kind == "merge" and len(now) > 1:
                edits.append(do_merge(session, *chance.sample(sorted(now), 2)))  # type: ignore[attr-defined]
            elif kind == "split" and (large := [story for story, held in now.items() if len(held) > 1]):
                story = chance.choice(large)  # type: ignore[attr-defined]
                leaving = chance.randint(1, len(now[story]) - 1)  # type: ignore[attr-defined]
                edits.append(do_split(session, story, now[story][:leaving]))
            held = members(session, newsletter)
            assert sorted(article for articles in held.values() for article in articles) == every
            merged = select(Story.id).where(col(Story.merged_into).is_not(None))
            assert not set(session.exec(merged)) & set(held)
        for edit in reversed(edits):
            do_undo(session, edit)
        assert standing(session, newsletter) == before


@given(sizes=shelves, todo=steps, order=st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_any_other_order_it_is_taken_back_or_refused_and_no_article_is_lost(
    engine: Engine, newsletter: Newsletter, sizes: list[int], todo: list[tuple[str, object]], order: object
) -> None:
    with trial(engine) as session:
        shelved(session, newsletter, sizes)
        every = sorted(article for held in members(session, newsletter).values() for article in held)
        edits = []
        for kind, chance in todo:
            now = members(session, newsletter)
            if kind == "merge" and len(now) > 1:
                edits.append(do_merge(session, *chance.sample(sorted(now), 2)))  # type: ignore[attr-defined]
            elif kind == "split" and (large := [story for story, held in now.items() if len(held) > 1]):
                story = chance.choice(large)  # type: ignore[attr-defined]
                edits.append(do_split(session, story, now[story][:1]))
        order.shuffle(edits)  # type: ignore[attr-defined]
        for edit in edits:
            try:
                do_undo(session, edit)
            except WorkflowError as error:
                assert "moved again" in str(error)  # noqa: PT017
        held = members(session, newsletter)
        assert sorted(article for articles in held.values() for article in articles) == every
        merged = select(Story.id).where(col(Story.merged_into).is_not(None))
        assert not set(session.exec(merged)) & set(held)


def test_nothing_of_it_is_seen_until_it_is_stored(engine: Engine, newsletter: Newsletter) -> None:
    with transaction(engine) as session:
        one, other = shelved(session, newsletter, [1, 1])
    with trial(engine) as session:
        do_merge(session, one, other)
    with reading(engine) as session:
        assert set(members(session, newsletter)) == {one, other}
