"""The consent page, ``/apps/authorize``: a person allows an application to act for them.

The web flow starts without a frob and ends at the application's callback URL with one. The desktop
flow starts with a frob, and ends on a page that confirms the permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from .accounts import PERMISSION_LEVELS, App, Frob, Person
from .local_only import refuse_other_sites
from .methods.auth import check_permissions, is_fresh, new_frob
from .signature import is_signed
from .state import SandboxState

#: Tells which person a browser belongs to, when people are not asked again.
PERSON_COOKIE = "ipernity_sandbox_person"

#: The fields of the form that are not parameters of the link.
FORM_FIELDS = ("user_id", "answer")

ITEM_WORDS = {
    "doc": "your photos, videos, files and albums, private ones too",
    "blog": "your blog",
    "post": "your articles",
    "network": "your contacts",
    "profile": "your profile",
}
LEVEL_WORDS = {
    "read": "See {}",
    "write": "See and change {}",
    "delete": "See, change and delete {}",
}


class InvalidLink(Exception):
    """A link that cannot be followed; the message says why."""


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A sign-in link that has passed the checks."""

    params: Mapping[str, str]
    app: App
    permissions: dict[str, str]
    #: The desktop flow's frob; None in the web flow.
    frob: Frob | None
    #: Where the web flow ends; empty in the desktop flow.
    callback_url: str


def blueprint(state: SandboxState) -> Blueprint:
    """Return the blueprint with the consent page."""
    pages = Blueprint("authorize", __name__)

    @pages.route("/apps/authorize", methods=["GET", "POST"])
    def authorize() -> WerkzeugResponse | str:
        # The form repeats the parameters of the link, which are also in the URL.
        params = {**request.args.to_dict(), **request.form.to_dict()}
        chosen = {name: params.pop(name) for name in FORM_FIELDS if name in params}
        if request.method == "POST":
            refuse_other_sites()
        with state.lock:
            link = _checked_link(state, params)
            if link.frob and link.frob.person_id:
                return _desktop_end_page(link)
            people = [person for person in state.people.values() if not person.closed]
            if request.method == "GET":
                if (person := _granted_before(state, link)) is not None:
                    return _allow(state, link, person)
                words = [
                    LEVEL_WORDS[level].format(ITEM_WORDS[item])
                    for item, level in link.permissions.items()
                    if level != "none"
                ]
                return render_template("authorize.html", link=link, people=people, words=words)
            match chosen.get("answer", "allow"):
                case "allow":
                    return _allow(state, link, _chosen_person(people, chosen.get("user_id")))
                case "refuse":
                    return _refuse(state, link)
            raise InvalidLink("The answer must be “allow” or “refuse”.")

    @pages.errorhandler(InvalidLink)
    def bad_link(error: InvalidLink) -> tuple[str, int]:
        return render_template("message.html", title="Invalid link", text=str(error)), 400

    @pages.after_request
    def protect(response: Response) -> Response:
        # Without form-action: browsers would also apply it to the redirect to the application.
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cache-Control"] = "no-store"
        # The URL of this page contains a signature, in the desktop flow also a frob. Without any
        # referrer, browsers would not send the origin of the form either.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return pages


def _checked_link(state: SandboxState, params: Mapping[str, str]) -> SignInLink:
    """Return a link whose parameters have passed the checks.

    Parameters that have no meaning here (``lg``, which is sent since 2026, or the ``auth_token`` of
    PyIpernity) are accepted if the signature covers them.

    :raises InvalidLink: for the first wrong parameter.
    """
    if not (key := params.get("api_key")):
        raise InvalidLink("The link has no api_key.")
    if (app := state.apps.get(key)) is None:
        raise InvalidLink("There is no application with this api_key.")
    if not params.get("api_sig"):
        raise InvalidLink("The link has no api_sig.")
    if not is_signed(params, "", app.secret):
        raise InvalidLink(
            "The api_sig is wrong. It must cover every parameter of the link, end with the secret, "
            "and contain no method name."
        )
    permissions = {
        name.removeprefix("perm_"): level
        for name, level in params.items()
        if name.startswith("perm_")
    }
    try:
        check_permissions(permissions)
    except ValueError as error:
        raise InvalidLink(str(error)) from error
    frob = _usable_frob(state, app, params["frob"]) if "frob" in params else None
    if frob is None and not app.callback_url:
        raise InvalidLink(
            "This application has no callback URL, so the sign-in cannot return to it. Register "
            "one, or use the desktop flow (a link with a frob)."
        )
    return SignInLink(params, app, permissions, frob, "" if frob else app.callback_url or "")


def _usable_frob(state: SandboxState, app: App, value: str) -> Frob:
    """Return the desktop flow's frob with this value.

    :raises InvalidLink: if there is none that can still be used.
    """
    frob = state.frobs.get(value)
    if frob is None or frob.app_key != app.key or frob.flow != "desktop" or not is_fresh(frob):
        raise InvalidLink("The frob is unknown, expired or already used. Start again.")
    return frob


def _chosen_person(people: list[Person], user_id: str | None) -> Person:
    """Return the chosen person; the first one if the form was sent without a choice."""
    for person in people:
        if user_id in (None, person.user_id):
            return person
    raise InvalidLink("There is no such person.")


def _allow(state: SandboxState, link: SignInLink, person: Person) -> WerkzeugResponse | str:
    """Give the application a frob, or allow the one that it already has."""
    if link.frob:
        link.frob.person_id = person.user_id
        link.frob.permissions = link.permissions
        return _desktop_end_page(link)
    frob = new_frob(state, link.app.key, "web", person.user_id, link.permissions)
    state.grants[link.app.key, person.user_id] = link.permissions
    response = redirect(_callback_with(link, f"frob={frob.value}"), 302)
    if state.unknowns.consent == "remember":
        # Cookies do not know ports: the path keeps it from applications on this machine.
        response.set_cookie(
            PERSON_COOKIE, person.user_id, path="/apps/authorize", httponly=True, samesite="Lax"
        )
    return response


def _granted_before(state: SandboxState, link: SignInLink) -> Person | None:
    """Return the person of this browser if she need not be asked.

    PyIpernity's and Flask-Ipernity's test helpers have met a first answer that is a redirect, for
    a person who had granted the same before ([C]). Here, that is what the link asks for or more.
    """
    if state.unknowns.consent != "remember" or link.frob is not None:
        return None
    person = state.people.get(request.cookies.get(PERSON_COOKIE, ""))
    if person is None or person.closed:
        return None
    granted = state.grants.get((link.app.key, person.user_id))
    if granted is None or any(
        PERMISSION_LEVELS.index(level) > PERMISSION_LEVELS.index(granted.get(item, "none"))
        for item, level in link.permissions.items()
    ):
        return None
    return person


def _callback_with(link: SignInLink, query: str) -> str:
    """Return the callback URL with a further query."""
    parts = urlsplit(link.callback_url)
    return parts._replace(query="&".join(filter(None, [parts.query, query]))).geturl()


def _refuse(state: SandboxState, link: SignInLink) -> WerkzeugResponse | str:
    """End a sign-in without access; the service's response is not known ([U])."""
    if link.frob is not None:
        del state.frobs[link.frob.value]
    elif state.unknowns.denial != "page":
        query = {"callback": "", "empty": "frob=", "error": "error=access_denied"}
        return redirect(_callback_with(link, query[state.unknowns.denial]), 302)
    return render_template("message.html", title="Refused", text=f"{link.app.title} has no access.")


def _desktop_end_page(link: SignInLink) -> str:
    """Return the page at the end of the desktop flow.

    Clients look for its ``<div class="ok">`` ([C] PyIpernity).
    """
    text = f"{link.app.title} now has access. You can close this page and go back to it."
    return render_template("message.html", title="Confirmed", text=text, ok=True)
