"""Texts of the service as text, and as safe HTML.

Ipernity's members may write some HTML into descriptions and comments, titles arrive with entities
such as ``&amp;``, and which of both a field has is not documented. Here, each is read as HTML.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from markupsafe import Markup, escape

# A tag or a comment. What looks like neither, such as "a < b" or "<3", is text. Each character is
# read once, whatever the text is.
_MARKUP = re.compile(r"<!--|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<rest>(?:\s[^<>]*|/)?)>")

_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)

# Browsers drop these from an address.
_DROPPED = re.compile(r"[\x00-\x20\x7f]")
_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s\"'<>]+", re.IGNORECASE)

#: The elements that remain in HTML; all others are removed, and their text stays.
ALLOWED = frozenset(
    {"a", "b", "blockquote", "code", "em", "i", "li", "ol", "p", "pre", "s", "strong", "u", "ul"}
)

#: Elements that begin a new line of text.
_BLOCKS = frozenset({"blockquote", "br", "div", "hr", "li", "ol", "p", "pre", "table", "tr", "ul"})
_BLOCKS |= {"h1", "h2", "h3", "h4", "h5", "h6"}

#: Elements whose text is not for people.
_HIDDEN = frozenset({"iframe", "noscript", "object", "script", "style", "template", "textarea"})

#: How deep elements may be nested; deeper ones are removed.
MAX_DEPTH = 20


class _Tag(NamedTuple):
    name: str
    is_end: bool
    #: The text between the name and the end of the tag.
    rest: str


def _parts(text: str) -> list[str | _Tag]:
    """Return what is to be shown of *text*: texts, without entities, and tags."""
    parts: list[str | _Tag] = []
    position, hidden_until = 0, ""
    while found := _MARKUP.search(text, position):
        if not hidden_until:
            parts.append(unescape(text[position : found.start()]))
        position = found.end()
        if not found["name"]:
            end = text.find("-->", position)
            position = len(text) if end < 0 else end + 3
            continue
        name = found["name"].lower()
        if hidden_until:
            hidden_until = "" if name == hidden_until and found["end"] else hidden_until
        elif name in _HIDDEN:
            hidden_until = "" if found["end"] else name
        else:
            parts.append(_Tag(name, bool(found["end"]), found["rest"]))
    if not hidden_until:
        parts.append(unescape(text[position:]))
    return parts


def plain_text(text: object) -> str:
    """Return a text of the service without tags and entities.

    Templates escape it as any other text. Paragraphs and ``<br>`` become line ends.
    """
    if text is None:
        return ""
    shown = [
        part if isinstance(part, str) else "\n" if part.name in _BLOCKS else ""
        for part in _parts(str(text))
    ]
    lines = (" ".join(line.split()) for line in "".join(shown).splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def safe_html(text: object) -> Markup:
    """Return a text of the service as HTML that is safe in a page.

    Of the tags, those in :data:`ALLOWED` and ``<br>`` remain, closed in the right order and without
    attributes; links remain if they lead to ``http``, ``https`` or ``mailto`` addresses. Line ends
    become ``<br>``.
    """
    if text is None:
        return Markup()
    html: list[str] = []
    stack: list[str] = []
    for part in _parts(str(text)):
        if isinstance(part, str):
            html.append(str(escape(part)).replace("\r\n", "\n").replace("\n", "<br>\n"))
        elif part.name == "br":
            html.append("<br>")
        elif part.name not in ALLOWED:
            html.append("<br>" if part.name in _BLOCKS and not part.is_end else "")
        elif not part.is_end:
            _open(part, html, stack)
        elif part.name in stack:
            _close(part.name, html, stack)
    html.extend(f"</{name}>" for name in reversed(stack))
    return Markup("".join(html))


def _close(name: str, html: list[str], stack: list[str]) -> None:
    """End the innermost element of this name, and what is in it."""
    while (inner := stack.pop()) != name:
        html.append(f"</{inner}>")
    html.append(f"</{name}>")


def _open(tag: _Tag, html: list[str], stack: list[str]) -> None:
    # As browsers do: the end of a paragraph, or of an item of a list, may be left out.
    if tag.name in _BLOCKS and "p" in stack:
        _close("p", html, stack)
    if tag.name == "li" and stack[-1:] == ["li"]:
        _close("li", html, stack)
    if len(stack) >= MAX_DEPTH:
        return
    if tag.name != "a":
        html.append(f"<{tag.name}>")
    elif "a" in stack or not (address := _address(tag.rest)):
        return
    else:
        html.append(f'<a href="{escape(address)}" rel="nofollow ugc noopener">')
    stack.append(tag.name)


def _address(attributes: str) -> str | None:
    """Return the address of a link, if it is harmless."""
    found = _HREF.search(attributes)
    if found is None:
        return None
    address = _DROPPED.sub("", unescape(next(filter(None, found.groups()), "")))
    return address if _SAFE_ADDRESS.fullmatch(address) else None
