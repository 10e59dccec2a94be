"""A request as ours are: a few headers, one cookie header, and a small form for a body.

Werkzeug's serves uploads, streams and headers of any name, and asks at every look which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from io import BytesIO
from typing import IO, Any, cast
from urllib.parse import unquote

from flask import Request, Response
from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.sansio.http import parse_cookie

from idp.http.limits import FORM, LARGEST_BODY


@lru_cache(256)
def wsgi_name(header: str) -> str:
    """Under which WSGI holds a header (PEP 3333). The names that are looked for stand in our code, and are few."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


AS_SENT = "werkzeug.url_quote"
"""What is no UTF-8 stays quoted; limits.py refuses it."""


def pairs_of(text: str) -> list[tuple[str, str]]:
    """What `parse_qsl` reads of a query or a form, blank values kept: most of it needs no decoding."""
    return [
        (_decoded(name), _decoded(value))
        for name, _, value in (item.partition("=") for item in text.split("&") if item)
    ]


def _decoded(text: str) -> str:
    text = text.replace("+", " ")
    return unquote(text, errors=AS_SENT) if "%" in text else text


class PlainHeaders(EnvironHeaders):
    """Found by a name that is not written anew at every look."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]
        """The header, or `default`."""
        if type is not None:
            return super().get(key, default, type)
        return self.environ.get(wsgi_name(key), default)


class Parameters(ImmutableMultiDict[str, str]):
    """Most that is looked for was not sent. Werkzeug's makes an error page of each miss, and throws it away."""

    def get(self, key: str, default: Any = None, type: Any = None) -> Any:  # type: ignore[override]
        """The first value, or `default`."""
        if type is not None:
            return super().get(key, default, type) if key in self else default
        values = cast(list[str] | None, dict.get(self, key))
        return values[0] if values else default


class PlainRequest(Request):
    """No view of ours reads an upload, and what is no form is refused or not asked for (limits.py)."""

    parameter_storage_class = Parameters
    extensions: dict[str, Any]
    """Of the application that answers it (deps.py)."""
    request_id = ""
    """One random name of it, once it has been asked for (actors.py)."""
    ui_locales = ""
    """What its authorization request says of languages (languages.py)."""
    language = ""
    """Of its answer, once chosen."""
    after: Sequence[Callable[[Response], Response]] = ()
    """What is still to be done to its answer."""

    def __init__(self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False) -> None:
        super().__init__(environ, populate_request, shallow)
        self.headers = PlainHeaders(environ)

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """Every parameter of the query, in order."""
        return Parameters(pairs_of(self.query_string.decode(errors="replace")))

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body: at once, where it says how long it is and that is not too long."""
        length = self.content_length
        if length is None or length > LARGEST_BODY:
            return super().stream
        source, body = self.environ["wsgi.input"], b""
        while missing := length - len(body):
            piece = source.read(missing)
            if not piece:
                raise ClientDisconnected
            body += piece
        return BytesIO(body)

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """Of the one header in which WSGI joins them. Werkzeug's looks through all headers for it."""
        return cast(Parameters, parse_cookie(self.environ.get("HTTP_COOKIE"), cls=Parameters))

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """Every field of the body, in order. Werkzeug's reads a stream that may be a file, by one of three parsers."""
        if self.mimetype != FORM:
            return Parameters()
        return Parameters(pairs_of(self.get_data(cache=True).decode(errors="replace")))
