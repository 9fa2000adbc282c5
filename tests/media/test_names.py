"""The names under which files are saved; the rules are those of RFC 6266 and RFC 8187."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser
from werkzeug.http import parse_options_header

from flask_ipernity.media.headers import content_disposition
from tests.support.media import answered, both, files, picture, world
from tests.support.served import served

STRAY = "\ud800"
DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9]) *(\.|$)")
#: Characters that become one of these when programs take what is alike, and others that are not.
ALIKE = {
    char
    for char in map(chr, range(0x80, 0x20000))
    if set(unicodedata.normalize("NFKD", char)) & set('/\\"<>:|?*;')
}


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
        # also for a program that knows other alphabets only, and takes what is alike
        likeness = unicodedata.normalize("NFKD", form)
        assert not set(form + likeness) & set('/\\"<>:|?*;\u202e\u2028')
        assert not DEVICE.match(likeness)
        assert form.lower() != "jpg.jpg"
    return value


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


def test_no_character_becomes_another_that_was_taken_out_before() -> None:
    assert len(ALIKE) > 20
    for char in ALIKE:
        for filename in (f"a{char}b.jpg", f"{char}.jpg", f"{char}a.html", f"a.exe{char}", char):
            for kind in ("image/jpeg", "application/octet-stream"):
                kind_of, options = parse_options_header(name(filename, kind))
                assert kind_of == ("inline" if kind == "image/jpeg" else "attachment")
                assert list(options) == ["filename"]


@pytest.mark.parametrize(
    "filename",
    [
        "CÖN.jpg",
        "ＣＯＮ.jpg",
        "com¹.x",
        "日本ＡＵＸ",
        "lpt\u2079",
        "CON .txt",
        "nu\u00adl.jpg",
        "ＰＲＮ．a",
    ],
)
def test_no_name_becomes_that_of_a_device(filename: str) -> None:
    for kind in ("image/jpeg", "application/octet-stream"):
        name(filename, kind)


@pytest.mark.parametrize(
    ("filename", "full"),
    [
        ("\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}.jpg", "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}.jpg"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308.png", "\U0001f3f3\ufe0f\u200d\U0001f308.jpg"),
        ("می\u200cخواهم.jpg", "می\u200cخواهم.jpg"),
        # of Unicode 15, 16 and 17, which older versions of Python do not know
        ("\U0001fae8\U0001fae9\U0001faea.jpg", "\U0001fae8\U0001fae9\U0001faea.jpg"),
        ("\u202eя\u200f\u2066.jpg", "я.jpg"),
        ("a\u200c\u200db\u200d.jpg", "ab.jpg"),
        ("\u200dя\u200d.jpg", "я.jpg"),
        ("я\u200d\u200dя.jpg", "я\u200dя.jpg"),
        ("я\uffff\ufdd0\U0001fffe.jpg", "я.jpg"),
        ("я\u3000\u3164я\u2800.jpg", "я  я.jpg"),
    ],
)
def test_letters_and_emoji_keep_what_joins_them(filename: str, full: str) -> None:
    assert both(name(filename))[1] == full


@pytest.mark.parametrize(
    "rest",
    ["..jpg", " .jpg", ".jpg", "\u200d.jpg", "\u3164.jpg", "．.jpg", ".jpg.jpg", " .jpg .jpg"],
)
def test_a_name_that_is_only_an_extension_is_the_documents(rest: str) -> None:
    assert name(rest) == 'inline; filename="1-original.jpg"'
    assert name(rest.replace("jpg", "pdf"), "application/octet-stream") == (
        'attachment; filename="1-original.pdf"'
    )


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


def test_chromium_saves_a_file_under_the_name_that_was_checked(chromium: Browser) -> None:
    saved = {
        "photo＂；filename＊=UTF-8''evil.hta；x=＂": r"photo.*evil\.hta_x=_\.jpg",
        "x.jpg; filename*=UTF-8''evil.html": r"x\.jpg_ filename_=UTF-8''evil\.jpg",
        "..／..／evil.sh": r"[^/]*evil\.jpg",
        "\u202egpj.exe": r"gpj\.jpg",
        "ＣＯＮ": r"_.*\.jpg",
        "..jpg": r"\d-original\.jpg",
        "%0d%0aX: y": "%0d%0aX_ y.jpg",
        "été 日本語.jpg": "été 日本語.jpg",
    }
    with world(picture()) as here:

        @here.app.route("/page/<doc_id>")
        def page(doc_id: str) -> str:
            return f'<a href="/ipernity/doc/{doc_id}/original" download>save</a>'

        with served(here.app) as port, chromium.new_context(accept_downloads=True) as context:
            tab = context.new_page()
            for number, (filename, expected) in enumerate(saved.items(), 1):
                here.api.steps = (answered(files(here.source.port, filename, number)),)
                tab.goto(f"http://127.0.0.1:{port}/page/{number}")
                with tab.expect_download() as download:
                    tab.get_by_text("save").click()
                assert re.fullmatch(expected, download.value.suggested_filename)
