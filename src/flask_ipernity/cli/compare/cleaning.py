"""Removes what ``--write`` has made, however far it has come."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any, Self

from .calls import Call
from .run import Run, is_settled
from .shapes import at
from .wire import KEPT_FOR_CLEANING, Answer, LimitReached, NoAnswer, Wire

#: The code of every method whose item is not there.
_NOT_FOUND = "1"
_NOTHING = Answer(0, {}, b"")
#: Seconds to wait before each further look for a picture that is not there yet.
_WAITS = (1, 2, 4, 8, 16)


class Guard:
    """Lets the first Ctrl-C or SIGTERM end a block, and all others wait until it is left.

    :param tell: is called for each one that waits.
    """

    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell = tell
        self._before: dict[int, Any] = {}
        #: Whether the next signal may interrupt.
        self.is_open = True

    def __enter__(self) -> Self:
        # Only the main thread gets signals.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, *_: object) -> None:
        if not self.is_open:
            self._tell()
            return
        self.is_open = False
        raise KeyboardInterrupt


class Cleaner:
    """Finds and deletes the picture and the album of a run.

    :param wire: sends the calls.
    :param run: the run that has made them.
    """

    def __init__(self, wire: Wire, run: Run) -> None:
        self._wire = wire
        self._run = run
        self._samples = run.samples

    def clean(self) -> list[str]:
        """Delete what there is; return what may be left, in words."""
        self._wire.limit += KEPT_FOR_CLEANING
        left = []
        if "create_album" in self._wire.begun and not self._clean_album():
            left.append("an album")
        if "upload" in self._wire.begun and not self._clean_picture():
            left.append("a private picture")
        return left

    def _clean_album(self) -> bool:
        answers = self._run.outcome.answers
        album_id = self._samples.get("new_album")
        if album_id is None:
            if (made := answers.get("create_album")) is not None and made.code is not None:
                return True
            # It may be there, although no answer has said so.
            ids = self._albums("title", self._samples.get("title"))
            return ids is not None and not [one for one in ids if not self._delete_album(one)]
        if answers.get("removed_album", _NOTHING).code == _NOT_FOUND:
            return True
        return self._delete_album(album_id)

    def _delete_album(self, album_id: str) -> bool:
        self._call("album.delete", post=True, album_id=album_id)
        if self._albums("album_id", album_id) == []:
            return True
        # The service does not find an album without documents, and keeps it.
        if doc_id := self._samples.get("new_doc"):
            self._call("album.docs.add", post=True, album_id=album_id, doc_id=doc_id)
            self._call("album.delete", post=True, album_id=album_id)
        return self._albums("album_id", album_id) == []

    def _albums(self, key: str, value: str | None) -> list[str] | None:
        """Return the ids of the albums with this value; ``None`` if there is no list of them."""
        answer = self._call("album.getList", empty="1", per_page="100")
        if answer is None or not answer.is_ok:
            return None
        rows = [row for row in at(answer.data, "albums.album.*") if isinstance(row, dict)]
        return [str(row.get("album_id")) for row in rows if row.get(key) == value]

    def _clean_picture(self) -> bool:
        answers = self._run.outcome.answers
        if answers.get("deleted_doc", _NOTHING).code == _NOT_FOUND:
            return True
        if doc_id := self._samples.get("new_doc") or self._doc_of_ticket():
            return self._delete_doc(doc_id)
        if (sent := answers.get("upload")) is not None and sent.code is not None:
            return True
        if self._was_refused():
            return True
        # It may be there, or be there soon, although no answer has said so. The MD5 is of a
        # file that was made for this run alone.
        for seconds in _WAITS:
            if found := self._docs_by_md5():
                return not [one for one in found if not self._delete_doc(one)]
            self._wire.pause(seconds)
        return False

    def _delete_doc(self, doc_id: str) -> bool:
        self._call("doc.delete", post=True, doc_id=doc_id)
        answer = self._call("doc.get", doc_id=doc_id)
        return answer is not None and answer.code == _NOT_FOUND

    def _doc_of_ticket(self) -> str | None:
        ticket = self._samples.get("ticket")
        for seconds in _WAITS if ticket else ():
            answer = self._call("upload.checkTickets", tickets=ticket or "")
            if answer is None:
                return None
            if is_settled(answer):
                self._run.outcome.answers["tickets"] = answer
                self._samples.learn("tickets", answer)
                return self._samples.get("new_doc")
            self._wire.pause(seconds)
        return None

    def _was_refused(self) -> bool:
        answer = self._run.outcome.answers.get("tickets", _NOTHING)
        rows = [row for row in at(answer.data, "tickets.ticket.*") if isinstance(row, dict)]
        return bool(rows) and all(str(row.get("invalid")) == "1" for row in rows)

    def _docs_by_md5(self) -> list[str]:
        answer = self._call("doc.checkMD5", md5=self._samples.get("md5") or "")
        rows: list[Any] = list(at(answer.data, "docs.doc.*")) if answer else []
        return [
            str(row["doc_id"])
            for row in rows
            if isinstance(row, dict) and row.get("doc_id") and str(row.get("found", "1")) != "0"
        ]

    def _call(self, method: str, post: bool = False, **params: str) -> Answer | None:
        """Make a call, twice if there is no answer the first time."""
        by_post = post or self._run.reads_by_post
        call = Call(name=method, method=method, post=by_post, token="right")
        for _ in range(2):
            try:
                return self._wire.call(call, params)
            except NoAnswer:
                continue
            except LimitReached:
                return None
        return None
