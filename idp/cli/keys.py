"""`idp keys`: the signing keys and what encrypts them."""

from __future__ import annotations

import click

from idp.cli.operator import TAKES_IDENTIFIER, operating, written
from idp.domain.platform.keys import Promotion, SigningAlgorithm, Waiting
from idp.usecases.platform.key_rotation import Unknown, list_signing_keys, retire_key, rotate_keys
from idp.usecases.platform.keys import ensure_keys
from idp.usecases.platform.rewrapping import rewrap


@click.group()
def keys_group() -> None:
    """Signing keys."""


@keys_group.command("list")
def keys_list() -> None:
    """Show every key and its state."""
    with operating() as (deps, _):
        for key in list_signing_keys(deps):
            times = [written(item) for item in (key.created_at, key.activated_at, key.retired_at, key.published_until)]
            click.echo("  ".join([key.kid, f"{key.alg:5}", f"{key.state:11}", *times]))


@keys_group.command("rotate")
@click.option(
    "--alg", "algorithms", type=click.Choice([alg.value for alg in SigningAlgorithm]), multiple=True, help="Only these."
)
def keys_rotate(algorithms: tuple[str, ...]) -> None:
    """Let the next keys sign; one that some verifier may not have yet takes over by a job when all have it."""
    wanted = [SigningAlgorithm(alg) for alg in algorithms] or list(SigningAlgorithm)
    with operating() as (deps, operator):
        ensure_keys(deps, operator)
        for step in rotate_keys(deps, operator, wanted):
            click.echo(_told(step))


@keys_group.command("retire", context_settings=TAKES_IDENTIFIER)
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="Somebody else may have it: believe nothing it signed.")
def keys_retire(kid: str, compromised: bool) -> None:
    """Stop signing with one key."""
    with operating() as (deps, operator):
        gone = retire_key(deps, operator, kid, stolen=compromised)
    if isinstance(gone, Unknown):
        raise click.ClickException(f"No key that could be retired has the kid {kid!r}; see `idp keys list`.")
    if isinstance(gone, Waiting):
        raise click.ClickException(f"{kid} still signs: its successor may not before {written(gone.until)}.")
    after = f"; {gone.successor.kid} signs now" if gone.successor else ""
    click.echo(f"{kid} is {'compromised' if compromised else 'retired'}{after}.")


@keys_group.command("rewrap")
def keys_rewrap() -> None:
    """Encrypt everything again under the first version of IDP_KEY_ENCRYPTION_KEY."""
    with operating() as (deps, operator):
        count = rewrap(deps, operator)
        click.echo(f"{count} values encrypted again; only version {deps.sealer.current!r} is needed now.")


def _told(step: Promotion | Waiting) -> str:
    if isinstance(step, Promotion):
        return f"{step.new.alg}: {step.new.kid} signs now, {step.old.kid} is retired."
    return f"{step.alg}: the next key signs from {written(step.until)}; `idp jobs run` will see to it."
