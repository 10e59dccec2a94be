"""A picture from anywhere, decoded and written anew: nothing of the file that came is served."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

from idp.domain.portals.theme_fields import LOGO_BYTES, LOGO_HEIGHT, LOGO_WIDTH

FORMATS = ("PNG", "JPEG", "GIF")
"""Whose size can be read before anything is decoded (WebP allocates first). An SVG is a program, and is not taken."""
DENSITY = 2
"""Pixels for one CSS pixel."""
MOST_PIXELS = 4_000_000
"""Looked at before anything is decoded: 4 million pixels are 16 MB of memory, whatever the file's size."""
UNREADABLE = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError,
    struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip
"""What Pillow's decoders raise at a file that is damaged, or made to be."""
Image.MAX_IMAGE_PIXELS = None  # Pillow's own bound only warns, and is higher than ours
SMALLER = (1, 0.5, 0.25)


def logo_png(content: bytes) -> bytes | None:
    """The first frame as a PNG of at most LOGO_BYTES, or None when it is no picture of ours to take."""
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            if not 0 < picture.width * picture.height <= MOST_PIXELS:
                return None
            pixels = picture.convert("RGBA")
    except UNREADABLE:
        return None
    return next(filter(None, (_written(pixels, share) for share in SMALLER)), None)


def _written(pixels: Image.Image, share: float) -> bytes | None:
    """The picture in the place a page gives it, if so it is small enough."""
    smaller = pixels.copy()
    smaller.thumbnail((int(LOGO_WIDTH * DENSITY * share), int(LOGO_HEIGHT * DENSITY * share)))
    plain = Image.new("RGBA", smaller.size)  # a new picture: no profile, text or date of the old one comes along
    plain.paste(smaller)
    out = BytesIO()
    plain.save(out, "PNG", optimize=True)
    return out.getvalue() if out.tell() <= LOGO_BYTES else None
