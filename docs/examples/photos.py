import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_ipernity import Ipernity

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_COOKIE_SECURE=True,
    SESSION_COOKIE_SAMESITE="Lax",
    TRUSTED_HOSTS=["photos.example.org"],
    MAX_CONTENT_LENGTH=100 * 1024 * 1024,
    IPERNITY_APP_KEY=os.environ["IPERNITY_APP_KEY"],
    IPERNITY_APP_SECRET=os.environ["IPERNITY_APP_SECRET"],
    IPERNITY_CACHE="redis://localhost:6379/0",
    IPERNITY_CACHE_REQUESTS=True,
    IPERNITY_TOKEN_STORE="server",
)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)
Ipernity(app)
