"""Flask without what it does at every request for applications that are not this one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextvars import Token
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from flask import Flask, Request, Response
from flask.ctx import RequestContext
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.routing import MapAdapter, Rule

from idp.http.deps import ANSWERED, current_request
from idp.http.plain_request import PlainRequest

BODILESS = (204, 304)
WRITTEN = re.compile(r"[A-Za-z0-9%!$&'()*+,/:;=@?#._~-]*", re.ASCII)
"""An address that may stand in a header as it is."""


class LazyRule(Rule):
    """Werkzeug writes two programs for each address when it is added, that put the address together: a third of what it
    takes to make the application, for the few addresses that are ever asked for."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        written: Callable[..., tuple[str, str]] | None = None

        def build(rule: LazyRule, /, **values: Any) -> tuple[str, str]:
            nonlocal written
            if written is None:
                written = super(LazyRule, rule)._compile_builder(append_unknown)
            return written(rule, **values)

        return build


class NoSession(SessionInterface):
    """What our cookies mean is in the database; Flask's session is not used."""

    nothing = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        """One for everybody, in which nothing can be put."""
        return self.nothing

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Nothing was put in it."""


class PlainContext(RequestContext):
    """Flask's context of one request, which says itself whose it is and what is answered (deps.py)."""

    def __init__(self, app: Flask, environ: dict[str, Any]) -> None:
        request = PlainRequest(environ)
        request.extensions = app.extensions
        self._tokens: list[Token[PlainRequest]] = []
        super().__init__(app, environ, request)

    def push(self) -> None:
        """From here on it is the one that is answered."""
        self._tokens.append(ANSWERED.set(cast(PlainRequest, self.request)))
        super().push()

    def pop(self, *error: Any) -> None:
        """What was answered before it is again."""
        try:
            super().pop(*error)
        finally:
            ANSWERED.reset(self._tokens.pop())


@dataclass(frozen=True, slots=True)
class Around:
    """What is called before and after the views of one endpoint, in order."""

    before: tuple[Callable[[], Any], ...]
    after: tuple[Callable[[Any], Any], ...]


class Application(Flask):
    """No view of ours is a coroutine, and no address is written outside of a request."""

    request_class = PlainRequest
    session_interface = NoSession()
    url_rule_class = LazyRule

    def __init__(self, *names: Any, **options: Any) -> None:
        self._arounds: dict[str | None, Around] = {}
        super().__init__(*names, **options)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Flask looks at every function before every call of it."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Flask makes two a request, of which the application context's is never asked, and compares names: the host
        is the issuer's (ProxyHops), and there is no other."""
        if request is None:
            return None
        query, name = request.environ.get("QUERY_STRING", ""), self.config["SERVER_NAME"]
        return MapAdapter(self.url_map, name, "/", "", request.scheme, request.path, request.method, query)

    def request_context(self, environ: dict[str, Any]) -> RequestContext:
        """Ours."""
        return PlainContext(self, environ)

    def preprocess_request(self) -> Any:
        """Flask looks for functions of this kind in five places at every request; they are all registered before the
        first."""
        for before in self._around(current_request()).before:
            answer = before()
            if answer is not None:
                return answer
        return None

    def process_response(self, response: Response) -> Response:
        """The same."""
        request = current_request()
        for after in (*request.after, *self._around(request).after):
            response = after(response)
        return response

    def do_teardown_request(self, *error: Any) -> None:
        """Nothing of ours is torn down as yet, and nobody listens to Flask's signals."""
        if self.teardown_request_funcs:
            super().do_teardown_request(*error)

    def do_teardown_appcontext(self, *error: Any) -> None:
        """The same."""
        if self.teardown_appcontext_funcs:
            super().do_teardown_appcontext(*error)

    def _around(self, request: Request) -> Around:
        found = self._arounds.get(request.endpoint)
        if found is None:
            blueprints = request.blueprints
            before = [self.before_request_funcs.get(name, []) for name in (None, *reversed(blueprints))]
            after = [reversed(self.after_request_funcs.get(name, [])) for name in (*blueprints, None)]
            found = self._arounds[request.endpoint] = Around(tuple(chain(*before)), tuple(chain(*after)))
        return found

    def dispatch_request(self) -> Any:
        """The view's answer."""
        request = current_request()
        rule = request.url_rule
        if request.routing_exception is not None or rule is None or request.method == "OPTIONS":
            return super().dispatch_request()
        return self.view_functions[rule.endpoint](**(request.view_args or {}))

    def full_dispatch_request(self) -> Response:
        """Whoever calls this only sends it."""
        return cast(Response, Sent(super().full_dispatch_request()))


class Sent:
    """An answer as it goes out. Werkzeug copies the headers, takes a redirect's address apart and wraps the body, which
    is for answers that stream and addresses that people typed."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """WSGI."""
        response = self.response
        headers = response.headers.to_wsgi_list()
        names = [name.lower() for name, _ in headers]
        if environ["REQUEST_METHOD"] == "HEAD" or not is_plain(response, names, headers):
            return response(environ, start_response)
        body = cast(list[bytes], response.response)
        if "content-length" not in names:
            headers.append(("Content-Length", str(sum(map(len, body)))))
        start_response(response.status, headers)
        return body


def is_plain(response: Response, names: Sequence[str], headers: Sequence[tuple[str, str]]) -> bool:
    """Whether there is nothing in it that Werkzeug would change. `names`: those of the headers, in lower case."""
    body = response.response
    return (
        type(body) is list
        and all(type(piece) is bytes for piece in body)
        and response.status_code not in BODILESS
        and ("location" not in names or WRITTEN.fullmatch(headers[names.index("location")][1]) is not None)
    )
