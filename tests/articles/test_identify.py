"""One article, one name."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from courlan.clean import TRACKERS_RE
from hypothesis import given
from hypothesis import strategies as st

from flows.articles import links
from flows.articles.entry import Entry
from flows.articles.identify import Change, Known, Plan, canonical_link, decide, link_key, name_entries
from flows.articles.links import picture_address
from flows.articles.tracking import uncached

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
        ("https://blog.example/a?UTM_Source=x&itm_campaign=y&mtm_kwd=z&xtor=RSS-1&clickid=2", "https://blog.example/a"),
        ("https://blog.example/a?source=rss----7a2b---4&ref=newsletter", "https://blog.example/a"),
        ("https://blog.example/wiki?HomePage", "https://blog.example/wiki?HomePage"),
        ("https://blog.example/a=b?c", "https://blog.example/a=b?c"),
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


@pytest.mark.parametrize(
    "query",
    [
        *("id=1", "p=123", "page=2", "v=dQw4w9WgXcQ", "article=7", "story_id=8", "q=models", "tag=x", "lang=pl"),
        *("keyword=x", "keywords=x", "uid=7", "cid=7", "eid=7", "game=go", "gallery=2", "global=1", "glossary=a"),
        *(
            "ad_id=5",
            "ads_per_page=20",
            "ml_model=x",
            "pk_id=3",
            "medium=oil",
            "campaign=7",
            "session=12",
            "source=arxiv",
        ),
        *(
            "ref=main",
            "reference=4",
            "referendum=1",
            "sid=42",
            "sid=sports",
            "s=term",
            "cfid=7",
            "partnerid=3",
            "gl=US",
        ),
    ],
)
def test_a_parameter_that_may_choose_the_page_stays(query: str) -> None:
    assert canonical_link(f"{SITE}a?{query}") == f"{SITE}a?{query}"


HEX = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "visited",
    [
        f"{SITE}a.php;jsessionid={HEX}.node1?id=1",
        f"{SITE}a.php;JSESSIONID=0A1B?id=1",
        f"{SITE}a.php?PHPSESSID=qk3b&id=1",
        f"{SITE}a.php?id=1&ASPSESSIONIDQQRTBCAD=LKJH",
        f"{SITE}a.php?CFID=1234&CFTOKEN=5678&id=1",
        f"{SITE}a.php?id=1&sid={HEX}",
        f"{SITE}a.php?sid=m2k9q0v8r7t6s5a4b3c2d1e0f9&id=1",
        f"{SITE}a.php?s={HEX}&id=1",
    ],
)
def test_the_number_of_a_visit_is_no_part_of_a_link(visited: str) -> None:
    assert canonical_link(visited) == f"{SITE}a.php?id=1"


def test_a_signature_is_no_visit() -> None:
    assert canonical_link(f"{SITE}picture.jpg?s={HEX}") == f"{SITE}picture.jpg?s={HEX}"
    signed = f"https://i.example/a/b.jpg?width=300&s={HEX}&auto=format&utm_source=x"
    assert picture_address(signed) == signed


@pytest.mark.parametrize(
    ("copy", "page"),
    [
        ("https://www.google.com/amp/s/blog.example/a/amp/", "https://blog.example/a/amp/"),
        ("https://google.co.uk/amp/blog.example/a", "http://blog.example/a"),
        ("https://blog-example.cdn.ampproject.org/c/s/blog.example/a?amp_js_v=0.1&usqp=mq331&id=1",
         "https://blog.example/a?id=1"),
        ("https://cdn.ampproject.org/v/s/blog.example/a", "https://blog.example/a"),
        ("https://blog-example.cdn.ampproject.org/c/s/user:word@blog.example/a",
         "https://blog-example.cdn.ampproject.org/c/s/user:word@blog.example/a"),
        ("https://www.google.com/amp/s/" + "www.google.com/amp/s/" * 3 + "blog.example/", "https://blog.example/"),
        ("https://www.google.com/amplifiers", "https://www.google.com/amplifiers"),
        ("https://google.evil.example/amp/s/blog.example/a", "https://google.evil.example/amp/s/blog.example/a"),
    ],
)  # fmt: skip
def test_a_copy_in_a_cache_of_amp_pages_is_the_page_of_its_publisher(copy: str, page: str) -> None:
    assert canonical_link(copy) == page


SITES = [
    "b.example",
    "www.b.example",
    "B.example",
    "ä.example",
    "xn--mnchen-3ya.example",
    "a--b.example",
    "a_b.example",
]
SITES += ["-a.example", "b.example.", "b", "b.e", "com.123abc", "b.3com", "1.2.3.4", "0x7f.1", "b.example:80"]
SITES += ["b.example:8080", "www.google.com", "b-example.cdn.ampproject.org"]
PATHS = ["/", "/a", "/.a", "/..", "//", ".html", ";b", ";jsessionid=1", "%7e", "~", " ", "/amp", "/s/x.example", ".php"]
PATHS += ["!$'()*+,:@=-", "ä", "&", "%C3%A4"]
QUERIES = ["?", "a", "=", "&", "b=2", "a=1", "a-b=1", "a.b=1", "utm_source=x", f"s={HEX}", f"sid={HEX}", "PHPSESSID=1"]
QUERIES += ["&CFID=1&CFTOKEN=2", "+", "/", "%20", "ref=rss", "ä"]


@given(
    scheme=st.sampled_from(["http://", "https://", "HTTP://", "https:/"]),
    site=st.sampled_from(SITES),
    path=st.lists(st.sampled_from(PATHS), max_size=4),
    query=st.lists(st.sampled_from(QUERIES), max_size=6),
    fragment=st.sampled_from(["", "#", "#a", "#!/a", "#/a", "#a.b", "#a b", "#ä", "#a#b"]),
    keep=st.booleans(),
)
def test_the_short_way_and_the_long_way_lead_to_the_same_link(
    *, scheme: str, site: str, path: list[str], query: list[str], fragment: str, keep: bool
) -> None:
    link = scheme + site + "".join(path) + "".join(query) + fragment
    short = canonical_link(link, keep_fragment=keep)
    assert short == links._canonical(uncached(link.strip()), keep)
    assert canonical_link(short, keep_fragment=keep) == short


def test_every_name_that_the_library_counts_by_a_prefix_goes_or_stays_on_purpose() -> None:
    """A new release of courlan may know more: then look whether a page may be chosen by it."""
    assert TRACKERS_RE.pattern == (
        "^(?:dc|fbc|gc|twc|yc|ysc)lid|^(?:click|gbra|msclk|igsh|partner|wbra)id|"
        "^(?:ads?|mc|ga|gs|itm|mc|mkt|ml|mtm|oly|pk|utm|vero)_|"
        "(?:\\b|_)(?:aff|affi|affiliate|campaign|cl?id|eid|ga|gl|kwd|keyword|medium|ref|referr?er|session|source|uid|xtor)"
    )


def test_twins_of_a_link_share_a_key_and_neighbours_do_not() -> None:
    twins = [
        "https://blog.example/a",
        "http://blog.example/a",
        "https://www.blog.example/a/",
        "https://m.blog.example/a",
        "https://amp.blog.example/a",
        "https://blog.example/a/amp/",
        "https://blog.example/a?amp=1",
        "https://blog.example/a?amp",
        "https://blog.example/a?outputType=amp",
        "https://blog.example/a/amp.html",
        "https://blog.example/a.amp",
        "https://mobile.blog.example/a/",
        "https://www.google.com/amp/s/amp.blog.example/a",
    ]
    assert len({link_key(canonical_link(twin)) for twin in twins}) == 1
    others = [
        *("https://blog.example/a?id=1", "https://blog.example/A", "https://blog.example/b", "https://m.example/a"),
        *("https://blog.example/amp", "https://blog.example/a/amplify", "https://other.blog.example/a"),
    ]
    assert len({link_key(canonical_link(link)) for link in [*twins, *others]}) == 1 + len(others)


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


def stored(entries: Sequence[Entry]) -> list[Known]:
    return [
        Known(place, one.guid, one.link, one.link_key, one.content_hash, one.title, one.published_at)
        for place, one in enumerate(entries, 1)
    ]


def after(known: list[Known], plan: Plan) -> list[Known]:
    """What is stored once the plan is carried out, change by change; no two articles ever have one key."""
    articles = {article.id: article for article in known}
    for change in plan.changed:
        was = articles[change.id]
        (now,) = stored([change.entry])
        articles[change.id] = replace(
            now, id=was.id, guid=now.guid or was.guid, link_key=change.link_key or was.link_key
        )
        assert len({article.link_key for article in articles.values()}) == len(articles)
    fresh = [replace(article, id=len(known) + article.id) for article in stored(plan.new)]
    return [*articles.values(), *fresh]


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


def test_articles_that_hand_their_links_on_all_move() -> None:
    first = name_entries([entry("A", SITE + "1", "a"), entry("B", SITE + "2", "b"), entry("C", SITE + "3", "c")])
    later = name_entries(
        [
            entry("A", SITE + "2", "a", "y"),
            entry("B", SITE + "3", "b", "y"),
            entry("C", SITE + "4", "c", "y"),
            entry("D", SITE + "1", "d"),
        ]
    )
    plan = decide(later, stored(first))
    assert [change.id for change in plan.changed] == [3, 2, 1]
    assert [one.title for one in plan.new] == ["D"]
    assert decide(later, after(stored(first), plan)) == Plan(same=4)


def test_a_feed_that_forgets_a_link_takes_none_away() -> None:
    first = name_entries([entry("A", SITE + "a", "1")])
    plan = decide(name_entries([entry("A", "", "1", "y")]), stored(first))
    assert [(change.entry.link, change.link_key) for change in plan.changed] == [(SITE + "a", "")]


DAY = datetime(2026, 11, 19, 9, 30, tzinfo=UTC)
OTHER = "https://new.example/"


def dated(title: str, link: str, guid: str = "", when: datetime | None = DAY) -> Entry:
    """An entry whose content hash has the link in it, as it is in earnest."""
    return Entry(title=title, link=link, guid=guid, published_at=when, content_hash=f"{title} {link}")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(dated("A", SITE + "p/a", "1"), dated("A", OTHER + "p/a", "new-1"), id="another host"),
        pytest.param(dated("A", SITE + "p/a", "1"), dated("A", OTHER + "p/a", "2", None), id="another host, no date"),
        pytest.param(
            dated("A", SITE + "?p=1", "1"), dated("A", OTHER + "?p=1", "2", None), id="numbers on another host"
        ),
        pytest.param(
            dated("A", SITE + "2026/11/x", "1"), dated("“A”", SITE + "x", "2"), id="another way to write links"
        ),
        pytest.param(dated("A", SITE + "?p=1", "1"), dated("A", SITE + "a-title", "2"), id="words for numbers"),
        pytest.param(dated("A", "http://blog.example/a", "1"), dated("A", SITE + "a", "2"), id="https"),
        pytest.param(dated("A", SITE + "a", "1"), dated("A", SITE + "a", "2"), id="another guid"),
        pytest.param(dated("A", "", "1"), dated("A", SITE + "a", "2"), id="a link at last"),
    ],
)
def test_F15_an_article_does_not_come_back_when_its_blog_moves(before: Entry, now: Entry) -> None:
    known = stored(name_entries([before, dated("Other", SITE + "other", "o", DAY - timedelta(days=3))]))
    later = name_entries([now])
    plan = decide(later, known)
    assert plan.new == ()
    assert all(change.id == 1 and change.entry.link == later[0].link for change in plan.changed)
    assert decide(later, after(known, plan)) == Plan(same=1)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (dated("Release notes", SITE + "log/1"), dated("Release notes", SITE + "log/2", when=DAY + timedelta(days=7))),
        (dated("Weekly links", SITE + "w/46", "1"), dated("Weekly links", SITE + "w/47", "2", None)),
        (dated("Weekly links", SITE + "w/46", "1", None), dated("Weekly links", SITE + "w/47", "2", None)),
        (dated("A", SITE + "p/a"), dated("B", OTHER + "p/a")),
        (dated("A", SITE), dated("A", OTHER, when=DAY + timedelta(days=7))),
        (dated("!!!", SITE + "a", "1"), dated("???", SITE + "b", "2")),
    ],
)
def test_F15_two_articles_with_one_generic_title_stay_two(before: Entry, now: Entry) -> None:
    known = stored(name_entries([before]))
    assert len(decide(name_entries([now]), known).new) == 1


def test_an_article_that_stands_in_the_document_is_no_other() -> None:
    known = stored(name_entries([dated("Down", SITE + "1", "1"), dated("Up", SITE + "2", "2")]))
    (again,) = name_entries([dated("Down", SITE + "3", "3")])
    assert len(decide([again], known).changed) == 1
    assert decide([again], known, standing=[known[0].link_key]).new == (again,)
    together = name_entries([dated("Down", SITE + "1", "1"), dated("Down", SITE + "3", "3")])
    assert decide(together, known) == Plan(new=(together[1],), same=1)


def test_what_two_articles_could_be_is_neither() -> None:
    known = stored(name_entries([dated("Down", SITE + "1", "1"), dated("Down", SITE + "2", "2")]))
    assert len(decide(name_entries([dated("Down", SITE + "3", "3")]), known).new) == 1


def test_an_article_is_known_by_the_link_that_its_page_calls_canonical() -> None:
    (known,) = stored(name_entries([entry("A", "https://feeds.example/r/17", "1")]))
    known = replace(known, canonical_key=link_key(SITE + "a"))
    (plain,) = name_entries([entry("A", SITE + "a", "2", "y")])
    plan = decide([plain], [known])
    assert plan.changed == (Change(1, plain, plain.link_key, "link changed"),)
    both = name_entries([entry("A", "https://feeds.example/r/17", "1"), plain])
    assert decide(both, [known]) == Plan(same=2)


def test_a_page_cannot_claim_the_address_of_an_article_of_another_title() -> None:
    (known,) = stored(name_entries([entry("A", SITE + "old", "1")]))
    known = replace(known, canonical_key=link_key(SITE + "b"))
    (other,) = name_entries([entry("B", SITE + "b", "2")])
    assert decide([other], [known], standing=[known.link_key]).new == (other,)
    assert decide([other], [known]).new == (other,)


def test_F15_guids_that_number_by_place_overwrite_nothing() -> None:
    first = name_entries([entry(f"Post {n}", f"{SITE}{n}", str(4 - n)) for n in (3, 2, 1)])
    later = name_entries([entry(f"Post {n}", f"{SITE}{n}", str(6 - n)) for n in (5, 4, 3)])
    plan = decide(later, stored(first))
    assert [one.title for one in plan.new] == ["Post 5", "Post 4"]
    assert [change.entry.title for change in plan.changed] == []


def test_F15_one_guid_for_every_article_names_none() -> None:
    (first,) = name_entries([entry("Monday", f"{SITE}mon", "only")])
    (second,) = name_entries([entry("Tuesday", f"{SITE}tue", "only")])
    assert decide([second], stored([first])).new == (second,)


def test_a_front_page_that_all_pages_call_canonical_names_none() -> None:
    home = link_key(SITE)
    known = [
        replace(one, canonical_key=home)
        for one in stored(name_entries([entry("A", SITE + "a"), entry("B", SITE + "b")]))
    ]
    assert len(decide(name_entries([entry("Home", SITE)]), known).new) == 1


moments = st.sampled_from([None, DAY, DAY + timedelta(days=1)])
feeds = st.lists(
    st.builds(
        lambda title, link, guid, content, when: replace(entry(title, link, guid, content), published_at=when),
        title=st.sampled_from("ABC"),
        link=st.sampled_from(["", SITE + "a", SITE + "b", OTHER + "a", SITE + "c#1", SITE + "c#2", "javascript:x"]),
        guid=st.sampled_from(["", "1", "2", "3"]),
        content=st.sampled_from("xy"),
        when=moments,
    ),
    max_size=6,
)


def hashed(entries: Sequence[Entry]) -> list[Entry]:
    return [replace(one, content_hash=f"{one.content_hash} {one.title} {one.link}") for one in name_entries(entries)]


@given(feeds, feeds, st.randoms())
def test_F15_whatever_a_feed_does_keys_stay_unique_and_a_second_look_changes_nothing(
    first: list[Entry], second: list[Entry], chance: Random
) -> None:
    known = stored(hashed(first))
    later = hashed(second)
    plan = decide(later, known)
    assert len(plan.new) + len(plan.changed) + plan.same == len(later)
    assert len({change.id for change in plan.changed}) == len(plan.changed)
    then = after(known, plan)
    assert len({article.link_key for article in then}) == len(then)
    chance.shuffle(later)
    assert decide(later, then) == Plan(same=len(later))
    assert decide(later, stored(later)) == Plan(same=len(later))
