"""The closed list of what is counted. Labels are few and bounded: never a person, a token or an address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Counter:
    """A Prometheus counter: its name without `_total`, what it means, the labels it always has."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


class Metric(Enum):
    """One member per counter; nobody invents one in a view."""

    SIGN_INS = Counter("mire_sign_ins", "Sign-in attempts by outcome.", ("outcome",))
    TOKENS = Counter("mire_tokens", "Token responses by grant and outcome.", ("grant_type", "outcome"))
    CLIENT_AUTHENTICATION_FAILURES = Counter("mire_client_authentication_failures", "Clients that failed to prove who.")
    INTROSPECTIONS = Counter("mire_introspections", "Introspections by answer.", ("active",))
    IGNORED_MESSAGES = Counter("mire_widget_ignored_messages", "Messages to framed forms that were not their page's.")
    LEGACY_WIDGETS = Counter(
        "mire_legacy_widgets", "Forms of portals' old widgets by portal and outcome.", ("client_id", "outcome")
    )
    WIDGET_REFUSALS = Counter("mire_widget_refusals", "What framed forms sent that was not theirs to send.", ("why",))
    RESPONSES = Counter("mire_http_responses", "Answers by status class.", ("status",))
    MAILS = Counter("mire_mails", "Outgoing mails by outcome.", ("outcome",))
    JOBS = Counter("mire_jobs", "Jobs by kind and outcome.", ("kind", "outcome"))
