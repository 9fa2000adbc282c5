"""Keep the catalogues of translations: ``python -m tools.translations``.

Collects the texts of the package, adds new ones to each ``.po`` file, removes old ones, and
compiles the files to ``.mo``, which are shipped. Needs Babel.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src" / "flask_ipernity"
FOLDER = PACKAGE / "translations"
DOMAIN = "flask_ipernity"

#: What is called with a text, and where the text stands.
KEYWORDS = {
    "gettext": None,
    "gettext_html": None,
    "ipernity_gettext": None,
    "N_": None,
    "SignInError": (2,),
    "UploadError": (3,),
}

METHODS = [("sandbox/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")]


def collected() -> Catalog:
    """Return the texts of the package."""
    catalog = Catalog(domain=DOMAIN)
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS, comment_tags=("Translators:",))
    for path, _, message, comments, context in sorted(found, key=lambda row: (row[0], row[1])):
        if message:
            catalog.add(message, locations=[(path, 0)], auto_comments=comments, context=context)
    return catalog


def po_files() -> list[Path]:
    """Return the catalogues of all languages."""
    return sorted(FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def read(path: Path) -> Catalog:
    """Return the catalogue in a ``.po`` file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], domain=DOMAIN)


def compiled(catalog: Catalog) -> bytes:
    """Return the contents of the ``.mo`` file of a catalogue."""
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def main() -> int:
    """Update and compile all catalogues, and return 1 if a translation is missing."""
    template, missing = collected(), 0
    for path in po_files():
        catalog = read(path)
        # The files change with the texts only.
        template.creation_date = catalog.creation_date
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalog, width=100, sort_by_file=True, include_lineno=False)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        for message in catalog:
            if message.id and not message.string:
                print(f"{path.parts[-3]}: {message.id!r} is not translated")
                missing = 1
    return missing


if __name__ == "__main__":
    sys.exit(main())
