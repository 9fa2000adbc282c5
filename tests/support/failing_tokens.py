"""A token store that stops working, and what it was asked."""

from __future__ import annotations

from typing import Any

from cachelib import SimpleCache


class FailingStore(SimpleCache):
    """Works until ``down`` is set: to all, or to the names of the methods that fail."""

    def __init__(self) -> None:
        super().__init__()
        self.down: set[str] = set()

    def __repr__(self) -> str:
        return "<FailingStore>"

    def _check(self, method: str) -> None:
        if method in self.down:
            raise TimeoutError(method)

    def get(self, key: str) -> Any:
        self._check("get")
        return super().get(key)

    def get_many(self, *keys: str) -> Any:
        self._check("get")
        return super().get_many(*keys)

    def set(self, key: str, value: Any, timeout: Any = None) -> Any:
        self._check("set")
        return super().set(key, value, timeout)

    def delete(self, key: str) -> Any:
        self._check("delete")
        return super().delete(key)


ALL = {"get", "set", "delete"}
