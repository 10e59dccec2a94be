"""Reading clients.yaml: every problem with its line, or the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from idp.adapters.client_certificates import read_name
from idp.adapters.machine_secrets import SecretReader
from idp.adapters.yaml_fields import FieldReader
from idp.adapters.yaml_file import FileProblem, YamlFile, line_of, plain
from idp.domain.platform.keys import HmacAlgorithm
from idp.domain.portals.clients import ClientAuthentication, ClientRegistry, SecretDigest
from idp.domain.portals.file_fields import Field
from idp.domain.portals.registry_building import build_client, build_resource
from idp.domain.portals.registry_checks import check_registry
from idp.domain.portals.registry_content import make_registry
from idp.domain.portals.registry_entries import Entry
from idp.domain.portals.registry_fields import CLIENT_FIELDS, ELSEWHERE, PUBLISHER_FIELDS, RESOURCE_FIELDS
from idp.domain.portals.registry_surroundings import method_of

RegistryProblem = FileProblem
LISTS = {"clients": CLIENT_FIELDS, "resources": RESOURCE_FIELDS, "software_publishers": PUBLISHER_FIELDS}


def load_registry(
    path: Path, issuer: str, environment: Mapping[str, str] | None = None, themes: frozenset[str] | None = None
) -> ClientRegistry | list[RegistryProblem]:
    """The registry of `path`, or everything that is wrong in it.

    `environment` is where env: secrets are; without it they are only named. `themes` are the names that exist; without
    it a theme's name is not looked up.
    """
    return RegistryFile(path, issuer, environment, themes).load()


class RegistryFile:
    """clients.yaml being read; `named` is every other file it names."""

    def __init__(
        self,
        path: Path,
        issuer: str,
        environment: Mapping[str, str] | None = None,
        themes: frozenset[str] | None = None,
    ) -> None:
        self._file = YamlFile(path)
        self._issuer = issuer
        self._themes = themes
        self._secrets = SecretReader(path.parent, environment)

    @property
    def named(self) -> frozenset[Path]:
        """The files that were named, to be looked at as the file itself is."""
        return frozenset(self._secrets.files)

    def load(self) -> ClientRegistry | list[RegistryProblem]:
        """The registry, or the problems in the order of the file."""
        try:
            content = self._file.path.read_bytes()
        except OSError as error:
            self._file.problem(1, f"cannot be read ({error.strerror}); write it or point IDP_CLIENTS at it")
            return self._file.problems
        registry = self._read(content)
        if registry is None or self._file.problems:
            return sorted(self._file.problems, key=lambda problem: problem.line)
        return registry

    def _read(self, content: bytes) -> ClientRegistry | None:
        root = self._file.root(content)
        if root is None:
            return None
        lists: dict[str, list[Entry]] = {name: [] for name in LISTS}
        for name, key, value in self._file.entries(root):
            if name in LISTS:
                lists[name] = self._entries_of(name, value)
            else:
                self._file.unknown(line_of(key), name, tuple(LISTS))
        for complaint in check_registry(lists["clients"], lists["resources"], self._issuer, self._themes):
            self._file.problem(complaint.line, complaint.message)
        publishers = self._publishers(lists["software_publishers"])
        secrets = [self._secrets_of(entry) for entry in lists["clients"]]
        lists["clients"] = [self._with_certificates(entry) for entry in lists["clients"]]
        if self._file.problems:
            return None
        clients = [build_client(*pair) for pair in zip(lists["clients"], secrets, strict=True)]
        return make_registry(self._issuer, clients, [build_resource(entry) for entry in lists["resources"]], publishers)

    def _publishers(self, entries: list[Entry]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in entries:
            if entry.text("issuer") in found:
                self._file.problem(entry.line, f"{entry.text('issuer')}: is written twice; keep one")
            found[entry.text("issuer")] = entry.values.get("jwks")
        return found

    def _secrets_of(self, entry: Entry) -> Any:
        digests = []
        keep = method_of(entry) == ClientAuthentication.SECRET_JWT
        for index, source in enumerate(entry.items("client_secret")):
            digest = self._secrets.read(source, keep=keep)
            if isinstance(digest, SecretDigest) and (problem := _too_short(digest, entry)):
                digest = problem
            if isinstance(digest, str):
                self._file.problem(entry.line_of("client_secret", index), f"{_name(entry)}client_secret: {digest}")
            else:
                digests.append(digest)
        return tuple(digests)

    def _with_certificates(self, entry: Entry) -> Entry:
        """Its authorities take the place of their file's name."""
        key, subject = "tls_client_auth_ca", "tls_client_auth_subject_dn"
        values = dict(entry.values)
        try:
            if key in values:
                values[key] = self._secrets.authorities(values[key])
        except ValueError as problem:
            self._file.problem(entry.line_of(key), f"{_name(entry)}{key}: {problem}")
        try:
            read_name(entry.text(subject))
        except ValueError:
            message = f"{_name(entry)}{subject}: is no name as RFC 4514 writes it, such as CN=portail,O=Exemple,C=FR"
            self._file.problem(entry.line_of(subject), message)
        return replace(entry, values=values)

    def _entries_of(self, name: str, node: yaml.Node) -> list[Entry]:
        if not isinstance(node, yaml.SequenceNode):
            self._file.problem(line_of(node), f"{name}: write a list, each entry beginning with a dash")
            return []
        found = [self._entry(item, name) for item in node.value]
        return [entry for entry in found if entry is not None]

    def _entry(self, node: yaml.Node, name: str) -> Entry | None:
        if not isinstance(node, yaml.MappingNode):
            self._file.problem(line_of(node), f"{name}: write keys and values under this dash")
            return None
        identity = {str(key.value): str(value.value) for key, value in node.value}
        title = identity.get("client_id") or identity.get("identifier") or identity.get("issuer") or name
        where = f"{title}: "
        elsewhere = ELSEWHERE if name == "clients" else None
        reader = FieldReader(self._file, jwks=self._jwks, elsewhere=elsewhere)
        return Entry(line_of(node), *reader.mapping(node, LISTS[name], where))

    def _jwks(self, field: Field, node: yaml.Node, where: str) -> dict[str, Any] | None:
        keys = self._secrets.key_set(plain(node))
        if isinstance(keys, str):
            self._file.problem(line_of(node), f"{where}{field.name}: {keys}")
            return None
        return keys


def _too_short(secret: SecretDigest, entry: Entry) -> str:
    """RFC 7518 section 3.2: the secret is at least as long as the hash."""
    alg = entry.text("token_endpoint_auth_signing_alg")
    least = HmacAlgorithm(alg).least if alg in tuple(HmacAlgorithm) and secret.secret else 0
    return f"{alg} needs a secret of {least} bytes or more; write HS256" if len(secret.secret.encode()) < least else ""


def _name(entry: Entry) -> str:
    return f"{entry.text('client_id')}: "
