"""What is said of a partner's page: each fault, and that mending it is what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.portals.content_policies import source_admits
from idp.domain.portals.partner_pages import page_address, read_page
from idp.domain.portals.permissions_policies import leaves, read_permissions
from idp.domain.portals.widget_check import judge_page
from idp.domain.portals.widget_findings import Expected, Finding, Found, Mark

OP = "https://connexion.example.fr"
PAGE = "https://portail.example.fr/connexion"
DIGEST = "sha384-" + "A" * 64
LOADER = {"/w/1.0.0/mire-login.js": DIGEST, "/w/1.0.0/mire-login.mjs": "sha384-M", "/w/1/mire-login.js": ""}
EXPECTED = Expected(OP, "portail", LOADER)
EVERYTHING = replace(EXPECTED, fedcm=True, popup=True, by_message=True)
TAG = f'<script src="{OP}/w/1.0.0/mire-login.js" integrity="{DIGEST}" crossorigin="anonymous" async></script>'
ELEMENT = (
    f'<mire-login issuer="{OP}" client-id="portail" start-url="/sso/start"><a href="{OP}/authorize">x</a></mire-login>'
)
POLICY = f"default-src 'none'; script-src {OP}; frame-src {OP}; connect-src 'self' {OP}/fedcm/; frame-ancestors 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "strict-transport-security": "max-age=31536000",
    "referrer-policy": "strict-origin",
}


def judged(
    expected: Expected = EXPECTED, *, tag: str = TAG, element: str = ELEMENT, url: str = PAGE, **headers: str
) -> list[Finding]:
    given_headers = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return judge_page(read_page(url, given_headers, f"<!doctype html>{tag}{element}".encode()), expected)


def bad(findings: list[Finding]) -> list[Found]:
    return [finding.found for finding in findings if finding.mark is not Mark.OK]


def test_a_page_that_does_what_the_how_to_says_is_in_order() -> None:
    findings = judged(EVERYTHING)
    assert bad(findings) == []
    assert {Found.SCRIPT_OK, Found.ELEMENT_OK, Found.LINK_OK, Found.FRAME_ADMITTED} <= {f.found for f in findings}


def csp(**changed: str) -> Mapping[str, str]:
    """The good policy with other directives."""
    directives = dict(item.strip().split(" ", 1) for item in POLICY.split(";"))
    directives |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {"content_security_policy": "; ".join(f"{name} {value}" for name, value in directives.items())}


def tag(attributes: str, src: str = f"{OP}/w/1.0.0/mire-login.js") -> Mapping[str, str]:
    return {"tag": f'<script src="{src}" {attributes}></script>'}


def element(attributes: str, inside: str = '<a href="/a">x</a>') -> Mapping[str, str]:
    return {"element": f"<mire-login {attributes}>{inside}</mire-login>"}


OURS = f'issuer="{OP}" client-id="portail"'
PINNED = f'integrity="{DIGEST}" crossorigin'
FAULTS: list[tuple[Found, Expected, Mapping[str, str]]] = [
    (Found.WIDGET_OFF, replace(EXPECTED, enabled=False), {}),
    (Found.SCRIPT_REFUSED, EXPECTED, csp(script_src="'self'")),
    (Found.SCRIPT_REFUSED, EXPECTED, csp(script_src_elem="'none'")),
    (Found.SCRIPT_REFUSED, EXPECTED, {"content_security_policy": f"{POLICY}, script-src 'self'"}),
    (Found.SCRIPT_REFUSED, EXPECTED, csp(script_src="https: 'nonce-other'".replace("https: ", ""))),
    (Found.SCRIPT_NEEDS_NONCE, EXPECTED, csp(script_src=f"'strict-dynamic' 'nonce-n' {OP}")),
    (Found.FRAME_REFUSED, EXPECTED, csp(frame_src="'self'")),
    (Found.FRAME_REFUSED, EXPECTED, {
        "content_security_policy": f"script-src {OP}; child-src 'none'; frame-ancestors 'none'"}),
    (Found.START_REFUSED, EXPECTED, csp(connect_src=OP)),
    (Found.SANDBOXED, EXPECTED, csp(sandbox="allow-scripts allow-same-origin allow-forms allow-popups")),
    (Found.SCRIPT_MISSING, EXPECTED, {"tag": '<script src="/other.js"></script>'}),
    (Found.SCRIPT_UNKNOWN, EXPECTED, tag(PINNED, f"{OP}/w/0.9.0/mire-login.js")),
    (Found.INTEGRITY_WRONG, EXPECTED, tag('integrity="sha384-B" crossorigin')),
    (Found.INTEGRITY_OF_CHANGING, EXPECTED, tag(PINNED, f"{OP}/w/1/mire-login.js")),
    (Found.CROSSORIGIN_MISSING, EXPECTED, tag(f'integrity="{DIGEST}"')),
    (Found.CROSSORIGIN_MISSING, EXPECTED, tag(f'integrity="{DIGEST}" crossorigin="use-credentials"')),
    (Found.ELEMENT_MISSING, EXPECTED, {"element": ""}),
    (Found.ISSUER_WRONG, EXPECTED, element('issuer="https://other.fr" client-id="portail" start-url="/s"')),
    (Found.CLIENT_WRONG, EXPECTED, element(f'issuer="{OP}" client-id="other" start-url="/s"')),
    (Found.START_MISSING, EXPECTED, element(OURS)),
    (Found.START_ELSEWHERE, EXPECTED, element(f'{OURS} start-url="https://other.fr/s"')),
    (Found.REQUEST_WRONG, EXPECTED, element(f'{OURS} start-url="/s" request-uri="https://other.fr/"')),
    (Found.COMPLETION_WRONG, EXPECTED, element(f'{OURS} start-url="/s" completion="message"')),
    (Found.PLAIN_HTTP, EXPECTED, {"url": "http://portail.localhost:8000/"}),
    (Found.HSTS_MISSING, EXPECTED, {"strict_transport_security": ""}),
    (Found.MAY_BE_FRAMED, EXPECTED, {"content_security_policy": POLICY.replace("; frame-ancestors 'none'", "")}),
    (Found.REFERRER_TELLS, EXPECTED, {"referrer_policy": "no-referrer, unsafe-url"}),
    (Found.POLICY_MISSING, EXPECTED, {"content_security_policy": "", "x_frame_options": "DENY"}),
    (Found.FEDCM_REFUSED, EVERYTHING, csp(connect_src="'self'")),
    (Found.FEDCM_DENIED, EVERYTHING, {"permissions_policy": "identity-credentials-get=()"}),
    (Found.FEDCM_DENIED, EVERYTHING, {"permissions_policy": "identity-credentials-get=(self)"}),
    (Found.PASSKEYS_DENIED, EXPECTED, {"permissions_policy": "camera=(), publickey-credentials-get=(self)"}),
    (Found.STORAGE_DENIED, EXPECTED, {"permissions_policy": "storage-access=()"}),
    (Found.OPENER_ISOLATED, EVERYTHING, {"cross_origin_opener_policy": 'same-origin; report-to="c"'}),
    (Found.SCRIPT_ELSEWHERE, EXPECTED, {**tag(PINNED, "/js/mire-login.js"), **csp(script_src="'self'")}),
    (Found.INTEGRITY_MISSING, EXPECTED, tag("async")),
    (Found.INTEGRITY_MISSING, EXPECTED, tag("async", f"{OP}/w/1/mire-login.js")),
    (Found.REQUEST_ONCE, EXPECTED, element(f'{OURS} request-uri="urn:ietf:params:oauth:request_uri:a"')),
    (Found.FEDCM_OFF, EXPECTED, element(f'{OURS} start-url="/s" fedcm="auto"')),
    (Found.POPUP_OFF, EXPECTED, element(f'{OURS} start-url="/s" fallback="popup"')),
    (Found.LINK_MISSING, EXPECTED, element(f'{OURS} start-url="/s"', "")),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected", "page"), FAULTS, ids=[f"{f[0]}-{n}" for n, f in enumerate(FAULTS)])
def test_one_fault_is_one_finding(found: Found, expected: Expected, page: Mapping[str, str]) -> None:
    """The control is the page above: the same without the fault."""
    assert bad(judged(expected, **page)) == [found]  # type: ignore[arg-type]


FINE: list[tuple[Found, Expected, Mapping[str, str]]] = [
    (Found.SCRIPT_ADMITTED, EXPECTED, {**tag(f'{PINNED} nonce="n"'), **csp(script_src="'strict-dynamic' 'nonce-n'")}),
    (Found.SCRIPT_ADMITTED, EXPECTED, csp(script_src=f"'{DIGEST}'")),
    (Found.SCRIPT_OK, EXPECTED, tag('type="module" integrity="sha384-M"', f"{OP}/w/1.0.0/mire-login.mjs")),
    (Found.TRUSTED_TYPES_OK, EXPECTED, csp(require_trusted_types_for="'script'", trusted_types="'none'")),
    (Found.FORM_ACTION_OK, EXPECTED, csp(form_action="'none'")),
    (Found.PERMISSIONS_OK, EVERYTHING, {
        "permissions_policy": f'identity-credentials-get=(self "{OP}"), storage-access=*, geolocation=()'}),
    (Found.OPENER_OK, EXPECTED, {"cross_origin_opener_policy": "same-origin"}),
    (Found.OPENER_OK, EVERYTHING, {"cross_origin_opener_policy": "same-origin-allow-popups"}),
    (Found.EMBEDDER_OK, EXPECTED, {"cross_origin_embedder_policy": "require-corp"}),
    (Found.FRAMING_OK, EXPECTED, {"x_frame_options": "SAMEORIGIN"}),
    (Found.TRANSPORT_OK, EXPECTED, {}),
    (Found.REFERRER_OK, EXPECTED, {"referrer_policy": "no-referrer"}),
    (Found.CONNECT_ADMITTED, EVERYTHING, {}),
    (Found.ELEMENT_OK, EVERYTHING, element(
        f'{OURS} start-url="{PAGE}" completion="message" fedcm="auto" fallback="popup"')),
]  # fmt: skip


@pytest.mark.parametrize(("found", "expected", "page"), FINE, ids=[f"{f[0]}-{n}" for n, f in enumerate(FINE)])
def test_what_is_no_obstacle_is_said_to_be_none(found: Found, expected: Expected, page: Mapping[str, str]) -> None:
    findings = judged(expected, **page)  # type: ignore[arg-type]
    assert bad(findings) == []
    assert found in {finding.found for finding in findings}


def test_every_finding_is_in_a_table() -> None:
    tabled = {found for found, _, _ in FAULTS + FINE} | {finding.found for finding in judged(EVERYTHING)}
    assert tabled == set(Found)


def test_the_worst_comes_first_and_nothing_is_said_twice() -> None:
    marks = [finding.mark for finding in judged(element=ELEMENT * 3, tag=TAG * 2, strict_transport_security="")]
    assert marks == sorted(marks, key=list(Mark).index)
    assert len(judged(element=ELEMENT * 3)) == len(judged())


def test_what_is_to_be_written_mends_the_page() -> None:
    """The lines of a page without anything make a page where the widget works."""
    bare = read_page(PAGE, {}, b"<p>nothing</p>")
    lines = {finding.found: finding.write for finding in judge_page(bare, EVERYTHING)}
    headers = dict(lines[found].lower().split(": ", 1) for found in (Found.POLICY_MISSING, Found.HSTS_MISSING))
    markup = lines[Found.SCRIPT_MISSING] + lines[Found.ELEMENT_MISSING]
    assert bad(judge_page(read_page(PAGE, headers, markup.encode()), EVERYTHING)) == [
        Found.MAY_BE_FRAMED,
        Found.LINK_MISSING,
    ]


def test_policies_of_meta_elements_count_but_not_for_framing() -> None:
    meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}; frame-src \'none\'">'
    # The first mention of a directive is the one that counts (CSP3 section 2.2.1).
    assert bad(judged(tag=meta + TAG, content_security_policy="", x_frame_options="DENY")) == []
    other = meta.replace(f"frame-src {OP};", "")
    found = bad(judged(tag=other + TAG, content_security_policy=""))
    assert found == [Found.FRAME_REFUSED, Found.MAY_BE_FRAMED]


@pytest.mark.parametrize(
    ("source", "url", "page", "admitted"),
    [
        ("'self'", "https://a.fr/x", "https://a.fr/y", True),
        ("'self'", "https://a.fr:8443/x", "https://a.fr/y", False),
        ("*", "https://a.fr/", PAGE, True),
        ("*", "data:x", PAGE, False),
        ("https:", "https://a.fr/", PAGE, True),
        ("http:", "https://a.fr/", PAGE, True),
        ("https:", "http://a.fr/", PAGE, False),
        ("a.fr", "https://a.fr/x", PAGE, True),
        ("a.fr", "https://a.fr/x", "http://p.fr/", True),
        ("a.fr", "http://a.fr/x", PAGE, False),
        ("A.FR", "https://a.fr/x", PAGE, True),
        ("a.fr", "https://b.a.fr/", PAGE, False),
        ("*.a.fr", "https://b.a.fr/", PAGE, True),
        ("*.a.fr", "https://a.fr/", PAGE, False),
        ("*.a.fr", "https://ba.fr/", PAGE, False),
        ("https://a.fr:443", "https://a.fr/", PAGE, True),
        ("https://a.fr", "https://a.fr:8443/", PAGE, False),
        ("https://a.fr:*", "https://a.fr:8443/", PAGE, True),
        ("http://a.fr:80", "https://a.fr/", PAGE, True),
        ("http://localhost:8000", "http://localhost:8000/w/1/x", PAGE, True),
        ("https://a.fr/w/", "https://a.fr/w/1/x.js", PAGE, True),
        ("https://a.fr/w", "https://a.fr/w/1/x.js", PAGE, False),
        ("https://a.fr/w/1/x.js", "https://a.fr/w/1/x.js", PAGE, True),
        ("'none'", "https://a.fr/", PAGE, False),
        ("'unsafe-inline'", "https://a.fr/", PAGE, False),
        ("data:", "https://a.fr/", PAGE, False),
    ],
)
def test_sources_match_as_in_a_browser(source: str, url: str, page: str, admitted: bool) -> None:
    """CSP Level 3 section 6.7.2.8."""
    assert source_admits(source, url, page) is admitted


@pytest.mark.parametrize(
    ("header", "to", "left"),
    [
        ("", OP, True),
        ("camera=()", OP, True),
        ("storage-access=()", OP, False),
        ("storage-access=(self)", OP, False),
        ("storage-access=(self)", "self", True),
        ("storage-access=self", "self", True),
        ("storage-access=*", OP, True),
        (f'camera=(), storage-access=(self "{OP}");report-to=x', OP, True),
        (f'storage-access=("{OP}:8443")', OP, False),
        ("nonsense, storage-access", OP, True),
    ],
)
def test_permissions_are_read_as_in_a_browser(header: str, to: str, left: bool) -> None:
    """Permissions Policy section 5.2: a member that cannot be read says nothing."""
    assert leaves(read_permissions(header), "storage-access", to) is left


ORIGINS = ("https://portail.example.fr", "http://portail.localhost:8000", "http://[::1]:8000")


@pytest.mark.parametrize(
    ("typed", "fetched"),
    [
        ("https://portail.example.fr/connexion?a=1#f", "https://portail.example.fr/connexion?a=1"),
        (" https://portail.example.fr ", "https://portail.example.fr/"),
        ("HTTPS://Portail.Example.FR:443/x", "https://portail.example.fr/x"),
        ("http://portail.localhost:8000/", "http://portail.localhost:8000/"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
        ("http://portail.example.fr/", ""),
        ("https://portail.example.fr:8443/", ""),
        ("https://portail.example.fr.evil.fr/", ""),
        ("https://evil.fr/https://portail.example.fr/", ""),
        ("https://portail.example.fr@evil.fr/", ""),
        ("https://evil.fr\\@portail.example.fr/", ""),
        ("https://evil.fr\\.portail.example.fr/", ""),
        ("https://a:b@portail.example.fr/", ""),
        ("https://portail.example.fr:99999/", ""),
        ("https://portail.example.fr\t.evil.fr/", ""),
        ("https://portail.example.fr/\r\nHost: evil", ""),
        ("https://portail.example.fr/é", ""),
        ("https://portail.example.fr/" + "a" * 2048, ""),
        ("//portail.example.fr/", ""),
        ("file:///etc/passwd", ""),
        ("https://[::1", ""),
        ("", ""),
    ],
)
def test_only_a_page_at_a_registered_origin_is_an_address(typed: str, fetched: str) -> None:
    assert page_address(typed, ORIGINS) == fetched


@given(st.text(alphabet="<>!/-[]&#;='\" \nabmire-loginscpth0129", max_size=300))
def test_no_markup_stops_the_reader(markup: str) -> None:
    judge_page(read_page(PAGE, {}, markup.encode()), EXPECTED)


@pytest.mark.parametrize(
    "markup", ["<![", "<![x[", f"<a href='&#{'9' * 5000};'>", "<script>", "<mire-login", "<base href='http://[x'>"]
)
def test_markup_that_a_browser_minds_not_is_read(markup: str) -> None:
    """The control: what stands before it counts."""
    assert Found.SCRIPT_OK in {finding.found for finding in judged(element=ELEMENT + markup)}


@given(st.text(max_size=300))
def test_no_header_stops_the_judge(header: str) -> None:
    names = ("content-security-policy", "permissions-policy", "referrer-policy", "cross-origin-opener-policy")
    judge_page(read_page(PAGE, dict.fromkeys(names, header), TAG.encode()), EVERYTHING)


def test_of_a_page_full_of_elements_the_first_fifty_count() -> None:
    findings = judged(element='<mire-login a="1">' * 5_000)
    assert len(findings) < 20
