"""How an application sets up other extensions: each as that extension's documentation says."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from flask import Flask, render_template_string, request
from flask.json.provider import DefaultJSONProvider

from flask_ipernity import ipernity, ipernity_auth_required

FORM = """<body><form method="post" enctype="multipart/form-data">
{% if csrf_token is defined %}
<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
{% endif %}
<input type="file" name="photo"></form></body>"""

#: Builds the site with a neighbour that is set up before the extension, or after it.
Club = Callable[..., Flask]

#: Gives an application another extension.
SetUp = Callable[[Flask], object]


def package(name: str) -> Any:
    """Import a neighbour, which has no types, or others than mypy runs with."""
    return importlib.import_module(name)


def who() -> str:
    """Return the name of the visitor, who is signed in."""
    user = ipernity.api.user_info
    assert user is not None
    return str(user["username"])


def add_views(app: Flask) -> None:
    @app.get("/private")
    @ipernity_auth_required({"doc": "read"})
    def private() -> Any:
        return {
            "name": who(),
            "total": ipernity.api.doc.getList()["docs"]["total"],
        }

    @app.route("/upload", methods=["GET", "POST"])
    @ipernity_auth_required({"doc": "write"})
    def upload() -> Any:
        if request.method == "POST":
            doc_id = ipernity.api.upload_file(request.files["photo"], title="From a form")
            return {"doc_id": doc_id}
        return render_template_string(FORM)

    @app.get("/missing")
    def missing_document() -> Any:
        return ipernity.api.doc.get(doc_id="999999")

    @app.get("/away")
    def away() -> Any:
        return ipernity.api.user.get(user_id="10175")


def login(app: Flask) -> None:
    app.config["IPERNITY_LOGIN"] = True
    package("flask_login").LoginManager(app)


def session(app: Flask, **config: object) -> None:
    app.config.update(config)
    package("flask_session").Session(app)


def session_cachelib(app: Flask) -> None:
    session(app, SESSION_TYPE="cachelib", SESSION_CACHELIB=package("cachelib").SimpleCache())


def session_sqlalchemy(app: Flask) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    database = package("flask_sqlalchemy").SQLAlchemy(app)
    session(app, SESSION_TYPE="sqlalchemy", SESSION_SQLALCHEMY=database)


def caching(app: Flask) -> None:
    """Serve as the store of results and of tokens, too."""
    cache = package("flask_caching").Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    app.config.update(
        IPERNITY_CACHE=cache, IPERNITY_CACHE_REQUESTS=True, IPERNITY_TOKEN_STORE="server"
    )


def csrf(app: Flask) -> None:
    package("flask_wtf").CSRFProtect(app)


def talisman(app: Flask) -> None:
    """Only without the redirect to HTTPS, which Flask's test client does not speak by itself."""
    package("flask_talisman").Talisman(app, force_https=False, session_cookie_secure=False)


def cors(app: Flask) -> None:
    package("flask_cors").CORS(app)


def compress(app: Flask) -> None:
    package("flask_compress").Compress(app)


def limiter(app: Flask) -> None:
    util = package("flask_limiter.util")
    package("flask_limiter").Limiter(
        util.get_remote_address, app=app, default_limits=["1000/hour"], storage_uri="memory://"
    )


def babel(app: Flask) -> None:
    package("flask_babel").Babel(app, locale_selector=lambda: "de")


def admin(app: Flask) -> None:
    package("flask_admin").Admin(app)


def sqlalchemy(app: Flask) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    package("flask_sqlalchemy").SQLAlchemy(app)


def debug_toolbar(app: Flask) -> None:
    app.debug = True
    # Else it answers each redirect with a page of its own.
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = False
    package("flask_debugtoolbar").DebugToolbarExtension(app)


def restful(app: Flask) -> None:
    package("flask_restful").Api(app)


def restx(app: Flask) -> None:
    # Its front page would be the application's.
    package("flask_restx").Api(app, doc="/doc", prefix="/api")


def smorest(app: Flask) -> None:
    app.config.update(API_TITLE="Club", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    package("flask_smorest").Api(app)


def sentry(app: Flask) -> None:
    class Nowhere(package("sentry_sdk.transport").Transport):  # type: ignore[misc]
        def capture_envelope(self, envelope: object) -> None: ...

    package("sentry_sdk").init(dsn="http://key@127.0.0.1:1/1", transport=Nowhere)


def orjson(app: Flask) -> None:
    encoder = package("orjson")

    class Provider(DefaultJSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return str(encoder.dumps(obj).decode())

        def loads(self, s: str | bytes, **kwargs: Any) -> Any:
            return encoder.loads(s)

    app.json = Provider(app)


#: Each neighbour that an application may have beside this extension.
NEIGHBOURS: dict[str, SetUp] = {
    "Flask-Login": login,
    "Flask-Session, cachelib": session_cachelib,
    "Flask-Session, SQLAlchemy": session_sqlalchemy,
    "Flask-Caching": caching,
    "Flask-WTF": csrf,
    "Flask-Talisman": talisman,
    "Flask-CORS": cors,
    "Flask-Compress": compress,
    "Flask-Limiter": limiter,
    "Flask-Babel": babel,
    "Flask-Admin": admin,
    "Flask-SQLAlchemy": sqlalchemy,
    "Flask-DebugToolbar": debug_toolbar,
    "Flask-RESTful": restful,
    "Flask-RESTX": restx,
    "flask-smorest": smorest,
    "sentry-sdk": sentry,
    "orjson": orjson,
}

#: Those whose own handler answers every HTTP error, and as JSON.
ERRORS_AS_JSON = {"flask-smorest", "APIFlask"}

#: Those that must be there before ``Ipernity(app)``, as their settings or objects are read there.
BEFORE_ONLY = {"Flask-Login", "Flask-Caching"}
