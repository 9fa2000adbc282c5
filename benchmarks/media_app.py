"""The application of the media rows, for gunicorn or as a program.

``media_app.py PORT`` uses the service on that port, prints the port on which it listens as a line
of JSON, and ends when its standard input is closed.
"""

from __future__ import annotations

import json
import os
import sys
import threading

from flask import Flask, Response

from flask_ipernity import Ipernity, ipernity

SIZE = 20_000
DOCUMENTS = 50
CONST = bytes(SIZE)


def application(port: int, source: str = "") -> Flask:
    """Return an application with the extension, before the service on *port*.

    :param source: the URL that the bare view fetches.
    """
    app = Flask("benchmark")
    app.config.update(SECRET_KEY="bench", IPERNITY_APP_KEY="0" * 32, IPERNITY_APP_SECRET="0" * 16)
    app.config.update(
        IPERNITY_API_URL=f"http://127.0.0.1:{port}/api/",
        IPERNITY_MEDIA_HOSTS=("127.0.0.1",),
        IPERNITY_CACHE_REQUESTS=True,
        IPERNITY_CACHE="memory",
    )
    Ipernity(app)

    @app.route("/")
    def gallery() -> dict[str, list[str]]:
        found = ipernity.api.doc.getList(user_id="1234", per_page=DOCUMENTS, thumbsize="240")
        return {"docs": [doc["doc_id"] for doc in found["docs"]["doc"]]}

    @app.route("/const")
    def const() -> Response:
        return Response(CONST, mimetype="image/jpeg")

    if source:
        import urllib3

        pool = urllib3.PoolManager(maxsize=16)

        @app.route("/bare")
        def bare() -> Response:
            response = pool.request("GET", source, preload_content=False, decode_content=False)
            return Response(response.stream(65536, decode_content=False), mimetype="image/jpeg")

    return app


def from_environment() -> Flask:
    """Return the application that gunicorn runs."""
    return application(int(os.environ["BENCH_API"]), os.environ["BENCH_SOURCE"])


def main() -> None:
    """Serve until standard input ends."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        # so that visitors need not connect for each picture
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: object) -> None:
            pass

    app = application(int(sys.argv[1]))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
