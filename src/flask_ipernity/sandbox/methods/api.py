"""``api.methods.*``: the service's description of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..registry import METHOD_INFO, APIError, MethodCall, MethodInfo, api_method


def _summary(info: MethodInfo) -> dict[str, object]:
    """Return what both methods answer about an API method.

    ``permissions`` is an object, ``[]`` (an empty map) if none is needed, and ``""`` for ``test.*``
    ([C] the list that PyIpernity fetched).
    """
    authentication = {"token": info.token, "sign": info.sign, "post": info.post}
    if info.safety:
        authentication["safety"] = True
    return {
        "name": info.name,
        "service": info.service,
        # the method list in the package has no titles
        "title": info.name,
        "authentication": authentication,
        "permissions": "" if info.service == "test" else dict(info.permissions),
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
            **_summary(info),
            "about": f"https://www.ipernity.com/help/api/method/{info.name}",
            "modified_at": info.modified_at,
        }
        for info in METHOD_INFO.values()
    ]
    return {"methods": {"method": methods}}


@api_method("api.methods.get")
def get(call: MethodCall) -> dict[str, object]:
    """Return one method with its parameters and errors."""
    info = METHOD_INFO.get(call.params.get("method", ""))
    if info is None:
        raise APIError(1, "Method not found")
    return {
        "method": {
            **_summary(info),
            "parameters": [_parameter(entry) for entry in info.params],
            # a text if there are none ([C] the dump in oneyoung/python-ipernity-api)
            "notes": "",
            "errors": [{"code": code, "message": message} for code, message in info.errors.items()],
        }
    }
