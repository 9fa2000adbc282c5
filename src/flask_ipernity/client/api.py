"""The API object."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from ..errors import NotFoundError
from ..http.redaction import Secret, hide
from ..permissions import missing
from ._service_names import Services
from .api_errors import api_error
from .auth import HANDLERS, AuthHandler
from .grant import Grant
from .lists import Page, list_path, page_number, read_list
from .methods import Method, all_methods, find_method, unknown_method
from .multipart import UploadSource, form_body
from .signing import signed_params
from .transport import Prefetched, Reply, RequestBody, Transport
from .values import whole_number
from .walking import Walk

if TYPE_CHECKING:
    from . import types as t
    from .multipart import File, Progress
    from .uploading import Uploader

log = logging.getLogger(__name__)

API_URL = "https://api.ipernity.com/api/"
AUTHORIZE_URL = "https://www.ipernity.com/apps/authorize"


class _MethodList:
    """The attribute ``__methods__``: the method list, read when it is first needed."""

    def __get__(self, instance: object, owner: object = None) -> Mapping[str, Method]:
        return all_methods()


def _body(method: Method, sent: Mapping[str, str]) -> RequestBody | None:
    """Return the body of a call; ``None`` if its parameters go into the URL.

    URLs are read by others: proxies, and programs that watch for errors.
    """
    has_secret = "auth_token" in sent or "frob" in sent
    return form_body(sent) if method.post or has_secret else None


def _no_page(method: Method, page: int | str) -> NotFoundError:
    shown = page if isinstance(page, int) else repr(page[:20])
    return NotFoundError("error", 0, f"the list has no page {shown}", method.name)


class IpernityAPI(Services):
    """A client of Ipernity's API, with or without a token.

    Call every method as ``api.<service>.<method>(**params)``, such as
    ``api.doc.getList(user_id="10175")``; it returns the decoded answer. Use one
    object per thread; threads may share a :class:`Transport`.

    :param api_key: the application's key.
    :param api_secret: the application's secret.
    :param token: a token, or the mapping ``auth`` that ``auth.getToken``
        answers, which also has the user and the permissions.
    :param auth: ``desktop`` or ``web``, the way to sign in, see :attr:`auth`; or
        your own subclass of :class:`AuthHandler`.
    :param url: the URL of the API.
    :param auth_url_base: the URL of the authorize page.
    :param lang: the language of the service's texts, sent as ``lg``; ``None``
        leaves it out.
    :param transport: the connections to use; calls then go to the transport's
        own URL, not to *url*. By default a new one.
    :param transport_settings: arguments of the new :class:`Transport`.
    """

    __methods__ = _MethodList()

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
        self._api_key = api_key
        self._api_secret = Secret(api_secret)
        self._grant = Grant(token)
        # An error below would show them.
        del api_secret, token
        if isinstance(auth, str) and auth not in HANDLERS:
            raise ValueError(f"auth={auth!r}: the ways to sign in are {' and '.join(HANDLERS)}")
        self.lang = lang
        self.authorize_url = auth_url_base
        self._handler = HANDLERS[auth] if isinstance(auth, str) else auth
        self._transport = transport or Transport(url, **transport_settings)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {'with a token' if self._grant.token else 'without a token'}>"
        )

    if not TYPE_CHECKING:
        # Type checkers would take any name for an attribute.
        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            raise unknown_method(name)

    @property
    def auth(self) -> AuthHandler:
        """The methods ``auth.*``, and ``auth_url()``, the URL of the authorize page."""
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
        return str(self._api_secret)

    @api_secret.setter
    def api_secret(self, value: str) -> None:
        self._api_secret = Secret(value)
        self.token = None

    @property
    def token(self) -> str | None:
        """The token; may be set to a text, to a mapping as for the class, or to ``None``."""
        token = self._grant.token
        # A plain text: not every package takes subclasses.
        return None if token is None else str(token)

    @token.setter
    def token(self, value: str | Mapping[str, Any] | None) -> None:
        self._grant.set(value)

    # Programs written for PyIpernity read these two.
    @property
    def _user(self) -> dict[str, Any] | None:
        return self._grant.user

    @property
    def _perm(self) -> dict[str, str] | None:
        return self._grant.permissions

    @property
    def user_info(self) -> dict[str, Any] | None:
        """The user who granted the token; ``None`` without a token.

        Ipernity is asked once, unless the token was given with its user.
        """
        grant = self._grant
        if grant.user is None and grant.token is not None:
            self._check_token()
        return grant.user

    @property
    def permissions(self) -> dict[str, str] | None:
        """The permissions of the token, level by item; ``None`` without a token.

        Ipernity is asked once, unless the token was given with its permissions.
        """
        grant = self._grant
        if grant.permissions is None and grant.token is not None:
            self._check_token()
        return grant.permissions

    def has_permissions(self, permissions: Mapping[str, str] | None) -> bool:
        """Return whether there is a token with these *permissions*, level by item.

        A level includes the lower ones; an item that the token does not have
        counts as ``none``.

        :raises ConfigurationError: an item or level that does not exist.
        """
        if self._grant.token is None:
            return False
        return not permissions or not missing(self.permissions or {}, permissions)

    def _check_token(self) -> None:
        self._grant.learn(self.auth.checkToken())

    def call(
        self,
        method_name: str,
        *,
        unknown: object = False,
        prefetched: object = None,
        **params: object,
    ) -> dict[str, Any]:
        """Call an API method and return its decoded answer.

        :param method_name: the method, such as ``doc.getList``.
        :param unknown: ``True`` allows a method that the method list does not
            have, and calls it as one that reads; ``"POST"`` calls it by POST and only once,
            as one that changes data.
        :param prefetched: what :meth:`prefetch` has returned for the same call; ignored if it
            was for another one.
        :param params: ``None`` is left out, booleans become 0 and 1, lists
            become comma lists. ``file`` of the upload methods is a path, an open
            binary file or a file of a form.
        :raises UnknownMethod: there is no such method; nothing was sent.
        :raises APIRequestError: Ipernity answered with an error.
        :raises ServiceError: Ipernity gave no usable answer. A call that changes
            data may have been carried out all the same; it is never sent twice.
        """
        params = hide(params)
        return self.send(find_method(method_name, unknown), params, prefetched).answer

    def prefetch(self, method_name: str, **params: object) -> Prefetched | None:
        """Send a call in another thread, and return its reply for :meth:`call`.

        Return ``None`` if nothing was sent, because too many are on their way already, or
        because the call must not be repeated.

        :param method_name: the method.
        :param params: as for :meth:`call`.
        :raises UnknownMethod: there is no such method.
        """
        params = hide(params)
        method = find_method(method_name)
        if not method.repeatable:
            return None
        sent = self._signed(method, params)
        return self._transport.prefetch(method.name, sent, _body(method, sent))

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
        sent = self._signed(method, params)
        began = monotonic()
        try:
            reply = None
            if isinstance(prefetched, Prefetched):
                reply = prefetched.take(method.name, sent)
            if reply is None:
                reply = self._exchange(method, sent, file)
        finally:
            log.debug("%s took %.0f ms", method.name, (monotonic() - began) * 1000)
        if reply.answer["api"].get("status") != "ok":
            error = api_error(method, reply, params, sent, self._api_secret, self._grant.token)
            # The message in it may name the token.
            del reply
            try:
                raise error
            finally:
                # It holds this frame, which would hold it.
                del error
        return reply

    def open_file(self, file: Any, on_progress: Progress | None = None) -> UploadSource:
        """Return a file to upload, open; see :class:`.UploadSource`, which may be one already."""
        return file if isinstance(file, UploadSource) else UploadSource(file, on_progress)

    def token_of(self, params: Mapping[str, object]) -> Secret | None:
        """Return the token of a call with *params*: its own ``auth_token``, or :attr:`token`."""
        given = params.get("auth_token")
        return Secret(given) if given else self._grant.token

    def _signed(self, method: Method, params: Mapping[str, object]) -> dict[str, str]:
        return signed_params(
            method.name,
            params,
            api_key=self._api_key,
            api_secret=self._api_secret,
            token=self._grant.token,
            lang=self.lang,
        )

    def _exchange(self, method: Method, sent: dict[str, str], file: Any) -> Reply:
        if file is None:
            body = _body(method, sent)
            return self._transport.send(method.name, sent, body=body, retry=method.repeatable)
        with self.open_file(file) as source:
            return self._transport.send(method.name, sent, body=source.body(sent), retry=False)

    def page(
        self,
        method_name: str,
        *,
        page: int | str | None = 1,
        per_page: int | str | None = None,
        elem_name: str | None = None,
        error_out: bool = False,
        **params: object,
    ) -> Page[Any]:
        """Return one page of a list, for a template.

        :param method_name: a method that takes ``page``.
        :param page: the number of the page, perhaps as a text from a visitor; ``None``, 0,
            negative numbers and what is no number are the first page. A page after the last is
            empty.
        :param per_page: the number of records of a page, perhaps as a text; by default, and for
            what is no number, that of the service.
        :param elem_name: see :meth:`walk_data`.
        :param error_out: ``True`` raises an error for a page before the first or after the last,
            which becomes a response with status 404. An empty list has a first page.
        :param params: parameters of the method.
        :raises NotFoundError: *error_out* is set, and there is no such page.
        """
        params = hide(params)
        method = find_method(method_name)
        path = list_path(method, elem_name)
        number = page_number(page)
        if error_out and page is not None and whole_number(page) != number:
            raise _no_page(method, page)
        wanted = (
            None if per_page is None or whole_number(per_page) is None else page_number(per_page)
        )
        answer = self.call(method.name, page=number, per_page=wanted, **params)
        listing = read_list(answer, path, method.name, wanted)
        last = number - 1 if listing.pages is None and not listing.records else listing.pages
        if error_out and last is not None and number > max(1, last):
            raise _no_page(method, number)
        return Page(
            listing.records,
            number,
            per_page=listing.per_page,
            total=len(listing.records) if listing.total is None else listing.total,
            pages=number if listing.pages is None else listing.pages,
        )

    @property
    def upload(self) -> Uploader:
        """The service ``upload``; ``api.upload("a.jpg")`` uploads. See :class:`.Uploader`."""
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
        :param timeout: seconds that Ipernity may take after it has the file.
        :param params: parameters of ``upload.file``, undocumented ones included.
        """
        given = {name.removesuffix("_"): value for name, value in params.items()}
        ticket = self.upload(
            filename, if_exists=if_exists, on_progress=on_progress, extra_params=given
        )
        return ticket.wait(timeout)

    def walk(self, method_name: str, **params: Any) -> Walk[Any]:
        """Iterate over all records of a list, page after page. See :class:`.Walk`.

        :param method_name: a method that answers a list.
        :param params: parameters of the method, and ``limit``, ``per_page``, ``ahead``.
        """
        return Walk(self, method_name, **params)

    def walk_data(self, method_name: str, elem_name: str | None = None, **params: Any) -> Walk[Any]:
        """Iterate over all records of a list, as :meth:`walk` does.

        :param method_name: a method that takes ``page``.
        :param elem_name: where the records are in the answer if not where the
            method list says: ``doc`` for ``docs.doc``, or a path with dots.
        :param params: parameters of the method; ``page`` is the first page.
        """
        return Walk(self, method_name, elem_name, **params)

    def walk_docs(self, **params: Any) -> Walk[t.ListedDoc]:
        """Iterate over a user's documents (``doc.getList``)."""
        return Walk(self, "doc.getList", **params)

    def walk_albums(self, **params: Any) -> Walk[t.ListedAlbum]:
        """Iterate over a user's albums (``album.getList``)."""
        return Walk(self, "album.getList", **params)

    def walk_album_docs(self, album_id: str | int, **params: Any) -> Walk[t.AlbumDoc]:
        """Iterate over the documents of an album (``album.docs.getList``)."""
        return Walk(self, "album.docs.getList", album_id=album_id, **params)

    def walk_doc_search(self, **params: Any) -> Walk[t.FoundDoc]:
        """Iterate over the documents that a search finds (``doc.search``)."""
        return Walk(self, "doc.search", **params)

    def walk_folders(self, **params: Any) -> Walk[t.ListedFolder]:
        """Iterate over a user's folders (``folder.getList``)."""
        return Walk(self, "folder.getList", **params)

    def walk_folder_albums(self, folder_id: str | int, **params: Any) -> Walk[t.FolderAlbum]:
        """Iterate over the albums of a folder (``folder.albums.getList``)."""
        return Walk(self, "folder.albums.getList", folder_id=folder_id, **params)
