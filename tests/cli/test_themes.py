"""`idp themes`: check what there is, begin another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from threading import Thread
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from idp.adapters.theme_files import theme_folders
from idp.cli.main import main
from idp.cli.themes import PREVIEW, serve_preview
from idp.web.samples import SAMPLES
from tests.processes import fetch

SHIPPED = Path(__file__).parents[2] / "themes"


def idp(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def test_the_shipped_themes_are_right() -> None:
    result = idp("themes", "check", "--themes", SHIPPED)
    assert (0, True) == (result.exit_code, "guichet-paie" in result.output)


def test_a_new_theme_is_right_from_the_start(tmp_path: Path) -> None:
    for name in ("default", "mon-portail"):
        assert 0 == idp("themes", "new", name, "--themes", tmp_path).exit_code
    result = idp("themes", "check", "--themes", tmp_path)
    assert f"{tmp_path} is right, contrast AA in light and dark: default, mon-portail.\n" == result.output


def test_check_names_each_problem_with_its_line(tmp_path: Path) -> None:
    idp("themes", "new", "default", "--themes", tmp_path)
    file = tmp_path / "default" / "theme.yaml"
    file.write_text(file.read_text().replace('text: "#1b1b1f"', 'text: "#cccccc"'))
    result = idp("themes", "check", "--themes", tmp_path)
    assert 1 == result.exit_code
    assert f"{file}:6: color.light: text #cccccc on bg #f4f4f7 has a contrast of 1." in result.output


def test_check_misses_the_default_theme(tmp_path: Path) -> None:
    assert "is missing; every page needs it" in idp("themes", "check", "--themes", tmp_path).output


@pytest.mark.parametrize("name", ["Mon-Portail", "mon portail", "../portail", "-portail", "é"])
def test_a_name_is_a_folder_of_plain_letters(tmp_path: Path, name: str) -> None:
    result = idp("themes", "new", "--themes", tmp_path, "--", name)
    assert 1 == result.exit_code
    assert "cannot name a theme" in result.output


def test_a_theme_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    idp("themes", "new", "portail", "--themes", tmp_path)
    assert "is already there" in idp("themes", "new", "portail", "--themes", tmp_path).output


@pytest.fixture
def preview(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """The preview of a copy of the shipped themes, served on loopback."""
    themes = tmp_path / "themes"
    copytree(SHIPPED, themes)
    with serve_preview(themes, 0, tmp_path) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield themes, f"http://localhost:{server.server_port}{PREVIEW}"
        server.shutdown()
        thread.join()


def test_the_preview_lists_every_page_in_every_theme(preview: tuple[Path, str]) -> None:
    themes, address = preview
    status, page = fetch(address)
    assert 200 == status
    names = [folder.name for folder in theme_folders(themes)]
    links = {f'href="/preview/{sample}?theme={name}"' for sample in SAMPLES for name in names}
    assert links == set(re.findall(r'href="/preview/[^"]*"', page.decode()))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_preview_shows_each_page(preview: tuple[Path, str], name: str) -> None:
    _, address = preview
    status, page = fetch(f"{address}/{name}?theme=guichet-paie")
    assert (200, True) == (status, b"--mire-theme:1" in page)


def test_the_preview_shows_a_change_at_once_and_a_problem_with_its_line(preview: tuple[Path, str]) -> None:
    themes, address = preview
    file = themes / "guichet-paie" / "theme.yaml"
    text = file.read_text()
    file.write_text(re.sub(r"radius: \d+", "radius: 11", text))
    assert b"--mire-radius:11px" in fetch(f"{address}/sign-in?theme=guichet-paie")[1]
    file.write_text(re.sub(r"radius: \d+", "radius: 99", text))
    assert b"radius: 99 cannot be used; write a whole number from 0 to 16" in fetch(address)[1]


def test_a_taken_port_is_one_sentence(preview: tuple[Path, str]) -> None:
    themes, address = preview
    result = idp("themes", "preview", "--themes", themes, "--port", urlsplit(address).port)
    assert (1, True) == (result.exit_code, "cannot be used (Address already in use); choose another" in result.output)
