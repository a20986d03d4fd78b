"""The quick reading of ordinary feeds is feedparser's reading, or none."""

import re
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.articles.dialect import time_of
from flows.articles.parse import raw_feed, through_feedparser
from flows.articles.raw import RawFeed
from flows.articles.swift import read_swiftly
from flows.errors import ReadError
from tests.articles.conftest import item, rss
from tests.bench.feed_corpus import folder, pace, real_feeds, stated_documents

URL = "https://blog.example/feed"
NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "googleplay": "http://www.google.com/schemas/play-podcasts/1.0",
    "own": "https://blog.example/ns",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())

WORDPRESS = f"""<rss version="2.0" {_DECLARED}><channel>
<title>A blog &#8211; of words</title>
<atom:link href="https://blog.example/feed/" rel="self" type="application/rss+xml" /><link>https://blog.example</link>
<description>Just another blog</description><lastBuildDate>Thu, 19 Nov 2026 06:00:00 +0000</lastBuildDate>
<language>en-US</language><sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>
<generator>https://wordpress.org/?v=6.9</generator>
<image><url>https://blog.example/i.png</url><title>A blog</title><link>https://blog.example</link><width>32</width>
</image>
<site xmlns="com-wordpress:feed-additions:1">12345</site>
<item><title>R&#038;D &lt;em&gt;news&lt;/em&gt;</title><link>https://blog.example/?p=1&#038;a=b</link>
<comments>https://blog.example/1/#respond</comments><dc:creator><![CDATA[Ada]]></dc:creator>
<pubDate>Thu, 19 Nov 2026 06:00:00 +0000</pubDate><category><![CDATA[News]]></category>
<guid isPermaLink="false">https://blog.example/?p=1</guid><description><![CDATA[<p>Short [&#8230;]</p>]]>
</description>
<content:encoded><![CDATA[<p>Long — and “quoted” text. <img src="/i.png"></p>]]></content:encoded>
<wfw:commentRss>https://blog.example/1/feed/</wfw:commentRss><slash:comments>2</slash:comments>
<media:content url="https://blog.example/m.jpg" medium="image"><media:title type="html">ada</media:title>
</media:content>
<post-id xmlns="com-wordpress:feed-additions:1">1</post-id></item></channel></rss>"""
GHOST = f"""<rss {_DECLARED} version="2.0"><channel><title><![CDATA[A ghost]]></title>
<description><![CDATA[Thoughts.]]></description><link>https://blog.example/</link>
<image><url>https://blog.example/favicon.png</url><title>A ghost</title><link>https://blog.example/</link></image>
<generator>Ghost 6.0</generator><lastBuildDate>Thu, 19 Nov 2026 06:00:00 GMT</lastBuildDate>
<atom:link href="https://blog.example/rss/" rel="self" type="application/rss+xml"/><ttl>60</ttl>
<item><title><![CDATA[One & only]]></title><description><![CDATA[Custom excerpt]]></description>
<link>https://blog.example/one/</link><guid isPermaLink="false">65fd</guid><category><![CDATA[News]]></category>
<dc:creator><![CDATA[Ada]]></dc:creator><dc:creator><![CDATA[Bob]]></dc:creator>
<pubDate>Thu, 19 Nov 2026 06:00:00 GMT</pubDate>
<media:content url="https://blog.example/one.jpg" medium="image"/>
<content:encoded><![CDATA[<p>Text</p>]]></content:encoded></item></channel></rss>"""
SUBSTACK = f"""<rss version="2.0" {_DECLARED}><channel><title><![CDATA[A stack]]></title><description><![CDATA[x]]>
</description>
<link>https://a.example</link><generator>Substack</generator>
<lastBuildDate>Thu, 19 Nov 2026 06:00:00 GMT</lastBuildDate>
<atom:link href="https://a.example/feed" rel="self" type="application/rss+xml"/>
<copyright><![CDATA[Ada]]></copyright><language><![CDATA[en]]></language><webMaster><![CDATA[a@a.example]]>
</webMaster>
<itunes:owner><itunes:email><![CDATA[a@a.example]]></itunes:email><itunes:name><![CDATA[Ada]]></itunes:name>
</itunes:owner>
<itunes:author><![CDATA[Ada]]></itunes:author><googleplay:owner><![CDATA[a@a.example]]></googleplay:owner>
<item><title><![CDATA[One]]></title><description><![CDATA[Two]]></description><link>https://a.example/p/one</link>
<guid isPermaLink="false">https://a.example/p/one</guid><dc:creator><![CDATA[Ada]]></dc:creator>
<pubDate>Thu, 19 Nov 2026 06:00:00 GMT</pubDate>
<enclosure url="https://a.example/one.png" length="0" type="image/jpeg"/>
<content:encoded><![CDATA[<p>Text</p>]]></content:encoded></item></channel></rss>"""
MEDIUM = f"""<rss {_DECLARED} version="2.0"><channel><title><![CDATA[Stories by Ada]]></title>
<description><![CDATA[Stories]]></description><link>https://a.example/@ada?source=rss-1------2</link>
<image><url>https://a.example/i.jpeg</url><title>Stories</title><link>https://a.example/@ada</link></image>
<generator>Medium</generator><lastBuildDate>Thu, 19 Nov 2026 06:00:00 GMT</lastBuildDate>
<atom:link href="https://a.example/@ada/feed" rel="self" type="application/rss+xml"/>
<webMaster><![CDATA[yourfriends@medium.example]]></webMaster>
<atom:link href="http://medium.superfeedr.example" rel="hub"/>
<item><title><![CDATA[One]]></title><link>https://a.example/one?source=rss-1------2</link>
<guid isPermaLink="false">https://a.example/p/1</guid><category><![CDATA[ai]]></category><dc:creator><![CDATA[Ada]]>
</dc:creator>
<pubDate>Thu, 19 Nov 2026 06:00:00 GMT</pubDate><atom:updated>2026-11-19T06:00:00.123Z</atom:updated>
<content:encoded><![CDATA[<p>Text</p><img src="https://a.example/stat?event=x" width="1" height="1">]]>
</content:encoded>
</item></channel></rss>"""
HUGO = """<?xml-stylesheet href="/rss.xsl"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Posts on A site</title>
<link>https://blog.example/posts/</link><description>Recent content</description><generator>Hugo</generator>
<language>en-us</language><copyright>CC BY</copyright><lastBuildDate>Thu, 19 Nov 2026 00:00:00 +0100</lastBuildDate>
<atom:link href="https://blog.example/posts/index.xml" rel="self" type="application/rss+xml" />
<item><title>One &amp;amp; two</title><link>https://blog.example/posts/one/</link>
<pubDate>Thu, 19 Nov 2026 00:00:00 +0100</pubDate><author>ada@a.example (Ada)</author>
<guid>https://blog.example/posts/one/</guid><description>&lt;p&gt;Text&lt;/p&gt;</description></item></channel>
</rss>"""
JEKYLL = """<feed xmlns="http://www.w3.org/2005/Atom" >
<generator uri="https://jekyllrb.com/" version="4.4">Jekyll</generator>
<link href="https://blog.example/feed.xml" rel="self" type="application/atom+xml" />
<link href="https://blog.example/" rel="alternate" type="text/html" hreflang="en" />
<updated>2026-11-19T06:00:00+01:00</updated><id>https://blog.example/feed.xml</id><title type="html">A site</title>
<subtitle>Words</subtitle><author><name>Ada</name><email>a@a.example</email></author>
<entry><title type="html">Vec&amp;lt;T&amp;gt;</title>
<link href="https://blog.example/one" rel="alternate" type="text/html" title="x"/>
<published>2026-11-19T06:00:00+01:00</published><updated>2026-11-19T06:00:00+01:00</updated>
<id>https://blog.example/one</id>
<content type="html" ><![CDATA[<p>Text</p>]]></content><author><name>Ada</name></author><category term="x" />
<summary type="html"><![CDATA[Teaser]]></summary></entry></feed>"""
BLOGGER = """<feed xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/'
 xmlns:gd='http://schemas.google.com/g/2005' xmlns:thr='http://purl.org/syndication/thread/1.0'
 xmlns:media='http://search.yahoo.com/mrss/'><id>tag:blogger.com,1999:blog-1</id>
<updated>2026-11-19T06:00:00.001-07:00</updated>
<category term="x"/><title type='text'>A blog</title><subtitle type='html'></subtitle>
<link rel='http://schemas.google.com/g/2005#feed' type='application/atom+xml'
 href='http://b.example/feeds/posts/default'/>
<link rel='alternate' type='text/html' href='http://b.example/'/><author><name>Ada</name><uri>http://b.example/1</uri>
<email>noreply@blogger.com</email>
<gd:image rel='http://schemas.google.com/g/2005#thumbnail' width='16' src='//i.example'/></author>
<generator version='7.00' uri='http://www.blogger.com'>Blogger</generator>
<openSearch:totalResults>1</openSearch:totalResults>
<entry><id>tag:blogger.com,1999:blog-1.post-1</id><published>2026-11-18T06:00:00.000-07:00</published>
<updated>2026-11-19T06:00:00.001-07:00</updated><category scheme='http://www.blogger.com/atom/ns#' term='x'/>
<title type='text'>One &lt; two</title><content type='html'>&lt;p&gt;Text&lt;/p&gt;</content>
<link rel='replies' type='application/atom+xml' href='http://b.example/comments' title='Post Comments'/>
<link rel='edit' type='application/atom+xml' href='http://b.example/edit'/>
<link rel='alternate' type='text/html' href='http://b.example/one.html' title='One'/><author><name>Ada</name>
<uri>http://b.example/1</uri><email>noreply@blogger.com</email>
<gd:image rel='x' width='16' height='16' src='//i.example'/></author>
<media:thumbnail xmlns:media="http://search.yahoo.com/mrss/" url="http://b.example/t.jpg" height="72" width="72"/>
<thr:total>0</thr:total></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://b.example/"><title>A log</title>
<link>https://b.example/</link><description/><dc:language>en</dc:language>
<items><rdf:Seq><rdf:li rdf:resource="https://b.example/1"/></rdf:Seq></items></channel>
<image rdf:about="https://b.example/i"><title>x</title><url>https://b.example/i.png</url>
<link>https://b.example/</link></image>
<item rdf:about="https://b.example/1"><title>One</title><link>https://b.example/1</link>
<dc:date>2026-11-19T06:00:00+01:00</dc:date><dc:creator>Ada</dc:creator><description>Text</description></item>
</rdf:RDF>"""
PODCAST = f"""<rss version="2.0" {_DECLARED}><channel><title>Talk</title><link>https://p.example</link>
<description>All talk</description><itunes:summary>All talk</itunes:summary><itunes:category text="News">
<itunes:category
 text="Tech"/></itunes:category><itunes:image href="https://p.example/c.jpg"/><itunes:explicit>false</itunes:explicit>
<item><title>One</title><link>https://p.example/1</link><itunes:title>One</itunes:title><description>
<![CDATA[<p>Show notes</p>]]></description>
<itunes:summary>Longer show notes, in words</itunes:summary><guid isPermaLink="false">1</guid>
<pubDate>Thu, 19 Nov 2026 06:00:00 -0000</pubDate><itunes:duration>100</itunes:duration>
<enclosure url="https://p.example/1.mp3" length="1" type="audio/mpeg"/></item></channel></rss>"""
ORDINARY = {
    "WordPress": WORDPRESS,
    "Ghost": GHOST,
    "Substack": SUBSTACK,
    "Medium": MEDIUM,
    "Hugo": HUGO,
    "Jekyll": JEKYLL,
    "Blogger": BLOGGER,
    "RDF": RDF,
    "podcast": PODCAST,
}


def both(text: str) -> tuple[RawFeed | None, RawFeed | ReadError]:
    """The swift reading, if there is one, and feedparser's."""
    found = read_swiftly(text)
    try:
        theirs: RawFeed | ReadError = through_feedparser(text, URL, ())
    except ReadError as error:
        theirs = error
    return raw_feed(found, URL, ()) if found else None, theirs


def difference(ours: RawFeed, theirs: RawFeed | ReadError) -> list[object]:
    """The fields in which they differ, for a message that can be read."""
    if isinstance(theirs, ReadError):
        return [theirs.reason]
    pairs = [(ours, theirs), *zip(ours.entries, theirs.entries, strict=False)]
    return [
        (one.name, getattr(mine, one.name), getattr(yours, one.name))
        for mine, yours in pairs
        for one in fields(mine)  # type: ignore[arg-type]
        if one.name != "entries" and getattr(mine, one.name) != getattr(yours, one.name)
    ] or ([] if len(ours.entries) == len(theirs.entries) else ["the number of entries"])


@pytest.mark.parametrize("kind", ORDINARY)
def test_ordinary_feeds_are_read_swiftly_and_as_feedparser_reads_them(kind: str) -> None:
    ours, theirs = both(ORDINARY[kind])
    assert ours is not None
    assert difference(ours, theirs) == []
    assert ours.entries[0].title
    assert ours.entries[0].link


def _with(more: str = "", *, head: str = "", attributes: str = "", before: str = "") -> str:
    document = rss(item("One", "https://blog.example/1", more=more), head=head).decode().split("?>\n")[1]
    return before + document.replace('<rss version="2.0"', f'<rss version="2.0" {_DECLARED} {attributes}')


@pytest.mark.parametrize(
    "document",
    [
        _with(before="<!DOCTYPE rss>"),
        _with("<own:x>&e;</own:x>", before='<!DOCTYPE rss [<!ENTITY e "x">]>'),
        _with("<own:x>&nbsp;</own:x>"),
        _with("<own:x>"),
        _with(attributes='xml:base="https://else.example/"'),
        _with('<description xml:base="/x/">y</description>'),
        _with("<description><p>inline</p></description>"),
        _with('<content type="application/octet-stream">eA==</content>'),
        _with("<title>Two</title>"),
        _with("<date>2026-11-19</date>"),
        _with("<abstract>x</abstract>"),
        _with('<media:content url="x"><media:description>y</media:description></media:content>'),
        _with("<atom:author><name>A</name><email>a@a.example</email></atom:author>" * 2),
        _with(head="<title>Again</title>"),
        _with(head="<content:encoded>x</content:encoded>"),
        _with(head="<itunes:summary>x</itunes:summary><description>y</description>"),
        _with('<x:title xmlns:x="http://purl.org/dc/elements/1.1/">y</x:title>'),
        _with(attributes='xmlns:title="https://t.example/"', more="<title:detail>x</title:detail>"),
        _with().replace(NAMESPACES["dc"], NAMESPACES["sy"]),
        _with(attributes='own:version="0.91"'),
        "<rss><item><title>no channel</title></item></rss>",
        '<channel xmlns="http://purl.org/rss/1.0/"><item/></channel>',
        '<feed xmlns="http://purl.org/atom/ns#" version="0.3"><title mode="escaped">x</title></feed>',
        '<feed version="0.3"><entry><title>x</title></entry></feed>',
        JEKYLL.replace('<content type="html" ><![CDATA[<p>Text</p>]]>', '<content type="xhtml"><div>x</div>'),
    ],
)
def test_what_is_doubtful_is_left_to_feedparser(document: str) -> None:
    assert read_swiftly(document) is None


_LINK = st.sampled_from(
    [
        "https://blog.example/1",
        "/relative?a=1&amp;amp;b=2&amp;c;",
        "http:////slashes.example/",
        "javascript:alert(1)",
        " https://blog.example/ü\n",
        "",
        "&#x9;//host.example",
    ]
)
_WORDS = st.lists(
    st.sampled_from(
        [
            "words ",
            "&lt;b&gt;bold&lt;/b&gt;",
            "<![CDATA[<p>para</p> &amp; &nbsp; ]]>",
            "<!-- a comment -->",
            "<?a pi?>",
            "&amp;#8217;",
            "&#8217;",
            "&#150;",
            "\x96",
            "Ã©tÃ©",
            "é",
            "„ząb”",
            " \n\t",
            "\u3000",
            "\ufeff",
            "AT&amp;T",
            "a &lt; b",
            "&amp;lt;script&amp;gt;",
            "a@b.example (A)",
            "&lt;/p&gt;",
            "&lt;Vec/&gt;&lt;/T&gt;",
        ]
    ),
    max_size=4,
).map("".join)
_DATE = st.sampled_from(
    [
        "Thu, 19 Nov 2026 06:00:00 GMT",
        "Thu, 19 Nov 2026 06:00:00 +0100",
        "Thu, 31 Feb 2026 06:00:00 GMT",
        "Thu, 19 Nov 2026 06:00:61 +0000",
        "19 Nov 26 06:00 EST",
        "2026-11-19T06:00:00Z",
        "2026-11-19T06:00:00.5+02:00",
        "2026-11-19T06:00:00+99:99",
        "2026-02-30T06:00:00Z",
        "0000-00-00",
        "yesterday",
        "",
    ]
)
_TYPE = st.sampled_from(
    ["", "", ' type="html"', ' type="TEXT"', ' type="text/html"', ' type="xhtml"', ' type="image/png"']
)
_NAMES = [
    *(
        "title",
        "dc:title",
        "atom:title",
        "media:title",
        "description",
        "dc:description",
        "media:description",
        "summary",
        "atom:summary",
    ),
    *(
        "itunes:summary",
        "content",
        "atom:content",
        "content:encoded",
        "author",
        "dc:creator",
        "itunes:author",
        "managingEditor",
    ),
    *(
        "category",
        "own:title",
        "slash:comments",
        "rights",
        "itunes:subtitle",
        "source",
        "image",
        "copyright",
        "own:published_parsed",
    ),
    *(
        "dc:subject",
        "Title",
        "comments",
        "itunes:keywords",
        "media:credit",
        "dc:contributor",
        "webMaster",
        "language",
        "ttl",
        "sy:updatePeriod",
    ),
    *(
        "itunes:image",
        "cloud",
        "generator",
        "dc:language",
        "sy:updateFrequency",
        "dcterms:valid",
        "georss:point",
        "abstract",
        "body",
    ),
]
_TIMES = [
    "pubDate",
    "published",
    "issued",
    "updated",
    "dc:date",
    "dcterms:created",
    "modified",
    "created",
    "lastBuildDate",
    "date",
    "atom:updated",
]
_PERSON = st.lists(st.sampled_from(["name", "email", "uri", "own:image", "homepage"]), max_size=4)


# Where any of these stands the document is declined; half of the documents have none, so that both ways are tried.
_DOUBTFUL = re.compile(
    r"<(?:(?:dc:|atom:|a10:)?title|media:title|abstract|body|dcterms:valid|georss:point|date|own:published_parsed|homepage)\b"
    r"|xml:base|own:href|xhtml|image/png\"|<(?:link|atom:link) [^h]* type=\"x|copyright><"
)


@st.composite
def _element(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return f"<{(tag := draw(st.sampled_from(['link', 'guid', 'id', 'atom:link'])))}>{draw(_LINK)}</{tag}>"
    if kind == 1:
        rel = draw(
            st.sampled_from(["", 'rel="alternate"', 'rel="self"', 'rel="Enclosure" type="image/PNG"', 'rel="hub"'])
        )
        kind_said = "" if "type" in rel else draw(_TYPE)
        return f'<{draw(st.sampled_from(["link", "atom:link"]))} {rel} href="{draw(_LINK)}"{kind_said}/>'
    if kind == 2:
        tag = draw(st.sampled_from(_TIMES))
        return f"<{tag}>{draw(_DATE)}</{tag}>"
    if kind == 3:
        tag = draw(st.sampled_from(["author", "atom:author", "contributor", "dc:creator"]))
        parts = "".join(f"<{name}>{draw(_WORDS)}</{name}>" for name in draw(_PERSON))
        return f"<{tag}>{parts}</{tag}>"
    if kind == 4:
        permanent = draw(st.sampled_from(["", ' isPermaLink="false"', ' isPermaLink="true"', ' ispermalink="x"']))
        return f"<guid{permanent}>{draw(_LINK)}</guid>"
    if kind == 5:
        shape = draw(
            st.sampled_from(["media:content", "media:thumbnail", "enclosure", "media:group", "image", "source"])
        )
        inner = draw(
            st.sampled_from(["", "<media:title>x</media:title>", '<media:thumbnail url="/t.png"/>', "<title>t</title>"])
        )
        said = draw(st.sampled_from(["", 'medium="image"', 'type="Image/png"', 'type="audio/mpeg"', 'fileSize="1"']))
        return f'<{shape} url="{draw(_LINK)}" {said}>{inner}</{shape}>'
    tag = draw(st.sampled_from(_NAMES))
    odd = draw(
        st.sampled_from(
            ["", "", "", "", ' xml:lang="de"', ' own:x="1"', ' label="l"', ' own:href="h"', ' xml:base="/b"']
        )
    )
    return f"<{tag}{draw(_TYPE)}{odd}>{draw(_WORDS)}</{tag}>"


@st.composite
def _documents(draw: st.DrawFn) -> str:
    """Feeds that nobody would write, with everything in any order, many times or not at all."""
    calm = draw(st.booleans())
    elements = _element().filter(lambda element: not calm or not _DOUBTFUL.search(element))
    title = st.just("<title>One</title>") if calm else st.just("")
    parts = st.tuples(title, st.lists(elements, max_size=7).map("\n".join)).map("".join)
    kind = draw(st.sampled_from(["rss", "rdf", "atom"]))
    tag = "entry" if kind == "atom" else "item"
    about = draw(st.sampled_from(["", 'r:about="https://blog.example/about"', 'xml:lang="pl"']))
    entries = [f"<{tag} {about}>{draw(parts)}</{tag}>" for _ in range(draw(st.integers(1, 3)))]
    declared = (
        _DECLARED + ' xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:georss="http://www.georss.org/georss"'
    )
    declared = declared.replace("xmlns:atom", draw(st.sampled_from(["xmlns:atom", "xmlns:a10"])))
    if "xmlns:a10" in declared:
        entries = [entry.replace("atom:", "a10:") for entry in entries]
    head = draw(parts).replace("atom:", "a10:" if "xmlns:a10" in declared else "atom:")
    head, tail = draw(st.sampled_from([(head, ""), ("", head)]))
    if kind == "rss":
        version = draw(st.sampled_from(["2.0", "0.91", "0.92", "9", "2.0.1"]))
        return f'<rss version="{version}" {declared}><channel>{head}{"".join(entries)}{tail}</channel></rss>'
    if kind == "rdf":
        space = draw(st.sampled_from(["http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"]))
        channel = f"<channel>{head}{tail}</channel>"
        return f'<r:RDF xmlns="{space}" {declared}>{channel}{"".join(entries)}</r:RDF>'
    language = draw(st.sampled_from(["", 'xml:lang="en_US"', 'lang="fr"']))
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {language} {declared}>{head}{"".join(entries)}{tail}</feed>'


@settings(max_examples=400, deadline=None)
@given(_documents())
def test_feeds_that_nobody_would_write_are_read_as_feedparser_reads_them_or_left_to_it(document: str) -> None:
    ours, theirs = both(document)
    if ours is not None:
        assert difference(ours, theirs) == []


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        _DATE,
        st.datetimes().map(lambda moment: f"{moment:%a, %d %b %Y %H:%M:%S} +0000"),
        st.text("0123456789-:TZ+. ", max_size=30),
    )
)
def test_F13_the_two_plain_forms_of_a_date_mean_what_feedparser_says(words: str) -> None:
    from feedparser.datetimes import _parse_date

    ours, theirs = time_of(words), _parse_date(words)
    assert (ours and tuple(ours)[:6]) == (theirs and tuple(theirs)[:6])


@pytest.mark.skipif(folder() is None, reason="MASTHEAD_ACCEPTANCE_DATA names no folder with feedparser-tests/")
def test_strange_documents_and_real_feeds_are_read_as_feedparser_reads_them_or_left_to_it() -> None:
    data = folder()
    assert data is not None
    strange = pace(stated_documents(data), timed=False)
    assert strange.different == []
    assert strange.taken > 800
    for name in ("feeds", "feeds-live"):
        real = pace(real_feeds(data, name), timed=True)
        assert (real.different, real.failed) == ([], [])
        assert real.taken >= 0.9 * real.documents
