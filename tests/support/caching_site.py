"""The application that :func:`tests.support.servers.gunicorn` runs for tests of caching."""

from __future__ import annotations

import json
import os
from typing import Any

from flask import Flask

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.caching import versioned
from flask_ipernity.site.api import site_context

application = Flask("tests")
application.config.update(SECRET_KEY="test", IPERNITY_CACHE_REQUESTS=True)
application.config.update(json.loads(os.environ["TEST_CONFIG"]))
versioned.LEASE = application.config.pop("TEST_LEASE", versioned.LEASE)
extension = Ipernity(application)


@application.route("/hello")
def hello() -> Any:
    """Answer what a call has answered, and which process this is."""
    answer = ipernity.api.test.hello()
    how = ipernity.last_call.cache if ipernity.last_call else ""
    return {"hello": answer["hello"], "how": how, "process": os.getpid()}


@application.route("/die")
def die() -> Any:
    """Die in the middle of a call, as in a power cut."""

    def send(*args: object, **kwargs: object) -> Any:
        os._exit(1)

    application.extensions["ipernity"].parts[site_context].transport.send = send
    return ipernity.api.test.hello()
