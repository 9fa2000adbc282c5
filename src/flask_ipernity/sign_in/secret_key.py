"""A missing ``SECRET_KEY`` is told at start."""

from __future__ import annotations

import logging

from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from ..errors import ConfigurationError
from ..settings import Settings

log = logging.getLogger(__name__)

_NEW_SECRET_KEY = (
    "Set it before Ipernity(app); make one with"
    " python -c 'import secrets; print(secrets.token_hex())'"
)


def tell_missing_secret_key(app: Flask, settings: Settings) -> None:
    """Say that ``SECRET_KEY`` is missing before a visitor gets an error because of it.

    It may still be set until the first request, and sites on which nobody signs in do without.

    :raises ConfigurationError: a setting cannot do without it.
    """
    if app.secret_key:
        return
    if settings.token_store == "sealed":
        raise ConfigurationError(
            'IPERNITY_TOKEN_STORE = "sealed" encrypts with the SECRET_KEY of the application, which'
            f" is missing. {_NEW_SECRET_KEY}"
        )
    uses = []
    if isinstance(app.session_interface, SecureCookieSessionInterface) and (
        settings.callback or settings.login
    ):
        uses.append("visitors cannot sign in")
    if settings.owner_token is not None:
        uses.append("media_url(as_owner=True) cannot sign URLs")
    if uses:
        log.warning("SECRET_KEY is missing: %s. %s", " and ".join(uses), _NEW_SECRET_KEY)
