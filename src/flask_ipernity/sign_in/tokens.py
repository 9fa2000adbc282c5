"""Where the tokens of visitors are stored, by the value of ``IPERNITY_TOKEN_STORE``.

==============  ===================================================================
``session``     in the session; the visitor can read it if that is a cookie
``sealed``      in the session, encrypted
``server``      in the store of ``IPERNITY_CACHE``; the session has a random key
an object       in that :class:`TokenStore`; the session has a random key
==============  ===================================================================
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from copy import deepcopy
from functools import lru_cache
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Protocol

from flask import current_app

from ..caching.backends import TextStore, text_store
from ..errors import ConfigurationError, SignInError
from ..settings import Settings, secret_keys
from .session import VisitorSession

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

#: The records of a visitor: signed in, and waiting for the visitor's confirmation.
TOKEN, CANDIDATE = "token", "candidate"


class TokenStore(Protocol):
    """Stores records, which are dictionaries that can be written as JSON.

    Keys are random and have 52 characters. The record of a signed-in visitor has the keys
    ``token``, ``user`` and ``permissions``. Caches of cachelib are token stores.
    """

    def get(self, key: str, /) -> Any:
        """Return the record of *key*, or ``None``."""

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> object:
        """Store a record.

        :param max_age: seconds after which the record is no longer used and may be deleted.
        """

    def delete(self, key: str, /) -> object:
        """Delete the record of *key*, if there is one."""


class RecordStore(Protocol):
    """Stores the records of the current request's visitor, under :data:`TOKEN` and so on."""

    def get(self, key: str, /) -> Any:
        """Return the record *key*, or ``None``."""

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        """Store a record.

        :param max_age: seconds after which it may be deleted.
        """

    def delete(self, *keys: str) -> None:
        """Delete the records *keys*, as far as there are any."""


def record_store(settings: Settings, session: VisitorSession) -> RecordStore:
    """Return the store that *settings* choose.

    :raises ConfigurationError: something that the store needs is missing.
    """
    if settings.token_store == "session":
        return SessionStore(session)
    if settings.token_store == "sealed":
        return SealedStore(session)
    if settings.token_store != "server":
        return ServerStore(session, settings.token_store)
    # Not the store of results: with "memory", results must not evict tokens.
    texts = text_store(settings.cache)
    if texts is None:
        raise ConfigurationError(
            'IPERNITY_TOKEN_STORE = "server" needs a store on the server. Write'
            ' IPERNITY_CACHE = "redis://localhost:6379/0", or use an object of cachelib or, with a'
            ' single process, "memory".'
        )
    return ServerStore(session, JSONStore(texts))


class SessionStore:
    """Stores records in the session, unencrypted."""

    def __init__(self, session: VisitorSession) -> None:
        self._session = session

    # Copies, so that a view can change a record without changing the session.

    def get(self, key: str, /) -> Any:
        kept = self._session.get(key)
        return kept and deepcopy(kept)

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        self._session.set(key, deepcopy(value))

    def delete(self, *keys: str) -> None:
        for key in keys:
            self._session.pop(key)


class SealedStore:
    """Stores records in the session, encrypted with a key derived from ``SECRET_KEY``.

    Keys in ``SECRET_KEY_FALLBACKS`` still decrypt.

    :raises ConfigurationError: cryptography is not installed.
    """

    def __init__(self, session: VisitorSession) -> None:
        self._session = session
        try:
            import cryptography.fernet  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                'IPERNITY_TOKEN_STORE = "sealed" needs the package cryptography:'
                " pip install Flask-Ipernity[sealed]"
            ) from None

    def get(self, key: str, /) -> Any:
        from cryptography.fernet import InvalidToken

        sealed = self._session.get(f"sealed_{key}")
        if not isinstance(sealed, str):
            return None
        try:
            return json.loads(_seal().decrypt(sealed))
        except InvalidToken:
            return None

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        clear = json.dumps(value, separators=(",", ":")).encode()
        self._session.set(f"sealed_{key}", _seal().encrypt(clear).decode())

    def delete(self, *keys: str) -> None:
        for key in keys:
            self._session.pop(f"sealed_{key}")


class ServerStore:
    """Stores records in a backend, and only random keys in the session.

    Each record gets a new key, so an old cookie is useless once its record is deleted.
    """

    def __init__(self, session: VisitorSession, backend: TokenStore) -> None:
        self._session = session
        self._backend = backend

    def get(self, key: str, /) -> Any:
        name = self._session.get(f"{key}_key")
        return self._backend.get(name) if isinstance(name, str) else None

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        self.delete(key)
        name = f"ipernity:{token_urlsafe(32)}"
        self._backend.set(name, value, max_age)
        self._session.set(f"{key}_key", name)

    def delete(self, *keys: str) -> None:
        for key in keys:
            name = self._session.pop(f"{key}_key")
            if isinstance(name, str):
                self._backend.delete(name)


class JSONStore:
    """A :class:`TokenStore` that stores records as JSON.

    :param texts: the store.
    """

    def __init__(self, texts: TextStore) -> None:
        self._texts = texts

    def get(self, key: str, /) -> Any:
        """Return the record of *key*, or ``None``."""
        text = self._texts.get_many(key)[0]
        return None if text is None else json.loads(text)

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        """Store a record.

        :raises SignInError: it cannot be stored. Otherwise the visitor would be asked to sign in
            again and again.
        """
        if not self._texts.set(key, json.dumps(value), max_age):
            raise SignInError("not_kept", "Your sign-in cannot be stored now. Try again later.")

    def delete(self, key: str, /) -> None:
        """Delete the record of *key*, if there is one."""
        self._texts.delete(key)


def _seal() -> MultiFernet:
    return _fernets(secret_keys(current_app.config))


@lru_cache(maxsize=8)
def _fernets(secrets: tuple[bytes, ...]) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def fernet(secret: bytes) -> Fernet:
        kdf = HKDF(SHA256(), 32, salt=None, info=b"Flask-Ipernity sealed token store")
        return Fernet(urlsafe_b64encode(kdf.derive(secret)))

    return MultiFernet([fernet(secret) for secret in secrets])
