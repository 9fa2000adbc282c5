"""``python -m tools.client [--check]``."""

from __future__ import annotations

import sys

from tools.client import drifted, generate


def main() -> int:
    """Return 1 where ``--check`` finds a file that differs."""
    if sys.argv[1:] == ["--check"]:
        for path in (wrong := drifted()):
            print(f"{path} is not what the generator makes: run `make generate`")
        return int(bool(wrong))
    if sys.argv[1:]:
        print(__doc__)
        return 2
    for path, text in generate().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
