"""The old widget: a form of another site that leaves nothing in the browser, and a token that serves once.

Each attack has its control: the same thing without what is wrong with it goes through.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.adapters.hasher import QuietHasher
from idp.domain.people.password_hashes import cost_of
from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.digests import token_hash
from idp.domain.platform.instants import SECOND, to_seconds
from idp.domain.platform.metrics import Metric
from idp.domain.portals.clients import Client, ClientRegistry, SecretDigest, SubjectType
from idp.domain.portals.legacy_widgets import LegacyWidget
from idp.domain.portals.registry_content import make_registry
from idp.store.database import Database
from idp.store.people.accounts import accounts
from idp.store.people.legal_units import establishments
from idp.store.platform.audit import audit_events
from idp.store.portals.legacy_tokens import legacy_tokens
from idp.store.sign_in.devices import devices
from idp.store.sign_in.sessions import sessions
from idp.usecases.deps import Deps
from tests.quiet import quiet_app, quiet_deps
from tests.rows import SIRET, make_account
from tests.statements import counted
from tests.web.sign_in.conftest import trail

ISSUER = "https://connexion.example.fr"
HOST = "connexion.example.fr"
PATH = "/auth/MAG/widget/validation"
ORIGIN = "https://www.ancien.example.fr"
OK = "https://login.ancien.example.fr/gip-mds/retour?canal=net"
KO = "https://www.ancien.example.fr/connexion?erreur=1"
PASSWORD = "Mire2026demo"
SECRET = "old-widget-secret-of-at-least-forty-three-chars"
INACTIVE = {"active": False}
DEPRECATED = "@1795219200"
FORM = {
    "urlOK": OK, "urlKO": KO, "nomJeton": "jtd", "siret": "999 000 375 00017", "nom": "moutin", "prenom": "Claire",
    "password": PASSWORD,
}  # fmt: skip
EVENTS = (
    AuditEvent.SIGN_IN_ACCEPTED,
    AuditEvent.LEGACY_TOKEN_ISSUED,
    AuditEvent.LEGACY_TOKEN_REDEEMED,
    AuditEvent.LEGACY_TOKEN_REFUSED,
)


def partner(client_id: str, host: str, **values: Any) -> Client:
    widget = LegacyWidget(
        origins=(f"https://www.{host}",),
        success_urls=(f"https://login.{host}/gip-mds/retour?canal=net",),
        failure_urls=(f"https://www.{host}/connexion?erreur=1",),
    )
    kept = {
        "client_name": "Ancien portail",
        "redirect_uris": (f"https://www.{host}/cb",),
        "client_uri": f"https://www.{host}/",
        "secrets": (SecretDigest(hashlib.sha256(SECRET.encode()).digest(), "sha256"),),
        "sector_identifier": f"www.{host}",
        "legacy_widget": widget,
    }
    return Client(client_id, **{**kept, **values})


ANCIEN = partner("ancien", "ancien.example.fr", scopes=frozenset({"openid", "organization"}))
AUTRE = partner("autre", "autre.example.fr")
PAIR = partner("pair", "pair.example.fr", subject_type=SubjectType.PAIRWISE)
NEW = partner("nouveau", "nouveau.example.fr", legacy_widget=None)


@dataclass
class Door:
    """The address, and whoever comes to it."""

    deps: Deps
    web: FlaskClient
    partners: dict[str, Client]

    def send(self, headers: dict[str, str] | None = None, **fields: str | None) -> TestResponse:
        form = {name: value for name, value in {**FORM, **fields}.items() if value is not None}
        return self.web.post(PATH, data=form, headers={"Origin": ORIGIN} if headers is None else headers)

    def token(self, client_id: str = "ancien") -> str:
        """What the page that this client's old widget leads to holds."""
        widget = self.partners[client_id].legacy_widget
        assert widget is not None
        page = self.send(
            {"Origin": widget.origins[0]}, urlOK=widget.success_urls[0], urlKO=widget.failure_urls[0], nomJeton=None
        )
        assert page.status_code == 200, page.text
        return members(page)["jtd"]

    def ask(self, token: str, client_id: str = "ancien") -> Any:
        basic = base64.b64encode(f"{client_id}:{SECRET}".encode()).decode()
        answer = self.web.post("/introspect", data={"token": token}, headers={"Authorization": f"Basic {basic}"})
        assert answer.status_code == 200
        return answer.json

    def counts(self, client_id: str, outcome: str) -> int:
        return cast(Any, self.deps.metrics).counts[Metric.LEGACY_WIDGETS, (client_id, outcome)]

    def wait(self, milliseconds: int) -> None:
        cast(QuietClock, self.deps.clock).advance(milliseconds)

    def change(self, **columns: Any) -> None:
        with self.deps.transaction() as connection:
            connection.execute(update(accounts).values(**columns))


def members(page: TestResponse) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', page.text)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def action(page: TestResponse) -> str:
    found = re.search(r'<form id="answer" method="post" action="([^"]+)"', page.text)
    assert found is not None
    return html.unescape(found[1])


def is_refusal(answer: TestResponse) -> bool:
    return (answer.status_code, answer.headers.get("Location")) == (303, KO)


@pytest.fixture
def door(database: Database) -> Door:
    partners = {client.client_id: client for client in (ANCIEN, AUTRE, PAIR, NEW)}
    ours = make_registry(ISSUER, [], []).clients
    deps = quiet_deps(database, registry=lambda: ClientRegistry("d", {**ours, **partners}))
    stored = deps.hasher.hash(PASSWORD)
    make_account(deps, password_hash=stored, password_cost=cost_of(stored))
    return Door(deps, quiet_app(deps).test_client(), partners)


def test_the_token_is_posted_to_the_registered_address(door: Door) -> None:
    """Issue 4 part 7: by a form, under the name that was asked; never in a URL."""
    page = door.send(nomJeton="monJeton")
    assert (page.status_code, action(page), list(members(page))) == (200, OK, ["monJeton"])
    token = members(page)["monJeton"]
    assert re.fullmatch(r"jtd\.[A-Za-z0-9_-]{43}", token)
    assert "Location" not in page.headers
    assert token not in str(page.headers)
    assert "form-action 'self' https://login.ancien.example.fr;" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_a_token_without_a_name_is_called_jtd(door: Door) -> None:
    assert [list(members(door.send(nomJeton=name))) for name in (None, "")] == [["jtd"], ["jtd"]]


def test_the_token_is_kept_as_a_hash(door: Door) -> None:
    token = door.token()
    with door.deps.read() as connection:
        rows = connection.execute(select(legacy_tokens)).mappings().all()
    assert [(row["token_hash"], row["client_id"]) for row in rows] == [(token_hash(token), "ancien")]
    assert token not in str(rows)


def test_its_back_end_learns_once_who_it_is(door: Door) -> None:
    """RFC 7662 section 2.2; issue 4 part 7: eidas0, once."""
    token = door.token()
    now = to_seconds(door.deps.clock.now())
    told = {
        "active": True, "token_type": "legacy_widget", "iss": ISSUER, "sub": "Moutin", "client_id": "ancien",
        "iat": now, "exp": now + 60, "acr": "eidas0", "amr": ["pwd"], "siret": SIRET,
    }  # fmt: skip
    assert [door.ask(token), door.ask(token)] == [told, INACTIVE]
    assert [event for event in trail(door.deps) if event in EVENTS] == list(
        dict.fromkeys((AuditEvent.LEGACY_TOKEN_ISSUED, *EVENTS))
    )


def test_a_client_without_the_organization_scope_is_not_told_the_siret(door: Door) -> None:
    """The control is the test before."""
    assert "siret" not in door.ask(door.token("autre"), "autre")


def test_a_pairwise_client_knows_the_person_by_its_own_name(door: Door) -> None:
    """OpenID Connect Core section 8.1."""
    sub = door.ask(door.token("pair"), "pair")["sub"]
    assert (sub == "Moutin", len(sub)) == (False, 43)
    assert door.ask(door.token("pair"), "pair")["sub"] == sub


def test_another_client_learns_nothing_and_spends_nothing(door: Door) -> None:
    """RFC 7662 section 4. The control: its own client still learns it."""
    token = door.token()
    assert (door.ask(token, "autre"), door.ask(token, "nouveau")) == (INACTIVE, INACTIVE)
    assert door.ask(token)["active"] is True


def test_sixteen_simultaneous_questions_are_answered_once(door: Door) -> None:
    token = door.token()
    app = door.web.application

    def ask(_: int) -> bool:
        return bool(Door(door.deps, app.test_client(), door.partners).ask(token)["active"])

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(ask, range(16))) == [False] * 15 + [True]


def test_replays_and_strangers_are_noted(door: Door) -> None:
    token = door.token()
    door.ask(token, "autre")
    door.ask(token)
    door.ask(token)
    with door.deps.read() as connection:
        wanted = select(audit_events.c.client_id, audit_events.c.subject, audit_events.c.facts)
        noted = connection.execute(wanted.where(audit_events.c.event == AuditEvent.LEGACY_TOKEN_REFUSED)).all()
    assert [tuple(row) for row in noted] == [
        ("autre", "Moutin", {"why": "foreign"}),
        ("ancien", "Moutin", {"why": "replayed"}),
    ]


@pytest.mark.parametrize(("age", "active"), [(59 * SECOND, True), (60 * SECOND, False)], ids=["59 s", "60 s"])
def test_a_token_lives_for_a_minute(door: Door, age: int, active: bool) -> None:
    token = door.token()
    door.wait(age)
    assert door.ask(token)["active"] is active


def test_a_token_dies_with_what_the_account_was(door: Door) -> None:
    """Attack: the password was stolen, its owner changes it within the minute. The control is any test above."""
    token = door.token()
    door.wait(SECOND)
    door.change(valid_from=door.deps.clock.now())
    assert door.ask(token) == INACTIVE


def test_a_token_dies_when_the_widget_is_switched_off(door: Door) -> None:
    token = door.token()
    assert ANCIEN.legacy_widget is not None
    door.partners["ancien"] = replace(ANCIEN, legacy_widget=replace(ANCIEN.legacy_widget, enabled=False))
    assert door.ask(token) == INACTIVE


@pytest.mark.parametrize("text", ["jtd.", f"jtd.{'a' * 43}", f"jtd.{'a' * 44}", f"JTD.{'a' * 43}"])
def test_a_made_up_token_is_nothing(door: Door, text: str) -> None:
    assert door.ask(text) == INACTIVE
    assert AuditEvent.LEGACY_TOKEN_REFUSED not in trail(door.deps)


REFUSED: dict[str, dict[str, str | None]] = {
    "a wrong password": {"password": "Mire2026wrong"},
    "an unknown name": {"nom": "Personne"},
    "an unknown SIRET": {"siret": "97050551700072"},
    "no SIRET": {"siret": "12"},
    "no password": {"password": None},
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_looks_alike_and_weighs_alike(door: Door, name: str) -> None:
    """No oracle: the same answer, the same statements in the same order, the same rounds of the hash."""
    assert weigh(door, REFUSED["a wrong password"]) == weigh(door, REFUSED[name])


def weigh(door: Door, fields: dict[str, str | None]) -> tuple[bool, list[str], int, bytes]:
    hasher = cast(QuietHasher, door.deps.hasher)
    hasher.forget()
    with counted(door.deps.database) as statements:
        answer = door.send(**fields)
    assert hasher.rounds
    return is_refusal(answer), statements, hasher.rounds, answer.data


def test_an_oversized_field_is_a_refusal_without_a_try(door: Door) -> None:
    with counted(door.deps.database) as statements:
        assert is_refusal(door.send(password="x" * 1_001))
    assert statements == []


def test_the_throttles_are_those_of_the_page(door: Door) -> None:
    """The sixth try of a network at a triplet waits, right or wrong; the person is told, and the way on is `urlKO`."""
    for _ in range(5):
        assert is_refusal(door.send(password="Mire2026wrong"))
    pages = [door.send(), door.send(password="Mire2026wrong")]
    assert [page.status_code for page in pages] == [429, 429]
    for page in pages:
        assert int(page.headers["Retry-After"]) > 0
        assert f'href="{html.escape(KO)}"' in page.text
        assert "Trop d’essais" in page.text
        assert members(page) == {}
    door.wait(int(pages[0].headers["Retry-After"]) * SECOND)
    assert members(door.send())


def test_an_unknown_triplet_is_delayed_like_a_known_one(door: Door) -> None:
    for _ in range(5):
        door.send(nom="Personne")
    assert door.send(nom="Personne").status_code == 429


def test_a_busy_moment_is_told_to_the_person(database: Database, door: Door) -> None:
    busy = quiet_app(replace(door.deps, hasher=QuietHasher(places=0))).test_client()
    page = Door(door.deps, busy, door.partners).send()
    assert page.status_code == 503
    assert "Cet essai ne compte pas" in page.text
    assert f'href="{html.escape(KO)}"' in page.text


def test_a_closed_establishment_is_told_to_who_knows_the_password(door: Door) -> None:
    """The control: to nobody else."""
    with door.deps.transaction() as connection:
        connection.execute(update(establishments).values(closed_at=door.deps.clock.now()))
    assert "n’existe plus" in door.send().text
    assert is_refusal(door.send(password="Mire2026wrong"))


WRONG_RETURNS = {
    "urlOK of nobody": {"urlOK": "https://evil.example/ok"},
    "urlKO of nobody": {"urlKO": "https://evil.example/ko"},
    "urlOK of another client": {"urlOK": AUTRE.legacy_widget.success_urls[0]},  # type: ignore[union-attr]
    "urlKO of another client": {"urlKO": AUTRE.legacy_widget.failure_urls[0]},  # type: ignore[union-attr]
    "exchanged": {"urlOK": KO, "urlKO": OK},
    "one more parameter": {"urlOK": f"{OK}&next=https://evil.example/"},
    "no query": {"urlOK": OK.partition("?")[0]},
    "a fragment": {"urlOK": f"{OK}#x"},
    "another scheme": {"urlOK": OK.replace("https:", "http:")},
    "another case": {"urlOK": OK.upper()},
    "a user name": {"urlOK": OK.replace("https://", "https://evil.example@")},
    "a sub-domain": {"urlOK": OK.replace(".fr/", ".fr.evil.example/")},
    "a script": {"urlOK": "javascript:alert(1)"},
    "markup": {"urlOK": f'{OK}"><script>alert(1)</script>'},
    "a space before": {"urlOK": f" {OK}"},
    "a line feed": {"urlKO": f"{KO}\r\nSet-Cookie: a=b"},
    "none": {"urlOK": None},
    "no urlKO": {"urlKO": None},
    "of a client without it": {"urlOK": NEW.redirect_uris[0]},
}


@pytest.mark.parametrize("name", WRONG_RETURNS)
def test_nobody_is_sent_to_an_address_that_is_not_registered(door: Door, name: str) -> None:
    """RFC 9700 section 4.11: no open redirect; nothing is tried, nothing is opened. The control: the last line."""
    with counted(door.deps.database) as statements:
        answer = door.send(**WRONG_RETURNS[name])
    assert (answer.status_code, answer.headers.get("Location"), statements) == (400, None, [])
    assert "evil.example" not in answer.text + answer.headers["Content-Security-Policy"]
    assert "<form" not in answer.text
    assert action(door.send()) == OK


@pytest.mark.parametrize(
    "name", ["<b>", 'a"b', "a b", "1a", "-a", "jtd\n", "é", "a" * 33, "jtd&x", "a.b", "a[0]", "_charset_"]
)
def test_a_name_that_is_no_identifier_is_refused(door: Door, name: str) -> None:
    with counted(door.deps.database) as statements:
        assert door.send(nomJeton=name).status_code == 400
    assert statements == []
    assert members(door.send(nomJeton="a" * 32))


@pytest.mark.parametrize("name", FORM)
def test_a_field_comes_once(door: Door, name: str) -> None:
    """Two values would be read differently by who checks and by who answers."""
    body = [*FORM.items(), (name, FORM[name])]
    twice = "&".join(f"{key}={value}" for key, value in body)
    with counted(door.deps.database) as statements:
        answer = door.web.post(PATH, data=twice, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, statements) == (400, [])


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x"])
def test_only_a_form_is_read(door: Door, kind: str) -> None:
    assert door.web.post(PATH, data=b"{}", content_type=kind).status_code == 415


def test_nothing_is_read_from_the_address(door: Door) -> None:
    """A password in a URL ends up in logs."""
    assert door.web.post(PATH, query_string=FORM, data={"nomJeton": "jtd"}).status_code == 400


def test_a_large_body_is_refused(door: Door) -> None:
    assert door.send(password="x" * 70_000).status_code == 413


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", ISSUER, "http://www.ancien.example.fr", "https://www.autre.example.fr"]
)
def test_a_page_of_another_origin_is_refused(door: Door, origin: str) -> None:
    """Attack: another site's page spends its visitors' tries, or signs them in as somebody else. `null` is what any
    page can send. The controls: a page of the partner, and a program, which no page can steer."""
    with counted(door.deps.database) as statements:
        assert door.send({"Origin": origin}).status_code == 403
    assert statements == []
    assert members(door.send({"Origin": ORIGIN}))
    assert members(door.send({}))


def test_a_switched_off_widget_is_a_page_with_a_way_back(door: Door) -> None:
    assert ANCIEN.legacy_widget is not None
    door.partners["ancien"] = replace(ANCIEN, legacy_widget=replace(ANCIEN.legacy_widget, enabled=False))
    with counted(door.deps.database) as statements:
        page = door.send()
    assert (page.status_code, statements) == (403, [])
    assert 'href="https://www.ancien.example.fr/"' in page.text


def test_no_cookie_is_set_or_read_and_no_session_begins(door: Door) -> None:
    """Issue 4 part 7; the form comes from another site, so a sign-in may not touch the browser (login CSRF).

    The cookies here are of a browser that its owner uses: at the sign-in page it would be asked for in the database.
    """
    plain = weigh_right(door)
    for name in ("mire_browser", "mire_session", "mire_device", "mire_seen"):
        door.web.set_cookie(f"__Host-{name}", "x" * 43, domain=HOST, secure=True, path="/")
    assert plain == weigh_right(door)
    with door.deps.read() as connection:
        assert [connection.execute(select(func.count()).select_from(table)).scalar() for table in (sessions, devices)] \
            == [0, 0]  # fmt: skip


def weigh_right(door: Door) -> list[str]:
    with counted(door.deps.database) as statements:
        page = door.send()
    assert members(page)
    assert "Set-Cookie" not in page.headers
    return statements


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_a_post_is_answered(door: Door, method: str) -> None:
    answer = door.web.open(PATH, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_answer_says_that_it_is_deprecated(door: Door) -> None:
    """RFC 9745 section 2; nothing says when it ends (RFC 8594), because nobody has decided it."""
    answers = [
        door.send(), door.send(password="Mire2026wrong"), door.send(urlOK="https://evil.example/"),
        door.send(nomJeton="<"), door.send({"Origin": "null"}), door.web.get(PATH), door.send(password="x" * 70_000),
        door.web.post(PATH, data=b"{}", content_type="application/json"),
        door.web.post(PATH, data="a=%ff", content_type="application/x-www-form-urlencoded"),
    ]  # fmt: skip
    assert {answer.headers.get("Deprecation") for answer in answers} == {DEPRECATED}
    assert not any("Sunset" in answer.headers for answer in answers)
    assert "Deprecation" not in door.web.get("/authorize").headers


def test_the_operator_sees_who_uses_it(door: Door) -> None:
    """Issue 4 part 7: a count per client."""
    door.token("autre")
    for password in (PASSWORD, "Mire2026wrong", "x" * 1_001):
        door.send(password=password)
    seen = {(name, outcome): door.counts(name, outcome) for name in ("ancien", "autre")
            for outcome in ("accepted", "refused")}  # fmt: skip
    assert seen == {
        ("ancien", "accepted"): 1, ("ancien", "refused"): 2, ("autre", "accepted"): 1, ("autre", "refused"): 0,
    }  # fmt: skip


def test_a_candidate_and_an_active_account_prove_the_same(door: Door) -> None:
    """The page saw the password: `eidas0` whoever it is."""
    door.change(state="candidate")
    assert door.ask(door.token())["acr"] == "eidas0"
