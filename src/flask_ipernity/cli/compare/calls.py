"""What a call is: which method, and what is right, wrong or missing about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What a call needs beyond the application's key.
Needs = Literal["read", "sign-in", "write"]
#: The value of ``api_key``, ``auth_token`` or ``api_sig``: as it should be, made up, or not there.
Given = Literal["right", "wrong", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an API method, which may be wrong on purpose.

    A value such as ``{doc}`` in ``params`` stands for something that an earlier answer showed,
    see ``samples``; without it the call is not made.
    """

    #: By which the assumptions name it.
    name: str
    method: str
    params: Mapping[str, str] = field(default_factory=dict)
    #: Parameters that a POST request has in its query.
    query: Mapping[str, str] = field(default_factory=dict)
    post: bool = False
    #: Send the body as ``multipart/form-data``.
    multipart: bool = False
    #: Send the picture that is made for ``--write``.
    file: bool = False
    key: Given = "right"
    signature: Given = "right"
    token: Given = "none"
    #: ``unsigned``: it is sent, and the signature leaves it out.
    lang: Literal["signed", "unsigned", "none"] = "signed"
    #: What follows the method in the URL.
    form: str = "/json"
    needs: Needs = "read"
    #: The sample without which it is not made, although it does not name it.
    about: str | None = None
    #: The most times that it is sent, until the upload is done.
    times: int = 1
    #: Make it only if the token does not have this permission.
    without: tuple[str, str] | None = None

    def __str__(self) -> str:
        verb = "POST" if self.post else "GET"
        shown = [f"{name}={value}" for name, value in {**self.query, **self.params}.items()]
        odd = [
            text
            for text, applies in (
                ("file", self.file),
                ("as multipart/form-data", self.multipart and not self.file),
                (f"format {self.form!r}", self.form != "/json"),
                (f"{self.key} api_key", self.key != "right"),
                ("with the token", self.token == "right"),
                ("wrong auth_token", self.token == "wrong"),
                (f"{self.signature} api_sig", self.signature != "right"),
                (f"lg: {self.lang}", self.lang != "signed"),
                (f"up to {self.times} times", self.times > 1),
                (f"if the token lacks {'='.join(self.without or ())}", self.without),
            )
            if applies
        ]
        return " ".join([verb, self.method, *shown, f"({', '.join(odd)})" if odd else ""]).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One request for a file, or for the authorize page."""

    name: str
    #: The sample that is its URL.
    url: str
    verb: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    needs: Needs = "read"
    #: Change the secret in the path, so that there is no such file.
    spoil: bool = False

    times = 1

    def __str__(self) -> str:
        shown = [f"{name}: {value}" for name, value in self.headers.items()]
        if self.spoil:
            shown.append("with another secret")
        return " ".join([self.verb, f"{{{self.url}}}", f"({', '.join(shown)})" if shown else ""])


Step = Call | Fetch
