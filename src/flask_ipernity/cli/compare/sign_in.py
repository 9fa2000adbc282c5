"""Gets the token that ``--sign-in`` needs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from ...client import IpernityAPI
from ...permissions import ITEMS, LEVELS, missing
from ...settings import Settings
from .callback import Callback
from .calls import Call
from .shapes import at
from .wire import Answer, NoAnswer, Wire

#: Seconds in which a browser comes back if its person is not asked; who is asked takes longer.
AGAIN = 6.0
_EXCHANGE = Call(name="exchange", method="auth.getToken")


class Grant:
    """A token with its permissions, and the frob that it was given for."""

    def __init__(self, answer: Answer, frob: str | None) -> None:
        auth: Any = next(at(answer.data, "auth"), {})
        self.token = str(auth["token"])
        found = auth.get("permissions")
        #: Level by item, as far as they are ones.
        self.permissions: dict[str, str] = {
            item: found[item]
            for item in ITEMS
            if isinstance(found, dict) and found.get(item) in LEVELS
        }
        self.frob = frob


class SignIn(NamedTuple):
    """What came of a sign-in: a grant unless the person has refused, and what was seen."""

    grant: Grant | None
    #: How the browser came to the callback, by the names that the assumptions use.
    seen: Mapping[str, Answer]


def wanted(write: bool) -> dict[str, str]:
    """Return the permissions to ask for."""
    return {"doc": "delete" if write else "read", "network": "read"}


def authorize_url(
    settings: Settings, permissions: Mapping[str, str], frob: str | None = None
) -> str:
    """Return the URL of the authorize page.

    :param permissions: what to ask for.
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
    return api.auth.auth_url(permissions, **({"frob": frob} if frob else {}))


def sign_in(wire: Wire, settings: Settings, write: bool, port: int | None) -> SignIn:
    """Sign in as the owner, or as a person who agrees in the browser now.

    :param write: it must allow changes.
    :param port: of this machine, where the key's callback is; ``None`` for a desktop key.
    :raises click.ClickException: there is no token, or it does not allow enough. A person who
        refuses on the way to the callback is no error: that is seen, too.
    """
    try:
        if settings.owner_token:
            signed = SignIn(_owner(wire, settings.owner_token), {})
        elif port is None:
            signed = SignIn(_exchanged(wire, _confirmed_frob(wire, settings, write)), {})
        else:
            signed = _by_callback(wire, settings, write, port)
    except NoAnswer as failure:
        raise click.ClickException(f"The sign-in failed: {failure}.") from None
    except (AttributeError, KeyError, TypeError):
        raise click.ClickException("The service has given no token.") from None
    needed = {"doc": "delete"} if write else {}
    if signed.grant and (lacking := missing(signed.grant.permissions, needed)):
        raise click.ClickException(
            f"The token lacks the permission doc={lacking['doc']}, which --write needs."
        )
    return signed


def _owner(wire: Wire, token: str) -> Grant:
    wire.token = token
    for post in (False, True):
        call = Call(name="check", method="auth.checkToken", token="right", post=post)
        answer = wire.call(call, {})
        if answer.is_ok:
            break
    else:
        raise click.ClickException("The service does not accept IPERNITY_OWNER_TOKEN.")
    return Grant(answer, None)


def _confirmed_frob(wire: Wire, settings: Settings, write: bool) -> str:
    """Return a frob of a program, after somebody has said that it is confirmed."""
    answer = wire.call(Call(name="frob", method="auth.getFrob"), {})
    frob = str(next(at(answer.data, "auth.frob"), ""))
    if not frob:
        raise click.ClickException("The service has given no frob for a sign-in.")
    _show(authorize_url(settings, wanted(write), frob))
    click.echo("Press Enter when you have.", err=True)
    wait_for_enter()
    return frob


def _by_callback(wire: Wire, settings: Settings, write: bool, port: int) -> SignIn:
    """Sign in with a browser that comes back to this machine, and look how it does so."""
    url = authorize_url(settings, wanted(write))
    try:
        callback = Callback(port, again=url)
    except OSError as error:
        text = f"Port {port} cannot be used: {error.strerror}."
        raise click.ClickException(text) from None
    with callback:
        _show(url)
        first = callback.wait() or {}
        if not first.get("frob"):
            return SignIn(None, {"first_visit": _visit(first)})
        grant = _exchanged(wire, first["frob"])
        second = callback.wait(AGAIN) or {}
    return SignIn(grant, {"first_visit": _visit(first), "second_visit": _visit(second)})


def _visit(query: Mapping[str, str]) -> Answer:
    """Return how a browser came: the names of the parameters, in place of a header."""
    given = ",".join(name for name, value in query.items() if value)
    empty = ",".join(name for name, value in query.items() if not value)
    return Answer(200, {"given": given, "empty": empty}, b"")


def wait_for_enter() -> None:
    """Wait for a line of the standard input, or for its end."""
    sys.stdin.readline()


def _show(url: str) -> None:
    click.echo(f"Open this page in a browser, and agree:\n\n  {url}\n", err=True)


def _exchanged(wire: Wire, frob: str) -> Grant:
    answer = wire.call(_EXCHANGE, {"frob": frob})
    if not answer.is_ok:
        raise click.ClickException("The sign-in was not confirmed.")
    return Grant(answer, frob)
