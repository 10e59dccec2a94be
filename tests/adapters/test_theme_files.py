"""Themes: read from their folder under the contract, or every problem with its line and what to write instead."""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from idp.adapters.theme_files import LoadedThemes, load_themes
from idp.domain.portals.themes import SubmitWording, Theme

SHIPPED = Path(__file__).parents[2] / "themes"
PARTNERS = ("activite-formation", "compte-formation", "guichet-paie")
Edit = Callable[[str, str], LoadedThemes]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """The shipped partner theme with one text replaced by another."""
    folder = tmp_path / "themes"
    shutil.copytree(SHIPPED, folder)
    file = folder / "compte-formation" / "theme.yaml"

    def edit(old: str, new: str) -> LoadedThemes:
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
        return load_themes(folder, loopback=False)

    return edit


def only_problem(loaded: LoadedThemes) -> str:
    (problem,) = loaded.problems
    return f"{problem.line}: {problem.message}"


def test_the_shipped_themes_hold_to_the_contract() -> None:
    loaded = load_themes(SHIPPED, loopback=False)
    assert loaded.problems == ()
    assert set(loaded.themes.themes) == {"default", *PARTNERS}


@pytest.mark.parametrize("quality", ["css", "display_name", "texts", "logo"])
def test_the_shipped_themes_differ_visibly(quality: str) -> None:
    themes = load_themes(SHIPPED, loopback=False).themes.themes.values()
    assert len({repr(getattr(theme, quality)) for theme in themes}) == 4


@pytest.mark.parametrize("name", ["default", *PARTNERS])
def test_each_shipped_theme_speaks_french_and_english_on_pages_and_in_mails(name: str) -> None:
    theme = load_themes(SHIPPED, loopback=False).themes.find(name)
    assert set(theme.texts) == set(theme.mail_texts) == {"fr", "en"}


def test_a_locale_without_texts_falls_back_to_french() -> None:
    theme = load_themes(SHIPPED, loopback=False).themes.find("guichet-paie")
    assert theme.text("de") == theme.text("fr")
    assert theme.mail_text("de") == theme.mail_text("fr")


def test_an_unknown_theme_is_shown_as_the_default_one() -> None:
    themes = load_themes(SHIPPED, loopback=False).themes
    assert themes.find("nobody") is themes.find("default")


def test_a_theme_that_is_wrong_is_left_out_and_the_others_stay(edited: Edit) -> None:
    loaded = edited("radius: 14", "radius: 17")
    assert set(loaded.themes.themes) == {"default", "activite-formation", "guichet-paie"}


def test_the_style_sheet_sets_the_contract_s_properties_in_light_and_dark() -> None:
    css = load_themes(SHIPPED, loopback=False).themes.find("guichet-paie").css
    assert css.startswith(":root{--mire-theme:1;--mire-radius:6px;")
    assert css.count("--mire-on-primary:#2b1d00;") == 2  # asked for by the browser, and by data-theme
    assert "url(" not in css


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('bg: "#fff9f5"', "bg: #fff9f5", "7: color.light.bg: nothing was written; write a colour in quotes"),
        ('bg: "#fff9f5"', 'bg: "red"', "7: color.light.bg: 'red' cannot be used; write a colour in quotes"),
        ('bg: "#fff9f5"', 'bg: "#FFF9F5"', "7: color.light.bg: '#FFF9F5' cannot be used"),
        ('    bg: "#fff9f5"\n', "", "6: color.light.bg is missing; The page."),
        ("radius: 14", "radius: 17", "23: radius: 17 cannot be used; write a whole number from 0 to 16"),
        ("radius: 14", "radius: 1.5", "23: radius: float was written; write a whole number from 0 to 16"),
        ("radius: 14", "radios: 14", "23: radios: unknown key; did you mean radius?"),
        ("width: 1\n", "width: 4\n", "25: border.width: 4 cannot be used; write a whole number from 1 to 3"),
        ("size: 17", "size: 15", "29: font.size: 15 cannot be used; write a whole number from 16 to 20"),
        ("family: system", "family: Comic Sans", "28: font.family: 'Comic Sans' cannot be used; write one of system,"),
        ("space: roomy", "space: wide", "26: space: 'wide' cannot be used; write one of compact, normal, roomy"),
        ("submit: access", "submit: Entrez ici", "'Entrez ici' cannot be used; write one of sign_in, continue, access"),
        ("layout: stacked", "layout: [stacked]", "layout: a list was written; write one of stacked, two-columns"),
        ("fields_help: true", "fields_help: oui", "show.fields_help: str was written; write true or false"),
        ("file: logo.svg", "file: ../logo.svg", "logo.file: '../logo.svg' cannot be used; write a name such as"),
        ("file: logo.svg", "file: absent.svg", "logo.file: static/absent.svg is not there or not accepted"),
        ("help: https://", "help: http://", "is not https; write an https address"),
        ("help: https://", "help: javascript:", "cannot be used; write an https address"),
        ("color:", "color: *light\nx:", "4: *light: write the value out; aliases are not read"),
        ("radius: 14", "radius: 14\nradius: 3", "24: radius is already written at line 23; keep one"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_what_to_write(edited: Edit, old: str, new: str, problem: str) -> None:
    assert problem in only_problem(edited(old, new))


@pytest.mark.parametrize(
    ("scheme", "old", "new", "problem"),
    [
        ("light", 'text: "#2b1b3d"', 'text: "#888888"', "text #888888 on bg #fff9f5 has a contrast of 3.4"),
        ("light", 'on_primary: "#ffffff"', 'on_primary: "#a58fb8"', "on_primary #a58fb8 on primary #5b2a86"),
        ("light", 'border: "#8d7599"', 'border: "#ccdcd4"', "border #ccdcd4 on bg #fff9f5 has a contrast of 1.3"),
        ("light", 'focus: "#a92f6b"', 'focus: "#e9b8cf"', "focus #e9b8cf on surface #ffffff"),
        ("dark", 'error: "#ffb3a8"', 'error: "#a9261b"', "error #a9261b on bg #160f1f"),
        ("dark", 'primary: "#d3b0f2"', 'primary: "#5b2a86"', "primary #5b2a86 on surface #221830"),
    ],
)
def test_a_pair_of_colours_below_aa_is_refused(edited: Edit, scheme: str, old: str, new: str, problem: str) -> None:
    messages = [item.message for item in edited(old, new).problems]
    assert any(problem in message and message.startswith(f"color.{scheme}: ") for message in messages)


@pytest.mark.parametrize(
    "forbidden", ["url(x)", "var(--a)", "attr(value)", "if(x)", "EXPRESSION", "@", "\\", "{", "}", ";", "<b>"]
)
def test_a_text_that_could_be_style_or_markup_is_refused(edited: Edit, forbidden: str) -> None:
    """Widget case 35: every forbidden one."""
    problem = only_problem(edited("Go to your training space", f"Go {forbidden}"))
    assert "which themes may not; write plain text" in problem


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u200b", "\ufeff", "\u00ad"])
def test_an_invisible_character_is_refused(edited: Edit, sign: str) -> None:
    assert "invisible character" in only_problem(edited("Go to your training space", f'"Go{sign} on"'))


def test_accents_written_as_separate_characters_are_refused(edited: Edit) -> None:
    assert "form NFC" in only_problem(edited("Go to your training space", "Cafe\u0301"))


@pytest.mark.parametrize("name", ["Mire", "MIRE", "m1re connexion", "Espace Мire", "Mírе", "ｍｉｒｅ"])
def test_a_partner_cannot_sign_as_the_gateway(edited: Edit, name: str) -> None:
    assert "looks like the gateway's own name" in only_problem(edited("Go to your training space", name))


@pytest.mark.parametrize("name", ["Admirez vos droits", "Mirepoix", "Mon espace"])
def test_a_word_that_only_contains_the_name_is_welcome(edited: Edit, name: str) -> None:
    assert edited("Go to your training space", name).problems == ()


@pytest.mark.parametrize(
    ("drawing", "problem"),
    [
        ("<script>alert(1)</script>", "holds <script>"),
        ('<path onload="alert(1)" d="M0 0"/>', "holds the attribute onload="),
        ('<image href="https://evil.example/x.png"/>', "holds <image>"),
        ('<rect fill="url(https://evil.example/x)"/>', "holds the attribute fill="),
        ('<rect style="fill:red"/>', "holds the attribute style="),
        ("<style>*{}</style>", "holds <style>"),
        ("<foreignObject/>", "holds <foreignObject>"),
        ("<rect", "is not XML"),
    ],
)
def test_a_drawing_that_does_more_than_draw_is_refused(tmp_path: Path, drawing: str, problem: str) -> None:
    content = f'<svg xmlns="http://www.w3.org/2000/svg">{drawing}</svg>'.encode()
    assert problem in logo_problem(tmp_path, "logo.svg", content)


def test_a_drawing_with_a_document_type_is_refused(tmp_path: Path) -> None:
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aa">]><svg xmlns="http://www.w3.org/2000/svg"/>'
    assert "declares a document type" in logo_problem(tmp_path, "logo.svg", bomb)


def test_a_file_larger_than_32_kib_is_refused(tmp_path: Path) -> None:
    assert "make it 32768 or less" in logo_problem(tmp_path, "logo.svg", b" " * 32_769)


def test_a_whole_png_is_served_and_one_with_a_tail_is_refused(tmp_path: Path) -> None:
    assert logo_problem(tmp_path / "whole", "logo.png", png(48, 48)) == ""
    assert "carries something else" in logo_problem(tmp_path / "tail", "logo.png", png(48, 48) + b"PK\x03\x04")
    assert "make it at most 800 x 192" in logo_problem(tmp_path / "huge", "logo.png", png(801, 10))
    assert "is not a PNG" in logo_problem(tmp_path / "none", "logo.png", b"GIF89a")


def test_only_images_are_served_from_static(tmp_path: Path) -> None:
    assert "put only .png and .svg in static/" in logo_problem(tmp_path, "logo.js", b"alert(1)")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (Path.mkdir, "Is a directory"),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
        (os.mkfifo, "Not a regular file"),
    ],
    ids=["folder", "link to nowhere, as editors leave them", "pipe"],
)
def test_what_cannot_be_read_is_named_and_the_other_themes_stay(
    tmp_path: Path, make: Callable[[Path], None], problem: str
) -> None:
    folder = tmp_path / "themes"
    shutil.copytree(SHIPPED, folder)
    make(folder / "compte-formation" / "static" / ".#logo.svg")
    loaded = load_themes(folder, loopback=False)
    (told,) = loaded.problems
    assert told.file.endswith("compte-formation/static/.#logo.svg")
    assert problem in told.message
    assert {"default", "guichet-paie"} <= set(loaded.themes.themes)


def test_a_served_file_s_name_carries_its_digest(tmp_path: Path) -> None:
    theme = with_logo(tmp_path, "logo.png", png(48, 48)).themes.find("compte-formation")
    (name,) = [name for name in theme.files if name.endswith(".png")]
    assert theme.files[name].content == png(48, 48)
    assert len(name) == len("logo.") + 16 + len(".png")


def test_the_set_s_digest_moves_with_what_it_shows(edited: Edit) -> None:
    before = load_themes(SHIPPED, loopback=False).themes.digest
    assert edited("radius: 14", "radius: 14 ").themes.digest == before
    assert edited("radius: 14", "radius: 13").themes.digest != before


def test_mail_texts_are_plain_and_checked(tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    shutil.copytree(SHIPPED, folder)
    (folder / "guichet-paie" / "mail" / "en.yaml").write_text('sender_name: Desk\nsignature: "{{ secret }}"\n')
    (problem,) = load_themes(folder, loopback=False).problems
    assert (problem.line, "signature: '{{ secret }}' cannot be used" in problem.message) == (2, True)


def test_a_theme_may_choose_its_button_s_wording() -> None:
    theme: Theme = load_themes(SHIPPED, loopback=False).themes.find("compte-formation")
    assert theme.text("en").submit is SubmitWording.ACCESS


def logo_problem(tmp_path: Path, name: str, content: bytes) -> str:
    return "".join(problem.message for problem in with_logo(tmp_path, name, content).problems)


def with_logo(tmp_path: Path, name: str, content: bytes) -> LoadedThemes:
    folder = tmp_path / "themes"
    shutil.copytree(SHIPPED, folder)
    theme = folder / "compte-formation"
    (theme / "static" / name).write_bytes(content)
    (theme / "theme.yaml").write_text((theme / "theme.yaml").read_text().split("logo:")[0] + "layout: stacked\n")
    return load_themes(folder, loopback=False)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = width.to_bytes(4) + height.to_bytes(4) + b"\x08\x00\x00\x00\x00"
    rows = zlib.compress(b"\x00" * (width + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
