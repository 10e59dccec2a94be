"""Images of themes: a PNG that is whole, or an SVG that can only draw. Both are shown by <img>, never inlined."""

from __future__ import annotations

import re
import zlib
from xml.etree import ElementTree

from idp.domain.portals.theme_fields import LOGO_BYTES, LOGO_HEIGHT, LOGO_WIDTH

DENSEST = 4
"""Pixels of a PNG for one CSS pixel, at most."""
PNG = b"\x89PNG\r\n\x1a\n"
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = frozenset(
    "svg g title desc defs path rect circle ellipse line polyline polygon linearGradient radialGradient stop".split()
)
ATTRIBUTES = frozenset(
    "viewBox width height version role aria-label id d x y x1 y1 x2 y2 cx cy r rx ry fx fy points transform fill "
    "fill-rule fill-opacity clip-rule stroke stroke-width stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-opacity stroke-dasharray opacity offset stop-color stop-opacity gradientUnits gradientTransform "
    "preserveAspectRatio".split()
)
VALUE = re.compile(r"^(url\(#[\w-]+\)|[^()<>&;@\\]*|[a-z]+\([-\d.,\s]*\)(\s*[a-z]+\([-\d.,\s]*\))*)$", re.IGNORECASE)
CONTENT_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}


def image_problem(name: str, content: bytes) -> str:
    """What to do instead, or "" when the image can be served."""
    if len(content) > LOGO_BYTES:
        return f"{name} has {len(content)} bytes; make it {LOGO_BYTES} or less"
    return _png_problem(name, content) if name.endswith(".png") else _svg_problem(name, content)


def _png_problem(name: str, content: bytes) -> str:
    if not content.startswith(PNG) or content[12:16] != b"IHDR":
        return f"{name} is not a PNG; export it again as PNG"
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if not (0 < width <= LOGO_WIDTH * DENSEST and 0 < height <= LOGO_HEIGHT * DENSEST):
        return f"{name} has {width} x {height} pixels; make it at most {LOGO_WIDTH * DENSEST} x {LOGO_HEIGHT * DENSEST}"
    return "" if _png_is_whole(content) else f"{name} is damaged or carries something else; export it again as PNG"


def _png_is_whole(content: bytes) -> bool:
    """Every chunk's checksum holds and nothing follows the last: no other file hides behind the picture."""
    at = len(PNG)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        body = content[at + 4 : at + 8 + length]
        if zlib.crc32(body) != int.from_bytes(content[at + 8 + length : at + 12 + length]):
            return False
        at += 12 + length
        if body[:4] == b"IEND":
            return at == len(content)
    return False


def _svg_problem(name: str, content: bytes) -> str:
    if b"<!DOCTYPE" in content.upper() or b"<!ENTITY" in content.upper() or b"<?xml-stylesheet" in content:
        return f"{name} declares a document type or a style sheet; save it as plain SVG"
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  no entity can be declared: see above
    except ElementTree.ParseError:
        return f"{name} is not XML; save it as plain SVG"
    if root.tag != f"{SVG}svg":
        return f"{name} is not an SVG; save it as plain SVG"
    for element in root.iter():
        kind = str(element.tag).removeprefix(SVG)
        if kind not in ELEMENTS:
            return f"{name} holds <{kind}>; draw with shapes, paths and gradients only"
        for attribute, value in element.attrib.items():
            if attribute not in ATTRIBUTES or not VALUE.match(value):
                return f"{name} holds the attribute {attribute}={value[:40]!r} on <{kind}>; save it as plain SVG"
    return ""
