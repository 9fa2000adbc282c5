"""The names under which files are saved; the rules are those of RFC 6266 and RFC 8187."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from werkzeug.http import parse_options_header

from flask_ipernity.media.headers import content_disposition
from tests.media.world import picture, world

STRAY = "\ud800"


def name(filename: str, kind: str = "image/jpeg") -> str:
    """Return the header for a file, after what must hold for all of them."""
    value = content_disposition(kind, filename, "1-original")
    value.encode("latin-1")
    assert not re.search(r"[\x00-\x1f\x7f]", value)
    plain = re.fullmatch(
        r"""(inline|attachment); filename="([^"\\%]+)"(; filename\*=UTF-8''([\w.!~$&+^`|%-]+))?""",
        value,
        re.ASCII,
    )
    assert plain, value
    assert plain[2].isascii()
    assert plain[2].strip(" .")
    for form in (plain[2], unquote(plain[4] or "x")):
        assert len(form.encode()) <= 150
        assert not set(form) & set('/\\"<>:|?*;\u202e\u2028')
    return value


def both(value: str) -> tuple[str, str]:
    """Return the name for old programs, and the one for those that know RFC 8187."""
    found = re.findall(r"filename=\"(.*?)\"|filename\*=UTF-8''(.*)", value)
    return found[0][0], unquote(found[-1][1] or found[0][0])


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        ("photo.jpg", 'inline; filename="photo.jpg"'),
        ("a b.jpeg", 'inline; filename="a b.jpg"'),
        ("x.html", 'inline; filename="x.jpg"'),
        ("../../etc/passwd", 'inline; filename="passwd.jpg"'),
        ("C:\\x\\y.jpg", 'inline; filename="y.jpg"'),
        ("/abs", 'inline; filename="abs.jpg"'),
        (".htaccess", 'inline; filename="htaccess.jpg"'),
        ("...", 'inline; filename="1-original.jpg"'),
        ("", 'inline; filename="1-original.jpg"'),
        ("   ", 'inline; filename="1-original.jpg"'),
        ("CON.jpg", 'inline; filename="_CON.jpg"'),
        ("lpt1.tar.jpg", 'inline; filename="_lpt1.tar.jpg"'),
        ("a\r\nSet-Cookie: x\0\t\x7f\u2028.jpg", 'inline; filename="aSet-Cookie_ x.jpg"'),
        ("a\\b.jpg", 'inline; filename="b.jpg"'),
        ('a"b;c.jpg', 'inline; filename="a_b_c.jpg"'),
        ("l'image.jpg", 'inline; filename="l\'image.jpg"'),
    ],
)
def test_a_plain_name_needs_one_form(filename: str, expected: str) -> None:
    assert name(filename) == expected


@pytest.mark.parametrize(
    ("filename", "plain", "full"),
    [
        ("日本語 фото.jpg", "1-original.jpg", "日本語 фото.jpg"),
        ("été.jpg", "ete.jpg", "été.jpg"),
        ("100%.jpg", "100_.jpg", "100%.jpg"),
        ("%0d%0a.jpg", "_0d_0a.jpg", "%0d%0a.jpg"),
        ("\u202egpj.exe", "gpj.jpg", "gpj.jpg"),
        (f"a{STRAY}b.jpg", "a_b.jpg", "a_b.jpg"),
        ("x.jpg; filename*=UTF-8''evil.html", "x.jpg_ filename_=UTF-8''evil.jpg", None),
    ],
)
def test_other_names_have_both_forms(filename: str, plain: str, full: str | None) -> None:
    assert both(name(filename)) == (plain, full or plain)


@pytest.mark.parametrize("filename", ["x" * 4096 + ".jpg", "😀" * 300 + ".jpg", "é" * 300])
def test_long_names_are_cut_between_characters(filename: str) -> None:
    _, full = both(name(filename))
    assert full.endswith(".jpg")
    assert 100 < len(full.encode()) <= 150
    assert "\ufffd" not in full


def test_what_is_not_shown_in_place_keeps_its_own_ending() -> None:
    kind = "application/octet-stream"
    assert name("my book.pdf", kind) == 'attachment; filename="my book.pdf"'
    assert name("x.html; y", kind) == 'attachment; filename="x.html_ y"'
    assert name("noend", kind) == 'attachment; filename="noend"'


def test_a_header_of_any_name_has_one_name_for_those_who_read_it() -> None:
    for filename in ("x.jpg; filename=evil.html", 'a"; filename="evil.html', "a\\"):
        kind, options = parse_options_header(name(filename))
        assert kind == "inline"
        assert list(options) == ["filename"]


@pytest.mark.parametrize(
    "filename",
    ["my car.mpg", None, 5, [], "", STRAY, "日本語.jpg", "\r\n\r\nx", "x" * 100_000, {"a": 1}],
)
def test_every_name_of_the_service_is_served(filename: object) -> None:
    with world(picture(), filename=filename) as here:
        response = here.client.get("/ipernity/doc/1/original")
        assert response.status_code == 200
        assert response.headers["Content-Disposition"].startswith('inline; filename="')


def test_a_thumbnail_is_named_by_document_and_label() -> None:
    with world(picture()) as here:
        response = here.client.get("/ipernity/doc/1/240")
        assert response.headers["Content-Disposition"] == 'inline; filename="1-240.jpg"'
