"""A theme's stylesheet, built from parsed values: a small versioned set of CSS custom properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    return "".join(f"--mire-{color.replace('_', '-')}:{palette[color]};" for color in COLORS)
