"""One target and one suite for every module of a worker; each test has a client and a browser of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.running import SuiteServer, running, suite_server, target_under
from tests.conformance.suite import Suite, suite_of
from tests.conformance.target import Target


@pytest.fixture(scope="session")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SuiteServer]:
    """What the gateway calls: the suite's own https server."""
    with suite_server(tmp_path_factory.mktemp("suite")) as server:
        yield server


@pytest.fixture(scope="session")
def target(receiver: SuiteServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The gateway behind nginx."""
    made = target_under(tmp_path_factory.mktemp("c"), receiver.server_address[1], receiver.ca)
    with running(made, IDP_BCRYPT_COST="4") as target:
        yield target


@pytest.fixture
def suite(target: Target, receiver: SuiteServer) -> Iterator[Suite]:
    """The suite as client_secret_basic, with response_mode left to its default."""
    receiver.logout_tokens.clear()
    with suite_of(target) as suite:
        yield suite
