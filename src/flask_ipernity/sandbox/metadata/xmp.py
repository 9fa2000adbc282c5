"""XMP: properties in RDF, written in XML.

What the values of a property look like is described in the XMP specification, part 1, chapter 7;
as programs do not keep to one form, each is accepted for every property.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from .text import MAX_TEXT

MAX_DEPTH = 50

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xmp/note/": "xmpNote",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://creativecommons.org/ns#": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
}
_NOT_IN_XML = re.compile("[\0-\x08\v\f\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BYTE_ORDERS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)

#: Values by the name of their property, ``dc:title``; a part of a structure is named as by
#: ExifTool, ``Iptc4xmpExt:LocationCreatedCity``. Of the languages of a text the default is first.
Properties = Mapping[str, list[str]]


class _Refused(Exception):
    """The packet has a document type, by which a few bytes can become gigabytes."""


def read(data: bytes) -> Properties:
    """Return the properties of a packet; of a damaged one those before the damage."""
    found: dict[str, list[str]] = {}
    for description in _descriptions(data):
        for name, value in description.items():
            _add(found, name, [value])
        for element in description:
            _add(found, element.tag, list(_values(element)))
            for part, value in _parts(element):
                _add(found, element.tag, [value], part)
    return found


def _add(found: dict[str, list[str]], name: str, values: list[str], part: str = "") -> None:
    space, _, local = name[1:].partition("}")
    texts = [text for value in values if (text := value[:MAX_TEXT].strip())]
    if space in _PREFIXES and texts:
        found.setdefault(f"{_PREFIXES[space]}:{local}{part}", texts)


def _descriptions(data: bytes) -> Iterator[Element]:
    root = _parsed(data)
    if root is None:
        return
    for rdf in [root] if root.tag == f"{_RDF}RDF" else root.iter(f"{_RDF}RDF"):
        yield from rdf


def _values(element: Element) -> Iterator[str]:
    """Yield the texts of a property, the one in the default language first."""
    if resource := element.get(f"{_RDF}resource"):
        yield resource
    items = element.findall(f"*/{_RDF}li")
    if not items:
        yield _text(element)
    items.sort(key=lambda item: item.get(_LANG, "").lower() != "x-default")
    for item in items:
        yield item.get(f"{_RDF}resource") or _text(item)


def _text(element: Element) -> str:
    """Return the text of a value; one with qualifiers has it in ``rdf:value``."""
    qualified = element.find(f".//{_RDF}value")
    return (element.text if qualified is None else qualified.text) or ""


def _parts(element: Element) -> Iterator[tuple[str, str]]:
    """Yield the parts of a structure, or of the first one of a list."""
    struct = element.find(f"*/{_RDF}li")
    struct = element if struct is None else struct
    inner = struct.find(f"{_RDF}Description")
    struct = struct if inner is None else inner
    for name, value in struct.items():
        if not name.startswith((_RDF, _LANG)):
            yield name.rpartition("}")[2], value
    for part in struct:
        if not part.tag.startswith(_RDF):
            yield part.tag.rpartition("}")[2], next(_values(part), "")


def _parsed(data: bytes) -> Element | None:
    """Return the root of a packet, up to where it is damaged."""
    encoding = next((name for mark, name in _BYTE_ORDERS if data.startswith(mark)), "utf-8")
    text = _NOT_IN_XML.sub("", data.decode(encoding, "replace")).strip()
    builder, depth, root = TreeBuilder(), 0, None
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, root
        depth += 1
        if depth > MAX_DEPTH:
            raise _Refused
        element = builder.start(_name(name), {_name(key): attributes[key] for key in attributes})
        root = element if root is None else root

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(name))

    def refuse(*_: object) -> None:
        raise _Refused

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except _Refused:
        return None
    except expat.ExpatError:
        pass  # what is open has no text yet, the rest is whole
    return root


def _name(name: str) -> str:
    return "{" + name if "}" in name else name
