"""Our request reads what Werkzeug's reads, for everything that ours are."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected
from werkzeug.test import EnvironBuilder

from idp.http.limits import FORM, LARGEST_BODY
from idp.http.plain_request import PlainRequest

PAIRS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5)


class Trickle(BytesIO):
    """Gives a body by the byte, as a server may."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1, size or 0))


def environ(body: bytes = b"", content_type: str = FORM, **more: Any) -> dict[str, Any]:
    return {**EnvironBuilder(method="POST", data=body, content_type=content_type).get_environ(), **more}


@given(PAIRS)
def test_a_form_is_read_as_werkzeug_reads_it(pairs: list[tuple[str, str]]) -> None:
    body = urlencode([tuple(text.encode(errors="replace") for text in pair) for pair in pairs]).encode()
    assert list(Request(environ(body)).form.items(multi=True)) == list(
        PlainRequest(environ(body)).form.items(multi=True)
    )


@given(st.text(alphabet="ab=&+%4 1éz;", max_size=30))
def test_a_query_is_read_as_werkzeug_reads_it(text: str) -> None:
    sent = environ(QUERY_STRING=quote(text, safe="=&+%;"))
    assert list(Request(sent).args.items(multi=True)) == list(PlainRequest(sent).args.items(multi=True))


@pytest.mark.parametrize(
    "cookie", ["", "a=b", "a=b; c=d", 'a="quoted"; a=twice', "=; ;x", "a=\u00c3\u00a9\u00ff", "a=\xff"]
)
def test_cookies_are_read_as_werkzeug_reads_them(cookie: str) -> None:
    sent = environ(HTTP_COOKIE=cookie)
    assert list(Request(sent).cookies.items(multi=True)) == list(PlainRequest(sent).cookies.items(multi=True))


@pytest.mark.parametrize(
    "name", ["Accept", "accept", "X-Forwarded-For", "Content-Type", "Content-Length", "Cookie", "Absent"]
)
def test_headers_are_found_as_werkzeug_finds_them(name: str) -> None:
    sent = environ(b"a=b", HTTP_ACCEPT="text/html", HTTP_X_FORWARDED_FOR="10.0.0.1", HTTP_CONTENT_TYPE="smuggled")
    assert Request(sent).headers.get(name) == PlainRequest(sent).headers.get(name)
    assert Request(sent).headers.get(name, "", str) == PlainRequest(sent).headers.get(name, "", str)


def test_a_body_that_comes_in_pieces_is_read_to_its_end_and_no_further() -> None:
    sent = environ(b"a=b")
    assert b"a=b" == PlainRequest({**sent, "wsgi.input": Trickle(b"a=bGET /next")}).get_data()


def test_a_body_that_ends_too_soon_is_none() -> None:
    with pytest.raises(ClientDisconnected):
        PlainRequest({**environ(b"a=b"), "wsgi.input": BytesIO(b"a=")}).get_data()


def test_what_says_not_how_long_it_is_or_is_too_long_is_left_to_werkzeug() -> None:
    endless = {key: value for key, value in environ(b"a=b").items() if key != "CONTENT_LENGTH"}
    assert b"" == PlainRequest(endless).get_data()
    assert b"" == PlainRequest({**environ(b"a=b"), "CONTENT_LENGTH": "-1"}).get_data()
    long = b"a" * (LARGEST_BODY + 1)
    assert long == PlainRequest(environ(long)).get_data(), "the control: limits.py refuses it before"


def test_what_is_no_form_has_no_fields() -> None:
    assert not PlainRequest(environ(b'{"a": 1}', "application/json")).form
