"""The pages of the sources, as a browser without scripts sees them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from sqlmodel import col, func, select

from flows.articles.opml import read_opml
from flows.database import reading, transaction
from flows.models import Article, LogEntry, Newsletter, Source, SourceStatus, UserRole
from tests.articles.conftest import item, rss
from tests.articles.loopback import Request, Site, serving
from tests.conftest import NOW
from tests.editions.desks import Bench, Colleague
from tests.editions.sources_seed import HOSTILE, seed_sources

LONG = "<p>" + "A long sentence about one model or another. " * 40 + "</p>"


def dated(number: int) -> str:
    at = f"{NOW - timedelta(days=3.5 * number):%a, %d %b %Y %H:%M:%S} GMT"
    link = f"https://blog.example/{number}"
    return item(f"Story {number}", link, f"g{number}", LONG, f"<pubDate>{at}</pubDate>")


FEED = rss(*(dated(number) for number in range(6)), title="Harbour &amp; Co")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored is tested beside, on both databases; here it is the pages."""
    return sqlite_url


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def ids(bench: Bench, newsletter: Newsletter) -> dict[str, int]:
    with transaction(bench.engine) as session:
        return seed_sources(session, newsletter.id or 0, now=NOW)


@pytest.fixture
def ada(bench: Bench) -> Colleague:
    return bench.signed_in()


def get(colleague: Colleague, path: str) -> str:
    answer = colleague.client.get(path)
    assert answer.status_code == 200, path
    return text_of(answer.text)


def text_of(html: str) -> str:
    """What stands on the page, in one line."""
    return re.sub(r" ([.,])", r"\1", " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split()))


def the_source(bench: Bench, source_id: int) -> Source:
    with reading(bench.engine) as session:
        return session.get_one(Source, source_id)


def log(bench: Bench) -> list[str]:
    with reading(bench.engine) as session:
        return [entry.what for entry in session.exec(select(LogEntry).order_by(col(LogEntry.id)))]


class TestTheList:
    def test_it_says_of_each_source_what_one_must_know(self, ada: Colleague, ids: dict[str, int]) -> None:
        text = get(ada, "/desk/sources")
        assert "17 sources, 3 failing, 1 silent." in text
        assert "Failing since Sun 15 November, 09:00, 71 times: no complete answer within 30 s" in text
        assert re.search(r"Nothing new for 34 days, usually one every \d days\.", text)
        assert "6 of 12 chosen" in text
        assert "never offered" in text
        assert "read 23 minutes ago" in text
        assert text.index("Dry Run") < text.index("Fenwick Archive") < text.index("Orchid Lab") < text.index("Tessaly")

    def test_each_chart_says_its_numbers(self, ada: Colleague, ids: dict[str, int]) -> None:
        html = ada.client.get("/desk/sources").text
        words = re.findall(r'<svg class="weeks"[^>]* role="img" aria-label="([^"]+)"', html)
        assert len(words) == 17
        assert any(
            re.fullmatch(r"Articles of each of the last 12 weeks, oldest first: (\d+, ){11}\d+\.", w) for w in words
        )
        assert "No article in the last 12 weeks." in words

    @pytest.mark.parametrize(
        ("query", "there", "not_there"),
        [
            ("health=failing", "Dry Run", "Orchid Lab"),
            ("health=merged", "Orchid Lab (Atom)", "Dry Run"),
            ("q=dry+engineering", "Dry Run", "Lanternfish"),
            ("q=orchid-lab.example", "Orchid Lab", "Dry Run"),
            ("health=nonsense&sort=nonsense&page=99999999", "Orchid Lab", "Orchid Lab (Atom)"),
        ],
    )
    def test_it_is_sifted(self, ada: Colleague, ids: dict[str, int], query: str, there: str, not_there: str) -> None:
        text = get(ada, f"/desk/sources?{query}")
        assert there in text
        assert not_there not in text

    def test_nothing_found_leads_back_to_all(self, ada: Colleague, ids: dict[str, int]) -> None:
        text = get(ada, "/desk/sources?q=%3Cscript%3Enothing")
        assert "No source is like that. Show all" in text

    @pytest.mark.parametrize(
        ("sort", "first"), [("name", "Booth"), ("yield", "Marlstone"), ("articles", "Booth"), ("quiet", "Harbour")]
    )
    def test_it_is_sorted(self, ada: Colleague, ids: dict[str, int], sort: str, first: str) -> None:
        html = ada.client.get(f"/desk/sources?sort={sort}&q=a").text
        names = re.findall(r'<h2><a href="/desk/sources/\d+"><bdi>([^<]+)', html)
        assert next(name for name in names if "script" not in name).startswith(first), names

    def test_fifty_stand_on_a_page(self, bench: Bench, ada: Colleague) -> None:
        with transaction(bench.engine) as session:
            session.add_all(
                Source(url=f"https://h{number:03}.example/", title=f"No {number:03}", created_at=NOW)
                for number in range(120)
            )
        text = get(ada, "/desk/sources?q=no")
        assert "1 to 50 of 120" in text
        assert "No 049" in text
        assert "No 050" not in text
        link = re.search(r'rel="next" href="([^"]+)"', ada.client.get("/desk/sources?q=no&page=2").text)
        assert link
        assert "101 to 120 of 120" in get(ada, unescape(link[1]))
        assert "101 to 120 of 120" in get(ada, "/desk/sources?q=no&page=77")

    def test_an_empty_desk_says_how_to_begin(self, ada: Colleague) -> None:
        assert "No source yet: add one by its address, or import a list." in get(ada, "/desk/sources")


class TestOneSource:
    def test_it_is_told_whole(self, ada: Colleague, ids: dict[str, int]) -> None:
        text = get(ada, f"/desk/sources/{ids['Orchid Lab']}")
        assert "About two a week; asked every 21 hours next today, 11:00" in text
        assert "6 of 12 that editors saw 50 %" in text
        assert "It was at http://orchid-lab.example/rss before." in text
        assert "text from the feed" in text

    def test_the_chart_has_its_table_behind_it(self, ada: Colleague, ids: dict[str, int]) -> None:
        html = ada.client.get(f"/desk/sources/{ids['Orchid Lab']}").text
        rows = re.findall(r"<tr><td>(\d{4}-\d\d-\d\d)</td><td class=\"n\">(\d+)</td></tr>", html)
        assert len(rows) == 12
        label = re.search(r'aria-label="Articles of each[^:]+: ([^"]+)\."', html)
        assert label
        assert [count for _, count in reversed(rows)] == label[1].split(", ")

    def test_a_failure_comes_with_what_to_do(self, ada: Colleague, ids: dict[str, int]) -> None:
        text = get(ada, f"/desk/sources/{ids['Quillon']}")
        assert "Failing since today, 02:00, 3 times: there is nothing at this address" in text
        assert "What to do: Look on the site for the feed’s new address" in text

    def test_where_the_text_of_an_article_is_from(self, ada: Colleague, ids: dict[str, int]) -> None:
        text = get(ada, f"/desk/sources/{ids['Lanternfish Engineering']}")
        assert "text from its page" in text
        assert "teaser only" in text
        assert "Its page: robots.txt does not let us read it" in text
        assert re.search(r"\d+ % of its articles are whole \d+ pages could not be had", text)

    def test_a_merged_one_points_to_what_stands_for_it(self, ada: Colleague, ids: dict[str, int]) -> None:
        html = ada.client.get(f"/desk/sources/{ids['merged']}").text
        assert f'<a href="/desk/sources/{ids["Orchid Lab"]}"><bdi>Orchid Lab</bdi></a>, which stands for it' in html
        assert "/pause" not in html
        assert ada.post(f"/desk/sources/{ids['merged']}/pause").status_code == 422

    def test_what_is_not_there_is_not_found(self, ada: Colleague) -> None:
        for path in ("/desk/sources/999", "/desk/sources/999/merge", f"/desk/sources/{2**31}"):
            assert ada.client.get(path).status_code == 404
        for verb in ("settings", "address", "weight", "pause", "resume", "move-back", "try"):
            assert ada.post(f"/desk/sources/999/{verb}", weight="mute", address="https://a.example/").status_code == 404


class TestTending:
    def test_pausing_and_resuming_are_posts_with_a_line_in_the_log(
        self, bench: Bench, ada: Colleague, ids: dict[str, int]
    ) -> None:
        path = f"/desk/sources/{ids['Orchid Lab']}"
        assert ada.post(f"{path}/pause").headers["location"] == f"{path}?said=paused"
        assert "Paused: it is not asked any more" in get(ada, f"{path}?said=paused")
        assert the_source(bench, ids["Orchid Lab"]).status is SourceStatus.PAUSED
        ada.post(f"{path}/resume")
        ada.post(f"{path}/move-back")
        ada.post(f"{path}/weight", weight="usual")
        ada.post(f"{path}/settings", title="Orchid", topic="Safety", https_only="yes")
        assert log(bench) == [
            "paused a source",
            "resumed a source",
            "moved a source back",
            "weighed a source as usual",
        ]

    def test_settings_are_saved(self, bench: Bench, ada: Colleague, ids: dict[str, int]) -> None:
        path = f"/desk/sources/{ids['Korvane']}"
        answer = ada.post(f"{path}/settings", title="Korvane <Labs>", topic="Safety", https_only="yes")
        assert answer.headers["location"] == f"{path}?said=saved"
        source = the_source(bench, ids["Korvane"])
        assert (source.title, source.topic, source.https_only) == ("Korvane <Labs>", "Safety", True)
        html = ada.client.get(path).text
        assert 'value="Korvane &lt;Labs&gt;"' in html
        assert 'name="https_only" value="yes" checked' in html
        ada.post(f"{path}/settings", title="Korvane", topic="Safety")
        assert not the_source(bench, ids["Korvane"]).https_only

    def test_what_cannot_be_is_said_beside_the_field_and_what_was_typed_stays(
        self, bench: Bench, ada: Colleague, ids: dict[str, int]
    ) -> None:
        source_id = ids["Orchid Lab"]
        ada.post(f"/desk/sources/{source_id}/move-back")  # to plain http
        answer = ada.post(f"/desk/sources/{source_id}/settings", title="Typed", topic="T", https_only="yes")
        assert answer.status_code == 422
        assert 'value="Typed"' in answer.text
        assert 'aria-invalid="true" aria-describedby="https_only-wrong"' in answer.text
        assert "would shut it out" in answer.text
        assert the_source(bench, source_id).title == "Orchid Lab"
        for address, words in (
            ("", "Give the address"),
            ("https://korvane.example/feed.xml", "has this address already"),
            ("javascript:alert(1)", "address"),
        ):
            answer = ada.post(f"/desk/sources/{source_id}/address", address=address)
            assert (answer.status_code, words in unescape(answer.text)) == (422, True)
            assert f'value="{address}"' in answer.text
            assert 'aria-describedby="address-wrong"' in answer.text

    def test_it_moves_to_another_address(self, bench: Bench, ada: Colleague, ids: dict[str, int]) -> None:
        path = f"/desk/sources/{ids['Korvane']}"
        assert (
            ada.post(f"{path}/address", address="https://new.example/feed").headers["location"].endswith("said=moved")
        )
        assert "It was at https://korvane.example/feed.xml before." in get(ada, path)
        ada.post(f"{path}/move-back")
        assert the_source(bench, ids["Korvane"]).url == "https://korvane.example/feed.xml"

    def test_try_now_collects_this_one_and_says_what_came(self, bench: Bench, ada: Colleague, site: Site) -> None:
        def answer(request: Request) -> None:
            known = request.headers.get("If-None-Match") == '"1"'
            request.send(304 if known else 200, b"" if known else FEED, ETag='"1"')

        with transaction(bench.engine) as session:
            source = Source(url=site.at("/feed", answer), created_at=NOW)
            session.add(source)
            session.add(Source(url=site.page("/other", FEED), created_at=NOW))
        path = f"/desk/sources/{source.id}"
        where = ada.post(f"{path}/try").headers["location"]
        assert where == f"{path}?said=read&new=6&updated=0"
        assert "Read just now: 6 new articles." in get(ada, where)
        assert "Story 0" in get(ada, path)
        assert ada.post(f"{path}/try").headers["location"] == f"{path}?said=unchanged"
        site.page("/feed", b"", 404)
        assert ada.post(f"{path}/try").headers["location"] == f"{path}?said=failed"
        text = get(ada, f"{path}?said=failed")
        assert "Tried just now, and it failed" in text
        assert "there is nothing at this address" in text
        assert {path for path, _ in site.asked} == {"/feed"}
        ada.post(f"{path}/pause")
        assert ada.post(f"{path}/try").headers["location"] == f"{path}?said=idle"

    def test_F08_trying_goes_through_the_guard(self, bench: Bench, ada: Colleague, site: Site) -> None:
        bench.settings = bench.settings.model_copy(update={"allow_private_addresses": False})
        ada = bench.signed_in("ben@newsletter.example")
        with transaction(bench.engine) as session:
            source = Source(url=site.page("/feed", FEED), created_at=NOW)
            session.add(source)
        ada.post(f"/desk/sources/{source.id}/try")
        assert site.asked == []
        assert the_source(bench, source.id or 0).error_code == "blocked_address"


class TestAdding:
    def test_a_look_shows_what_it_will_bring_and_adds_nothing(self, bench: Bench, ada: Colleague, site: Site) -> None:
        answer = ada.post("/desk/sources/add", address=site.page("/feed", FEED))
        text = text_of(answer.text)
        for part in ("Harbour & Co", "RSS 2.0", "6 articles at present, about two a week", "Full articles", "Story 4"):
            assert part in text
        assert "Story 5" not in text, "the newest five"
        with reading(bench.engine) as session:
            assert session.exec(select(func.count()).select_from(Source)).one() == 0

    def test_the_word_adds_it_and_a_second_time_finds_it(self, bench: Bench, ada: Colleague, site: Site) -> None:
        url = site.page("/feed", FEED)
        for expected in ("/desk/sources/1?said=added", "/desk/sources/1"):
            answer = ada.post("/desk/sources", address=url, title="Harbour", topic="Research")
            assert answer.headers["location"] == expected
        source = the_source(bench, 1)
        assert (source.url, source.title, source.topic) == (url, "Harbour", "Research")
        assert log(bench) == ["added a source"]
        assert site.asked == [], "adding asks nobody"
        assert "is in the list already" in ada.post("/desk/sources/add", address=url).text

    def test_a_page_that_names_several_feeds_lets_one_choose(self, ada: Colleague, site: Site) -> None:
        site.page("/feed.xml", FEED)
        site.page("/comments.xml", rss(title="Comments"))
        link = "<link rel='alternate' type='application/rss+xml' href='{}'>"
        site.page("/", f"<html>{link.format('/feed.xml')}{link.format('/comments.xml')}</html>")
        html = ada.post("/desk/sources/add", address=site.base).text
        assert "The page names 2 feeds" in html
        assert f'name="address" value="{site.base}/comments.xml"' in html
        assert f'<input type="hidden" name="address" value="{site.base}/feed.xml">' in html

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("", "Give an address: of a feed, or of a page that names its feed."),
            ("https://user:word@a.example/", "Addresses with a user name or password in them are not fetched"),
            ("/none", "There is nothing at this address"),
            ("/page", "It is a web page, not a feed, and names no feed; look for “RSS” on the site."),
            ('"><script>x', "holds a space, a backslash or a control character"),
        ],
    )
    def test_what_is_wrong_stands_beside_the_field(self, ada: Colleague, site: Site, address: str, words: str) -> None:
        site.page("/page", "<html></html>")
        given = f"{site.base}{address}" if address.startswith("/") else address
        if '"' in given:
            given = f"https://a.example/ {given}"
        answer = ada.post("/desk/sources/add", address=given)
        assert answer.status_code == 422
        assert words in unescape(answer.text)
        assert 'aria-invalid="true" aria-describedby="address-wrong"' in answer.text
        assert given in unescape(answer.text), "what was typed is kept"
        assert "<script>x" not in answer.text

    def test_an_address_of_a_merged_source_leads_on(self, ada: Colleague, ids: dict[str, int]) -> None:
        address = "https://orchid-lab-atom.example/feed.xml"
        html = ada.post("/desk/sources/add", address=address).text
        assert "This address is of <bdi>Orchid Lab (Atom)</bdi>, which was merged into" in html
        answer = ada.post("/desk/sources", address=address)
        assert answer.headers["location"] == f"/desk/sources/{ids['Orchid Lab']}"

    def test_F08_E11_looking_goes_through_the_guard(self, bench: Bench, site: Site) -> None:
        bench.settings = bench.settings.model_copy(update={"allow_private_addresses": False})
        ada = bench.signed_in()
        url = site.page("/feed", FEED)
        for address in (url, url.replace("127.0.0.1", "2130706433"), "http://169.254.169.254/latest/"):
            answer = ada.post("/desk/sources/add", address=address)
            assert answer.status_code == 422
        assert site.asked == []


class TestMerging:
    def test_it_says_first_what_cannot_be_undone(self, bench: Bench, ada: Colleague, ids: dict[str, int]) -> None:
        this, other = ids["Quillon"], ids["Korvane"]
        text = get(ada, f"/desk/sources/{this}/merge?into={other}")
        assert re.search(r"Go over \d+ articles", text)
        assert "There is no way back" in text
        assert the_source(bench, this).status is SourceStatus.ACTIVE, "looking changes nothing"
        for _ in range(2):
            answer = ada.post(f"/desk/sources/{this}/merge", into=other)
            assert answer.headers["location"] == f"/desk/sources/{other}?said=merged"
        assert the_source(bench, this).merged_into == other
        assert log(bench) == ["merged a source"]

    def test_the_other_one_is_found_by_words_or_likeness(self, ada: Colleague, ids: dict[str, int]) -> None:
        text = get(ada, f"/desk/sources/{ids['Quillon']}/merge?q=orchid")
        assert "Found Orchid Lab https://orchid-lab.example/feed.xml" in text
        assert "Atom" not in text, "one that was merged stands for nothing"
        assert "No source is like that." in get(ada, f"/desk/sources/{ids['Quillon']}/merge?q=zzz")

    def test_nonsense_is_refused_with_its_sentence(self, ada: Colleague, ids: dict[str, int]) -> None:
        this = ids["Quillon"]
        for into, words in (
            (this, "into itself"),
            (ids["merged"], "was itself merged into Orchid Lab"),
            (ids["Tessaly Weekly"], "is retired"),
            (999, "no source 999"),
        ):
            for answer in (
                ada.post(f"/desk/sources/{this}/merge", into=into),
                ada.client.get(f"/desk/sources/{this}/merge?into={into}"),
            ):
                assert (answer.status_code, words in answer.text) == (422, True), into
        assert ada.post(f"/desk/sources/{this}/merge", into="x").status_code == 422


class TestLists:
    LIST = (
        b"<opml version='2.0'><body><outline text='Research'><outline text='&lt;b&gt;Harbour' "
        b"xmlUrl='https://harbour-two.example/feed'/></outline>"
        b"<outline text='Orchid' xmlUrl='https://orchid-lab.example/feed.xml'/>"
        b"<outline text='Bad' xmlUrl='ftp://x.example/'/></body></opml>"
    )

    def upload(self, ada: Colleague, document: bytes):  # type: ignore[no-untyped-def]
        files = {"file": ("feeds.opml", document, "text/x-opml")}
        return ada.client.post("/desk/sources/import", data={"csrf": ada.csrf()}, files=files)

    def test_F27_a_file_is_shown_line_by_line_and_then_added(
        self, bench: Bench, ada: Colleague, ids: dict[str, int]
    ) -> None:
        answer = self.upload(ada, self.LIST)
        text = unescape(answer.text)
        assert answer.status_code == 200
        assert "1 new, 1 there already" in text
        assert "1 with a bad address" in text
        assert "Only http and https are fetched" in text
        with reading(bench.engine) as session:
            before = session.exec(select(func.count()).select_from(Source)).one()
        carried = re.search(r'name="list" value="([^"]*)"', answer.text)
        assert carried
        form = {"csrf": ada.csrf(), "list": unescape(carried[1])}
        for new in (1, 0):
            added = ada.client.post("/desk/sources/import/add", data=form, files={"none": ("", b"")})
            assert added.headers["location"] == f"/desk/sources?said=imported&new={new}"
        assert "1 new source is in the list" in get(ada, "/desk/sources?said=imported&new=1")
        with reading(bench.engine) as session:
            assert session.exec(select(func.count()).select_from(Source)).one() == before + 1
            source = session.exec(select(Source).where(Source.url == "https://harbour-two.example/feed")).one()
        assert (source.title, source.topic) == ("Harbour", "Research")
        assert log(bench) == ["imported sources"]

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            (b"", "Choose an OPML file"),
            (b"<rss/>", "This is no OPML"),
            (b"<!DOCTYPE o [<!ENTITY a 'b'>]><opml><body/></opml>", "declares XML entities"),
            (b"\x00\xff\xfe binary", "not well-formed OPML"),
            (b"<opml><body>" + b"<outline xmlUrl='https://a.example/%d'/>" * 2, "not well-formed OPML"),
        ],
    )
    def test_F27_E08_other_files_are_refused_beside_the_field(
        self, ada: Colleague, document: bytes, words: str
    ) -> None:
        answer = self.upload(ada, document)
        assert (answer.status_code, words in answer.text) == (422, True)
        assert 'aria-describedby="file-wrong"' in answer.text

    def test_a_list_in_another_alphabet_is_read(self, ada: Colleague) -> None:
        document = "<?xml version='1.0' encoding='utf-16'?><opml><body><outline text='Ångström' xmlUrl='https://a.example/'/></body></opml>"
        assert "Ångström" in self.upload(ada, document.encode("utf-16")).text

    def test_E17_files_and_forms_have_limits(self, ada: Colleague) -> None:
        assert self.upload(ada, b"x" * (12 * 2**20)).status_code == 413
        path = "/desk/sources/import"
        many = {f"f{number}": str(number) for number in range(60)}
        csrf = ada.csrf()
        answers = [
            ada.client.post(path, data={"csrf": csrf, **many}, files={"file": ("a", b"b")}),
            ada.client.post(path, data={"csrf": csrf}, files=[("file", ("a", b"b")), ("more", ("c", b"d"))]),
            ada.client.post(path, content=b"x", headers={"content-type": "multipart/form-data"}),
            ada.client.post(path, content=b"x" * 99, headers={"content-type": "multipart/form-data; boundary=y"}),
        ]
        assert {answer.status_code for answer in answers} <= {403, 413}
        assert [answer.status_code for answer in answers][:3] == [413, 413, 413]

    def test_E01_a_file_needs_the_token_too(self, bench: Bench, ada: Colleague) -> None:
        for data in ({}, {"csrf": "x"}):
            for path in ("/desk/sources/import", "/desk/sources/import/add"):
                answer = ada.client.post(path, data=data, files={"file": ("a", self.LIST)})
                assert answer.status_code == 403
        assert log(bench) == []

    def test_the_list_goes_out_as_opml(self, ada: Colleague, ids: dict[str, int]) -> None:
        answer = ada.client.get("/desk/sources/export.opml")
        assert answer.headers["content-disposition"] == 'attachment; filename="sources.opml"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        titles = {outline.title: outline.topic for outline in read_opml(answer.content)}
        assert titles["Orchid Lab"] == "Research"
        assert "Tessaly Weekly" not in titles
        assert "Orchid Lab (Atom)" not in titles


def test_looking_changes_nothing_and_asks_nobody(bench: Bench, ada: Colleague, ids: dict[str, int], site: Site) -> None:
    with transaction(bench.engine) as session:
        session.get_one(Source, ids["Korvane"]).url = site.page("/feed", FEED)

    def state() -> list[dict[str, object]]:
        with reading(bench.engine) as session:
            rows = [*session.exec(select(Source)), *session.exec(select(Article)), *session.exec(select(LogEntry))]
            return [row.model_dump() for row in rows]

    before = state()
    base = f"/desk/sources/{ids['Korvane']}"
    for path in (
        "/desk/sources",
        f"/desk/sources/add?address={site.base}/feed",
        "/desk/sources/import",
        "/desk/sources/export.opml",
        base,
        f"{base}/merge?into={ids['Quillon']}",
        f"{base}/merge?q={site.base}",
    ):
        assert ada.client.get(path).status_code == 200, path
    assert state() == before
    assert site.asked == []


def test_E04_an_editor_tends_sources_too(bench: Bench, ids: dict[str, int]) -> None:
    cy = bench.signed_in("cy@newsletter.example", UserRole.EDITOR)
    assert cy.post(f"/desk/sources/{ids['Korvane']}/pause").status_code == 303


def test_F10_what_strangers_write_stands_as_text(ada: Colleague, ids: dict[str, int]) -> None:
    base = f"/desk/sources/{ids['hostile']}"
    for path in ("/desk/sources", base, f"{base}/merge?q=o", f"{base}/merge?into={ids['Korvane']}"):
        html = ada.client.get(path).text
        assert "<script>window" not in html, path
        assert "<img src=x" not in html, path
        assert "<svg onload" not in html, path
        assert 'href="javascript' not in html, path
        assert HOSTILE[:31] in unescape(html), path
