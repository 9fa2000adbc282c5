"""A local Ipernity to develop, demonstrate and test against, without a key and a network."""

from __future__ import annotations

from .server import Sandbox

__all__ = ["Sandbox"]
