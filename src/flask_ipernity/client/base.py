"""The base class of services, and what the parts of the client need of an API object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from .methods import unknown_method

if TYPE_CHECKING:
    from .multipart import Progress, UploadSource


class Caller(Protocol):
    """An object that calls API methods, such as :class:`.IpernityAPI`."""

    def call(self, method_name: str, **params: object) -> dict[str, Any]: ...


class Sender(Caller, Protocol):
    """A caller that knows the user who granted its token, and opens files to upload."""

    @property
    def user_info(self) -> dict[str, Any] | None: ...

    def open_file(self, file: Any, on_progress: Progress | None = None) -> UploadSource: ...


class Application(Caller, Protocol):
    """A caller with the key of an application, for which a user grants a token."""

    lang: str | None
    authorize_url: str

    @property
    def api_key(self) -> str: ...

    @property
    def api_secret(self) -> str: ...

    @property
    def token(self) -> str | None: ...

    @token.setter
    def token(self, value: str | Mapping[str, Any] | None) -> None: ...


class Service:
    """A service of the API; its attributes are methods and further services."""

    __slots__ = ("_api",)

    _name: ClassVar[str]

    def __init__(self, api: Caller) -> None:
        self._api = api

    def __repr__(self) -> str:
        return f"<Ipernity service {self._name}>"

    if not TYPE_CHECKING:
        # Type checkers would take any name for an attribute.
        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise unknown_method(f"{self._name}.{name}")

    def _call(
        self, method: str, params: Mapping[str, object], extra: Mapping[str, object] | None
    ) -> Any:
        sent = {name: value for name, value in params.items() if value is not None}
        if extra:
            if twice := sent.keys() & extra.keys():
                raise TypeError(f"{method}: {', '.join(sorted(twice))} given twice")
            sent.update(extra)
        return self._api.call(method, **sent)
