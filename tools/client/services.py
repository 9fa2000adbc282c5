"""Make ``client/services.py`` and ``client/_service_names.py``.

The one has a class for each service with a function for each method, the other the names under
which an API object has them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from tools.client.facts import BY_HAND, Facts, Method, Param, pascal
from tools.client.types import HEADER, param_type

START = """\
from typing import TYPE_CHECKING

from .base import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from . import types as t
    from .multipart import File

# Each answer is what the service sends; its type is what is known of it.
# mypy: disable-error-code="no-any-return"
"""

#: Other names of services, as users of Flask-Ipernity 0.1 know them.
PLURALS = {"doc", "album", "folder", "group", "post", "user"}

WIDTH = 98


def services_module(facts: Facts) -> str:
    """Return the text of ``client/services.py``."""
    more = (
        "\nEach parameter is a keyword. ``None`` leaves it out. ``extra_params`` of every method\n"
        "takes parameters that Ipernity does not document, by their names.\n"
    )
    parts = [HEADER.format(summary="The methods of the API, typed.", more=more), START]
    methods = [method for method in facts.methods if not method.name.startswith(BY_HAND)]
    services = {
        ".".join(name[:depth])
        for name in (method.name.split(".") for method in methods)
        for depth in range(1, len(name))
    }
    if services != facts.services.keys():
        raise ValueError(f"words.json names other services than {', '.join(sorted(services))}")
    # those below first, so that a reader meets a service before it is used
    for service in sorted(services, key=lambda name: (-name.count("."), name)):
        parts.append(f'\n\nclass {pascal(service)}(Service):\n    """{facts.services[service]}."""')
        parts.append(f'\n\n    __slots__ = ()\n    _name = "{service}"\n')
        for below in sorted(services):
            if below.rpartition(".")[0] == service:
                parts.append(_property(below.split(".")[-1], below, facts.services[below]))
        for method in methods:
            if method.service == service:
                parts.append(_method(method, facts.evidence))
    return "".join(parts)


def service_names_module(facts: Facts) -> str:
    """Return the text of ``client/_service_names.py``."""
    more = (
        "\nThe services are imported when they are first used: most processes need few of them,\n"
        "and every process needs to start.\n"
    )
    parts = [HEADER.format(summary="The services of an API object, by name.", more=more)]
    services = sorted(service for service in facts.services if "." not in service)
    # these are called for more than their methods, see client/api.py
    services.remove("upload")
    names = sorted(pascal(service) for service in services)
    parts.append(
        "from functools import cache\nfrom typing import TYPE_CHECKING, Any\n\nif TYPE_CHECKING:\n"
        f"    from .services import (\n{''.join(f'        {name},' + chr(10) for name in names)}"
        '    )\n\n# mypy: disable-error-code="no-any-return"\n\n\n'
        "@cache\ndef _services() -> Any:\n    from . import services\n\n    return services\n\n\n"
        'class Services:\n    """The services of the API, each under its name."""\n\n'
        "    if TYPE_CHECKING:\n\n"
        "        def call(self, method_name: str, **params: object) -> dict[str, Any]: ...\n"
    )
    for service in services:
        parts.append(_lazy(service, service, facts.services[service]))
        if service in PLURALS:
            parts.append(_lazy(f"{service}s", service, f"Another name of ``{service}``"))
    return "".join(parts)


def _lazy(attribute: str, service: str, text: str) -> str:
    name = pascal(service)
    return (
        f"\n    @property\n    def {attribute}(self) -> {name}:\n"
        f'        """{text}."""\n        return _services().{name}(self)\n'
    )


def _property(attribute: str, service: str, text: str) -> str:
    name = pascal(service)
    return (
        f"\n    @property\n    def {attribute}(self) -> {name}:\n"
        f'        """{text}."""\n        return {name}(self._api)\n'
    )


def _method(method: Method, evidence: dict[str, str]) -> str:
    params = sorted(method.params, key=lambda param: not param.required)
    lines = [f"    def {method.name.split('.')[-1]}(", "        self,", "        *,"]
    for param in params:
        kind = param_type(param.type, param.enum, "t.", method)
        kind += "" if param.required else " | None = None"
        lines.append(f"        {param.identifier}: {kind},")
    lines.append("        extra_params: Mapping[str, object] | None = None,")
    answer = f"t.{method.type_name}" if method.answer.fields else "t.Done"
    lines.append(f"    ) -> {answer}:")
    lines += _docstring(method, params, evidence)
    if params:
        lines += ["        return self._call(", f'            "{method.name}",', "            {"]
        lines += [f'                "{param.name}": {param.identifier},' for param in params]
        lines += ["            },", "            extra_params,", "        )"]
    else:
        lines.append(f'        return self._call("{method.name}", {{}}, extra_params)')
    return "\n" + "\n".join(lines) + "\n"


def _docstring(method: Method, params: list[Param], evidence: dict[str, str]) -> Iterable[str]:
    row = method.row
    yield from _wrapped(f'"""{method.text}', "        ", "        ")
    yield ""
    yield from _wrapped(" ".join(_facts(row, evidence)), "        ", "        ")
    if params:
        yield ""
    for param in params:
        text = f":param {param.identifier}: {param.text}{_limits(param)}."
        yield from _wrapped(text, "        ", "            ")
    errors = row["errors"] or row.get("errors_inferred", {})
    for kind, wanted in (("NotFoundError", True), ("APIRequestError", False)):
        found = [
            f"{code}: {text}" for code, text in errors.items() if ("not found" in text) == wanted
        ]
        if found:
            text = f":raises {kind}: {'; '.join(found)}."
            yield from _wrapped(text, "        ", "            ")
    yield '        """'


def _facts(row: dict[str, object], evidence: dict[str, str]) -> Iterable[str]:
    permissions = row["permissions"]
    assert isinstance(permissions, dict)
    held = ", ".join(f"``{item}: {level}``" for item, level in permissions.items())
    if row["token"]:
        yield f"Needs a token{f' with {held}' if held else ''}."
    elif held:
        yield f"What is not public needs a token with {held}."
    if row["post"]:
        yield "Changes data: it is sent once, and by POST."
    if row["paged"]:
        yield f'Returns one page; ``api.walk("{row["name"]}")`` iterates over all of them.'
    known = row["evidence"]
    assert isinstance(known, dict)
    parameters, answer, errors = (
        evidence.get(known[part], "inferred") for part in ("params", "response", "errors")
    )
    if errors == "not known" and row.get("errors_inferred"):
        errors = "inferred"
    yield f"Parameters: {parameters}. Answer: {answer}. Errors: {errors}."


def _limits(param: Param) -> str:
    if param.name == "extra":
        return " " + ", ".join(f"``{value}``" for value in param.values)
    limits, parts = param.limits, []
    if "default" in limits and limits["default"] != "":
        shown = f"``{limits['default']}``" if param.enum else limits["default"]
        parts.append(f"by default {shown}")
    if "min" in limits:
        parts.append(f"{limits['min']} to {limits['max']}")
    elif "max" in limits:
        parts.append(f"at most {limits['max']}")
    if "max_items" in limits:
        parts.append(f"at most {limits['max_items']}")
    return "; " + ", ".join(parts) if parts else ""


def _wrapped(text: str, first: str, more: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=more,
        break_long_words=False,
        break_on_hyphens=False,
    )
