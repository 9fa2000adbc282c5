"""What the media proxy of one application holds: connections, look-ups, slots for streams."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from ..settings import Settings
from ..state import Part
from .lookup import SIZES, MediaLookup
from .relay import Relay

#: How many thumbnails may be streamed at once for each of the longer streams.
THUMBNAILS_PER_STREAM = 4


class Slots:
    """A number of slots in this process.

    :param slots: how many.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._lock = Lock()

    @property
    def free(self) -> int:
        """Slots that nobody holds now."""
        return self._free

    def take(self) -> Callable[[], None] | None:
        """Take a slot; return the function that gives it back, or ``None`` if none is free."""
        with self._lock:
            if not self._free:
                return None
            self._free -= 1
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            with self._lock:
                self._free += not given_back
                given_back = True

        return give_back


class MediaState:
    """Connections, look-ups and slots; one for an application, shared by its threads."""

    def __init__(self, settings: Settings, user_agent: str) -> None:
        self.relay = Relay(settings.timeout, settings.pool_size, user_agent)
        self.lookup = MediaLookup(settings.proxy_owners)
        self._streams = Slots(settings.proxy_streams)
        self._thumbnails = Slots(THUMBNAILS_PER_STREAM * settings.proxy_streams)

    def slots(self, label: str) -> Slots:
        """Return the slots that files of *label* are streamed on."""
        return self._thumbnails if label in SIZES else self._streams


#: The current application's.
media_state: Part[MediaState] = Part("media")
