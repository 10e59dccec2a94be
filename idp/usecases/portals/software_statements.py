"""What a publisher says of its software (RFC 7591 section 2.3): believed when clients.yaml trusts the publisher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idp.adapters.assertions import ReadAssertion, read_assertion
from idp.domain.platform.instants import to_seconds
from idp.domain.portals.client_metadata import MetadataError, MetadataProblem
from idp.usecases.deps import Deps

MEMBER = "software_statement"
OWN = frozenset("iss sub aud exp nbf iat jti".split())
"""Claims about the statement, not about the software (RFC 7519 section 4.1)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What counts of a software statement; nothing at all when none was sent."""

    publisher: str = ""
    claims: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""

    def over(self, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        """The metadata of a request: what the publisher says takes precedence (section 3.1.1)."""
        return {**sent, **self.claims}

    @property
    def shown(self) -> Mapping[str, Any]:
        """The answer returns the statement unmodified (section 3.2.1)."""
        return {MEMBER: self.text} if self.text else {}


def read_statement(deps: Deps, sent: Mapping[str, Any]) -> Statement | MetadataProblem:
    """The statement in this request."""
    if sent.get(MEMBER) in (None, ""):
        return Statement()
    text = sent[MEMBER]
    read = read_assertion(text) if isinstance(text, str) else None
    if read is None:
        return _invalid("is no signed JWT")
    publisher = read.claims.get("iss")
    jwks = deps.registry().publishers.get(publisher) if isinstance(publisher, str) else None
    if not isinstance(publisher, str) or jwks is None:
        sentence = "software_statement: its publisher (iss) is not trusted here"
        return MetadataProblem(MetadataError.UNAPPROVED_SOFTWARE_STATEMENT, sentence)
    if not deps.assertions.verify(read, jwks):
        return _invalid("is not signed by its publisher")
    if not _is_in_time(deps, read):
        return _invalid("is not valid now")
    return Statement(publisher, {name: value for name, value in read.claims.items() if name not in OWN}, text)


def _is_in_time(deps: Deps, read: ReadAssertion) -> bool:
    """`exp` and `nbf` where it has them: a statement may be for ever."""
    now = to_seconds(deps.clock.now())
    exp, nbf = read.claims.get("exp", now + 1), read.claims.get("nbf", now)
    times = [time for time in (exp, nbf) if isinstance(time, int | float) and not isinstance(time, bool)]
    return len(times) == 2 and nbf <= now < exp


def _invalid(why: str) -> MetadataProblem:
    return MetadataProblem(MetadataError.INVALID_SOFTWARE_STATEMENT, f"software_statement: {why}")
