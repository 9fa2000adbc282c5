"""What the media proxy keeps for one application: connections, look-ups, slots for streams."""

from __future__ import annotations

from ..site.api import SiteContext
from ..state import Part
from .labels import LABELS, FileKind
from .lookup import MediaLookup
from .relay import Relay
from .slots import Slots

#: How many thumbnails may be streamed at once for each of the longer streams.
THUMBNAILS_PER_STREAM = 8


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
        self.relay = Relay(settings.timeout, settings.pool_size, user_agent, settings.https_proxy)
        self._streams = Slots(settings.proxy_streams)
        self._thumbnails = Slots(THUMBNAILS_PER_STREAM * settings.proxy_streams)

    def slots(self, label: str) -> Slots:
        """Return the slots that files of *label* are streamed on."""
        return self._thumbnails if LABELS[label] is FileKind.THUMBNAIL else self._streams


#: The current application's.
media_state: Part[MediaState] = Part("media")
