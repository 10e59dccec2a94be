"""The login widget's loader in a real browser: what it makes, what it tells, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import axe
from tests.browser.conftest import NewPage
from tests.browser.widget_stage import CODE, URN, Stage, details, leaves, staged, wait_for, watch, widget

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def servers() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def stage(servers: Stage) -> Stage:
    return servers.fresh()


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return watch(new_page(watched=False))


def test_the_form_appears_and_the_link_goes(stage: Stage, page: Page) -> None:
    """WIDGET 4.4: one handshake; 4.5: the frame's attributes."""
    frame = stage.open(page)
    iframe = page.locator("mire-login iframe")
    here = stage.issuer
    allowed = f"publickey-credentials-get {here}; identity-credentials-get {here}; storage-access {here}"
    given = iframe.evaluate("frame => Object.fromEntries([...frame.attributes].map((each) => [each.name, each.value]))")
    assert {"title", "allow", "referrerpolicy", "src", "style"} == set(given)
    assert (allowed, "strict-origin") == (given["allow"], given["referrerpolicy"])
    assert f"Connexion – {here.removeprefix('http://')}" == given["title"]
    query = stage.framed[0]
    assert {"client_id": "paie", "request_uri": f"{URN}1", "lang": "fr", "scheme": "light"}.items() <= query.items()
    assert (f"{stage.portal}/", "iframe", "") == (query["Referer"], query["Sec-Fetch-Dest"], query["Cookie"])
    assert 32 == len(query["ch"])
    assert [
        {
            "p": "mire",
            "v": 1,
            "ch": query["ch"],
            "type": "init",
            "loader": "1.0.0",
            "scheme": "light",
            "origin": stage.portal,
        }
    ] == frame.evaluate("got")
    assert [{"protocol": 1, "features": ["handover"]}] == details(page, "ready")
    assert ("ready", "1.0.0", 0) == (widget(page, "state"), widget(page, "version"), widget(page, "ignored"))
    expect(page.locator("#link")).to_be_hidden()
    expect(iframe).to_be_visible()
    assert "BODY" == page.evaluate("document.activeElement.tagName")


def test_the_keyboard_goes_through_the_form(stage: Stage, page: Page) -> None:
    """WIDGET case 18: page, frame, page; the hidden link is not a stop."""
    stage.partner("<button id=before>a</button>", stage.element(), "<button id=after>b</button>")
    frame = stage.open(page)
    page.focus("#before")
    page.keyboard.press("Tab")
    assert "first" == frame.evaluate("document.activeElement.id")
    page.keyboard.press("Tab")
    expect(page.locator("#after")).to_be_focused()


def test_who_was_on_the_link_is_in_the_form(stage: Stage, page: Page) -> None:
    """The focus is not lost when the link goes, and is nowhere moved else."""
    stage.frame_script = ""
    page.goto(stage.portal)
    frame = stage.frame(page)
    page.focus("#link")
    frame.evaluate("hello()")
    wait_for(page, "ready")
    frame.wait_for_function("() => document.activeElement.id === 'first'")


def test_the_partner_s_page_is_accessible(stage: Stage, page: Page) -> None:
    """WIDGET case 18: axe on the host page, with the form and with the link (RGAA 2.1: the frame has a title)."""
    stage.partner("<main><h1>Portail</h1>", stage.element(), "</main>")
    stage.open(page)
    page.clock.resume()  # axe waits
    assert [] == axe(page)
    widget(page, "abort()")
    assert [] == axe(page)


def test_the_page_may_put_the_focus_into_the_form(stage: Stage, page: Page) -> None:
    frame = stage.open(page)
    widget(page, "focusForm()")
    frame.wait_for_function("() => document.activeElement.id === 'first'")
    assert "MIRE-LOGIN" == page.evaluate("document.activeElement.tagName")


@pytest.mark.parametrize(("asked", "height"), [(300, 300), (300.2, 301), (3, 80), (100_000, 1600)])
def test_the_frame_asks_for_its_height_within_bounds(stage: Stage, page: Page, asked: float, height: int) -> None:
    frame = stage.open(page)
    frame.evaluate("height => say('resize', {height})", asked)
    wait_for(page, "resize")
    assert [{"height": height}] == details(page, "resize")
    expect(page.locator("mire-login iframe")).to_have_css("height", f"{height}px")


def test_the_page_may_size_the_frame_itself(stage: Stage, page: Page) -> None:
    frame = stage.open(page)
    page.evaluate("window.prevented = 'resize'")
    frame.evaluate("say('resize', {height: 300})")
    wait_for(page, "resize")
    expect(page.locator("mire-login iframe")).to_have_css("height", "80px")


def test_the_state_is_what_the_frame_says(stage: Stage, page: Page) -> None:
    frame = stage.open(page)
    for said, state in [("busy", "busy"), ("step", "ready"), ("done", "done"), ("ready", "ready")]:
        frame.evaluate("state => say('state', {state})", said)
        page.wait_for_function("state => document.querySelector('mire-login').state === state", arg=state)


def test_a_result_is_told_once_and_ends_it(stage: Stage, page: Page) -> None:
    """WIDGET 4.1 `success`; a repeated result comes by a closed port."""
    frame = stage.open(page)
    response = {"code": CODE, "state": "s", "iss": stage.issuer}
    frame.evaluate("response => { say('result', {response}); say('result', {response}) }", response)
    wait_for(page, "success")
    frame.evaluate("say('resize', {height: 200})")
    assert "done" == widget(page, "state")
    assert [["ready", {"protocol": 1, "features": ["handover"]}], ["success", {**response, "source": "frame"}]] == (
        page.evaluate("seen")
    )


def test_the_hand_over_is_told(stage: Stage, page: Page) -> None:
    frame = stage.open(page)
    frame.evaluate("say('handover')")
    wait_for(page, "handover")
    assert ([{}], "done") == (details(page, "handover"), widget(page, "state"))


def test_errors_are_told_without_values(stage: Stage, page: Page) -> None:
    """WIDGET 4.12."""
    frame = stage.open(page)
    frame.evaluate("say('error', {error: 'invalid_credentials', retryable: true})")
    frame.evaluate("say('error', {error: 'rate_limited', retryable: true, retry_after: 30})")
    wait_for(page, "error", 2)
    assert "ready" == widget(page, "state")
    frame.evaluate("say('error', {error: 'interaction_required', error_description: '<b>là-bas</b>'})")
    wait_for(page, "error", 3)
    assert "error" == widget(page, "state")
    assert [
        {"error": "invalid_credentials", "retryable": True},
        {"error": "rate_limited", "retryable": True, "retry_after": 30},
        {"error": "interaction_required", "retryable": False, "error_description": "<b>là-bas</b>"},
    ] == [{name: value for name, value in each.items() if value is not None} for each in details(page, "error")]


def test_events_leave_shadow_trees(stage: Stage, page: Page) -> None:
    """WIDGET 4.1: bubbles, composed; listeners on the document see them."""
    stage.partner("<div id=host></div>")
    page.goto(stage.portal)
    markup = stage.element()
    page.evaluate(
        "markup => { const root = document.getElementById('host').attachShadow({mode: 'open'});"
        "root.append(document.createRange().createContextualFragment(markup)) }",
        markup,
    )
    wait_for(page, "ready")


@pytest.mark.parametrize(
    ("name", "cancelable"),
    [("ready", False), ("resize", True), ("success", False), ("error", False), ("handover", False)],
)
def test_what_can_be_prevented(stage: Stage, page: Page, name: str, cancelable: bool) -> None:
    page.add_init_script(f"addEventListener('mire-login:{name}', (event) => {{ window.can = event.cancelable }})")
    frame = stage.open(page)
    more = {"resize": {"height": 90}, "error": {"error": "server_error"}}.get(name, {})
    if name == "success":
        frame.evaluate("response => say('result', {response})", {"code": CODE, "state": "", "iss": stage.issuer})
    elif name != "ready":
        frame.evaluate("([type, more]) => say(type, more)", [name, more])
    page.wait_for_function("() => window.can !== undefined")
    assert cancelable == page.evaluate("can")


def test_the_frame_that_says_nothing_gives_way_to_the_link(stage: Stage, page: Page) -> None:
    """WIDGET 4.8, and a working link within 6 s: here 3 s after the refused frame's error page is loaded."""
    stage.partner(stage.element('request-uri="refused"'))
    page.goto(stage.portal)
    page.locator("mire-login iframe").wait_for(state="attached")
    page.clock.run_for(2900)
    assert [] == details(page, "blocked")
    page.clock.run_for(200)
    wait_for(page, "blocked")
    assert ([{"reason": "timeout"}], "error") == (details(page, "blocked"), widget(page, "state"))
    expect(page.locator("mire-login iframe")).to_have_count(0)
    page.click("#link")
    expect(page.locator("h1")).to_have_text("the link led here")


def test_the_frame_that_is_not_even_loaded_gives_way_too(stage: Stage, page: Page) -> None:
    stage.partner(stage.element('request-uri="hang"'))
    page.goto(stage.portal, wait_until="commit")
    page.locator("mire-login iframe").wait_for(state="attached")
    page.clock.run_for(5900)
    assert "loading" == widget(page, "state")
    page.clock.run_for(200)
    wait_for(page, "blocked")
    assert [{"reason": "timeout"}] == details(page, "blocked")
    expect(page.locator("#link")).to_be_visible()


def test_the_frame_that_was_quick_is_left_alone(stage: Stage, page: Page) -> None:
    """Control of the two above."""
    stage.open(page)
    page.clock.run_for(20_000)
    assert ([], "ready") == (details(page, "blocked"), widget(page, "state"))


def test_the_page_may_do_something_else_than_show_the_link(stage: Stage, page: Page) -> None:
    stage.partner(stage.element('request-uri="silent"', content=""))
    page.add_init_script("window.prevented = 'blocked'")
    page.goto(stage.portal)
    page.clock.run_for(7000)
    wait_for(page, "blocked")
    expect(page.locator("mire-login a")).to_have_count(0)


def test_where_there_is_no_link_one_is_made(stage: Stage, page: Page) -> None:
    """Control of the one above; WIDGET 4.8 redirect: the same pushed request."""
    stage.partner(stage.element('request-uri="silent" lang="en-GB"', content=""))
    page.goto(stage.portal)
    page.clock.run_for(7000)
    link = page.locator("mire-login a")
    host = stage.issuer.removeprefix("http://")
    expect(link).to_have_text(f"Sign in with {host}")
    assert f"{stage.issuer}/authorize?client_id=paie&request_uri=silent" == link.get_attribute("href")
    assert ("_top", "link") == (link.get_attribute("target"), link.get_attribute("part"))
    link.click()
    expect(page.locator("h1")).to_have_text("silent")


STRICT = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


def strict(stage: Stage, **changes: str) -> str:
    directives = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'none'",
        "script-src": f"{stage.issuer}/w/",
        "frame-src": stage.issuer,
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    return "; ".join(f"{name} {value}" for name, value in directives.items())


@pytest.mark.parametrize("attributes", [f'request-uri="{URN}1"', 'start-url="/sso/start"'])
def test_it_works_under_the_strictest_policies(stage: Stage, new_page: NewPage, attributes: str) -> None:
    """WIDGET case 7: CSP, Trusted Types, no styles, digest pinned, isolated. The watch sees no violation."""
    page = watch(new_page())
    stage.headers = {**STRICT, "Content-Security-Policy": strict(stage)}
    stage.partner(stage.element(attributes))
    frame = stage.open(page)
    assert page.evaluate("crossOriginIsolated")
    frame.evaluate("say('resize', {height: 444})")
    expect(page.locator("mire-login iframe")).to_have_css("height", "444px")
    expect(page.locator("#link")).to_be_hidden()


def test_a_policy_against_the_frame_is_noticed_at_once(stage: Stage, page: Page) -> None:
    """WIDGET case 9. No clock is moved here."""
    stage.headers = {"Content-Security-Policy": strict(stage, frame_src="'none'")}
    page.goto(stage.portal)
    wait_for(page, "blocked")
    assert [{"reason": "csp"}] == details(page, "blocked")
    page.focus("#link")
    expect(page.locator("#link")).to_be_focused()


def test_a_policy_that_only_reports_stops_nothing(stage: Stage, page: Page) -> None:
    """Control."""
    stage.headers = {"Content-Security-Policy-Report-Only": "frame-src 'none'"}
    stage.open(page)
    assert [] == details(page, "blocked")


@pytest.mark.parametrize("how", ["another digest", "no JavaScript"])
def test_without_the_script_the_link_works(stage: Stage, new_page: NewPage, how: str) -> None:
    """WIDGET case 8."""
    page = new_page(watched=False, java_script_enabled=how != "no JavaScript")
    if how == "another digest":
        stage.partner(integrity="sha384-" + "A" * 64)
    page.goto(stage.portal)
    expect(page.locator("mire-login iframe")).to_have_count(0)
    page.click("#link")
    expect(page.locator("h1")).to_have_text("the link led here")


def test_two_widgets_do_not_disturb_each_other(stage: Stage, page: Page) -> None:
    """WIDGET case 21."""
    stage.partner(stage.element(), stage.element(f'request-uri="{URN}2"'))
    page.goto(stage.portal)
    wait_for(page, "ready", 2)
    frame = stage.frame(page)
    frame.evaluate("say('state', {state: 'busy'})")
    page.wait_for_function("() => document.querySelectorAll('mire-login')[1].state === 'busy'")
    assert ["ready", 0, 0] == page.evaluate(
        "(([a, b]) => [a.state, a.ignored, b.ignored])(document.querySelectorAll('mire-login'))"
    )
    assert 2 == len({query["ch"] for query in stage.framed})


def test_an_element_that_is_moved_begins_again_once(stage: Stage, page: Page) -> None:
    stage.partner("<div id=there></div>", stage.element('start-url="/sso/start"'))
    stage.open(page)
    page.evaluate("document.getElementById('there').append(document.querySelector('mire-login'))")
    wait_for(page, "ready", 2)
    assert (2, 1) == (len(stage.started), page.locator("iframe").count())
    assert 2 == len(
        {query["ch"] for query in stage.framed}
    )  # the browser reloads the moved frame before anyone is told


def test_an_element_that_is_removed_is_silent(stage: Stage, page: Page) -> None:
    """Removed during a submit: no event, no error, no message left unhandled."""
    errors: list[object] = []
    page.on("pageerror", lambda error: errors.append(error))
    frame = stage.open(page)
    frame.evaluate("say('state', {state: 'busy'})")
    page.wait_for_function("() => document.querySelector('mire-login').state === 'busy'")
    page.evaluate("window.gone = document.querySelector('mire-login'); gone.remove()")
    assert ("idle", 1) == (page.evaluate("gone.state"), len(page.evaluate("seen")))
    page.evaluate("gone.focusForm(); gone.abort(); gone.reload()")
    page.evaluate("document.body.append(gone)")
    wait_for(page, "ready", 2)
    assert [] == errors


def test_abort_brings_the_link_back(stage: Stage, page: Page) -> None:
    stage.open(page)
    widget(page, "abort()")
    expect(page.locator("#link")).to_be_visible()
    expect(page.locator("mire-login iframe")).to_have_count(0)
    assert "idle" == widget(page, "state")


def test_reload_begins_again(stage: Stage, page: Page) -> None:
    stage.open(page)
    widget(page, "reload()")
    wait_for(page, "ready", 2)
    assert [f"{URN}1"] * 2 == [query["request_uri"] for query in stage.framed]


def test_the_partner_s_server_names_the_request(stage: Stage, page: Page) -> None:
    """WIDGET 4.1 `start-url`: POST, cookies of the page's origin, JSON asked for."""
    page.context.add_cookies([{"name": "session", "value": "1", "url": stage.portal}])
    stage.partner(stage.element('start-url="/sso/start"'))
    stage.open(page)
    assert ("application/json", "session=1") == (stage.started[0]["Accept"], stage.started[0]["Cookie"])
    assert f"{URN}1" == stage.framed[0]["request_uri"]


def test_an_expired_request_is_replaced_once(stage: Stage, page: Page) -> None:
    """WIDGET 4.12 `expired`: `start-url` is called once; the second time the link comes, beside the frame."""
    stage.partner(stage.element(f'request-uri="{URN}old" start-url="/sso/start"'))
    leaves(stage.open(page), "say('error', {error: 'expired', retryable: true})")
    wait_for(page, "ready", 2)
    assert ([f"{URN}old", f"{URN}1"], 1) == ([query["request_uri"] for query in stage.framed], len(stage.started))
    last = (
        "say('error', {error: 'expired', retryable: true}); say('state', {state: 'done'}); say('resize', {height: 99})"
    )
    stage.frame(page).evaluate(last)
    wait_for(page, "resize")
    assert "error" == widget(page, "state")
    assert ([True, False], 1) == ([each["retryable"] for each in details(page, "error")], len(stage.started))
    assert [{"reason": "expired"}] == details(page, "blocked")
    expect(page.locator("#link")).to_be_visible()
    expect(page.locator("mire-login iframe")).to_be_visible()


def test_who_tries_again_later_gets_a_new_request_again(stage: Stage, page: Page) -> None:
    """The once is per attempt of a person: a form that was sent in between counts anew."""
    stage.partner(stage.element('start-url="/sso/start"'))
    leaves(stage.open(page), "say('error', {error: 'expired'})")
    wait_for(page, "ready", 2)
    leaves(stage.frame(page), "say('state', {state: 'busy'}); say('error', {error: 'expired'})")
    wait_for(page, "ready", 3)
    assert 3 == len(stage.started)


def test_back_from_the_history_begins_again(stage: Stage, page: Page) -> None:
    """WIDGET 4.1: `pageshow.persisted`. Chromium keeps no page here while it is driven, so the event is made."""
    stage.partner(stage.element('start-url="/sso/start"'))
    stage.open(page)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: false}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    wait_for(page, "ready", 2)
    assert 2 == len(stage.started)


@pytest.mark.parametrize(
    "start", [("{}", 200), ("nothing", 200), ('{"request_uri": 1}', 200), ('{"request_uri": "u"}', 500)], ids=str
)
def test_a_start_that_fails_leaves_the_link(stage: Stage, page: Page, start: tuple[str, int]) -> None:
    stage.start = start
    stage.partner(stage.element('start-url="/sso/start"'))
    page.goto(stage.portal)
    wait_for(page, "blocked")
    assert [{"error": "server_error", "retryable": True}] == details(page, "error")
    assert ([{"reason": "expired"}], []) == (details(page, "blocked"), stage.framed)
    expect(page.locator("#link")).to_be_visible()


def test_a_start_elsewhere_is_not_asked(stage: Stage, page: Page) -> None:
    """WIDGET case 38. The other origin would answer (control)."""
    stage.partner(stage.element(f'start-url="{stage.evil}/sso/start"'))
    page.goto(stage.portal)
    wait_for(page, "blocked")
    assert [] == stage.framed
    url = f"{stage.evil}/sso/start"
    assert {"request_uri": "evil"} == page.evaluate("url => fetch(url, {method: 'POST'}).then((a) => a.json())", url)


def test_a_base_does_not_move_the_start(stage: Stage, page: Page) -> None:
    """Markup that somebody injected cannot lead the request to another server."""
    stage.partner(f'<base href="{stage.evil}/">', stage.element('start-url="/sso/start"'))
    stage.open(page)
    assert 1 == len(stage.started)


@pytest.mark.parametrize(("low", "high", "event"), [(2, 3, "blocked"), (1, 2, "ready"), (0, 0, "blocked")])
def test_versions_must_overlap(stage: Stage, page: Page, low: int, high: int, event: str) -> None:
    """WIDGET case 22; an old loader with a newer frame that still speaks its version goes on."""
    stage.frame_script = f"hello({{v: {high}, min: {low}, max: {high}}})"
    page.goto(stage.portal)
    wait_for(page, event)
    assert ([{"reason": "protocol"}] if event == "blocked" else []) == details(page, "blocked")


@pytest.mark.parametrize(
    "issuer",
    ["http://connexion.example.fr", "javascript:alert(1)", "data:text/html,x", "http://localhost.evil.fr", "x"],
)
def test_a_form_for_passwords_comes_from_safe_origins_only(stage: Stage, page: Page, issuer: str) -> None:
    stage.partner(stage.element().replace(stage.issuer, issuer))
    page.goto(stage.portal)
    wait_for(page, "blocked")
    assert [{"reason": "insecure"}] == details(page, "blocked")
    expect(page.locator("mire-login iframe")).to_have_count(0)
    expect(page.locator("#link")).to_be_visible()


@pytest.mark.parametrize("sandbox", ["", "allow-scripts"], ids=["framed", "sandboxed"])
def test_a_page_that_is_framed_itself_shows_the_link(stage: Stage, new_page: NewPage, sandbox: str) -> None:
    """WIDGET 4.8: the frame would be refused; nothing is waited for."""
    page = watch(new_page(watched=False))
    page.goto(stage.evil)
    page.evaluate(
        "([url, sandbox]) => { const frame = document.createElement('iframe');"
        "if (sandbox) frame.setAttribute('sandbox', sandbox); frame.src = url; document.body.append(frame) }",
        [f"{stage.portal}/", sandbox],
    )
    frame = page.frame_locator("iframe")
    expect(frame.locator("#link")).to_be_visible()
    inner = next(each for each in page.frames if each.url.startswith(stage.portal))
    inner.wait_for_function("() => window.seen?.length")
    assert [["blocked", {"reason": "sandbox"}]] == inner.evaluate("seen")


@pytest.mark.parametrize(
    ("attributes", "lang"),
    [("", "fr"), ('lang="en"', "en"), ('lang="x-<script>"', "x-<script>")],
    ids=["page", "own", "odd"],
)
def test_the_language_is_the_closest(stage: Stage, page: Page, attributes: str, lang: str) -> None:
    """WIDGET case 20: what no one speaks, the gateway decides."""
    stage.partner(stage.element(f'request-uri="{URN}1" {attributes}'))
    stage.open(page)
    assert lang == stage.framed[-1]["lang"]


@pytest.mark.parametrize(
    ("asked", "system", "scheme"),
    [
        ("light", "dark", "light"),
        ("dark", "light", "dark"),
        ("auto", "dark", "dark"),
        ("auto", "light", "light"),
        ("", "dark", "light"),
    ],
)
def test_the_variant_of_the_theme(stage: Stage, new_page: NewPage, asked: str, system: str, scheme: str) -> None:
    page = watch(new_page(watched=False, color_scheme=system))
    stage.partner(stage.element(f'request-uri="{URN}1" color-scheme="{asked}"'))
    frame = stage.open(page)
    assert (scheme, scheme) == (stage.framed[-1]["scheme"], frame.evaluate("got[0].scheme"))


def test_the_frame_s_title_is_the_partner_s(stage: Stage, page: Page) -> None:
    stage.partner(stage.element(f'request-uri="{URN}1" frame-title="{"x" * 90}"'))
    stage.open(page)
    assert "x" * 80 == page.locator("mire-login iframe").get_attribute("title")


def test_a_lazy_one_waits_until_it_is_seen(stage: Stage, page: Page) -> None:
    stage.partner(
        "<p style='height: 9000px'>…</p>", stage.element('start-url="/sso/start" loading="lazy" style="display: block"')
    )
    page.goto(stage.portal)
    page.clock.run_for(1000)
    assert ("loading", []) == (widget(page, "state"), stage.started)
    page.evaluate("document.querySelector('mire-login').scrollIntoView()")
    wait_for(page, "ready")
    assert 1 == len(stage.started)


def test_attributes_are_properties(stage: Stage, page: Page) -> None:
    """WIDGET 4.1: all reflected; several set at once begin once."""
    stage.partner("")
    page.goto(stage.portal)
    page.wait_for_function("() => customElements.get('mire-login')")
    page.evaluate(
        """([issuer, uri]) => {
          const element = document.createElement("mire-login");
          document.body.append(element);
          Object.assign(element, {issuer, clientId: "paie", requestUri: uri, frameTitle: "Ici"});
        }""",
        [stage.issuer, f"{URN}1"],
    )
    wait_for(page, "ready")
    assert ("paie", "", "Ici") == (
        widget(page, "getAttribute('client-id')"),
        widget(page, "fedcm"),
        widget(page, "frameTitle"),
    )
    assert 1 == len(stage.framed)
    page.evaluate("document.querySelector('mire-login').requestUri = 'silent'")
    page.wait_for_function("() => document.querySelector('mire-login').state === 'loading'")


def test_the_module_mounts_one(stage: Stage, page: Page) -> None:
    """WIDGET 4.1 `mount`."""
    stage.page = "<main id=here></main>"
    page.goto(stage.portal)
    said = page.evaluate(
        """async ([issuer, requestUri]) => {
          const loader = await import(issuer + "/w/1.0.0/mire-login.mjs");
          const here = document.getElementById("here");
          window.told = await new Promise((resolve) => {
            window.mounted = loader.mount(here, {issuer, requestUri, clientId: "paie", onReady: resolve, lang: "en"});
          }).then((event) => event.detail);
          await loader.signedOut();
          return [loader.PROTOCOL, loader.VERSION, loader.mount(mounted, {colorScheme: "dark"}) === mounted];
        }""",
        [stage.issuer, f"{URN}1"],
    )
    assert [1, "1.0.0", True] == said
    assert {"protocol": 1, "features": ["handover"]} == page.evaluate("told")
    assert ("here", "dark") == (
        widget(page, "parentElement.id"),
        widget(page, "colorScheme"),
    )


def test_both_files_in_one_page_are_one_element(stage: Stage, page: Page) -> None:
    stage.open(page)
    assert page.evaluate(
        "url => import(url).then((loader) => loader.PROTOCOL === Mire.PROTOCOL)", f"{stage.issuer}/w/1/mire-login.mjs"
    )


POPUP = f'request-uri="{URN}1" completion="message" fallback="popup"'
ANSWER = """<title>Mire</title><script>
opener?.postMessage({type: "authorization_response", response: RESPONSE}, ORIGIN); if (opener) window.close()
</script><p>open</p>"""


def answering(stage: Stage, response: str) -> str:
    return ANSWER.replace("RESPONSE", response).replace("ORIGIN", repr(stage.portal))


def popping(stage: Stage, page: Page) -> None:
    """The link is there: the frame says nothing."""
    stage.frame_script = ""
    stage.partner(stage.element(POPUP))
    page.goto(stage.portal)
    begun(page)


def begun(page: Page) -> None:
    """The widget knows its request."""
    page.wait_for_function("() => window.Mire && document.querySelector('mire-login').state !== 'idle'")


def test_a_pop_up_answers_by_message(stage: Stage, page: Page) -> None:
    """WIDGET case 10."""
    popping(stage, page)
    stage.popup = answering(stage, f'{{code: "{CODE}", state: "s", iss: "{stage.issuer}"}}')
    with page.expect_popup() as opened:
        page.click("#link")
    address = f"/authorize?client_id=paie&request_uri={quote(URN + '1', safe='')}&display=popup"
    assert opened.value.url.endswith(address)
    wait_for(page, "success")
    assert [{"code": CODE, "state": "s", "iss": stage.issuer, "source": "popup"}] == details(page, "success")
    assert "done" == widget(page, "state")


def test_a_pop_up_may_refuse(stage: Stage, page: Page) -> None:
    popping(stage, page)
    stage.popup = answering(stage, f'{{error: "access_denied", state: "s", iss: "{stage.issuer}"}}')
    page.click("#link")
    wait_for(page, "error")
    assert [{"error": "access_denied", "retryable": True}] == details(page, "error")


def test_a_pop_up_that_is_closed_is_a_refusal(stage: Stage, page: Page) -> None:
    """WIDGET 4.12: closed by its user, later than what a cut-off takes."""
    popping(stage, page)
    stage.popup = "<title>Mire</title>"
    with page.expect_popup() as opened:
        page.click("#link")
    page.clock.run_for(4000)
    opened.value.close()
    page.clock.run_for(1000)
    wait_for(page, "error")
    assert [{"error": "access_denied", "retryable": True}] == details(page, "error")


def test_a_pop_up_that_is_cut_off_becomes_a_redirect(stage: Stage, page: Page) -> None:
    """WIDGET case 10: the page's COOP same-origin cuts the window off; the link is followed."""
    stage.headers = {"Cross-Origin-Opener-Policy": "same-origin"}
    popping(stage, page)
    stage.popup = answering(stage, f'{{code: "{CODE}", state: "s", iss: "{stage.issuer}"}}')
    with page.context.expect_page() as opened:
        page.click("#link")
    expect(opened.value.locator("p")).to_have_text("open")
    page.clock.run_for(1000)
    expect(page.locator("h1")).to_have_text("the link led here")


def test_a_pop_up_that_may_not_open_becomes_a_redirect(stage: Stage, page: Page) -> None:
    page.add_init_script("window.open = () => null")
    popping(stage, page)
    page.click("#link")
    expect(page.locator("h1")).to_have_text("the link led here")


@pytest.mark.parametrize("attributes", ['fallback="redirect" completion="message"', 'fallback="popup"'])
def test_no_pop_up_where_none_was_asked_for(stage: Stage, page: Page, attributes: str) -> None:
    """A window that ends by redirection would leave its visitor in a small window."""
    stage.partner(stage.element(f'request-uri="silent" {attributes}'))
    page.goto(stage.portal)
    begun(page)
    page.click("#link")
    expect(page.locator("h1")).to_have_text("the link led here")
    assert 1 == len(page.context.pages)
