"""A theme's stylesheet, built from parsed values: a small versioned set of CSS custom properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from idp.domain.portals.theme_checks import AA_TEXT, contrast
from idp.domain.portals.theme_fields import COLORS, CONTRACT, FONTS, SPACES


def build_css(values: Mapping[str, Any]) -> str:
    """The style sheet of a checked theme. It only sets properties on the root; what they do is base.css's affair.

    Light by default, dark when the browser asks for it or `data-theme="dark"` says so.
    """
    font = values.get("font", {})
    measures = (
        f"--mire-theme:{CONTRACT};"
        f"--mire-radius:{values.get('radius', 4)}px;"
        f"--mire-border-width:{values.get('border', {}).get('width', 1)}px;"
        f"--mire-space:{SPACES[values.get('space', 'normal')]};"
        f"--mire-font-family:{FONTS[font.get('family', 'system')]};"
        f"--mire-font-size:{font.get('size', 16) / 16:.2%};"
    )
    light, dark = (_colors(values["color"][scheme]) for scheme in ("light", "dark"))
    return (
        f":root{{{measures}color-scheme:light;{light}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
    )


def _colors(palette: Mapping[str, str]) -> str:
    given = "".join(f"--mire-{color.replace('_', '-')}:{palette[color]};" for color in COLORS)
    return f"{given}--mire-muted:{_muted(palette)};--mire-primary-hover:{_hovered(palette)};"


def _muted(palette: Mapping[str, str]) -> str:
    """The text colour nearer to the page, as far as it stays readable on page and card."""
    return _first_readable(palette["text"], palette["bg"], (palette["bg"], palette["surface"]), (35, 30, 25, 20, 10))


def _hovered(palette: Mapping[str, str]) -> str:
    """The button's colour nearer to the text, as far as its label stays readable."""
    grounds = (palette["on_primary"], palette["bg"], palette["surface"])
    return _first_readable(palette["primary"], palette["text"], grounds, (30, 20, 10))


def _first_readable(color: str, towards: str, grounds: Sequence[str], percents: Sequence[int]) -> str:
    for percent in percents:
        mixed = _mixed(color, towards, percent)
        if all(contrast(mixed, ground) >= AA_TEXT for ground in grounds):
            return mixed
    return color


def _mixed(color: str, towards: str, percent: int) -> str:
    parts = [(int(color[at : at + 2], 16), int(towards[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{one + (other - one) * percent // 100:02x}" for one, other in parts)
