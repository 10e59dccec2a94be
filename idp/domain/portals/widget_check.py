"""Whether the widget will work in a partner's page, judged by its headers and its markup. Pure: nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator

from idp.domain.portals.content_policies import read_policies
from idp.domain.portals.partner_pages import PartnerPage
from idp.domain.portals.permissions_policies import leaves, read_permissions
from idp.domain.portals.widget_check_markup import judge_markup
from idp.domain.portals.widget_check_policies import judge_policies
from idp.domain.portals.widget_findings import Expected, Finding, Found

TELLING = ("unsafe-url", "no-referrer-when-downgrade")
"""Referrer policies that give addresses of the partner's pages to other sites."""
PERMISSIONS = {
    "publickey-credentials-get": Found.PASSKEYS_DENIED,
    "storage-access": Found.STORAGE_DENIED,
}


def judge_page(page: PartnerPage, expected: Expected) -> list[Finding]:
    """Everything that is right or wrong with it, the worst first."""
    policies = read_policies([page.headers.get("content-security-policy", ""), *page.policies])
    findings = [
        *([] if expected.enabled else [Finding(Found.WIDGET_OFF)]),
        *_transport(page),
        *_framing(page),
        _referrer(page),
        *judge_policies(page, policies, expected),
        *_permissions(page, expected),
        *_isolation(page, expected),
        *judge_markup(page, expected),
    ]
    order = list(Found)
    return sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.found))


def _transport(page: PartnerPage) -> Iterator[Finding]:
    if not page.url.startswith("https:"):
        yield Finding(Found.PLAIN_HTTP)
    elif "max-age=" in page.headers.get("strict-transport-security", "").replace(" ", "").lower():
        yield Finding(Found.TRANSPORT_OK)
    else:
        yield Finding(Found.HSTS_MISSING, "Strict-Transport-Security: max-age=31536000")


def _framing(page: PartnerPage) -> Iterator[Finding]:
    """The form is refused in a page that another site frames; the page itself may say so first."""
    policies = read_policies([page.headers.get("content-security-policy", "")])  # a meta element may not say it
    kept = any(policy.sources("frame-ancestors") is not None for policy in policies)
    if kept or page.headers.get("x-frame-options", "").strip().lower() in ("deny", "sameorigin"):
        yield Finding(Found.FRAMING_OK)
    else:
        yield Finding(Found.MAY_BE_FRAMED, "Content-Security-Policy: frame-ancestors 'self'")


def _referrer(page: PartnerPage) -> Finding:
    said = f"{page.headers.get('referrer-policy', '')},{page.referrer}".lower().split(",")
    last = next((item.strip() for item in reversed(said) if item.strip()), "")
    if last in TELLING:
        return Finding(Found.REFERRER_TELLS, "Referrer-Policy: strict-origin-when-cross-origin")
    return Finding(Found.REFERRER_OK)


def _permissions(page: PartnerPage, expected: Expected) -> Iterator[Finding]:
    permissions = read_permissions(page.headers.get("permissions-policy", ""))
    denied = {found: name for name, found in PERMISSIONS.items() if not leaves(permissions, name, expected.issuer)}
    calls_fedcm = "identity-credentials-get"
    if expected.fedcm and not (
        leaves(permissions, calls_fedcm, "self") and leaves(permissions, calls_fedcm, expected.issuer)
    ):
        denied[Found.FEDCM_DENIED] = calls_fedcm
    for found, name in denied.items():
        yield Finding(found, f'Permissions-Policy: {name}=(self "{expected.issuer}")')
    if not denied:
        yield Finding(Found.PERMISSIONS_OK)


def _isolation(page: PartnerPage, expected: Expected) -> Iterator[Finding]:
    opener = page.headers.get("cross-origin-opener-policy", "").partition(";")[0].strip().lower()
    if expected.popup and opener in ("same-origin", "noopener-allow-popups"):
        yield Finding(Found.OPENER_ISOLATED, "Cross-Origin-Opener-Policy: same-origin-allow-popups")
    elif opener:
        yield Finding(Found.OPENER_OK)
    if page.headers.get("cross-origin-embedder-policy"):
        yield Finding(Found.EMBEDDER_OK)
