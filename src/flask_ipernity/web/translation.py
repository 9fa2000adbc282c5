"""The language of the extension's pages, and the texts in it.

The catalogues are those of gettext, in ``translations/LANGUAGE/LC_MESSAGES/flask_ipernity.mo``. The
application may have some of its own in its folder of translations, for other languages or with
other words.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from itertools import islice
from pathlib import Path
from typing import Any

from flask import current_app, has_request_context, request
from markupsafe import Markup

from ..errors import filled

#: The name of the catalogues.
DOMAIN = "flask_ipernity"
#: The folder of our catalogues.
FOLDER = Path(__file__).parent.parent / "translations"
#: How many of the languages that a browser accepts are looked for.
MAX_ACCEPTED = 20
#: The language of the texts in the code.
SOURCE = "en"

_NAME = re.compile(r"[A-Za-z]{2,3}(_[A-Za-z0-9]{2,8})*", re.ASCII)


def gettext(message: str, **values: object) -> str:
    """Return *message* in the language of the current request.

    :param message: an English text, with ``%(name)s`` for each of *values*.
    """
    return filled(_translated(message), values)


def gettext_html(message: str, **values: object) -> Markup:
    """Return *message*, which may have tags, as HTML; *values* are escaped."""
    text = Markup(_translated(message))
    return text % values if values else text


def _translated(message: str) -> str:
    # The text of nothing is the head of the catalogue.
    return _catalogue(language()).gettext(message) if message else ""


def language() -> str:
    """Return the language of the extension's pages for the current request, such as ``de``.

    It is the locale of Flask-Babel where the application uses that, else the first language of the
    visitor that there is a catalogue for; else ``IPERNITY_LANG``.
    """
    for wanted in _wanted():
        # "de-CH" is German.
        for name in (wanted.replace("-", "_"), wanted.replace("-", "_").partition("_")[0].lower()):
            if name == SOURCE or _is_there(name):
                return name
    return SOURCE


def _wanted() -> Iterator[str]:
    flask_babel: Any = sys.modules.get("flask_babel")
    if flask_babel is not None and "babel" in current_app.extensions:
        if locale := flask_babel.get_locale():
            yield str(locale)
    elif has_request_context():
        accepted = islice(request.accept_languages, MAX_ACCEPTED)
        yield from (name for name, quality in accepted if quality > 0)
    if name := current_app.config.get("IPERNITY_LANG"):
        yield name


def _is_there(name: str) -> bool:
    # The visitor's browser has sent it, and it becomes a part of a path.
    return _NAME.fullmatch(name) is not None and isinstance(_catalogue(name), GNUTranslations)


def _catalogue(name: str) -> NullTranslations:
    folders = current_app.config.get("BABEL_TRANSLATION_DIRECTORIES", "translations")
    return _read(current_app.root_path, folders, name)


@lru_cache(maxsize=64)
def _read(root: str, folders: str, name: str) -> NullTranslations:
    """Return the catalogue of a language: that of the application before ours."""
    found: NullTranslations = NullTranslations()
    # What is added as a fallback is asked last.
    for folder in (*(Path(root, one) for one in folders.split(";")), FOLDER):
        path = folder / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if path.is_file():
            with path.open("rb") as file:
                catalogue = GNUTranslations(file)
            if isinstance(found, GNUTranslations):
                found.add_fallback(catalogue)
            else:
                found = catalogue
    return found
