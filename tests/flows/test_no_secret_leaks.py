"""Never a password, token or secret: marked ones go through every journey; logs, database and answers are searched."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert
from werkzeug.test import TestResponse

from idp.adapters.clock import QuietClock
from idp.adapters.hasher import build_hasher
from idp.adapters.keyed_hash import KeyedHash
from idp.adapters.logs import EventLog, JsonLines
from idp.adapters.mailer import QuietMailer
from idp.adapters.outbound import QuietOutbound
from idp.adapters.password_hashes import Pepper
from idp.adapters.randomness import Randomness
from idp.adapters.sealer import Sealer, SealingKey
from idp.adapters.signer import Signer
from idp.domain.people.accounts import Role
from idp.domain.people.new_accounts import NewAccount
from idp.domain.platform.actors import Actor, ActorRole
from idp.domain.platform.instants import MINUTE
from idp.domain.portals.clients import Client, SecretDigest
from idp.domain.portals.legacy_widgets import LegacyWidget
from idp.domain.portals.registry_content import make_registry
from idp.domain.portals.widgets import Completion, Widget
from idp.jobs.runner import Runner
from idp.store.database import Database
from idp.store.platform.audit import audit_events
from idp.usecases.deps import Deps
from idp.usecases.people.accounts import Created, create_account
from idp.usecases.people.passwords import PasswordChange, change_password
from idp.usecases.platform.key_rotation import list_signing_keys, retire_key, rotate_keys
from idp.usecases.platform.keys import ensure_keys, load_key_ring
from idp.usecases.platform.rewrapping import rewrap
from tests.flows.leaks import database_text, found_in
from tests.portals import BOTH_GRANTS, CALLBACK, CHALLENGE, ISSUER, SCOPES, VERIFIER, portal
from tests.quiet import quiet_app, quiet_deps
from tests.rows import SIRET
from tests.web.sign_in.conftest import token_of

OPERATOR = Actor(ActorRole.OPERATOR, "root")
FED = {
    "right password": "Marque11secretA",
    "wrong password": "Marque22secretB",
    "new password": "Marque33secretC",
    "client secret": "marked-client-secret-" + "s" * 30,
    "wrong client secret": "marked-wrong-secret-" + "w" * 30,
    "password in a query": "Marque44secretD",
    "pepper": "marked-pepper-" + "p" * 32,
    "key encryption key": "marked-kek-" + "k" * 32,
    "secret key": "marked-secret-key-" + "q" * 32,
}
SCRIPT = {"Origin": ISSUER, "Sec-Fetch-Site": "same-origin"}
NAVIGATION = {**SCRIPT, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ASKED = {
    "client_id": "portail", "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile",
    "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
}  # fmt: skip
OLD_RETURN = "https://portail.example.fr/ancien"
TYPED = {"siret": SIRET, "family_name": "Moutin", "given_name": "Claire"}


@dataclass
class World:
    """The application with real randomness, signer and hasher; what it logged, answered and handed out."""

    deps: Deps
    web: FlaskClient
    log: io.StringIO
    mailer: QuietMailer
    outbound: QuietOutbound
    answers: list[TestResponse] = field(default_factory=list)
    handed_out: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self._keep(self.web.get(path, **options))

    def post(self, path: str, data: dict[str, str], **options: Any) -> TestResponse:
        return self._keep(self.web.post(path, data=data, **options))

    def send(self, path: str, members: dict[str, str]) -> TestResponse:
        """By our own script."""
        return self._keep(self.web.post(path, json=members, headers=SCRIPT))

    def token(self, secret: str = FED["client secret"], **form: str) -> TestResponse:
        credentials = base64.b64encode(f"portail:{secret}".encode()).decode()
        return self.post("/token", form, headers={"Authorization": f"Basic {credentials}"})

    def _keep(self, answer: TestResponse) -> TestResponse:
        self.answers.append(answer)
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and not name.endswith("mire_seen"):  # which says yes, and nothing else
                self.handed_out[f"cookie {name} {len(self.handed_out)}"] = value
        return answer

    def secrets(self) -> list[tuple[str, str]]:
        return [*FED.items(), *self.handed_out.items()]


def partner() -> Client:
    digest = SecretDigest(hashlib.sha256(FED["client secret"].encode()).digest(), "env:PORTAIL")
    return portal(
        secrets=(digest,),
        grant_types=BOTH_GRANTS,
        scopes=SCOPES,
        backchannel_logout_uri="https://portail.example.fr/bye",
        post_logout_redirect_uris=("https://portail.example.fr/out",),
        widget=Widget(origins=(CALLBACK.rpartition("/")[0],), completion=Completion.MESSAGE, fedcm=True),
        legacy_widget=LegacyWidget(success_urls=(OLD_RETURN,), failure_urls=(OLD_RETURN,)),
    )


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any library logs, at its lowest level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def world(database: Database, tmp_path: Path, log: io.StringIO) -> World:
    registry = make_registry(ISSUER, [partner()], [])
    clock, mailer, outbound = QuietClock(), QuietMailer(), QuietOutbound()
    deps = quiet_deps(
        database,
        clock=clock,
        registry=lambda: registry,
        random=Randomness(),
        log=EventLog(),
        mailer=mailer,
        outbound=outbound,
        signer=Signer(clock),
        sealer=Sealer([SealingKey("k1", FED["key encryption key"].encode())]),
        keyed_hash=KeyedHash([FED["secret key"].encode()]),
        hasher=build_hasher([Pepper("p1", FED["pepper"].encode())], 4, tmp_path),
    )
    ensure_keys(deps)
    deps.signer.swap(load_key_ring(deps))
    return World(deps, quiet_app(deps).test_client(), log, mailer, outbound)


def hidden_fields(page: TestResponse) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def query_of(answer: TestResponse) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answer.headers.get("Location", "")).query))


def path_of(answer: TestResponse) -> str:
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def authorize(world: World, **more: str) -> TestResponse:
    return world.get("/authorize", query_string={**ASKED, **more})


def sign_in(world: World, password: str, page: str) -> TestResponse:
    """Type the triplet and this password at the page of a transaction."""
    form = world.get(page)
    return world.post(page, {**TYPED, "password": password, "form_token": token_of(form)})


def create(world: World) -> str:
    new = NewAccount(
        siret=SIRET,
        family_name="Moutin",
        given_name="Claire",
        email="claire@example.fr",
        role=Role.ADMINISTRATOR,
        password=FED["right password"],
        email_verified=True,
    )
    created = create_account(world.deps, OPERATOR, new)
    assert isinstance(created, Created), created
    return created.subject


def walk_everywhere(world: World) -> None:
    """Every journey there is, with the wrong turns."""
    subject = create(world)
    page = path_of(authorize(world, password=FED["password in a query"], client_secret=FED["client secret"]))
    assert sign_in(world, FED["wrong password"], page).status_code == 200
    back = sign_in(world, FED["right password"], page)
    code = query_of(back)["code"]
    world.handed_out["code"] = code
    tokens = redeem(world, code)
    use_tokens(world, tokens)
    code = query_of(authorize(world))["code"]
    world.handed_out["silent code"] = code
    tokens = redeem(world, code)
    world.get("/account/sessions")
    use_old_widget(world)
    sign_out(world, tokens["id_token"])
    sign_in_inside_a_page(world)
    be_delayed(world)
    assert change_password(world.deps, OPERATOR, PasswordChange(subject, FED["new password"]))
    turn_keys(world)
    Runner(world.deps, "runner", Event()).once()
    world.post("/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "x": "\x00"})
    world.get("/token", query_string={"client_secret": FED["client secret"]})
    world.post(f"/token?password={FED['password in a query']}", {"client_secret": FED["wrong client secret"]})


def redeem(world: World, code: str) -> dict[str, str]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    assert world.token(FED["wrong client secret"], **form).status_code == 401
    answer = world.token(**form)
    assert answer.status_code == 200, answer.text
    for name in ("access_token", "refresh_token", "id_token"):
        world.handed_out[f"{name} {len(world.handed_out)}"] = answer.json[name]  # type: ignore[index]
    return dict(answer.json)  # type: ignore[arg-type]


def use_tokens(world: World, tokens: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert world.get("/userinfo", headers=bearer).status_code == 200
    world.get("/userinfo", query_string={"access_token": tokens["access_token"]})
    credentials = base64.b64encode(f"portail:{FED['client secret']}".encode()).decode()
    basic = {"Authorization": f"Basic {credentials}"}
    assert world.post("/introspect", {"token": tokens["access_token"]}, headers=basic).status_code == 200
    refreshed = world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    for name in ("access_token", "refresh_token", "id_token"):
        world.handed_out[f"{name} {len(world.handed_out)}"] = refreshed.json[name]  # type: ignore[index]
    world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert isinstance(world.deps.clock, QuietClock)
    world.deps.clock.advance(MINUTE)
    assert world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"]).status_code == 400
    world.post("/revoke", {"token": refreshed.json["access_token"]}, headers=basic)  # type: ignore[index]


def use_old_widget(world: World) -> None:
    form = {"urlOK": OLD_RETURN, "urlKO": OLD_RETURN, "siret": SIRET, "nom": "Moutin", "prenom": "Claire"}
    path = "/auth/MAG/widget/validation"
    assert world.post(path, {**form, "password": FED["wrong password"]}).status_code == 303
    token = hidden_fields(world.post(path, {**form, "password": FED["right password"]}))["jtd"]
    world.handed_out["old widget's token"] = token
    credentials = base64.b64encode(f"portail:{FED['client secret']}".encode()).decode()
    for _ in range(2):
        assert world.post("/introspect", {"token": token}, headers={"Authorization": f"Basic {credentials}"}).is_json


def sign_out(world: World, hint: str) -> None:
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": "https://portail.example.fr/out", "state": "s"}
    answer = world.get("/end-session", query_string=asked)
    if answer.status_code == 200:
        world.post("/end-session", hidden_fields(answer))
    for _, _, fields in world.outbound.calls:
        world.handed_out[f"logout token {len(world.handed_out)}"] = fields["logout_token"]


def sign_in_inside_a_page(world: World) -> None:
    """By hand-over in a new browser, then by message; each with a wrong password first."""
    world.web, before = world.web.application.test_client(), world.web
    handed = world.post("/widget/handover", {"ticket": framed_ticket(world)["ticket"]}, headers=NAVIGATION)
    page = world.get(path_of(handed))
    answered = world.get(
        path_of(world.post(path_of(handed), {"form_token": token_of(page, "/widget/continue"), "keep": "yes"}))
    )
    world.handed_out["framed code"] = query_of(answered)["code"]
    be_chosen_in_the_browser(world)
    told = world.send("/widget/message", framed_ticket(world, response_mode="web_message"))
    world.handed_out["told code"] = told.json["response"]["code"]  # type: ignore[index]
    world.web = before


def be_chosen_in_the_browser(world: World) -> None:
    """By the browser's own dialogue, with the cookie that the hand-over left."""
    page = {"Origin": CALLBACK.rpartition("/")[0], "Sec-Fetch-Dest": "webidentity"}
    account = world.get("/fedcm/accounts", headers=page).json["accounts"][0]["id"]  # type: ignore[index]
    credentials = base64.b64encode(f"portail:{FED['client secret']}".encode()).decode()
    pushed = world.post("/par", ASKED, headers={"Authorization": f"Basic {credentials}"}).json
    form = {"client_id": "portail", "account_id": account, "params": json.dumps(pushed)}
    given = world.post("/fedcm/assertion", form, headers=page).json
    world.handed_out["chosen code"] = json.loads(given["token"])["code"]  # type: ignore[index]


def framed_ticket(world: World, **more: str) -> dict[str, str]:
    """What the frame of a pushed request is given for the right password, and its next tx."""
    credentials = base64.b64encode(f"portail:{FED['client secret']}".encode()).decode()
    pushed = world.post("/par", {**ASKED, **more}, headers={"Authorization": f"Basic {credentials}"})
    named = {"client_id": "portail", "request_uri": pushed.json["request_uri"], "ch": "a" * 32}  # type: ignore[index]
    tx = re.search(r'data-tx="([^"]+)"', world.get("/widget/frame", query_string=named).text)
    assert tx is not None
    refused = world.send("/widget/submit", {**TYPED, "password": FED["wrong password"], "tx": tx[1]})
    again: str = refused.json["tx"]  # type: ignore[index]
    for text in (tx[1], again):
        world.handed_out[f"frame's secret {len(world.handed_out)}"] = text.split(".")[1]
    accepted = world.send("/widget/submit", {**TYPED, "password": FED["right password"], "tx": again})
    given: dict[str, str] = accepted.json  # type: ignore[assignment]
    world.handed_out[f"ticket {len(world.handed_out)}"] = given["ticket"]
    return {name: given[name] for name in ("tx", "ticket")}


def be_delayed(world: World) -> None:
    """Wrong until the throttle delays, then the mailed link, opened."""
    browser = world.web.application.test_client()
    world.web, before = browser, world.web
    statuses = [sign_in(world, FED["wrong password"], path_of(authorize(world))).status_code for _ in range(8)]
    assert 429 in statuses
    Runner(world.deps, "runner", Event()).once()
    link = re.search(r"https://\S+[?]k=(\S+)", world.mailer.sent[-1].text)
    assert link is not None
    world.handed_out["link"] = link[1]
    opened = world.get(f"/sign-in/link?k={link[1]}")
    assert world.post("/sign-in/link", hidden_fields(opened)).status_code == 200
    world.web = before


def turn_keys(world: World) -> None:
    assert isinstance(world.deps.clock, QuietClock)
    world.deps.clock.advance(10 * MINUTE)
    rotate_keys(world.deps, OPERATOR)
    retire_key(world.deps, OPERATOR, list_signing_keys(world.deps)[0].kid, stolen=True)
    rewrap(world.deps, OPERATOR)


def test_no_secret_is_in_logs_or_database_after_every_journey(world: World) -> None:
    walk_everywhere(world)
    assert len(world.handed_out) > 12
    logged, kept = world.log.getvalue(), database_text(world.deps)
    assert "sign_in.accepted" in logged
    assert "sign_in.accepted" in kept
    assert (found_in(logged, world.secrets()), found_in(kept, world.secrets())) == (set(), set())


def test_no_answer_holds_what_was_fed_nor_hands_a_secret_out_twice(world: World) -> None:
    walk_everywhere(world)
    said = [answer.text + str(answer.headers) for answer in world.answers]
    assert found_in("\n".join(said), FED.items()) == set()
    tokens = {name: text for name, text in world.handed_out.items() if not name.startswith(("cookie", "link"))}
    again = {name for name, text in tokens.items() if sum(text in answer for answer in said) > 1}
    assert again == identical_response(world)


def identical_response(world: World) -> set[str]:
    """For ten seconds the previous refresh token gets the identical answer: those three alone are told twice."""
    refreshed = [answer for answer in world.answers if answer.is_json and "refresh_token" in (answer.json or {})]
    twice = {
        text
        for answer in refreshed
        for text in (answer.json or {}).values()
        if sum(text in (other.json or {}).values() for other in refreshed) == 2
    }
    return {name for name, text in world.handed_out.items() if text in twice}


def test_the_search_finds_a_secret_that_leaks(world: World) -> None:
    """The control: one planted in each place, in each spelling, is found."""
    secret = [("planted", FED["right password"])]
    raw = FED["right password"].encode()
    for leaked in (raw.decode(), raw.hex(), f"x{base64.b64encode(raw).decode()}"):
        logging.getLogger("some.library").debug("body: %s", leaked)
        assert found_in(world.log.getvalue(), secret) == {"planted"}
        world.log.truncate(0)
        assert found_in(f'{{"a": "{leaked}"}}', secret) == {"planted"}
    assert found_in(database_text(world.deps), secret) == set()
    with world.deps.transaction() as connection:
        row = {
            "at": 1, "event": "e", "actor_role": "r", "actor": "a", "subject": "", "client_id": "",
            "address_prefix": "", "request_id": "", "facts": {"x": FED["right password"]}, "expires_at": 1,
        }  # fmt: skip
        connection.execute(insert(audit_events).values(row))
    assert found_in(database_text(world.deps), secret) == {"planted"}
