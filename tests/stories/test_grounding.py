"""What a blurb says and its article does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.stories.grounding import Claim, ClaimKind, index, unsupported

TITLE = "Northlight lab leaves the alliance"
TEXT = """Ada Quill left Northlight on Monday, March 4th, 2024, after three years as its director.
The model NL-4 was 34% faster than the 12 others, and Tomas Reyes did not agree with the method.
“We have never seen such a leap in two weeks,” said Reyes. The lab raised $5 million and will hire 1,200 people.
Sales rose before the summer, although the office in Lisbon was closed for 10,000 hours. The United Nations can use it.
The team had no comment on the Orion project in 2021."""
ARTICLE = index(TITLE, TEXT, "")


@pytest.mark.parametrize(
    "sentence",
    [
        "Ada Quill left Northlight on Monday, March 4th, 2024, after three years as its director.",
        "Ada Quill left Northlight on Monday, 4 March 2024, after 3 years as its director.",
        "Ada Quill left Northlight on Monday, Mar. 4, 2024.",
        "The model NL-4 was 34 percent faster than the twelve others.",
        "The model NL-4 was 34 per cent faster than the 12 others, and Tomas Reyes didn't agree with the method.",
        '"We have never seen such a leap in two weeks," said Reyes.',
        "“We have never seen such a leap …,” said Reyes.",
        "The lab raised $5m and will hire 1200 people.",
        "The lab raised 5 million dollars and will hire 1.2k people.",
        "The office in Lisbon was closed for 10k hours.",
        "The UN can use it.",
        "Quill left Northlight after three years as its director.",
        "",
    ],
)
def test_what_the_article_says_is_not_doubted_in_whatever_typography(sentence: str) -> None:
    assert unsupported(sentence, ARTICLE) == ()


@pytest.mark.parametrize(
    ("sentence", "kind", "said"),
    [
        ("The model NL-4 was 43% faster than the 12 others.", ClaimKind.NUMBER, "43"),
        ("The model NL-4 was 12% faster than the 34 others.", ClaimKind.NUMBER, "12"),
        ("The model NL-5 was 34% faster than the 12 others.", ClaimKind.NUMBER, "NL-5"),
        ("Ada Quill left Northlight after seven years as its director.", ClaimKind.NUMBER, "seven"),
        ("The lab raised $5 billion and will hire 1,200 people.", ClaimKind.NUMBER, "$5 billion"),
        ("The lab raised €5 million and will hire 1,200 people.", ClaimKind.NUMBER, "€5 million"),
        ("Ada Quill left Northlight on Monday, March 4th, 2023.", ClaimKind.DATE, "2023"),
        ("Ada Quill left Northlight on Monday, March 4th, 2021.", ClaimKind.DATE, "2021"),
        ("Ada Quill left Northlight on Friday, March 4th, 2024.", ClaimKind.DATE, "Friday"),
        ("Ada Quill left Northlight on Monday, August 4th, 2024.", ClaimKind.DATE, "August"),
        ("Ada Quill left Northlight on Monday, March 9th, 2024.", ClaimKind.DATE, "9th"),
        ("Ada Quill left Brightwater after three years as its director.", ClaimKind.NAME, "Brightwater"),
        ("Tomas Reyes left Northlight on Monday, March 4th, 2024.", ClaimKind.NAME, "Tomas Reyes"),
        ("Ada Reyes left Northlight on Monday, March 4th, 2024.", ClaimKind.NAME, "Reyes"),
        ("“We have often seen such a leap in two weeks,” said Reyes.", ClaimKind.QUOTATION, None),
        ("“It was a dream,” said Reyes.", ClaimKind.QUOTATION, "“It was a dream,”"),
        ("The “office in Lisbon was closed”, said Reyes.", ClaimKind.QUOTATION, "“office in Lisbon was closed”"),
        ("Tomas Reyes did agree with the method.", ClaimKind.NEGATION, None),
        ("The United Nations cannot use it.", ClaimKind.NEGATION, "cannot"),
        ("The office in Lisbon wasn’t closed for 10,000 hours.", ClaimKind.NEGATION, "wasn’t"),
        ("The team had a comment on the Orion project in 2021.", ClaimKind.NEGATION, None),
        ("Sales fell before the summer.", ClaimKind.ANTONYM, "fell"),
        ("Sales rose after the summer.", ClaimKind.ANTONYM, "after"),
    ],
)
def test_what_the_article_does_not_say_is_shown_where_it_stands(
    sentence: str, kind: ClaimKind, said: str | None
) -> None:
    found = [claim for claim in unsupported(sentence, ARTICLE) if claim.kind is kind]
    assert found
    assert said is None or said in {claim.text for claim in found}


def test_the_most_doubtful_comes_first_and_says_why_and_what_is_nearest() -> None:
    claims = unsupported("The model NL-4 was 43% faster than the 12 others. Sales fell before the summer.", ARTICLE)
    assert claims[0].text == "43"
    assert claims[0].why == "The article has no number “43”; nearest: “34%”."
    assert [claim.doubt for claim in claims] == sorted((claim.doubt for claim in claims), reverse=True)


def test_a_no_that_was_cut_off_at_the_beginning_is_missed() -> None:
    assert unsupported("One of them was hurt.", "No one of them was hurt.")


@pytest.mark.parametrize(
    ("text", "source", "kind"),
    [
        ("売上は50億円だった。", "売上は30億円だった。社員は50人。", "number"),
        ("首相は「反対する」と述べた。", "首相は「賛成する」と述べた。", "quotation"),
        ("ارتفعت المبيعات ٤٣ في المئة", "ارتفعت المبيعات 34 في المئة", "number"),
    ],
)
def test_numbers_and_quotations_count_in_scripts_without_case(text: str, source: str, kind: str) -> None:
    assert kind in {claim.kind.value for claim in unsupported(text, source)}
    assert unsupported(source, source) == ()


def test_german_nouns_are_no_names() -> None:
    source = "Der Minister hat am Abend in der Stadt den Vertrag mit der Firma und dem Verband der Bauern gelesen."
    assert unsupported("Der Minister hat in der Stadt das Papier gelesen.", source) == ()


_PIECES = st.sampled_from(
    [*"\"'“”‘’«»「」.…!?,;:-–()[]$€%#\n ", "no", "not ", "n't", "can't ", " a hundred ", "twenty-", "five million",
     "5", "1,000", "12.", "²", "GPT-4", "Ada Quill ", "Mr. ", "May ", "2023", "March 4th", "万", "売上", "ﬁ", "İ", "ß"]
)  # fmt: skip
_TEXTS = st.one_of(st.text(max_size=120), st.lists(_PIECES, max_size=40).map("".join))


@given(text=_TEXTS, source=_TEXTS)
def test_no_text_is_too_strange_and_each_claim_cuts_out_its_words(text: str, source: str) -> None:
    claims = unsupported(text, source)
    assert all(isinstance(claim, Claim) and text[claim.start : claim.end] == claim.text for claim in claims)
    assert all(0 <= claim.doubt <= 1 and claim.why.endswith(".") for claim in claims)


@given(text=_TEXTS)
def test_a_text_says_what_it_says(text: str) -> None:
    assert unsupported(text, text) == ()


@given(text=_TEXTS, source=_TEXTS, more=_TEXTS)
def test_a_longer_article_never_lacks_a_number_that_the_shorter_had(text: str, source: str, more: str) -> None:
    def lacking(*parts: str) -> set[int]:
        return {
            claim.start
            for claim in unsupported(text, index(*parts))
            if claim.why.startswith("The article has no number") and claim.text.isdecimal()
        }

    assert lacking(source, more) <= lacking(source)
