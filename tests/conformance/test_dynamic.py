"""The Dynamic plan's code-flow modules: each client registers itself, over TLS, with an invitation."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from PIL import Image

from tests.conformance.running import SuiteServer
from tests.conformance.suite import Arrival, Suite, flat
from tests.conformance.target import Target

OFFLINE = "openid profile email phone offline_access"
BOTH = ["authorization_code", "refresh_token"]


@pytest.fixture(scope="session")
def invitation(target: Target) -> str:
    """The initial access token that the suite is given; its clients send no code challenge."""
    plan = json.loads((target.folder / "plans" / "oidcc-dynamic-certification-test-plan.json").read_text())
    token: str = plan["client"]["initial_access_token"]
    return token


@pytest.fixture
def suite(suite: Suite, invitation: str) -> Suite:
    """The suite before it has registered: its client is what it will send."""
    return replace(suite, client={"token": invitation})


def answer_to(suite: Suite, **metadata: Any) -> Any:
    """What the registration endpoint answers."""
    sent = {"redirect_uris": [suite.callback], "client_name": "mire Dynamic", **metadata}
    headers = {"Authorization": f"Bearer {suite.client['token']}"}
    return suite.http.post(suite.metadata["registration_endpoint"], json=sent, headers=headers)


def registered(suite: Suite, **metadata: Any) -> Suite:
    """The suite as the client that it has become."""
    answer = answer_to(suite, **metadata)
    assert answer.status_code == 201, answer.text
    client = answer.json()
    return replace(suite, client=client, method=client["token_endpoint_auth_method"])


def refused(suite: Suite, error: str, **metadata: Any) -> bool:
    answer = answer_to(suite, **metadata)
    return bool((answer.status_code, answer.json()["error"]) == (400, error))


def is_a_page(suite: Suite, arrival: Arrival) -> bool:
    """An error page of ours: nothing was sent anywhere."""
    return arrival.address.startswith(suite.target.issuer) and arrival.asked == ()


def with_keys(key: ECKey) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False)]}


def test_oidcc_idtoken_rs256(suite: Suite) -> None:
    """Core 15.1: RS256 for a client that asks for it."""
    client = registered(suite, id_token_signed_response_alg="RS256")
    tokens, _ = client.signed_in(client.visitor())
    assert client.header(tokens["id_token"])["alg"] == "RS256"


def test_oidcc_userinfo_rs256(suite: Suite) -> None:
    """Core 5.3.2: userinfo as a JWT, with iss and aud."""
    client = registered(suite, userinfo_signed_response_alg="RS256")
    tokens, claims = client.signed_in(client.visitor())
    answer = client.http.get(client.metadata["userinfo_endpoint"], headers=client.bearer(tokens))
    assert answer.headers["Content-Type"].startswith("application/jwt")
    keys = KeySet.import_key_set(client.http.get(client.metadata["jwks_uri"]).json())
    told = jwt.decode(answer.text, keys, algorithms=["RS256"]).claims
    expected = (claims["sub"], client.target.issuer, client.client["client_id"])
    assert (told["sub"], told["iss"], told["aud"]) == expected


def test_oidcc_ensure_redirect_uri_in_authorization_request(suite: Suite) -> None:
    """Core 3.1.2.1: redirect_uri is required, also when one alone is registered."""
    client = registered(suite)
    assert is_a_page(client, client.visitor().go(client.request(redirect_uri=None)))


def test_oidcc_redirect_uri_query_ok(suite: Suite) -> None:
    """RFC 6749 section 3.1.2: a registered query stays."""
    uri = f"{suite.callback}?foo=bar"
    client = registered(suite, redirect_uris=[uri])
    arrival = client.visitor().go(client.request(redirect_uri=uri))
    assert arrival.parameters["foo"] == "bar"
    assert "code" in arrival.parameters


def test_oidcc_redirect_uri_query_mismatch(suite: Suite) -> None:
    """RFC 6749 section 3.1.2.3."""
    client = registered(suite, redirect_uris=[f"{suite.callback}?foo=bar"])
    assert is_a_page(client, client.visitor().go(client.request(redirect_uri=f"{suite.callback}?bar=foo")))


def test_oidcc_redirect_uri_query_added(suite: Suite) -> None:
    """RFC 6749 section 3.1.2.3."""
    client = registered(suite)
    assert is_a_page(client, client.visitor().go(client.request(redirect_uri=f"{suite.callback}?foo=bar")))


def test_oidcc_redirect_uri_regfrag(suite: Suite) -> None:
    """RFC 6749 section 3.1.2: no fragment in a redirect URI."""
    assert refused(suite, "invalid_redirect_uri", redirect_uris=[f"{suite.callback}#foobar"])


def test_oidcc_discovery_endpoint_verification(suite: Suite) -> None:
    """Discovery 1.0 section 3: the registration endpoint is announced."""
    assert suite.metadata["registration_endpoint"] == f"{suite.target.issuer}/register"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_oidcc_server(suite: Suite, method: str) -> None:
    """Core 3.1, whatever way the registered client proves itself; then it leaves (RFC 7592 section 2.3)."""
    key = ECKey.generate_key("P-256", {"kid": "k"})
    client = registered(suite, token_endpoint_auth_method=method, jwks=with_keys(key))
    if method == "private_key_jwt":
        client = replace(client, client={**client.client, "jwks": {"keys": [key.as_dict(private=True)]}})
    arrival = client.visitor().go(client.request(nonce="n-0S6_WzA2Mj"))
    assert arrival.asked == ("/sign-in", "/consent")
    tokens = client.exchange(arrival)
    assert client.id_token(tokens)["nonce"] == "n-0S6_WzA2Mj"
    assert client.userinfo(tokens)["sub"] == client.id_token(tokens)["sub"]
    headers = {"Authorization": f"Bearer {client.client['registration_access_token']}"}
    gone = client.http.delete(client.client["registration_client_uri"], headers=headers)
    assert (gone.status_code, gone.content) == (204, b"")
    assert is_a_page(client, client.visitor().go(client.request()))


def test_oidcc_registration_logo_uri(suite: Suite, receiver: SuiteServer) -> None:
    """Registration 2: the logo is shown; it comes from us and not from its host."""
    picture = BytesIO()
    Image.new("RGB", (300, 100), 90).save(picture, "PNG")
    receiver.documents["/logo.png"] = picture.getvalue()
    client = registered(suite, logo_uri=f"{suite.origin}/logo.png")
    suite.target.command("jobs", "run", "--once")
    page = client.http.get(client.request(), follow_redirects=True).text
    address = f"/clients/{client.client['client_id']}/logo"
    assert f'src="{address}?v=' in page
    assert f"{suite.origin}/logo.png" not in page
    served = client.http.get(f"{suite.target.issuer}{address}")
    assert (served.headers["Content-Type"], served.content[:4]) == ("image/png", b"\x89PNG")


def test_oidcc_registration_policy_uri(suite: Suite) -> None:
    """Registration 2."""
    client = registered(suite, policy_uri=f"{suite.origin}/policy")
    assert f'href="{suite.origin}/policy"' in client.http.get(client.request(), follow_redirects=True).text


def test_oidcc_registration_tos_uri(suite: Suite) -> None:
    """Registration 2."""
    client = registered(suite, tos_uri=f"{suite.origin}/tos")
    assert f'href="{suite.origin}/tos"' in client.http.get(client.request(), follow_redirects=True).text


def published(suite: Suite, receiver: SuiteServer, key: ECKey, path: str) -> Suite:
    """The same client with this key at its jwks_uri."""
    receiver.documents[path] = json.dumps(with_keys(key)).encode()
    return replace(suite, client={**suite.client, "jwks": {"keys": [key.as_dict(private=True)]}})


def by_jwks_uri(suite: Suite, receiver: SuiteServer, path: str) -> Suite:
    """A client of private_key_jwt whose keys are at `path` of the suite."""
    asked = {"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": f"{suite.origin}{path}"}
    client = registered(suite, **asked, grant_types=BOTH, scope=OFFLINE)
    return published(client, receiver, ECKey.generate_key("P-256", {"kid": "first"}), path)


def test_oidcc_registration_jwks_uri(suite: Suite, receiver: SuiteServer) -> None:
    """Registration 2: keys by reference."""
    client = by_jwks_uri(suite, receiver, "/jwks-1")
    client.signed_in(client.visitor())
    assert "/jwks-1" in receiver.asked


def test_oidcc_registration_sector_uri(suite: Suite, receiver: SuiteServer) -> None:
    """Registration 5: pairwise, one sector; the sub is the same for two clients of it, and is not the public one."""
    receiver.documents["/sector"] = json.dumps([suite.callback]).encode()
    asked = {"subject_type": "pairwise", "sector_identifier_uri": f"{suite.origin}/sector"}
    names = []
    for metadata in (asked, asked, {}):
        client = registered(suite, **metadata)
        names.append(client.signed_in(client.visitor())[1]["sub"])
    assert names[0] == names[1] != names[2]


def test_oidcc_registration_sector_bad(suite: Suite, receiver: SuiteServer) -> None:
    """Registration 5: the document does not list the redirect URI."""
    receiver.documents["/sector-bad"] = json.dumps([f"{suite.origin}/another"]).encode()
    for path in ("/sector-bad", "/no-sector"):
        assert refused(suite, "invalid_client_metadata", sector_identifier_uri=f"{suite.origin}{path}")


def test_oidcc_server_rotate_keys(suite: Suite) -> None:
    """Core 10.1.1: the key that signed leaves; the next one is published already, and signs."""
    client = registered(suite)
    first = client.header(client.signed_in(client.visitor())[0]["id_token"])["kid"]
    suite.target.command("keys", "retire", first, "--compromised")
    until = time.monotonic() + 20
    while any(key["kid"] == first for key in client.http.get(client.metadata["jwks_uri"]).json()["keys"]):
        assert time.monotonic() < until
    tokens, _ = client.signed_in(client.visitor())
    assert client.header(tokens["id_token"])["kid"] != first


def refreshed(client: Suite, tokens: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    given: dict[str, Any] = answer.json()
    return given


def test_oidcc_refresh_token(suite: Suite) -> None:
    """Core 12.2: the same subject, and worth nothing to another client."""
    client, other = (registered(suite, grant_types=BOTH, scope=OFFLINE) for _ in range(2))
    tokens = client.exchange(client.visitor().go(client.request(scope=OFFLINE, prompt="consent")))
    stolen = other.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert client.id_token(refreshed(client, tokens))["sub"] == client.id_token(tokens)["sub"]


def test_oidcc_refresh_token_rp_key_rotation(suite: Suite, receiver: SuiteServer) -> None:
    """Core 10.1.1: an unknown kid is looked for at the client's jwks_uri."""
    client = by_jwks_uri(suite, receiver, "/jwks-2")
    tokens = client.exchange(client.visitor().go(client.request(scope=OFFLINE, prompt="consent")))
    again = refreshed(client, tokens)
    client = published(client, receiver, ECKey.generate_key("P-256", {"kid": "second"}), "/jwks-2")
    refreshed(client, again)


def test_oidcc_ensure_client_assertion_with_iss_aud_succeeds(suite: Suite) -> None:
    """RFC 7523 section 3: aud is our issuer."""
    key = ECKey.generate_key("P-256", {"kid": "k"})
    client = registered(suite, token_endpoint_auth_method="private_key_jwt", jwks=with_keys(key))
    client = replace(client, client={**client.client, "jwks": {"keys": [key.as_dict(private=True)]}})
    read = jwt.decode(client.assertion(), key, algorithms=["ES256"]).claims
    assert read["aud"] == client.target.issuer
    client.signed_in(client.visitor())


def test_nobody_registers_without_the_invitation(suite: Suite) -> None:
    """The control: closed by default."""
    anybody = replace(suite, client={"token": "none"})
    assert answer_to(anybody).status_code == 401


def signing(suite: Suite, **metadata: Any) -> Suite:
    """A client that signs its requests."""
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    client = registered(suite, jwks=with_keys(key), **metadata)
    return replace(client, client={**client.client, "jwks": {"keys": [key.as_dict(private=True)]}})


def test_oidcc_request_uri_signed_rs256(suite: Suite, receiver: SuiteServer) -> None:
    """Core 6.2: the request is fetched from the one address that was registered."""
    address = f"{suite.origin}/request.jwt"
    client = signing(suite, request_uris=[address])
    endpoint, _, query = client.request_by_value().partition("?")
    sent = flat(query)
    receiver.documents["/request.jwt"] = sent.pop("request").encode()
    arrival = client.visitor().go(f"{endpoint}?{urlencode({**sent, 'request_uri': address})}")
    client.exchange(arrival)
    assert "/request.jwt" in receiver.asked


def test_oidcc_ensure_request_object_with_redirect_uri(suite: Suite) -> None:
    """Core 6.1: what is inside counts."""
    client = signing(suite)
    client.exchange(client.visitor().go(client.request_by_value()))
