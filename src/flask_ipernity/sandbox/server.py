"""The sandbox as an object: two servers on this machine, and what tests need to control them."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from flask import Flask

from . import authorize, endpoint, web_pages
from .accounts import App, Person
from .call_body import call_request_class
from .endpoint import RecordedCall
from .faults import Fault, FaultInjector
from .fixtures.documents import add_documents, default_state
from .fixtures.photo_folder import PhotoFolder
from .http_server import BackgroundServer, bind
from .local_only import answer_only_to, checked_host
from .media_host import RecordedRequest, media_app
from .methods.auth import new_token
from .state import SandboxState
from .unknowns import Consent, Denial, EmptyLists, Lg, Reads, Unknowns

APP_KEY = "5a4d0b0c000027bf3f1e9a6c7d2b8e40"
APP_SECRET = "0c5e8d2f7a1b4936"


class Sandbox:
    """A local Ipernity: API and web pages on one port of this machine, media on another.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`. Its data is kept in
    memory as long as the object exists. Safe to use from several threads.

    :param port: the API's port; 0 takes a free one. The media host always takes a free one.
    :param host: the address to listen on: a loopback one, or one of this machine in a network,
        where everybody can then use all accounts. Requests for other hosts are refused.
    :param photos: a folder whose pictures, videos and sounds are served as the first person's
        account; new, changed and deleted files are seen while the sandbox runs.
    :param latency: milliseconds added to each API call.
    :param faults: faults, each as ``METHOD=KIND`` or ``METHOD=KIND:N``; see :meth:`fault`.
    :param rate: API calls accepted in a second; further ones get error 113.
    :param app_key: the application's key.
    :param app_secret: the application's secret.
    :param callback_url: where the web flow of the sign-in ends.
    :param extra_documents: number of further public photos of the first person, older than all
        others, for lists of many pages.
    :param processing: seconds until an uploaded file is a document.
    :param empty_lists: how an empty list is answered where nobody knows: ``absent`` without a
        key, ``list`` as ``[]``, ``mixed`` each list in turns. What is known of a list is kept.
    :param consent: whether the consent page asks every time (``ask``), or sends who has granted
        the same before on at once (``remember``).
    :param denial: where a person is sent to who refuses: ``callback`` without a frob, ``empty``
        with an empty one, ``error`` with ``error=access_denied``, ``page`` nowhere.
    :param lg: what becomes of a call without ``lg``: ``optional`` answers it, ``error`` refuses
        it, ``empty`` answers without a payload.
    :param reads: how reading methods may be called: ``both``, by ``get`` only (else HTTP status
        405), or with a token by ``post`` only (else error 120).
    :param eta: seconds that ``upload.checkTickets`` says are left, whatever is true.
    :param token_life: seconds after which a token is invalid.
    :param thumbnails: a folder in which drawn sizes of ``photos`` are kept for the next start.
    :param reads_metadata: whether an uploaded photo gets its title, description, keywords and
        licence from EXIF, IPTC and XMP if the parameters say nothing; it is not known whether the
        service does so. Date, place and values are taken from EXIF in any case.
    :raises ValueError: if an option is invalid.
    """

    def __init__(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        photos: str | PathLike[str] | None = None,
        latency: float = 0.0,
        faults: Iterable[str] = (),
        rate: int | None = None,
        app_key: str = APP_KEY,
        app_secret: str = APP_SECRET,
        callback_url: str | None = None,
        extra_documents: int = 0,
        processing: float = 1.0,
        *,
        empty_lists: EmptyLists = "absent",
        consent: Consent = "ask",
        denial: Denial = "callback",
        lg: Lg = "optional",
        reads: Reads = "both",
        eta: int | None = None,
        token_life: float | None = None,
        thumbnails: str | PathLike[str] | None = None,
        reads_metadata: bool = False,
    ) -> None:
        #: What nobody knows of the service; may be changed at any time.
        self.unknowns = Unknowns(empty_lists, consent, denial, lg, reads, eta, token_life)
        self._host = checked_host(host)
        self._ports = [port, 0]
        self._servers: list[BackgroundServer] = []
        self._stopped_connections = 0
        self._remove_uploads: Callable[[], object] = lambda: None
        self._faults = FaultInjector(latency, rate)
        self._faults.faults.extend(Fault.parse(spec) for spec in faults)
        #: All data of the sandbox; hold ``state.lock`` to change it while calls are running.
        self._folder = None if photos is None else PhotoFolder(photos, thumbnails)
        self.state: SandboxState = default_state() if self._folder is None else self._folder.state
        add_documents(self.state, extra_documents)
        if not processing >= 0:  # also what is no number
            raise ValueError(f"processing={processing!r}: the seconds must not be negative.")
        self.state.processing = processing
        self.state.unknowns = self.unknowns
        self.state.reads_metadata = reads_metadata
        self._app = App(app_key, app_secret)
        self.state.apps[app_key] = self._app
        self.callback_url = callback_url
        #: The API calls received, in order, failed ones included.
        self.calls: list[RecordedCall] = []
        #: The requests received by the media host, in order.
        self.media_requests: list[RecordedRequest] = []

    def start(self) -> None:
        """Start to listen; a sandbox that was stopped starts again on the same ports.

        :raises OSError: if the port is taken.
        :raises RuntimeError: if it is running.
        """
        if self._servers:
            raise RuntimeError("This sandbox is already running.")
        bound = bind(self._host, self._ports)
        self._ports = [one.getsockname()[1] for one in bound]
        self._faults.stopping.clear()
        uploads = Path(tempfile.mkdtemp(prefix="ipernity-sandbox-"))
        self._remove_uploads = weakref.finalize(self, shutil.rmtree, uploads, ignore_errors=True)
        site = Flask("flask_ipernity.sandbox", static_folder=None)
        site.request_class = call_request_class(uploads, self.state.apps.__contains__)
        site.register_blueprint(
            endpoint.blueprint(
                self.state,
                self._faults,
                self.calls.append,
                self.media_url,
                self.url,
            )
        )
        site.register_blueprint(authorize.blueprint(self.state))
        site.register_blueprint(web_pages.blueprint(self.state, self._app, self.config()))
        media = media_app(self.state, self.media_requests.append)
        for app in (site, media):
            answer_only_to(app, self._host)
        self._servers = [
            BackgroundServer(one, app.wsgi_app)
            for one, app in zip(bound, (site, media), strict=True)
        ]
        if self._folder is not None:
            self._folder.start()

    def stop(self) -> None:
        """Stop listening, close all connections, and remove the uploaded files.

        Do nothing if it is not running.
        """
        self._faults.stopping.set()
        if self._folder is not None:
            self._folder.stop()
        with self.state.lock:
            self.state.stopping.notify_all()
        for server in self._servers:
            server.stop()
        self._stopped_connections = self.connections
        self._servers = []
        self._remove_uploads()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _address(self, port: int) -> str:
        if not port:
            raise RuntimeError("The sandbox has no URL until it is started.")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}"

    @property
    def url(self) -> str:
        """The URL of the API and the web pages, without a slash at the end."""
        return self._address(self._ports[0])

    @property
    def api_url(self) -> str:
        """The URL to which method names are appended; ends with a slash."""
        return f"{self.url}/api/"

    @property
    def authorize_url(self) -> str:
        """The URL of the consent page."""
        return f"{self.url}/apps/authorize"

    @property
    def media_url(self) -> str:
        """The URL of the media host, without a slash at the end."""
        return self._address(self._ports[1])

    @property
    def app_key(self) -> str:
        """The key of the only application that the sandbox knows."""
        return self._app.key

    @property
    def app_secret(self) -> str:
        """The application's secret."""
        return self._app.secret

    @property
    def callback_url(self) -> str | None:
        """Where the web flow of the sign-in ends; if None, only the desktop flow works.

        Can be set at any time, and takes effect at once.

        :raises ValueError: if it is not an absolute HTTP URL.
        """
        return self._app.callback_url

    @callback_url.setter
    def callback_url(self, value: str | None) -> None:
        if value is not None and not (
            urlsplit(value).scheme in ("http", "https") and urlsplit(value).netloc
        ):
            raise ValueError(f"The callback URL {value!r} is not an absolute HTTP URL.")
        self._app.callback_url = value

    @property
    def people(self) -> tuple[Person, ...]:
        """The people with an open account; the first one signs in if nobody is chosen."""
        return tuple(person for person in self.state.people.values() if not person.closed)

    @property
    def connections(self) -> int:
        """The number of connections that the API's server has accepted so far."""
        running = self._servers[0].connections if self._servers else 0
        return self._stopped_connections + running

    def clear_calls(self) -> None:
        """Forget the recorded calls."""
        self.calls.clear()

    def fault(
        self, method: str, kind: str, times: int | None = None, retry_after: int | None = None
    ) -> None:
        """Make calls of a method (``*``: of every method) fail.

        :param kind: an API error code (1 to 199), an HTTP status (400 to 599), or one of ``html``
            (a page instead of JSON), ``list`` (JSON, but a list), ``empty`` (no body), ``cut``
            (half a response), ``hang`` (no response), ``reset`` (the connection is reset).
        :param times: how many calls fail; None for all that follow.
        :param retry_after: seconds; sent as ``Retry-After`` with an HTTP status.
        :raises ValueError: if there is no such method or kind.
        """
        self._faults.faults.append(Fault(method, kind, times, retry_after))

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._faults.faults.clear()

    def sign_in(self, person: int = 0, permissions: Mapping[str, str] | None = None) -> str:
        """Make a token without the consent page.

        :param person: index in :attr:`people`.
        :param permissions: items and levels; ``{"doc": "read"}`` if None.
        :returns: the token.
        :raises ValueError: for an unknown permission item or level.
        """
        wanted = {"doc": "read"} if permissions is None else permissions
        with self.state.lock:
            user_id = self.people[person].user_id
            return new_token(self.state, self.app_key, user_id, wanted).value

    def revoke(self, token: str | None = None) -> None:
        """Make a token invalid, as a person does in the account settings.

        The consent page asks that person again.

        :param token: if None, all tokens, of everybody.
        """
        with self.state.lock:
            for value in [token] if token is not None else list(self.state.tokens):
                if (lost := self.state.tokens.pop(value, None)) is not None:
                    self.state.grants.pop((lost.app_key, lost.user_id), None)

    def close_account(self, person: int = 0) -> None:
        """Close a person's account: their tokens get error 108, what they own is not found.

        :param person: index in :attr:`people`, where they then are no longer.
        """
        with self.state.lock:
            self.people[person].closed = True

    def config(self) -> dict[str, object]:
        """Return the configuration for a Flask application that is to use this sandbox."""
        return {
            "IPERNITY_APP_KEY": self.app_key,
            "IPERNITY_APP_SECRET": self.app_secret,
            "IPERNITY_API_URL": self.api_url,
            "IPERNITY_AUTHORIZE_URL": self.authorize_url,
            "IPERNITY_MEDIA_HOSTS": (self._host,),
        }

    def use(self, app: Flask) -> None:
        """Let *app* use this sandbox, whether ``Ipernity(app)`` comes later or was called before.

        Without a :attr:`callback_url`, it becomes that of the application for Flask's test client.
        Other settings that were changed since ``Ipernity(app)`` are taken over too, except those of
        views and of the session. Afterwards the application stays with this sandbox, until another
        one is used.
        """
        app.config.update(self.config())
        if self.callback_url is None:
            prefix = app.config.get("IPERNITY_CALLBACK_URL_PREFIX", "/ipernity")
            self.callback_url = f"http://localhost{prefix}/cb"
        if (state := app.extensions.get("ipernity")) is not None:
            state.reconnect()
