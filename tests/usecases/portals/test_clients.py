"""Finding a partner in clients.yaml, and among the clients that registered themselves."""

from __future__ import annotations

from sqlalchemy import delete, insert

from idp.domain.portals.clients import Client
from idp.domain.portals.registry_content import client_content, make_registry
from idp.store.database import Database
from idp.store.portals.registered_clients import registered_clients, registered_origins
from idp.usecases.deps import Deps
from idp.usecases.portals.clients import find_client, is_client_origin
from tests.quiet import quiet_deps
from tests.statements import counted

REGISTERED = Client("reg.abcdefghijklmnopqrstuv", "Jeu", redirect_uris=("https://jeu.example.fr/cb",))
IN_FILE = Client("portal", "Portail", web_origins=("https://portail.example.fr",))


def keep(deps: Deps, client: Client) -> None:
    now = deps.clock.now()
    row = {
        "client_id": client.client_id, "content": client_content(client), "registered": {},
        "token_hash": b"h" * 32, "created_at": now, "updated_at": now,
    }  # fmt: skip
    with deps.transaction() as connection:
        connection.execute(insert(registered_clients).values(row))


def test_a_client_of_the_file_costs_no_statement(database: Database) -> None:
    deps = quiet_deps(database, registry=lambda: make_registry("https://connexion.example.fr", [IN_FILE], []))
    with counted(database) as sent:
        assert find_client(deps, "portal") == IN_FILE
    assert [] == sent


def test_a_name_that_is_not_of_our_making_costs_no_statement(database: Database) -> None:
    deps = quiet_deps(database)
    with counted(database) as sent:
        for name in ("", "nobody", "reg.short", "reg.abcdefghijklmnopqrst\0v", "reg." + "é" * 22):
            assert find_client(deps, name) is None
    assert [] == sent


def test_a_registered_client_costs_one_statement_and_is_whole(database: Database) -> None:
    deps = quiet_deps(database)
    keep(deps, REGISTERED)
    with counted(database) as sent:
        assert find_client(deps, REGISTERED.client_id) == REGISTERED
    assert 1 == len(sent)


def test_a_removed_client_is_gone_at_once(database: Database) -> None:
    """Nothing is kept in memory: another process may have removed it."""
    deps = quiet_deps(database)
    keep(deps, REGISTERED)
    assert find_client(deps, REGISTERED.client_id) is not None
    with deps.transaction() as connection:
        connection.execute(delete(registered_clients))
    assert find_client(deps, REGISTERED.client_id) is None


def test_the_file_wins_over_the_database(database: Database) -> None:
    in_file = Client(REGISTERED.client_id, "Du fichier")
    deps = quiet_deps(database, registry=lambda: make_registry("https://connexion.example.fr", [in_file], []))
    keep(deps, REGISTERED)
    found = find_client(deps, REGISTERED.client_id)
    assert found is not None
    assert "Du fichier" == found.client_name


def test_an_origin_of_a_registered_client_is_known(database: Database) -> None:
    deps = quiet_deps(database, registry=lambda: make_registry("https://connexion.example.fr", [IN_FILE], []))
    keep(deps, REGISTERED)
    origin = "https://jeu.example.fr"
    assert not is_client_origin(deps, origin)
    with deps.transaction() as connection:
        connection.execute(insert(registered_origins).values(origin=origin, client_id=REGISTERED.client_id))
    assert is_client_origin(deps, origin)
    with counted(database) as sent:
        assert is_client_origin(deps, "https://portail.example.fr")
        assert not is_client_origin(deps, "https://jeu\0")
        assert not is_client_origin(deps, "https://" + "a" * 300)
    assert [] == sent
