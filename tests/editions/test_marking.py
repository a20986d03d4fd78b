"""Doubtful places marked where they stand: whatever claims say, the words stay as they are."""

from hypothesis import given
from hypothesis import strategies as st

from flows.editions.desk.marking import Segment, doubts, segments

TEXT = "The court fined 14 firms on Monday."


def claim(start: int, end: int, *, text: str = "", field: str = "blurb", by: str = "") -> dict[str, object]:
    said = text or TEXT[max(start, 0) : end]
    return {"field": field, "kind": "number", "text": said, "start": start, "end": end, "why": "Why.", "by": by}


def cut(text: str, *claims: dict[str, object], field: str = "blurb") -> tuple[Segment, ...]:
    return segments(text, claims, doubts(claims, {"ada@newsletter.example": "Ada"}), field)


def marks(found: tuple[Segment, ...]) -> list[str]:
    return [segment.text for segment in found if segment.doubt]


@given(
    st.text(max_size=60),
    st.lists(
        st.builds(
            claim,
            st.integers(-5, 70),
            st.integers(-5, 70),
            text=st.just("x"),
            field=st.sampled_from(["headline", "blurb"]),
            by=st.sampled_from(["", "", "ada@newsletter.example"]),
        ),
        max_size=12,
    ),
    st.sampled_from(["headline", "blurb"]),
)
def test_a_cut_text_joined_again_is_the_text(text: str, claims: list[dict[str, object]], field: str) -> None:
    found = cut(text, *claims, field=field)
    assert "".join(segment.text for segment in found) == text
    assert all(segment.text for segment in found)
    for segment in found:
        if segment.doubt:
            assert (segment.doubt.field, segment.doubt.by) == (field, "")


def test_a_claim_is_marked_where_it_stands() -> None:
    assert cut(TEXT, claim(16, 18))[0].text == "The court fined "
    assert marks(cut(TEXT, claim(16, 18), claim(28, 34))) == ["14", "Monday"]


def test_of_two_that_overlap_the_more_doubtful_is_marked() -> None:
    assert marks(cut(TEXT, claim(10, 18), claim(16, 24))) == ["fined 14"]


def test_a_claim_beyond_the_text_or_of_the_other_field_is_not_marked() -> None:
    assert marks(cut(TEXT, claim(30, 99), claim(-2, 3), claim(9, 9), claim(0, 3, field="headline"))) == []


def test_what_a_colleague_confirmed_is_marked_no_more_and_names_her() -> None:
    confirmed = claim(16, 18, by="ada@newsletter.example")
    assert marks(cut(TEXT, confirmed)) == []
    assert (
        doubts([confirmed, claim(28, 34, by="gone@newsletter.example")], {"ada@newsletter.example": "Ada"})[0].by
        == "Ada"
    )


def test_a_claim_is_named_by_its_place_in_the_list() -> None:
    assert [doubt.place for doubt in doubts([claim(16, 18), claim(28, 34)], {})] == [0, 1]
