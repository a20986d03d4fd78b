"""Every gate shuts for its own reason, and says what to do."""

from dataclasses import replace

import pytest

from flows.editions.preflight import Facts, Level, check, errors
from flows.editions.seal import Content, ContentSection, Item
from tests.editions.contents import CONTENT, ITEM, OTHER


def with_items(*items: Item) -> Content:
    return replace(CONTENT, sections=(ContentSection("Research", items),))


def gates(content: Content, facts: Facts | None = None) -> dict[str, Level]:
    return {finding.gate: finding.level for finding in check(content, facts or Facts())}


def test_nothing_stands_in_the_way_of_a_good_edition() -> None:
    assert check(CONTENT, Facts(html_bytes=40_000, has_unsubscribe=True)) == ()


@pytest.mark.parametrize(
    ("content", "gate", "level"),
    [
        (replace(CONTENT, sections=()), "no_stories", Level.ERROR),
        (replace(CONTENT, subject="  "), "empty_subject", Level.ERROR),
        (replace(CONTENT, subject="x" * 151), "long_subject", Level.ERROR),
        (replace(CONTENT, subject="x" * 71), "long_subject", Level.WARNING),
        (with_items(replace(ITEM, headline=" ")), "empty_headline", Level.ERROR),
        (with_items(replace(ITEM, blurb="")), "empty_blurb", Level.WARNING),
        (with_items(replace(ITEM, link="")), "bad_link", Level.ERROR),
        (with_items(replace(ITEM, link="javascript:alert(1)")), "bad_link", Level.ERROR),
        (with_items(replace(ITEM, link="https://[")), "bad_link", Level.ERROR),
        (with_items(replace(ITEM, link="mailto:a@b.example")), "bad_link", Level.ERROR),
        (with_items(ITEM, replace(OTHER, link=ITEM.link + "#part")), "duplicate_link", Level.ERROR),
        (replace(CONTENT, postal_address="The Post, 1 Example Street, Berlin"), "example_address", Level.WARNING),
        (replace(CONTENT, sender="Post <post@mail.example.com>"), "example_sender", Level.WARNING),
    ],
)
def test_a_gate_shuts(content: Content, gate: str, level: Level) -> None:
    assert gates(content) == {gate: level}


@pytest.mark.parametrize(
    ("facts", "gate", "level"),
    [
        (Facts(ran_before={1: 9}), "ran_before", Level.WARNING),
        (Facts(html_bytes=96 * 1024), "large_letter", Level.WARNING),
        (Facts(has_unsubscribe=False), "no_unsubscribe", Level.ERROR),
    ],
)
def test_a_gate_shuts_for_what_the_content_cannot_tell(facts: Facts, gate: str, level: Level) -> None:
    assert gates(CONTENT, facts) == {gate: level}


def test_invented_addresses_are_fine_while_letters_stay_in_the_outbox() -> None:
    demo = replace(CONTENT, sender="Post <post@newsletter.example>", postal_address="1 Example Street, Berlin")
    assert gates(demo, Facts(outbox=True)) == {}
    assert set(gates(demo)) == {"example_sender", "example_address"}


def test_errors_come_first_and_every_finding_says_what_to_do() -> None:
    findings = check(replace(with_items(replace(ITEM, blurb="", link="")), subject=""), Facts(ran_before={1: 9}))
    levels = [finding.level for finding in findings]
    assert levels == sorted(levels, key=[Level.ERROR, Level.WARNING].index)
    assert all(finding.sentence.endswith(".") and finding.fix.endswith(".") for finding in findings)
    assert len(errors(findings)) == 2


def test_a_finding_about_a_story_names_it() -> None:
    (finding,) = check(with_items(replace(ITEM, link="")), Facts())
    assert finding.item_id == ITEM.item_id
    assert ITEM.headline in finding.sentence
