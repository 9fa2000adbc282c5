from flask import Flask, abort, make_response

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required

app = Flask(__name__)
app.config["SECRET_KEY"] = "change me"
app.config["OWNER"] = "10175"  # your user id
app.config.from_prefixed_env()  # FLASK_IPERNITY_APP_KEY and so on
Ipernity(app)


@app.get("/owner-token")
@ipernity_auth_required({"doc": "read"})
def owner_token():
    if ipernity.api.user_info["user_id"] != app.config["OWNER"]:
        abort(404)
    response = make_response(f"IPERNITY_OWNER_TOKEN={ipernity.api.token}\n")
    response.mimetype = "text/plain"
    response.cache_control.no_store = True
    return response
