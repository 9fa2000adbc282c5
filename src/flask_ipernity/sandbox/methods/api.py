"""``api.methods.*``: the service's description of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..registry import METHOD_INFO, APIError, MethodCall, MethodInfo, api_method


def _summary(facts: MethodInfo) -> dict[str, object]:
    """Return what both methods answer about an API method.

    ``permissions`` is an object, ``[]`` (an empty map) if none is needed, and ``""`` for ``test.*``
    ([C] the list that PyIpernity fetched).
    """
    authentication = {"token": facts.token, "sign": facts.sign, "post": facts.post}
    if facts.safety:
        authentication["safety"] = True
    return {
        "name": facts.name,
        "service": facts.service,
        # the method list in the package has no titles
        "title": facts.name,
        "authentication": authentication,
        "permissions": "" if facts.service == "test" else dict(facts.permissions),
    }


def _parameter(entry: Mapping[str, Any]) -> dict[str, object]:
    """Return one parameter with its explanation."""
    if "values" in entry:
        text = f"One of {', '.join(map(str, entry['values']))}."
    else:
        text = f"A value of type {entry['type']}."
    return {"name": entry["name"], "required": entry["required"] or None, "value": text}


@api_method("api.methods.getList")
def get_list(call: MethodCall) -> dict[str, object]:
    """Return all methods, ``doc.albums.add`` included."""
    methods = [
        {
            **_summary(facts),
            "about": f"https://www.ipernity.com/help/api/method/{facts.name}",
            "modified_at": facts.modified_at,
        }
        for facts in METHOD_INFO.values()
    ]
    return {"methods": {"method": methods}}


@api_method("api.methods.get")
def get(call: MethodCall) -> dict[str, object]:
    """Return one method with its parameters and errors."""
    facts = METHOD_INFO.get(call.params.get("method", ""))
    if facts is None:
        raise APIError(1, "Method not found")
    return {
        "method": {
            **_summary(facts),
            "parameters": [_parameter(entry) for entry in facts.params],
            # a text if there are none ([C] the dump in oneyoung/python-ipernity-api)
            "notes": "",
            "errors": [
                {"code": code, "message": message} for code, message in facts.errors.items()
            ],
        }
    }
