"""A site that serves whatever a test gives it, and remembers what was asked of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Flask, Response, request

from tests.widget.relying_party import Served


@dataclass
class Attacker:
    """`origin` is of another site than the gateway and its partners."""

    origin: str
    pages: dict[str, Served] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def attacker_app(attacker: Attacker) -> Flask:
    app = Flask("attacker")

    @app.route("/<path:path>", methods=["GET", "POST"])
    def page(path: str) -> Response:
        attacker.asked.append(request.full_path)
        served = attacker.pages.get("/" + path)
        return Response(served.html, headers=dict(served.headers)) if served else Response(status=204)

    return app
