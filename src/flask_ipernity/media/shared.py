"""What the media proxy of one application holds."""

from __future__ import annotations

from ..settings import Settings
from .addresses import SIZES, Addresses
from .budgets import Budget
from .relay import Relay

#: Thumbnails are many and short; so many times more of them than of the others at once.
THUMBNAILS = 4


class Media:
    """Connections, memory and budgets; one for an application, shared by its threads."""

    def __init__(self, settings: Settings, user_agent: str) -> None:
        self.relay = Relay(settings.timeout, settings.pool_size, user_agent)
        self.addresses = Addresses(settings.proxy_owners)
        self._streams = Budget(settings.proxy_streams)
        self._thumbnails = Budget(THUMBNAILS * settings.proxy_streams)

    def budget(self, label: str) -> Budget:
        """Return the budget that files of *label* are streamed on."""
        return self._thumbnails if label in SIZES else self._streams
