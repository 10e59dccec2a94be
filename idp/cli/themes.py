"""`idp themes`: how partners' pages look."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import click

from idp.adapters.theme_files import load_themes, theme_folders
from idp.domain.portals.file_schema import theme_schema
from idp.domain.portals.theme_templates import LOGO, MAIL_EN, MAIL_FR, THEME
from idp.settings import SettingsError
from idp.wiring import create_preview_app

PREVIEW = "/preview"
FOLDER = click.option(
    "--themes", "folder", envvar="IDP_THEMES", type=click.Path(path_type=Path), default=Path("themes")
)


@click.group()
def themes_group() -> None:
    """How partners' pages look."""


@themes_group.command("check")
@FOLDER
@click.option("--local", is_flag=True, help="Let links to http addresses through, as on a developer's machine.")
def themes_check(folder: Path, local: bool) -> None:
    """Say everything that is wrong in the themes, with its line and what to write instead."""
    loaded = load_themes(folder, loopback=local)
    if loaded.problems:
        raise SettingsError("\n".join(map(str, loaded.problems)))
    names = ", ".join(path.name for path in theme_folders(folder))
    click.echo(f"{folder} is right, contrast AA in light and dark: {names}.")


@themes_group.command("preview")
@FOLDER
@click.option("--port", default=8080, show_default=True, help="Where to listen on this machine.")
def themes_preview(folder: Path, port: int) -> None:
    """Show every page in every theme to a browser on this machine, read again at each look, until Ctrl-C."""
    with TemporaryDirectory(prefix="mire-preview-") as nowhere, serve_preview(folder, port, Path(nowhere)) as server:
        click.echo(f"Every page in every theme: http://localhost:{server.server_port}{PREVIEW} (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def serve_preview(folder: Path, port: int, nowhere: Path) -> WSGIServer:
    """The server of the preview, on loopback only.

    Raises:
        SettingsError: the port is taken.
    """
    try:
        server = make_server("127.0.0.1", port, lambda *_: [], handler_class=Silent)
    except OSError as error:
        raise SettingsError(f"Port {port} cannot be used ({error.strerror}); choose another with --port.") from None
    server.set_app(create_preview_app(folder, f"http://localhost:{server.server_port}", nowhere))
    return server


class Silent(WSGIRequestHandler):
    """Requests are not worth a line each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@themes_group.command("schema")
def themes_schema() -> None:
    """Print the JSON Schema of theme.yaml, for editors."""
    click.echo(json.dumps(theme_schema(), indent=2, ensure_ascii=False))


@themes_group.command("new")
@click.argument("name")
@FOLDER
def themes_new(name: str, folder: Path) -> None:
    """Make the folder of a new theme, right from the start, to be changed line by line."""
    if not (name.replace("-", "").isalnum() and name.isascii() and name.islower() and name[0] != "-"):
        raise SettingsError(f"{name!r} cannot name a theme; write lower-case letters, digits and dashes.")
    if (folder / name).exists():
        raise SettingsError(f"{folder / name} is already there; write another name.")
    title = name.replace("-", " ").capitalize()
    for path, text in (
        ("theme.yaml", THEME),
        ("static/logo.svg", LOGO),
        ("mail/fr.yaml", MAIL_FR),
        ("mail/en.yaml", MAIL_EN),
    ):
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("%NAME%", title), "utf-8")
    click.echo(f"{folder / name} is there. Change it, then `idp themes check` and `idp themes preview`.")
    click.echo(f"In clients.yaml: theme: {name}")
