"""What the markup of a partner's page says to the widget: the script tag and the element."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from idp.domain.portals.partner_pages import Attributes, PartnerPage
from idp.domain.portals.widget_findings import Expected, Finding, Found

LOADERS = ("/mire-login.js", "/mire-login.mjs")
REQUEST_URI = "urn:ietf:params:oauth:request_uri:"


def loader_scripts(page: PartnerPage) -> list[Attributes]:
    """The script tags that load the widget, wherever from."""
    return [script for script in page.scripts if script["src"].partition("?")[0].endswith(LOADERS)]


def judge_markup(page: PartnerPage, expected: Expected) -> Iterator[Finding]:
    """The tags, then the elements."""
    scripts = loader_scripts(page)
    for script in scripts:
        yield from _script(script, expected)
    if not scripts:
        yield Finding(Found.SCRIPT_MISSING, script_tag(expected))
    for element in page.elements:
        wrong = list(_element(element, page.url, expected))
        yield from wrong or [Finding(Found.ELEMENT_OK)]
    if not page.elements:
        yield Finding(Found.ELEMENT_MISSING, element_tag(expected))
        return
    link = f'<a href="{expected.issuer}/authorize?client_id={expected.client_id}&amp;request_uri=…">…</a>'
    yield Finding(Found.LINK_OK) if page.linked else Finding(Found.LINK_MISSING, link)


def script_tag(expected: Expected, path: str = "") -> str:
    """The tag to write: the loader at `path`, or the newest one that can be pinned."""
    pinned = {name: value for name, value in expected.loader.items() if value and name.endswith(".js")}
    path = path or next(iter(pinned), "/w/1/mire-login.js")
    integrity = expected.loader.get(path, "")
    kind = ' type="module"' if path.endswith(".mjs") else ""
    pin = f' integrity="{integrity}" crossorigin="anonymous"' if integrity else ""
    return f'<script{kind} src="{expected.issuer}{path}"{pin} async></script>'


def element_tag(expected: Expected) -> str:
    """The element to write."""
    return (
        f'<mire-login issuer="{expected.issuer}" client-id="{expected.client_id}" start-url="/sso/start">…</mire-login>'
    )


def _script(script: Attributes, expected: Expected) -> Iterator[Finding]:
    origin, path = _split(script["src"])
    if origin != expected.issuer:
        yield Finding(Found.SCRIPT_ELSEWHERE, script_tag(expected))
        return
    if path not in expected.loader:
        yield Finding(Found.SCRIPT_UNKNOWN, script_tag(expected))
        return
    right, written = expected.loader[path], script.get("integrity", "")
    crossed = script.get("crossorigin") in ("", "anonymous") or script.get("type", "").lower() == "module"
    if not written:
        yield Finding(Found.INTEGRITY_MISSING, script_tag(expected, path if right else ""))
    elif not right:
        yield Finding(Found.INTEGRITY_OF_CHANGING, script_tag(expected))
    elif right not in written.split():
        yield Finding(Found.INTEGRITY_WRONG, script_tag(expected, path))
    elif not crossed:
        yield Finding(Found.CROSSORIGIN_MISSING, script_tag(expected, path))
    else:
        yield Finding(Found.SCRIPT_OK)


def _element(element: Attributes, page: str, expected: Expected) -> Iterator[Finding]:
    if element.get("issuer") != expected.issuer:
        yield Finding(Found.ISSUER_WRONG, f'issuer="{expected.issuer}"')
    if element.get("client-id") != expected.client_id:
        yield Finding(Found.CLIENT_WRONG, f'client-id="{expected.client_id}"')
    yield from _beginning(element, page)
    if element.get("completion") == "message" and not expected.by_message:
        yield Finding(Found.COMPLETION_WRONG, "widget: {completion: message}")
    if element.get("fedcm", "off") != "off" and not expected.fedcm:
        yield Finding(Found.FEDCM_OFF, "widget: {fedcm: true}")
    if element.get("fallback") == "popup" and not expected.popup:
        yield Finding(Found.POPUP_OFF, "widget: {popup: true}")


def _beginning(element: Attributes, page: str) -> Iterator[Finding]:
    """Where the pushed request comes from."""
    start, pushed = element.get("start-url", ""), element.get("request-uri", "")
    if not start and not pushed:
        yield Finding(Found.START_MISSING, 'start-url="/sso/start"')
    if start and _split(_absolute(page, start))[0] != _split(page)[0]:
        yield Finding(Found.START_ELSEWHERE, 'start-url="/sso/start"')
    if pushed and not pushed.startswith(REQUEST_URI):
        yield Finding(Found.REQUEST_WRONG, f'request-uri="{REQUEST_URI}…"')
    elif pushed and not start:
        yield Finding(Found.REQUEST_ONCE, 'start-url="/sso/start"')


def _absolute(page: str, address: str) -> str:
    try:
        return urljoin(page, address)
    except ValueError:
        return ""


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return f"{parts.scheme}://{parts.netloc}", parts.path
