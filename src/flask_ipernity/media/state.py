"""What the media proxy keeps for one application: connections, look-ups, slots for streams."""

from __future__ import annotations

from collections.abc import Callable

from ..per_process import PerProcess, ProcessLock
from ..site.api import SiteContext
from ..state import Part
from .labels import LABELS, FileKind
from .lookup import MediaLookup
from .relay import Relay

#: How many thumbnails may be streamed at once for each of the longer streams.
THUMBNAILS_PER_STREAM = 8


class Slots:
    """A number of slots in this process; safe to use from several threads.

    :param count: how many.
    """

    def __init__(self, count: int) -> None:
        # The threads that would release those of another process are not in this one.
        self._taken: PerProcess[set[object]] = PerProcess(set)
        self._count = count
        self._lock = ProcessLock()

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self._count - len(self._taken())

    def take(self) -> Callable[[], None] | None:
        """Take a slot; return the function that releases it, or ``None`` if none is free."""
        with self._lock:
            if not self.free:
                return None
            slot = object()
            self._taken().add(slot)
        return lambda: self._taken().discard(slot)


class MediaState:
    """Connections, look-ups and slots; one for an application, shared by its threads.

    :param site: the application's settings, and its way to the API.
    :param lookup: what is known about the documents.
    :param user_agent: the value of ``User-Agent`` for the media hosts.
    """

    def __init__(self, site: SiteContext, lookup: MediaLookup, user_agent: str) -> None:
        settings = site.settings
        self.site = site
        self.lookup = lookup
        self.relay = Relay(settings.timeout, settings.pool_size, user_agent)
        self._streams = Slots(settings.proxy_streams)
        self._thumbnails = Slots(THUMBNAILS_PER_STREAM * settings.proxy_streams)

    def slots(self, label: str) -> Slots:
        """Return the slots that files of *label* are streamed on."""
        return self._thumbnails if LABELS[label] is FileKind.THUMBNAIL else self._streams


#: The current application's.
media_state: Part[MediaState] = Part("media")
