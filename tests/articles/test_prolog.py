"""What a document is, and whether its entities would swell."""

import pytest

from flows.articles.prolog import look_at
from flows.errors import ReadError
from tests.articles.conftest import item, read, rss


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("<rss/>", "rss"),
        ("\n <!-- a > b --><?xml-stylesheet href='x'?><rdf:RDF>", "rdf"),
        ("<!DOCTYPE html><html>", "html"),
        ("<!DOCTYPE rss [<!ENTITY a '>'> ]><RSS>", "rss"),
        ('{"version": 1}', "json"),
        (" [1]", "json"),
        ("/etc/passwd", ""),
        ("", ""),
        ("<!-- never closed", ""),
    ],
)
def test_the_first_element_says_what_it_is(text: str, root: str) -> None:
    assert look_at(text).root == root


def _laughs(levels: int, width: int = 10) -> str:
    names = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * width}">' for level in range(1, levels + 1))
    return f'<!DOCTYPE rss [<!ENTITY a0 "ha ha ha">{names}]><rss version="2.0"><title>&a{levels};</title></rss>'


@pytest.mark.parametrize(
    "document",
    [
        _laughs(8),
        _laughs(5),
        '<!DOCTYPE rss [<!ENTITY a "' + "x" * 50_000 + '">]><rss version="2.0">' + "&a;" * 50_000 + "</rss>",
        '<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]><rss version="2.0"><title>&a;</title></rss>',
        "<!DOCTYPE r [" + "".join(f'<!ENTITY e{n} "x">' for n in range(1000)) + "]><rss/>",
    ],
    ids=["eight levels", "five levels", "quadratic", "in a circle", "a thousand"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_F02_entities_that_swell_are_refused(document: str, encoding: str) -> None:
    with pytest.raises(ReadError) as refused:
        read(document.encode(encoding))
    assert refused.value.code == "entity_limit"


def test_a_few_honest_entities_are_expanded() -> None:
    document = '<!DOCTYPE rss [\n<!ENTITY name "Ada">\n]>' + rss(item("By &name;")).decode().split("?>\n")[1]
    assert read(document).entries[0].title == "By Ada"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x SYSTEM "http://127.0.0.1:9/">',
        '<!ENTITY x PUBLIC "a" "file:///etc/passwd">',
        '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;',
    ],
)
def test_F01_outer_entities_are_ignored_and_told(declaration: str) -> None:
    body = rss(item("before &x; after", link="https://blog.example/1"), head="<b>&x;</b>").decode()
    found = read(f"<!DOCTYPE rss [{declaration}]>" + body.split("?>\n")[1])
    assert "external entity ignored" in found.warnings
    assert len(found.entries) == 1
    assert "root:" not in found.entries[0].title
    assert found.entries[0].title.startswith("before")


def test_an_article_about_entities_is_no_bomb() -> None:
    about = "<pre><!ENTITY a '&a;'> &a;</pre>"
    assert read(rss(item("About bombs", "https://blog.example/1", body=about))).entries
