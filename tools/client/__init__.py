"""Generate the typed client: ``types.py``, ``services.py``, ``_service_names.py`` of ``client/``.

``python -m tools.client`` writes them, ``--check`` only compares them. They are made from the
method list (``client/methods.json``), the corrections in ``overlay.json`` and the texts in
``words.json``.
"""

from __future__ import annotations

from pathlib import Path

from tools.client.facts import read
from tools.client.services import service_names_module, services_module
from tools.client.types import types_module

CLIENT = Path(__file__).parents[2] / "src" / "flask_ipernity" / "client"


def generate() -> dict[Path, str]:
    """Return the text of each generated file.

    :raises ValueError: a correction or a text belongs to nothing, or one is missing.
    """
    facts = read(CLIENT / "methods.json")
    return {
        CLIENT / "types.py": types_module(facts),
        CLIENT / "services.py": services_module(facts),
        CLIENT / "_service_names.py": service_names_module(facts),
    }


def drifted() -> list[Path]:
    """Return the generated files that are not what the generator makes."""
    return [
        path
        for path, text in generate().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
