"""The extension's templates, rendered in an environment of their own.

The application may have other delimiters, ``StrictUndefined`` or context processors that fail: our
pages do not depend on them. A template that the application has put in the place of one of ours
belongs to the application, and is rendered in its environment.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from flask import Blueprint, current_app, render_template, request
from jinja2 import Environment, FileSystemLoader, TemplateNotFound
from werkzeug.routing import BuildError

from .next_url import own_url
from .translation import gettext_html, language

_FOLDER = Path(__file__).parent.parent / "templates"

#: Adds the templates below ``flask_ipernity/`` and the style sheet to the application.
resources = Blueprint(
    "flask_ipernity",
    "flask_ipernity",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

#: What all pages extend.
_LAYOUT = "page.html"


def render(template: str, **values: object) -> str:
    """Return the page of *template*.

    :param template: its name below ``flask_ipernity/``.
    """
    values = {"lang": language(), "stylesheet": _stylesheet(), **values}
    if any(map(_is_replaced, (template, _LAYOUT))):
        return render_template(f"flask_ipernity/{template}", **values)
    # Flask-WTF and its like put this here.
    if csrf_token := current_app.jinja_env.globals.get("csrf_token"):
        values["csrf_token"] = csrf_token
    return (
        _environment().get_template(f"flask_ipernity/{template}").render(request=request, **values)
    )


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True)
    environment.globals["ipernity_gettext"] = gettext_html
    return environment


def _is_replaced(template: str) -> bool:
    """Return whether the application has a template in the place of this one of ours."""
    environment = current_app.jinja_env
    if environment.loader is None:
        return False
    try:
        _, filename, _ = environment.loader.get_source(environment, f"flask_ipernity/{template}")
    except TemplateNotFound:
        return False
    return filename is None or not Path(filename).is_relative_to(_FOLDER)


def _stylesheet() -> str | None:
    try:
        return own_url("flask_ipernity.static", request, filename="pages.css")
    except BuildError:  # with host matching, our views have no host
        return None
