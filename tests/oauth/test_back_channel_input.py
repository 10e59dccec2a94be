"""What is missing, repeated, too long or unreadable gets the protocol's JSON and nothing of ours."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from idp.store.platform.audit import audit_events
from idp.usecases.deps import Deps
from tests.oauth.conftest import CALLBACK, SECRET, VERIFIER, Codes, basic

FORM = "application/x-www-form-urlencoded"
ENDPOINTS = ("/token", "/introspect", "/revoke")


def post(web: FlaskClient, path: str, body: bytes, content_type: str = FORM) -> Any:
    return web.post(path, data=body, content_type=content_type, headers=basic())


BAD = [
    b"",
    b"grant_type=&token=",
    b"grant_type=client_credentials&grant_type=client_credentials&token=a&token=a",
    b"grant_type=client_credentials&token=a&scope=a%00b",
    b"grant_type=client_credentials&token=a&scope=%ff%fe",
    b"grant_type=client_credentials&token=a&scope=\xff",
    b"grant_type=client_credentials&token=a&scope=" + b"a" * 17_000,
    b"grant_type=client_credentials&token=a" + b"".join(b"&p%d=1" % n for n in range(200)),
]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:60])
def test_bad_input_is_answered_400_with_json(web: FlaskClient, path: str, body: bytes) -> None:
    answer = post(web, path, body)
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])
    assert ("application/json", "no-store") == (answer.mimetype, answer.headers["Cache-Control"])
    for word in ("Traceback", "Exception", "sql", "authlib", "werkzeug"):
        assert word.lower() not in answer.get_data(as_text=True).lower()


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"grant_type": "client_credentials", "token": "a"}', "application/json"),
        (b"grant_type=client_credentials&token=a", "text/plain"),
        (b"grant_type=client_credentials&token=a", ""),
    ],
)
def test_only_forms_are_read(web: FlaskClient, path: str, body: bytes, content_type: str) -> None:
    answer = post(web, path, body, content_type)
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])


@pytest.mark.parametrize("path", ENDPOINTS)
def test_only_post_is_answered(web: FlaskClient, path: str) -> None:
    answer = web.get(path)
    assert (405, "POST") == (
        answer.status_code,
        answer.headers["Allow"].replace(", OPTIONS", "").replace("OPTIONS, ", ""),
    )
    assert "error" in answer.json


def test_an_oversized_body_is_refused_before_it_is_parsed(web: FlaskClient) -> None:
    answer = post(web, "/token", b"grant_type=client_credentials&scope=" + b"a" * 200_000)
    assert answer.status_code in (400, 413)
    assert "invalid_request" == answer.json["error"]


def test_nothing_is_taken_from_the_query(web: FlaskClient, give_code: Codes) -> None:
    """Queries end up in access logs: a client that sends its secret there must notice at once."""
    code = {
        "grant_type": "authorization_code",
        "code": give_code(),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    answer = web.post("/token", query_string=code, headers={**basic(), "Content-Type": FORM})
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])
    by_query = {"client_id": "poster", "client_secret": SECRET}
    answer = web.post("/token", query_string=by_query, data={"grant_type": "client_credentials"})
    assert (401, "invalid_client") == (answer.status_code, answer.json["error"])
    assert 200 == web.post("/token", data=code, headers=basic()).status_code, "the control: the same in the body"


@pytest.mark.parametrize(
    "grant_type", ["password", "implicit", "urn:ietf:params:oauth:grant-type:saml2-bearer", "é<script>"]
)
def test_other_grants_are_not_supported_and_not_repeated(web: FlaskClient, grant_type: str) -> None:
    answer = web.post("/token", data={"grant_type": grant_type, "username": "a", "password": "b"}, headers=basic())
    assert (400, "unsupported_grant_type") == (answer.status_code, answer.json["error"])
    assert grant_type not in answer.get_data(as_text=True)


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_a_grant_without_its_credential_is_refused(web: FlaskClient, grant_type: str) -> None:
    answer = web.post("/token", data={"grant_type": grant_type}, headers=basic())
    assert (400, "invalid_request") == (answer.status_code, answer.json["error"])


def test_resource_may_be_repeated_and_is_then_no_valid_target(web: FlaskClient) -> None:
    body = {"grant_type": "client_credentials", "resource": ["https://a.example", "https://b.example"]}
    answer = web.post("/token", data=body, headers=basic())
    assert (400, "invalid_target") == (answer.status_code, answer.json["error"])


def test_an_unknown_parameter_is_ignored(web: FlaskClient) -> None:
    body = {"grant_type": "client_credentials", "nonsense": "1"}
    assert 200 == web.post("/token", data=body, headers=basic()).status_code


def test_userinfo_reads_no_bad_form(web: FlaskClient, tokens: Callable[..., dict[str, Any]]) -> None:
    for body in (b"access_token=%00", b"access_token=%ff", b"access_token=a&access_token=b"):
        answer = web.post("/userinfo", data=body, content_type=FORM)
        assert (400, "invalid_request") == (answer.status_code, answer.json["error"])


def assertion_of(**claims: str) -> str:
    """An unsigned assertion; the claims are JSON texts."""
    parts = [b'{"alg":"ES256","typ":"JWT"}', ("{" + ",".join(f'"{k}":"{v}"' for k, v in claims.items()) + "}").encode()]
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in [*parts, b"x" * 64])


UNKEEPABLE = [
    {"Authorization": "Basic " + b64encode(b"a%00b:x").decode()},
    {"Authorization": "Basic " + b64encode(b"a%ed%a0%80:x").decode()},
    {"assertion": assertion_of(sub=r"\ud800", iss=r"\ud800", jti="1")},
    {"assertion": assertion_of(sub=r"a\u0000b", iss="a", jti="1")},
    {"assertion": assertion_of(sub="portal", iss="portal", jti=r"\ud800")},
]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("sent", UNKEEPABLE, ids=range(len(UNKEEPABLE)))
def test_a_client_whose_name_cannot_be_written_down_is_refused_and_traced(
    web: FlaskClient, deps: Deps, path: str, sent: dict[str, str]
) -> None:
    """JSON spells what UTF-8 cannot, and PostgreSQL keeps no NUL: the trace of such a try must not be a 500."""
    form = {"token": "a", "grant_type": "client_credentials"}
    if "assertion" in sent:
        form |= {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sent["assertion"],
        }
    headers = {name: value for name, value in sent.items() if name == "Authorization"}
    answer = web.post(path, data=form, headers=headers)
    assert (401, "invalid_client") == (answer.status_code, answer.json["error"])
    with deps.read() as connection:
        events = connection.execute(select(audit_events.c.event)).scalars().all()
    assert "client.authentication_failed" in events
