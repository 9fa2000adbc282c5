"""Tickets: what becomes of uploaded files, and waiting for it.

Source: Ipernity's help page ``method/upload.checkTickets``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import monotonic, sleep
from typing import Any

from ..errors import N_, APIRequestError, BadAnswer, QuotaExceeded, ServiceError, UploadError
from .base import Caller
from .values import mapping, number, record_id

#: How many tickets one call may have.
MAX_TICKETS = 50

#: Shortest and longest seconds between two calls for the same ticket.
POLL_INTERVAL = (1.0, 30.0)


REFUSED = "refused", N_("%(file)s (ticket %(ticket_id)s): Ipernity has refused the file.")
UNKNOWN = "unknown_ticket", N_("Ipernity does not know the ticket %(ticket_id)s.")


class Ticket:
    """A file that Ipernity has received, and is making a document of.

    :param api: asks Ipernity, with the token of the upload.
    :param ticket_id: the id of the ticket, as ``upload.file`` answers it; ``None`` if
        there is a document already.
    :param filename: the file, for errors.
    :param doc_id: the id of the document, if it is known.
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
        #: The reason and the text of the error, once Ipernity has refused the file.
        self._refusal: tuple[str, str] | None = None
        self._next_poll = 0.0

    def __repr__(self) -> str:
        state = "refused" if self._refusal else self._doc_id or "not done"
        return f"<Ticket {self.id}: {state}>"

    @property
    def done(self) -> bool:
        """Whether the file has become a document or was refused.

        Ipernity is asked, but not more often than it wants.
        """
        if not self._decided and monotonic() >= self._next_poll:
            _ask(self._api, [self])
        return self._decided

    @property
    def doc_id(self) -> str | None:
        """The id of the document; ``None`` while it is not done.

        :raises UploadError: Ipernity has refused the file.
        """
        if self._refusal is not None:
            reason, sentence = self._refusal
            raise UploadError(self.filename, self.id, sentence, reason=reason, ticket_id=self.id)
        return self._doc_id

    def wait(self, timeout: float = 600) -> str:
        """Wait until the file has become a document, and return the document's id.

        :param timeout: seconds. After that the ticket is still valid: wait again, or make
            a new one of its id later.
        :raises UploadError: Ipernity has refused the file, or takes longer.
        """
        return wait_for([self], timeout)[0]

    @property
    def _decided(self) -> bool:
        return self._doc_id is not None or self._refusal is not None

    def _update(self, state: Mapping[str, Any]) -> None:
        """Take over what Ipernity answers for this ticket."""
        if state.get("invalid") in ("1", 1):
            self._refusal = REFUSED
        elif state.get("done") in ("1", 1):
            self._doc_id = record_id(state.get("doc_id"))
            if self._doc_id is None:
                raise BadAnswer("a ticket is done and has no document", "upload.checkTickets")


def wait_for(tickets: Iterable[Ticket], timeout: float = 600) -> list[str]:
    """Wait until all files have become documents, and return the documents' ids in order.

    One call asks for many tickets. If the service cannot be reached for a while, it is asked
    again.

    :param timeout: seconds.
    :raises UploadError: Ipernity has refused a file, which is raised when all others are
        done; or some were not done in time.
    """
    tickets = list(tickets)
    end = monotonic() + timeout
    last_error: Exception | None = None
    while waiting := [ticket for ticket in tickets if not ticket._decided]:
        if monotonic() > end:
            first, seconds = waiting[0], f"{timeout:g}"
            raise UploadError(
                first.filename,
                first.id,
                "%(waiting)s of %(all)s files were not done after %(seconds)s seconds, the first is"
                " ticket %(ticket_id)s. They may be waited for again.",
                reason="not_done",
                waiting=len(waiting),
                all=len(tickets),
                seconds=seconds,
                ticket_id=first.id,
            ) from last_error
        delay = min(max(ticket._next_poll for ticket in waiting), end) - monotonic()
        if delay > 0:
            sleep(delay)
        for start in range(0, len(waiting), MAX_TICKETS):
            batch = waiting[start : start + MAX_TICKETS]
            try:
                _ask(batch[0]._api, batch)
            except (ServiceError, QuotaExceeded) as error:
                last_error = error
                _poll_in(getattr(error, "retry_after", None) or POLL_INTERVAL[1], batch)
    return [ticket.doc_id or "" for ticket in tickets]


def _ask(api: Caller, tickets: list[Ticket]) -> None:
    try:
        answer = api.call("upload.checkTickets", tickets=[ticket.id for ticket in tickets])
    except APIRequestError as error:
        # Ipernity does not know one of them, and does not say which.
        if error.code != 1:
            raise
        if len(tickets) == 1:
            tickets[0]._refusal = UNKNOWN
        else:
            for ticket in tickets:
                _ask(api, [ticket])
        return
    by_id = {ticket.id: ticket for ticket in tickets}
    listing = mapping(answer.get("tickets"))
    states = [] if listing is None else listing.get("ticket", [])
    if listing is None or not isinstance(states, list) or not states:
        raise BadAnswer("the answer has no tickets", "upload.checkTickets")
    etas = [0.0]
    for state in states:
        if mapping(state) is None or record_id(state.get("id")) is None:
            raise BadAnswer("a ticket in the answer has no id", "upload.checkTickets")
        if known := by_id.get(record_id(state.get("id"))):
            known._update(state)
        etas.append(number(state.get("eta")) or 0)
    _poll_in(number(listing.get("eta")) or max(etas), tickets)


def _poll_in(seconds: float, tickets: list[Ticket]) -> None:
    shortest, longest = POLL_INTERVAL
    next_poll = monotonic() + min(max(seconds, shortest), longest)
    for ticket in tickets:
        ticket._next_poll = next_poll
