"""Every key of theme.yaml and of a theme's mail texts: the theming contract, version 1."""

from __future__ import annotations

from idp.domain.portals.file_fields import Field, Kind
from idp.domain.portals.themes import LOCALES, Layout, SubmitWording

CONTRACT = 1
"""Moves when a CSS custom property that themes set changes its name or meaning."""

COLORS = ("text", "bg", "surface", "border", "primary", "on_primary", "focus", "error")
FONTS = {
    "system": 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif',
    "Marianne": "Marianne,Arial,sans-serif",
    "Arial": "Arial,Helvetica,sans-serif",
    "Verdana": "Verdana,Geneva,sans-serif",
    "Georgia": "Georgia,Cambria,serif",
}
SPACES = {"compact": "0.75rem", "normal": "1rem", "roomy": "1.25rem"}
LOGO_WIDTH, LOGO_HEIGHT, LOGO_BYTES = 200, 48, 32 * 1024

FILE_NAME = r"^[a-z0-9][a-z0-9._-]*\.(png|svg)$"
COLOR_DOCS = {
    "text": "Text, on bg and on surface.",
    "bg": "The page.",
    "surface": "The card and the fields.",
    "border": "Edges of fields and cards.",
    "primary": "The button, and links.",
    "on_primary": "Text on the button.",
    "focus": "The focus ring.",
    "error": "Error texts.",
}
LINK_INSTEAD = "an https address"


def _palette(name: str, doc: str) -> Field:
    colors = tuple(
        Field(
            color,
            Kind.TEXT,
            COLOR_DOCS[color],
            pattern=r"^#[0-9a-f]{6}$",
            instead='a colour in quotes and lower case, such as "#1d4ed8"',
            required=True,
        )
        for color in COLORS
    )
    return Field(name, Kind.MAPPING, doc, fields=colors, required=True)


def _line(name: str, doc: str, longest: int, *, required: bool = False) -> Field:
    return Field(
        name,
        Kind.TEXT,
        doc,
        pattern=rf"^[^\r\n]{{1,{longest}}}$",
        instead=f"one line of at most {longest} characters",
        required=required,
    )


def _link(name: str, doc: str) -> Field:
    return Field(name, Kind.TEXT, doc, pattern=r"^https?://[^\s/?#@\\]+(/[^\s\\]*)?$", instead=LINK_INSTEAD)


TEXT_FIELDS = (
    _line("title", "Title of the sign-in page.", 60),
    _line("help", "One line under the title.", 120),
    Field("submit", Kind.TEXT, "Wording of the button.", choices=tuple(SubmitWording)),
)
THEME_FIELDS = (
    _line("display_name", "The partner's name on the page.", 60, required=True),
    Field(
        "color",
        Kind.MAPPING,
        "Two sets of eight colours.",
        fields=(_palette("light", "The light set."), _palette("dark", "The dark set.")),
        required=True,
    ),
    Field("radius", Kind.COUNT, "Roundness of corners, in pixels.", most=16),
    Field(
        "border",
        Kind.MAPPING,
        "Edges.",
        fields=(Field("width", Kind.COUNT, "In pixels.", least=1, most=3),),
    ),
    Field("space", Kind.TEXT, "Distance between things.", choices=tuple(SPACES)),
    Field(
        "font",
        Kind.MAPPING,
        "Letters. A font file is not accepted: glyph tricks can leak what is typed.",
        fields=(
            Field("family", Kind.TEXT, "The typeface.", choices=tuple(FONTS)),
            Field("size", Kind.COUNT, "In pixels; below 16 telephones zoom.", least=16, most=20),
        ),
    ),
    Field(
        "logo",
        Kind.MAPPING,
        "A PNG or a plain SVG in static/, at most 32 KiB.",
        fields=(
            Field(
                "file",
                Kind.TEXT,
                "Its name in static/.",
                pattern=FILE_NAME,
                instead="a name such as logo.svg",
                required=True,
            ),
            Field(
                "dark", Kind.TEXT, "Its name on dark pages.", pattern=FILE_NAME, instead="a name such as logo-dark.svg"
            ),
            _line("alt", "What it says, for those who do not see it.", 80, required=True),
            Field("width", Kind.COUNT, "In CSS pixels.", least=1, most=LOGO_WIDTH, required=True),
            Field("height", Kind.COUNT, "In CSS pixels.", least=1, most=LOGO_HEIGHT, required=True),
        ),
    ),
    Field(
        "text",
        Kind.MAPPING,
        "Plain texts, per language.",
        fields=tuple(Field(locale, Kind.MAPPING, "", fields=TEXT_FIELDS) for locale in LOCALES),
    ),
    Field(
        "link",
        Kind.MAPPING,
        "Links of the sign-in page; one that is not given is not shown.",
        fields=(
            _link("forgotten_password", "« Mot de passe oublié ? »"),
            _link("create_account", "« Créer un compte »"),
            _link("help", "Help; opens in a new tab."),
            _link("certificate", "« Utiliser un certificat »"),
        ),
    ),
    Field("layout", Kind.TEXT, "How the fields are laid out.", choices=tuple(Layout)),
    Field(
        "show",
        Kind.MAPPING,
        "What is shown.",
        fields=(Field("fields_help", Kind.FLAG, "The format hint under each field."),),
    ),
)

MAIL_FIELDS = (
    _line("sender_name", "The name beside the sender's address.", 60, required=True),
    Field(
        "signature",
        Kind.TEXT,
        "The last lines of every mail.",
        pattern=r"^[^<>{}\\]{1,300}$",
        instead="at most 300 characters, without < > { } or \\",
        required=True,
    ),
    _line("help", "Where to ask for help, in one line.", 200),
)
