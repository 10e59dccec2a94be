"""The demo's mailbox: the .eml files that the gateway writes instead of sending, newest first."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, abort, current_app, render_template, send_from_directory

from demo.portals import Place

pages = Blueprint("mailbox", __name__, url_prefix="/mails")


def folder() -> Path:
    """Where the .eml files lie."""
    return cast(Place, current_app.extensions["place"]).mails


def layout() -> str:
    """The portal's dress."""
    return f"{current_app.extensions['portal'].client_id}/layout.html"


def files() -> list[Path]:
    """Every mail, newest first."""
    return sorted(folder().glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)


def opened(path: Path) -> EmailMessage:
    """The mail in this file."""
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    part = mail.get_body(("plain",))
    return part.get_content() if part else ""


@pages.get("/")
def index() -> str:
    """The list."""
    return render_template("mails.html", layout=layout(), mails=[(path.name, opened(path)) for path in files()[:200]])


@pages.get("/<name>")
def show(name: str) -> str:
    """One mail, as text."""
    found = {path.name: path for path in files()}.get(name)
    if found is None:
        abort(404)
    mail = opened(found)
    return render_template("mail.html", layout=layout(), name=name, mail=mail, text=text_of(mail))


@pages.get("/<name>/file")
def download(name: str) -> Response:
    """The .eml file itself."""
    return send_from_directory(folder(), name, mimetype="message/rfc822", as_attachment=True)
