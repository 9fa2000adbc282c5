"""The headers with which browsers say who has caused a request, and what for."""

from __future__ import annotations

Headers = dict[str, str]


def navigation(site: str) -> Headers:
    """Return those of a person who follows a link: ``none`` is the bar of addresses."""
    return {
        "Sec-Fetch-Site": site,
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    }


#: Requests that no person has made by opening a page, and what makes them.
BACKGROUND: dict[str, Headers] = {
    "fetch": {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    "foreign fetch": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Dest": "empty",
    },
    "XMLHttpRequest": {"X-Requested-With": "XMLHttpRequest"},
    "picture": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Dest": "image",
    },
    "frame": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "iframe",
    },
    "object": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "object",
    },
    "prefetch": {**navigation("cross-site"), "Sec-Purpose": "prefetch"},
    "prerender": {**navigation("same-origin"), "Sec-Purpose": "prefetch;prerender"},
    "picture over http": {"Accept": "image/avif,image/webp,image/*,*/*;q=0.8"},
    "JSON over http": {"Accept": "application/json"},
}
