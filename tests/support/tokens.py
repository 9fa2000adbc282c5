"""A token store of an application."""

from __future__ import annotations

import json
from typing import Any


class DictTokens:
    """The least that a store of one's own must be."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}

    def get(self, key: str) -> Any:
        return json.loads(self.records.get(key, "null"))

    def set(self, key: str, value: dict[str, Any], max_age: int) -> None:
        self.records[key] = json.dumps(value)

    def delete(self, key: str) -> None:
        self.records.pop(key, None)
