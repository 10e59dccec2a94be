"""`idp clients`: the partner registry."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from idp.adapters.machine_secrets import SHORTEST, SecretReader, secret_digest
from idp.adapters.randomness import Randomness
from idp.adapters.registry_source import RegistrySource
from idp.cli.invitations import clients_invite, clients_registered, clients_remove_registered
from idp.cli.operator import operating
from idp.domain.portals.clients import ClientRegistry
from idp.domain.portals.demands import demands_on
from idp.domain.portals.file_schema import registry_schema
from idp.domain.portals.registry_notes import environment_names, needs_certificates, registry_notes
from idp.settings import Settings, SettingsError
from idp.usecases.portals.clients import find_client
from idp.usecases.portals.registries import WorkerRow, end_client_tokens, live_workers

HERE = "http://localhost:8000"
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.5


@click.group()
def clients_group() -> None:
    """The partner registry, clients.yaml."""


@clients_group.command("check")
@click.argument("path", type=click.Path(path_type=Path), envvar="IDP_CLIENTS", default=Path("clients.yaml"))
@click.option("--issuer", envvar="IDP_ISSUER", default=HERE, help="The gateway's address; by default this machine.")
@click.option("--themes", envvar="IDP_THEMES", type=click.Path(path_type=Path), default=Path("themes"))
def clients_check(path: Path, issuer: str, themes: Path) -> None:
    """Say everything that is wrong in clients.yaml, with its line and what to write instead."""
    registry = _read(path, issuer, themes)
    for client in registry.clients.values():
        for name in environment_names(client):
            if name not in os.environ:
                click.echo(f"note: {client.client_id}: {name} is not set here; the gateway's environment must have it")
            elif isinstance(problem := SecretReader(path.parent, os.environ).read(f"env:{name}"), str):
                raise SettingsError(f"{path}: {client.client_id}: {problem}")
        if needs_certificates(client) and not os.environ.get("IDP_MTLS_ISSUER"):
            click.echo(f"note: {client.client_id}: no certificate is believed without IDP_MTLS_ISSUER, not set here")
    for note in registry_notes(registry):
        click.echo(f"note: {note}")
    click.echo(
        f"{path} is right for {issuer}: {len(registry.clients) - 1} clients, {len(registry.resources)} resources."
    )


@clients_group.command("new-secret")
@click.option("--file", "path", type=click.Path(path_type=Path), help="Write the secret to a new file instead of here.")
def clients_new_secret(path: Path | None) -> None:
    """Make a secret of 256 bits and the digest to write in clients.yaml."""
    secret = Randomness().token(32)
    assert len(secret) >= SHORTEST
    if path is not None:
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{secret}\n")
        except OSError as error:
            raise click.ClickException(f"{path} cannot be written ({error.strerror}).") from None
    click.echo("For the partner, by a safe way; it is kept nowhere else:")
    click.echo(f"  {path or secret}")
    click.echo("For clients.yaml:")
    click.echo(f"  client_secret: sha256:{secret_digest(secret).hex()}")


@clients_group.command("schema")
def clients_schema() -> None:
    """Print the JSON Schema of clients.yaml, for editors."""
    click.echo(json.dumps(registry_schema(), indent=2, ensure_ascii=False))


@clients_group.command("reload")
@click.option("--timeout", default=PATIENCE_SECONDS, show_default=True, help="Seconds to wait for the workers.")
def clients_reload(timeout: float) -> None:
    """Wait until every live worker uses clients.yaml as it is now, or name those that do not."""
    settings = Settings.from_environment()
    registry = _read(settings.clients, settings.issuer, settings.themes)
    with operating() as (deps, _):
        outcome = wait_for_workers(lambda: live_workers(deps), registry.digest, timeout)
    _say_what_needs_a_restart(registry)
    if outcome.behind:
        late = [f"{worker.name} does not use it: {_why(worker)}" for worker in outcome.behind]
        raise click.ClickException("\n".join(late))
    count = len(outcome.following)
    click.echo(f"{count} workers use it." if count else "No worker is running; the next start reads it.")


@clients_group.command("explain")
@click.argument("client_id")
def clients_explain(client_id: str) -> None:
    """Print every demand in force for a client: what, where it comes from, why."""
    with operating() as (deps, _):
        client = find_client(deps, client_id)
        if client is None:
            raise click.ClickException(f"There is no client {client_id}; `idp clients check` lists what is wrong.")
        click.echo(f"{client.client_id}: profile {client.profile}")
        for demand in demands_on(client, deps.lifetimes):
            click.echo(f"- {demand.says}\n    from: {demand.source}\n    why:  {demand.why}")


@clients_group.command("end-tokens")
@click.argument("client_id")
def clients_end_tokens(client_id: str) -> None:
    """End every token that was ever given to a client, after a leak; its secret is another matter."""
    with operating() as (deps, actor):
        if find_client(deps, client_id) is None:
            click.echo(f"note: {client_id} is no client now.")
        end_client_tokens(deps, actor, client_id)
    click.echo(
        f"The tokens of {client_id} are dead here. Who verifies access tokens without asking believes them for "
        "5 minutes more. If its secret leaked too, change it: `idp clients new-secret`."
    )


for command in (clients_invite, clients_registered, clients_remove_registered):
    clients_group.add_command(command)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who uses the registry, and who does not."""

    following: list[WorkerRow] = field(default_factory=list)
    behind: list[WorkerRow] = field(default_factory=list)


def wait_for_workers(
    look: Callable[[], list[WorkerRow]],
    digest: str,
    timeout: float,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Look until every live worker reports `digest`, or the time is over."""
    until = now() + timeout
    while True:
        workers = look()
        behind = [worker for worker in workers if worker.registry_digest != digest]
        if not behind or now() >= until:
            return Outcome([worker for worker in workers if worker.registry_digest == digest], behind)
        pause(PAUSE_SECONDS)


def _read(path: Path, issuer: str, themes: Path) -> ClientRegistry:
    """An env: secret belongs to the gateway's environment, not to this shell: it is only named here."""
    registry = RegistrySource(path, issuer, None, themes).read()
    if isinstance(registry, ClientRegistry):
        return registry
    raise SettingsError("\n".join(map(str, registry)))


def _say_what_needs_a_restart(registry: ClientRegistry) -> None:
    for client in registry.clients.values():
        for name in environment_names(client):
            click.echo(f"note: {client.client_id}: env:{name} is read at the start; restart the gateway if it changed.")


def _why(worker: WorkerRow) -> str:
    return worker.problem or "it has not looked yet, or sees another clients.yaml"
