"""One article, one name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.articles.entry import Entry
from flows.articles.identify import Change, Known, Plan, canonical_link, decide, link_key, name_entries

SITE = "https://blog.example/"


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("https://blog.example/a?utm_source=rss&utm_medium=feed&id=1", "https://blog.example/a?id=1"),
        ("https://Blog.Example:443/a?fbclid=x&gclid=y&mc_cid=1&mc_eid=2", "https://blog.example/a"),
        ("https://blog.example/a?ref=rss&b=2&a=1", "https://blog.example/a?a=1&b=2"),
        ("https://blog.example/a?ref=main", "https://blog.example/a?ref=main"),
        ("https://blog.example/a#section", "https://blog.example/a"),
        ("https://blog.example/#!/page/1", "https://blog.example/#!/page/1"),
        ("  https://blog.example  ", "https://blog.example/"),
        ("https://blog.example/ä b", "https://blog.example/%C3%A4%20b"),
        ("https://blog.example/100%25?q=a%20b", "https://blog.example/100%25?q=a+b"),
        ("/relative", ""),
        ("mailto:a@b.example", ""),
        ("https://user:word@blog.example/", ""),
        ("https://" + "a" * 3000, ""),
        ("", ""),
    ],
)
def test_links_lose_their_tracking_and_nothing_else(link: str, canonical: str) -> None:
    assert canonical_link(link) == canonical


@given(st.text(alphabet="abc%20&=?#/:.utm_sourcé", max_size=40))
def test_a_canonical_link_is_its_own_canonical_link(tail: str) -> None:
    once = canonical_link(SITE + tail)
    assert canonical_link(once) == once


def test_twins_of_a_link_share_a_key_and_neighbours_do_not() -> None:
    twins = [
        "https://blog.example/a",
        "http://blog.example/a",
        "https://www.blog.example/a/",
        "https://m.blog.example/a",
        "https://amp.blog.example/a",
        "https://blog.example/a/amp/",
        "https://blog.example/a?amp=1",
    ]
    assert len({link_key(twin) for twin in twins}) == 1
    others = ["https://blog.example/a?id=1", "https://blog.example/A", "https://blog.example/b", "https://m.example/a"]
    assert len({link_key(link) for link in [*twins, *others]}) == 1 + len(others)


def entry(title: str, link: str = "", guid: str = "", content: str = "x") -> Entry:
    return Entry(title=title, link=link, guid=guid, content_hash=content)


def test_F15_an_article_twice_in_one_feed_is_one() -> None:
    named = name_entries(
        [entry("A", SITE + "a?utm_source=x", "1"), entry("A", SITE + "a", "2"), entry("B", SITE + "b", "1")]
    )
    assert [one.title for one in named] == ["A", "B"]


def test_F15_a_guid_on_several_links_names_none_of_them() -> None:
    named = name_entries([entry("A", SITE + "a", "same"), entry("B", SITE + "b", "same")])
    assert [(one.title, one.guid) for one in named] == [("A", ""), ("B", "")]


def test_a_changelog_is_told_apart_by_fragments() -> None:
    named = name_entries([entry("2.0", SITE + "log#2.0"), entry("1.0", SITE + "log#1.0"), entry("C", SITE + "c#top")])
    assert [one.link for one in named] == [SITE + "log#2.0", SITE + "log#1.0", SITE + "c"]


def test_a_link_that_several_titles_share_does_not_merge_them() -> None:
    named = name_entries(
        [entry("Down", SITE + "status", "1"), entry("Up", SITE + "status", "2"), entry("Calm", SITE + "status")]
    )
    assert len({one.link_key for one in named}) == 3


def test_F15_without_guid_and_link_the_title_names_an_article() -> None:
    named = name_entries([entry("A"), entry("B"), entry("A")])
    assert [one.title for one in named] == ["A", "B"]
    assert all("no usable link" in one.review for one in named)


def stored(entries: tuple[Entry, ...]) -> list[Known]:
    return [Known(place, one.guid, one.link, one.link_key, one.content_hash) for place, one in enumerate(entries, 1)]


def test_F15_guids_that_are_new_in_every_fetch_collapse_by_link() -> None:
    first = name_entries([entry("A", SITE + "a", "guid-1")])
    again = name_entries([entry("A", SITE + "a", "guid-2")])
    assert decide(again, stored(first)) == Plan(same=1)


def test_F15_a_guid_with_another_link_is_the_same_article_flagged() -> None:
    first = name_entries([entry("A", SITE + "a", "guid")])
    moved = name_entries([entry("A", SITE + "new-address", "guid")])
    plan = decide(moved, stored(first))
    assert plan.new == ()
    assert plan.changed == (Change(1, moved[0], moved[0].link_key, "link changed"),)


def test_other_content_is_an_update() -> None:
    first = name_entries([entry("A", SITE + "a", "guid")])
    plan = decide([replace(first[0], content_hash="y")], stored(first))
    assert (len(plan.new), len(plan.changed), plan.same) == (0, 1, 0)


def test_a_new_article_takes_the_link_that_another_left() -> None:
    first = name_entries([entry("A", SITE + "latest", "1")])
    later = name_entries([entry("B", SITE + "latest", "2"), entry("A", SITE + "archive/a", "1")])
    plan = decide(later, stored(first))
    assert [one.title for one in plan.new] == ["B"]
    assert [(change.id, change.entry.title) for change in plan.changed] == [(1, "A")]


def test_an_article_does_not_take_the_link_of_another() -> None:
    first = name_entries([entry("A", SITE + "a", "1"), entry("B", SITE + "b", "2")])
    plan = decide(name_entries([entry("A", SITE + "b", "1", "y")]), stored(first))
    assert [(change.id, change.link_key, change.entry.link) for change in plan.changed] == [(1, "", SITE + "a")]


feeds = st.lists(
    st.builds(
        entry,
        title=st.sampled_from("ABC"),
        link=st.sampled_from(["", SITE + "a", SITE + "b", SITE + "c#1", SITE + "c#2", "javascript:x"]),
        guid=st.sampled_from(["", "1", "2", "3"]),
        content=st.sampled_from("xy"),
    ),
    max_size=6,
)


@given(feeds, feeds)
def test_F15_whatever_a_feed_does_keys_stay_unique_and_a_second_look_changes_nothing(
    first: list[Entry], second: list[Entry]
) -> None:
    known = stored(name_entries(first))
    later = name_entries(second)
    plan = decide(later, known)
    keys = {article.id: article.link_key for article in known}
    keys.update({change.id: change.link_key for change in plan.changed if change.link_key})
    every = [*keys.values(), *(one.link_key for one in plan.new)]
    assert len(every) == len(set(every))
    assert len(plan.new) + len(plan.changed) + plan.same == len(later)
    assert decide(later, stored(later)) == Plan(same=len(later))
