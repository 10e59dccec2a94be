"""The suite's own configuration of each plan: our server, our clients, and what its browser does on our pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Client = dict[str, Any]
Pair = tuple[Client, Client]

OPENID_PLANS = (
    "oidcc-config-certification-test-plan",
    "oidcc-basic-certification-test-plan",
    "oidcc-formpost-basic-certification-test-plan",
    "oidcc-rp-initiated-logout-certification-test-plan",
    "oidcc-backchannel-rp-initiated-logout-certification-test-plan",
)
REGISTERING_PLANS = ("oidcc-dynamic-certification-test-plan", "oidcc-3rdparty-init-login-certification-test-plan")
"""Whose clients register themselves."""
CLIENTS = ("client", "client2")
FAPI_PLANS = {
    "security": "fapi2-security-profile-final-test-plan",
    "signing": "fapi2-message-signing-final-test-plan",
}


def browser_commands(issuer: str, typed: Mapping[str, str]) -> list[dict[str, Any]]:
    """Fill the sign-in form, agree where consent is asked, confirm a sign-out, and see the suite's last page."""
    press = ["click", "xpath", "//main//form[1]//button[@type='submit']"]
    fill = [["text", "name", name, text] for name, text in typed.items()]

    def task(name: str, path: str, commands: list[Any]) -> dict[str, Any]:
        return {"task": name, "match": f"{issuer}{path}*", "optional": True, "commands": commands}

    last = {
        "task": "Back at the suite",
        "match": "*/test/*/callback*",
        "commands": [["wait", "id", "submission_complete", 10]],
    }
    steps = [task("Sign in", "/sign-in", [*fill, press]), task("Agree", "/consent", [press])]
    leave = [task("Sign out", "/end-session", [press])]
    return [
        {"match": f"{issuer}/authorize*", "tasks": [*steps, last]},
        {"match": f"{issuer}/end-session*", "tasks": leave},
    ]


def write_plans(
    folder: Path,
    common: Mapping[str, Any],
    pairs: Mapping[str, Pair],
    *,
    certificate: Callable[[Client], dict[str, str]],
    write: Callable[[Path, str], object],
) -> None:
    """FOLDER/PLAN.json, and for FAPI PLAN--WAY.json. `pairs` maps a name of clients.yaml without its number to both
    clients; `certificate` gives `cert`, `key` and `ca` of a client as PEM."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    basic, post = pairs["conformance-client-secret-basic"], pairs["conformance-client-secret-post"]
    for plan in OPENID_PLANS:
        clients = {"client": basic[0], "client2": basic[1], "client_secret_post": post[0]}
        write(folder / f"{plan}.json", json.dumps({**common, **clients}, indent=2))
    issuer = str(common["server"]["discoveryUrl"]).partition("/.well-known")[0]
    for name, (first, second) in pairs.items():
        family, _, profile_and_way = name.partition("-")
        if family != "fapi":
            continue
        profile, _, way = profile_and_way.partition("-")
        written = {**common, "client": first, "client2": second, "resource": {"resourceUrl": f"{issuer}/userinfo"}}
        if "tls" in way:
            written |= {"mtls": certificate(first), "mtls2": certificate(second)}
        write(folder / f"{FAPI_PLANS[profile]}--{way}.json", json.dumps(written, indent=2))


def write_registering_plans(
    folder: Path, common: Mapping[str, Any], invitation: str, *, write: Callable[[Path, str], object]
) -> None:
    """FOLDER/PLAN.json for the plans whose clients register themselves with this initial access token."""
    clients = {name: {"client_name": f"Conformance {name}", "initial_access_token": invitation} for name in CLIENTS}
    for plan in REGISTERING_PLANS:
        write(folder / f"{plan}.json", json.dumps({**common, **clients}, indent=2))
