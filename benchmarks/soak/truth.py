"""What each visitor must see, asked of the sandbox itself before the visitors come."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import urllib3
from PIL import Image

from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import NotFoundError
from flask_ipernity.sandbox import Sandbox

#: The index of a person, or None for who is not signed in.
Who = int | None

#: Of each photo, these sizes are fetched.
SIZES = ("240", "500")


@dataclass
class Truth:
    """What each visitor must see."""

    #: The ids of the people.
    people: list[str]
    #: By visitor and owner: the ids of the documents in the list.
    lists: dict[tuple[Who, str], set[str]] = field(default_factory=dict)
    #: By visitor: the documents whose files are sent.
    visible: dict[Who, set[str]] = field(default_factory=dict)
    #: By document and label: the file.
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @property
    def visitors(self) -> list[Who]:
        """Everybody."""
        return [None, *range(len(self.people))]


def picture(seed: int) -> bytes:
    """Return a JPEG that no other seed has."""
    file = io.BytesIO()
    color = (seed % 256, seed // 256 % 256, seed // 65536 % 256)
    Image.new("RGB", (320, 240), color).save(file, "JPEG", comment=str(seed).encode())
    return file.getvalue()


def truth(sandbox: Sandbox) -> Truth:
    """Give everybody a private photo, and return what is where."""
    known = Truth([person.user_id for person in sandbox.people])
    apis: dict[Who, IpernityAPI] = {}
    for who in known.visitors:
        token = None if who is None else sandbox.sign_in(who, {"doc": "write"})
        apis[who] = IpernityAPI(sandbox.app_key, sandbox.app_secret, token, url=sandbox.api_url)
    for who, _ in enumerate(known.people):
        file = io.BytesIO(picture(who))
        file.name = "private.jpg"
        apis[who].upload_file(file, title=f"Private {who}", share=0)
    for who, api in apis.items():
        for user_id in known.people:
            docs = api.doc.getList(user_id=user_id, per_page=100)["docs"].get("doc", [])
            known.lists[who, user_id] = {doc["doc_id"] for doc in docs}
    for owner, user_id in enumerate(known.people):
        for doc_id in known.lists[owner, user_id]:
            _add_files(known, apis[owner], doc_id)
    for who, api in apis.items():
        documents = {doc_id for doc_id, _ in known.files}
        known.visible[who] = {doc_id for doc_id in documents if _sees(api, doc_id)}
    return known


def _add_files(known: Truth, api: IpernityAPI, doc_id: str) -> None:
    medias = api.doc.getMedias(doc_id=doc_id)
    thumbs = medias.get("thumbs", {}).get("thumb", ())
    found = {one["label"]: one["url"] for one in thumbs if one["label"] in SIZES}
    for one in medias.get("medias", {}).get("media", ()):
        found[one["label"]] = one["url"]
    for label, url in found.items():
        known.files[doc_id, label] = urllib3.request("GET", url).data


def _sees(api: IpernityAPI, doc_id: str) -> bool:
    try:
        api.doc.getMedias(doc_id=doc_id)
    except NotFoundError:
        return False
    return True
