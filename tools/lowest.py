"""Print the lowest version of each dependency that the project declares, as constraints for pip.

Run by the Python of an environment in which Flask is installed: what Flask brings is constrained
to the lowest that Flask declares, as the project stands on it, too.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"

#: The dependency whose own dependencies are used directly, such as Werkzeug.
FRAMEWORK = "Flask"


def lower_bounds(requirements: Iterable[str]) -> Iterator[str]:
    """Yield ``Flask==3.1.3`` for ``Flask >=3.1.3``.

    Requirements of this project's own extras are passed over, and what is for some systems only.

    :raises ValueError: a requirement has no lower bound.
    """
    for requirement in requirements:
        if ";" in requirement or requirement.startswith("Flask-Ipernity["):
            continue
        found = re.match(r"([\w.-]+)(?:\[.*?\])?\s*>=\s*([\w.]+)", requirement)
        if found is None:
            raise ValueError(f"no lower bound: {requirement}")
        yield f"{found[1]}=={found[2]}"


def declared(project: dict[str, dict[str, list[str]]]) -> list[str]:
    """Return the requirements of the project and of all its extras."""
    extras = project["optional-dependencies"].values()
    return [*project["dependencies"], *(one for extra in extras for one in extra)]


def constraints() -> list[str]:
    """Return the constraints, those of the framework's own dependencies included."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    found = list(lower_bounds(declared(project)))
    try:
        found += lower_bounds(requires(FRAMEWORK) or ())
    except PackageNotFoundError:
        print(f"{FRAMEWORK} is not installed: without what it brings", file=sys.stderr)
    return found


if __name__ == "__main__":
    print("\n".join(constraints()))
