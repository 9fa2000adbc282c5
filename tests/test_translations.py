"""The extension speaks the visitor's language, and every text is translated."""

from __future__ import annotations

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from tools import translations

from flask_ipernity import (
    Ipernity,
    NotFoundError,
    ServiceTimeout,
    SignInError,
    UploadError,
)
from flask_ipernity.client import Page
from tests.support.failing import raising
from tests.support.languages import add_catalogue, give_babel

FILES = translations.po_files()
each_catalogue = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parts[-3])

NOT_FOUND = NotFoundError("error", 1, "gone", "doc.get")
TITLES = {"en": "Not found", "de": "Nicht gefunden", "fr": "Introuvable"}


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """The texts in the code."""
    return {str(message.id) for message in translations.collected() if message.id}


def test_german_and_french_are_there() -> None:
    assert [path.parts[-3] for path in FILES] == ["de", "fr"]


@each_catalogue
def test_every_text_is_translated_and_no_old_one_is_left(path: Path, texts: set[str]) -> None:
    catalog = translations.read(path)
    assert {message.id for message in catalog if message.id} == texts
    assert len(texts) > 60
    for message in catalog:
        assert message.string
        assert not message.fuzzy or not message.id
    assert not catalog.obsolete


@each_catalogue
def test_every_translation_has_the_values_and_the_tags_of_its_text(path: Path) -> None:
    for message in translations.read(path):
        text, translated = str(message.id), str(message.string)
        if not text:
            continue
        for part in (r"%\(\w+\)s", r"</?\w+>"):
            assert sorted(re.findall(part, translated)) == sorted(re.findall(part, text)), text
        assert re.sub(r"%\(\w+\)s", "", translated).count("%") == 0
        assert text.endswith(".") == translated.endswith("."), text


@each_catalogue
def test_what_is_shipped_is_compiled_from_the_texts(path: Path) -> None:
    with path.with_suffix(".mo").open("rb") as file:
        shipped = GNUTranslations(file)
    for message in translations.read(path):
        if message.id:
            assert shipped.gettext(str(message.id)) == message.string


@pytest.mark.parametrize(
    ("accepted", "lang", "spoken"),
    [
        ("", None, "en"),
        ("", "fr", "fr"),
        ("", "de", "de"),
        ("", "it", "en"),
        ("", "fr-CA", "fr"),
        ("de", "en", "de"),
        ("de-CH", "en", "de"),
        ("DE-ch, fr", "en", "de"),
        ("it, de;q=0.5, fr;q=0.7", "en", "fr"),
        ("en-GB, de;q=0.9", "fr", "en"),
        ("it", "fr", "fr"),
        ("de;q=0", "en", "en"),
        ("*", "fr", "fr"),
        ("../../etc, de", "en", "de"),
        ("x" * 5000, "en", "en"),
        ("\xff", "en", "en"),
        (",".join(["xx"] * 500 + ["de"]), "fr", "fr"),
    ],
)
def test_a_page_is_in_the_visitors_language_else_in_that_of_the_setting(
    accepted: str, lang: str | None, spoken: str
) -> None:
    app = raising(NOT_FOUND, IPERNITY_LANG=lang)
    headers = {"Accept": "text/html", "Accept-Language": accepted}
    page = app.test_client().get("/", headers=headers)
    assert f"<title>{TITLES[spoken]}</title>" in page.text
    assert f'<html lang="{spoken}">' in page.text
    assert "Accept-Language" in page.vary
    problem = app.test_client().get("/", headers={**headers, "Accept": "application/json"})
    assert problem.json
    assert problem.json["title"] == TITLES[spoken]
    assert problem.json["reason"] == "not_found"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SignInError("expired", "That took too long."), "Das hat zu lange gedauert."),
        (
            SignInError(
                "fewer_permissions",
                "Ipernity granted less than this page needs: %(permissions)s is missing.",
                permissions="doc write",
            ),
            "Es fehlt doc write.",
        ),
        (UploadError("a%s.jpg", None, "%(file)s is empty.", reason="empty"), "a%s.jpg ist leer."),
        (
            UploadError(None, None, "%(file)s is too large.", reason="too_large"),
            "Die Datei ist zu groß.",
        ),
        (ServiceTimeout("slow"), "nicht rechtzeitig geantwortet"),
        (SignInError("expired", "Own words of 100%."), "Own words of 100%."),
        (SignInError("expired", ""), "<p></p>"),
    ],
)
def test_the_sentence_of_an_error_is_translated_with_its_values(
    error: Exception, said: str
) -> None:
    app = raising(error)  # type: ignore[arg-type]
    headers = {"Accept": "text/html", "Accept-Language": "de"}
    assert said in app.test_client().get("/", headers=headers).text


def test_logs_and_exceptions_stay_english(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    error = UploadError("a.jpg", None, "%(file)s is empty.", reason="empty")
    raising(error).test_client().get("/", headers={"Accept-Language": "de"})
    assert str(error) == "a.jpg is empty."
    assert "a.jpg is empty." in caplog.text


def test_the_pager_speaks_the_visitors_language_unless_it_is_told_what_to_say() -> None:
    app = Flask("pages")
    app.config.update(SECRET_KEY="k", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    Ipernity(app)
    macro = '{% from "flask_ipernity/macros.html" import pager %}'

    @app.get("/<own>")
    def view(own: str) -> str:
        call = "{{ pager(page, previous='vor', following='nach') }}" if own == "own" else ""
        return render_template_string(
            macro + (call or "{{ pager(page) }}"), page=Page(["x"], 2, 1, 3, 3)
        )

    client = app.test_client()
    french = client.get("/ours", headers={"Accept-Language": "fr"}).text
    assert ">Précédent</a>" in french
    assert ">Suivant</a>" in french
    own = client.get("/own", headers={"Accept-Language": "fr"}).text
    assert ">vor</a>" in own
    assert "Suivant" not in own


@pytest.mark.parametrize(
    ("locale", "spoken"),
    [("de", "de"), ("fr_CH", "fr"), ("en_GB", "en"), ("it", "en"), (None, "fr")],
)
def test_an_applications_flask_babel_decides(
    locale: str | None, spoken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lang = "fr" if locale is None else "en"
    app = raising(NOT_FOUND, IPERNITY_LANG=lang)
    give_babel(app, monkeypatch, locale)
    page = app.test_client().get("/", headers={"Accept": "text/html", "Accept-Language": "de"})
    assert TITLES[spoken] in page.text


@pytest.mark.parametrize("folder", ["translations", "texte/eigene"])
def test_an_application_adds_a_language_and_its_own_words(tmp_path: Path, folder: str) -> None:
    add_catalogue(tmp_path / folder, "it", Not_found="Non trovato")
    add_catalogue(tmp_path / folder, "de", Not_found="Futsch")
    app = raising(NOT_FOUND)
    app.root_path = str(tmp_path)
    if folder != "translations":
        app.config["BABEL_TRANSLATION_DIRECTORIES"] = f"nowhere;{folder}"
    client = app.test_client()
    pages = {
        language: client.get("/", headers={"Accept": "text/html", "Accept-Language": language}).text
        for language in ("it", "de", "fr")
    }
    assert "Non trovato" in pages["it"]
    assert "It does not exist" in pages["it"]
    assert "Futsch" in pages["de"]
    assert "Das gibt es nicht" in pages["de"]
    assert TITLES["fr"] in pages["fr"]


def test_a_template_of_the_application_words_an_error_by_its_reason_and_code(
    tmp_path: Path,
) -> None:
    path = tmp_path / "templates/flask_ipernity/error.html"
    path.parent.mkdir(parents=True)
    path.write_text("{{ reason }}|{{ code }}|{{ status }}|{{ lang }}")
    app = raising(NOT_FOUND)
    app.template_folder = str(tmp_path / "templates")
    page = app.test_client().get("/", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.text == "not_found|1|404|fr"


@pytest.mark.slow
def test_the_tool_says_what_is_not_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "de/LC_MESSAGES/flask_ipernity.po"
    path.parent.mkdir(parents=True)
    text = FILES[0].read_text("utf-8").replace('msgstr "Nicht gefunden"', 'msgstr ""')
    path.write_text(text, "utf-8")
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    assert translations.main() == 1
    assert "de: 'Not found' is not translated" in capsys.readouterr().out
    assert [message.id for message in translations.read(path) if not message.string] == [
        "Not found"
    ]
