"""`idp themes`: check what there is, begin another."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp.cli.main import main

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
