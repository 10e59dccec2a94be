"""`make conformance-target`: the gateway behind nginx on https://localhost:9443 for the OpenID conformance suite.

Everything is made in var/conformance: a throw-away CA, the clients' secrets and keys, one person, and for each
authentication method a file to paste into the suite's test configuration.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import yaml
from joserfc.jwk import ECKey

from idp.cli.demo import stop_by_signal
from idp.cli.demo_people import DEMO_PASSWORD, DemoPerson, seed
from idp.cli.demo_place import kept_secrets
from idp.cli.processes import Processes
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import DAY
from idp.domain.portals.profiles import Profile
from idp.settings import Settings, SettingsError
from idp.store.migrate import upgrade
from idp.usecases.portals.invitations import invite_clients
from idp.wiring import ready_deps
from tests.conformance.certificates import new_authority
from tests.conformance.plans import browser_commands, write_plans, write_registering_plans
from tests.conformance.proxy import ROOT, Site, check, nginx_command, write_configuration

HOST, PORT, MUTUAL_TLS_PORT, PLAIN_PORT = "localhost", 9443, 9444, 9480
SUITE_PORT = 8443
OPERATOR = Actor(ActorRole.OPERATOR, "conformance-target")
CLIENTS_CA = "Mire throw-away CA of a client"
PERSON = DemoPerson(
    siret="99900037500017",
    organisation="GIP MDS TEST PROJET",
    family_name="MOUTIN",
    given_name="CLAIRE",
    email="claire.moutin@gip-mds.example",
    phone="+33140000001",
    role="administrator",
    shows="",
)


@dataclass(frozen=True)
class Target:
    """One target: its folder, and the port people and the suite come to."""

    folder: Path
    port: int = PORT
    mutual_tls_port: int = MUTUAL_TLS_PORT
    plain_port: int = PLAIN_PORT
    clients: Path = ROOT / "tests" / "conformance" / "clients.yaml"
    suite_port: int = SUITE_PORT
    suite_ca: str = ""
    """File of the authority that the suite's certificate comes from."""

    @property
    def issuer(self) -> str:
        return f"https://{HOST}:{self.port}"

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "gateway"

    def age_sessions(self, seconds: int) -> None:
        """As if everybody had signed in so much earlier."""
        self._age("UPDATE sessions SET auth_time = auth_time - ?", seconds)

    def age_codes(self, seconds: int) -> None:
        """As if every code had been given so much earlier."""
        self._age("UPDATE authorizations SET code_expires_at = code_expires_at - ?", seconds)

    def command(self, *words: str) -> str:
        """What an operator's command says."""
        line = [sys.executable, "-m", "idp", *words]
        return subprocess.run(line, env=self.environment(), check=True, capture_output=True, text=True).stdout

    def age_pushed_requests(self, seconds: int) -> None:
        """As if every request had been pushed so much earlier."""
        self._age("UPDATE pushed_requests SET expires_at = expires_at - ?", seconds)

    def _age(self, statement: str, seconds: int) -> None:
        with closing(sqlite3.connect(self.folder / "mire.sqlite3", timeout=20)) as connection, connection:
            connection.execute(statement, [seconds * 1000])

    def environment(self) -> dict[str, str]:
        """Settings as a deployment's, with throw-away secrets."""
        outside = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
        settings = {
            "IDP_ISSUER": self.issuer,
            "IDP_MTLS_ISSUER": f"https://{HOST}:{self.mutual_tls_port}",
            "IDP_LISTEN": f"unix:{self.socket}",
            "IDP_OPS_LISTEN": f"unix:{self.folder / 'run' / 'ops'}",
            "IDP_DATABASE_URL": f"sqlite:///{self.folder / 'mire.sqlite3'}",
            "IDP_CLIENTS": str(self.clients),
            "IDP_THEMES": str(ROOT / "themes"),
            "IDP_SMTP_URL": f"file://{self.folder / 'mails'}",
            "IDP_OUTBOUND_ALLOW": f"localhost:{self.suite_port}",
            "IDP_OUTBOUND_CA": self.suite_ca,
            "IDP_RUN_DIRECTORY": str(self.folder / "run"),
            "IDP_TEST_SIRENS": "999000",
            **kept_secrets(self.folder / "secrets.json"),
        }
        return {**outside, **settings, "PYTHONUNBUFFERED": "1"}


def main() -> int:
    stopping = stop_by_signal()
    try:
        run(Target(ROOT / "var" / "conformance", suite_ca=os.environ.get("SUITE_CA", "")), stopping)
    except (SettingsError, FileNotFoundError) as problem:
        print(f"Error: {problem}", file=sys.stderr)
        return 1
    return 0


def run(target: Target, stopping: Event) -> None:
    """Stay until Ctrl-C."""
    processes = start(target, stopping)
    try:
        if not stopping.is_set():
            print(welcome(target), flush=True)
        while not stopping.wait(0.5):
            processes.refuse_ended()
    finally:
        processes.stop()


def start(target: Target, stopping: Event) -> Processes:
    """Everything is made, and the gateway, its jobs and nginx answer."""
    configuration = prepare(target)
    processes = Processes(target.folder, target.environment())
    try:
        processes.start("jobs", [sys.executable, "-m", "idp", "jobs", "run"])
        start_gateway(processes, target, configuration, stopping)
    except BaseException:
        processes.stop()
        raise
    return processes


def prepare(target: Target) -> Path:
    """Credentials, database, person and nginx configuration; returns the last one's path."""
    (target.folder / "mails").mkdir(parents=True, exist_ok=True, mode=0o700)
    make_credentials(target)
    settings = Settings.from_environment(target.environment())
    upgrade(settings.database_url)
    deps = ready_deps(settings)
    seed(deps, (PERSON,))
    invitation = invite_clients(deps, OPERATOR, uses=1000, profile=Profile.OIDC, require_pkce=False, life=30 * DAY)
    write_registering_plans(target.folder / "plans", with_browser(target), invitation, write=private)
    deps.database.close()
    configuration = write_configuration(site(target))
    check(configuration)
    return configuration


def start_gateway(processes: Processes, target: Target, configuration: Path, stopping: Event) -> None:
    """The gateway on its socket, then nginx before it."""
    processes.start("gateway", [sys.executable, "-m", "idp", "run"])
    processes.start("nginx", nginx_command(configuration))
    processes.wait_until(lambda: answers_through_nginx(target), stopping)


def answers_through_nginx(target: Target) -> bool:
    """The whole way is open: TLS, nginx, socket, gateway."""
    context = ssl.create_default_context(cafile=target.folder / "tls" / "ca.pem")
    connection = HTTPSConnection(HOST, target.port, context=context, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def site(target: Target) -> Site:
    """nginx for this target, under a certificate of a new authority."""
    tls = target.folder / "tls"
    authority = new_authority(tls)
    certificate, key = authority.issue(tls, "gateway", hosts=(HOST, f"mtls.{HOST}", "127.0.0.1"))
    authority.issue(tls, "client-1")
    authority.issue(tls, "client-2")
    return Site(
        folder=target.folder / "nginx",
        gateway=f"unix:{target.socket}",
        host=HOST,
        port=target.port,
        mutual_tls_port=target.mutual_tls_port,
        plain_port=target.plain_port,
        certificate=certificate,
        key=key,
        bind=os.environ.get("TARGET_BIND", "127.0.0.1"),
    )


def make_credentials(target: Target) -> None:
    """Secrets and keys that clients.yaml names, made once, and the suite's configuration for each method and plan."""
    pairs: dict[str, list[dict[str, Any]]] = {}
    for client in yaml.safe_load(target.clients.read_text())["clients"]:
        pairs.setdefault(client["client_id"].rpartition("-")[0], []).append(suite_client(target, client))
    for name, (first, second) in pairs.items():
        method = name.removeprefix("conformance-").replace("-", "_")
        if method != name.replace("-", "_"):
            written = {**common(target), "client": first, "client2": second}
            if method.endswith("tls_client_auth"):
                written |= {"mtls": certificate_of(target, first), "mtls2": certificate_of(target, second)}
            private(target.folder / f"{method}.json", json.dumps(written, indent=2))
    write_plans(
        target.folder / "plans",
        with_browser(target),
        {name: (first, second) for name, (first, second) in pairs.items()},
        certificate=lambda client: certificate_of(target, client),
        write=private,
    )


def common(target: Target) -> dict[str, Any]:
    """What every configuration of the suite says."""
    return {"alias": "mire", "server": {"discoveryUrl": f"{target.issuer}/.well-known/openid-configuration"}}


def with_browser(target: Target) -> dict[str, Any]:
    """The same, and what the suite's browser does on our pages."""
    typed = {name: getattr(PERSON, name) for name in ("siret", "family_name", "given_name")}
    return {**common(target), "browser": browser_commands(target.issuer, typed | {"password": DEMO_PASSWORD})}


def suite_client(target: Target, client: dict[str, Any]) -> dict[str, Any]:
    """What the suite must know of this client."""
    name, method = client["client_id"], client["token_endpoint_auth_method"]
    shown = {"client_id": name, "scope": client["scope"]}
    if method.startswith("client_secret"):
        file = target.folder / f"{name}.secret"
        return {**shown, "client_secret": private(file, secrets.token_urlsafe(32), keep=True)}
    if "tls" in name:
        made = certificate_of(target, shown)
        private(target.folder / f"{name}.ca.pem", made["ca"])
    if method == "self_signed_tls_client_auth":
        publish(target, name, ECKey.import_key(made["key"]).as_dict(private=False))
    elif "jwks" in client:
        fresh = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256", "kid": name}, private=True)
        file = target.folder / f"{name}.key.json"
        kept = json.loads(private(file, json.dumps(fresh.as_dict(private=True)), keep=True))
        publish(target, name, {member: value for member, value in kept.items() if member != "d"})
        return {**shown, "jwks": {"keys": [kept]}}
    return shown


def publish(target: Target, name: str, key: dict[str, Any]) -> None:
    """The key set that clients.yaml names for this client."""
    private(target.folder / f"{name}.jwks.json", json.dumps({"keys": [key]}))


def certificate_of(target: Target, client: dict[str, Any]) -> dict[str, str]:
    """Certificate, key and authority of this client, as the suite takes them; each has an authority of its own."""
    name = client["client_id"]
    with TemporaryDirectory() as folder:
        pem, key = new_authority(Path(folder), CLIENTS_CA).issue(Path(folder), name)
        fresh = {"cert": pem.read_text(), "key": key.read_text(), "ca": (Path(folder) / "ca.pem").read_text()}
    kept: dict[str, str] = json.loads(private(target.folder / f"{name}.certificate.json", json.dumps(fresh), keep=True))
    return kept


def private(path: Path, text: str, *, keep: bool = False) -> str:
    """The file's text after the call; what is there already is kept when asked."""
    if keep and path.exists():
        return path.read_text()
    path.touch(mode=0o600)
    path.write_text(text)
    return text


def welcome(target: Target) -> str:
    return f"""
  Gateway      {target.issuer}
  Mutual TLS   https://{HOST}:{target.mutual_tls_port} (also https://mtls.{HOST}:{target.port})
  CA           {target.folder}/tls/ca.pem, client certificates beside it
  Person       SIRET {PERSON.siret}, {PERSON.family_name}, {PERSON.given_name}, password {DEMO_PASSWORD}
  Suite        https://localhost:{target.suite_port}, configurations in {target.folder}/plans
               SUITE_CA=FILE makes the gateway believe the suite's certificate for back-channel logout

  Ctrl-C stops it.
"""


if __name__ == "__main__":
    sys.exit(main())
