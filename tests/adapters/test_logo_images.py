"""A picture from anywhere becomes a small PNG of our own making, or nothing."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from idp.adapters.logo_images import MOST_PIXELS, logo_png
from idp.domain.portals.theme_fields import LOGO_BYTES

HIDDEN = b"<script>alert(1)</script>"


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, size, 200).save(out, kind, **options)
    return out.getvalue()


def noise(size: tuple[int, int]) -> bytes:
    out = BytesIO()
    Image.effect_noise(size, 100).convert("RGB").save(out, "PNG")
    return out.getvalue()


def read(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png), formats=["PNG"])


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "LA"), ("JPEG", "CMYK"), ("GIF", "P")]
)
def test_a_picture_is_written_anew_as_png(kind: str, mode: str) -> None:
    png = logo_png(picture(kind, mode=mode))
    assert png is not None
    assert ("PNG", (40, 20), "RGBA") == (read(png).format, read(png).size, read(png).mode)


@pytest.mark.parametrize("size", [(2000, 1000), (1000, 2000), (3000, 10), (1, 1)])
def test_it_fits_where_a_page_shows_it(size: tuple[int, int]) -> None:
    png = logo_png(picture(size=size))
    assert png is not None
    width, height = read(png).size
    assert 0 < width <= 400
    assert 0 < height <= 96


def test_it_is_small_whatever_it_shows() -> None:
    """Noise cannot be compressed: it becomes smaller until it fits."""
    png = logo_png(noise((400, 96)))
    assert png is not None
    assert len(png) <= LOGO_BYTES


def test_nothing_of_the_file_that_came_goes_out() -> None:
    """Neither a text inside it, nor its profile, nor what follows its end. The control: they were there."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", HIDDEN.decode())
    content = picture(pnginfo=info, icc_profile=HIDDEN * 10) + HIDDEN
    png = logo_png(content)
    assert png is not None
    assert HIDDEN in content
    assert HIDDEN not in png
    assert {"IHDR", "IDAT", "IEND"} == chunks(png)


def chunks(png: bytes) -> set[str]:
    at, found = 8, set()
    while at < len(png):
        found.add(png[at + 4 : at + 8].decode())
        at += 12 + int.from_bytes(png[at : at + 4])
    return found


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as this."""
    content = bytearray(picture())
    content[16:24] = width.to_bytes(4) + height.to_bytes(4)
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4)
    return bytes(content)


def test_a_bomb_is_not_decoded() -> None:
    assert logo_png(bomb(60_000, 60_000)) is None
    assert logo_png(bomb(MOST_PIXELS + 1, 1)) is None


def test_what_is_no_picture_is_refused() -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for content in (
        b"",
        HIDDEN,
        svg,
        b"\x89PNG\r\n\x1a\n",
        picture()[:40],
        picture("BMP"),
        picture("TIFF"),
        picture("WEBP"),
    ):
        assert logo_png(content) is None, content[:20]


@given(st.binary(max_size=200), st.integers(0, 150), st.sampled_from(["PNG", "JPEG", "GIF"]))
def test_a_damaged_picture_is_a_picture_or_nothing(damage: bytes, at: int, kind: str) -> None:
    content = bytearray(picture(kind, mode="L"))
    content[at : at + len(damage)] = damage
    png = logo_png(bytes(content))
    assert png is None or png.startswith(b"\x89PNG")
