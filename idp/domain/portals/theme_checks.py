"""What a theme may not do: be unreadable, carry code, or pretend to be the gateway. Small checks, run in order.

Why so strict: CSS can read what is typed (selectors on values, `attr()` with `if()`), and a text can be made to look
like someone else's. Nothing of a theme is copied as style text; these checks are the second barrier.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from idp.domain.portals.registry_entries import Complaint, Entry

FORBIDDEN = ("url(", "var(", "attr(", "if(", "expression", "@", "\\", "{", "}", ";", "<")
GATEWAY_NAME = "mire"
AA_TEXT, AA_EDGE = 4.5, 3.0
PAIRS = (
    ("text", "bg", AA_TEXT),
    ("text", "surface", AA_TEXT),
    ("on_primary", "primary", AA_TEXT),
    ("primary", "bg", AA_TEXT),
    ("primary", "surface", AA_TEXT),
    ("error", "bg", AA_TEXT),
    ("error", "surface", AA_TEXT),
    ("border", "bg", AA_EDGE),
    ("border", "surface", AA_EDGE),
    ("focus", "bg", AA_EDGE),
    ("focus", "surface", AA_EDGE),
)
"""WCAG 2.2 AA: 1.4.3 for text (links are drawn in primary), 1.4.11 for edges and the focus ring."""
LOOK_ALIKES = str.maketrans("0135|!íìîïıɩοоерсуІіАМЕРmⅿ", "oiesiiiiiiiiooepcyiiamepmm")


def check_theme(name: str, entry: Entry, *, loopback: bool) -> Iterator[Complaint]:
    """Everything that is wrong with a theme whose keys have their shape. `loopback`: http links are let through."""
    yield from _unreadable(entry)
    for key, text in _texts("", entry.values):
        line = entry.lines.get(key) or entry.line
        yield from _strange_text(key, text, line)
        if name != "default":
            yield from _gateway_name(key, text, line)
    for key, address in entry.values.get("link", {}).items():
        yield from _insecure_link(key, address, entry.line_of("link", key), loopback)


def check_mail_text(entry: Entry) -> Iterator[Complaint]:
    """Everything that is wrong with mail texts: they are plain text, so an address with @ is welcome."""
    for key, text in _texts("", entry.values):
        yield from _invisible(key, text, entry.line_of(key))


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours "#rrggbb"."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _unreadable(entry: Entry) -> Iterator[Complaint]:
    for scheme, colors in entry.values.get("color", {}).items():
        for front, back, least in PAIRS:
            if front in colors and back in colors and (ratio := contrast(colors[front], colors[back])) < least:
                yield Complaint(
                    entry.line_of("color", f"{scheme}.{front}"),
                    f"color.{scheme}: {front} {colors[front]} on {back} {colors[back]} has a contrast of {ratio:.2f}; "
                    f"write colours that reach {least}",
                )


def _texts(path: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _texts(f"{path}{key}.", value)
        elif isinstance(value, str):
            yield f"{path}{key}", value


def _strange_text(key: str, text: str, line: int) -> Iterator[Complaint]:
    found = next((word for word in FORBIDDEN if word in text.lower()), None)
    if found:
        yield Complaint(line, f"{key}: holds {found!r}, which themes may not; write plain text")
    yield from _invisible(key, text, line)


def _invisible(key: str, text: str, line: int) -> Iterator[Complaint]:
    odd = next((sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cn") and sign != "\n"), None)
    if odd:
        yield Complaint(line, f"{key}: holds the invisible character U+{ord(odd):04X}; take it out")
    if unicodedata.normalize("NFC", text) != text:
        yield Complaint(line, f"{key}: holds accents as separate characters; save it in Unicode form NFC")


def _gateway_name(key: str, text: str, line: int) -> Iterator[Complaint]:
    """A partner that signs as the gateway could ask for passwords in its name."""
    plain = unicodedata.normalize("NFKD", text.translate(LOOK_ALIKES)).casefold().translate(LOOK_ALIKES)
    letters = "".join(sign if sign.isalpha() else " " for sign in plain if not unicodedata.combining(sign))
    if not key.startswith("link.") and GATEWAY_NAME in letters.split():
        yield Complaint(line, f"{key}: looks like the gateway's own name; write the partner's name only")


def _insecure_link(key: str, address: str, line: int, loopback: bool) -> Iterator[Complaint]:
    if urlsplit(address).scheme != "https" and not loopback:
        yield Complaint(line, f"link.{key}: {address} is not https; write an https address")
