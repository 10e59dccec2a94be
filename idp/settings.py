"""Settings: one frozen record read from the environment. No default is less safe than production."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from idp.domain.platform.hosts import is_loopback_name
from idp.domain.sign_in.assurance import Acr

PREFIX = "IDP_"


class SettingsError(Exception):
    """A setting is missing, unknown or wrong; its one sentence is for the operator."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One version of a rotatable secret: `id` is written beside what it made, `value` is never shown."""

    id: str
    value: bytes = field(repr=False)


def _text(raw: str) -> str:
    return raw


def _issuer(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.path or parts.query or parts.fragment or parts.username or not parts.hostname:
        raise ValueError("must be an origin such as https://connexion.example.fr, without a path")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback_name(parts.hostname)):
        raise ValueError("must start with https:// (http:// is for loopback names only)")
    return raw


def _mtls_issuer(raw: str) -> str:
    return _issuer(raw) if raw else ""


def _secrets(raw: str) -> tuple[Secret, ...]:
    secrets = []
    for item in raw.split():
        name, colon, value = item.partition(":")
        if not (name.isalnum() and len(name) <= 16 and colon):
            raise ValueError("must be one or more ID:VALUE, separated by spaces; the first writes, all read")
        decoded = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        if len(decoded) < 32:
            raise ValueError(f"the value of {name!r} must be at least 32 bytes in base64url")
        secrets.append(Secret(name, decoded))
    if not secrets or len({secret.id for secret in secrets}) != len(secrets):
        raise ValueError("must hold at least one ID:VALUE, each ID once")
    return tuple(secrets)


def _networks(raw: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(item) for item in raw.split())


def _words(raw: str) -> tuple[str, ...]:
    return tuple(raw.split())


def _bcrypt_cost(raw: str) -> int:
    cost = int(raw)
    if not 4 <= cost <= 16:
        raise ValueError("must be between 4 and 16")
    return cost


def _count(raw: str) -> int:
    count = int(raw)
    if count < 1:
        raise ValueError("must be at least 1")
    return count


def _natural(raw: str) -> int:
    number = int(raw)
    if number < 0:
        raise ValueError("must be at least 0")
    return number


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return raw

    return parse


def _yes_or_no(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return text == "yes"


def _setting(doc: str, parse: Callable[[str], Any] = _text, default: str | None = None, *, secret: bool = False) -> Any:
    """A field of Settings: how it is read, its default as it would be written, and what the page says of it."""
    return field(metadata={"doc": doc, "parse": parse, "default": default, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of the gateway. The field `issuer` is read from IDP_ISSUER, and so on."""

    issuer: str = _setting("Origin that people and partners see; http only for loopback names.", _issuer)
    secret_key: tuple[Secret, ...] = _setting(
        "Signs links and forms, keys the counters. ID:BASE64URL of 32 bytes or more.", _secrets, secret=True
    )
    pepper: tuple[Secret, ...] = _setting(
        "Keys the password prehash. ID:BASE64URL; old ones stay until every hash is renewed.",
        _secrets,
        secret=True,
    )
    key_encryption_key: tuple[Secret, ...] = _setting(
        "Encrypts signing keys and the pairwise salt at rest. ID:BASE64URL.", _secrets, secret=True
    )
    database_url: str = _setting(
        "sqlite:////absolute/path or postgresql+psycopg://...", default="sqlite:////var/lib/mire/mire.sqlite3"
    )
    listen: str = _setting(
        "Address of the gateway: host:port (loopback, behind the proxy) or unix:PATH.",
        default="127.0.0.1:8000",
    )
    ops_listen: str = _setting("Address of metrics and readiness details; never public.", default="127.0.0.1:8099")
    workers: int = _setting("Worker processes of `idp run`.", _count, "1")
    threads: int = _setting("Request threads of each worker; half of them may wait for a password hash.", _count, "64")
    require_pushed_authorization_requests: bool = _setting(
        "`yes`: authorization requests are taken only when pushed (RFC 9126), from every client.", _yes_or_no, "no"
    )
    userinfo_acr: str = _setting(
        "Level of the sign-in that userinfo demands (RFC 9470); empty: any.", _one_of("", *Acr), ""
    )
    userinfo_max_age: int = _setting("Seconds since that sign-in at most; 0: any.", _natural, "0")
    clients: Path = _setting("The partner registry.", Path, "clients.yaml")
    themes: Path = _setting("Folder of themes.", Path, "themes")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _setting(
        "Networks whose X-Forwarded-* headers are believed, separated by spaces.", _networks, ""
    )
    mtls_issuer: str = _setting(
        "Origin where the proxy asks for certificates and writes X-Client-Certificate; empty: none is believed.",
        _mtls_issuer,
        "",
    )
    smtp_url: str = _setting(
        "smtp://, smtps:// (user:password@host:port) or file:///folder for .eml files.",
        default="smtp://127.0.0.1:25",
        secret=True,
    )
    mail_from: str = _setting("Sender of every mail.", default="ne-pas-repondre@localhost")
    outbound_allow: tuple[str, ...] = _setting(
        "host:port or CIDR that outbound calls may reach although private or http.", _words, ""
    )
    outbound_ca: str = _setting("CA file added for outbound calls.", default="")
    test_sirens: tuple[str, ...] = _setting(
        "SIREN prefixes of test companies that may sign in; with a loopback issuer, when empty, all of 999000.",
        _words,
        "",
    )
    password_policy: str = _setting(
        "Demands on new passwords.", _one_of("net-entreprises", "moderne"), "net-entreprises"
    )
    bcrypt_cost: int = _setting("Cost of new password hashes; older ones are renewed at sign-in.", _bcrypt_cost, "12")
    run_directory: Path = _setting(
        "Folder for locks and metric files shared by the workers of this machine.", Path, "/run/mire"
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process.

        Raises:
            SettingsError: an IDP_* name is unknown, a secret is missing or a value is wrong.
        """
        values = os.environ if environment is None else environment
        known = {PREFIX + item.name.upper(): item for item in fields(cls)}
        for name in sorted(values):
            if name.startswith(PREFIX) and name not in known and name not in COMMAND_SETTINGS:
                raise SettingsError(f"{name} is not a setting of this program; see docs/reference/settings.md.")
        return cls(**{item.name: _read(name, item.metadata, values) for name, item in known.items()})

    @property
    def is_loopback(self) -> bool:
        """Whether the issuer can only be reached from this machine."""
        return is_loopback_name(cast(str, urlsplit(self.issuer).hostname))

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the gateway over https."""
        return self.issuer.startswith("https://")


COMMAND_SETTINGS = frozenset({"IDP_DEMO_PORT"})
"""Environment names that belong to one command and not to the program."""


def _read(name: str, metadata: Mapping[str, Any], values: Mapping[str, str]) -> Any:
    raw = values.get(name) or metadata["default"]
    if raw is None:
        raise SettingsError(f"{name} is missing: {metadata['doc']}")
    try:
        return metadata["parse"](raw)
    except ValueError as error:
        reason = "" if metadata["secret"] else f" ({error})"
        raise SettingsError(f"{name} cannot be read: {metadata['doc']}{reason}") from None
