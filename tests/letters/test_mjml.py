import re

import pytest

from flows.errors import TemplateError
from flows.letters.mjml import MOST_BYTES, MOST_DEPTH, check_mjml, compile_mjml


def letter(inside: str) -> str:
    return (
        "<mjml>\n<mj-body>\n<mj-section><mj-column>\n<mj-text>\n"
        f"{inside}\n</mj-text>\n</mj-column></mj-section>\n</mj-body>\n</mjml>"
    )


def test_a_good_template_compiles_to_html() -> None:
    html = compile_mjml(letter("<p>Good <b>morning</b>&nbsp;&amp; &#34;hello&#34;</p>"))
    assert "<p>Good <b>morning</b>&nbsp;&amp; &#34;hello&#34;</p>" in html
    assert html.startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("<mjml>\n<mj-body>\n<mj-sparkle /></mj-body></mjml>", "line 3: <mj-sparkle> is not a tag"),
        ("<mjml>\n<mj-body><mj-include path='/etc/passwd' /></mj-body></mjml>", "line 2: <mj-include> is refused"),
        (letter("<mj-include path='x.mjml' />"), "line 5: <mj-include> is refused"),
        ("<mjml><mj-head><mj-include path='a'/></mj-head></mjml>", "line 1: <mj-include> is refused"),
        (letter("<mj-text>again</mj-text>"), "line 5: <mj-text> cannot stand inside <mj-text>"),
        (letter("</mj-text><script>alert(1)</script><mj-text>"), "is not a tag"),
        (letter("<script>alert(1)</script>"), "line 5: <script> has no place in a letter"),
        (letter("</mj-column>"), "line 5: </mj-column> closes nothing"),
        (letter("<?php x ?>"), "processing instruction"),
        (letter("<!DOCTYPE x>"), "declaration"),
        ("<mjml><mj-body><mj-text>x</mj-text></mj-body></mjml>", "<mj-text> cannot stand in <mj-body>"),
        ("<mjml><mj-body>loose words</mj-body></mjml>", "'loose words' stands outside"),
        ("<mjml><mj-body><mj-section colour='red'></mj-section></mj-body></mjml>", "no attribute “colour”"),
        ("<mjml><mj-body><div>x</div></mj-body></mjml>", "<div> is not a tag"),
        ("<mjml><mj-body>", "line 1: <mj-body> is never closed"),
        ("words alone", "outside of any mj-text"),
    ],
)
def test_E09_what_the_compiler_would_pass_over_is_refused_with_its_line(source: str, said: str) -> None:
    with pytest.raises(TemplateError, match=re.escape(said)):
        compile_mjml(source)


def test_E10_thousands_of_nested_tags_do_not_reach_the_compiler() -> None:
    for tag in ("b", "mj-section", "div"):
        with pytest.raises(TemplateError, match=f"nested more than {MOST_DEPTH} deep"):
            compile_mjml(letter(f"<{tag}>" * 20_000))


def test_E10_what_is_as_deep_as_allowed_compiles() -> None:
    depth = MOST_DEPTH - 5
    assert "deep" in compile_mjml(letter("<b>" * depth + "deep" + "</b>" * depth))


def test_E10_a_template_that_grows_without_end_is_refused() -> None:
    with pytest.raises(TemplateError, match="bytes of MJML"):
        compile_mjml(letter("x" * MOST_BYTES))


def test_only_the_first_faults_are_told() -> None:
    with pytest.raises(TemplateError, match=r"and 15 more"):
        check_mjml("<mjml><mj-body>" + "<mj-x/>" * 20 + "</mj-body></mjml>")


def test_the_same_source_is_compiled_once() -> None:
    source = letter("once")
    assert compile_mjml(source) is compile_mjml(source)
