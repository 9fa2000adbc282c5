"""``test.*``: two methods that require nothing."""

from __future__ import annotations

from ..registry import APIError, MethodCall, api_method


@api_method("test.echo")
def echo(call: MethodCall) -> dict[str, object]:
    """Return the text that was sent."""
    text = call.params.get("echo")
    if not text:
        raise APIError(1, "Echo parameter empty or missing")
    return {"echo": text}


@api_method("test.hello")
def hello(call: MethodCall) -> dict[str, object]:
    """Return a greeting."""
    return {"hello": "hello world!"}
