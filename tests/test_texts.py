"""Texts of the service, which others have written, in the application's templates."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from flask_ipernity import Ipernity
from flask_ipernity.web.text import ALLOWED, plain_text, safe_html

#: A text, as text, and as HTML.
TEXTS = [
    ("water &amp; sky", "water & sky", "water &amp; sky"),
    ("water & sky", "water & sky", "water &amp; sky"),
    ("&lt;b&gt; is bold", "<b> is bold", "&lt;b&gt; is bold"),
    ("caf&eacute; &#128247;", "café 📷", "café 📷"),
    ("a < b > c", "a < b > c", "a &lt; b &gt; c"),
    ("I <3 this", "I <3 this", "I &lt;3 this"),
    ("5 > 4 & 3 <", "5 > 4 & 3 <", "5 &gt; 4 &amp; 3 &lt;"),
    ("<b>bold</b> and <i>not</i>", "bold and not", "<b>bold</b> and <i>not</i>"),
    ("<p>one</p><p>two", "one\n\ntwo", "<p>one</p><p>two</p>"),
    ("<p>one<p>two", "one\ntwo", "<p>one</p><p>two</p>"),
    ("<p>a<ul><li>b<li>c</ul>d", "a\n\nb\nc\nd", "<p>a</p><ul><li>b</li><li>c</li></ul>d"),
    ("<li>a<ul><li>b</ul>", "a\n\nb", "<li>a<ul><li>b</li></ul></li>"),
    ("one<br/>two<BR>three", "one\ntwo\nthree", "one<br>two<br>three"),
    ("one\r\ntwo", "one\ntwo", "one<br>\ntwo"),
    ("<b>x<i>y</b>z", "xyz", "<b>x<i>y</i></b>z"),
    ("x</b></p>", "x", "x"),
    ("<!-- hidden <b> -->shown", "shown", "shown"),
    ("shown<!-- never closed", "shown", "shown"),
    ("<script>alert(1)</script>hi", "hi", "hi"),
    ("<STYLE>p{}</style >hi", "hi", "hi"),
    ("hi<script>never closed", "hi", "hi"),
    ("<img src=x onerror=alert(1)>hi", "hi", "hi"),
    ('<b onclick="x" style="y">hi</b>', "hi", "<b>hi</b>"),
    ("<span class=x>hi</span>", "hi", "hi"),
    ("", "", ""),
    (None, "", ""),
    (5, "5", "5"),
]


@pytest.mark.parametrize(("text", "plain", "html"), TEXTS)
def test_a_text_is_shown_as_it_was_meant(text: object, plain: str, html: str) -> None:
    assert plain_text(text) == plain
    assert safe_html(text) == Markup(html)


LINK = '<a href="{}" rel="nofollow ugc noopener">x</a>'


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        ('"https://example.org/?a=1&amp;b=2"', "https://example.org/?a=1&amp;b=2"),
        ("'http://example.org/é'", "http://example.org/é"),
        ("HTTPS://example.org", "HTTPS://example.org"),
        ('"mailto:ada@example.org"', "mailto:ada@example.org"),
        ('" https://example.org\n"', "https://example.org"),
        ('"javascript:alert(1)"', None),
        ('"java\tscript:alert(1)"', None),
        ('" &#106;avascript:alert(1)"', None),
        ('"JaVaScRiPt:alert(1)"', None),
        ('"data:text/html,x"', None),
        ('"vbscript:x"', None),
        ('"//example.org"', None),
        ('"/ipernity/logout"', None),
        ('"https://example.org/\'onclick=alert(1)"', None),
        ('"https://example.org/&quot;onclick=alert(1)"', None),
        ('""', None),
    ],
)
@pytest.mark.parametrize("before", ["<a href=", "<A title='y' HREF = ", "<a\nhref="])
def test_only_links_to_pages_and_mail_remain(before: str, href: str, kept: str | None) -> None:
    html = safe_html(f"{before}{href}>x</a>")
    assert html == (LINK.format(kept) if kept else "x")


def test_no_link_stands_in_another_one() -> None:
    nested = safe_html('<a href="https://a.org">x<a href="https://b.org">y</a></a>')
    assert nested.count("<a ") == nested.count("</a>") == 1


class Page(HTMLParser):
    """Reads a page as strictly as can be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED | {"br"}
        assert {name for name, _ in attrs} <= ({"href", "rel"} if tag == "a" else set())
        for name, value in attrs:
            assert name != "href" or re.match("(https?://|mailto:)", value or "", re.IGNORECASE)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


PIECES = st.sampled_from(
    [
        *("<", ">", "</", "/>", "<!--", "-->", "b", "a ", "script", "p", "br", "<b>", "</b>"),
        *("&lt;", "&amp;", "&#60;", " href=", '"', "'", "javascript:", "https://x", "on", "="),
        *("\n", "\x00", "é"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join))
def test_whatever_is_written_stays_harmless(text: str) -> None:
    Page(str(safe_html(text)))
    plain = plain_text(text)
    assert "\r" not in plain
    assert plain == plain.strip()


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<a ", "<a href=", "<b>", "</b>", "&", "<script>", "<b </b>", "<b> <i>"]
)
def test_long_texts_take_no_longer_than_they_are_long(piece: str) -> None:
    began = time.process_time()
    safe_html(piece * 10_000)
    plain_text(piece * 10_000)
    assert time.process_time() - began < 2


def test_deep_texts_stay_flat_enough_for_browsers() -> None:
    assert safe_html("<b>" * 1000).count("<b>") == 20


def test_templates_have_both_as_filters() -> None:
    app = Flask("texts")
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", SECRET_KEY="k")
    Ipernity(app)
    template = '<p title="{{ text | ipernity_text }}">{{ text | ipernity_html }}</p>'
    with app.app_context():
        page = render_template_string(template, text='<b>"a" &amp; b</b>')
    assert page == '<p title="&#34;a&#34; &amp; b"><b>&#34;a&#34; &amp; b</b></p>'
