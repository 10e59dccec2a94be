"""`make bench`: what its table says, and when it fails."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from bench.flood import MOST, TOKENS, Flooded, arrivals, section, too_slow, typed
from bench.frames import FRAME, WHOLE_PAGE, frame_misses, frames_section
from bench.load import Cost
from bench.operations import Server
from bench.proofs import Proofs
from bench.rows import ROWS
from bench.servers import CANAILLE as CANAILLE_ENDPOINTS
from bench.servers import GATEWAY, OIDC_PROVIDER
from bench.table import CANAILLE, ON_POSTGRESQL, ON_SQLITE, Result, misses, page
from bench.table import OIDC_PROVIDER as PEER
from idp.domain.people.triplets import triplet_key

EXTENSIONS = ("PAR + DPoP code flow", "introspection of a DPoP-bound token", "token exchange", "device flow")


def results(times: float) -> list[Result]:
    """Of a gateway that takes so many times a peer's CPU; canaille has only the rows of every server."""
    servers = {ON_POSTGRESQL: times, ON_SQLITE: 0.001, PEER: 1.0, CANAILLE: 1.0}
    rows = {name: ROWS if name != CANAILLE else [row for row in ROWS if not row.needs] for name in servers}
    return [
        Result(name, 1.0, 1.0, {row.name: Cost(cpu, 1.0, 1.0, 1.0, 1.0, 1, (cpu,)) for row in rows[name]})
        for name, cpu in servers.items()
    ]


@pytest.mark.parametrize("name", EXTENSIONS)
def test_an_extension_is_bound_beside_oidc_provider_alone(name: str) -> None:
    assert f"| {name} | 1.25 | 1.3 | - |  |" in page(results(1.25), [])
    assert not [missed for missed in misses(results(1.25)) if missed.startswith(name)]
    assert f"{name}: 1.35 x {PEER}, at most 1.3" in misses(results(1.35))


def test_start_up_and_memory_are_bound_too() -> None:
    first, *others = results(0.01)
    slow = replace(first, start_up=1.6, memory=131.0)
    assert [] == misses([first, *others])
    assert [
        f"{ON_POSTGRESQL}: first answer, s: 1.60, at most 1.5",
        f"{ON_POSTGRESQL}: resident, MB: 131.00, at most 130.0",
    ] == misses([slow, *others])


def test_the_frame_may_cost_what_the_page_costs() -> None:
    def costs(frame: float) -> dict[str, Cost]:
        return {name: Cost(cpu, 1.0, 1.0, 1.0, 1.0, 1, (cpu,)) for name, cpu in ((FRAME, frame), (WHOLE_PAGE, 2.0))}

    assert f"| {ON_SQLITE} | 0.50 |" in frames_section([(ON_SQLITE, costs(1.0))])
    assert [] == frame_misses([(ON_SQLITE, costs(2.0))])
    assert [f"{ON_SQLITE}: frame: 1.05 x page, at most 1.0"] == frame_misses([(ON_SQLITE, costs(2.1))])


def test_a_flood_tries_somebody_else_each_time() -> None:
    """Else the throttle of one triplet answers, and nothing is hashed."""
    tried = [triplet_key(one["siret"], one["family_name"], one["given_name"]) for one in map(typed, range(2000))]
    assert None not in tried
    assert 2000 == len(set(tried))


def test_a_flood_is_a_rate_and_no_row_of_bursts() -> None:
    """Issue 2: 4x what the hash allows. Nobody comes in step with anybody, and the average is kept."""
    times = list(arrivals(pace=80, seconds=100))
    assert times == sorted(times)
    assert 7600 < len(times) < 8400
    per_tenth = [sum(tenth <= moment * 10 < tenth + 1 for moment in times) for tenth in range(0, 1000)]
    assert max(per_tenth) < 30


def flooded(p99: float, count: int = TOKENS) -> Flooded:
    quiet = Cost(0.0, 1.0, 1.0, 1.0, 1.0, TOKENS)
    return Flooded(ON_SQLITE, quiet, Cost(0.0, 1.0, 1.0, 1.0, p99, count), sent=170, busy=85, failed=2)


def test_the_token_endpoint_is_judged_by_its_p99_in_the_flood() -> None:
    assert [] == too_slow([flooded(MOST)])
    assert [f"{ON_SQLITE}: p99 of the token endpoint in the flood: 3.50 x quiet, at most 3.0"] == too_slow(
        [flooded(3.5)]
    )
    assert "| 10 | 50% | 2 | 1.00 | 1.00 | 1.00 | 3.50 | 3.50 |" in section([flooded(3.5)])


def test_a_p99_of_few_requests_is_no_p99() -> None:
    assert [f"{ON_SQLITE}: {TOKENS - 1} token requests in the flood, too few for a p99"] == too_slow(
        [flooded(1.0, TOKENS - 1)]
    )


def test_only_servers_that_have_the_extensions_are_asked_for_them() -> None:
    servers = {
        name: Server(name, "", endpoints, "")
        for name, endpoints in (("gateway", GATEWAY), ("peer", OIDC_PROVIDER), ("canaille", CANAILLE_ENDPOINTS))
    }
    extensions = [row for row in ROWS if row.needs == "push"]
    assert EXTENSIONS == tuple(row.name for row in extensions)
    asked = {name: sum(row.is_of(server) for row in extensions) for name, server in servers.items()}
    assert {"gateway": 4, "peer": 4, "canaille": 0} == asked


def test_the_load_proves_its_own_key() -> None:
    """RFC 9449 section 4.2."""
    proofs = Proofs(nonce="given")
    head, body, signature = proofs.make("http://127.0.0.1/token").split(".")
    header, claims = read(head), read(body)
    assert ("dpop+jwt", "ES256", proofs.jwk) == (header["typ"], header["alg"], header["jwk"])
    assert ("POST", "http://127.0.0.1/token", "given") == (claims["htm"], claims["htu"], claims["nonce"])
    raw = base64.urlsafe_b64decode(signature + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    proofs.key.public_key().verify(der, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))


def read(part: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return content
