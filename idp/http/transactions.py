"""The guard of every step: its page opens only in the browser that began the transaction, and only while it is open."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from flask import Request, Response, request

from idp.domain.portals.clients import Client, Match
from idp.domain.sign_in.password_triplet import SignedIn
from idp.domain.sign_in.transactions import OpenTransaction, RefusalReason, TransactionRefusal
from idp.http.actors import anonymous_actor
from idp.http.cookies import browser_cookie
from idp.http.csrf import FormScope
from idp.http.deps import current_deps, current_extensions
from idp.http.languages import use_ui_locales
from idp.http.page_errors import PageError
from idp.http.pages import error_page
from idp.http.partners import partner_named
from idp.http.redirects import query_of, see_other
from idp.usecases.deps import NoSigningKey, StoreUnavailable
from idp.usecases.portals.clients import find_client
from idp.usecases.sign_in.accepted_tries import Then
from idp.usecases.sign_in.transactions import find_transaction

REFUSALS: dict[RefusalReason, tuple[PageError, int]] = {
    RefusalReason.UNKNOWN: (PageError.UNKNOWN_TRANSACTION, 404),
    RefusalReason.EXPIRED: (PageError.EXPIRED_TRANSACTION, 410),
    RefusalReason.CLOSED: (PageError.CLOSED_TRANSACTION, 410),
    RefusalReason.FOREIGN_BROWSER: (PageError.FOREIGN_BROWSER, 403),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What a step's page stands on."""

    transaction: OpenTransaction
    client: Client
    scope: FormScope

    @property
    def exact(self) -> bool:
        """Names must be spelled as registered (the client's `match: exact`)."""
        return self.client.match is Match.EXACT

    @property
    def query(self) -> str:
        """What addresses of this step end with: whose transaction it was is needed once it is deleted."""
        return query_of({"t": self.transaction.id, "client_id": self.client.client_id})

    @property
    def form_action(self) -> tuple[str, ...]:
        """Where a post of this transaction's forms may end: at the redirect URI it asked for."""
        return (self.transaction.request["redirect_uri"],)


def open_step(request: Request) -> Step | Response:
    """The step that `t` names, or the page that says why not and where to start again.

    From here on the request speaks the language of its authorization request.
    """
    deps, browser = current_deps(), browser_cookie(request)
    found = find_transaction(deps, anonymous_actor(request), request.args.get("t", ""), browser)
    if isinstance(found, TransactionRefusal):
        return refusal_page(found)
    use_ui_locales(found.request.get("ui_locales", ""))
    client = find_client(deps, found.client_id)
    if client is None:  # removed from the registry since
        return error_page(PageError.UNKNOWN_CLIENT, status=400)
    return Step(found, client, FormScope(found.id, browser))


def refusal_page(refusal: TransactionRefusal) -> Response:
    """Why this transaction cannot be gone on with, in the portal's theme when it is known whose it was.

    A bookmarked page, and a form that was left open, outlive their transaction: then the `client_id` beside `t` says
    where to start again. It chooses among addresses that portals registered, and nothing else.
    """
    code, status = REFUSALS[refusal.reason]
    client_id = refusal.client_id or request.args.get("client_id", "")
    return error_page(code, client=partner_named(client_id), status=status)


class NextAnswer(Protocol):
    """What is next for a transaction, found in the database transaction of the step that opens its session."""

    @property
    def then(self) -> Then[SignedIn]:
        """To be called there."""

    def response(self) -> Response | None:
        """What came of it, once that is committed; None: the browser is to come for it."""


Dispatcher = Callable[[OpenTransaction], NextAnswer | None]
DISPATCHER = "mire.dispatcher"
"""Its name among the application's extensions: the doors do not import one another."""


def next_answer(step: Step) -> NextAnswer | None:
    """How the one dispatcher will answer this browser's new session, without sending it there first; None where what it
    answers is not to be the answer to the step's own post."""
    dispatcher: Dispatcher = current_extensions()[DISPATCHER]
    return dispatcher(step.transaction)


def go_on(step: Step, answer: NextAnswer | None) -> Response:
    """This answer; what it does not say is for the browser to come for."""
    response = None
    if answer:
        with suppress(StoreUnavailable, NoSigningKey):  # what the step has done is kept: its cookies must go out
            response = answer.response()
    return response or resume(step.transaction.id)


def resume(transaction_id: str) -> Response:
    """Back to the one dispatcher: steps never route to one another."""
    return see_other("/authorize/resume?" + query_of({"t": transaction_id}))
