"""`legacy_widget` in clients.yaml: off unless written, and its addresses name one client that can prove itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp.adapters.registry_file import RegistryProblem, load_registry
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.registry_notes import registry_notes

PUBLIC = "https://connexion.example.fr"
DIGEST = "sha256:" + "0" * 64
OLD = "{origins: [https://a.fr], success_urls: ['https://a.fr/ok?c=1'], failure_urls: [https://a.fr/ko]}"


def entry(name: str, more: str, *, secret: str = f"client_secret: {DIGEST}") -> str:
    return f"""  - client_id: {name}
    client_name: {name}
    redirect_uris: [https://{name}.example.fr/cb]
    {secret}
    {more}
"""


def read(tmp_path: Path, *entries: str) -> ClientRegistry | list[RegistryProblem]:
    path = tmp_path / "clients.yaml"
    path.write_text("clients:\n" + "".join(entries))
    return load_registry(path, PUBLIC, {})


def problems(tmp_path: Path, *entries: str) -> list[str]:
    found = read(tmp_path, *entries)
    assert isinstance(found, list)
    return [f"{item.line}: {item.message}" for item in found]


def test_it_is_off_unless_it_is_written(tmp_path: Path) -> None:
    registry = read(tmp_path, entry("a", "theme: default"), entry("b", f"legacy_widget: {OLD}"))
    assert isinstance(registry, ClientRegistry), registry
    assert registry.clients["a"].legacy_widget is None
    assert registry.clients["b"].legacy_widget is not None


def test_the_operator_is_told_where_it_is_on(tmp_path: Path) -> None:
    off = OLD.replace("{", "{enabled: false, ")
    other = off.replace("a.fr", "b.fr")
    registry = read(tmp_path, entry("a", f"legacy_widget: {OLD}"), entry("b", f"legacy_widget: {other}"))
    assert isinstance(registry, ClientRegistry), registry
    noted = [note for note in registry_notes(registry) if "old widget" in note]
    assert noted == ["a: its old widget is on; its pages see passwords, so lead it to the new one"]


@pytest.mark.parametrize(
    ("widget", "problem"),
    [
        ("{enabled: true}", "6: a: legacy_widget.success_urls is missing; write it, or enabled: false"),
        (OLD.replace("origins: [https://a.fr], ", ""), "6: a: legacy_widget.origins is missing"),
        (OLD.replace("https://a.fr/ok", "http://a.fr/ok"), "success_urls: http://a.fr/ok?c=1 is not https"),
        (OLD.replace("/ko", "/x/../ko"), "legacy_widget.failure_urls: https://a.fr/x/../ko holds . or .."),
        (OLD.replace("/ko", "/*#x"), "legacy_widget.failure_urls: 'https://a.fr/*#x' cannot be used"),
        (OLD.replace("/ko", "/a<b"), "cannot be used"),
        (OLD.replace("https://a.fr/ko", "https://u@a.fr/ko"), "cannot be used"),
        (OLD.replace("https://a.fr/ko", "javascript:alert(1)"), "cannot be used"),
        (OLD.replace("[https://a.fr]", "['null']"), "legacy_widget.origins: 'null' cannot be used"),
        (OLD.replace("[https://a.fr]", "[http://a.fr]"), "legacy_widget.origins: http://a.fr is not https"),
        (OLD.replace("origins", "orgins"), "unknown key; did you mean origins?"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, widget: str, problem: str) -> None:
    found = problems(tmp_path, entry("a", f"legacy_widget: {widget}"))
    assert any(problem in item for item in found), found


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ("token_endpoint_auth_method: none", "write a secret or jwks"),
        ("require_consent: true", "nobody can be asked there"),
        ("profile: fapi2_security", "pushed requests only"),
    ],
)
def test_what_does_not_go_with_it_is_named(tmp_path: Path, more: str, problem: str) -> None:
    secret = "contacts: []" if "none" in more else f"client_secret: {DIGEST}"
    found = problems(tmp_path, entry("a", f"legacy_widget: {OLD}\n    {more}", secret=secret))
    assert any(problem in item and "legacy_widget" in item for item in found), found


@pytest.mark.parametrize("name", ["success_urls", "failure_urls"])
def test_an_address_belongs_to_one_client(tmp_path: Path, name: str) -> None:
    """Nothing else in the form says whose it is. The control: the first test, of one client alone."""
    taken = {"success_urls": "https://a.fr/ok?c=1", "failure_urls": "https://a.fr/ko"}[name]
    other = "{origins: [https://b.fr], success_urls: [https://b.fr/ok], failure_urls: [https://b.fr/ko]}"
    mixed = other.replace(f"https://b.fr/{'ok' if name == 'success_urls' else 'ko'}", f"'{taken}'")
    found = problems(tmp_path, entry("a", f"legacy_widget: {OLD}"), entry("b", f"legacy_widget: {mixed}"))
    assert [item.partition(": ")[2] for item in found] == [
        f"a: legacy_widget.{name}: {taken} is also b's; an address belongs to one client",
        f"b: legacy_widget.{name}: {taken} is also a's; an address belongs to one client",
    ]
