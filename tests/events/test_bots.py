"""Machines are told from people by what they do, and a doubt is for the person."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.events.bots import MOST_CLICKS, Arrival, Click, Evidence, judge, names_a_machine
from tests.conftest import NOW

E = Evidence
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
DELIVERED = Arrival(delivered=NOW, sent=NOW - timedelta(seconds=3))
HOUR = 3600.0
OUT = 99  # stands for the link to unsubscribe


def click(seconds: float, place: int = 1, agent: str = CHROME, *, unseen: bool = False) -> Click:
    """A click so many seconds after the delivery."""
    at, out = NOW + timedelta(seconds=seconds), place == OUT
    return Click(at, f"https://a.example/{place}", agent, 0 if out else place, leaves=out, unseen=unseen)


def judged(*clicks: Click, stories: int = 12, arrival: Arrival = DELIVERED) -> list[Evidence | None]:
    return judge(clicks, arrival, stories=stories)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/139.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0 A",
        "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))",
        "Mimecast Protect",
        "Mozilla/5.0 (ProofPoint URL Defense)",
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        "python-requests/2.32.3",
        "curl/8.5.0",
        "Wget/1.21.4",
        "Go-http-client/2.0",
        "Java/17.0.2",
        "Sogou web spider/4.0",
    ],
)
def test_a_machine_that_says_what_it_is_is_believed(agent: str) -> None:
    assert names_a_machine(agent)
    assert judged(click(HOUR, agent=agent)) == [E.AGENT]


@pytest.mark.parametrize(
    "agent",
    [
        FIREFOX,
        CHROME,
        "Mozilla/5.0",  # cut by a client that hides itself
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36 [WhatsApp/2.24]",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Thunderbird/140.0",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36 Edg/130.0 OutlookWeb",
        "Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18",
    ],
)
def test_browsers_are_people(agent: str) -> None:
    assert judged(click(HOUR, agent=agent)) == [None]


def test_a_client_that_sends_no_user_agent_is_no_browser() -> None:
    assert judged(click(HOUR, agent="")) == [E.NO_AGENT]


@pytest.mark.parametrize(
    ("seconds", "evidence"),
    [(-900, E.AT_ONCE), (-1, E.AT_ONCE), (0, E.AT_ONCE), (9.9, E.AT_ONCE), (10, None), (HOUR, None)],
)
def test_nobody_clicks_before_a_letter_can_be_read(seconds: float, evidence: Evidence | None) -> None:
    assert judged(click(seconds)) == [evidence]


@pytest.mark.parametrize(
    ("seconds", "evidence"), [(0, E.AT_ONCE), (9.9, E.AT_ONCE), (10, None), (-5, None), (-HOUR, None), (HOUR, None)]
)
def test_without_a_delivery_the_sending_counts_and_a_wrong_clock_of_ours_blames_nobody(
    seconds: float, evidence: Evidence | None
) -> None:
    assert judged(click(seconds), arrival=Arrival(sent=NOW)) == [evidence]
    assert judged(click(seconds), arrival=Arrival()) == [None]


@pytest.mark.parametrize(
    ("times", "machine"),
    [
        ((0, 0.5, 1, 1.5), True),
        ((0, 0.5, 1, 2), True),
        ((0, 0.5, 1), False),  # three headlines opened in tabs
        ((0, 1, 2, 3), False),
        ((0, 60, 900, 7200), False),
    ],
)
def test_U23_many_different_links_within_two_seconds_are_a_machines(times: tuple[float, ...], machine: bool) -> None:
    clicks = [click(HOUR + second, place) for place, second in enumerate(times, start=1)]
    assert judged(*clicks) == [E.BURST if machine else None] * len(times)


def test_one_link_hit_again_and_again_is_an_impatient_person() -> None:
    assert judged(*[click(HOUR + n / 10) for n in range(30)]) == [None] * 30


@pytest.mark.parametrize(
    ("stories", "gap", "out", "machine"),
    [
        (5, 10, False, True),
        (5, 20, False, False),  # she read it all, in eighty seconds
        (4, 10, False, False),
        (4, 10, True, True),
        (3, 15, True, True),
        (2, 15, True, False),
        (3, 30, True, False),  # read, and left
    ],
)
def test_U23_every_link_within_a_minute_is_a_machines(stories: int, gap: float, out: bool, machine: bool) -> None:
    places = [*range(1, stories + 1), *([OUT] if out else [])]
    clicks = [click(HOUR + gap * number, place) for number, place in enumerate(places)]
    assert judged(*clicks, stories=stories) == [E.EVERY_LINK if machine else None] * len(places)


def test_a_link_that_no_person_sees_betrays_the_whole_visit() -> None:
    visit = [click(HOUR, 1), click(HOUR + 2, 2, unseen=True), click(HOUR + 4, 3), click(HOUR + 7, 4)]
    assert judged(*visit) == [E.SAME_VISIT, E.UNSEEN, E.SAME_VISIT, None]


def test_a_scanner_that_began_in_time_may_end_late() -> None:
    assert judged(*[click(8 + second, 1 + second % 3) for second in range(6)]) == [E.AT_ONCE] * 2 + [E.SAME_VISIT] * 4


def test_a_reader_behind_a_scanner_counts_by_her_own_clicks() -> None:
    scanned = [click(3 + place / 10, place) for place in range(1, 9)]
    assert judged(*scanned, click(HOUR, 2)) == [E.AT_ONCE] * 8 + [None]
    # Even while it is at work: she is another client.
    assert judged(click(11, 2, FIREFOX), click(9.5, 1)) == [None, E.AT_ONCE]


def test_a_letter_clicked_more_often_than_people_can_is_a_flood() -> None:
    clicks = [click(HOUR + 60.0 * n) for n in range(MOST_CLICKS + 1)]
    assert judged(*clicks[:-1])[-1] is None
    assert set(judged(*clicks)) == {E.FLOOD}


CLICKS = st.lists(
    st.builds(
        click,
        st.one_of(st.integers(0, 40), st.integers(-5, 400)).map(lambda quarter: quarter / 4 + 8),
        st.sampled_from([1, 2, 3, 4, 5, OUT]),
        st.sampled_from([CHROME, FIREFOX, "curl/8.5.0", ""]),
        unseen=st.sampled_from([False] * 9 + [True]),
    ),
    max_size=25,
)


def _people(clicks: list[Click], arrival: Arrival, stories: int) -> set[Click]:
    return {one for one, found in zip(clicks, judge(clicks, arrival, stories=stories), strict=True) if found is None}


@settings(max_examples=200, deadline=None)
@given(clicks=CLICKS, more=CLICKS, stories=st.integers(1, 6), chance=st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters_and_no_click_clears_another(
    clicks: list[Click], more: list[Click], stories: int, chance: object
) -> None:
    people = _people(clicks, DELIVERED, stories)
    told = clicks + clicks[:3]
    chance.shuffle(told)  # type: ignore[attr-defined]
    assert _people(told, DELIVERED, stories) == people
    assert _people(clicks + more, DELIVERED, stories) & set(clicks) <= people


def test_the_time_it_takes_grows_with_the_clicks_alone() -> None:
    """All clicks within one window, and each in a crowd: the worst there is."""
    from time import perf_counter

    clicks = [click(HOUR + n / 10_000, 1 + n % 7) for n in range(MOST_CLICKS)]
    began: float = perf_counter()
    assert set(judged(*clicks, stories=7)) == {E.BURST}
    assert perf_counter() - began < 2
