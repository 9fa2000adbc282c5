"""What becomes of uploaded files: tickets, and waiting for them.

Source: Ipernity's help page ``method/upload.checkTickets``.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic, sleep
from typing import Any

from ..errors import APIRequestError, BadAnswer, QuotaExceeded, ServiceError, UploadError
from .base import Caller

#: Tickets that one call takes.
MOST = 50

#: Seconds between two questions, at least and at most.
PAUSE = (1.0, 30.0)


class Ticket:
    """A file that Ipernity has and makes a document of.

    :param api: whose upload it is.
    :param ticket_id: the ticket, as ``upload.file`` answers it; ``None`` where
        there is a document already.
    :param filename: the file, for errors.
    :param doc_id: the document, where it is known.
    """

    def __init__(
        self,
        api: Caller,
        ticket_id: str | None,
        filename: str | None = None,
        doc_id: str | None = None,
    ) -> None:
        self._api = api
        self.id = ticket_id
        self.filename = filename
        self._doc_id = doc_id
        self._refused: str | None = None
        self._ask_at = 0.0

    def __repr__(self) -> str:
        state = "refused" if self._refused else self._doc_id or "not done"
        return f"<Ticket {self.id}: {state}>"

    @property
    def done(self) -> bool:
        """Whether it is decided what becomes of the file.

        Ipernity is asked, but not before it may have something to say.
        """
        if not self._decided and monotonic() >= self._ask_at:
            _ask(self._api, [self])
        return self._decided

    @property
    def doc_id(self) -> str | None:
        """The document; ``None`` while it is not done.

        :raises UploadError: Ipernity has refused the file.
        """
        if self._refused is not None:
            raise UploadError(
                self.filename, self.id, f"{self.filename}, ticket {self.id}: {self._refused}"
            )
        return self._doc_id

    def wait(self, timeout: float = 600) -> str:
        """Wait until the file has become a document, and return the document's id.

        :param timeout: seconds. The ticket stays good: wait again, or later make
            another of its id.
        :raises UploadError: Ipernity has refused the file, or takes longer.
        """
        return wait_for([self], timeout)[0]

    @property
    def _decided(self) -> bool:
        return self._doc_id is not None or self._refused is not None

    def _learn(self, state: dict[str, Any]) -> None:
        """Take what Ipernity says about it."""
        if state.get("invalid") in ("1", 1):
            self._refused = "Ipernity has refused the file"
        elif state.get("done") in ("1", 1):
            if not state.get("doc_id"):
                raise BadAnswer("a ticket is done and names no document", "upload.checkTickets")
            self._doc_id = str(state["doc_id"])


def wait_for(tickets: Iterable[Ticket], timeout: float = 600) -> list[str]:
    """Wait until all files have become documents, and return the documents' ids in order.

    Many tickets are asked after in one call. A service that is away for a
    while is asked again.

    :param timeout: seconds.
    :raises UploadError: Ipernity has refused a file; the others are decided by
        then. Or some were not done in time.
    """
    tickets = list(tickets)
    end = monotonic() + timeout
    trouble: Exception | None = None
    while waiting := [ticket for ticket in tickets if not ticket._decided]:
        if monotonic() > end:
            first = waiting[0]
            raise UploadError(
                first.filename,
                first.id,
                f"{len(waiting)} of {len(tickets)} tickets were not done after {timeout:g} seconds,"
                f" the first is {first.id} of {first.filename}; they may be waited for again",
            ) from trouble
        pause = min(max(ticket._ask_at for ticket in waiting), end) - monotonic()
        if pause > 0:
            sleep(pause)
        for start in range(0, len(waiting), MOST):
            batch = waiting[start : start + MOST]
            try:
                _ask(batch[0]._api, batch)
            except (ServiceError, QuotaExceeded) as error:
                trouble = error
                _pause(batch, getattr(error, "retry_after", None) or PAUSE[1])
    return [ticket.doc_id or "" for ticket in tickets]


def _ask(api: Caller, tickets: list[Ticket]) -> None:
    try:
        answer = api.call("upload.checkTickets", tickets=[ticket.id for ticket in tickets])
    except APIRequestError as error:
        # Some or all of them are not known; alone, each tells which.
        if error.code != 1:
            raise
        if len(tickets) == 1:
            tickets[0]._refused = "Ipernity does not know the ticket"
        else:
            for ticket in tickets:
                _ask(api, [ticket])
        return
    by_id = {ticket.id: ticket for ticket in tickets}
    try:
        listing = answer["tickets"]
        states = listing.get("ticket", [])
        for state in states:
            if known := by_id.get(str(state["id"])):
                known._learn(state)
        eta = float(listing.get("eta") or max((float(s.get("eta", 0)) for s in states), default=0))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadAnswer("the answer tells no tickets", "upload.checkTickets") from None
    _pause(tickets, eta)


def _pause(tickets: list[Ticket], seconds: float) -> None:
    least, most = PAUSE
    ask_at = monotonic() + min(max(seconds, least), most)
    for ticket in tickets:
        ticket._ask_at = ask_at
