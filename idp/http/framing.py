"""Requests of our form inside a partner's page: where they come from, and the transaction that they hold.

The frame works without any cookie (browsers block those of third parties), so what binds a transaction to a browser is
a secret of the page itself: `tx` names the transaction, holds the secret, and carries our HMAC over both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from flask import Request, Response, jsonify

from idp.domain.platform.metrics import Metric
from idp.domain.platform.plain_json import read_plain_json
from idp.domain.portals.clients import Client
from idp.domain.portals.widgets import framing_origin
from idp.domain.sign_in.transactions import OpenTransaction, TransactionRefusal
from idp.http.actors import anonymous_actor
from idp.http.csrf import FormScope, check, form_token
from idp.http.deps import current_deps
from idp.http.languages import use_ui_locales
from idp.http.transactions import Step
from idp.usecases.portals.clients import find_client
from idp.usecases.sign_in.transactions import find_transaction

FORM_NAME = "widget"
LONGEST_TX = 512


@dataclass(frozen=True, slots=True)
class FramedStep:
    """The sign-in form of a transaction, in a frame of `origin`."""

    step: Step
    origin: str
    """The one page origin that may frame it; "" when the widget has been switched off since."""

    @property
    def client(self) -> Client:
        """Whose page it is in."""
        return self.step.client

    @property
    def transaction(self) -> OpenTransaction:
        """What it is about."""
        return self.step.transaction


def tx_of(scope: FormScope) -> str:
    """What the page of this transaction and secret sends with everything."""
    return f"{scope.scope_id}.{scope.browser_token}.{form_token(scope.scope_id, scope.browser_token, FORM_NAME)}"


def page_address(tx: str, client_id: str) -> str:
    """Where the same sign-in goes on as a page of its own. `client_id` says where to start again when it is over."""
    return "/widget/page?" + urlencode({"tx": tx, "client_id": client_id})


def open_framed_step(request: Request, tx: str) -> FramedStep | None:
    """The step that `tx` stands for, in the frame that was given it; None when it is not ours, spent or over.

    Our HMAC is checked before anything is looked up.
    """
    transaction_id, _, rest = tx.partition(".")
    secret, _, proof = rest.partition(".")
    if len(tx) > LONGEST_TX or not check(proof, transaction_id, secret, FORM_NAME):
        return None
    found = find_transaction(current_deps(), anonymous_actor(request), transaction_id, secret, framed=True)
    if isinstance(found, TransactionRefusal):
        return None
    client = find_client(current_deps(), found.client_id)
    if client is None:
        return None
    use_ui_locales(found.request.get("ui_locales", ""))
    scope = FormScope(found.id, secret)
    return FramedStep(Step(found, client, scope), framing_origin(client.widget, found.request))


def is_from_our_frame(request: Request) -> bool:
    """A script of ours sends it: no other origin's page can (it would be asked by a preflight, and is not answered).

    Programs forge headers at will, so nothing rests on this alone.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    ours = request.headers.get("Origin") == current_deps().issuer and site == "same-origin"
    return ours and request.mimetype == "application/json"


def sent_by_frame(request: Request) -> Mapping[str, str] | None:
    """The members of its JSON, each a text; None when it is not our frame's."""
    if not is_from_our_frame(request):
        return None
    try:
        sent = read_plain_json(request.get_data(as_text=True))
        if not isinstance(sent, dict) or not all(isinstance(value, str) for value in sent.values()):
            return None
        "".join([*sent, *sent.values()]).encode()  # half of a surrogate pair is no text
    except ValueError:
        return None
    return cast(Mapping[str, str], sent)


def frame_answer(*, http_status: int = 200, **members: Any) -> Response:
    """JSON for our script; absent members are left out."""
    response = jsonify({name: value for name, value in members.items() if value not in ("", None)})
    response.status_code = http_status
    return response


def expired(why: str) -> Response:
    """Start again: said of everything that is not, or no longer, this frame's. `why` is counted, and not said."""
    current_deps().metrics.count(Metric.WIDGET_REFUSALS, why=why)
    return frame_answer(http_status=403, status="error", error="expired")
