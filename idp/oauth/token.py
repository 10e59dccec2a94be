"""POST /token."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import OAuth2Error
from flask import Response

from idp.domain.platform.metrics import Metric
from idp.http.deps import current_request
from idp.oauth.answers import error_response
from idp.oauth.payloads import BodyRequest
from idp.oauth.server import current_server


def token() -> Response:
    """RFC 6749 section 3.2."""
    server, grant_type = current_server(), "none"
    try:
        body = BodyRequest(current_request())
        grant = server.get_token_grant(body)
        grant_type = grant.GRANT_TYPE
        grant.validate_token_request()
        return server.handle_response(*grant.create_token_response())
    except OAuth2Error as error:
        server.deps.metrics.count(Metric.TOKENS, grant_type=grant_type, outcome="refused")
        return error_response(error)
