"""Clients that show a certificate to real nginx before the gateway (RFC 8705): openid-client, and attackers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey
from joserfc.util import urlsafe_b64encode

from tests.conformance.certificates import new_authority, write
from tests.interop.gateway import gateway_with
from tests.interop.nginx import HOP, NO_HOP, Front, nginx
from tests.interop.openid_client import CALLBACK, run, sends
from tests.interop.visitor import Visitor
from tests.ports import free_ports

RESOURCE = "https://api.interop.example"
COMMON = f"""    redirect_uris: [{CALLBACK}]
    grant_types: [authorization_code, client_credentials]
    scope: openid profile organization
    tls_client_certificate_bound_access_tokens: true
"""
REGISTRY = f"""clients:
  - client_id: tls
    client_name: By authority
    token_endpoint_auth_method: tls_client_auth
    tls_client_auth_ca: file:partner/ca.pem
    tls_client_auth_subject_dn: CN=tls
{COMMON}
  - client_id: self-signed
    client_name: By key
    token_endpoint_auth_method: self_signed_tls_client_auth
    jwks: file:jwks.json
{COMMON}
resources:
  - identifier: {RESOURCE}
    owner: tls
    clients: [tls, self-signed]
"""


@pytest.fixture(scope="module")
def front(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    front = Front(tmp_path_factory.mktemp("front"), *free_ports(4))
    by_authority(front.folder, "partner", "tls")
    by_key(front.folder)
    with gateway_with(REGISTRY, migrated_sqlite, front.folder, **front.settings()), nginx(front):
        yield front


def by_authority(folder: Path, authority: str, name: str) -> Path:
    """A certificate with this name, of an authority of its own."""
    place = folder / authority
    return together(new_authority(place, "An authority").issue(place, name))


def by_key(folder: Path) -> Path:
    """A certificate that nobody else stands behind; its key is registered."""
    own = new_authority(folder / "self-signed", "self-signed")
    shown = write(folder / "self-signed", "self-signed", own.certificate, own.key)
    key = ECKey.import_key(shown[1].read_text()).as_dict(private=False)
    (folder / "jwks.json").write_text(json.dumps({"keys": [key]}))
    return together(shown)


def together(shown: tuple[Path, Path]) -> Path:
    """Certificate and key in one file."""
    certificate, key = shown
    both = certificate.with_suffix(".both.pem")
    both.touch(mode=0o600)
    both.write_text(certificate.read_text() + key.read_text())
    return both


def shown_by(front: Front, client: str) -> Path:
    """The certificate of this client."""
    return front.folder / {"tls": "partner"}.get(client, client) / f"{client}.both.pem"


def thumbprint(file: Path) -> str:
    """`x5t#S256`."""
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    return urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).decode()


def ask_token(base: str, transport: httpx.HTTPTransport, headers: dict[str, str] | None = None) -> Any:
    """What the client `tls` hears when it asks in its own name: an error, or the type of its token."""
    form = {"grant_type": "client_credentials", "client_id": "tls", "resource": RESOURCE}
    with httpx.Client(transport=transport) as caller:
        told = caller.post(f"{base}/token", data=form, headers=headers or {}).json()
    return told.get("error", told.get("token_type"))


def userinfo(front: Front, token: str, shown: Path | None) -> int:
    with httpx.Client(verify=front.tls(shown)) as caller:
        return caller.get(f"{front.mutual_tls}/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("client", ["tls", "self-signed"])
def test_openid_client_signs_in_by_certificate_and_its_token_is_bound_to_it(front: Front, client: str) -> None:
    """RFC 8705 sections 2.1, 2.2, 3 and 5: it finds mtls_endpoint_aliases; a stolen token is worthless."""
    shown = shown_by(front, client)
    settings = {"CERTIFICATE": str(shown), "NODE_EXTRA_CA_CERTS": str(front.ca)}
    with closing(Visitor(front.tls())) as visitor:
        told = run(front.issuer, client, "certificate", sends(visitor), **settings)
    assert (told["siret"], told["type"], told["bound"]) == ("99900037500017", "bearer", thumbprint(shown))
    other = shown_by(front, "self-signed" if client == "tls" else "tls")
    stolen = [userinfo(front, told["token"], certificate) for certificate in (None, other)]
    assert (stolen, userinfo(front, told["token"], shown)) == ([401, 401], 200), "with its own: the control"


def test_the_same_name_of_another_authority_is_refused(front: Front, tmp_path: Path) -> None:
    """RFC 8705 section 6.3: nginx (`optional_no_ca`) hands on any certificate, the gateway looks behind it."""
    forged = by_authority(tmp_path, "attacker", "tls")
    over = {shown: httpx.HTTPTransport(verify=front.tls(shown)) for shown in (forged, shown_by(front, "tls"))}
    heard = [ask_token(front.mutual_tls, transport) for transport in over.values()]
    assert heard == ["invalid_client", "Bearer"], "the second is the client itself: the control"


def written_by_hand(front: Front) -> dict[str, str]:
    """The header that nginx writes for the client `tls`, which everybody can copy: certificates are public."""
    pem = x509.load_pem_x509_certificate(shown_by(front, "tls").read_bytes()).public_bytes(Encoding.PEM)
    return {"X-Client-Certificate": quote(pem.decode(), safe="")}


def test_nginx_overwrites_a_certificate_that_the_caller_wrote(front: Front) -> None:
    """RFC 8705 section 6.5: under both names. From where nginx connects, the same header is believed: the control."""
    written = written_by_hand(front)
    for base in (front.issuer, front.mutual_tls):
        assert ask_token(base, httpx.HTTPTransport(verify=front.tls()), written) == "invalid_client"
    as_nginx = written | {"X-Forwarded-Proto": "https"}
    assert ask_token(front.behind, httpx.HTTPTransport(local_address=HOP), as_nginx) == "Bearer"


def test_nginx_drops_a_name_that_the_gateway_would_read_alike(front: Front) -> None:
    """RFC 8705 section 6.5, CGI's spelling: `-` and `_` are one in WSGI, and the later line would count."""
    pem = written_by_hand(front)["X-Client-Certificate"]
    for name in ("X_Client_Certificate", "X-Client_Certificate", "x_client-certificate"):
        for base in (front.issuer, front.mutual_tls):
            heard = ask_token(base, httpx.HTTPTransport(verify=front.tls()), {name: pem})
            assert heard == "invalid_client", (name, base)
    shown = httpx.HTTPTransport(verify=front.tls(shown_by(front, "tls")))
    assert ask_token(front.mutual_tls, shown, {"X_Client_Certificate": "nonsense"}) == "Bearer", "the control"


def test_who_reaches_the_gateway_past_nginx_cannot_write_one(
    front: Front, migrated_sqlite: Path, tmp_path: Path
) -> None:
    """RFC 8705 section 6.5: on plain http, so that nothing else refuses it. From our hop it counts: the control."""
    shutil.copytree(front.folder / "partner", tmp_path / "partner")
    shutil.copy(front.folder / "jwks.json", tmp_path)
    settings = {name: front.settings()[name] for name in ("IDP_MTLS_ISSUER", "IDP_TRUSTED_PROXIES")}
    with gateway_with(REGISTRY, migrated_sqlite, tmp_path, **settings) as issuer:
        behind, written = issuer.replace("localhost", HOP), written_by_hand(front)
        heard = [ask_token(behind, httpx.HTTPTransport(local_address=hop), written) for hop in (NO_HOP, HOP)]
    assert heard == ["invalid_client", "Bearer"]
