"""RFC 8705: a certificate is one text of our proxy, a valid chain, one registered name, and one key."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.domain.platform.instants import SECOND
from idp.domain.portals.clients import Client, ClientAuthentication
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.usecases.deps import Deps
from tests.hygiene import HygienicClient
from tests.oauth.client_authority import SERVER_ONLY, Shown, issue, new_authority
from tests.oauth.conftest import CALLBACK, ISSUER, PARTNERS, RESOURCES, VERIFIER, Codes, basic, partner
from tests.oauth.conftest import account_id as account_id
from tests.oauth.conftest import give_code as give_code
from tests.oauth.conftest import session_id as session_id
from tests.quiet import quiet_app, quiet_deps

MTLS = "https://mtls.connexion.example.fr"
SUBJECT = "CN=portail,O=Exemple,C=FR"
NAME = "portail.example.fr"
NOW = QuietClock().now() / SECOND
AUTHORITY = new_authority(NOW)
"""Of our clients."""
MIDDLE = AUTHORITY.issue("CN=Milieu", now=NOW, authority=True)
LATE = AUTHORITY.issue("CN=Vieux milieu", now=NOW, authority=True, begins=-40)
"""Over since ten days."""
EARLY = AUTHORITY.issue("CN=Jeune milieu", now=NOW, authority=True, begins=1)
STRANGER = new_authority(NOW)
"""The same name, another key."""
SHOWN = AUTHORITY.issue(SUBJECT, now=NOW, names=[x509.DNSName(NAME)])
OTHER = AUTHORITY.issue("CN=autre,O=Exemple,C=FR", now=NOW, names=[x509.DNSName("autre.example.fr")])
"""Another client's."""
FORGED = STRANGER.issue(SUBJECT, now=NOW, names=[x509.DNSName(NAME)])
OWN, THIEF = issue("CN=own", None, now=NOW), issue("CN=own", None, now=NOW)
NEAR, FAR = {"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "203.0.113.9"}
HEADER = "X-Client-Certificate"


def by_name(client_id: str, *authorities: Shown, **names: str) -> Client:
    ca = "".join(one.pem for one in authorities or (AUTHORITY,))
    method = ClientAuthentication.TLS
    return partner(client_id, token_endpoint_auth_method=method, secrets=(), tls_client_auth_ca=ca, **names)


def by_key(client_id: str, *holders: Shown) -> Client:
    jwks = {"keys": [holder.jwk for holder in holders]}
    return partner(client_id, token_endpoint_auth_method=ClientAuthentication.SELF_SIGNED_TLS, secrets=(), jwks=jwks)


CLIENTS = [
    by_name("tls", tls_client_auth_subject_dn=SUBJECT),
    by_name("other-tls", tls_client_auth_subject_dn="CN=autre,O=Exemple,C=FR"),
    by_name("deep", AUTHORITY, MIDDLE, LATE, EARLY, tls_client_auth_subject_dn=SUBJECT),
    by_name("dns", tls_client_auth_san_dns=NAME),
    by_name("two", tls_client_auth_subject_dn=SUBJECT, tls_client_auth_san_dns=NAME),
    by_name("nameless"),
    by_key("own", OWN),
    by_key("keyless"),
    partner("bound", tls_client_certificate_bound_access_tokens=True),
    partner(
        "bound-spa",
        token_endpoint_auth_method=ClientAuthentication.NONE,
        secrets=(),
        tls_client_certificate_bound_access_tokens=True,
    ),
]


@pytest.fixture
def deps(database: Database) -> Deps:
    registry = make_registry(ISSUER, [*PARTNERS, *CLIENTS], RESOURCES)
    return quiet_deps(database, registry=lambda: registry, mtls_issuer=MTLS)


@pytest.fixture
def web(deps: Deps) -> FlaskClient:
    app = quiet_app(deps, trusted_proxies=(ipaddress.ip_network("127.0.0.1/32"),))
    app.test_client_class = HygienicClient
    return app.test_client()


def ask(
    web: FlaskClient, client_id: str, shown: str | list[str], peer: Mapping[str, str] = NEAR, **form: str
) -> TestResponse:
    """A token for whoever proves itself by this header, or these lines of it."""
    lines = [shown] if isinstance(shown, str) else shown
    data = {"grant_type": "client_credentials", "client_id": client_id, **form}
    headers = Headers([(HEADER, line) for line in lines])
    if client_id == "bound":
        headers.extend(basic(client_id))
    return web.post("/token", data=data, headers=headers, environ_base=dict(peer))


def lets_in(answer: TestResponse) -> bool:
    """Or refuses the client, and says nothing more."""
    if answer.status_code == 200:
        return True
    assert (401, "invalid_client") == (answer.status_code, (answer.json or {})["error"]), answer.text
    return False


def written(certificate: Shown | str) -> str:
    """As nginx writes it: $ssl_client_escaped_cert."""
    return quote(certificate if isinstance(certificate, str) else certificate.pem, safe="")


def der(certificate: Shown) -> bytes:
    return certificate.certificate.public_bytes(Encoding.DER)


def in_colons(raw: bytes) -> str:
    """RFC 9440 section 2.1."""
    return f":{base64.b64encode(raw).decode()}:"


PEM = SHOWN.pem
BODY = "".join(PEM.splitlines()[1:-1])
RIGHT_TEXTS = {
    "nginx": written(PEM),
    "RFC 9440": in_colons(der(SHOWN)),
    "a plus as it is": quote(PEM, safe="+"),
    "escaped in small letters": re.sub("%..", lambda found: found[0].lower(), written(PEM)),
    "no line break at the end": written(PEM.strip()),
    "line breaks of Windows": written(PEM.replace("\n", "\r\n")),
}
WRONG_TEXTS: dict[str, str | list[str]] = {
    "nothing": "",
    "a space": " ",
    "the proxy's word for none": "(null)",
    "two lines": [written(PEM), written(FORGED)],
    "two lines, the other first": [written(FORGED), written(PEM)],
    "the same line twice": [written(PEM), written(PEM)],
    "two lines of RFC 9440": [in_colons(der(SHOWN)), in_colons(der(SHOWN))],
    "an empty line first": ["", written(PEM)],
    "an empty line last": [written(PEM), ""],
    "two certificates": written(PEM + FORGED.pem),
    "two certificates, the other first": written(FORGED.pem + PEM),
    "with its chain": written(PEM + AUTHORITY.pem),
    "joined by a comma": f"{written(PEM)},{written(FORGED)}",
    "text before": written(f"subject=CN=portail\n{PEM}"),
    "text behind": written(f"{PEM}text"),
    "a key behind": written(f"{PEM}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
    "escaped twice": quote(written(PEM), safe=""),
    "plus as a space": written(PEM).replace("%2B", "+").replace("%0A", "+").replace("%20", "+"),
    "half of it": written(PEM)[: len(written(PEM)) // 2],
    "no end": written(PEM.replace("-----END CERTIFICATE-----", "")),
    "another label": written(PEM.replace("CERTIFICATE", "PUBLIC KEY")),
    "an old label": written(PEM.replace("CERTIFICATE", "X509 CERTIFICATE")),
    "letters behind the DER": written(PEM.replace(BODY[-4:], BODY[-4:] + "AAAA")),
    "not UTF-8": "%ff%fe" + written(PEM),
    "NUL": written(PEM + "\0"),
    "oversize": written(PEM + "\n" * 20_000),
    "no colons": base64.b64encode(der(SHOWN)).decode(),
    "one colon": in_colons(der(SHOWN))[:-1],
    "base64url in colons": f":{base64.urlsafe_b64encode(der(SHOWN)).decode().rstrip('=')}:",
    "PEM in colons": f":{written(PEM)}:",
    "two in colons": in_colons(der(SHOWN) + der(FORGED)),
    "a list of colons": f"{in_colons(der(SHOWN))}, {in_colons(der(FORGED))}",
    "a parameter": f"{in_colons(der(SHOWN))};a=b",
}


def test_the_header_is_exactly_one_certificate(web: FlaskClient) -> None:
    """RFC 8705 section 6.5, RFC 9440 section 2.2: what is more, less or twice is no certificate of our proxy."""
    assert list(RIGHT_TEXTS) == [case for case, text in RIGHT_TEXTS.items() if lets_in(ask(web, "tls", text))]
    assert [] == [case for case, text in WRONG_TEXTS.items() if lets_in(ask(web, "tls", text))]


def test_only_our_proxy_writes_the_header(web: FlaskClient) -> None:
    """RFC 9440 section 4: no address that a stranger writes makes it a hop of ours, however the header is spelled."""
    lies = ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-IP": "127.0.0.1"})
    data = {"grant_type": "client_credentials", "client_id": "tls"}
    for lie in lies:
        for name in (HEADER, HEADER.lower(), HEADER.upper(), "Client-Cert", "X-SSL-Cert", "X-Forwarded-Client-Cert"):
            headers = {name: written(SHOWN), **lie}
            assert not lets_in(web.post("/token", data=data, headers=headers, environ_base=FAR)), (name, lie)
    assert not lets_in(ask(web, "tls", [], tls_client_certificate=PEM)), "the body proves nothing"
    assert lets_in(ask(web, "tls", written(SHOWN))), "the control"


UNTRUSTED: Mapping[str, Shown] = {
    "over": AUTHORITY.issue(SUBJECT, now=NOW, begins=-31),
    "not begun": AUTHORITY.issue(SUBJECT, now=NOW, begins=1),
    "for servers": AUTHORITY.issue(SUBJECT, now=NOW, usage=SERVER_ONLY),
    "for mail": AUTHORITY.issue(SUBJECT, now=NOW, usage=x509.oid.ExtendedKeyUsageOID.EMAIL_PROTECTION),
    "for everything": AUTHORITY.issue(SUBJECT, now=NOW, usage=x509.oid.ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE),
    "of an authority that is over": LATE.issue(SUBJECT, now=NOW),
    "of an authority that has not begun": EARLY.issue(SUBJECT, now=NOW),
    "of an authority of the same name": STRANGER.issue(SUBJECT, now=NOW),
    "of an authority that nobody named": AUTHORITY.issue("CN=x", now=NOW, authority=True).issue(SUBJECT, now=NOW),
    "of another client": OTHER.issue(SUBJECT, now=NOW),
    "of itself": issue(SUBJECT, None, now=NOW),
    "of itself, in the authority's name": issue("CN=Exemple CA", None, now=NOW),
}


def test_a_chain_holds_at_each_link(web: FlaskClient) -> None:
    """RFC 8705 sections 2.1 and 6.3, RFC 5280 section 6.1: each certificate of it, now, for clients."""
    assert [] == [case for case, shown in UNTRUSTED.items() if lets_in(ask(web, "deep", written(shown)))]
    for shown in (SHOWN, MIDDLE.issue(SUBJECT, now=NOW)):
        assert lets_in(ask(web, "deep", written(shown))), "the control"
    assert not lets_in(ask(web, "tls", written(MIDDLE.issue(SUBJECT, now=NOW)))), "its authority was not named there"


def certified(name: x509.Name) -> Shown:
    """A client's certificate with this subject, under our authority."""
    key, moment = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(AUTHORITY.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - datetime.timedelta(days=1))
        .not_valid_after(moment + datetime.timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]), False)
    )
    return Shown(builder.sign(AUTHORITY.key, hashes.SHA256()), key)


def subject(
    cn: str = "portail", o: str = "Exemple", c: str = "FR", kind: _ASN1Type = _ASN1Type.UTF8String
) -> x509.Name:
    """As an authority writes it: the country first."""
    texts = ((NameOID.ORGANIZATION_NAME, o), (NameOID.COMMON_NAME, cn))
    rest = [x509.NameAttribute(oid, text, _type=kind) for oid, text in texts]
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"), *rest])


SAME_NAME = subject()
WRONG_NAMES: Mapping[str, x509.Name] = {
    "small letters": subject("Portail"),
    "capitals": subject(o="EXEMPLE"),
    "a space before": subject(" portail"),
    "a space behind": subject("portail "),
    "two spaces": subject(o="Exem  ple"),
    "NUL behind": subject("portail\0.evil"),
    "another script": subject("p\u043ertail"),
    "an accent apart": subject("portai\u0301l"),
    "wide letters": subject("\uff50ortail"),
    "all in one": x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SUBJECT)]),
    "another order": x509.Name(list(reversed(list(subject())))),
    "a second name": x509.Name([*subject(), x509.NameAttribute(NameOID.COMMON_NAME, "evil")]),
    "its name twice": x509.Name([*subject(), x509.NameAttribute(NameOID.COMMON_NAME, "portail")]),
    "one less": x509.Name(list(subject())[1:]),
    "one level": x509.Name([x509.RelativeDistinguishedName(list(subject()))]),
    "another kind": x509.Name([*list(subject())[:2], x509.NameAttribute(NameOID.SURNAME, "portail")]),
    "no name": x509.Name([]),
}


def test_a_subject_is_compared_whole(web: FlaskClient) -> None:
    """RFC 8705 section 2.1.2, tls_client_auth_subject_dn: every attribute, letter by letter, in its order."""
    assert [] == [case for case, name in WRONG_NAMES.items() if lets_in(ask(web, "tls", written(certified(name))))]
    for kind in (_ASN1Type.UTF8String, _ASN1Type.PrintableString):
        assert lets_in(ask(web, "tls", written(certified(subject(kind=kind))))), f"the control: {kind}"


WRONG_ALTERNATIVES: Mapping[str, list[x509.GeneralName]] = {
    "another client's": [x509.DNSName("autre.example.fr")],
    "every name": [x509.DNSName("*.example.fr")],
    "a star alone": [x509.DNSName("*")],
    "a part as a star": [x509.DNSName("portail*.example.fr")],
    "a longer one": [x509.DNSName(f"{NAME}.evil.example")],
    "a name below": [x509.DNSName(f"a.{NAME}")],
    "a dot behind": [x509.DNSName(f"{NAME}.")],
    "a space behind": [x509.DNSName(f"{NAME} ")],
    "NUL behind": [x509.DNSName(f"{NAME}\0.evil.example")],
    "two in one": [x509.DNSName(f"{NAME},evil.example")],
    "as a URI": [x509.UniformResourceIdentifier(NAME)],
    "as mail": [x509.RFC822Name(f"a@{NAME}")],
    "as a directory name": [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))],
    "none": [],
}


def test_an_alternative_name_is_compared_whole(web: FlaskClient) -> None:
    """RFC 8705 section 2.1.2, tls_client_auth_san_dns: no wildcard, no suffix, no other kind, no common name."""
    for case, names in WRONG_ALTERNATIVES.items():
        assert not lets_in(ask(web, "dns", written(AUTHORITY.issue(f"CN={NAME}", now=NOW, names=names)))), case
    among = [x509.DNSName("autre.example.fr"), x509.DNSName(NAME.upper())]
    assert lets_in(ask(web, "dns", written(AUTHORITY.issue(now=NOW, names=among)))), "the control"


def test_a_client_has_exactly_one_name(web: FlaskClient) -> None:
    """RFC 8705 section 2.1.2: with several, or with none, nobody is let in."""
    for client_id in ("two", "nameless"):
        assert not lets_in(ask(web, client_id, written(SHOWN))), client_id
    assert lets_in(ask(web, "dns", written(SHOWN))), "the control"


def test_a_self_signed_certificate_is_its_key(web: FlaskClient) -> None:
    """RFC 8705 section 2.2: any certificate of the registered key, no certificate of another one."""
    right = {
        "renewed": issue("CN=new", None, now=NOW, key=OWN.key),
        "by an authority": STRANGER.issue("CN=own", now=NOW, key=OWN.key),
    }
    wrong = {"the same name": THIEF, "of its own": OWN.issue("CN=own", now=NOW), "of another client": SHOWN}
    assert list(right) == [case for case, shown in right.items() if lets_in(ask(web, "own", written(shown)))]
    assert [] == [case for case, shown in wrong.items() if lets_in(ask(web, "own", written(shown)))]
    assert not lets_in(ask(web, "keyless", written(OWN)))


def test_a_certificate_is_for_its_own_client(web: FlaskClient) -> None:
    """RFC 8705 section 2: client_id says who; the certificate of another proves nothing, in either direction."""
    right = {"tls": SHOWN, "other-tls": OTHER, "own": OWN}
    for client_id in right:
        taken = [other for other, shown in right.items() if lets_in(ask(web, client_id, written(shown)))]
        assert [client_id] == taken
    for odd in ("", "nobody", "tls ", "TLS"):
        assert not lets_in(ask(web, odd, written(SHOWN))), odd


def test_a_certificate_is_the_one_method_of_its_client(web: FlaskClient) -> None:
    """RFC 8705 section 2, RFC 6749 section 2.3: neither a secret beside it nor a certificate beside a secret."""
    secret = {"client_secret": "portal-secret-of-at-least-forty-three-characters"}
    assert not lets_in(ask(web, "tls", written(SHOWN), **secret))
    assert not lets_in(ask(web, "tls", [], **secret))
    data = {"grant_type": "client_credentials", "client_id": "tls"}
    headers = {HEADER: written(SHOWN), **basic("tls")}
    assert not lets_in(web.post("/token", data=data, headers=headers, environ_base=NEAR))
    for client_id in ("portal", "poster"):
        assert not lets_in(ask(web, client_id, written(SHOWN))), client_id
    assert lets_in(ask(web, "poster", written(SHOWN), **secret)), "the control: it decides nothing"
    assert lets_in(ask(web, "tls", written(SHOWN))), "the control"


def redeemed(web: FlaskClient, code: str, shown: Shown, client_id: str = "bound") -> dict[str, Any]:
    form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    answer = ask(web, client_id, written(shown), grant_type="authorization_code", **form)
    assert 200 == answer.status_code, answer.text
    return dict(answer.json or {})


def userinfo(web: FlaskClient, token: str, shown: str | list[str], peer: Mapping[str, str] = NEAR) -> int:
    lines = [shown] if isinstance(shown, str) else shown
    headers = Headers([("Authorization", f"Bearer {token}"), *((HEADER, line) for line in lines)])
    return web.get("/userinfo", headers=headers, environ_base=dict(peer)).status_code


def test_a_bound_token_is_for_one_certificate(web: FlaskClient, give_code: Codes) -> None:
    """RFC 8705 section 3: the certificate itself, not its name, its key or its issuer."""
    token = redeemed(web, give_code("bound"), SHOWN)["access_token"]
    wrong = {
        "its key": AUTHORITY.issue(SUBJECT, now=NOW, key=SHOWN.key),
        "its name": AUTHORITY.issue(SUBJECT, now=NOW, names=[x509.DNSName(NAME)]),
        "its issuer": AUTHORITY,
        "another client's": OTHER,
    }
    assert [] == [case for case, shown in wrong.items() if 200 == userinfo(web, token, written(shown))]
    texts = [text for case, text in WRONG_TEXTS.items() if case.startswith(("two", "nothing", "the same"))]
    assert {401} == {userinfo(web, token, text) for text in (*texts, [])}
    assert 401 == userinfo(web, token, written(SHOWN), FAR)
    assert {200} == {userinfo(web, token, text) for text in RIGHT_TEXTS.values()}, "the control"


def test_introspection_tells_which_certificate(web: FlaskClient, give_code: Codes) -> None:
    """RFC 8705 section 3.2: the token's own, whatever certificate the one who asks has."""
    token = redeemed(web, give_code("bound"), SHOWN)["access_token"]
    for text in (written(SHOWN), written(OTHER), "nonsense"):
        headers = {**basic("bound"), HEADER: text}
        told = web.post("/introspect", data={"token": token}, headers=headers, environ_base=NEAR).json or {}
        assert (True, {"x5t#S256": SHOWN.x5t}) == (told["active"], told["cnf"])


def test_a_refresh_follows_the_client_or_the_certificate(web: FlaskClient, give_code: Codes) -> None:
    """RFC 8705 sections 4 and 7.1: a public client's refresh token is bound to its certificate, a confidential
    client's to the client, and the new access token to the certificate that it shows."""
    token = redeemed(web, give_code("bound-spa"), SHOWN, "bound-spa")["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    for shown in (AUTHORITY.issue(SUBJECT, now=NOW, key=SHOWN.key), OTHER):
        assert "invalid_grant" == (ask(web, "bound-spa", written(shown), **form).json or {})["error"]
    assert 400 == ask(web, "bound-spa", [], **form).status_code
    assert 400 == ask(web, "bound-spa", written(SHOWN), FAR, **form).status_code
    assert 200 == ask(web, "bound-spa", written(SHOWN), **form).status_code, "the control"
    form["refresh_token"] = redeemed(web, give_code("bound"), SHOWN)["refresh_token"]
    token = (ask(web, "bound", written(OTHER), **form).json or {})["access_token"]
    assert (401, 200) == (userinfo(web, token, written(SHOWN)), userinfo(web, token, written(OTHER)))
