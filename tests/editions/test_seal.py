"""The seal holds exactly what was approved: any change of any field breaks it."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flows.editions.differences import differences
from flows.editions.seal import Content, ContentSection, Item, check_seal, seal
from flows.errors import SealError
from tests.editions.contents import CONTENT, ITEM

SEAL = seal(CONTENT)
CONTENT_FIELDS = [field.name for field in fields(Content) if field.name != "sections"]
ITEM_FIELDS = [field.name for field in fields(Item)]


def other(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return data.draw(st.integers(min_value=0, max_value=10**6).filter(lambda new: new != value))
    return data.draw(st.text(max_size=60).filter(lambda new: new != value))


def changed_item(name: str, data: st.DataObject) -> Content:
    section = CONTENT.sections[0]
    item = replace(ITEM, **{name: other(getattr(ITEM, name), data)})
    return replace(CONTENT, sections=(ContentSection(section.name, (item, *section.items[1:])), *CONTENT.sections[1:]))


def assert_broken(changed: Content) -> None:
    assert seal(changed) != SEAL
    with pytest.raises(SealError):
        check_seal(changed.as_json(), SEAL)
    assert differences(CONTENT, changed), "a broken seal must be explained"


@hypothesis_settings(max_examples=15, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", CONTENT_FIELDS)
def test_E15_a_change_of_any_field_breaks_the_seal(name: str, data: st.DataObject) -> None:
    assert_broken(replace(CONTENT, **{name: other(getattr(CONTENT, name), data)}))


@hypothesis_settings(max_examples=15, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("name", ITEM_FIELDS)
def test_E15_a_change_of_any_story_breaks_the_seal(name: str, data: st.DataObject) -> None:
    assert_broken(changed_item(name, data))


def test_E15_order_sections_and_number_of_stories_are_sealed() -> None:
    research, safety = CONTENT.sections
    for sections in (
        (safety, research),
        (research,),
        (ContentSection("Research", research.items[::-1]), safety),
        (ContentSection("Research", research.items[:1]), safety),
        (ContentSection("Studies", research.items), safety),
        (ContentSection("Research", (*research.items, *safety.items)),),
    ):
        changed = replace(CONTENT, sections=sections)
        assert seal(changed) != SEAL
        with pytest.raises(SealError):
            check_seal(changed.as_json(), SEAL)


def test_what_is_sealed_reads_back_whole() -> None:
    assert check_seal(CONTENT.as_json(), SEAL) == CONTENT
    assert differences(CONTENT, Content.from_json(CONTENT.as_json())) == ()


@pytest.mark.parametrize("document", [{}, {"sections": 3}, {**CONTENT.as_json(), "more": 1}])
def test_a_document_that_is_no_content_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(SealError, match="approve it again"):
        check_seal(document, SEAL)


def test_an_edition_without_a_seal_is_refused() -> None:
    with pytest.raises(SealError):
        check_seal(CONTENT.as_json(), "")


def test_a_difference_names_the_story_and_both_sides() -> None:
    section = CONTENT.sections[0]
    item = replace(ITEM, headline="A better headline")
    changed = replace(CONTENT, sections=(ContentSection("Research", (item, *section.items[1:])), CONTENT.sections[1]))
    (difference,) = differences(CONTENT, changed)
    assert (difference.before, difference.after) == ("A headline", "A better headline")
