"""Translations that an application has of its own, and a Flask-Babel."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.catalog import Catalog
from flask import Flask
from tools.translations import compiled


def add_catalogue(folder: Path, language: str, **texts: str) -> None:
    """Write a catalogue below *folder*, with texts by their English ones, ``_`` for spaces."""
    catalog = Catalog(locale=language)
    for text, translated in texts.items():
        catalog.add(text.replace("_", " "), translated)
    path = folder / language / "LC_MESSAGES" / "flask_ipernity.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(compiled(catalog))


def give_babel(app: Flask, monkeypatch: pytest.MonkeyPatch, locale: object) -> None:
    """Give *app* what the extension uses of Flask-Babel."""
    app.extensions["babel"] = object()
    monkeypatch.setitem(sys.modules, "flask_babel", SimpleNamespace(get_locale=lambda: locale))
