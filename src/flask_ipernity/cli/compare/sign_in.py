"""Gets the token that ``--sign-in`` needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from ...client import IpernityAPI
from ...permissions import missing
from ...settings import Settings
from .calls import Call
from .shapes import at
from .wire import Answer, NoAnswer, Wire

_EXCHANGE = Call(name="exchange", method="auth.getToken")


class Grant:
    """A token with its permissions, and the frob that it was given for."""

    def __init__(self, answer: Answer, frob: str | None) -> None:
        auth: Any = next(at(answer.data, "auth"), {})
        self.token = str(auth["token"])
        self.permissions: Mapping[str, str] = auth.get("permissions") or {}
        self.frob = frob


def wanted(write: bool) -> dict[str, str]:
    """Return the permissions to ask for."""
    return {"doc": "delete" if write else "read", "network": "read"}


def authorize_url(settings: Settings, frob: str | None, write: bool) -> str:
    """Return the URL of the authorize page.

    :param frob: of a program; without one, the page sends the browser to the callback of the key.
    """
    api = IpernityAPI(
        settings.app_key,
        settings.app_secret,
        auth="desktop" if frob else "web",
        url=settings.api_url,
        auth_url_base=settings.authorize_url,
        lang=settings.lang,
    )
    return api.auth.auth_url(wanted(write), **({"frob": frob} if frob else {}))


def sign_in(wire: Wire, settings: Settings, write: bool) -> Grant:
    """Return the owner's grant, or that of a person who agrees in the browser now.

    :param write: it must allow changes.
    :raises click.ClickException: there is no token, or it does not allow enough.
    """
    try:
        grant = (
            _owner(wire, settings.owner_token)
            if settings.owner_token
            else _by_browser(wire, settings, write)
        )
    except NoAnswer as failure:
        raise click.ClickException(f"The sign-in failed: {failure}.") from None
    except (KeyError, TypeError):
        raise click.ClickException("The service has given no token.") from None
    needed = {"doc": "delete"} if write else {}
    if lacking := missing(grant.permissions, needed):
        raise click.ClickException(
            f"The token lacks the permission doc={lacking['doc']}, which --write needs."
        )
    return grant


def _owner(wire: Wire, token: str) -> Grant:
    wire.token = token
    answer = wire.call(Call(name="check", method="auth.checkToken", token="right"), {})
    if not answer.is_ok:
        raise click.ClickException("The service does not accept IPERNITY_OWNER_TOKEN.")
    return Grant(answer, None)


def _by_browser(wire: Wire, settings: Settings, write: bool) -> Grant:
    answer = wire.call(Call(name="frob", method="auth.getFrob"), {})
    frob = str(next(at(answer.data, "auth.frob"), "") or next(at(answer.data, "frob"), ""))
    if not frob:
        raise click.ClickException("The service has given no frob for a sign-in.")
    url = authorize_url(settings, frob, write)
    click.echo(f"Open this page in a browser, and agree:\n\n  {url}\n", err=True)
    click.prompt("Press Enter when you have", default="", show_default=False, err=True)
    answer = wire.call(_EXCHANGE, {"frob": frob})
    if not answer.is_ok:
        raise click.ClickException("The sign-in was not confirmed.")
    return Grant(answer, frob)
