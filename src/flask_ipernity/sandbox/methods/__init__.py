"""The API methods, one module per group; each registers its functions when it is imported."""

from __future__ import annotations

import pkgutil
from importlib import import_module


def load_methods() -> None:
    """Import the modules of this package, so that their methods are registered."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
