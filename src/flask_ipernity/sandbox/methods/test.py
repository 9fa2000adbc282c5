"""``test.*``: two methods that need nothing."""

from __future__ import annotations

from . import Call, Refusal, method


@method("test.echo")
def echo(call: Call) -> dict[str, object]:
    """Says what it was told."""
    text = call.params.get("echo")
    if not text:
        raise Refusal(1, "Echo parameter empty or missing")
    return {"echo": text}


@method("test.hello")
def hello(call: Call) -> dict[str, object]:
    """Says hello."""
    return {"hello": "hello world!"}
