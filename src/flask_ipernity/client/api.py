"""The API object."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from ..errors import BadAnswer
from ..permissions import missing
from ._service_names import Services
from .api_errors import api_error
from .auth import HANDLERS, AuthHandler
from .lists import Page, list_path, read_list
from .methods import Method, all_methods, find, unknown
from .multipart import form, source
from .signing import api_sig, plain_params
from .transport import Prefetched, Reply, Transport
from .walking import Walk

if TYPE_CHECKING:
    from . import types as t
    from .multipart import File, Progress
    from .uploading import Uploader

log = logging.getLogger(__name__)

API_URL = "https://api.ipernity.com/api/"
AUTHORIZE_URL = "https://www.ipernity.com/apps/authorize"

# A frob is exchanged once; sent again, it is spent and the token lost.
_ONCE = "auth.getToken"
_WITHOUT_TOKEN = frozenset({"auth.getFrob", "auth.getToken"})


class _Methods:
    """The method list, read_list when somebody asks for it."""

    def __get__(self, api: object, kind: object = None) -> Mapping[str, Method]:
        return all_methods()


class Grant:
    """A token with what is known of it; an API object and its copies share one.

    :param value: the token as text, or the mapping ``auth`` that ``auth.getToken`` answers.
    """

    __slots__ = ("permissions", "token", "user")

    def __init__(self, value: str | Mapping[str, Any] | None) -> None:
        self.token: str | None
        self.user: dict[str, Any] | None = None
        self.permissions: dict[str, str] | None = None
        self.set(value)

    def set(self, value: str | Mapping[str, Any] | None) -> None:
        """Replace all that is held by *value*."""
        self.user = self.permissions = None
        if value is None or isinstance(value, str):
            self.token = value
        else:
            self.token = value["token"]
            self.user = value.get("user")
            self.permissions = value.get("permissions")


class IpernityAPI(Services):
    """Calls Ipernity's API, for one holder of a token or for nobody.

    Every method is there as ``api.<service>.<method>(**params)``, such as
    ``api.doc.getList(user_id="10175")``, and returns the decoded answer. Each
    thread needs an object of its own; a :class:`Transport` may be shared.

    :param api_key: the application's key.
    :param api_secret: the application's secret.
    :param token: a token, or the mapping ``auth`` that ``auth.getToken``
        answers, which also tells the user and the permissions.
    :param auth: ``desktop`` or ``web``: the way to sign in, see :attr:`auth`; or
        a class of your own that does it.
    :param url: where calls go.
    :param auth_url_base: where sign-in goes.
    :param lang: language of the service's texts, sent as ``lg``; ``None``
        leaves it out.
    :param transport: connections to use; they go to the transport's own
        address. Without it the object has its own, made with the settings that
        follow: see :class:`Transport`.
    """

    __methods__ = _Methods()

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        token: str | Mapping[str, Any] | None = None,
        auth: str | type[AuthHandler] = "desktop",
        url: str = API_URL,
        auth_url_base: str = AUTHORIZE_URL,
        *,
        lang: str | None = "en",
        transport: Transport | None = None,
        **transport_settings: Any,
    ) -> None:
        if isinstance(auth, str) and auth not in HANDLERS:
            raise ValueError(f"auth={auth!r}: the ways to sign in are {' and '.join(HANDLERS)}")
        self._api_key = api_key
        self._api_secret = api_secret
        self._grant = Grant(token)
        self.lang = lang
        self.authorize_url = auth_url_base
        self._handler = HANDLERS[auth] if isinstance(auth, str) else auth
        self._transport = transport or Transport(url, **transport_settings)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'with a token' if self.token else 'without a token'}>"

    if not TYPE_CHECKING:
        # Type checkers would take any name for an attribute.
        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise unknown(name)

    @property
    def auth(self) -> AuthHandler:
        """The methods ``auth.*``, and ``auth_url`` of the authorize page."""
        return self._handler(self)

    @property
    def api_key(self) -> str:
        """The application's key; a new one drops the token."""
        return self._api_key

    @api_key.setter
    def api_key(self, value: str) -> None:
        self._api_key = value
        self.token = None

    @property
    def api_secret(self) -> str:
        """The application's secret; a new one drops the token."""
        return self._api_secret

    @api_secret.setter
    def api_secret(self, value: str) -> None:
        self._api_secret = value
        self.token = None

    @property
    def token(self) -> str | None:
        """The token; set it as text, as a mapping (see the class), or to ``None``."""
        return self._grant.token

    @token.setter
    def token(self, value: str | Mapping[str, Any] | None) -> None:
        self._grant.set(value)

    # Programs written for PyIpernity look at these two.
    @property
    def _user(self) -> dict[str, Any] | None:
        return self._grant.user

    @property
    def _perm(self) -> dict[str, str] | None:
        return self._grant.permissions

    @property
    def user_info(self) -> dict[str, Any] | None:
        """Whose token it is, asked of Ipernity where it is not known; ``None`` without one."""
        grant = self._grant
        if grant.user is None and grant.token is not None:
            self._check_token()
        return grant.user

    @property
    def permissions(self) -> dict[str, str] | None:
        """What the token may do, asked of Ipernity where it is not known; ``None`` without one."""
        grant = self._grant
        if grant.permissions is None and grant.token is not None:
            self._check_token()
        return grant.permissions

    def has_permissions(self, permissions: Mapping[str, str] | None) -> bool:
        """Tell whether there is a token and it holds *permissions*.

        A level includes those before it; an item that the token does not name
        counts as ``none``.

        :raises ConfigurationError: an item or level that does not exist.
        """
        if self._grant.token is None:
            return False
        return not permissions or not missing(self.permissions or {}, permissions)

    def _check_token(self) -> None:
        answer: Any = self.auth.checkToken()
        try:
            user, permissions = answer["auth"]["user"], answer["auth"]["permissions"]
        except (KeyError, TypeError):
            raise BadAnswer("the answer names no user or permissions", "auth.checkToken") from None
        self._grant.user, self._grant.permissions = user, permissions

    def call(
        self,
        method_name: str,
        *,
        unknown: object = False,
        prefetched: object = None,
        **params: object,
    ) -> dict[str, Any]:
        """Call an API method and return its decoded answer.

        :param method_name: such as ``doc.getList``.
        :param unknown: ``True`` lets a method pass that the method list does not
            have yet, and calls it by GET; ``"POST"`` does so by POST, as Ipernity
            demands of methods that change data.
        :param prefetched: what :meth:`prefetch` has returned for the same call; ignored if it
            was for another one.
        :param params: ``None`` is left out, booleans become 0 and 1, lists
            become comma lists. ``file`` of the upload methods is a path, an open
            binary file or a file of a form.
        :raises UnknownMethod: no such method; nothing was sent.
        :raises APIRequestError: Ipernity answered with an error.
        :raises ServiceError: Ipernity gave no usable answer. After a writing
            call it may have been carried out all the same: it is never sent twice.
        """
        return self.send(find(method_name, unknown), params, prefetched).answer

    def prefetch(self, method_name: str, **params: object) -> Prefetched | None:
        """Start a reading call in a thread of its own, to be given to :meth:`call` later.

        Return ``None`` if that is not possible now; :meth:`call` then does all.

        :param method_name: a method that reads.
        :param params: as for :meth:`call`.
        :raises UnknownMethod: there is no such method.
        """
        method = find(method_name)
        if method.post:
            return None
        return self._transport.prefetch(method.name, self._signed(method.name, params))

    def send(
        self, method: Method, params: Mapping[str, object], prefetched: object = None
    ) -> Reply:
        """Send one call and return the reply. See :meth:`call`, which uses this.

        :param method: the method, from the method list.
        :raises APIRequestError: Ipernity answered with an error; ``tries`` is set, here and below.
        :raises ServiceError: Ipernity gave no usable answer.
        """
        file = None
        if method.takes_file:
            params = dict(params)
            file = params.pop("file", None)
        sent = self._signed(method.name, params)
        began = monotonic()
        try:
            reply = self._send(method, sent, file, prefetched)
        finally:
            log.debug("%s took %.0f ms", method.name, (monotonic() - began) * 1000)
        if reply.answer["api"].get("status") != "ok":
            raise api_error(method, reply, params, sent, self._api_secret, self._grant.token)
        return reply

    def _send(self, method: Method, sent: dict[str, str], file: Any, prefetched: object) -> Reply:
        if isinstance(prefetched, Prefetched) and (reply := prefetched.take(method.name, sent)):
            return reply
        if not method.post:
            return self._transport.send(method.name, sent, body=None, repeat=method.name != _ONCE)
        if file is None:
            return self._transport.send(method.name, {}, body=form(sent), repeat=False)
        with source(file) as opened:
            return self._transport.send(method.name, {}, body=opened.body(sent), repeat=False)

    def _signed(self, method_name: str, params: Mapping[str, object]) -> dict[str, str]:
        sent = {"api_key": self._api_key}
        token = self._grant.token
        if token and method_name not in _WITHOUT_TOKEN:
            sent["auth_token"] = token
        if self.lang:
            sent["lg"] = self.lang
        sent.update(plain_params(params))
        sent["api_sig"] = api_sig(sent, self._api_secret, method_name)
        return sent

    def page(
        self,
        method_name: str,
        *,
        page: int | None = 1,
        per_page: int | None = None,
        elem_name: str | None = None,
        **params: object,
    ) -> Page[Any]:
        """Return one page of a list, for a template.

        :param method_name: a method that takes ``page``.
        :param page: its number; ``None`` and what is below 1 are the first. A page
            after the last is empty.
        :param per_page: how many records; by default as the service does.
        :param elem_name: see :meth:`walk_data`.
        :param params: parameters of the method.
        """
        method = find(method_name)
        path = list_path(method, elem_name)
        number = max(1, page or 1)
        answer = self.call(method.name, page=number, per_page=per_page, **params)
        listing = read_list(answer, path, method.name, per_page)
        return Page(
            listing.records,
            number,
            per_page=listing.per_page,
            total=len(listing.records) if listing.total is None else listing.total,
            pages=number if listing.pages is None else listing.pages,
        )

    @property
    def upload(self) -> Uploader:
        """Files that become documents: ``api.upload("a.jpg")``; see :class:`.Uploader`."""
        from .uploading import Uploader

        return Uploader(self)

    def upload_file(
        self,
        filename: File,
        *,
        if_exists: Literal["upload", "skip", "error"] = "upload",
        on_progress: Progress | None = None,
        timeout: float = 600,
        **params: object,
    ) -> str:
        """Upload a file, wait until it has become a document, and return the document's id.

        :param filename: a path, an open binary file or a file of a form.
        :param if_exists: see :meth:`.Uploader.__call__`, as for *on_progress* and errors.
        :param timeout: seconds that Ipernity may take once it has the file.
        :param params: parameters of ``upload.file``, others too.
        """
        given = {name.removesuffix("_"): value for name, value in params.items()}
        ticket = self.upload(
            filename, if_exists=if_exists, on_progress=on_progress, extra_params=given
        )
        return ticket.wait(timeout)

    def walk(self, method_name: str, **params: Any) -> Walk[Any]:
        """Go through all records of a list, page after page. See :class:`.Walk`.

        :param method_name: a method of the list that answers a list.
        :param params: parameters of the method, and ``limit``, ``per_page``, ``ahead``.
        """
        return Walk(self, method_name, **params)

    def walk_data(self, method_name: str, elem_name: str | None = None, **params: Any) -> Walk[Any]:
        """Go through all records of a list, as :meth:`walk` does.

        :param method_name: a method that takes ``page``.
        :param elem_name: where the records are in the answer, when it is not
            where the method list says: ``doc`` for ``docs.doc``, or a path with dots.
        :param params: parameters of the method; ``page`` is the first page.
        """
        return Walk(self, method_name, elem_name, **params)

    def walk_docs(self, **params: Any) -> Walk[t.ListedDoc]:
        """Go through a user's documents (``doc.getList``)."""
        return Walk(self, "doc.getList", **params)

    def walk_albums(self, **params: Any) -> Walk[t.ListedAlbum]:
        """Go through a user's albums (``album.getList``)."""
        return Walk(self, "album.getList", **params)

    def walk_album_docs(self, album_id: str | int, **params: Any) -> Walk[t.AlbumDoc]:
        """Go through the documents of an album (``album.docs.getList``)."""
        return Walk(self, "album.docs.getList", album_id=album_id, **params)

    def walk_doc_search(self, **params: Any) -> Walk[t.FoundDoc]:
        """Go through the documents that a search finds (``doc.search``)."""
        return Walk(self, "doc.search", **params)

    def walk_folders(self, **params: Any) -> Walk[t.ListedFolder]:
        """Go through a user's folders (``folder.getList``)."""
        return Walk(self, "folder.getList", **params)

    def walk_folder_albums(self, folder_id: str | int, **params: Any) -> Walk[t.FolderAlbum]:
        """Go through the albums of a folder (``folder.albums.getList``)."""
        return Walk(self, "folder.albums.getList", folder_id=folder_id, **params)
