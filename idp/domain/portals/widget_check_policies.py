"""What the content security policies of a partner's page let through of what the widget needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from idp.domain.portals.content_policies import ContentPolicy
from idp.domain.portals.partner_pages import Attributes, PartnerPage
from idp.domain.portals.widget_check_markup import loader_scripts, script_tag
from idp.domain.portals.widget_findings import Expected, Finding, Found

SCRIPTS = "script-src-elem"
DIGESTS = ("'sha256-", "'sha384-", "'sha512-")
NEEDED_IN_SANDBOX = ("allow-scripts", "allow-same-origin", "allow-forms", "allow-popups")
LEAVING = ("allow-top-navigation", "allow-top-navigation-by-user-activation")


def judge_policies(page: PartnerPage, policies: Sequence[ContentPolicy], expected: Expected) -> Iterator[Finding]:
    """Of the policies in force together: one that refuses is enough."""
    if not policies:
        lines = f"script-src 'self' {expected.issuer}; frame-src {expected.issuer}; connect-src 'self'"
        fedcm = f" {expected.issuer}" if expected.fedcm else ""
        yield Finding(Found.POLICY_MISSING, f"Content-Security-Policy: {lines}{fedcm}; base-uri 'none'")
        return
    yield _script(page, policies, expected)
    if all(policy.admits("frame-src", f"{expected.issuer}/widget/frame", page.url) for policy in policies):
        yield Finding(Found.FRAME_ADMITTED)
    else:
        yield Finding(Found.FRAME_REFUSED, f"frame-src {expected.issuer}")
    yield from _connections(page, policies, expected)
    if any(policy.sources("form-action") is not None for policy in policies):
        yield Finding(Found.FORM_ACTION_OK)
    if any(policy.sources("require-trusted-types-for") is not None for policy in policies):
        yield Finding(Found.TRUSTED_TYPES_OK)
    if any(_too_narrow(policy.sources("sandbox")) for policy in policies):
        yield Finding(Found.SANDBOXED, f"sandbox {' '.join(NEEDED_IN_SANDBOX)} {LEAVING[1]}")


def _script(page: PartnerPage, policies: Sequence[ContentPolicy], expected: Expected) -> Finding:
    tag = next(iter(loader_scripts(page)), {"src": f"{expected.issuer}/w/1/mire-login.js"})
    refusing = [policy for policy in policies if not _admits_script(policy, tag, page.url)]
    if not refusing:
        return Finding(Found.SCRIPT_ADMITTED)
    if any("'strict-dynamic'" in (policy.sources(SCRIPTS) or ()) for policy in refusing):
        return Finding(Found.SCRIPT_NEEDS_NONCE, script_tag(expected).replace("<script", '<script nonce="…"', 1))
    return Finding(Found.SCRIPT_REFUSED, f"script-src {expected.issuer}")


def _admits_script(policy: ContentPolicy, tag: Attributes, page: str) -> bool:
    """By nonce, by digest, or by address unless strict-dynamic makes addresses count for nothing (section 6.7.1.1)."""
    sources = policy.sources(SCRIPTS)
    if sources is None or (tag.get("nonce") and f"'nonce-{tag['nonce']}'" in sources):
        return True
    digests = [f"'{digest.partition('?')[0]}'" for digest in tag.get("integrity", "").split()]
    if digests and all(digest.startswith(DIGESTS) and digest in sources for digest in digests):
        return True
    return "'strict-dynamic'" not in sources and policy.admits(SCRIPTS, tag["src"], page)


def _connections(page: PartnerPage, policies: Sequence[ContentPolicy], expected: Expected) -> Iterator[Finding]:
    """FedCM asks the gateway from the partner's page; start-url asks the partner itself."""
    fedcm = f"{expected.issuer}/fedcm/config.json"
    start = "{0.scheme}://{0.netloc}/sso/start".format(urlsplit(page.url))
    starts = any(element.get("start-url") for element in page.elements)
    findings = []
    if expected.fedcm and not all(policy.admits("connect-src", fedcm, page.url) for policy in policies):
        findings.append(Finding(Found.FEDCM_REFUSED, f"connect-src {expected.issuer}"))
    if starts and not all(policy.admits("connect-src", start, page.url) for policy in policies):
        findings.append(Finding(Found.START_REFUSED, "connect-src 'self'"))
    yield from findings or [Finding(Found.CONNECT_ADMITTED)]


def _too_narrow(sandbox: Sequence[str] | None) -> bool:
    """Frames inherit the sandbox of the page."""
    if sandbox is None:
        return False
    return not set(NEEDED_IN_SANDBOX) <= set(sandbox) or set(LEAVING).isdisjoint(sandbox)
