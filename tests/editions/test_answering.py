"""What editors answer for and turn, over HTTP: with and without our module, and whatever a form may hold."""

import re
from html import unescape

import pytest
from sqlmodel import col, select

from flows.database import reading, transaction
from flows.editions.changes import Editor, write_item
from flows.editions.turning import turn
from flows.models import Decision, EditionItem, LogEntry, Notice, SafetyExample, Source, StoryEdit, Tier, UserRole, Wish
from tests.conftest import NOW
from tests.editions.desks import Bench, Colleague
from tests.editions.seed import Seeded

ADA = Editor("first@newsletter.example", NOW)
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}"
HUGE = "9" * 40
ACTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("items/{item}/confirm", {"claim": "0"}),
    ("items/{item}/flag", {"reason": "look"}),
    ("items/{item}/clear", {}),
    ("items/{item}/opened", {}),
    ("items/{item}/merge", {"other": "{other}"}),
    ("items/{item}/split", {"articles": "{article}"}),
    ("take-back", {"edit": "1"}),
    ("turn", {"way": "mute", "term": "chip"}),
)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored is tested beside, on both databases; here it is the pages."""
    return sqlite_url


def at(draft: Seeded, *rest: object) -> str:
    return "/".join(["/desk/editions", str(draft.edition_id), *map(str, rest)])


def item_of(bench: Bench, item_id: int) -> EditionItem:
    with reading(bench.engine) as session:
        return session.get_one(EditionItem, item_id)


def rows(bench: Bench, draft: Seeded) -> list[dict[str, object]]:
    with reading(bench.engine) as session:
        query = select(EditionItem).where(EditionItem.edition_id == draft.edition_id).order_by(col(EditionItem.id))
        return [item.model_dump() for item in session.exec(query)]


def doubtful(bench: Bench, draft: Seeded) -> EditionItem:
    """The first story, with a number in its blurb that its article lacks."""
    item_id = draft.item_ids[0]
    headline = item_of(bench, item_id).headline
    blurb = "Median latency fell from 840 to 777 milliseconds on the same eight cards."
    write_item(bench.engine, draft.edition_id, item_id, ADA, version=1, headline=headline, blurb=blurb)
    return item_of(bench, item_id)


def flagged(bench: Bench, draft: Seeded, words: str = "“hospital” in the title") -> int:
    with transaction(bench.engine) as session:
        item = session.get_one(EditionItem, draft.item_ids[6])
        item.flags, item.tier = [{"kind": "brand safety", "words": words, "by": ""}], Tier.FLAGGED
    return draft.item_ids[6]


def reranked(bench: Bench, draft: Seeded) -> None:
    """The draft with reasons that act, as the ranking gives them."""
    turn(bench.engine, 1, ADA, bench.settings, way="boost", term="opera", edition_id=draft.edition_id)


def scripted(colleague: Colleague, path: str, **fields: object):  # type: ignore[no-untyped-def]
    data = {"csrf": colleague.csrf(), **{name: str(value) for name, value in fields.items()}}
    return colleague.client.post(path, data=data, headers={"x-masthead": "fragment"})


def send(colleague: Colleague, how: str, path: str, **fields: object):  # type: ignore[no-untyped-def]
    return scripted(colleague, path, **fields) if how == "scripted" else colleague.post(path, **fields)


@pytest.mark.parametrize("how", ["plain", "scripted"])
def test_a_claim_is_marked_and_confirmed(bench: Bench, draft: Seeded, how: str) -> None:
    item = doubtful(bench, draft)
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    page = eve.client.get(at(draft)).text
    assert re.search(r'<mark title="[^"]+">777</mark>', page)
    assert "It is right" in page
    approving = unescape(eve.client.get(at(draft, "approve")).text)
    assert "says what its article does not: “777”" in approving
    path = at(draft, "items", item.id, "confirm")
    answer = send(eve, how, path, version=item.version, claim=0, pane="edition")
    assert answer.status_code == (200 if how == "scripted" else 303)
    if how == "plain":
        assert answer.headers["location"] == f"{at(draft)}?pane=edition#story-{item.id}"
    assert item_of(bench, item.id or 0).claims[0]["by"] == "eve@newsletter.example"
    after = answer.text if how == "scripted" else eve.client.get(at(draft)).text
    assert "<mark" not in after
    assert "says what its article does not" not in eve.client.get(at(draft, "approve")).text


@pytest.mark.parametrize("how", ["plain", "scripted"])
def test_a_flagged_story_has_its_list_and_a_publisher_its_button(bench: Bench, draft: Seeded, how: str) -> None:
    item_id = flagged(bench, draft, HOSTILE)
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    ada = bench.signed_in()
    assert f'id="story-{item_id}"' not in eve.client.get(at(draft)).text
    page = eve.client.get(f"{at(draft)}?show=flagged").text
    assert f"For a publisher: {HOSTILE}" in unescape(page)
    assert "<img" not in page
    assert "It is fine" not in page
    assert "It is fine" in ada.client.get(f"{at(draft)}?show=flagged").text
    assert "It is fine" in ada.client.get(at(draft, "items", item_id)).text
    path = at(draft, "items", item_id, "clear")
    refused = send(eve, how, path, version=1)
    assert (refused.status_code, "needs a publisher" in refused.text) == (403, True)
    chosen = send(eve, how, at(draft, "items", item_id, "choose"), version=1)
    assert (chosen.status_code, "a publisher decides" in chosen.text) == (409, True)
    assert send(ada, how, path, version=1).status_code in {200, 303}
    with reading(bench.engine) as session:
        assert [example.unsuitable for example in session.exec(select(SafetyExample))] == [False]
    assert f'id="story-{item_id}"' in eve.client.get(at(draft)).text


@pytest.mark.parametrize("where", ["queue", "edition", "story"])
def test_a_story_can_be_flagged_wherever_it_stands(bench: Bench, draft: Seeded, where: str) -> None:
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    item_id = draft.item_ids[0 if where == "edition" else 5]
    path = at(draft, "items", item_id, "flag")
    page = eve.client.get(at(draft, "items", item_id) if where == "story" else at(draft)).text
    assert f'action="{path}"' in page
    assert eve.post(path, version=1, reason=f" {HOSTILE} ").status_code == 303
    assert item_of(bench, item_id).flags == [{"kind": "by hand", "words": HOSTILE, "by": ""}]
    assert item_of(bench, item_id).decision is Decision.NONE
    for after in (f"{at(draft)}?show=flagged", at(draft, "items", item_id)):
        html = eve.client.get(after).text
        assert f'action="{path}"' not in html
        assert "<img" not in html


def test_a_story_that_was_opened_is_told_without_an_answer(bench: Bench, draft: Seeded) -> None:
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    path = at(draft, "items", draft.item_ids[5], "opened")
    assert f'action="{path}"' in eve.client.get(at(draft)).text
    answer = eve.post(path)
    assert (answer.status_code, answer.text) == (204, "")
    assert item_of(bench, draft.item_ids[5]).opened_at == NOW


@pytest.mark.parametrize("how", ["plain", "scripted"])
def test_stories_are_put_together_and_taken_back(bench: Bench, draft: Seeded, how: str) -> None:
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    one, other = draft.item_ids[0], draft.item_ids[6]
    story = eve.client.get(at(draft, "items", one)).text
    assert f'<option value="{other}">' in story
    answer = send(eve, how, at(draft, "items", one, "merge"), other=other)
    if how == "plain":
        assert answer.headers["location"] == f"{at(draft)}?said=merged#story-{one}"
    page = eve.client.get(f"{at(draft)}?said=merged").text if how == "plain" else answer.text
    assert "Put together: new articles about either join this story" in page
    assert re.search(r"“Smaller models.*” put together with “A hospital network.*”", unescape(page))
    assert item_of(bench, other).decision is Decision.SKIPPED
    edit = re.search(r'name="edit" value="(\d+)"', page)
    assert edit
    back = send(eve, how, at(draft, "take-back"), edit=edit[1])
    assert back.status_code == (200 if how == "scripted" else 303)
    assert item_of(bench, other).decision is Decision.NONE
    assert 'name="edit"' not in eve.client.get(at(draft)).text


@pytest.mark.parametrize("how", ["plain", "scripted"])
def test_a_story_is_taken_apart_from_its_page(bench: Bench, draft: Seeded, how: str) -> None:
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    one = draft.item_ids[0]
    article = re.findall(r'name="articles" value="(\d+)"', eve.client.get(at(draft, "items", one)).text)
    assert len(article) == 2
    answer = send(eve, how, at(draft, "items", one, "split"), articles=article[0])
    assert answer.status_code == (200 if how == "scripted" else 303)
    page = eve.client.get(f"{at(draft)}?said=split").text
    assert page.count("data-story") == 9
    assert "Taken apart: the other story is at the end of the queue" in page
    assert "taken apart from" in page
    assert len(re.findall(r'name="articles"', eve.client.get(at(draft, "items", one)).text)) == 1


@pytest.mark.parametrize("how", ["plain", "scripted"])
def test_what_stands_behind_a_reason_is_turned_and_back_again(bench: Bench, draft: Seeded, how: str) -> None:
    with transaction(bench.engine) as session:
        session.get_one(Source, 8).weight = 1.0
    reranked(bench, draft)
    eve = bench.signed_in("eve@newsletter.example", UserRole.EDITOR)
    page = eve.client.get(at(draft)).text
    assert 'value="usual" aria-label="Boost Fenwick Archive" aria-pressed="true"' in page
    assert 'aria-label="Mute Fenwick Archive" aria-pressed="false"' in page
    answer = send(eve, how, at(draft, "turn"), way="mute", source=8)
    if how == "plain":
        assert answer.headers["location"] == f"{at(draft)}?said=turned"
    after = eve.client.get(f"{at(draft)}?said=turned").text if how == "plain" else answer.text
    assert "the queue is ranked afresh" in after
    assert 'value="usual" aria-label="Mute Fenwick Archive" aria-pressed="true"' in after
    assert "Fenwick Archive is muted by an editor" in after
    last = re.findall(r'id="story-(\d+)" data-story', after.split('id="edition"')[0])[-1]
    assert int(last) == draft.item_ids[6]
    send(eve, how, at(draft, "turn"), way="usual", source=8)
    with reading(bench.engine) as session:
        assert session.get_one(Source, 8).weight == 0


def test_hostile_names_of_terms_and_sources_are_words_and_nothing_else(bench: Bench, draft: Seeded) -> None:
    with transaction(bench.engine) as session:
        session.get_one(Source, 8).title = HOSTILE
        item = session.get_one(EditionItem, draft.item_ids[6])
        lever = {"kind": "term", "name": HOSTILE, "source_id": 0}
        item.reasons = [{"name": "wish", "points": 1.0, "words": HOSTILE, "levers": [lever]}]
    ada = bench.signed_in()
    for path in (at(draft), at(draft, "items", draft.item_ids[6])):
        page = ada.client.get(path).text
        assert "<img" not in page
        assert f'name="term" value="{HOSTILE}"' in re.sub(r"&(#34|#39|lt|gt|amp);", lambda m: unescape(m[0]), page)
    assert ada.post(at(draft, "turn"), way="mute", term=HOSTILE).status_code == 303
    with reading(bench.engine) as session:
        assert session.exec(select(Wish.name)).one() == HOSTILE
    for path in (at(draft), at(draft, "items", draft.item_ids[6]), "/desk/log"):
        assert "<img" not in ada.client.get(path).text


@pytest.mark.parametrize(("action", "fields"), ACTIONS)
def test_nothing_is_done_without_the_token_or_for_somebody_signed_out(
    bench: Bench, draft: Seeded, action: str, fields: dict[str, str]
) -> None:
    ada = bench.signed_in()
    path = at(draft, action.format(item=draft.item_ids[5]))
    form = {"version": "1"} | {name: value.format(other=draft.item_ids[6], article=9) for name, value in fields.items()}
    before = rows(bench, draft)
    for client, token in ((ada.client, "wrong"), (ada.client, ""), (bench.client(), "x")):
        assert client.post(path, data={**form, "csrf": token}).status_code == 403
    foreign = ada.client.post(path, data={**form, "csrf": ada.csrf()}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
    assert ada.client.get(path).status_code in {404, 405}
    assert rows(bench, draft) == before


@pytest.mark.parametrize("action", ["confirm", "flag", "clear"])
@pytest.mark.parametrize("how", ["plain", "scripted"])
def test_on_another_version_nothing_is_done_and_a_sentence_says_so(
    bench: Bench, draft: Seeded, action: str, how: str
) -> None:
    item = doubtful(bench, draft)
    flagged(bench, draft)
    item_id = draft.item_ids[6] if action == "clear" else item.id
    ada = bench.signed_in()
    before = rows(bench, draft)
    answer = send(ada, how, at(draft, "items", item_id, action), version=77, claim=0, reason="x")
    assert answer.status_code == 409
    assert "was changed by someone else" in answer.text
    assert rows(bench, draft) == before


BAD = ("", "x", "-1", "0", "1.5", "²", HUGE, "999999999", "1 OR 1=1", HOSTILE, "١")


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("items/{item}/confirm", "claim"),
        ("items/{item}/confirm", "version"),
        ("items/{item}/flag", "version"),
        ("items/{item}/clear", "version"),
        ("items/{item}/merge", "other"),
        ("items/{item}/split", "articles"),
        ("take-back", "edit"),
        ("turn", "source"),
        ("turn", "way"),
    ],
)
def test_whatever_a_form_holds_a_sentence_answers(
    bench: Bench, draft: Seeded, action: str, field: str, bad: str
) -> None:
    flagged(bench, draft)
    doubtful(bench, draft)
    item = draft.item_ids[6] if "clear" in action else draft.item_ids[0]
    ada = bench.signed_in()
    before = rows(bench, draft)
    form: dict[str, object] = {"claim": 9, "version": 3, "other": 1, "way": "", field: bad}
    answer = ada.post(at(draft, action.format(item=item)), **form)
    assert answer.status_code in {409, 422}, answer.text
    assert len(unescape(re.sub(r"<[^>]+>", "", answer.text)).strip()) > 40
    assert "<img" not in answer.text
    assert rows(bench, draft) == before
    with reading(bench.engine) as session:
        assert session.exec(select(StoryEdit)).all() == []


@pytest.mark.parametrize(("action", "_fields"), ACTIONS)
def test_missing_fields_and_ids_that_are_none_get_a_sentence(
    bench: Bench, draft: Seeded, action: str, _fields: object
) -> None:
    ada = bench.signed_in()
    bare = ada.post(at(draft, action.format(item=draft.item_ids[0])))
    expected = {204} if action.endswith("opened") else {409, 422}
    assert bare.status_code in expected
    for edition, item in (("999999999", "1"), (HUGE, "1"), (draft.edition_id, "999999999"), (draft.edition_id, HUGE)):
        if "{item}" not in action and edition == draft.edition_id:
            continue
        fields = {"version": 1, "claim": 0, "other": 2, "articles": 9, "edit": 1, "way": "mute", "term": "chip"}
        answer = ada.post(f"/desk/editions/{edition}/{action.format(item=item)}", **fields)
        assert answer.status_code in {204, 404, 409, 422}, (edition, item, answer.text)


def test_long_lists_of_articles_are_refused(bench: Bench, draft: Seeded) -> None:
    ada = bench.signed_in()
    path = at(draft, "items", draft.item_ids[0], "split")
    for ids in (",".join(["9"] * 101), "9,,9", "9,", ",9", "9;10"):
        assert ada.post(path, articles=ids).status_code == 422


def test_each_of_it_is_a_line_in_the_log(bench: Bench, draft: Seeded) -> None:
    item = doubtful(bench, draft)
    ada = bench.signed_in()
    base = at(draft, "items", item.id)
    ada.post(f"{base}/confirm", version=2, claim=0)
    ada.post(f"{base}/merge", other=draft.item_ids[5])
    ada.post(at(draft, "take-back"), edit=1)
    ada.post(at(draft, "items", draft.item_ids[6], "flag"), version=1, reason="look")
    ada.post(at(draft, "items", draft.item_ids[6], "clear"), version=2)
    ada.post(at(draft, "turn"), way="mute", term="chip")
    with reading(bench.engine) as session:
        entries = session.exec(select(LogEntry).order_by(col(LogEntry.id))).all()
        assert session.exec(select(Notice)).all() == []
    assert [entry.what for entry in entries] == [
        "edited a story",
        "confirmed a claim",
        "put stories together",
        "took a grouping back",
        "flagged a story",
        "cleared a flagged story",
        "muted a term",
    ]
    assert {entry.edition_id for entry in entries} == {draft.edition_id}
    assert ada.client.get("/desk/log").status_code == 200
