"""The parameters of one authorization request, however they came: query, posted form, or a transaction's row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request

from idp.domain.portals.clients import ResponseMode
from idp.domain.portals.fedcm import MARK as FOR_BROWSER
from idp.domain.portals.pushed_requests import MARK
from idp.domain.portals.requests import SubjectHint

REPEATABLE = ("resource", "audience")
RESPONSE_MODES = frozenset(ResponseMode)
UNDERSTOOD = frozenset({
    "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "prompt", "max_age", "login_hint", "acr_values", "claims", "ui_locales", "display",
    "resource", "dpop_jkt", "authorization_details", "widget_origin",
})  # fmt: skip
"""What a transaction keeps; anything else is ignored (OpenID Connect Core section 3.1.2.2)."""
VERIFIED_HINT = "verified_hint"
"""What is kept in place of an id_token_hint: whom it names, "client subject". No token is stored."""
SIGNED = "signed"
"""Kept of a request that came in a signed object."""


class AuthorizationParameters(OAuth2Payload):  # type: ignore[misc]
    """Authlib's view of them. A parameter without a value counts as omitted (RFC 6749 section 3.1)."""

    def __init__(
        self,
        pairs: Iterable[tuple[str, str]],
        verified_hint: str = "",
        *,
        signed: bool = False,
        pushed: str = "",
        for_browser: bool = False,
    ) -> None:
        # These are only what we found or stored ourselves: a parameter of that name is any unknown parameter.
        self.verified_hint = verified_hint
        self.signed = signed
        self.pushed = pushed
        self.for_browser = for_browser
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            if value:
                self._lists[name].append(value)
        self.first = {name: values[0] for name, values in self._lists.items()}
        self.repeated = tuple(name for name in self._lists if len(self._lists[name]) > 1 and name not in REPEATABLE)
        """Names sent more than once that may not be."""

    @classmethod
    def stored(cls, request: Mapping[str, str], *, pushed: str = "") -> AuthorizationParameters:
        """What a transaction kept, or what was pushed and gets this mark."""
        pairs = (
            (name, value)
            for name, text in request.items()
            for value in (text.split() if name in REPEATABLE else (text,))
            if name in UNDERSTOOD
        )
        pushed = pushed or request.get(MARK, "")
        hint, signed, for_browser = request.get(VERIFIED_HINT, ""), SIGNED in request, FOR_BROWSER in request
        return cls(pairs, hint, signed=signed, pushed=pushed, for_browser=for_browser)

    def put(self, name: str, value: str) -> None:
        """Replace a parameter by what we know better."""
        self._lists[name] = [value]
        self.first[name] = value
        self.repeated = tuple(other for other in self.repeated if other != name)

    @property
    def data(self) -> Mapping[str, str]:
        """The first value of each."""
        return self.first

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        """Every value of each."""
        return self._lists

    def one(self, name: str) -> str:
        """The value, or "" when it was not sent. Duplicates are refused before anyone relies on it."""
        return self.first.get(name, "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value, each once."""
        return tuple(dict.fromkeys(self._lists.get(name, ())))

    def kept(self, hint: SubjectHint | None) -> dict[str, str]:
        """What a transaction keeps of them."""
        kept = {name: value for name, value in self.first.items() if name in UNDERSTOOD}
        for name in REPEATABLE:
            if name in kept:
                kept[name] = " ".join(self.all(name))
        if hint:
            kept[VERIFIED_HINT] = f"{hint.client.client_id} {hint.subject}"
        if self.signed:
            kept[SIGNED] = "yes"
        if self.pushed:
            kept[MARK] = self.pushed
        if self.for_browser:
            kept[FOR_BROWSER] = "yes"
        return kept

    @property
    def response_mode(self) -> ResponseMode:
        """Where a response, or an error before the mode is checked, goes: query unless another known mode was sent."""
        sent = self.one("response_mode")
        return ResponseMode(sent) if sent in RESPONSE_MODES else ResponseMode.QUERY


def authlib_request(parameters: AuthorizationParameters) -> OAuth2Request:
    """What Authlib's hooks are given. Which scheme we were reached by is settled before (http/limits.py), so the
    address is a constant: Authlib would refuse http on a loopback name such as gateway.localhost."""
    request = OAuth2Request("GET", "https://authorize.invalid/")
    request.payload = parameters
    return request
