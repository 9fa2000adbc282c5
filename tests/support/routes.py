"""Applications that are made quickly: each test makes one or two, and a sandbox has three more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

Built = tuple[str, str]


def build_when_needed() -> None:
    """Let Werkzeug write the function that builds a rule's URL when the first URL is built.

    It writes and compiles two for each rule that is added, which was a third of the time of all
    tests; most of them are never called. The method is private: without it, tests only take longer.
    """
    if not hasattr(Rule, "_compile_builder"):
        return
    write: Callable[[Rule, bool], Callable[..., Built]] = Rule._compile_builder

    def later(rule: Rule, append_unknown: bool = True) -> Callable[..., Built]:
        written: list[Callable[..., Built]] = []

        def build(rule: Rule, /, **values: Any) -> Built:
            if not written:
                written.append(write(rule, append_unknown))
            return written[0](rule, **values)

        return build

    Rule._compile_builder = later  # type: ignore[assignment, method-assign]
