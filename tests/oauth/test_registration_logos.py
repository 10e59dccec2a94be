"""`logo_uri`: fetched once by a job, never from inside our network, and served by us (RFC 7591 sections 2 and 5)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from idp.adapters.logs import QuietLog
from idp.adapters.outbound import Outbound, OutboundAnswer, OutboundFailure, OutboundRefusal, QuietOutbound
from idp.jobs.runner import Runner
from idp.usecases.deps import Deps
from idp.usecases.portals.client_logos import logo_of
from idp.usecases.portals.clients import find_client
from tests.adapters.test_logo_images import HIDDEN, picture, read
from tests.adapters.test_outbound import certificate as certificate
from tests.adapters.test_outbound import say, serving, to
from tests.oauth.test_registration import register
from tests.oauth.test_registration_management import change, own
from tests.quiet import quiet_app

LOGO = "https://jeu.example.fr/logo.png"


def work(deps: Deps) -> None:
    Runner(deps, "test", Event()).do_jobs()


def served(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(content), content)


def answering(deps: Deps, answer: OutboundAnswer | OutboundFailure) -> None:
    cast(QuietOutbound, deps.outbound).answers[LOGO] = answer


def test_a_logo_is_fetched_after_registering_and_served_by_us(deps: Deps, web: FlaskClient) -> None:
    """Module oidcc-registration-logo-uri."""
    answering(deps, OutboundAnswer(200, picture("JPEG", (800, 400)), {}))
    body = register(deps, web, logo_uri=LOGO).json
    assert LOGO == body["logo_uri"]
    assert [] == cast(QuietOutbound, deps.outbound).calls
    address = f"/clients/{body['client_id']}/logo"
    assert 404 == web.get(address).status_code
    work(deps)
    assert [("GET", LOGO, {})] == cast(QuietOutbound, deps.outbound).calls
    answer = web.get(address)
    assert "image/png" == answer.content_type
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "PNG" == read(answer.data).format
    client = find_client(deps, body["client_id"])
    assert client is not None
    assert client.logo_path.startswith(f"{address}?v=")
    assert 200 == web.get(client.logo_path).status_code


ABSENT = {
    "nobody": OutboundFailure(OutboundRefusal.UNREACHABLE),
    "a slow host": OutboundFailure(OutboundRefusal.TOO_SLOW),
    "an endless one": OutboundFailure(OutboundRefusal.TOO_LARGE),
    "an error": OutboundAnswer(500, picture(), {}),
    "a redirect": OutboundAnswer(302, picture(), {"location": "https://jeu.example.fr/other.png"}),
    "a page": OutboundAnswer(200, HIDDEN, {}),
}


@pytest.mark.parametrize("answer", ABSENT.values(), ids=ABSENT)
def test_a_logo_that_is_not_there_fails_no_registration(answer: Any, deps: Deps, web: FlaskClient) -> None:
    answering(deps, answer)
    body = register(deps, web, logo_uri=LOGO)
    assert 201 == body.status_code
    for _ in range(2):
        work(deps)
    assert 1 == len(cast(QuietOutbound, deps.outbound).calls), "it is tried once"
    client = find_client(deps, body.json["client_id"])
    assert client is not None
    assert "" == client.logo_path
    event = [fields for name, fields in cast(QuietLog, deps.log).lines if name == "client.logo_not_fetched"]
    assert ["jeu.example.fr"] == [fields["host"] for fields in event]


def test_a_changed_logo_is_fetched_again_and_a_removed_one_forgotten(deps: Deps, web: FlaskClient) -> None:
    answering(deps, OutboundAnswer(200, picture(), {}))
    body = register(deps, web, logo_uri=LOGO).json
    work(deps)
    kept = change(web, body, logo_uri=LOGO).json
    assert logo_of(deps, body["client_id"]) is not None
    changed = change(web, kept, logo_uri=f"{LOGO}?2").json
    assert logo_of(deps, body["client_id"]) is None
    cast(QuietOutbound, deps.outbound).answers[f"{LOGO}?2"] = OutboundAnswer(200, picture(), {})
    work(deps)
    assert logo_of(deps, body["client_id"]) is not None
    change(web, changed)
    assert logo_of(deps, body["client_id"]) is None


def test_a_client_that_left_before_the_job_leaves_nothing(deps: Deps, web: FlaskClient) -> None:
    body = register(deps, web, logo_uri=LOGO).json
    assert 204 == web.delete(f"/register/{body['client_id']}", headers=own(body)).status_code
    work(deps)
    assert [] == cast(QuietOutbound, deps.outbound).calls


def test_only_logos_of_registered_clients_are_served(web: FlaskClient) -> None:
    for name in ("portal", "reg.nobodynobodynobodyno", "..%2f..%2fetc%2fpasswd", "reg.%00"):
        assert 404 == web.get(f"/clients/{name}/logo").status_code


def fetched(deps: Deps, uri: str, outbound: Outbound, member: str = "logo_uri") -> Any:
    """What comes of registering with this address, the calls being real ones."""
    real = replace(deps, outbound=outbound)
    answer = register(real, quiet_app(real).test_client(), **{member: uri})
    work(real)
    return logo_of(real, answer.json["client_id"]) if answer.status_code == 201 else answer.json["error"]


@pytest.mark.parametrize("inner", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_logo_never_comes_from_inside(inner: str, deps: Deps, certificate: Path) -> None:
    """RFC 7591 section 5 (server-side request forgery): a name that leads to this machine. The control reaches it."""
    with serving(say(served(picture())), certificate) as inside:
        uri = f"https://portal.test:{inside.port}/logo.png"
        attack = Outbound((), str(certificate), resolver=to(inner))
        assert fetched(deps, uri, attack) is None
        assert [] == inside.requests
        control = Outbound((f"portal.test:{inside.port}",), str(certificate), resolver=to(inner))
        assert fetched(deps, uri, control) is not None
        assert 1 == len(inside.requests)
        assert b"Accept: image/png" in inside.requests[0]


def test_the_clouds_own_address_is_never_asked(deps: Deps) -> None:
    """169.254.169.254 gives a machine's credentials to whoever asks from that machine. Nobody is connected to."""
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["169.254.169.254"]

    assert fetched(deps, "https://metadata.example.fr/latest", Outbound(resolver=resolver)) is None
    assert ["metadata.example.fr"] == asked
    assert fetched(deps, "https://169.254.169.254/latest", Outbound(resolver=to("169.254.169.254"))) is None
    events = [fields["reason"] for name, fields in cast(QuietLog, deps.log).lines if name == "client.logo_not_fetched"]
    assert ["forbidden_destination"] * 2 == events


def test_a_logo_does_not_lead_elsewhere(deps: Deps, certificate: Path) -> None:
    """A redirect to a service of ours is not followed. The control: asked directly, that service gives a picture."""
    with serving(say(served(picture())), certificate) as secret:
        target = f"https://portal.test:{secret.port}/secret.png"
        redirect = f"HTTP/1.1 302 Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
        outbound = Outbound(("127.0.0.1/32",), str(certificate), resolver=to("127.0.0.1"))
        with serving(say(redirect), certificate) as portal:
            assert fetched(deps, f"https://portal.test:{portal.port}/logo.png", outbound) is None
            assert (1, 0) == (len(portal.requests), len(secret.requests))
        assert fetched(deps, target, outbound) is not None


def test_a_sector_document_never_comes_from_inside(deps: Deps, certificate: Path) -> None:
    """OpenID Connect Registration section 5, with the same guard. The control reaches it."""
    listed = served(b'["https://portail.example.fr/callback"]')
    with serving(say(listed), certificate) as inside:
        uri = f"https://portal.test:{inside.port}/sector.json"
        attack = Outbound((), str(certificate), resolver=to("127.0.0.1"))
        assert "invalid_client_metadata" == fetched(deps, uri, attack, "sector_identifier_uri")
        assert [] == inside.requests
        control = Outbound((f"portal.test:{inside.port}",), str(certificate), resolver=to("127.0.0.1"))
        assert fetched(deps, uri, control, "sector_identifier_uri") is None
        assert 1 == len(inside.requests)


def test_the_sign_in_page_shows_the_logo_and_where_to_read_more(deps: Deps, web: FlaskClient) -> None:
    """Modules oidcc-registration-logo-uri, -policy-uri and -tos-uri; the name is text and never markup."""
    answering(deps, OutboundAnswer(200, picture(), {}))
    links = {"policy_uri": "https://jeu.example.fr/donnees", "tos_uri": "https://jeu.example.fr/conditions"}
    body = register(deps, web, logo_uri=LOGO, client_name="<b>Jeu</b>", **links).json
    work(deps)
    query = {
        "client_id": body["client_id"], "redirect_uri": body["redirect_uris"][0], "response_type": "code",
        "scope": "openid", "code_challenge": "a" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    page = web.get(web.get("/authorize", query_string=query).headers["Location"]).text
    assert f'src="/clients/{body["client_id"]}/logo?v=' in page
    assert LOGO not in page
    assert "&lt;b&gt;Jeu&lt;/b&gt;" in page
    assert "<b>Jeu" not in page
    for link in links.values():
        assert f'href="{link}"' in page


def test_the_consent_page_says_that_nobody_checked_the_name(deps: Deps, web: FlaskClient, session_id: str) -> None:
    """Who registered itself may call itself anything: the page names the host that the person goes back to."""
    web.set_cookie("__Host-mire_sid", "cookie", domain="connexion.example.fr")
    body = register(deps, web, client_name="Net-entreprises").json
    query = {
        "client_id": body["client_id"], "redirect_uri": body["redirect_uris"][0], "response_type": "code",
        "scope": "openid", "code_challenge": "a" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    location = web.get("/authorize", query_string=query).headers["Location"]
    assert location.startswith("/consent"), location
    page = web.get(location).text
    assert "son nom n’a pas été vérifié" in page
    assert "portail.example.fr." in page
