"""A client of Ipernity's API; it knows nothing of Flask.

Its objects and errors can be used on their own::

    from flask_ipernity.client import IpernityAPI

    api = IpernityAPI("key", "secret")
    api.test.hello()
"""

from __future__ import annotations

from .api import IpernityAPI
from .auth import AuthHandler, DesktopAuthHandler, WebAuthHandler
from .lists import Page
from .tickets import Ticket
from .transport import Transport
from .walking import Walk

__all__ = [
    "AuthHandler",
    "DesktopAuthHandler",
    "IpernityAPI",
    "Page",
    "Ticket",
    "Transport",
    "Walk",
    "WebAuthHandler",
]
