"""Write docs/assumptions.rst: what is assumed about the service, and how it is known.

``python tools/assumptions_page.py`` writes the file, with ``--check`` it only says whether the
file is up to date.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ASSUMPTIONS = ROOT / "src/flask_ipernity/client/assumptions.json"
TARGET = ROOT / "docs/assumptions.rst"

HEAD = """.. Written by tools/assumptions_page.py from client/assumptions.json; change these.

What is assumed about Ipernity
==============================

Ipernity's documentation has gaps, and is wrong in places. This is what the client and the sandbox
take for granted, how it is known, and how :doc:`flask ipernity compare <compare>` checks it:

"""


def page() -> str:
    """Return the text of the page."""
    data: dict[str, Any] = json.loads(ASSUMPTIONS.read_text("utf-8"))
    counts = Counter(row["evidence"] for part in data["sections"] for row in part["assumptions"])
    lines = [HEAD]
    for evidence, meaning in data["evidence"].items():
        lines.append(f"{evidence} ({counts[evidence]})\n    {capital(meaning)}.\n")
    lines.append(
        "Each entry names the section of the reference on Ipernity's API (*reference*), where there"
        " is one the\nentry of ``tools/client/overlay.json`` or of the method list (*overlay*), and"
        " the modules that rely on it.\n"
    )
    for part in data["sections"]:
        lines.append(f"{part['title']}\n{'-' * len(part['title'])}\n")
        for row in part["assumptions"]:
            lines.append(f"``{row['id']}``\n    {escaped(row['what'])}\n")
            facts = [
                f"*{row['evidence']}*: {escaped(row.get('source', part['source']))}",
                f"*checked by*: {escaped(row['how'])}",
                f"*reference*: {escaped(row.get('reference', part['reference']))}",
            ]
            if row.get("overlay"):
                facts.append(f"*overlay*: {code(row['overlay'])}")
            facts.append(f"*code*: {code(row.get('lives', part['lives']))}")
            lines += [*(f"    | {fact}" for fact in facts), ""]
    return "\n".join(lines).rstrip() + "\n"


def code(names: list[str]) -> str:
    """Return names as code."""
    return ", ".join(f"``{name}``" for name in names)


def capital(text: str) -> str:
    """Return a text with a capital letter."""
    return text[:1].upper() + text[1:]


def escaped(text: str) -> str:
    """Return a text without what reStructuredText would take for markup."""
    for mark in ("\\", "*", "`", "_", "|"):
        text = text.replace(mark, f"\\{mark}")
    return text


def main() -> int:
    """Write the page, or check it."""
    text = page()
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text("utf-8") == text:
            return 0
        print(f"{TARGET} is out of date; run: python tools/assumptions_page.py")
        return 1
    TARGET.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
