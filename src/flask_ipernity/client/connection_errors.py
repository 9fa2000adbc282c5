"""Map the errors of a connection to exceptions."""

from __future__ import annotations

from socket import gaierror

from ..errors import ServiceError, ServiceTimeout, ServiceUnavailableError
from ..http.forward_proxy import ProxyError
from ..http.sockets import ConnectError


def connection_error(method: str, error: Exception) -> ServiceError:
    """Return the error of ours for one of the connection's, with a cause that holds no URL."""
    failure: ServiceError
    match error:
        case ConnectError(args=[gaierror() | UnicodeError()]):
            failure = ServiceUnavailableError("the name of the service cannot be resolved", method)
        case ConnectError(args=[TimeoutError()]):
            failure = ServiceTimeout("the service did not accept a connection in time", method)
        case ConnectError(args=[ProxyError(args=[reason])]):
            text = f"no connection through the proxy: {reason}"
            failure = ServiceUnavailableError(text, method)
        case ConnectError():
            failure = ServiceUnavailableError("no connection to the service", method)
        case TimeoutError():
            failure = ServiceTimeout("the service did not answer in time", method)
        case _:
            failure = ServiceUnavailableError("the connection to the service broke", method)
    failure.__cause__ = _root(error)
    return failure


def _root(error: BaseException) -> BaseException | None:
    """Return the operating system's error that *error* comes from, without context."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            bare = seen.with_traceback(None)
            bare.__cause__ = bare.__context__ = None
            return bare
        inner = [arg for arg in seen.args if isinstance(arg, BaseException)]
        seen = seen.__cause__ or seen.__context__ or (inner[0] if inner else None)
    return None
