"""Upload files: the checks before, and the errors when the connection breaks."""

from __future__ import annotations

import inspect
import mimetypes
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from ..errors import BadAnswer, NotFoundError, ServiceError, UploadError, UploadRefused
from .base import Sender
from .lists import read_list
from .multipart import File, Progress, UploadSource
from .services import Upload
from .tickets import Ticket, wait_for
from .values import mapping, record_id, whole_number

if TYPE_CHECKING:
    from . import types as t


class Uploader(Upload):
    """Files that become documents; call it to upload one."""

    __slots__ = ()

    _api: Sender

    def __call__(
        self,
        file: File,
        *,
        if_exists: Literal["upload", "skip", "error"] = "upload",
        on_progress: Progress | None = None,
        extra_params: Mapping[str, object] | None = None,
        **params: Unpack[t.UploadFileParams],
    ) -> Ticket:
        """Upload a file, and return the ticket for the document that it becomes.

        The file is read while it is sent, never as a whole. Before that, ``account.getQuota``
        is called to check its size and kind.

        :param file: a path, an open binary file or a file of a form.
        :param if_exists: what to do if the account has a document of the same file:
            ``upload`` does not look for one, ``skip`` returns a ticket of that
            document, ``error`` raises. To look for it, the file is read once more.
        :param on_progress: is called with the bytes sent so far, and those of the whole file.
        :param params: parameters of ``upload.file``.
        :raises UploadError: the file is empty, too large or of a kind that the
            account may not upload; or there is a document of it; or Ipernity has refused it; or
            the connection broke, and the text says how to find out whether it arrived.
        :raises APIRequestError: Ipernity has refused the call. If it has refused the file, it is an
            ``UploadError`` as well.
        :raises ServiceError: Ipernity cannot be reached; nothing was sent.
        """
        if if_exists not in ("upload", "skip", "error"):
            raise ValueError(f"if_exists={if_exists!r}: it is upload, skip or error")
        # Raises for a misspelt parameter, before anything is sent.
        inspect.signature(self.file).bind(file=file, extra_params=extra_params, **params)
        if not (extra_params and "async" in extra_params):
            params.setdefault("async_", True)
        with self._api.open_file(file, on_progress) as source:
            if source.size == 0:
                raise _empty(file, source.filename)
            self._check_quota(source)
            if if_exists != "upload" and (found := self._find(source.md5())):
                if if_exists == "error":
                    raise UploadError(
                        source.filename,
                        None,
                        "%(file)s is document %(document)s already.",
                        reason="duplicate",
                        document=found,
                    )
                return Ticket(self._api, None, source.filename, found)
            return Ticket(self._api, self._send(source, params, extra_params), source.filename)

    def ticket(self, ticket_id: str, filename: str | None = None) -> Ticket:
        """Return the ticket of an earlier upload, such as one of another request.

        :param ticket_id: its ``id``.
        :param filename: the file, for errors.
        """
        return Ticket(self._api, ticket_id, filename)

    def wait(self, tickets: Iterable[Ticket], timeout: float = 600) -> list[str]:
        """Wait until all files have become documents, and return the documents' ids in order.

        :param timeout: seconds.
        :raises UploadError: Ipernity has refused a file, or some were not done in time.
        """
        return wait_for(tickets, timeout)

    def _send(
        self, source: UploadSource, params: Any, extra_params: Mapping[str, object] | None
    ) -> str:
        """Send the file, and return the id of its ticket."""
        try:
            answer = self.file(file=source, extra_params=extra_params, **params)
            ticket = record_id(answer.get("ticket"))
            if ticket is None:
                raise BadAnswer("the answer has no ticket", "upload.file")
        except UploadRefused as error:
            error.filename = source.filename
            raise
        except ServiceError as error:
            if not source.started:
                raise
            raise UploadError(
                source.filename,
                None,
                "%(file)s: no usable answer after %(sent)s of %(size)s bytes."
                " Whether it has become a document is not known: ask doc.checkMD5 with the MD5"
                ' of the file, or upload it again with if_exists="skip".',
                reason="unknown_state",
                sent=source.sent,
                size=source.size,
            ) from error
        return ticket

    def _check_quota(self, source: UploadSource) -> None:
        name, size = source.filename, source.size
        media = _media_type(name)
        answer = self._api.call("account.getQuota")
        quota = _part(answer, "quota")
        sizes = _part(quota, "maxfilesize")
        limits = {kind: whole_number(_part(sizes, kind).get("bytes")) for kind in sizes}
        upload = _part(quota, "upload")
        left = whole_number(_part(upload, "left").get("bytes"))
        # The service may know more kinds of files than this machine.
        limit = limits.get(media) if media else max(limits.values(), default=None, key=_or_zero)
        if limit == 0:
            raise UploadError(
                name,
                None,
                "%(file)s: the account may upload no %(kind)s.",
                reason="type",
                kind=media or "files",
            )
        if limit is not None and size > limit:
            raise UploadError(
                name,
                None,
                "%(file)s has %(size)s bytes; the account may upload %(limit)s at most.",
                reason="too_large",
                size=size,
                limit=limit,
            )
        if upload.get("unlimited") != "1" and left is not None and size > left:
            raise UploadError(
                name,
                None,
                "%(file)s has %(size)s bytes; the account may upload %(left)s more.",
                reason="quota",
                size=size,
                left=left,
            )

    def _find(self, md5: str) -> str | None:
        """Return the id of the account's own document with this MD5, if there is one."""
        try:
            answer = self._api.call("doc.checkMD5", md5=md5)
        except NotFoundError:
            return None
        user = self._api.user_info or {}
        for found in read_list(answer, ("docs", "doc"), "doc.checkMD5").records:
            row = mapping(found) or {}
            doc_id = record_id(row.get("doc_id"))
            if doc_id is None or row.get("found") == "0":
                continue
            # It may be deleted, or belong to another account; PyIpernity's tests check that, too.
            try:
                doc = mapping(self._api.call("doc.get", doc_id=doc_id).get("doc")) or {}
            except NotFoundError:
                continue
            owner = record_id((mapping(doc.get("owner")) or {}).get("user_id"))
            if owner is not None and owner == record_id(user.get("user_id")):
                return doc_id
        return None


def _empty(file: File, name: str) -> UploadError:
    # A form in which no file was chosen sends one without a name.
    if getattr(file, "filename", None) == "":
        return UploadError(None, None, "No file was chosen.", reason="empty")
    return UploadError(name, None, "%(file)s is empty.", reason="empty")


def _media_type(filename: str) -> str | None:
    """Return Ipernity's ``media`` of a file by its name: ``photo``, ``video`` or ``audio``."""
    mime_type = mimetypes.guess_type(filename, strict=False)[0] or ""
    return {"image": "photo", "video": "video", "audio": "audio"}.get(mime_type.partition("/")[0])


def _part(quota: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = mapping(quota.get(key, {}))
    if found is None:
        raise BadAnswer(f"the answer has no quota: {key} is no mapping", "account.getQuota")
    return found


def _or_zero(value: int | None) -> int:
    return value or 0
