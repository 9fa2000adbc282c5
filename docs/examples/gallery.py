from flask import Flask, redirect, render_template_string, request

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required

app = Flask(__name__)
app.config["SECRET_KEY"] = "change me"
app.config["IPERNITY_PERMISSIONS"] = {"doc": "read"}
app.config.from_prefixed_env()  # FLASK_IPERNITY_APP_KEY and so on
Ipernity(app)

WALL = """
<!doctype html>
<title>Photos</title>
{% for doc in docs if doc.media == "photo" %}
  <img src="{{ url_for('ip_proxy.doc', doc_id=doc.doc_id, label='240') }}" alt="{{ doc.title }}">
{% else %}
  <p>There is nothing to see yet.</p>
{% endfor %}
"""


@app.before_request
def one_name():
    # Visitors come back to 127.0.0.1, and browsers keep the cookies of localhost apart.
    if request.host.startswith("localhost:"):
        return redirect(request.url.replace("localhost", "127.0.0.1", 1))


@app.route("/")
def latest():
    answer = ipernity.api.explore.docs.getRecent(count=20)
    return render_template_string(WALL, docs=answer["docs"].get("doc", []))


@app.route("/mine")
@ipernity_auth_required()
def mine():
    return render_template_string(WALL, docs=ipernity.api.walk_docs())
