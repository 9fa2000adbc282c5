"""Configuration of the documentation."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module
from importlib.metadata import version as installed_version
from pkgutil import walk_packages
from typing import Any, is_typeddict

from docutils import nodes
from pallets_sphinx_themes import ProjectLink
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import rst

import flask_ipernity
from flask_ipernity.client import services, types

project = "Flask-Ipernity"
copyright = "2026, the Flask-Ipernity authors"
release = installed_version("Flask-Ipernity")
version = release.partition(".dev")[0]

extensions = ["sphinx.ext.autodoc", "pallets_sphinx_themes"]
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
exclude_patterns = ["_build"]

nitpicky = True
nitpick_ignore = [
    # What the sandbox holds inside; its attributes say what they are for.
    ("py:class", "flask_ipernity.sandbox.accounts.Person"),
    ("py:class", "flask_ipernity.sandbox.endpoint.RecordedCall"),
    ("py:class", "flask_ipernity.sandbox.media_host.RecordedRequest"),
    ("py:class", "flask_ipernity.sandbox.state.SandboxState"),
    # Choices, which the text lists.
    *(("py:class", name) for name in ("EmptyLists", "Consent", "Denial", "Lg", "Reads")),
    # Returned by prefetch() only to be given to call().
    ("py:class", "flask_ipernity.client.transport.Prefetched"),
    # Type variables.
    ("py:class", "T"),
    ("py:class", "flask_ipernity.sign_in.guard.View"),
]

html_theme = "flask"
html_context = {"project_links": [ProjectLink("Ipernity", "https://www.ipernity.com/")]}
html_title = f"Flask-Ipernity {version}"
html_show_sourcelink = False

#: The pages that describe names of other packages, by the start of the names. Without a network,
#: intersphinx could not fetch the inventories that would know them.
EXTERNAL = {
    "collections.abc.": "https://docs.python.org/3/library/collections.abc.html",
    "os.": "https://docs.python.org/3/library/os.html",
    "pathlib.": "https://docs.python.org/3/library/pathlib.html",
    "flask.": "https://flask.palletsprojects.com/en/stable/api/",
    "werkzeug.wrappers.": "https://werkzeug.palletsprojects.com/en/stable/wrappers/",
}

#: Names in signatures that are documented under another. Protocols of the client lead to the class
#: that applications use.
DOCUMENTED_AS = {
    "Flask": "flask.Flask",
    "PathLike": "os.PathLike",
    "flask.app.Flask": "flask.Flask",
    "werkzeug.wrappers.response.Response": "werkzeug.wrappers.Response",
    "Account": "flask_ipernity.client.IpernityAPI",
    "Caller": "flask_ipernity.client.IpernityAPI",
    "Prefetcher": "flask_ipernity.client.IpernityAPI",
    "flask_ipernity.client.base.Application": "flask_ipernity.client.IpernityAPI",
    "File": "flask_ipernity.client.multipart.File",
    "Progress": "flask_ipernity.client.multipart.Progress",
}


def link(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Node
) -> nodes.reference | None:
    """Link a name of another package, or one that ``client/services.py`` calls ``t.…``."""
    name = str(node.get("reftarget"))
    name = DOCUMENTED_AS.get(name, name)
    for start, page in EXTERNAL.items():
        if name.startswith(start):
            return nodes.reference("", "", content, refuri=f"{page}#{name}", internal=False)
    if name.startswith("t."):
        name = name.replace("t", types.__name__, 1)
    short = nodes.literal("", name.rpartition(".")[2])
    return env.get_domain("py").resolve_xref(
        env, node["refdoc"], app.builder, "obj", name, node, short
    )


def import_for_types() -> None:
    """Import what modules import for type checkers only, so that annotations can be resolved.

    The types in ``client/services.py`` stay names: their definitions are too long to be shown at
    each parameter.
    """
    for info in walk_packages(flask_ipernity.__path__, "flask_ipernity."):
        if info.name.endswith("__main__") or info.name == services.__name__:
            continue
        module = import_module(info.name)
        for node in ast.parse(inspect.getsource(module)).body:
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                block = ast.Module(node.body, type_ignores=[])
                exec(compile(block, info.name, "exec"), vars(module))


def hide_constructor(
    app: Sphinx, what: str, name: str, obj: object, *_: object
) -> tuple[str, None] | None:
    """Show services without a constructor: nobody calls it."""
    return ("", None) if what == "class" and obj in vars(services).values() else None


#: Names in the types of keys that lead nowhere.
PLAIN = {"Any", "Literal", "NotRequired", "Sequence", "TypeAlias", "TypedDict"}


def show_keys(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Show the keys of a mapping with their types, each of which is a link."""
    if obj in (types, services):
        lines.clear()  # The page has its own introduction.
    if not is_typeddict(obj):
        return
    if obj.__doc__ == dict.__doc__:
        lines.clear()

    def described(found: re.Match[str]) -> str:
        return rf"\ :py:obj:`~{types.__name__}.{found[0]}`\ "

    names = "|".join(known for known in vars(types) if known[0].isupper() and known not in PLAIN)
    lines += [".. parsed-literal::", ""]
    for key, value in obj.__annotations__.items():
        shown = re.sub(rf"\b({names})\b", described, value.__forward_arg__)
        lines.append(f"    {rst.escape(key)}: {shown}")


def skip_keys(app: Sphinx, what: str, *_: object) -> bool | None:
    """Leave out the keys as attributes: :func:`show_keys` has shown them."""
    return True if what == "class" and app.env.current_document.docname == "types" else None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register what is defined here."""
    import_for_types()
    app.connect("missing-reference", link)
    app.connect("autodoc-process-signature", hide_constructor)
    app.connect("autodoc-process-docstring", show_keys)
    app.connect("autodoc-skip-member", skip_keys)
    return {"parallel_read_safe": True}
