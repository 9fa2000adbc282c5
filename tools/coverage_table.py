"""Write docs/coverage.rst: for every API method, what is known of it and who tests it.

``python tools/coverage_table.py`` writes the file, with ``--check`` it only says whether the file
is up to date.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
METHODS = ROOT / "src/flask_ipernity/client/methods.json"
TARGET = ROOT / "docs/coverage.rst"

#: The tests of the sandbox, and the methods whose behaviour they are about.
TESTS = {
    "test_endpoint": ("test.*", "api.methods.*"),
    "test_authorize": ("auth.*",),
    "test_people": ("user.get", "account.getQuota"),
    "test_documents": (
        "doc.get",
        "doc.getList",
        "doc.getExif",
        "doc.getContext",
        "doc.checkMD5",
        "explore.docs.*",
    ),
    "test_sharing": ("doc.get", "doc.getMedias", "doc.getList", "doc.search", "album.get"),
    "test_search": ("doc.search",),
    "test_thumbnails": ("doc.getMedias",),
    "test_changes": ("doc.set", "doc.delete", "doc.getPerms", "doc.setPerms"),
    "test_tags": ("tags.user.getList", "tags.docs.getList"),
    "test_doc_tags": (
        "doc.tags.*",
        "tags.user.getPopular",
        "doc.setGeo",
        "doc.setLicense",
        "doc.setSafety",
    ),
    "test_comments": ("doc.comments.*", "post.comments.*"),
    "test_notes": ("doc.notes.*",),
    "test_faves": ("faves.*", "*.getFaves", "*.getVisitors"),
    "test_albums": (
        "album.get",
        "album.getList",
        "album.create",
        "album.docs.getList",
        "album.docs.add",
    ),
    "test_album_changes": (
        "album.edit",
        "album.delete",
        "album.orderList",
        "album.setPerms",
        "album.docs.[rs]*",
        "album.docs.getContext",
        "doc.getContainers",
    ),
    "test_folders": ("folder.*",),
    "test_groups": ("group.*",),
    "test_posts": ("post.get", "post.getList", "post.getContext", "post.search", "post.set"),
    "test_network": ("network.*",),
    "test_uploads": ("upload.*", "account.getQuota"),
    "test_file_kinds": ("upload.file",),
    "test_circles": ("doc.setPerms", "doc.set", "upload.file", "post.set"),
    "test_many_documents": ("doc.getList", "doc.search", "doc.checkMD5", "explore.docs.getRecent"),
    "test_unknowns": ("auth.getToken", "upload.checkTickets"),
    "test_all_methods": ("doc.albums.add", "explore.groups.getRandom"),
}

#: What PyIpernity's published test-suite calls.
PUBLISHED = {
    "account.getQuota",
    "album.create",
    "album.delete",
    "album.docs.add",
    "album.docs.getList",
    "album.edit",
    "album.get",
    "album.getList",
    "api.methods.get",
    "api.methods.getList",
    "auth.checkToken",
    "auth.getFrob",
    "auth.getToken",
    "doc.checkMD5",
    "doc.delete",
    "doc.get",
    "doc.getContainers",
    "doc.getList",
    "doc.set",
    "group.docs.add",
    "group.docs.getList",
    "group.docs.remove",
    "group.getList",
    "test.echo",
    "test.hello",
    "upload.checkTickets",
    "upload.file",
    "user.get",
}

ANSWERS = {
    "documented": "documented",
    "documented-empty": "documented",
    "documented+client": "documented, seen",
    "client": "seen",
    "client-unverified": "inferred",
    "inferred": "inferred",
}
ERRORS = {
    "help-page": "documented",
    "help-page-partial": "in part",
    "example-in-dump-2014": "in part",
    "client+format-page-example": "in part",
    "unknown": "inferred",
}

HEAD = """\
.. Written by tools/coverage_table.py; change that, not this.

Coverage
========

Ipernity's documentation has gaps. This table shows for each of the {total} methods how it is
known, and so how far the client and the sandbox can be trusted:

documented
    It is on one of Ipernity's help pages.
seen
    Existing clients read it from Ipernity's answers.
inferred
    It is concluded from a similar method, and may be wrong. If the sandbox differs from Ipernity,
    Ipernity is right.

{documented} answers are documented, {seen} are seen only, {inferred} are inferred.

Every method is called against the sandbox, and the keys of its answer are compared with
the method list (``test_all_methods``). The last column names the tests of its behaviour, in
``tests/sandbox``. *PyIpernity* is the published test suite of PyIpernity 0.3.1, which was written
against Ipernity itself and runs unchanged against the sandbox.

.. list-table::
   :header-rows: 1
   :widths: 30 15 20 15 20

   * - Method
     - Answer
     - Parameters
     - Errors
     - Tested by
"""


def parameters(evidence: str) -> str:
    """Return what is known of a method's parameters."""
    if evidence.startswith("inferred:"):
        return "inferred from " + evidence.removeprefix("inferred:").replace("+", ", ")
    return "seen" if evidence.startswith("client-test") else "documented"


def tests(name: str) -> str:
    """Return which tests are about a method.

    :raises LookupError: none is.
    """
    found = [
        test
        for test, patterns in TESTS.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    if not found:
        raise LookupError(f"No test is about {name}.")
    words = [f"``{test}``" for test in found]
    return ", ".join([*words, "PyIpernity"] if name in PUBLISHED else words)


def table() -> str:
    """Return the whole page."""
    methods: list[dict[str, Any]] = json.loads(METHODS.read_text("utf-8"))["methods"]
    kinds = Counter(ANSWERS[method["evidence"]["response"]] for method in methods)
    text = HEAD.format(
        total=len(methods),
        documented=kinds["documented"] + kinds["documented, seen"],
        seen=kinds["seen"],
        inferred=kinds["inferred"],
    )
    for method in methods:
        evidence = method["evidence"]
        cells = (
            f"``{method['name']}``",
            ANSWERS[evidence["response"]],
            parameters(evidence["params"]),
            ERRORS[evidence["errors"]],
            tests(method["name"]),
        )
        text += "".join(
            f"   {'*' if number == 0 else ' '} - {cell}\n" for number, cell in enumerate(cells)
        )
    return text


def main() -> int:
    """Write the file, or return 1 where ``--check`` finds that it differs."""
    page = table()
    if sys.argv[1:] == ["--check"]:
        if TARGET.exists() and TARGET.read_text("utf-8") == page:
            return 0
        print(f"{TARGET.relative_to(ROOT)} is not up to date: run tools/coverage_table.py.")
        return 1
    TARGET.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
