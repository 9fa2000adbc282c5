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
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Protocol

from flask import current_app

from ..caching.backends import Breaker, StoreAway, TextStore, bare_text_store
from ..errors import ConfigurationError, SignInError, missing_package
from ..http.redaction import reveal
from ..settings import Settings, secret_keys
from .owed import OwedDeletions
from .session import VisitorSession

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

#: The records of a visitor: signed in, and waiting for the visitor's confirmation.
TOKEN, CANDIDATE = "token", "candidate"


class TokenStore(Protocol):
    """Stores records, which are dictionaries that can be written as JSON.

    Keys are random and have 52 characters. The record of a signed-in visitor has the keys
    ``token``, ``user``, ``permissions`` and ``app``, which tells applications apart that share
    the session. Caches of cachelib are token stores.

    A method that raises an exception says that the store does not work at present: nobody is
    signed out for that.
    """

    def get(self, key: str, /) -> Any:
        """Return the record of *key*, or ``None``."""

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> object:
        """Store a record.

        :param max_age: seconds after which the record is no longer used and may be deleted.
        :returns: ``False`` if it is not stored.
        """

    def delete(self, key: str, /) -> object:
        """Delete the record of *key*, if there is one."""


class RecordStore(Protocol):
    """Stores the records of the current request's visitor, under :data:`TOKEN` and so on.

    What comes back is not checked; see :mod:`.records`.
    """

    def session_key(self, key: str, /) -> str:
        """Return our key in the session under which there is something for the record *key*."""
        ...

    def get(self, key: str, /) -> Any:
        """Return the record *key*, or ``None``.

        :raises SignInError: there may be one, but the store does not work.
        """

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        """Store a record. The former one is deleted only when the new one is stored.

        :param max_age: seconds after which it may be deleted.
        :raises SignInError: it cannot be stored. Otherwise the visitor would be asked to sign in
            again and again.
        """

    def delete(self, *keys: str) -> None:
        """Delete the records *keys*, as far as there are any."""

    def revoke(self, key: str, /) -> None:
        """Delete what is on the server of the record *key*, without a change of the session."""

    def check(self) -> None:
        """Ask the store whether it works.

        :raises SignInError: it does not.
        """


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
    texts = bare_text_store(settings.cache)
    if texts is None:
        raise ConfigurationError(
            'IPERNITY_TOKEN_STORE = "server" needs a store on the server. Write'
            ' IPERNITY_CACHE = "redis://localhost:6379/0", or use an object of cachelib or, with a'
            ' single process, "memory".'
        )
    return ServerStore(session, JSONStore(texts))


class _InSession:
    """What the two stores in the session have in common."""

    def __init__(self, session: VisitorSession) -> None:
        self._session = session

    def session_key(self, key: str, /) -> str:
        return key

    def delete(self, *keys: str) -> None:
        for key in keys:
            self._session.pop(self.session_key(key))

    def revoke(self, key: str, /) -> None:
        pass

    def check(self) -> None:
        pass


class SessionStore(_InSession):
    """Stores records in the session, unencrypted."""

    # Copies, so that a view can change a record without changing the session.

    def get(self, key: str, /) -> Any:
        return deepcopy(self._session.get(key))

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        self._session.set(key, deepcopy(reveal(value)))


class SealedStore(_InSession):
    """Stores records in the session, encrypted with a key derived from ``SECRET_KEY``.

    Keys in ``SECRET_KEY_FALLBACKS`` still decrypt.

    :raises ConfigurationError: cryptography is not installed.
    """

    def __init__(self, session: VisitorSession) -> None:
        super().__init__(session)
        try:
            import cryptography.fernet  # noqa: F401
        except ImportError:
            text = missing_package('IPERNITY_TOKEN_STORE = "sealed"', "cryptography", "sealed")
            raise ConfigurationError(text) from None

    def session_key(self, key: str, /) -> str:
        return f"sealed_{key}"

    def get(self, key: str, /) -> Any:
        from cryptography.fernet import InvalidToken

        sealed = self._session.get(self.session_key(key))
        if not isinstance(sealed, str):
            return None
        try:
            return json.loads(_seal().decrypt(sealed))
        # ValueError: it is not even base64.
        except (InvalidToken, ValueError):
            return None

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        clear = json.dumps(reveal(value), separators=(",", ":")).encode()
        self._session.set(self.session_key(key), _seal().encrypt(clear).decode())


class ServerStore:
    """Stores records in a backend, and only random keys in the session.

    Each record gets a new key, so an old cookie is useless once its record is deleted.
    """

    def __init__(self, session: VisitorSession, backend: TokenStore) -> None:
        self._session = session
        self._backend = backend
        self._breaker = Breaker(
            "IPERNITY_TOKEN_STORE",
            "protected pages answer 503 to signed-in visitors until it does.",
        )
        self._owed = OwedDeletions(self._breaker, backend.delete)

    def session_key(self, key: str, /) -> str:
        return f"{key}_key"

    def get(self, key: str, /) -> Any:
        name = self._session.get(self.session_key(key))
        if not isinstance(name, str) or name in self._owed:
            return None
        record = self._ask(name)
        # Not a text, which would be a token alone.
        return record if record is None or isinstance(record, Mapping) else {}

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> None:
        name = _new_name()
        try:
            # Caches of cachelib return whether it is stored; another object may return nothing.
            stored = self._breaker.run(lambda: self._backend.set(name, reveal(value), max_age))
        except StoreAway:
            stored = False
        if stored is False:
            raise SignInError("not_kept", "Your sign-in cannot be stored now. Try again later.")
        self.delete(key)
        self._session.set(self.session_key(key), name)

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.revoke(key)
            self._session.pop(self.session_key(key))

    def revoke(self, key: str, /) -> None:
        name = self._session.get(self.session_key(key))
        if isinstance(name, str):
            self._owed.delete(name)

    def check(self) -> None:
        self._ask(_new_name())

    def _ask(self, name: str) -> Any:
        try:
            record = self._breaker.run(lambda: self._backend.get(name))
        except StoreAway:
            raise SignInError(
                "unavailable", "Your sign-in cannot be checked now. Try again later."
            ) from None
        self._owed.make_up()
        return record


def _new_name() -> str:
    return f"ipernity:{token_urlsafe(32)}"


class JSONStore:
    """A :class:`TokenStore` that stores records as JSON.

    :param texts: the store.
    """

    def __init__(self, texts: TextStore) -> None:
        self._texts = texts

    def get(self, key: str, /) -> Any:
        """Return the record of *key*, or ``None``; the text itself if it is not JSON."""
        text = self._texts.get_many(key)[0]
        try:
            return None if text is None else json.loads(text)
        # RecursionError: thousands of brackets.
        except (ValueError, RecursionError):
            return text

    def set(self, key: str, value: dict[str, Any], max_age: int, /) -> bool:
        """Store a record, and return whether it is stored."""
        return self._texts.set(key, json.dumps(value), max_age)

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
