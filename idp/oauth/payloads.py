"""What a client sends to a back-channel endpoint: the form body alone, each parameter once.

Authlib's own Flask request reads the query string too (authlib/integrations/flask_oauth2/requests.py uses
`request.values`), where secrets and codes end up in access logs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Payload, OAuth2Request
from flask import Request

from idp.domain.portals.confirmations import NO_CONFIRMATION
from idp.http.limits import FORM

MAY_REPEAT = frozenset({"resource", "audience"})
LONGEST_VALUE = 16 * 1024
MOST_PARAMETERS = 100


class BodyPayload(OAuth2Payload):  # type: ignore[misc]
    """The parameters of one form body."""

    def __init__(self, parameters: Mapping[str, list[str]]) -> None:
        self._datalist = defaultdict(list, parameters)
        self._data = {name: values[0] for name, values in parameters.items()}

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return self._datalist


class BodyRequest(OAuth2Request):  # type: ignore[misc]
    """A request to /token, /introspect or /revoke, as Authlib's grants and endpoints expect it."""

    def __init__(self, request: Request) -> None:
        # Not super().__init__(): it refuses http for *.localhost, and the scheme was checked before any view.
        self.method = request.method
        self.uri = request.path  # the whole address is of no use here and dear to build
        self.headers = request.headers
        self.payload = BodyPayload(read_form(request))
        self.client = None
        self.confirmation = NO_CONFIRMATION
        self.auth_method = None
        self.user = None
        self.authorization_code = None
        self.refresh_token = None
        self.credential = None
        self._scope = None
        self._body = None

    @property
    def form(self) -> dict[str, str]:
        return self.payload.data

    @property
    def args(self) -> dict[str, str]:
        return {}


def read_form(request: Request) -> dict[str, list[str]]:
    """Every parameter of the body that has a value (RFC 6749 section 3.2: one without is as if it was not sent).

    Raises:
        InvalidRequestError: another content type, a repeated, oversized or unreadable parameter, NUL, too many.
    """
    if request.mimetype != FORM:
        raise InvalidRequestError(f"The body must be {FORM}.")
    try:
        text = request.get_data(cache=True).decode()
        pairs = parse_qsl(text, keep_blank_values=False, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:  # UnicodeDecodeError is one
        raise InvalidRequestError("The body cannot be read.") from None
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        if len(value) > LONGEST_VALUE or "\0" in value:
            raise InvalidRequestError("A parameter is too long or holds a NUL.")
        if name in form and name not in MAY_REPEAT:
            raise InvalidRequestError("A parameter is repeated.")
        form.setdefault(name, []).append(value)
    return form
