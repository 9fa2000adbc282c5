"""The floors of the house, from the ground up."""

from __future__ import annotations

#: A room may import rooms above it, and in its own line those to its left.
#: The names are modules or packages of ``flask_ipernity``; ``docs/architecture.rst`` shows them.
FLOORS = (
    ("errors", "permissions", "signals", "per_process"),
    ("http", "web"),
    ("settings", "state"),
    ("client",),
    ("caching",),
    ("site",),
    ("sign_in",),
    ("media", "login", "error_handler"),
    ("extension",),
    ("__init__",),
    ("demo",),
    ("cli", "__main__"),
)

#: The other side of the wire: it imports nothing of the rest, and only these import it.
APART = "sandbox"
USERS_OF_THE_SANDBOX = {"demo", "cli"}
