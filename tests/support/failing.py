"""An application whose view fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from flask import Flask

from flask_ipernity import Ipernity, IpernityError


def raising(
    error: IpernityError,
    register: Callable[[Flask], object] = lambda app: None,
    *,
    first: bool = False,
    **config: object,
) -> Flask:
    """Return an application whose view ``/`` raises *error*.

    :param register: registers handlers; before the extension is set up if *first*, else after.
    """
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    app.config.update(config)
    if first:
        register(app)
    Ipernity(app)
    if not first:
        register(app)

    @app.get("/")
    def view() -> NoReturn:
        raise error

    return app
