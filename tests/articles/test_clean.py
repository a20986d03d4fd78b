"""Markup of strangers becomes safe HTML and readable text, without the boilerplate of feeds."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.articles.clean import Cleaned, clean, clean_summary, clean_text

BASE = "https://blog.example/2026/post/"
PROSE = "<p>" + "The model was trained for a week on public text. " * 8 + "</p>"


def cleaned(markup: str, title: str = "", source: str = "A blog") -> Cleaned:
    return clean(markup, base=BASE, title=title, source=source)


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<a href='j&Tab;avascript:alert(1)'>x</a>",
        "<a href='  javascript:alert(1)'>x</a>",
        "<a href='vbscript:x'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<form action=https://evil.example><input name=password><button>Go</button></form>",
        "<div style='background:url(javascript:alert(1))' onclick=alert(1)>x</div>",
        "<style>body{display:none}</style>",
        "<object data=x></object><embed src=x>",
        "<base href='https://evil.example/'>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "<template><script>alert(1)</script></template>",
        "<!--><img src=x onerror=alert(1)>-->",
        "<p title='\"><script>alert(1)</script>'>x</p>",
    ],
)
def test_F10_nothing_that_acts_survives(attack: str) -> None:
    html = cleaned(f"<p>before</p>{attack}<p>after</p>").html
    assert not re.search(r"<(script|svg|iframe|form|input|style|object|embed|base|meta|img|template)", html)
    assert not re.search(r"<[^>]*\s(on\w+|style|srcdoc|action)\s*=", html)
    assert "javascript:" not in html
    assert "before" in html


PIECES = [
    *("<p>", "</p>", "<b>", "</i>", "<a href='javascript:x'>", "<a href='/x'>", "</a>", "<li>", "<ul>", "</ul>"),
    *("<table>", "<td>", "</table>", "<pre>", "<br>", "<div>", "</div>", "&lt;script&gt;", "text ", "<h2>"),
    *("<script>x</script>", "<img src=x onerror=y>", "<blockquote>", "{{ 7 }}", "]]>", "</mj-text>", "<svg>"),
]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=30,
    )
)
def test_F10_any_mixture_gives_closed_and_allowed_tags(parts: list[str]) -> None:
    html = cleaned("".join(parts)).html
    found = _Links()
    found.feed(html)
    allowed = {"p", "b", "a", "ul", "li", "table", "tr", "td", "pre", "br", "h2", "blockquote"}
    assert {tag for tag, _ in found.seen} <= allowed
    for _, attributes in found.seen:
        assert set(attributes) <= {"href"}
        assert str(attributes.get("href", "https://")).startswith("https://")
    assert cleaned(html).html == html  # clean is clean


def test_structure_is_kept() -> None:
    found = cleaned(
        "<h1>A</h1><div>loose <em>text</em><br><br>second</div><ul><li>one<li><p>two</p></ul>"
        "<ol start=3><li>x</ol><blockquote>quoted</blockquote><pre><code>a\n  b</code></pre>"
        "<table><tr><th>k</th><td>v</td></tr></table>"
    )
    assert found.html == (
        "<h2>A</h2>\n<p>loose <em>text</em></p>\n<p>second</p>\n<ul><li>one</li><li>two</li></ul>\n"
        '<ol start="3"><li>x</li></ol>\n<blockquote><p>quoted</p></blockquote>\n'
        "<pre><code>a\n  b</code></pre>\n<table><tr><th>k</th><td>v</td></tr></table>"
    )
    assert found.text == "A\n\nloose text\n\nsecond\n\n- one\n- two\n\n3. x\n\nquoted\n\na\n  b\n\nk | v"


def test_F17_links_are_absolute_and_untracked() -> None:
    html = cleaned(
        '<p><a href="../other?utm_source=rss&id=7">one</a> <a href="//cdn.example/x">two</a> '
        '<a href="#top">three</a> <a href="">four</a> <a href="http://[">five</a> '
        '<a href="?a=1&amp;b=2#part">six</a></p>'
    ).html
    assert html == (
        '<p><a href="https://blog.example/2026/other?id=7">one</a> <a href="https://cdn.example/x">two</a> '
        'three four five <a href="https://blog.example/2026/post/?a=1&amp;b=2#part">six</a></p>'
    )


def test_F25_pictures_leave_the_text_and_the_first_real_one_is_kept() -> None:
    found = cleaned(
        '<p><img src="https://t.example/pixel.gif"><img src="https://t.example/a" width="1" height="1">'
        '<img src="/real.png" width="800"><img src="/second.png">Text</p>'
    )
    assert (found.html, found.image_url) == ("<p>Text</p>", "https://blog.example/real.png")


def test_F25_faces_and_smileys_are_no_picture_of_an_article() -> None:
    markup = (
        '<p><img src="https://secure.gravatar.com/avatar/1"><img src="/signed.jpg?w=3&s=1f&a=2&utm_source=x">Text</p>'
    )
    assert cleaned(markup).image_url == "https://blog.example/signed.jpg?w=3&s=1f&a=2&utm_source=x"


def test_a_paragraph_begins_with_its_words() -> None:
    assert cleaned("<p>one</p> \n<br> two<br> <br><br>three").html == "<p>one</p>\n<p>two</p>\n<p>three</p>"


def test_F26_template_words_are_only_text() -> None:
    strange = "<p>{{ 7*7 }} {% include 'x' %} &lt;mj-include path='x'/&gt; ]]&gt; &lt;/mj-text&gt; a &lt; b\x00</p>"
    found = cleaned(strange)
    assert found.text == "{{ 7*7 }} {% include 'x' %} <mj-include path='x'/> ]]> </mj-text> a < b"
    assert "<mj" not in found.html
    assert "</mj" not in found.html


@pytest.mark.parametrize(
    "ending",
    [
        "<p>The post <a href='#'>A title</a> appeared first on <a href='#'>A blog</a>.</p>",
        "<p>The post A title first appeared on A blog.</p>",
        "<p><a class='read-more' href='#'>Read More</a></p>",
        "<p>Continue reading…</p>",
        "<p><a href='/x'>Continue reading A title</a></p>",
        "<p><a href='/x'>Read more about models &raquo;</a></p>",
        "<h2>Source: A blog</h2>",
        "<div>Share this post on Twitter | Facebook | LinkedIn</div>",
        "<ul><li>Tweet this</li></ul><p>Share</p>".replace("<li>Tweet this</li>", "<li>Share on X</li>"),
        "<p>This article was originally published on A blog.</p>",
        "<h2>About the author</h2><p>Ada writes.</p><p>She also cooks.</p>",
        "<h3>About the Authors:</h3><table><tr><td>Ada</td><td>writes</td></tr></table>",
        "<p><b>About the author(s)</b></p><ul><li>Ada writes.</li></ul><p><a href='#'>Read More</a></p>",
        "<p><a href='/x'>Click here to read the full article</a></p>",
        "<p>Originally published at <a href='/x'>blog.example</a>.</p>",
        "<p>A title was originally published in Some Letters on Medium, where people are continuing the"
        " conversation by highlighting and responding to this story.</p>",
        "<p>Cross-posted from the lab's own blog.</p>",
        "<p>Enjoyed this post? Subscribe to our newsletter to get the next one.</p>",
        "<p>Subscribe to get new posts in your inbox every Friday.</p>",
        "<p>Sign up for model news to stay up to date on the latest breakthroughs.</p>",
        "<p>Follow us on LinkedIn and Twitter. Updates come by newsletter as well.</p>",
        "<p>For more stories, follow A blog on Mastodon.</p>",
        "<p>Tags: models, training</p><p>3 comments</p>",
        "<p>Discuss on Hacker News</p><p>© 2026 A blog</p>",
        "<p>Copyright 2026 A blog. All rights reserved.</p>",
        "<p>We use cookies to improve your experience. By going on you accept our cookie policy.</p>",
        "<h3>Related posts</h3><ul><li><a href='/1'>First</a></li><li><a href='/2'>Second</a></li></ul>",
        "<p><b>You might also like:</b></p><p><a href='/1'>First</a></p><hr><p>The post A appeared first on B.</p>",
        "<p>Advertisement</p><p>5 min read</p>",
    ],
)
def test_boilerplate_after_an_article_is_gone(ending: str) -> None:
    assert cleaned(PROSE + ending, title="A title").text == cleaned(PROSE).text


def test_boilerplate_glued_to_the_last_sentence_is_gone() -> None:
    assert cleaned("<p>It <b>ends here.Read More</b></p>").text == "It ends here."
    assert cleaned("<p>It ends. The post X appeared first on Y.</p>").text == "It ends."


@pytest.mark.parametrize(
    "prose",
    [
        "<p>Want to read more?</p>",
        "<p>You can read more in the paper.</p>",
        "<p>Source: Lab scene from the dataset.</p>" + PROSE,
        "<p>The post office appeared first on the map, and then the mill.</p>" + PROSE,
        "<h2>Facebook</h2>" + PROSE,
        "<p>About the author of the theorem little is known.</p>",
        "<h2>About the author</h2><p>A whole article about an author.</p>",
        "<p>Originally published in 1951, the paper is read to this day.</p>",
    ],
)
def test_prose_that_sounds_like_boilerplate_stays(prose: str) -> None:
    first = re.sub(r"<[^>]+>", " ", prose).split("  ")[0].strip()
    assert cleaned(prose).text.startswith(first)


@pytest.mark.parametrize(
    "ending",
    [
        "<p>Want to read more?</p>",
        "<p>Photo by Jane Roe on Unsplash</p>",
        "<p>Sign up is the hardest part of any newsletter.</p>",
        "<p>Subscribe to nothing before you have read it.</p>",
        "<p>Join the tables, and query them.</p>",
        "<p>Copyright will have to change.</p>",
        "<p>We use cookies to keep the session, as the figure shows.</p>",
        "<p>The idea was first published in a letter of 1948 and forgotten.</p>",
        "<p>Originally published in 1951, the paper is read to this day.</p>",
        "<p>Follow the value of f on x and see.</p>",
        '<h2>Related work</h2><ul><li><a href="https://blog.example/1">First</a></li></ul>',
        '<h2>Further reading</h2><ul><li><a href="https://blog.example/1">First</a></li></ul>',
        "<h2>Related posts</h2><p>Few people wrote about this; the first was Ada, in 1843.</p>",
        '<h2>References</h2><ol><li><a href="https://blog.example/1">A paper</a></li></ol>',
        "<p>To read on in bed costs an hour of sleep, they found.</p>",
        "<table><tr><td>Share</td><td>Tweet</td></tr></table>",
        "<pre>Read more</pre>",
        "<blockquote><p>Continue reading is what the button said, and nobody did.</p></blockquote>",
    ],
)
def test_the_last_words_of_an_author_stay(ending: str) -> None:
    assert cleaned(PROSE + ending, title="A title").html == PROSE.replace(" </p>", "</p>\n") + ending.replace(
        "</h2><", "</h2>\n<"
    )


def test_an_article_about_reading_more_stays_whole() -> None:
    article = (
        "<h2>Read more</h2><p>Read more, they say. Continue reading, says the button; the post that appeared first on"
        " the list is the one that is read.</p><p>Sign up, it says, and share this.</p><h2>Newsletter</h2>"
        "<p>Every newsletter asks its readers to subscribe, and cookies are no better.</p><p>So read more.</p>"
    )
    assert (
        cleaned(article, title="On reading").words == len(re.sub(r"<[^>]+>", " ", article).split()) - 2
    )  # the heading


@pytest.mark.parametrize(
    "markup",
    [
        "<p>It begins like this […]</p>",
        "<p>It begins like this [&#8230;]</p><p>The post A title appeared first on A blog.</p>",
        "<p>It begins like this...</p>",
        "<p>It begins like this…</p><p><a href='/x'>Read more</a></p>",
        "<p>It begins like this.</p><p><a href='/x'>Read the full article »</a></p>",
        "<p>It begins like this. Read more</p>",
        "<p>It begins like this … <a href='/x'>Continue reading <span>A title</span> →</a></p>",
        PROSE + "<p><a href='/x'>Continue reading A title</a></p><p>Tags: a, b</p>",
        PROSE * 6 + "<p><a href='/x'>Continue reading</a></p><hr><p>Share on X</p>",
        PROSE * 6 + "<p>And then they found…</p>",
    ],
)
def test_a_beginning_is_seen_to_be_one(markup: str) -> None:
    found = cleaned(markup, title="A title")
    assert found.cut_off
    assert not re.search("read more|continue reading|appeared first", found.text, re.I)


@pytest.mark.parametrize(
    "markup",
    [
        PROSE,
        "<p>It is all here.</p>",
        "",
        PROSE * 6 + "<p><a href='/x'>Read More</a></p>",
        "<p>It was… odd.</p><p>The post A title appeared first on A blog.</p>",
        "<p>You can read more in the paper.</p>",
        "<pre>for x in ...</pre>",
    ],
)
def test_a_whole_article_is_no_beginning(markup: str) -> None:
    assert not cleaned(markup, title="A title").cut_off


def test_plain_text_may_be_a_beginning_too() -> None:
    assert clean_text("It begins.\n\nContinue reading").cut_off
    assert not clean_text("It begins and ends.").cut_off


@pytest.mark.parametrize("tag", ["p", "h1", "h2", "strong"])
def test_the_title_said_again_is_gone(tag: str) -> None:
    found = cleaned(f"<{tag}>The  Title: “again”</{tag}>{PROSE}", title='The Title: "Again"')
    assert found.text == cleaned(PROSE).text


def test_a_body_that_is_only_its_title_keeps_it() -> None:
    assert cleaned("<p>The title</p>", title="The title").text == "The title"


def test_teasers_are_plain_and_end_with_an_ellipsis() -> None:
    teaser = "<p>It begins like this [&#8230;]</p><p><a href='#'>Read More</a></p>"
    assert clean_summary(teaser) == "It begins like this…"
    assert len(clean_summary("<p>" + "word " * 20_000)) <= 5_000


def test_plain_text_articles_get_paragraphs() -> None:
    found = clean_text("one <b>\nline\n\ntwo", title="")
    assert (found.html, found.text, found.words) == (
        "<p>one &lt;b&gt;<br>line</p>\n<p>two</p>",
        "one <b>\nline\n\ntwo",
        4,
    )


def test_F12_nesting_deeper_than_anybody_writes_loses_its_tags_and_not_its_text() -> None:
    found = cleaned("<blockquote>" * 900 + "deep" + "</blockquote>" * 900 + "<p>after</p>")
    assert found.text == "deep\n\nafter"
    assert found.html.count("<blockquote>") < 64
