"""What clients.yaml says of client certificates (RFC 8705): read whole, each mistake with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.adapters.registry_file import RegistryProblem, load_registry
from idp.domain.portals.clients import ClientRegistry
from tests.oauth.client_authority import new_authority

NOW = 1_800_000_000
CLIENT = """clients:
  - client_id: portail
    client_name: Portail
    redirect_uris: [https://portail.example.fr/callback]
    tls_client_certificate_bound_access_tokens: true
"""
METHOD = "    token_endpoint_auth_method: tls_client_auth\n"
AUTHORITY = "    tls_client_auth_ca: file:ca.pem\n"
NAMES = {
    "subject_dn": "CN=portail,O=Exemple,C=FR", "san_dns": "portail.example.fr", "san_uri": "https://portail.example.fr/",
    "san_ip": "192.0.2.7", "san_email": "exploitation@example.fr",
}  # fmt: skip
DN = "    tls_client_auth_subject_dn: CN=portail,C=FR\n"


def load(folder: Path, written: str) -> ClientRegistry | list[RegistryProblem]:
    (folder / "ca.pem").write_text(new_authority(NOW).pem)
    (folder / "leaf.pem").write_text(new_authority(NOW).issue(now=NOW).pem)
    (folder / "empty.pem").write_text("nothing")
    path = folder / "clients.yaml"
    path.write_text(CLIENT + written)
    return load_registry(path, "https://connexion.example.fr", {})


@pytest.mark.parametrize("name", list(NAMES))
def test_each_kind_of_name_is_read(tmp_path: Path, name: str) -> None:
    registry = load(tmp_path, f"{METHOD}{AUTHORITY}    tls_client_auth_{name}: {NAMES[name]}\n")
    assert isinstance(registry, ClientRegistry), registry
    client = registry.clients["portail"]
    assert (tmp_path / "ca.pem").read_text().strip() == client.tls_client_auth_ca.strip()
    assert NAMES[name] == getattr(client, f"tls_client_auth_{name}")
    assert client.tls_client_certificate_bound_access_tokens


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (METHOD + DN, "tls_client_auth_ca is missing"),
        (METHOD + AUTHORITY, "needs exactly one of tls_client_auth_subject_dn"),
        (f"{METHOD}{AUTHORITY}{DN}    tls_client_auth_san_dns: portail.example.fr\n", "needs exactly one of"),
        (METHOD + DN + AUTHORITY.replace("ca.pem", "none.pem"), "8: portail: tls_client_auth_ca: "),
        (METHOD + DN + AUTHORITY.replace("ca.pem", "empty.pem"), "holds no PEM certificate"),
        (METHOD + DN + AUTHORITY.replace("ca.pem", "leaf.pem"), "which is no authority"),
        (METHOD + AUTHORITY + DN.replace("CN=", "Nom="), "is no name as RFC 4514 writes it"),
        (METHOD + DN + AUTHORITY.replace("file:", ""), "write file:PATH of the authority's certificates"),
        (f"    token_endpoint_auth_method: none\n{DN}", "tls_client_auth_subject_dn: is never used with none"),
        ("    token_endpoint_auth_method: self_signed_tls_client_auth\n", "jwks is missing"),
    ],
)
def test_a_mistake_is_named_with_what_to_write(tmp_path: Path, written: str, problem: str) -> None:
    found = load(tmp_path, written)
    assert isinstance(found, list)
    assert any(problem in f"{one.line}: {one.message}" for one in found), found
