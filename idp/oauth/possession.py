"""What a request shows beside its credential or token, and the RFC's words for what it did not show."""

from __future__ import annotations

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Request, Response

from idp.domain.portals.clients import Client
from idp.domain.portals.confirmations import Confirmation
from idp.domain.portals.dpop_proofs import ProofFault
from idp.http.deps import current_request
from idp.usecases.deps import Deps
from idp.usecases.portals.possession import Lacking, Presentation, lacking, new_nonce, show

NONCE_HEADER = "DPoP-Nonce"
CERTIFICATE_HEADER = "X-Client-Certificate"
"""Written by our proxy; http/proxies.py takes it away from everybody else."""


class InvalidDpopProof(OAuth2Error):  # type: ignore[misc]
    """RFC 9449 section 5."""

    error = "invalid_dpop_proof"
    description = "The DPoP proof is missing, invalid, out of its time or was used before."


class UseDpopNonce(OAuth2Error):  # type: ignore[misc]
    """RFC 9449 section 8."""

    error = "use_dpop_nonce"
    description = "The DPoP proof must carry the nonce of this answer."


def presentation(request: Request) -> Presentation:
    """As it was sent."""
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    return Presentation(
        request.method,
        request.path,
        request.headers.get("DPoP", ""),
        scheme,
        request.headers.get(CERTIFICATE_HEADER, ""),
    )


def confirmed(deps: Deps, request: Request, client: Client, *, for_tokens: bool) -> Confirmation:
    """The key that a back-channel request proves; at /token the one that the client's tokens must be bound to.

    Raises:
        InvalidDpopProof, UseDpopNonce, InvalidRequestError: it shows something wrong, or not what is demanded.
    """
    shown = presentation(request)
    proven = show(deps, client, shown)
    if shown.carries_nonce or proven is ProofFault.NONCE:
        offer_nonce(deps)
    if proven is ProofFault.NONCE:
        raise UseDpopNonce
    if isinstance(proven, ProofFault):
        raise InvalidDpopProof
    if for_tokens:
        check_demands(client, proven)
    return proven


def check_demands(client: Client, proven: Confirmation) -> None:
    """That what is shown will do for tokens of this client.

    Raises:
        InvalidDpopProof, InvalidRequestError
    """
    match lacking(client, proven):
        case Lacking.DPOP:
            raise InvalidDpopProof
        case Lacking.CERTIFICATE:
            raise InvalidRequestError("The client's tokens are bound to its certificate, and none was shown.")
        case Lacking.ANY:
            raise InvalidRequestError("The client's tokens are bound to a key: send a DPoP proof or a certificate.")


def offer_nonce(deps: Deps) -> None:
    """Put a fresh nonce on the answer (RFC 9449 section 8.2)."""
    nonce = new_nonce(deps)

    def with_nonce(response: Response) -> Response:
        response.headers[NONCE_HEADER] = nonce
        return response

    request = current_request()
    request.after = (*request.after, with_nonce)
