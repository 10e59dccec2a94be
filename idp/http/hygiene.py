"""Everything that holds for every request and every answer, put on an application in one place."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from flask import Flask, Response
from jinja2 import StrictUndefined

from idp.http.deps import current_request
from idp.http.errors import for_the_asker, register_errors
from idp.http.headers import Hardened
from idp.http.languages import register_languages
from idp.http.limits import LARGEST_BODY, MOST_PARAMETERS, check_request
from idp.http.moments import register_moments
from idp.http.proxies import ProxyHops
from idp.http.ready_bytes import EXTENSION as READY
from idp.http.ready_bytes import ReadyBytes
from idp.http.static_files import register_static_files
from idp.http.theme_files import register_theme_files
from idp.usecases.deps import Deps


def register(
    app: Flask, deps: Deps, *, trusted_proxies: Sequence[IPv4Network | IPv6Network] = (), by_socket: bool = False
) -> None:
    """Limits before every view, headers after every answer, error pages, languages, proxies, ready bytes.

    `by_socket`: the peers on our Unix socket are our own proxy.
    """
    issuer = urlsplit(deps.issuer)
    secure = issuer.scheme == "https"
    app.config.update(
        PREFERRED_URL_SCHEME=issuer.scheme,
        SERVER_NAME=issuer.netloc,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=MOST_PARAMETERS,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    register_moments(app)
    register_languages(app)
    register_errors(app)
    register_static_files(app, secure=secure)
    register_theme_files(app)
    app.jinja_env.globals["origin"] = issuer.netloc

    @app.before_request
    def limit() -> None:
        check_request(current_request().environ, issuer.scheme)

    @app.after_request
    def say_it_to_who_asked(response: Response) -> Response:
        return for_the_asker(response) if response.status_code >= 300 else response

    hardened = Hardened(app.wsgi_app, secure=secure)
    hops = ProxyHops(hardened, deps.issuer, trusted_proxies, by_socket=by_socket)
    app.wsgi_app = ReadyBytes(hops, app.extensions.setdefault(READY, {}))  # type: ignore[method-assign]
