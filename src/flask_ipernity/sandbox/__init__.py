"""A local Ipernity to develop, demonstrate and test against, without a key or a network.

Much of the service is not documented. Where its behaviour is not obvious, docstrings and comments
in this package say how it is known:

- ``[D]``: documented on the help pages of ipernity.com;
- ``[C]``: inferred from a client or its tests that ran against the live service, named after the
  mark (PyIpernity and oneyoung's python-ipernity-api, Photini, interweb, ksyz, feedbactory);
- ``[R]``: our own reasoning from examples, plausible but not confirmed;
- ``[U]``: unknown; what the sandbox does is its own choice.
"""

from __future__ import annotations

import logging

try:
    from .server import Sandbox
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "PIL":
        raise
    raise ModuleNotFoundError(
        'The sandbox needs Pillow, which is not installed: pip install "Flask-Ipernity[demo]"',
        name="PIL",
    ) from None

# Pillow writes more than a hundred lines for the pictures of a sandbox.
if not logging.getLogger("PIL").level:
    logging.getLogger("PIL").setLevel(logging.INFO)

__all__ = ["Sandbox"]
