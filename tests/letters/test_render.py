import quopri
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.editions.seal import Content, ContentSection, Item
from flows.errors import TemplateError
from flows.letters import frame, render
from flows.letters.colour import contrast
from flows.letters.frame import DARK_PAPER, PAPER, line_of, palette
from flows.letters.letter import Body
from flows.letters.render import Personal, compile_edition, personalise, template_hash
from tests.letters.samples import sample_content, sample_person

ADDRESS = "https://newsletter.example"
HOSTILE = (
    "{{ 7 * 7 }} {% include 'note.mjml.j2' %} {# gone #}",
    "<mj-include path='/etc/passwd' /><script>alert(1)</script>",
    "</mj-text></mj-column></mj-section> ]]> <![CDATA[ <!-- a --> -->",
    "a < b & c > d \x00 \x0b \x85 \u2028 \u202eesrever\u202c \ud800 \uffff",
    "&lt;b&gt; &amp;amp; &#60; ' \" `",
    "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y 'z'>]>&y;",
)
words = st.text(max_size=60) | st.sampled_from(HOSTILE)


class Skeleton(HTMLParser):
    """The tags of a page with the names of their attributes, and the text of its story headlines."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.headlines: list[str] = []
        self.links: list[str] = []
        self._within = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag == "h3":
            self._within = True
            self.headlines.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))
        self._within = self._within and tag != "h3"

    def handle_data(self, data: str) -> None:
        if self._within:
            self.headlines[-1] += data


def small(**changes: object) -> Content:
    item = Item(1, "A headline", "A blurb.", "https://a.example/1?b=2&c=3", "A Source", "An Author", 4)
    section = ContentSection("News", (replace(item, **changes),))  # type: ignore[arg-type]
    return sample_content(sections=(section,))


def letter(content: Content, **changes: object) -> Body:
    return personalise(compile_edition(content, address=ADDRESS), sample_person(**changes))


@pytest.fixture
def own_templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the templates that a test may spoil."""
    folder = tmp_path / "email"
    shutil.copytree(frame.FOLDER, folder)
    for module in (frame, render):
        monkeypatch.setattr(module, "FOLDER", folder)
    caches = (frame._mjml, frame._text, frame.all_words)
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()


@settings(max_examples=60, deadline=None)
@given(headline=words, blurb=words, source=words, author=words, name=words)
def test_F26_text_of_strangers_never_becomes_markup(
    headline: str, blurb: str, source: str, author: str, name: str
) -> None:
    hostile = small(headline=f"h{headline}", blurb=f"b{blurb}", source=f"s{source}", author=f"a{author}")
    plain = small(headline="h", blurb="b", source="s", author="a")
    ours, theirs = Skeleton(letter(plain).html), Skeleton(letter(hostile, name=name).html)
    assert theirs.headlines == [line_of(f"h{headline}")]
    paragraphs = blurb_paragraphs(f"b{blurb}")
    assert [tag for tag in theirs.tags if tag[0] not in {"p", "/p"}] == [
        tag for tag in ours.tags if tag[0] not in {"p", "/p"}
    ]
    assert theirs.tags.count(("/p",)) == ours.tags.count(("/p",)) + paragraphs - 1


def blurb_paragraphs(blurb: str) -> int:
    return len(frame.paragraphs(blurb))


@pytest.mark.parametrize("text", HOSTILE)
def test_F26_hostile_text_stays_text_in_both_parts(text: str) -> None:
    body = letter(small(headline=text), name=text)
    shown = line_of(text)
    assert Skeleton(body.html).headlines == [shown]
    assert shown in " ".join(body.text.split())
    assert "root:" not in body.html


@pytest.mark.parametrize("text", HOSTILE)
def test_F26_the_editors_own_words_are_text_as_well(text: str) -> None:
    body = letter(sample_content(introduction=text, closing=text, tagline=text, subject=text, preheader=text))
    assert "<script" not in body.html
    assert "mj-include" not in re.sub(r"&lt;[^;]*", "", body.html)
    assert body.html.count("</html>") == 1


def test_F26_a_link_that_is_no_web_address_is_not_linked() -> None:
    for link in ("javascript:alert(1)", "data:text/html,x", "https://a.example/a b", "//x", "", "https://[x"):
        body = letter(small(link=link))
        assert Skeleton(body.html).headlines == ["A headline"]
        assert len(Skeleton(body.html).links) == len(Skeleton(letter(small()).html).links) - 1


def test_F26_quotes_in_a_link_stay_in_the_attribute() -> None:
    link = "https://a.example/?q=\"onmouseover='alert(1)'&x={{7*7}}"
    assert link in Skeleton(letter(small(link=link)).html).links


def test_links_come_out_as_they_went_in() -> None:
    person = sample_person()
    body = letter(small())
    links = Skeleton(body.html).links
    assert links == [
        "https://a.example/1?b=2&c=3",
        person.preferences_link,
        person.unsubscribe_link,
        f"{ADDRESS}/join",
    ]
    assert all(link in body.text for link in links)


@settings(max_examples=40, deadline=None)
@given(name=words)
def test_the_encoded_parts_say_what_the_parts_say(name: str) -> None:
    body = letter(small(), name=name)
    assert quopri.decodestring(body.html_qp).decode().replace("\r\n", "\n") == body.html
    assert quopri.decodestring(body.text_qp).decode().replace("\r\n", "\n") == body.text
    assert max(map(len, body.html_qp.split(b"\r\n"))) <= 76


def test_a_reader_gets_only_the_sections_asked_for() -> None:
    compiled = compile_edition(sample_content(), address=ADDRESS)
    all_of_it = personalise(compiled, sample_person())
    some = personalise(compiled, sample_person(topics=("Safety", "Engineering", "Gardening")))
    assert len(Skeleton(all_of_it.html).headlines) == 14
    assert len(Skeleton(some.html).headlines) == 5
    assert "RESEARCH" in all_of_it.text
    assert "RESEARCH" not in some.text
    assert "SAFETY" in some.text
    counted = [tag for (tag, *_) in Skeleton(some.html).tags]
    assert counted.count("table") == counted.count("/table")
    assert counted.count("div") == counted.count("/div")


def test_a_reader_who_wants_text_gets_no_html() -> None:
    body = letter(sample_content(), letter_format="text")
    assert (body.html, body.html_qp) == ("", b"")
    assert "Dear Ada Moreno," in body.text


@pytest.mark.parametrize(
    ("language", "name", "greeting", "goodbye"),
    [
        ("en", "Ada", "Dear Ada,", "Unsubscribe"),
        ("en", "", "Dear reader,", "Unsubscribe"),
        ("de-AT", "Ada", "Guten Tag, Ada!", "Abbestellen"),
        ("de", " \n", "Liebe Leserin, lieber Leser,", "Abbestellen"),
        ("fr", "", "Dear reader,", "Unsubscribe"),
    ],
)
def test_the_frame_speaks_the_readers_language(language: str, name: str, greeting: str, goodbye: str) -> None:
    body = letter(sample_content(), language=language, name=name)
    assert greeting in body.html
    assert goodbye in body.html
    assert greeting in body.text
    assert goodbye in body.text


def test_a_language_we_do_not_speak_falls_back_to_the_newsletters() -> None:
    body = letter(sample_content(language="de"), language="fr")
    assert "Montag, 23. November 2026" in body.html
    assert "Nr. 47" in body.text


def test_thirty_stories_stay_below_what_mail_clients_clip() -> None:
    items = [item for section in sample_content().sections for item in section.items]
    thirty = (items * 3)[:30]
    sections = tuple(ContentSection(f"Part {n}", tuple(thirty[n * 6 : n * 6 + 6])) for n in range(5))
    assert len(letter(sample_content(sections=sections)).html.encode()) < 95_000


def test_nothing_is_fetched_when_the_letter_is_opened() -> None:
    html = letter(sample_content()).html
    assert not re.search(r"<img|<link|<script|@import|url\(|src=|background=", html)


def test_the_text_part_is_wrapped_and_has_a_link_under_each_story() -> None:
    text = letter(sample_content()).text
    long_lines = [line for line in text.split("\n") if len(line) > 72]
    assert all(line.strip().startswith("https://") for line in long_lines)
    assert len(re.findall(r"^  https://blog", text, re.MULTILINE)) == 14
    assert "RESEARCH\n--------\n" in text
    assert "\n\n\n\n" not in text
    assert sample_content().postal_address in text


def test_a_preheader_is_made_of_headlines_when_the_editor_wrote_none() -> None:
    html = letter(sample_content(preheader="")).html
    shown = html[html.index("display:none") : html.index("<h1")]
    assert "Smaller models learn to say “I don’t know”" in shown
    assert "mj-preview" not in html


def test_an_edition_without_anything_optional_is_a_letter() -> None:
    bare = Item(1, "", "", "", "")
    content = sample_content(
        introduction="", closing="", tagline="", preheader="", slot="soon", sections=(ContentSection("", (bare,)),)
    )
    body = letter(content, name="")
    assert "soon" in body.text
    assert Skeleton(body.html).headlines == ["—"]


@given(accent=st.integers(0, 0xFFFFFF))
def test_any_accent_is_readable_by_day_and_by_night(accent: int) -> None:
    colours = palette(f"#{accent:06x}")
    assert contrast(colours["accent"], PAPER) >= 4.5
    assert contrast(colours["dark_accent"], DARK_PAPER) >= 4.5
    assert contrast(colours["on_accent"], colours["accent"]) >= 4.5


def test_an_accent_that_can_be_read_is_left_as_it_is() -> None:
    assert palette("#b3261e")["accent"] == "#b3261e"


def test_the_hash_follows_every_file_that_decides_the_look(own_templates: Path) -> None:
    hashes = {template_hash()}
    for name in ("edition.mjml.j2", "edition.txt.j2", "words.toml"):
        with (own_templates / name).open("a") as file:
            file.write("\n")
        hashes.add(template_hash())
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("edition.txt.j2", "{{ personal.unsubscribe }}", "", "unsubscribe"),
        ("edition.mjml.j2", "<!-- {{ section.end }} -->", "", "each section"),
        ("edition.mjml.j2", "{{ newsletter }}", "{{ newspaper }}", "edition.mjml.j2, line"),
        ("edition.mjml.j2", "{% endfor %}", "{% endfro %}", "edition.mjml.j2, line"),
        ("edition.mjml.j2", "<mj-text", "<mj-txt", "mj-txt"),
    ],
)
def test_S13_a_template_with_a_fault_shows_before_the_first_letter(
    own_templates: Path, file: str, old: str, new: str, said: str
) -> None:
    path = own_templates / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(TemplateError, match=re.escape(said)):
        compile_edition(sample_content(), address=ADDRESS)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'] }}",
        "{{ sections.append(1) }}",
        "{{ words.clear() }}",
        "{{ newsletter.format.__func__ }}",
        "{% set x = '{0.__class__}' %}{{ x.format(1).__globals__ }}",
    ],
)
def test_E07_a_template_reaches_nothing_beyond_its_words(own_templates: Path, attack: str) -> None:
    path = own_templates / "edition.txt.j2"
    path.write_text(path.read_text() + attack)
    with pytest.raises(TemplateError, match=r"edition\.txt\.j2"):
        compile_edition(sample_content(), address=ADDRESS)


def test_one_persons_poison_is_one_persons_letter() -> None:
    compiled = compile_edition(small(), address=ADDRESS)
    poisoned = Personal("\ud800{{ x }}<b>", None, "https://x.example/p", "https://x.example/u", "", "full")
    before = personalise(compiled, sample_person())
    assert "&lt;b&gt;" in personalise(compiled, poisoned).html
    assert personalise(compiled, sample_person()) == before
