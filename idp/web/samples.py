"""A sample of every page: what `idp themes preview`, axe, the CSP watch, the screenshots and the width tests look at.

The list is held against the folder of templates by test_pages.py: a template without a sample fails.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from flask import Response
from werkzeug.datastructures import MultiDict

from idp.domain.platform.instants import Instant
from idp.domain.portals.clients import Client
from idp.domain.portals.device_codes import DeviceAuthorization
from idp.domain.portals.scopes import IDENTITY_SCOPES
from idp.domain.portals.widget_findings import Finding, Found
from idp.domain.sign_in.journey import Done
from idp.domain.sign_in.password_triplet import SiretClosed
from idp.domain.sign_in.sessions import LiveSession
from idp.domain.sign_in.transactions import OpenTransaction
from idp.http.csrf import FormScope
from idp.http.framing import FramedStep
from idp.http.page_errors import PageError
from idp.http.pages import error_page, render_page
from idp.http.static_files import static_url
from idp.http.transactions import Step
from idp.usecases.portals.connections import (
    Agreement,
    ConnectedBrowser,
    Connections,
    Consent,
    LastingAccess,
    OfflineGrant,
)
from idp.usecases.portals.openable import OpenablePortal
from idp.usecases.portals.widget_check import Unjudged
from idp.usecases.sign_in.hand_over import HandOverRow
from idp.usecases.sign_in.sign_in_links import LinkOpened
from idp.web.portals.consent import agreed_texts, consent_page
from idp.web.portals.device import DeviceForm, code_page, confirm_page, done_page
from idp.web.portals.widget_check import CheckForm, check_page
from idp.web.portals.widget_frame import Shown, expired_page, frame_page
from idp.web.portals.widget_handover import continue_page
from idp.web.sign_in.form import SignInForm
from idp.web.sign_in.link import LinkForm, asking_page, opened_page
from idp.web.sign_in.page import closed_page, form_page
from idp.web.sign_in.select_account import account_page
from idp.web.sign_in.signed_in_steps import SignedInStep

CLIENT = Client(
    "portail",
    client_name="Portail d’essai",
    redirect_uris=("https://portail.example.fr/cb",),
    client_uri="https://portail.example.fr/",
    policy_uri="https://portail.example.fr/donnees",
    tos_uri="https://portail.example.fr/conditions",
)
TYPED = {
    "siret": "999 000 375 00017",
    "family_name": "MOUTIN",
    "given_name": "CLAIRE",
    "password": "x",
    "remember": "y",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One state of one template."""

    template: str
    render: Callable[[Client], Response]


def step(client: Client, **request: str) -> Step:
    """A step of a transaction of this client."""
    asked = {"redirect_uri": client.redirect_uris[0], **request}
    transaction = OpenTransaction("t" * 43, client.client_id, asked, Done(), Instant(0), Instant(1))
    return Step(transaction, client, FormScope("t" * 43, "b" * 43))


def form(client: Client, typed: Mapping[str, str] | None = None) -> SignInForm:
    """The sign-in form, empty or typed."""
    return SignInForm(step(client).scope, MultiDict(typed) if typed is not None else None)


def empty(client: Client) -> Response:
    """Before anything was typed."""
    return form_page(step(client), form(client))


def with_errors(client: Client) -> Response:
    """With fields to correct."""
    typed = form(client, {"siret": "123456789", "family_name": "", "given_name": "CLAIRE"})
    typed.validate()
    return form_page(step(client), typed)


def noticed(notice: str, **facts: int) -> Callable[[Client], Response]:
    """With a notice above."""
    return lambda client: form_page(step(client), form(client, TYPED), notice=notice, **facts)


def closed(successor: str) -> Callable[[Client], Response]:
    """A closed SIRET, with or without a successor."""
    outcome = SiretClosed("99900037500017", successor, "MOUTIN ET FILS")
    return lambda client: closed_page(step(client), outcome)


def failed(code: PageError) -> Callable[[Client], Response]:
    """An error page."""
    return lambda client: error_page(code, client=client, status=200)


FRAMING = "https://portail.example.fr"
SESSION = LiveSession(
    id="s1", account_id=1, subject="sub", given_name="Claire", family_name="MOUTIN", siret="99900037500017",
    auth_time=Instant(0), acr="eidas1", amr=("pwd",), created_at=Instant(1_790_000_000_000),
    last_seen_at=Instant(1_790_000_600_000), expires_at=Instant(1_790_040_000_000),
    browser_label="Firefox, Windows", address_prefix="203.0.113.7/32",
)  # fmt: skip


def connections(client: Client) -> Response:
    """Two sessions, a lasting access and an agreement."""
    grant = OfflineGrant(
        "a", "portail", Instant(1_790_000_000_000), Instant(1_790_000_600_000), Instant(1_797_000_000_000)
    )
    detail = {"type": "acting_for", "siren": "999000375", "e_service": "paie"}
    agreed = Consent("portail", ("openid", "email", "offline_access"), (detail,), Instant(1_790_000_000_000))
    phone = replace(SESSION, id="s2", browser_label="Safari, iPhone")
    office = [replace(SESSION, id=f"o{number}") for number in range(3)]
    listed = Connections(
        ConnectedBrowser(SESSION.browser_label, [SESSION], ("Portail d’essai",)),
        [
            ConnectedBrowser("Safari, iPhone", [phone], ()),
            ConnectedBrowser("Firefox, Windows", office, ("Compte formation", "Guichet paie")),
        ],
        4,
        [LastingAccess(grant, "Portail d’essai")],
        [Agreement(agreed, "Portail d’essai")],
    )
    return render_page(
        "sessions.html", client=client, session=SESSION, connections=listed, form_token="f", agreed_texts=agreed_texts
    )


def no_connections(client: Client) -> Response:
    """Nothing but this session."""
    listed = Connections(ConnectedBrowser(SESSION.browser_label, [SESSION], ()), [], 0, [])
    return render_page(
        "sessions.html", client=client, session=SESSION, connections=listed, form_token="f", agreed_texts=agreed_texts
    )


def portals(client: Client) -> Response:
    """Two portals to open."""
    listed = [
        OpenablePortal("Compte formation", "https://formation.example.fr/connexion?iss=https%3A%2F%2Fexample.fr"),
        OpenablePortal("Guichet paie", "https://paie.example.fr/"),
    ]
    return render_page("portals.html", client=client, session=SESSION, portals=listed)


def no_portals(client: Client) -> Response:
    """None."""
    return render_page("portals.html", client=client, session=SESSION, portals=[])


def sign_out(client: Client) -> Response:
    """Asking whether to sign out."""
    return render_page("sign_out.html", client=client, session=SESSION, form_token="f")


def signed_out(*names: str) -> Callable[[Client], Response]:
    """Signed out, with the portals that confirmed and those that did not."""
    return lambda client: render_page("signed_out.html", client=client, confirmed=names[:1], others=names[1:])


def consent(client: Client) -> Response:
    """Asking for everything."""
    everything = replace(client, scopes=frozenset(IDENTITY_SCOPES))
    return consent_page(SignedInStep(step(everything, scope=" ".join(IDENTITY_SCOPES)), SESSION))


def consent_details(client: Client) -> Response:
    """Asking to act for a company and for one of its establishments."""
    details = [
        {"type": "acting_for", "siren": "999000375", "e_service": "paie"},
        {"type": "acting_for", "siret": "99900037500017", "e_service": "conges-maladie"},
    ]
    acting = replace(client, authorization_details_types=("acting_for",))
    return consent_page(SignedInStep(step(acting, scope="openid", authorization_details=json.dumps(details)), SESSION))


def consent_registered(client: Client) -> Response:
    """Asked by a client that registered itself, with its logo."""
    logo = static_url("icon.svg")
    return consent(
        replace(client, client_id="reg.abcdefghijklmnopqrstuv", client_name="Jeu du dimanche", logo_path=logo)
    )


def device_form() -> DeviceForm:
    """The form of the device page."""
    return DeviceForm(FormScope("device", "b" * 43))


def device_confirm(client: Client) -> Response:
    """Is this your device?"""
    device = DeviceAuthorization("d", b"", client.client_id, "openid profile", "", "pending", 5, Instant(0), Instant(1))
    return confirm_page(device_form(), device, client, "BCDFGHJK")


def widget_check(outcome: Sequence[Finding] | Unjudged | None = None) -> Callable[[Client], Response]:
    """A page of a partner that was looked at."""
    typed = {"client_id": "portail", "address": "https://portail.example.fr/connexion"}
    return lambda client: check_page(CheckForm(FormScope("widget-check", "b" * 43)), client, typed, outcome)


CHECKED = [
    Finding(Found.FRAME_REFUSED, "frame-src https://connexion.example.fr"),
    Finding(
        Found.INTEGRITY_WRONG,
        f'<script src="https://connexion.example.fr/w/1.0.0/mire-login.js" integrity="sha384-{"A" * 64}"></script>',
    ),
    Finding(Found.HSTS_MISSING, "Strict-Transport-Security: max-age=31536000"),
    Finding(Found.FORM_ACTION_OK),
    Finding(Found.LINK_OK),
]


def widget_frame(scheme: str = "", **request: str) -> Callable[[Client], Response]:
    """The form in a partner's page, for a loader that wants this scheme."""
    return lambda client: frame_page(FramedStep(step(client, **request), FRAMING), Shown("", scheme))


def widget_continue(other: bool) -> Callable[[Client], Response]:
    """Who is about to be signed in, with or without somebody else being so already."""
    instants = (Instant(0), "eidas1", Instant(0))
    person = HandOverRow("t", "portail", 2, *instants, "other", "Tom", "SAWYER", "97050551700072")
    return lambda client: continue_page(step(client), person, SESSION if other else None)


def posted(client: Client) -> Response:
    """As the form post response mode does; doors do not import one another."""
    uri = client.redirect_uris[0]
    members = {"code": "c", "state": "<s>", "iss": "i"}
    return render_page("form_post.html", client=client, form_action=[uri], redirect_uri=uri, members=members)


def told_by_message(client: Client) -> Response:
    """As the web message response mode does, when nobody is there to be told."""
    members = {"code": "c", "state": "<s>", "iss": "i"}
    return render_page("web_message.html", client=client, recipient="https://portail.example.fr", members=members)


def told_to_the_browser(client: Client) -> Response:
    """What ends the browser's own dialogue, when there is none."""
    return render_page("fedcm_end.html", client=client, token="", account="")


def overview(client: Client) -> Response:
    """Every sample in every theme."""
    themes = [client.theme, "guichet-paie"]
    return overview_page(themes, ["theme.yaml:3: a problem, and what to write instead"], client)


def overview_page(themes: Sequence[str], problems: Sequence[str], client: Client) -> Response:
    """Links to every sample in every theme, and what is wrong with the themes."""
    return render_page("preview.html", client=client, themes=themes, problems=problems, samples=list(SAMPLES))


SAMPLES: dict[str, Sample] = {
    "sign-in": Sample("sign_in.html", empty),
    "sign-in-errors": Sample("sign_in.html", with_errors),
    "sign-in-refused": Sample("sign_in.html", noticed("refused")),
    "sign-in-delayed": Sample("sign_in.html", noticed("delayed", wait=250, retry_at=1_790_000_250_000)),
    "sign-in-busy": Sample("sign_in.html", noticed("busy", wait=4)),
    "siret-closed": Sample("siret_closed.html", closed("97050551700072")),
    "siret-closed-for-good": Sample("siret_closed.html", closed("")),
    "consent": Sample("consent.html", consent),
    "consent-details": Sample("consent.html", consent_details),
    "consent-registered": Sample("consent.html", consent_registered),
    "select-account": Sample("select_account.html", lambda client: account_page(SignedInStep(step(client), SESSION))),
    "sessions": Sample("sessions.html", connections),
    "sessions-only-this": Sample("sessions.html", no_connections),
    "portals": Sample("portals.html", portals),
    "portals-none": Sample("portals.html", no_portals),
    "sign-out": Sample("sign_out.html", sign_out),
    "signed-out": Sample("signed_out.html", signed_out("Compte formation", "Guichet paie")),
    "signed-out-quietly": Sample("signed_out.html", signed_out()),
    "device": Sample("device.html", lambda _: code_page(device_form(), "")),
    "device-wrong": Sample("device.html", lambda _: code_page(device_form(), "BCDF-GHJK", wrong=True)),
    "device-confirm": Sample("device_confirm.html", device_confirm),
    "device-approved": Sample("device_done.html", lambda client: done_page(client, "approved")),
    "device-denied": Sample("device_done.html", lambda client: done_page(client, "denied")),
    "widget-check": Sample("widget_check.html", widget_check()),
    "widget-check-found": Sample("widget_check.html", widget_check(CHECKED)),
    "widget-check-elsewhere": Sample("widget_check.html", widget_check(Unjudged.ELSEWHERE)),
    "widget-frame": Sample("widget_frame.html", widget_frame()),
    "widget-frame-filled": Sample(
        "widget_frame.html", widget_frame(login_hint="99900037500017;MOUTIN;CLAIRE", response_mode="web_message")
    ),
    "widget-frame-dark": Sample("widget_frame.html", widget_frame("dark")),
    "widget-expired": Sample(
        "widget_expired.html", lambda client: expired_page(client, FRAMING, Shown("", ""), status=200)
    ),
    "widget-continue": Sample("widget_continue.html", widget_continue(other=False)),
    "widget-continue-other": Sample("widget_continue.html", widget_continue(other=True)),
    "form-post": Sample("form_post.html", posted),
    "web-message": Sample("web_message.html", told_by_message),
    "fedcm-end": Sample("fedcm_end.html", told_to_the_browser),
    "sign-in-link": Sample("sign_in_link.html", lambda client: asking_page(LinkForm(step(client).scope, k="k"))),
    "sign-in-link-opened": Sample(
        "sign_in_link_opened.html", lambda client: opened_page(LinkOpened("d", client.client_id))
    ),
    "error": Sample("error.html", failed(PageError.EXPIRED_TRANSACTION)),
    "error-internal": Sample("error.html", failed(PageError.INTERNAL)),
    "preview": Sample("preview.html", overview),
}


def dressed(theme: str) -> Client:
    """The sample client in that theme; its own name gives way to the theme's."""
    return replace(CLIENT, client_id=theme, theme=theme, client_name="")
