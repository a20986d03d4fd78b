"""A robots.txt, whoever wrote it, is obeyed, and costs little."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.articles.robots import MAX_BYTES, Rules, read_robots

SITE = "https://blog.example"
US = "Masthead"


def rules(text: str, status: int = 200) -> Rules:
    return read_robots(status, text.encode())


def allows(text: str, path: str = "/post") -> bool:
    return rules(text).allows(US, SITE + path)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 451])
def test_a_site_without_the_file_allows_everything(status: int) -> None:
    assert rules("User-agent: *\nDisallow: /", status).allows(US, f"{SITE}/post")


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503, 599])
def test_a_site_in_trouble_allows_nothing_for_now(status: int) -> None:
    assert not rules("User-agent: *\nAllow: /", status).allows(US, f"{SITE}/post")


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\n", "<html><title>404</title></html>", "Disallow: /\n"])
def test_a_file_without_groups_allows_everything(text: str) -> None:
    assert allows(text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow:", True),
        ("user-AGENT : *\nDISALLOW : /post", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: masthead\nAllow: /", True),
        ("User-agent: masthead\nAllow: /\n\nUser-agent: *\nDisallow: /", True),
        ("User-agent: Masthead/1.0 (a note)\nDisallow: /", False),
        ("User-agent: other\nUser-agent: Masthead # us\nDisallow: /", False),
        ("User-agent: other\nSitemap: https://blog.example/s\nUser-agent: Masthead\nDisallow: /", False),
        ("User-agent: masthead\nDisallow: /a\nUser-agent: b\nDisallow: /\nUser-agent: masthead\nDisallow: /p", False),
        ("User-agent: mast\nDisallow: /", True),
        ("User-agent: mastheadish\nDisallow: /", True),
        ("User-agent: *\nDisallow: /p\nAllow: /po", True),
        ("User-agent: *\nDisallow: /*.html$\nDisallow: /po*t$", False),
        ("User-agent: *\nDisallow: /po*x", True),
        ("\ufeffUser-agent: *\r\nDisallow: /post\r\n", False),
        ("User-agent: *\rDisallow: /post\r", False),
        ("User-agent: *\nDis\x00allow: /post\x07", False),
    ],
)
def test_the_most_exact_group_and_the_longest_rule_decide(text: str, allowed: bool) -> None:
    assert allows(text) is allowed


def test_the_address_of_the_file_itself_is_always_allowed() -> None:
    assert allows("User-agent: *\nDisallow: /", "/robots.txt")


@pytest.mark.parametrize(
    ("said", "delay_s"),
    [("5", 5.0), ("0.5", 0.5), ("600", 30.0), ("1e300", 30.0), ("nan", 0.0), ("inf", 0.0), ("-3", 0.0), ("soon", 0.0)],
)
def test_a_delay_is_kept_within_reason(said: str, delay_s: float) -> None:
    assert rules(f"User-agent: *\nCrawl-delay: {said}").delay_s(US) == delay_s


def test_the_delay_of_our_own_group_counts() -> None:
    found = rules("User-agent: *\nCrawl-delay: 20\n\nUser-agent: masthead\nCrawl-delay: 2\n")
    assert (found.delay_s(US), found.delay_s("other"), rules("").delay_s(US)) == (2.0, 20.0, 0.0)


def test_a_file_that_is_too_long_is_cut_at_a_line() -> None:
    head = b"User-agent: *\n"
    filler = b"#" * (MAX_BYTES - len(head) - len(b"\nDisallow: /"))
    found = read_robots(200, head + filler + b"\nDisallow: /private\n")  # the cut falls behind the slash
    assert found.allows(US, f"{SITE}/post")
    assert read_robots(200, b"User-agent: *" + b"\xff" * MAX_BYTES).allows(US, f"{SITE}/post")


MADE_TO_COST = {
    "megabytes of rules": "User-agent: *\n" + "Disallow: /a\n" * 400_000,
    "different rules": "User-agent: *\n" + "".join(f"Disallow: /{n}\n" for n in range(60_000)),
    "a pattern of wildcards": "User-agent: *\nDisallow: /" + "*a" * 200_000 + "b\n",
    "many patterns of wildcards": "User-agent: *\n" + ("Disallow: /" + "*a" * 900 + "b$\n") * 270,
    "wildcards alone": "User-agent: *\nDisallow: " + "*" * 400_000 + "\n",
    "every rule a wildcard": "User-agent: *\n" + "".join(f"Disallow: *aaaa{n}*aab\n" for n in range(25_000)),
    "thousands of names on thousands of rules": "".join(f"User-agent: a{n}\n" for n in range(15_000))
    + "User-agent: masthead\n"
    + "Disallow: /x\n" * 15_000,
    "thousands of groups": "".join(f"User-agent: *\nDisallow: /{n}\n" for n in range(17_000)),
    "one long line": "User-agent: *" + " " * 500_000,
    "colons": ":" * 500_000,
    "controls": "User-agent: *\n" + "\x00\x1b\x85\u2028" * 60_000,
    "percent signs": "User-agent: *\nDisallow: /" + "%" * 400_000 + "\n" + "Disallow: /%41%%\n" * 20_000,
    "no line at all": "x" * 10_000_000,
}


@pytest.mark.parametrize("what", MADE_TO_COST)
def test_F12_a_file_made_to_cost_much_costs_little(what: str) -> None:
    body = MADE_TO_COST[what].encode()
    address = f"{SITE}/" + "a" * 1900
    started = time.process_time()
    found = read_robots(200, body)
    for _ in range(5):
        found.allows(US, address)
    found.delay_s(US)
    assert time.process_time() - started < 3


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["User-agent:", " *", "Masthead", "\n", "\r", "Disallow: ", "Allow: ", "/", "*", "$", "#", "%"])
        | st.text(max_size=5),
        max_size=40,
    )
)
def test_any_file_gives_an_answer(parts: list[str]) -> None:
    found = read_robots(200, "".join(parts).encode("utf-8", "surrogatepass"))
    assert found.allows(US, f"{SITE}/post?a=1#b") in {True, False}
    assert 0.0 <= found.delay_s(US) <= 30.0
