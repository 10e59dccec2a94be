"""Mutual TLS (RFC 8705): who a certificate proves, and tokens that are only for its holder."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient

from idp.adapters.clock import QuietClock
from idp.adapters.outbound import OutboundAnswer, QuietOutbound
from idp.domain.platform.instants import DAY, SECOND
from idp.domain.portals.clients import ClientAuthentication
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.hygiene import HygienicClient
from tests.oauth.client_authority import SERVER_ONLY, Shown, issue, new_authority
from tests.oauth.conftest import CALLBACK, ISSUER, PARTNERS, RESOURCES, SECRET, VERIFIER, Codes, basic, partner
from tests.oauth.dpop import ProofMaker
from tests.quiet import quiet_app, quiet_deps
from tests.statements import counted

MTLS = "https://mtls.connexion.example.fr"
KEYS = "https://portail.example.fr/jwks.json"
SUBJECT = "CN=portail,O=Exemple,C=FR"
HOP = {"REMOTE_ADDR": "127.0.0.1"}
NAMES = {
    "dns": x509.DNSName("portail.example.fr"),
    "uri": x509.UniformResourceIdentifier("https://portail.example.fr/"),
    "ip": x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
    "email": x509.RFC822Name("exploitation@example.fr"),
}
REGISTERED = {
    "dns": "Portail.example.fr", "uri": "https://portail.example.fr/", "ip": "192.0.2.7",
    "email": "exploitation@example.fr",
}  # fmt: skip


@pytest.fixture(scope="module")
def start() -> float:
    return QuietClock().now() / SECOND


@pytest.fixture(scope="module")
def authority(start: float) -> Shown:
    return new_authority(start)


@pytest.fixture(scope="module")
def shown(authority: Shown, start: float) -> Shown:
    """The portal's certificate."""
    return authority.issue(now=start, names=list(NAMES.values()))


@pytest.fixture(scope="module")
def own(start: float) -> Shown:
    """One that signed itself."""
    return issue("CN=whatever", None, now=start, usage=None)


@pytest.fixture
def deps(database: Database, authority: Shown, own: Shown) -> Deps:
    by_authority: dict[str, Any] = {
        "token_endpoint_auth_method": ClientAuthentication.TLS,
        "secrets": (),
        "tls_client_auth_ca": authority.pem,
    }
    registered = [
        partner("tls", tls_client_auth_subject_dn=SUBJECT, **by_authority),
        *(
            partner(f"tls-{kind}", **{f"tls_client_auth_san_{kind}": name}, **by_authority)
            for kind, name in REGISTERED.items()
        ),
        partner(
            "own", token_endpoint_auth_method=ClientAuthentication.SELF_SIGNED_TLS, secrets=(), jwks={"keys": [own.jwk]}
        ),
        partner(
            "published", token_endpoint_auth_method=ClientAuthentication.SELF_SIGNED_TLS, secrets=(), jwks_uri=KEYS
        ),
        partner("bound", tls_client_certificate_bound_access_tokens=True),
        partner(
            "bound-spa", token_endpoint_auth_method=ClientAuthentication.NONE, secrets=(),
            tls_client_certificate_bound_access_tokens=True,
        ),
        partner("both", tls_client_certificate_bound_access_tokens=True, dpop_bound_access_tokens=True),
    ]  # fmt: skip
    registry = make_registry(ISSUER, [*PARTNERS, *registered], RESOURCES)
    return quiet_deps(database, registry=lambda: registry, mtls_issuer=MTLS)


@pytest.fixture
def web(deps: Deps) -> FlaskClient:
    app = quiet_app(deps, trusted_proxies=(ipaddress.ip_network("127.0.0.1/32"),))
    app.test_client_class = HygienicClient
    return cast(FlaskClient, app.test_client())


def ask(web: FlaskClient, client_id: str, certificate: Shown | dict[str, str] | None, **form: str) -> Any:
    """POST /token of a client that shows this certificate to our proxy."""
    headers = certificate.header if isinstance(certificate, Shown) else certificate or {}
    body = {"grant_type": "client_credentials", "client_id": client_id, **form}
    secret = basic(client_id, SECRET) if client_id in ("bound", "both", "portal") else {}
    return web.post("/token", data=body, headers={**headers, **secret}, environ_base=HOP)


def refused(answer: Any, error: str = "invalid_client", status: int = 401) -> bool:
    return (status, error) == (answer.status_code, answer.json["error"])


def test_a_certificate_of_its_authority_lets_a_client_in(web: FlaskClient, shown: Shown) -> None:
    """RFC 8705 section 2.1: tls_client_auth, by subject."""
    assert 200 == ask(web, "tls", shown).status_code


@pytest.mark.parametrize("kind", list(NAMES))
def test_each_kind_of_name_counts(web: FlaskClient, authority: Shown, shown: Shown, kind: str, start: float) -> None:
    """RFC 8705 section 2.1.2: the one registered name, and no other kind."""
    others = [name for other, name in NAMES.items() if other != kind]
    assert refused(ask(web, f"tls-{kind}", authority.issue(now=start, names=others)))
    assert refused(ask(web, f"tls-{kind}", authority.issue(now=start)))
    assert 200 == ask(web, f"tls-{kind}", shown).status_code, "the control"


def test_the_same_name_under_another_authority_lets_nobody_in(web: FlaskClient, shown: Shown, start: float) -> None:
    """RFC 8705 section 6.3, the attack: nginx passes on any certificate, so whoever makes an authority writes any name,
    the authority's own name included."""
    attacker = new_authority(start)
    assert refused(ask(web, "tls", attacker.issue(SUBJECT, now=start, names=list(NAMES.values()))))
    assert refused(ask(web, "tls", issue(SUBJECT, None, now=start)))
    assert 200 == ask(web, "tls", shown).status_code, "the control"


WRONG: dict[str, Callable[[Shown, float], Shown]] = {
    "expired": lambda ca, now: ca.issue(SUBJECT, now=now, begins=-31),
    "not yet valid": lambda ca, now: ca.issue(SUBJECT, now=now, begins=1),
    "for servers": lambda ca, now: ca.issue(SUBJECT, now=now, usage=SERVER_ONLY),
    "for nothing said": lambda ca, now: ca.issue(SUBJECT, now=now, usage=None),
    "another subject": lambda ca, now: ca.issue("CN=autre,O=Exemple,C=FR", now=now),
    "a longer subject": lambda ca, now: ca.issue("CN=portail,OU=x,O=Exemple,C=FR", now=now),
    "another order": lambda ca, now: ca.issue("C=FR,O=Exemple,CN=portail", now=now),
    "one text": lambda ca, now: ca.issue(r"CN=portail\,O=Exemple\,C=FR", now=now),
    "an authority": lambda ca, now: ca.issue(SUBJECT, now=now, authority=True),
    "signed by a client": lambda ca, now: ca.issue(SUBJECT, now=now).issue(SUBJECT, now=now),
    "the authority itself": lambda ca, now: ca,
}


@pytest.mark.parametrize("case", list(WRONG))
def test_a_wrong_certificate_lets_nobody_in(
    web: FlaskClient, authority: Shown, shown: Shown, start: float, case: str
) -> None:
    """RFC 8705 sections 2.1 and 6.3, RFC 5280 section 6: validity, usage, chain, exactly that subject."""
    assert refused(ask(web, "tls", WRONG[case](authority, start)))
    assert 200 == ask(web, "tls", shown).status_code, "the control"


def test_a_certificate_dies_in_its_time(web: FlaskClient, shown: Shown, clock: QuietClock) -> None:
    assert 200 == ask(web, "tls", shown).status_code
    clock.advance(30 * DAY)
    assert refused(ask(web, "tls", shown))


def test_an_authority_may_have_another_below_it(web: FlaskClient, deps: Deps, start: float) -> None:
    root = new_authority(start, "CN=Racine")
    middle = root.issue("CN=Milieu", now=start, authority=True)
    client = partner(
        "deep", token_endpoint_auth_method=ClientAuthentication.TLS, secrets=(), tls_client_auth_subject_dn=SUBJECT,
        tls_client_auth_ca=root.pem + middle.pem,
    )  # fmt: skip
    registry = make_registry(ISSUER, [client], [])
    app = quiet_app(
        quiet_deps(deps.database, registry=lambda: registry, mtls_issuer=MTLS),
        trusted_proxies=(ipaddress.ip_network("127.0.0.1/32"),),
    )
    assert 200 == ask(app.test_client(), "deep", middle.issue(now=start)).status_code


@pytest.mark.parametrize("text", ["", "nonsense", "::", ":AAAA:", "-----BEGIN%20CERTIFICATE-----", "x" * 20_000])
def test_what_is_no_certificate_proves_nobody(web: FlaskClient, text: str) -> None:
    assert refused(ask(web, "tls", {"X-Client-Certificate": text}))


def test_the_header_of_rfc_9440_is_read_too(web: FlaskClient, shown: Shown) -> None:
    """RFC 9440 section 2.1: other proxies than nginx write base64 between colons."""
    assert 200 == ask(web, "tls", shown.rfc9440).status_code


def test_a_certificate_is_believed_from_our_proxy_only(web: FlaskClient, shown: Shown) -> None:
    """RFC 9440 section 4, RFC 8705 section 6.5: from any other peer the header is ignored."""
    form = {"grant_type": "client_credentials", "client_id": "tls"}
    stranger = {"REMOTE_ADDR": "203.0.113.9"}
    assert refused(web.post("/token", data=form, headers=shown.header, environ_base=stranger))
    assert 200 == ask(web, "tls", shown).status_code, "the control"


def test_without_an_address_for_it_no_certificate_is_believed(deps: Deps, shown: Shown) -> None:
    """A proxy that knows nothing of certificates passes on what the client wrote."""
    app = quiet_app(
        quiet_deps(deps.database, registry=deps.registry), trusted_proxies=(ipaddress.ip_network("127.0.0.1/32"),)
    )
    assert refused(ask(app.test_client(), "tls", shown))
    document = app.test_client().get("/.well-known/openid-configuration").json or {}
    assert "mtls_endpoint_aliases" not in document
    assert {"tls_client_auth", "self_signed_tls_client_auth"}.isdisjoint(
        document["token_endpoint_auth_methods_supported"]
    )
    assert document["tls_client_certificate_bound_access_tokens"] is False


def test_a_self_signed_certificate_counts_by_its_key(web: FlaskClient, own: Shown, start: float) -> None:
    """RFC 8705 section 2.2: the key is compared with the client's JWK Set; names prove nothing."""
    assert refused(ask(web, "own", issue("CN=whatever", None, now=start)))
    assert refused(ask(web, "own", None))
    assert 200 == ask(web, "own", own).status_code, "the control"
    renewed = issue("CN=other", None, now=start, key=own.key)
    assert 200 == ask(web, "own", renewed).status_code, "the same key under a new certificate"
    odd = issue("CN=odd", None, now=start, key=ec.generate_private_key(ec.SECP384R1()))
    assert refused(ask(web, "own", odd))


@pytest.mark.parametrize("kid", [{}, {"kid": "k1"}], ids=["no-kid", "kid"])
def test_a_renewed_certificate_is_looked_for_at_the_clients_address_once(
    web: FlaskClient, deps: Deps, own: Shown, start: float, kid: dict[str, str]
) -> None:
    """RFC 8705 section 2.2.2: the keys at jwks_uri count, so a renewal is nobody's business but the client's. While the
    key is known nobody is called."""
    outbound, renewed = cast(QuietOutbound, deps.outbound), issue("CN=whatever", None, now=start, usage=None)

    def publishes(*certificates: Shown) -> None:
        keys = [{**item.jwk, **kid} for item in certificates]
        outbound.answers[KEYS] = OutboundAnswer(200, json.dumps({"keys": keys}).encode(), {})

    publishes(own)
    assert [200, 200] == [ask(web, "published", own).status_code for _ in range(2)]
    assert 1 == len(outbound.calls)
    assert refused(ask(web, "published", renewed)), "the control"
    publishes(renewed)
    assert 200 == ask(web, "published", renewed).status_code
    assert refused(ask(web, "published", own))


def test_a_certificate_replaces_no_secret(web: FlaskClient, shown: Shown) -> None:
    """RFC 8705 section 2: only by the registered method, in both directions."""
    form = {"grant_type": "client_credentials", "client_id": "portal"}
    assert refused(web.post("/token", data=form, headers=shown.header, environ_base=HOP))
    assert refused(web.post("/token", data=form | {"client_id": "tls"}, headers=basic("tls"), environ_base=HOP))


def redeem(web: FlaskClient, code: str, certificate: Shown | None, client_id: str = "bound") -> Any:
    return ask(
        web, client_id, certificate, grant_type="authorization_code", code=code, redirect_uri=CALLBACK,
        code_verifier=VERIFIER,
    )  # fmt: skip


def userinfo(web: FlaskClient, token: str, certificate: Shown | None) -> Any:
    headers = {"Authorization": f"Bearer {token}", **(certificate.header if certificate else {})}
    return web.get("/userinfo", headers=headers, environ_base=HOP)


def test_a_bound_token_is_only_for_the_holder_of_the_certificate(
    web: FlaskClient, give_code: Codes, shown: Shown, own: Shown
) -> None:
    """RFC 8705 sections 3 and 3.1: cnf in token and introspection, 401 invalid_token for everybody else."""
    given = redeem(web, give_code("bound"), shown).json
    about = web.post("/introspect", data={"token": given["access_token"]}, headers=basic("bound")).json
    assert ({"x5t#S256": shown.x5t}, "Bearer") == (about["cnf"], given["token_type"])
    for certificate in (None, own):
        assert refused(userinfo(web, given["access_token"], certificate), "invalid_token")
    assert 200 == userinfo(web, given["access_token"], shown).status_code, "the control"
    headers = {"Authorization": f"Bearer {given['access_token']}", **shown.header}
    assert refused(web.get("/userinfo", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.9"}), "invalid_token")


def test_a_client_of_bound_tokens_gets_none_without_a_certificate(
    web: FlaskClient, give_code: Codes, shown: Shown
) -> None:
    """RFC 8705 section 3.4."""
    code = give_code("bound")
    assert refused(redeem(web, code, None), "invalid_request", 400)
    assert 200 == redeem(web, code, shown).status_code, "the control"


def test_a_public_clients_refresh_token_is_bound_to_its_certificate(
    web: FlaskClient, give_code: Codes, shown: Shown, own: Shown
) -> None:
    """RFC 8705 section 4; section 7.1: another client's own refresh tokens follow its authentication."""
    token = redeem(web, give_code("bound-spa"), shown, "bound-spa").json["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert refused(ask(web, "bound-spa", own, **form), "invalid_grant", 400)
    assert 200 == ask(web, "bound-spa", shown, **form).status_code, "the control"


def test_a_token_may_demand_both(web: FlaskClient, give_code: Codes, shown: Shown, start: float) -> None:
    """A proof made for the address of mutual TLS counts as well (RFC 9449 section 4.3, RFC 8705 section 5)."""
    maker = ProofMaker(start, MTLS)
    form = {"grant_type": "client_credentials"}
    answer = web.post(
        "/token", data=form, headers={**basic("both"), **shown.header, "DPoP": maker.proof()}, environ_base=HOP
    )
    about = web.post("/introspect", data={"token": answer.json["access_token"]}, headers=basic("both")).json
    assert {"jkt": maker.jkt, "x5t#S256": shown.x5t} == about["cnf"]


def test_certificates_cost_no_statement(deps: Deps, web: FlaskClient, shown: Shown, own: Shown) -> None:
    with counted(deps.database) as sent:
        assert [200, 200] == [ask(web, "tls", shown).status_code, ask(web, "own", own).status_code]
    assert [] == sent


def test_discovery_names_the_addresses_for_certificates(web: FlaskClient) -> None:
    """RFC 8705 sections 2.1.1, 3.3 and 5: for programs, never for browsers."""
    document = web.get("/.well-known/openid-configuration").json or {}
    aliases = document["mtls_endpoint_aliases"]
    assert f"{MTLS}/token" == aliases["token_endpoint"]
    assert f"{MTLS}/userinfo" == aliases["userinfo_endpoint"]
    assert {"authorization_endpoint", "end_session_endpoint", "jwks_uri"}.isdisjoint(aliases)
    assert all(address.startswith(f"{MTLS}/") and name in document for name, address in aliases.items())
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(document["token_endpoint_auth_methods_supported"])
    assert document["tls_client_certificate_bound_access_tokens"] is True
